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

static void parameters_are_moved_to_where_they_mean_something(UNUSED void **state) {
    static const struct consensus_params lowest = {INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN,
                                                   -1,        INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN};
    static const struct consensus_params highest = {INT32_MAX, INT32_MAX, INT32_MAX, 2,         2,
                                                    256,       2,         INT32_MAX, INT32_MAX, 2};
    static const struct consensus_params least = {1, 0, 1, 0, 0, 0, 0, 0, 0, 0};
    static const struct consensus_params most = {INT32_MAX, 100, INT32_MAX, 1,         1,
                                                 255,       1,   INT32_MAX, INT32_MAX, 1};
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
