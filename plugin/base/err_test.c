#include "base/err.h"

#include "base/attributes.h"
#include "support/test.h"

static void every_error_has_a_text_of_its_own(UNUSED void **state) {
#define X(name, text) ERR_##name,
    const enum err all[] = {ERR_LIST(X)};
#undef X
    assert_int_equal(ERR_OK, 0);
    for (unsigned i = 0; i < COUNT(all); i++) {
        assert_int_equal(all[i], i);
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(err_text(all[i]), err_text(all[j]));
    }
    assert_string_equal(err_text(ERR_LIMIT), "a configured limit is reached");
}

static void a_number_that_is_no_error_has_a_text_too(UNUSED void **state) {
    assert_string_equal(err_text((enum err)200), "unknown error");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_a_text_of_its_own),
        cmocka_unit_test(a_number_that_is_no_error_has_a_text_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
