#include "files/file_text.h"

#include <dirent.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/test.h"

struct folder {
    char path[64];
    char file[128];
};

static int make_folder(void **state) {
    struct folder *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    snprintf(f->path, sizeof(f->path), "/tmp/loom-file-text-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    *state = f;
    return 0;
}

static const char *name(struct folder *f, const char *file) {
    snprintf(f->file, sizeof(f->file), "%s/%s", f->path, file);
    return f->file;
}

static int entries(const char *path) {
    DIR *folder = opendir(path);
    int n = 0;
    assert_non_null(folder);
    for (const struct dirent *e; (e = readdir(folder));)
        n += e->d_name[0] != '.';
    closedir(folder);
    return n;
}

static int remove_folder(void **state) {
    struct folder *f = *state;
    static const char *const files[] = {"a", "a.xz", "b.xz"};
    for (size_t i = 0; i < COUNT(files); i++)
        unlink(name(f, files[i]));
    int left = rmdir(f->path);
    free(f);
    return left;
}

static void what_is_saved_is_read(void **state) {
    struct folder *f = *state;
    struct mistake m;
    struct file_text text;
    assert_true(file_text_save(name(f, "a"), "first\n", 6, &m));
    assert_true(file_text_save(f->file, "one\ntwo", 7, &m));
    assert_int_equal(entries(f->path), 1);
    struct stat status;
    assert_int_equal(stat(f->file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0644);
    assert_true(file_text_read(f->file, 7, &text, &m));
    assert_int_equal(text.length, 7);
    assert_string_equal(text.bytes, "one\ntwo");
    file_text_fini(&text);

    assert_true(file_text_save(f->file, NULL, 0, &m));
    assert_true(file_text_read(f->file, 0, &text, &m));
    assert_int_equal(text.length, 0);
    assert_string_equal(text.bytes, "");
    file_text_fini(&text);
}

static size_t pack(const char *text, size_t length, uint8_t *out, size_t room) {
    size_t used = 0;
    assert_int_equal(
        lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, NULL, (const uint8_t *)text, length, out, &used, room),
        LZMA_OK);
    return used;
}

/* Zeros pack very well: what counts against the bound is what comes out. */
static void a_packed_file_is_unpacked_within_its_bound(void **state) {
    struct folder *f = *state;
    static char zeros[300000];
    static uint8_t packed[4096];
    struct mistake m;
    struct file_text text;
    size_t length = pack(zeros, sizeof(zeros), packed, sizeof(packed));
    assert_true(file_text_save(name(f, "a.xz"), packed, length, &m));
    assert_true(file_text_read(f->file, sizeof(zeros), &text, &m));
    assert_int_equal(text.length, sizeof(zeros));
    assert_memory_equal(text.bytes, zeros, sizeof(zeros));
    file_text_fini(&text);

    assert_false(file_text_read(f->file, sizeof(zeros) - 1, &text, &m));
    assert_null(text.bytes);
    assert_non_null(strstr(m.text, "a.xz: expected at most 299999 bytes when unpacked"));
}

static void packed_files_that_are_not_whole(void **state) {
    struct folder *f = *state;
    static uint8_t packed[4096];
    size_t length = pack("some text", 9, packed, sizeof(packed));
    struct mistake m;
    struct file_text text;
    for (size_t cut = 0; cut < length; cut++) {
        assert_true(file_text_save(name(f, "b.xz"), packed, cut, &m));
        assert_false(file_text_read(f->file, 100, &text, &m));
        assert_non_null(strstr(m.text, "packed by xz"));
    }
    packed[length / 2] ^= 1;
    assert_true(file_text_save(f->file, packed, length, &m));
    assert_false(file_text_read(f->file, 100, &text, &m));
    assert_true(file_text_save(f->file, "plain text that is long enough for a header", 43, &m));
    assert_false(file_text_read(f->file, 100, &text, &m));
    assert_non_null(strstr(m.text, "b.xz: expected a file packed by xz"));
}

static void what_cannot_be_read_or_written(void **state) {
    struct folder *f = *state;
    struct mistake m;
    struct file_text text;
    assert_false(file_text_read(name(f, "nowhere"), 100, &text, &m));
    assert_non_null(strstr(m.text, "nowhere: No such file or directory"));
    assert_false(file_text_read(f->path, 100, &text, &m));
    assert_true(file_text_save(name(f, "a"), "12345", 5, &m));
    assert_false(file_text_read(f->file, 4, &text, &m));
    assert_non_null(strstr(m.text, "a: expected at most 4 bytes"));
    assert_false(file_text_save(name(f, "no/a"), "x", 1, &m));
    assert_non_null(strstr(m.text, "No such file or directory"));
    assert_false(file_text_save(f->path, "x", 1, &m)); /* a folder: nothing stays beside it */
    assert_int_equal(access(name(f, "no"), F_OK), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_saved_is_read, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_packed_file_is_unpacked_within_its_bound, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(packed_files_that_are_not_whole, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_or_written, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
