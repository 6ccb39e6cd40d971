/* What a power cut may leave of the documents of the directory: whatever is damaged is passed over, whatever is not is used, and
 * what is missing then is fetched and kept again. Nothing is served that no authority has signed. */
#include <signal.h>
#include <stdio.h>

#include "native/directory_cache.h"
#include "native/kept_files.h"
#include "support/directory_world.h"
#include "support/test.h"

enum { CERTIFICATES, CONSENSUS, CONSENSUS_OF_NS, MICRODESCS, DESCRIPTORS, FILES };

static const char *const names[FILES] = {
    [CERTIFICATES] = DIRECTORY_CACHE_CERTIFICATES,    [CONSENSUS] = DIRECTORY_CACHE_CONSENSUS,
    [CONSENSUS_OF_NS] = DIRECTORY_CACHE_CONSENSUS_NS, [MICRODESCS] = DIRECTORY_CACHE_MICRODESCS,
    [DESCRIPTORS] = DIRECTORY_CACHE_DESCRIPTORS,
};

static struct kept_files kept;

static void forget_archive(struct world *w) {
    archive_drop(w->archive);
    w->archive = NULL;
    w->requests[0] = '\0';
}

/* A cache that has everything, and has kept it. */
static int set_up(void **state) {
    if (world_set_up(state) != 0)
        return -1;
    struct world *w = *state;
    w->config->dir_cache = true;
    struct directory *d = world_make_directory(w);
    directory_start(d);
    world_run_until(w, world_has_both);
    directory_free(d);
    forget_archive(w);
    kept_files_take(&kept, w->folder, names, FILES);
    return 0;
}

static int tear_down(void **state) {
    kept_files_drop(&kept);
    return world_tear_down(state);
}

/* Whatever of the archive is there is what the authorities said. */
static void check_archive(const struct world *w) {
    static const struct {
        enum archive_table_kind kind;
        const char *text;
    } tables[] = {{ARCHIVE_MICRODESCRIPTORS, MICRODESCRIPTOR}, {ARCHIVE_SERVERS, SERVER}};
    if (!w->archive)
        return;
    for (size_t i = 0; i < COUNT(tables); i++) {
        const struct archive_table *table = w->archive->tables[tables[i].kind];
        assert_true(!table || table->count <= 1);
        if (table && table->count == 1)
            assert_true(world_is_text(table->items[0].document, tables[i].text));
    }
    for (unsigned flavour = 0; flavour < ARCHIVE_FLAVOURS; flavour++)
        assert_true(!packed_document_is_there(&w->archive->consensuses[flavour].text) ||
                    w->archive->consensuses[flavour].valid_after_s == w->valid_after_s);
}

/* Start from the files, without asking anybody yet. */
static void start(struct world *w) {
    struct directory *d = world_make_directory(w);
    directory_start(d);
    check_archive(w);
    directory_free(d);
}

static void cut_at_each_length(void **state) {
    struct world *w = *state;
    for (size_t i = 0; i < FILES; i++) {
        size_t whole = kept.each[i].length, used = 0;
        assert_true(whole > 0);
        for (size_t length = 0; length < whole; length = cut_next(length, whole)) {
            w->consensuses = 0;
            kept_file_cut(&kept, i, length);
            start(w);
            used += w->consensuses;
            forget_archive(w);
        }
        /* Two signatures of three are enough, and two certificates; others do not hang on this file. */
        if (i == CONSENSUS || i == CERTIFICATES)
            assert_in_range(used, 1, whole / 2);
        else
            assert_true(used > 0);
        kept_files_put_back(&kept);
    }
}

/* After it: everything is there, and the files are whole again. */
static void recover(struct world *w) {
    struct directory *d = world_make_directory(w);
    directory_start(d);
    world_run_until(w, world_has_both);
    check_archive(w);
    directory_free(d);
    assert_true(w->consensuses > 0);
}

static void what_is_damaged_is_fetched_again(void **state) {
    struct world *w = *state;
    for (size_t i = 0; i < FILES; i++) {
        const size_t lengths[] = {0, 1, kept.each[i].length / 2};
        for (size_t k = 0; k < COUNT(lengths); k++) {
            w->consensuses = 0;
            kept_file_cut(&kept, i, lengths[k]);
            recover(w);
            assert_true(w->requests[0] != '\0');
            forget_archive(w);
            start(w); /* without asking */
            assert_true(world_has_both(w));
            forget_archive(w);
            kept_files_put_back(&kept);
        }
    }
}

/* Written, and the power went before it was renamed: it is not looked at, and does not hinder the next. */
static void temporary_files_are_left(void **state) {
    struct world *w = *state;
    struct kept_files leftovers = kept;
    char with_ending[FILES][64];
    for (size_t i = 0; i < FILES; i++) {
        snprintf(with_ending[i], sizeof with_ending[i], "%s.tmp", names[i]);
        leftovers.each[i].name = with_ending[i];
        kept_file_cut(&leftovers, i, leftovers.each[i].length / 2);
        kept_file_remove(&kept, i);
    }
    recover(w);
    forget_archive(w);
    start(w);
    assert_true(world_has_both(w));
}

int main(void) {
    signal(SIGPIPE, SIG_IGN); /* as the relay does */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cut_at_each_length, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_damaged_is_fetched_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(temporary_files_are_left, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
