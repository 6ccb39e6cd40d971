#include "native/folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/test.h"

static char folder[64];

/* name in the folder. */
static const char *in(const char *name) {
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put_file(const char *name) {
    int fd = open(in(name), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static int set_up(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/loom folder;test-XXXXXX"); /* nothing here is a shell's */
    return mkdtemp(folder) ? 0 : -1;
}

static void all_of_it_goes(void **state) {
    char path[128] = "";
    (void)state;
    for (int length = 0; length < 40; length += 2) {
        snprintf(path + length, sizeof path - (size_t)length, "/f");
        put_file(path);
        path[length + 1] = 'd';
        assert_int_equal(mkdir(in(path), 0700), 0);
    }
    assert_true(folder_remove(folder));
    assert_int_equal(access(folder, F_OK), -1);
}

static void where_links_lead_nothing_goes(void **state) {
    char link[160];
    (void)state;
    put_file("kept");
    assert_int_equal(mkdir(in("inner"), 0700), 0);
    snprintf(link, sizeof link, "%s/inner/link", folder);
    assert_int_equal(symlink("..", link), 0);
    assert_true(folder_remove(in("inner")));
    assert_int_equal(access(in("inner"), F_OK), -1);
    assert_int_equal(access(in("kept"), F_OK), 0);
    assert_true(folder_remove(folder));
}

static void what_is_not_there_is_not_removed(void **state) {
    (void)state;
    assert_false(folder_remove(in("nowhere")));
    assert_true(folder_remove(folder));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_of_it_goes, set_up),
        cmocka_unit_test_setup(where_links_lead_nothing_goes, set_up),
        cmocka_unit_test_setup(what_is_not_there_is_not_removed, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
