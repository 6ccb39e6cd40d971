#include "native/kept_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/test.h"
#include "support/whole_file.h"

#define PATH_BYTES 512

static void path_of(char out[static PATH_BYTES], const struct kept_files *files, size_t i) {
    int n = snprintf(out, PATH_BYTES, "%s/%s", files->folder, files->each[i].name);
    assert_true(n > 0 && n < PATH_BYTES);
}

void kept_files_take(struct kept_files *files, const char *folder, const char *const names[], size_t count) {
    char path[PATH_BYTES];
    assert_true(count <= KEPT_FILES_MAX);
    *files = (struct kept_files){.folder = folder, .count = count};
    for (size_t i = 0; i < count; i++) {
        files->each[i].name = names[i];
        path_of(path, files, i);
        files->each[i].bytes = whole_file_read(path, &files->each[i].length);
        if (!files->each[i].bytes)
            fail_msg("%s is not there", path);
    }
}

void kept_files_drop(struct kept_files *files) {
    for (size_t i = 0; i < files->count; i++)
        free(files->each[i].bytes);
    files->count = 0;
}

void kept_file_cut(const struct kept_files *files, size_t i, size_t length) {
    char path[PATH_BYTES];
    path_of(path, files, i);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(files->each[i].bytes, 1, length, f), length);
    assert_int_equal(fclose(f), 0);
}

void kept_file_remove(const struct kept_files *files, size_t i) {
    char path[PATH_BYTES];
    path_of(path, files, i);
    assert_true(unlink(path) == 0 || errno == ENOENT);
}

void kept_files_put_back(const struct kept_files *files) {
    for (size_t i = 0; i < files->count; i++)
        kept_file_cut(files, i, files->each[i].length);
}

bool kept_files_are_untouched(const struct kept_files *files, size_t but) {
    char path[PATH_BYTES];
    bool are_untouched = true;
    for (size_t i = 0; i < files->count && are_untouched; i++) {
        size_t length = 0;
        if (i == but)
            continue;
        path_of(path, files, i);
        uint8_t *bytes = whole_file_read(path, &length);
        are_untouched =
            bytes && length == files->each[i].length && memcmp(bytes, files->each[i].bytes, length) == 0;
        free(bytes);
    }
    return are_untouched;
}

size_t cut_next(size_t length, size_t whole) {
    bool is_at_an_end = length < CUT_ALL || length + CUT_TAIL >= whole;
    size_t next = length + (is_at_an_end ? 1 : CUT_STEP);
    if (!is_at_an_end && next + CUT_TAIL > whole)
        next = whole - CUT_TAIL;
    return next < whole ? next : whole;
}
