#include "native/torrc_known.h"

#include "native/torrc_option.h"
#include "support/test.h"

static void refused_and_ignored(void **state) {
    (void)state;
    const struct torrc_option *option = torrc_known_find("bridgerelay");
    assert_non_null(option);
    assert_int_equal(option->class, TORRC_REFUSED);
    assert_non_null(option->expected);
    option = torrc_known_find("HardwareAccel");
    assert_non_null(option);
    assert_int_equal(option->class, TORRC_IGNORED);
    assert_null(torrc_known_find("ORPort")); /* carried out */
    assert_null(torrc_known_find("Nonsense"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_and_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
