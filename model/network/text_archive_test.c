#include "network/text_archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>

#include "support/test.h"

struct entry {
    const char *path, *text, *link, *hard;
    unsigned type;
};

static char packed[1 << 20];

/* A tar archive of entries in packed. */
static size_t pack(const struct entry *entries, size_t n, bool is_zipped) {
    struct archive *a = archive_write_new();
    size_t used = 0;
    assert_int_equal(archive_write_set_format_pax_restricted(a), ARCHIVE_OK);
    if (is_zipped)
        assert_int_equal(archive_write_add_filter_gzip(a), ARCHIVE_OK);
    assert_int_equal(archive_write_open_memory(a, packed, sizeof(packed), &used), ARCHIVE_OK);
    for (size_t i = 0; i < n; i++) {
        struct archive_entry *e = archive_entry_new();
        size_t length = entries[i].text ? strlen(entries[i].text) : 0;
        archive_entry_set_pathname(e, entries[i].path);
        archive_entry_set_filetype(e, entries[i].type ? entries[i].type : AE_IFREG);
        archive_entry_set_perm(e, 0644);
        archive_entry_set_size(e, (int64_t)length);
        if (entries[i].link)
            archive_entry_set_symlink(e, entries[i].link);
        if (entries[i].hard)
            archive_entry_set_hardlink(e, entries[i].hard);
        assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
        assert_int_equal(archive_write_data(a, entries[i].text ? entries[i].text : "", length), length);
        archive_entry_free(e);
    }
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    return used;
}

static const struct entry small[] = {
    {.path = "./net/", .type = AE_IFDIR},
    {.path = "./net/config", .text = "hello"},
    {.path = "./net/a/torrc", .text = ""},
    {.path = "./net/a/keys/secret", .text = "x"},
    {.path = "./net/a/v3bw", .link = "../config", .type = AE_IFLNK},
};

static void files_are_found_by_path(void **state) {
    (void)state;
    for (unsigned zipped = 0; zipped < 2; zipped++) {
        struct text_archive archive;
        struct mistake m = {""};
        size_t length = pack(small, COUNT(small), zipped);
        assert_true(text_archive_parse("t", packed, length, &archive, &m));
        assert_int_equal(archive.count, 2);
        assert_string_equal(text_archive_find(&archive, "net/config")->bytes, "hello");
        assert_int_equal(text_archive_find(&archive, "net//a/../config")->length, 5);
        assert_null(text_archive_find(&archive, "net/a/keys/secret"));
        assert_null(text_archive_find(&archive, "net/a/v3bw")); /* links are not followed */
        assert_string_equal(text_archive_only(&archive, "torrc")->path, "net/a/torrc");
        assert_null(text_archive_only(&archive, "a"));
        text_archive_fini(&archive);
    }
}

static void what_would_do_harm_is_refused(void **state) {
    (void)state;
    static const struct {
        struct entry entries[2];
        size_t n;
        const char *mistake;
    } cases[] = {
        {{{.path = "/etc/passwd", .text = "x"}},
         1,
         "t: expected paths that stay in the archive, found \"/etc/passwd\""},
        {{{.path = "a/../../b", .text = "x"}},
         1,
         "t: expected paths that stay in the archive, found \"a/../../b\""},
        {{{.path = "..", .text = "x"}}, 1, "t: expected paths that stay in the archive, found \"..\""},
        {{{.path = "a\nb", .text = "x"}}, 1, "t: expected paths that stay in the archive, found \"a?b\""},
        {{{.path = "a", .link = "/etc/passwd", .type = AE_IFLNK}},
         1,
         "t: expected links that stay in the archive, found \"a\""},
        {{{.path = "a/b", .link = "../../c", .type = AE_IFLNK}},
         1,
         "t: expected links that stay in the archive, found \"a/b\""},
        {{{.path = "a/b", .hard = "../c"}}, 1, "t: expected links that stay in the archive, found \"a/b\""},
        {{{.path = "a", .type = AE_IFIFO}}, 1, "t: expected files, folders and links alone, found \"a\""},
        {{{.path = "a", .text = "1"}, {.path = "./a", .text = "2"}},
         2,
         "t: expected each file once, found \"a\""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct text_archive archive;
        struct mistake m = {""};
        size_t length = pack(cases[i].entries, cases[i].n, false);
        assert_false(text_archive_parse("t", packed, length, &archive, &m));
        assert_string_equal(m.text, cases[i].mistake);
        assert_null(archive.files);
    }
}

static void what_is_damaged_is_refused(void **state) {
    (void)state;
    struct text_archive archive;
    struct mistake m = {""};
    assert_false(text_archive_parse("t", "no archive at all", 17, &archive, &m));
    assert_memory_equal(m.text, "t: expected a whole tar archive: ", 33);
    size_t length = pack(small, COUNT(small), true);
    assert_false(text_archive_parse("t", packed, length / 2, &archive, &m));
    (void)pack(small, 2, false);
    assert_false(text_archive_parse("t", packed, 1026, &archive, &m)); /* inside of "hello" */
    assert_memory_equal(m.text, "t: expected a whole tar archive: ", 33);
}

static void paths_are_joined(void **state) {
    (void)state;
    static const struct {
        const char *folder, *relative, *expected; /* NULL: refused */
    } cases[] = {
        {"net/hosts/a", "../../conf/x", "net/conf/x"},
        {"net", "./x", "net/x"},
        {"", "x", "x"},
        {"net", "../../x", NULL},
        {"net", "/x", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[TEXT_ARCHIVE_PATH_MAX];
        bool ok = text_archive_join(cases[i].folder, cases[i].relative, out);
        assert_int_equal(ok, cases[i].expected != NULL);
        if (ok)
            assert_string_equal(out, cases[i].expected);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_found_by_path),
        cmocka_unit_test(what_would_do_harm_is_refused),
        cmocka_unit_test(what_is_damaged_is_refused),
        cmocka_unit_test(paths_are_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
