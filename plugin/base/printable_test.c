#include "base/printable.h"

#include "base/attributes.h"
#include "support/test.h"

static void control_characters_go_and_nothing_else(UNUSED void **state) {
    char text[] = "a\033[31m\n\t\x7f z\xc3\xa9~";
    make_printable(text);
    assert_string_equal(text, "a?[31m??? z\xc3\xa9~");
    make_printable(text + strlen(text)); /* an empty one */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_characters_go_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
