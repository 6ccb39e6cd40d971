#include "load/load_pattern.h"

#include "support/test.h"

static struct load_pattern pattern;

#define TIME_OFFSET 15u
#define TIME_END    23u

static void a_body_fits_its_place_only(UNUSED void **state) {
    uint8_t body[CELL_BODY_LEN];
    load_pattern_fill(&pattern, 7, 1000, 0, body);
    assert_int_equal(load_pattern_circuit(body), 7);
    assert_true(load_pattern_fits(&pattern, 7, 1000, body));
    assert_false(load_pattern_fits(&pattern, 7, 1001, body));
    assert_false(load_pattern_fits(&pattern, 8, 1000, body));
}

static void every_byte_but_the_time_counts(UNUSED void **state) {
    uint8_t body[CELL_BODY_LEN];
    load_pattern_fill(&pattern, 3, UINT64_C(1) << 40, 5, body);
    for (unsigned i = 0; i < CELL_BODY_LEN; i++) {
        bool is_time = i >= TIME_OFFSET && i < TIME_END;
        body[i] ^= 1;
        assert_int_equal(load_pattern_fits(&pattern, 3, UINT64_C(1) << 40, body), is_time);
        body[i] ^= 1;
    }
    assert_true(load_pattern_fits(&pattern, 3, UINT64_C(1) << 40, body));
}

static void a_body_says_when_it_was_written(UNUSED void **state) {
    const nsec at = UINT64_C(0x123456789abcdef0);
    uint8_t body[CELL_BODY_LEN];
    load_pattern_fill(&pattern, 3, 4, at, body);
    assert_int_equal(load_pattern_at(body), at);
    assert_true(load_pattern_fits(&pattern, 3, 4, body));
}

/* tor-spec 6.1: a relay looks for its own cells by `recognized`, bytes 1 and 2. */
static void no_relay_takes_it_for_its_own(UNUSED void **state) {
    uint8_t body[CELL_BODY_LEN];
    for (uint32_t circuit = 0; circuit < 100; circuit++) {
        load_pattern_fill(&pattern, circuit, circuit * 77, UINT64_MAX, body);
        assert_int_not_equal(body[1] | body[2], 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_fits_its_place_only),
        cmocka_unit_test(every_byte_but_the_time_counts),
        cmocka_unit_test(a_body_says_when_it_was_written),
        cmocka_unit_test(no_relay_takes_it_for_its_own),
    };
    load_pattern_init(&pattern, 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
