#include "wire/descriptor_cut.h"

#include <stdio.h>
#include <string.h>

#include "support/test.h"
#include "wire/text.h"

#define MICRO_A \
    "onion-key\n-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\nntor-onion-key a\n"
#define MICRO_B "onion-key\nid ed25519 b\n"
#define SIGNED  "router A 1.2.3.4 1 0 0\npublished then\nrouter-signature\n"
#define OBJECT  "-----BEGIN SIGNATURE-----\nAAAA\n-----END SIGNATURE-----\n"

static void microdescriptors_end_where_the_next_begins(UNUSED void **state) {
    struct span rest = span_of("@annotation\n" MICRO_A MICRO_B), one;
    assert_true(microdescriptor_cut(&rest, &one));
    assert_true(span_is(one, MICRO_A));
    assert_true(microdescriptor_cut(&rest, &one));
    assert_true(span_is(one, MICRO_B));
    assert_false(microdescriptor_cut(&rest, &one));
    rest = span_of("nothing\nof the kind");
    assert_false(microdescriptor_cut(&rest, &one));
}

static void a_descriptor_ends_with_its_signature(UNUSED void **state) {
    struct span rest = span_of("@type x\n" SIGNED OBJECT "\n" SIGNED "no object\n" SIGNED OBJECT), one,
                signed_part;
    for (unsigned i = 0; i < 2; i++) {
        assert_true(descriptor_cut(&rest, &one, &signed_part));
        assert_true(span_is(one, SIGNED OBJECT));
        assert_true(span_is(signed_part, SIGNED));
    }
    assert_false(descriptor_cut(&rest, &one, &signed_part));
    rest = span_of(SIGNED OBJECT);
    rest.length--; /* others follow it when it is served: its last line must end */
    assert_false(descriptor_cut(&rest, &one, &signed_part));
    rest = span_of("router A\nno signature\n");
    assert_false(descriptor_cut(&rest, &one, &signed_part));
}

/* first, lines until more than length bytes are there, then last. */
static struct span fill(char *text, size_t room, const char *first, size_t length, const char *last) {
    size_t at = (size_t)snprintf(text, room, "%s", first);
    for (; at <= length; at += 2)
        memcpy(text + at, "x\n", 2);
    snprintf(text + at, room - at, "%s", last);
    return span_of(text);
}

static void what_is_too_long_is_left_out(UNUSED void **state) {
    static char text[2 * MICRODESCRIPTOR_LEN_MAX];
    struct span rest, one, signed_part;
    rest = fill(text, sizeof text, "onion-key\n", MICRODESCRIPTOR_LEN_MAX, MICRO_B);
    assert_true(microdescriptor_cut(&rest, &one));
    assert_true(span_is(one, MICRO_B));
    rest = fill(text, sizeof text, "router A\n", DESCRIPTOR_CUT_LEN_MAX,
                "router-signature\n" OBJECT SIGNED OBJECT);
    assert_true(descriptor_cut(&rest, &one, &signed_part));
    assert_true(span_is(one, SIGNED OBJECT));
}

static void a_descriptor_names_an_ed25519_identity(UNUSED void **state) {
    static const struct {
        const char *text;
        bool is_named;
    } cases[] = {
        {"router A\nmaster-key-ed25519 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\nplatform x\n", true},
        {"master-key-ed25519 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE", true},
        {"router A\nmaster-key-ed25519 AQEB\n", false},
        {"router A\nmaster-key-ed25519\n", false},
        {"router A\nxmaster-key-ed25519 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\n", false},
        {"", false},
    };
    uint8_t ed_id[32], expected[32];
    memset(expected, 1, sizeof expected);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(descriptor_ed_id(span_of(cases[i].text), ed_id), cases[i].is_named);
        if (cases[i].is_named)
            assert_memory_equal(ed_id, expected, sizeof expected);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(microdescriptors_end_where_the_next_begins),
        cmocka_unit_test(a_descriptor_ends_with_its_signature),
        cmocka_unit_test(what_is_too_long_is_left_out),
        cmocka_unit_test(a_descriptor_names_an_ed25519_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
