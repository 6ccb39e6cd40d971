#include "native/torrc_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/test.h"

static char folder[64];

static void path_in(char out[static 128], const char *name) {
    snprintf(out, 128, "%s/%s", folder, name);
}

static const char *const names[] = {"b.conf", "a.conf", ".hidden", "c.txt"};

static int set_up(void **state) {
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/loom-torrc-files-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[128];
        path_in(path, names[i]);
        FILE *f = fopen(path, "w");
        if (!f)
            return -1;
        fputs(names[i], f);
        fclose(f);
    }
    char path[128];
    path_in(path, "folder.conf");
    return mkdir(path, 0700);
}

static int tear_down(void **state) {
    (void)state;
    char path[128];
    for (size_t i = 0; i < COUNT(names); i++) {
        path_in(path, names[i]);
        unlink(path);
    }
    path_in(path, "folder.conf");
    rmdir(path);
    return rmdir(folder);
}

static void expands(const char *name, const char *const *wanted, size_t count) {
    char path[128];
    struct torrc_paths paths;
    path_in(path, name);
    assert_true(torrc_paths_expand(path, &paths));
    assert_int_equal(paths.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(strrchr(paths.names[i], '/') + 1, wanted[i]);
    torrc_paths_free(&paths);
}

static void patterns_and_folders(void **state) {
    (void)state;
    static const char *const all[] = {"a.conf", "b.conf", "c.txt"};
    expands("", all, 3);
    expands("[ab].conf", all, 2);
    expands("a.conf", all, 1);
    expands("*.nothing", NULL, 0);
    expands("folder.conf", NULL, 0);
    char path[128];
    struct torrc_paths paths;
    path_in(path, "missing");
    assert_false(torrc_paths_expand(path, &paths));
    assert_int_equal(errno, ENOENT);
}

static void texts_are_kept_and_bounded(void **state) {
    (void)state;
    struct torrc_files files = {NULL, 0};
    char path[128];
    const char *name;
    path_in(path, "a.conf");
    char *text = torrc_files_read(&files, path, 20, &name);
    assert_string_equal(text, "a.conf");
    assert_string_equal(name, path);
    assert_null(torrc_files_keep(&files, "0123456789abcdef", 16, 20));
    assert_int_equal(errno, EFBIG);
    assert_null(torrc_files_keep(&files, "a\0b", 3, 20));
    assert_int_equal(errno, EINVAL);
    assert_non_null(torrc_files_keep(&files, "0123456789abcd", 14, 20));
    path_in(path, "b.conf");
    assert_null(torrc_files_read(&files, path, 20, &name));
    assert_int_equal(errno, EFBIG);
    assert_string_equal(text, "a.conf");
    torrc_files_free(&files);
    path_in(path, "missing");
    assert_false(torrc_file_exists(path));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_and_folders),
        cmocka_unit_test(texts_are_kept_and_bounded),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
