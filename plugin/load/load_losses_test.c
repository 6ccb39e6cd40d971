#include "load/load_losses.h"

#include <string.h>

#include "support/test.h"

static void the_first_is_told_and_all_are_counted(UNUSED void **state) {
    struct load_losses losses = {0};
    assert_string_equal(losses.first, "");
    load_losses_add(&losses, "a circuit was destroyed, reason %d", 5);
    load_losses_add(&losses, "a link was closed");
    assert_int_equal(losses.count, 2);
    assert_string_equal(losses.first, "a circuit was destroyed, reason 5");
}

static void what_is_too_long_is_cut_off(UNUSED void **state) {
    struct load_losses losses = {0};
    load_losses_add(&losses, "%*d", 2 * LOAD_LOSS_TEXT_MAX, 1);
    assert_int_equal(strlen(losses.first), LOAD_LOSS_TEXT_MAX - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_told_and_all_are_counted),
        cmocka_unit_test(what_is_too_long_is_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
