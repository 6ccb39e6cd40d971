#include "network/tgen_model.h"

#include "support/test.h"

#define HEAD                                                                                     \
    "<graphml><key id=\"t\" for=\"node\" attr.name=\"type\"/><key id=\"n\" attr.name=\"name\"/>" \
    "<key id=\"w\" attr.name=\"weight\"/><key id=\"d\" attr.name=\"distribution\"/>"             \
    "<key id=\"r\" attr.name=\"param_rate\"/><key id=\"l\" attr.name=\"param_location\"/>"       \
    "<key id=\"s\" attr.name=\"param_scale\"/><key id=\"a\" attr.name=\"param_low\"/>"           \
    "<key id=\"b\" attr.name=\"param_high\"/><graph edgedefault=\"directed\">\n"
#define NODE(id, type, name) \
    "<node id=\"" id "\"><data key=\"t\">" type "</data><data key=\"n\">" name "</data></node>\n"
#define EDGE(from, to, type, weight, more)                                                               \
    "<edge source=\"" from "\" target=\"" to "\"><data key=\"t\">" type "</data><data key=\"w\">" weight \
    "</data>" more "</edge>\n"
#define EXPONENTIAL(rate) "<data key=\"d\">exponential</data><data key=\"r\">" rate "</data>"
#define TWO(name, k, x, l, y) \
    "<data key=\"d\">" name "</data><data key=\"" k "\">" x "</data><data key=\"" l "\">" y "</data>"
#define END "</graph></graphml>"

static const char whole[] = HEAD NODE("s0", "state", "start") NODE("s1", "state", "busy")
    NODE("o0", "observation", "+") NODE("o1", "observation", "-") NODE("o2", "observation", "F")
        NODE("s2", "state", "over") EDGE("s0", "s1", "transition", "1.0", "")
            EDGE("s1", "s2", "transition", "0.25", "") EDGE("s1", "s1", "transition", "0.75", "")
                EDGE("s1", "o0", "emission", "0.5", EXPONENTIAL("1e-3"))
                    EDGE("s1", "o1", "emission", "0.5", TWO("lognormal", "l", "1.0", "s", "0.5"))
                        EDGE("s2", "o2", "emission", "1.0", TWO("uniform", "a", "0.0", "b", "0.0")) END;

static void a_model_is_read(void **state) {
    (void)state;
    struct tgen_model m;
    struct mistake mistake = {""};
    assert_true(tgen_model_parse("m", whole, strlen(whole), &m, &mistake));
    assert_int_equal(m.model.count, 3);
    assert_int_equal(m.model.start, 0);
    const struct markov_state *busy = &m.model.states[1];
    assert_int_equal(busy->next_count, 2);
    assert_int_equal(busy->next[0], 2);
    assert_int_equal(busy->next[1], 1);
    assert_int_equal(busy->next_weights[0], UINT64_C(1) << 38);
    assert_int_equal(busy->next_weights[1], UINT64_C(1) << 40);
    assert_int_equal(busy->emission_count, 2);
    assert_int_equal(busy->emissions[0].observation, MARKOV_TO_SERVER);
    assert_int_equal(busy->emissions[0].delay.distribution, MARKOV_EXPONENTIAL);
    assert_int_equal(busy->emissions[0].delay.a, 1000000); /* a millisecond */
    assert_int_equal(busy->emissions[1].observation, MARKOV_TO_ORIGIN);
    assert_int_equal(busy->emissions[1].delay.distribution, MARKOV_LOGNORMAL);
    /* The median is e us: 2^(1.4427 + 9.9658) ns. */
    assert_int_equal(busy->emissions[1].delay.a, INT64_C(6196328019) + INT64_C(42802717582));
    assert_int_equal(busy->emissions[1].delay.b, INT64_C(3098164010));
    assert_int_equal(m.model.states[2].emissions[0].observation, MARKOV_END);
    assert_int_equal(m.model.states[2].next_count, 0);
    tgen_model_fini(&m);
}

static void mistakes_have_lines(void **state) {
    (void)state;
    static const struct {
        const char *text, *mistake;
    } cases[] = {
        {HEAD END, "m: expected a state named start"},
        {HEAD "<node id=\"a\"/>" END, "m:2: a: expected each node once, with a type and a name"},
        {HEAD NODE("a", "state", "start") NODE("a", "state", "x") END,
         "m:3: a: expected each node once, with a type and a name"},
        {HEAD NODE("a", "place", "start") END, "m:2: type: expected state or observation"},
        {HEAD NODE("a", "observation", "start") END, "m:2: name: expected +, - or F of an observation"},
        {HEAD NODE("a", "state", "start") NODE("b", "state", "start") END, "m:3: name: expected one start"},
        {HEAD NODE("a", "state", "start") EDGE("a", "b", "transition", "1", "") END,
         "m:3: target: expected a node that is there"},
        {HEAD NODE("a", "state", "start") EDGE("b", "a", "transition", "1", "") END,
         "m:3: source: expected a state that is there"},
        {HEAD NODE("a", "state", "start") EDGE("a", "a", "way", "1", "") END,
         "m:3: type: expected emission or transition"},
        {HEAD NODE("a", "state", "start") EDGE("a", "a", "transition", "-1", "") END,
         "m:3: weight: expected a number, not negative, not huge"},
        {HEAD NODE("a", "state", "start") EDGE("a", "a", "transition", "1e9", "") END,
         "m:3: weight: expected a number, not negative, not huge"},
        {HEAD NODE("a", "state", "start") EDGE("a", "a", "emission", "1", "") END,
         "m:3: type: expected an emission to lead to an observation"},
        {HEAD NODE("a", "state", "start") NODE("b", "observation", "+") EDGE("a", "b", "transition", "1", "")
             END,
         "m:4: type: expected a transition to lead to a state"},
        {HEAD NODE("a", "state", "start") NODE("b", "observation", "+") EDGE("a", "b", "emission", "1", "")
             END,
         "m:4: distribution: expected exponential, lognormal, normal or uniform"},
        {HEAD NODE("a", "state", "start") NODE("b", "observation", "+")
             EDGE("a", "b", "emission", "1", EXPONENTIAL("0.0")) END,
         "m:4: param_rate: expected a number above 0, not next to 0"},
        {HEAD NODE("a", "state", "start") NODE("b", "observation", "+")
             EDGE("a", "b", "emission", "1", TWO("uniform", "a", "2", "b", "1")) END,
         "m:4: param_high: expected at least param_low"},
        {HEAD NODE("a", "state", "start") NODE("b", "observation", "+")
             EDGE("a", "b", "emission", "1", TWO("normal", "l", "2", "a", "1")) END,
         "m:4: param_scale: expected a number, not negative, not huge"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tgen_model m;
        struct mistake mistake = {""};
        assert_false(tgen_model_parse("m", cases[i].text, strlen(cases[i].text), &m, &mistake));
        assert_string_equal(mistake.text, cases[i].mistake);
        assert_null(m.states);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_model_is_read),
                                       cmocka_unit_test(mistakes_have_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
