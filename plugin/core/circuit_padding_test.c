/* The two machines, without a circuit around them. */
#include "core/circuit_padding.h"

#include "base/attributes.h"
#include "support/test.h"

static void machines_send_their_number_of_cells_at_their_pace(UNUSED void **state) {
    static const struct {
        uint8_t machine;
        uint32_t cells_min, cells_max;
        nsec pause_min, pause_max;
        bool says_stop;
    } rows[] = {
        {PADDING_MACHINE_INTRO, 7, 9, 1 * NSEC_PER_MS, 10 * NSEC_PER_MS, true},
        {PADDING_MACHINE_REND, 1, 1, 0, 1 * NSEC_PER_MS, false},
    };
    struct rng rng;
    rng_seed(&rng, 3);
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint32_t least = UINT32_MAX, most = 0;
        for (int n = 0; n < 200; n++) {
            struct circuit_padding padding;
            uint32_t cells = 0;
            bool is_over = false;
            assert_true(circuit_padding_start(&padding, rows[i].machine, 5, &rng));
            assert_int_equal(padding.counter, 5);
            while (padding.left) {
                assert_false(is_over);
                assert_in_range(circuit_padding_pause(&padding, &rng), rows[i].pause_min,
                                rows[i].pause_max - 1);
                is_over = circuit_padding_sent(&padding);
                cells++;
            }
            assert_int_equal(is_over, rows[i].says_stop);
            least = cells < least ? cells : least;
            most = cells > most ? cells : most;
        }
        assert_int_equal(least, rows[i].cells_min);
        assert_int_equal(most, rows[i].cells_max);
    }
}

static void there_are_no_other_machines(UNUSED void **state) {
    struct circuit_padding padding;
    struct rng rng;
    rng_seed(&rng, 3);
    for (unsigned machine = 2; machine < 256; machine++)
        assert_false(circuit_padding_start(&padding, (uint8_t)machine, 0, &rng));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machines_send_their_number_of_cells_at_their_pace),
        cmocka_unit_test(there_are_no_other_machines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
