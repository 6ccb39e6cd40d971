#include "network/country_latency.h"

#include "support/test.h"
#include "wire/text.h"

static struct country code(const char *text) {
    struct country c;
    assert_true(country_parse(span_of(text), &c));
    return c;
}

static void a_triangle_is_read(void **state) {
    (void)state;
    struct country_latency t;
    struct mistake m;
    assert_true(
        country_latency_parse("t", span_of("# head\nDE 2.0\nFR 0.1 7.0\nUS 44.1 45.0 59999.9\n"), &t, &m));
    assert_int_equal(t.count, 3);
    assert_int_equal(country_latency_find(&t, code("US")), 2);
    assert_int_equal(country_latency_find(&t, code("DE")), 0);
    assert_int_equal(country_latency_find(&t, code("EU")), COUNTRY_NONE);
    assert_int_equal(country_latency_between(&t, 0, 2), 44100000);
    assert_int_equal(country_latency_between(&t, 2, 0), 44100000);
    assert_int_equal(country_latency_between(&t, 1, 0), 100000);
    assert_int_equal(country_latency_between(&t, 2, 2), 59999900000);
    country_latency_fini(&t);
}

static void mistakes_have_lines(void **state) {
    (void)state;
    static const struct {
        const char *text, *mistake;
    } cases[] = {
        {"", "t: expected lines for 1 to 1024 countries"},
        {"# only a head\n", "t: expected lines for 1 to 1024 countries"},
        {"# head\nde 1.0\n", "t:2: expected a country code of two capital letters"},
        {"DEU 1.0\n", "t:1: expected a country code of two capital letters"},
        {"DE 1.0\nDE 1.0 1.0\n", "t:2: DE: expected countries in alphabetical order"},
        {"DE 1.0\nAT 1.0 1.0\n", "t:2: AT: expected countries in alphabetical order"},
        {"DE\n", "t:1: DE: expected 1 latencies in ms with one decimal, above 0.0: number 1 is none"},
        {"DE 1\n", "t:1: DE: expected 1 latencies in ms with one decimal, above 0.0: number 1 is none"},
        {"DE 0.0\n", "t:1: DE: expected 1 latencies in ms with one decimal, above 0.0: number 1 is none"},
        {"DE 1.0\nFR 1.0 -1.0\n",
         "t:2: FR: expected 2 latencies in ms with one decimal, above 0.0: number 2 is none"},
        {"DE 60000.0\n", "t:1: DE: expected 1 latencies in ms with one decimal, above 0.0: number 1 is none"},
        {"DE 1.25\n", "t:1: DE: expected 1 latencies in ms with one decimal, above 0.0: number 1 is none"},
        {"DE 1.0 2.0\n", "t:1: DE: expected 1 latencies, found more"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct country_latency t;
        struct mistake m = {""};
        assert_false(country_latency_parse("t", span_of(cases[i].text), &t, &m));
        assert_string_equal(m.text, cases[i].mistake);
        assert_null(t.countries);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_triangle_is_read),
                                       cmocka_unit_test(mistakes_have_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
