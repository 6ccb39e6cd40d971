#include "native/directory.h"

#include <signal.h>
#include <time.h>

#include "native/compression.h"
#include "native/directory_cache.h"
#include "support/directory_world.h"
#include "support/test.h"

static void bootstraps_from_good_authorities(void **state) {
    struct world *w = *state;
    struct directory_status status;
    struct directory *d = world_make_directory(w);
    directory_publish(d, "descriptor", 10, 10);
    directory_start(d);
    world_run(w, 10);
    assert_int_equal(w->bootstraps, 1);
    assert_int_equal(w->consensuses, 1);
    directory_status(d, &status);
    assert_true(status.has_consensus);
    assert_int_equal(status.relays, 1);
    assert_int_equal(status.fresh_until_s, w->valid_after_s + 3600);
    assert_true(status.accepted >= 1);
    directory_free(d);
}

static void bootstraps_though_two_are_bad(void **state) {
    struct world *w = *state;
    static const enum fake_mood moods[] = {FAKE_CLOSING, FAKE_RUBBISH, FAKE_ENDLESS};
    for (size_t i = 0; i < COUNT(moods); i++) {
        w->servers[i].mood = moods[i];
        w->servers[(i + 1) % VOTERS].mood = FAKE_GOOD;
        w->servers[(i + 2) % VOTERS].mood = moods[(i + 1) % VOTERS];
        struct directory *d = world_make_directory(w);
        directory_publish(d, "descriptor", 10, 10);
        directory_start(d);
        world_run(w, 20);
        assert_int_equal(w->bootstraps, i + 1);
        directory_free(d);
    }
}

static void too_few_signatures_are_not_believed(void **state) {
    struct world *w = *state;
    struct directory_status status;
    w->signers = VOTERS / 2;
    struct directory *d = world_make_directory(w);
    directory_publish(d, "descriptor", 10, 10);
    directory_start(d);
    world_run(w, 3);
    directory_status(d, &status);
    assert_int_equal(w->bootstraps, 0);
    assert_int_equal(w->consensuses, 0);
    assert_false(status.has_consensus);
    assert_true(status.fetch_failures >= 1);
    assert_int_equal(status.accepted, VOTERS);
    directory_free(d);
}

static void a_rejected_descriptor_is_no_start(void **state) {
    struct world *w = *state;
    w->upload_status = 400;
    struct directory *d = world_make_directory(w);
    directory_publish(d, "descriptor", 10, 10);
    directory_start(d);
    world_run(w, 3);
    assert_int_equal(w->consensuses, 1);
    assert_int_equal(w->bootstraps, 0);
    assert_int_equal(w->uploads, VOTERS); /* once each: it will not be liked better soon */
    directory_free(d);
}

static void starts_with_what_was_kept(void **state) {
    struct world *w = *state;
    struct directory *d = world_make_directory(w);
    directory_publish(d, "descriptor", 10, 10);
    directory_start(d);
    world_run(w, 10);
    directory_free(d);
    assert_int_equal(w->consensuses, 1);

    for (uint32_t i = 0; i < VOTERS; i++)
        w->servers[i].mood = FAKE_CLOSING;
    d = world_make_directory(w);
    directory_start(d);
    assert_int_equal(w->consensuses, 2); /* without asking anybody */
    directory_free(d);

    /* A damaged file is passed over. */
    directory_cache_write(w->config, DIRECTORY_CACHE_CONSENSUS, span_of("network-status-version 3\n"));
    d = world_make_directory(w);
    directory_start(d);
    assert_int_equal(w->consensuses, 2);
    directory_free(d);
}

static void fetches_again_when_no_longer_fresh(void **state) {
    struct world *w = *state;
    w->interval_s = 2;
    struct directory *d = world_make_directory(w);
    directory_start(d);
    world_run(w, 6);
    assert_true(w->consensuses >= 2);
    directory_free(d);
}

/* --- the cache ---------------------------------------------------------------------------------------------------- */

