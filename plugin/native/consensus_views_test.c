#include "native/consensus_views.h"

#include "core/consensus_view.h"
#include "native/archive.h"
#include "support/test.h"
#include "support/test_memory.h"
#include "wire/consensus.h"
#include "wire/text.h"

static void carries_relays_and_clipped_parameters(void **state) {
    (void)state;
    struct test_memory memory;
    struct consensus_relay relays[2] = {{.rsa_id = {1}}, {.rsa_id = {2}}};
    struct consensus_param params[] = {{span_of("circ_max_cell_queue_size"), 5},
                                       {span_of("KISTSchedRunInterval"), 7},
                                       {span_of("AllowNonearlyExtend"), 1},
                                       {span_of("circ_max_cell_queue_size_out"), 3000},
                                       {span_of("refuseunknownexits"), 0},
                                       {span_of("nf_ito_low"), 7000},
                                       {span_of("nf_ito_high"), 100},
                                       {span_of("HiddenServiceEnableIntroDoSDefense"), 1},
                                       {span_of("HiddenServiceEnableIntroDoSRatePerSec"), 3},
                                       {span_of("HiddenServiceEnableIntroDoSBurstPerSec"), 9},
                                       {span_of("DoSRefuseSingleHopClientRendezvous"), 2}};
    const struct consensus c = {
        .relays = relays, .relay_count = 2, .params = params, .param_count = COUNT(params)};
    test_memory_init(&memory);
    struct consensus_view *view = consensus_views_make(&c, false, &memory.memory);
    assert_non_null(view);
    assert_int_equal(view->params.circ_max_cell_queue_size, 1000); /* tor's least */
    assert_int_equal(view->params.circ_max_cell_queue_size_out, 3000);
    assert_int_equal(view->params.refuse_unknown_exits, 0);
    assert_int_equal(view->params.nf_ito_low_ms, 7000);
    assert_int_equal(view->params.nf_ito_high_ms, 7000); /* never below the lower end */
    assert_int_equal(view->params.kist_run_interval_ms, 7);
    assert_int_equal(view->params.allow_nonearly_extend, 1);
    assert_int_equal(view->params.intro_limit_enabled, 1);
    assert_int_equal(view->params.intro_limit_rate, 3);
    assert_int_equal(view->params.intro_limit_burst, 9);
    assert_int_equal(view->params.dos.refuse_single_hop, 1);
    assert_int_equal(view->params.sendme_emit_min_version, consensus_params_default.sendme_emit_min_version);
    assert_non_null(consensus_view_find(view, relays[1].rsa_id));
    assert_null(consensus_view_find(view, (const uint8_t[20]){3}));
    consensus_view_drop(view);
    test_memory_fini(&memory);
}

static void an_exit_of_scanners_has_params_of_its_own(void **state) {
    (void)state;
    struct test_memory memory;
    struct consensus_param params[] = {{span_of("cc_vegas_alpha_exit"), 200},
                                       {span_of("cc_vegas_beta_sbws"), 160},
                                       {span_of("cc_cwnd_init"), 200}};
    const struct consensus c = {.params = params, .param_count = COUNT(params)};
    test_memory_init(&memory);
    struct consensus_view *plain = consensus_views_make(&c, false, &memory.memory);
    struct consensus_view *scanned = consensus_views_make(&c, true, &memory.memory);
    assert_true(plain && scanned);
    assert_int_equal(plain->params.congestion.alpha, 200);
    assert_int_equal(plain->params.congestion.beta, 248);
    assert_int_equal(scanned->params.congestion.alpha, 93);
    assert_int_equal(scanned->params.congestion.beta, 160);
    assert_int_equal(scanned->params.congestion.gamma, 124);
    assert_int_equal(scanned->params.congestion.delta, 248);
    assert_int_equal(scanned->params.congestion.ss_cwnd_cap, 400);
    assert_int_equal(scanned->params.congestion.cwnd_init, 200);
    consensus_view_drop(plain);
    consensus_view_drop(scanned);
    test_memory_fini(&memory);
}

static struct archive *archive_with(const uint8_t rsa_id[static 20], const char *descriptor) {
    struct archive *archive = archive_copy(NULL);
    struct archive_table *table = archive_table_new(1);
    assert_non_null(archive);
    assert_non_null(table);
    table->items[0] = (struct archive_item){.document = document_new(span_of(descriptor))};
    memcpy(table->items[0].id, rsa_id, 20);
    archive_set_table(archive, ARCHIVE_SERVERS_BY_IDENTITY, table);
    return archive;
}

static void descriptors_tell_ed25519_identities(void **state) {
    (void)state;
    static const char named[] = "router A\nmaster-key-ed25519 BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc\n";
    struct test_memory memory;
    struct consensus_relay relays[2] = {{.rsa_id = {1}},
                                        {.rsa_id = {2}, .ipv4 = {{ADDRESS_IPV4, {9, 8, 7, 6}}, 443}}};
    const struct consensus c = {.relays = relays, .relay_count = 2};
    struct archive *empty = archive_copy(NULL), *one = archive_with(relays[1].rsa_id, named),
                   *nameless = archive_with(relays[0].rsa_id, "router B\n");
    uint8_t expected[32];
    memset(expected, 7, sizeof expected);
    test_memory_init(&memory);
    struct consensus_view *view = consensus_views_make(&c, false, &memory.memory);
    assert_non_null(view);
    assert_null(consensus_views_identified(view, empty, &memory.memory));
    assert_null(consensus_views_identified(view, nameless, &memory.memory));
    struct consensus_view *known = consensus_views_identified(view, one, &memory.memory);
    assert_non_null(known);
    const struct relay_entry *entry = consensus_view_find(known, relays[1].rsa_id);
    assert_memory_equal(entry->ed_id, expected, sizeof expected);
    assert_int_equal(entry->ipv4.port, 443);
    assert_int_equal(consensus_view_find(known, relays[0].rsa_id)->ed_id[0], 0);
    assert_null(consensus_views_identified(known, one, &memory.memory)); /* nothing new */
    consensus_view_drop(known);
    consensus_view_drop(view);
    archive_drop(empty);
    archive_drop(one);
    archive_drop(nameless);
    test_memory_fini(&memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exit_of_scanners_has_params_of_its_own),
        cmocka_unit_test(carries_relays_and_clipped_parameters),
        cmocka_unit_test(descriptors_tell_ed25519_identities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
