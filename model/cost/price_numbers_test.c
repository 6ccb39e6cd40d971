#include "cost/price_numbers.h"

#include <string.h>

#include "support/test.h"

static void each_number_is_there_once(void **state) {
    (void)state;
    for (uint32_t i = 0; i < price_numbers_count(); i++)
        for (uint32_t j = 0; j < i; j++)
            assert_string_not_equal(price_number_name(i), price_number_name(j));
    static const char *const names[] = {
#define X(name) #name,
        WORK_LIST(X)
#undef X
            "circuit_cold",
        "halves_hot",
        "cell_cold",
        "edge_cold",
        "queues_hot",
        "smt"};
    assert_int_equal(price_numbers_count(), COUNT(names));
    for (size_t i = 0; i < COUNT(names); i++) {
        uint32_t found = 0;
        for (uint32_t j = 0; j < price_numbers_count(); j++)
            found += strcmp(names[i], price_number_name(j)) == 0;
        assert_int_equal(found, 1);
    }
}

/* Setting one changes the member of its name, and nothing else. */
static void a_number_is_its_member(void **state) {
    (void)state;
    for (uint32_t i = 0; i < price_numbers_count(); i++) {
        struct cost_table table = {.calibrated = false}, expected = {.calibrated = false};
        price_number_set(&table, i, 1000 + i);
        assert_int_equal(price_number_get(&table, i), 1000 + i);
        for (uint32_t j = 0; j < price_numbers_count(); j++)
            assert_int_equal(price_number_get(&table, j), j == i ? 1000 + i : 0);
#define X(name)                                               \
    if (strcmp(price_number_name(i), #name) == 0) {           \
        expected.ps.name = 1000 + i;                          \
        assert_memory_equal(&table, &expected, sizeof table); \
    }
        WORK_LIST(X)
#undef X
    }
}

static void sources_have_names(void **state) {
    (void)state;
    bool has_one[PRICE_SOURCES] = {false};
    for (uint32_t i = 0; i < price_numbers_count(); i++)
        has_one[price_number_source(i)] = true;
    for (uint32_t i = 0; i < PRICE_SOURCES; i++) {
        assert_true(has_one[i]);
        assert_true(strlen(price_source_name((enum price_source)i)) > 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_number_is_there_once),
        cmocka_unit_test(a_number_is_its_member),
        cmocka_unit_test(sources_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
