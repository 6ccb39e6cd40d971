#include "native/torrc_places.h"

#include <stdio.h>

#include "native/complaint.h"
#include "support/test.h"

static const char *located(const struct places *places, const char *text, struct complaint *complaint) {
    complain(complaint, "%s", text);
    places_locate(places, complaint);
    return complaint->text;
}

static void the_last_line_of_an_option_is_its_place(void **state) {
    (void)state;
    struct places places = {0};
    struct complaint c;
    assert_null(places_find(&places, "ORPort"));
    assert_true(places_note_file(&places, "/etc/torrc"));
    assert_true(places_note(&places, "ORPort", "/etc/torrc", 3));
    assert_true(places_note(&places, "ORPort", "/etc/torrc", 7));
    assert_true(places_note(&places, "User", NULL, 0));
    assert_string_equal(places_find(&places, "ORPort"), "/etc/torrc:7");
    assert_null(places_find(&places, "ORPor"));
    assert_string_equal(located(&places, "ORPort: expected 1", &c), "/etc/torrc:7: ORPort: expected 1");
    assert_string_equal(located(&places, "User: expected 1", &c), "command line: User: expected 1");
    places_forget(&places);
    assert_null(places_find(&places, "ORPort"));
}

static void what_nobody_wrote_is_the_fault_of_the_file(void **state) {
    (void)state;
    struct places places = {0};
    struct complaint c;
    assert_string_equal(located(&places, "DirAuthority: expected one", &c), "DirAuthority: expected one");
    assert_true(places_note_file(&places, "/etc/torrc"));
    assert_string_equal(located(&places, "DirAuthority: expected one", &c),
                        "/etc/torrc: DirAuthority: expected one");
    assert_string_equal(located(&places, "no memory", &c), "no memory");
    assert_string_equal(located(&places, "/a/b: no such file", &c), "/a/b: no such file");
    assert_string_equal(located(&places, "", &c), "");
    places_forget(&places);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_line_of_an_option_is_its_place),
        cmocka_unit_test(what_nobody_wrote_is_the_fault_of_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
