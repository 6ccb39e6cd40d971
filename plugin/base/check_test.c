#include "base/check.h"

#include "base/attributes.h"
#include "support/test.h"

static jmp_buf stopped;
static const char *reported_condition, *reported_file;
static int reported_line;

void check_report(const char *condition, const char *file, int line);

/* Takes the place of the runtime's handler, and jumps out before the trap. */
void check_report(const char *condition, const char *file, int line) {
    reported_condition = condition;
    reported_file = file;
    reported_line = line;
    longjmp(stopped, 1);
}

static void a_fact_passes_and_is_evaluated_once(UNUSED void **state) {
    int times = 0;
    CHECK(++times > 0);
    assert_int_equal(times, 1);
}

static void what_is_false_is_reported_with_its_place(UNUSED void **state) {
    int one = 1;
    if (setjmp(stopped) == 0) {
        CHECK(one == 2);
        fail();
    }
    assert_string_equal(reported_condition, "one == 2");
    assert_non_null(strstr(reported_file, "check_test.c"));
    assert_true(reported_line > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fact_passes_and_is_evaluated_once),
        cmocka_unit_test(what_is_false_is_reported_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
