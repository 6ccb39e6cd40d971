#include "files/project_file.h"

#include <string.h>
#include <unistd.h>

#include "support/test.h"

static void what_lies_above_the_program_is_found(void **state) {
    char path[PATH_MAX], self[PATH_MAX];
    (void)state;
    assert_true(project_file_find("model/files/project_file.h", R_OK, path));
    const char *end = strstr(path, "/model/files/project_file.h");
    assert_non_null(end);
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(n > 0);
    self[n] = '\0';
    assert_memory_equal(path, self, (size_t)(end - path)); /* above this program */
}

static void what_is_not_there_or_not_to_be_used_so_is_not_found(void **state) {
    char path[PATH_MAX];
    (void)state;
    assert_false(project_file_find("model/files/no such file", R_OK, path));
    assert_false(project_file_find("README.md", X_OK, path));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_above_the_program_is_found),
        cmocka_unit_test(what_is_not_there_or_not_to_be_used_so_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