static bool has_diff(const struct world *w) {
    return w->archive && w->archive->consensuses[CONSENSUS_MICRODESC].diff_count > 0;
}

static void a_cache_gathers_all(void **state) {
    struct world *w = *state;
    struct directory_status status;
    w->config->dir_cache = true;
    struct directory *d = world_make_directory(w);
    directory_publish(d, "descriptor", 10, 10);
    directory_start(d);
    world_run_until(w, world_is_complete);
    assert_true(world_is_text(world_item(w, ARCHIVE_MICRODESCRIPTORS)->document, MICRODESCRIPTOR));
    assert_true(world_is_text(world_item(w, ARCHIVE_SERVERS)->document, SERVER));
    assert_true(world_is_text(world_item(w, ARCHIVE_SERVERS_BY_IDENTITY)->document, SERVER));
    assert_true(span_is(document_span(w->archive->own_descriptor), "descriptor"));
    assert_int_equal(w->archive->tables[ARCHIVE_CERTIFICATES]->count, VOTERS);
    assert_int_equal(w->archive->consensuses[CONSENSUS_NS].signer_count, VOTERS);
    directory_status(d, &status);
    assert_int_equal(status.microdescriptors_missing + status.servers_missing, 0);
    directory_free(d);

    /* Another run has it all without asking. */
    archive_drop(w->archive);
    w->archive = NULL;
    w->requests[0] = '\0';
    d = world_make_directory(w);
    directory_start(d);
    world_run_until(w, world_has_both);
    assert_string_equal(w->requests, "");
    directory_free(d);
}

static void what_an_authority_lacks_is_asked_for_again(void **state) {
    struct world *w = *state;
    struct directory_status status;
    w->config->dir_cache = true;
    w->has_lost_a_descriptor = true;
    struct directory *d = world_make_directory(w);
    directory_start(d);
    world_run(w, 1);
    directory_status(d, &status);
    assert_int_equal(status.microdescriptors_missing, 1);
    w->has_lost_a_descriptor = false;
    world_run_until(w, world_has_both);
    directory_status(d, &status);
    assert_int_equal(status.microdescriptors_missing, 0);
    directory_free(d);
}

static void diffs_lead_from_one_consensus_to_the_next(void **state) {
    struct world *w = *state;
    uint8_t before[32];
    w->config->dir_cache = true;
    w->interval_s = 2;
    struct directory *d = world_make_directory(w);
    directory_start(d);
    world_run_until(w, world_has_both);
    const struct archive_consensus *c = &w->archive->consensuses[CONSENSUS_MICRODESC];
    assert_int_equal(c->diff_count, 0);
    memcpy(before, c->signed_digest, sizeof(before));
    w->valid_after_s += 2;
    w->signers = 2;
    world_run_until(w, has_diff);
    c = &w->archive->consensuses[CONSENSUS_MICRODESC];
    assert_memory_equal(c->diffs[0].base, before, sizeof(before));
    struct document *diff = compression_unpack(
        HTTP_DEFLATE, document_span(c->diffs[0].text.by_encoding[HTTP_DEFLATE]), CONSENSUS_BYTES_MAX);
    assert_true(span_starts(document_span(diff), "network-status-diff-version 1\n"));
    document_drop(diff);
    assert_non_null(c->diffs[0].text.by_encoding[HTTP_LZMA]);
    directory_free(d);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN); /* as the relay does */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bootstraps_from_good_authorities, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(bootstraps_though_two_are_bad, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(too_few_signatures_are_not_believed, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(a_rejected_descriptor_is_no_start, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(starts_with_what_was_kept, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(fetches_again_when_no_longer_fresh, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(a_cache_gathers_all, world_set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(what_an_authority_lacks_is_asked_for_again, world_set_up,
                                        world_tear_down),
        cmocka_unit_test_setup_teardown(diffs_lead_from_one_consensus_to_the_next, world_set_up,
                                        world_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
