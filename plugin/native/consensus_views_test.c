#include "native/consensus_views.h"

#include "core/consensus_view.h"
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
    struct consensus_view *view = consensus_views_make(&c, &memory.memory);
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
    assert_int_equal(view->params.refuse_single_hop_rendezvous, 1);
    assert_int_equal(view->params.sendme_emit_min_version, consensus_params_default.sendme_emit_min_version);
    assert_non_null(consensus_view_find(view, relays[1].rsa_id));
    assert_null(consensus_view_find(view, (const uint8_t[20]){3}));
    consensus_view_drop(view);
    test_memory_fini(&memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(carries_relays_and_clipped_parameters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
