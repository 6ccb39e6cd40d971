#include "core/consensus_view.h"

#include "support/test.h"
#include "support/test_memory.h"

static struct relay_entry entry_of(uint8_t number) {
    struct relay_entry entry = {.rsa_id = {0}};
    entry.rsa_id[0] = (uint8_t)(number * 37u); /* an order of its own, all different below 256 */
    entry.rsa_id[19] = number;
    entry.ed_id[31] = number;
    return entry;
}

static void relays_are_found_in_whatever_order_they_came(UNUSED void **state) {
    static const uint32_t counts[] = {0, 1, 2, 3, 7, 8, 64, 255};
    for (size_t c = 0; c < COUNT(counts); c++) {
        struct test_memory memory;
        struct relay_entry entries[256];
        test_memory_init(&memory);
        for (unsigned i = 0; i < counts[c]; i++)
            entries[i] = entry_of((uint8_t)i);
        struct consensus_view *view =
            consensus_view_new(&memory.memory, &consensus_params_default, entries, counts[c]);
        assert_non_null(view);
        for (unsigned i = 0; i < 256; i++) {
            struct relay_entry wanted = entry_of((uint8_t)i);
            const struct relay_entry *found = consensus_view_find(view, wanted.rsa_id);
            assert_true((found != NULL) == (i < counts[c]));
            if (found)
                assert_memory_equal(found, &wanted, sizeof wanted);
            wanted.rsa_id[19] ^= 0x80;
            wanted.rsa_id[18] = 1; /* differs from all */
            assert_null(consensus_view_find(view, wanted.rsa_id));
        }
        consensus_view_drop(view);
        test_memory_fini(&memory);
    }
}

static void a_view_lives_as_long_as_its_last_reader(UNUSED void **state) {
    struct test_memory memory;
    test_memory_init(&memory);
    struct consensus_params params = consensus_params_default;
    params.circ_max_cell_queue_size = 77;
    struct consensus_view *view = consensus_view_new(&memory.memory, &params, NULL, 0);
    assert_non_null(view);
    assert_int_equal(view->params.circ_max_cell_queue_size, 77);
    assert_ptr_equal(consensus_view_keep(view), view);
    consensus_view_drop(view);
    assert_true(memory.bytes_live > 0);
    consensus_view_drop(view);
    test_memory_fini(&memory);
    assert_null(consensus_view_keep(NULL));
    consensus_view_drop(NULL);
}

/* All of them are int32_t. */
static void fill(struct consensus_params *params, int32_t value) {
    for (size_t i = 0; i < sizeof *params / sizeof value; i++)
        memcpy((uint8_t *)params + i * sizeof value, &value, sizeof value);
}

static void parameters_are_moved_to_where_they_mean_something(UNUSED void **state) {
    struct consensus_params least = {
        .circ_max_cell_queue_size = 1,
        .circ_max_cell_queue_size_out = 1,
        .circuit_priority_halflife_ms = 1,
        .onion_descriptor_length_max = 1,
        .nf_conntimeout_relays_s = 60,
    };
    struct consensus_params most = {
        .circ_max_cell_queue_size = INT32_MAX,
        .circ_max_cell_queue_size_out = INT32_MAX,
        .kist_run_interval_ms = 100,
        .circuit_priority_halflife_ms = INT32_MAX,
        .allow_nonearly_extend = 1,
        .sendme_emit_min_version = 1,
        .sendme_accept_min_version = 255,
        .intro_limit_enabled = 1,
        .intro_limit_rate = INT32_MAX,
        .intro_limit_burst = INT32_MAX,
        .refuse_unknown_exits = 1,
        .onion_descriptor_length_max = INT32_MAX,
        .per_link_rate = INT32_MAX,
        .per_link_burst = INT32_MAX,
        .nf_ito_low_ms = 60000,
        .nf_ito_high_ms = 60000,
        .nf_conntimeout_relays_s = 604800,
        .nf_pad_before_usage = 1,
        .nf_pad_relays = 1,
        .circpad_padding_disabled = 1,
        .circpad_global_allowed_cells = 65534,
        .circpad_global_max_padding_pct = 100,
        .circpad_max_circ_queued_cells = 50000,
    };
    struct consensus_params lowest, highest;
    fill(&lowest, INT32_MIN);
    fill(&highest, INT32_MAX);
    least.congestion = congestion_params_clamped(&lowest.congestion); /* congestion_params_test.c */
    most.congestion = congestion_params_clamped(&highest.congestion);
    least.dos = dos_params_clamped(&lowest.dos); /* dos_params_test.c */
    most.dos = dos_params_clamped(&highest.dos);
    const struct {
        const struct consensus_params *given, *taken;
    } cases[] = {{&lowest, &least},
                 {&highest, &most},
                 {&least, &least},
                 {&most, &most},
                 {&consensus_params_default, &consensus_params_default}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct consensus_params taken = consensus_params_clamped(cases[i].given);
        assert_memory_equal(&taken, cases[i].taken, sizeof taken);
    }
}

static void without_memory_there_is_no_view(UNUSED void **state) {
    struct test_memory memory;
    test_memory_init(&memory);
    test_memory_fail_after(&memory, 0);
    assert_null(consensus_view_new(&memory.memory, &consensus_params_default, NULL, 0));
    test_memory_fini(&memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relays_are_found_in_whatever_order_they_came),
        cmocka_unit_test(a_view_lives_as_long_as_its_last_reader),
        cmocka_unit_test(parameters_are_moved_to_where_they_mean_something),
        cmocka_unit_test(without_memory_there_is_no_view),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
