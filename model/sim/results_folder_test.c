#include "sim/results_folder.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/results_scratch.h"
#include "support/test.h"

static bool is_there(const char *name) {
    char path[128];
    struct stat about;
    snprintf(path, sizeof(path), "%s/%s", scratch, name);
    return lstat(path, &about) == 0;
}

static void read_back(const char *name, char out[static 512]) {
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", scratch, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    out[fread(out, 1, 511, file)] = '\0';
    fclose(file);
}

static void open_it(struct results_folder *folder) {
    char path[128];
    struct mistake m = {""};
    snprintf(path, sizeof(path), "%s/out/seed-1/tor", scratch);
    if (!results_folder_open(path, folder, &m))
        fail_msg("%s", m.text);
}

static void put(struct results_folder *folder, const char *name, const char *key, bool is_deterministic) {
    struct mistake m = {""};
    if (!results_folder_put_json(folder, name, json_pack("{s:f}", key, 0.1), is_deterministic, &m))
        fail_msg("%s", m.text);
}

static void it_appears_whole(void **state) {
    (void)state;
    struct results_folder folder;
    struct mistake m = {""};
    char text[512];
    open_it(&folder);
    put(&folder, "manifest.json", "a", true);
    put(&folder, "tornet.plot.data/x.json", "b", true);
    put(&folder, "host.json", "c", false);
    assert_false(is_there("out/seed-1/tor"));
    assert_true(results_folder_close(&folder, &m));
    read_back("out/seed-1/tor/manifest.json", text);
    assert_string_equal(text, "{\n \"a\": 0.1\n}\n");
    read_back("out/seed-1/tor/results.sha256", text);
    assert_int_equal(strlen(text),
                     64 + 2 + strlen("manifest.json") + 1 + 64 + 2 + strlen("tornet.plot.data/x.json") + 1);
    assert_non_null(strstr(text, "  manifest.json\n"));
    assert_null(strstr(text, "host.json"));
}

static void older_results_are_replaced(void **state) {
    (void)state;
    struct results_folder folder;
    struct mistake m = {""};
    open_it(&folder);
    put(&folder, "manifest.json", "new", true);
    assert_true(is_there("out/seed-1/tor/host.json"));
    assert_true(results_folder_close(&folder, &m));
    assert_false(is_there("out/seed-1/tor/host.json"));
    assert_true(is_there("out/seed-1/tor/manifest.json"));
}

static void what_is_no_result_stays(void **state) {
    (void)state;
    struct results_folder folder;
    struct mistake m = {""};
    char path[128];
    snprintf(path, sizeof(path), "%s/mine", scratch);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_true(results_folder_open(path, &folder, &m));
    put(&folder, "manifest.json", "a", true);
    assert_false(results_folder_close(&folder, &m));
    assert_non_null(strstr(m.text, "mine: expected nothing or older results there"));
    assert_false(is_there("mine/manifest.json"));
}

static void what_is_discarded_leaves_nothing(void **state) {
    (void)state;
    struct results_folder folder;
    struct mistake m = {""};
    char path[128];
    snprintf(path, sizeof(path), "%s/gone", scratch);
    assert_true(results_folder_open(path, &folder, &m));
    put(&folder, "manifest.json", "a", true);
    char temporary[RESULTS_PATH_MAX];
    memcpy(temporary, folder.temporary, sizeof(temporary));
    struct stat about;
    assert_int_equal(stat(temporary, &about), 0);
    results_folder_discard(&folder);
    assert_int_not_equal(stat(temporary, &about), 0);
    assert_false(is_there("gone"));
}

static void nowhere_to_write(void **state) {
    (void)state;
    struct results_folder folder;
    struct mistake m = {""};
    assert_false(results_folder_open("/proc/nothing/seed-1/tor", &folder, &m));
    assert_non_null(strstr(m.text, "cannot be written"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_appears_whole),        cmocka_unit_test(older_results_are_replaced),
        cmocka_unit_test(what_is_no_result_stays), cmocka_unit_test(what_is_discarded_leaves_nothing),
        cmocka_unit_test(nowhere_to_write),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
