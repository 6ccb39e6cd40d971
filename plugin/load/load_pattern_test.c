#include "load/load_pattern.h"

#include "support/test.h"

static struct load_pattern pattern;

static void a_body_fits_its_place_only(UNUSED void **state) {
    uint8_t body[CELL_BODY_LEN];
    load_pattern_fill(&pattern, 7, 1000, body);
    assert_int_equal(load_pattern_circuit(body), 7);
    assert_true(load_pattern_fits(&pattern, 7, 1000, body));
    assert_false(load_pattern_fits(&pattern, 7, 1001, body));
    assert_false(load_pattern_fits(&pattern, 8, 1000, body));
}

static void every_byte_counts(UNUSED void **state) {
    uint8_t body[CELL_BODY_LEN];
    load_pattern_fill(&pattern, 3, UINT64_C(1) << 40, body);
    for (unsigned i = 0; i < CELL_BODY_LEN; i++) {
        body[i] ^= 1;
        assert_false(load_pattern_fits(&pattern, 3, UINT64_C(1) << 40, body));
        body[i] ^= 1;
    }
    assert_true(load_pattern_fits(&pattern, 3, UINT64_C(1) << 40, body));
}

/* tor-spec 6.1: a relay looks for its own cells by `recognized`, bytes 1 and 2. */
static void no_relay_takes_it_for_its_own(UNUSED void **state) {
    uint8_t body[CELL_BODY_LEN];
    for (uint32_t circuit = 0; circuit < 100; circuit++) {
        load_pattern_fill(&pattern, circuit, circuit * 77, body);
        assert_int_not_equal(body[1] | body[2], 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_fits_its_place_only),
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(no_relay_takes_it_for_its_own),
    };
    load_pattern_init(&pattern, 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
