#include "wire/text_lines.h"

#include <string.h>

#include "support/test.h"
#include "support/test_memory.h"
#include "wire/text.h"

static void lines_stand_in_order(UNUSED void **state) {
    struct test_memory memory;
    struct text_lines lines;
    test_memory_init(&memory);
    assert_int_equal(text_lines_make(span_of("a\n\nlast"), &memory.memory, &lines), ERR_OK);
    assert_int_equal(lines.count, 3);
    assert_true(span_is(lines.lines[0], "a") && span_is(lines.lines[1], "") &&
                span_is(lines.lines[2], "last"));
    text_lines_free(&lines, &memory.memory);
    assert_int_equal(text_lines_make(span_of(""), &memory.memory, &lines), ERR_OK);
    assert_int_equal(lines.count, 0);
    text_lines_free(&lines, &memory.memory);
    test_memory_fini(&memory);
}

static void too_many_are_a_limit(UNUSED void **state) {
    static uint8_t empty[TEXT_LINES_MAX + 1];
    struct test_memory memory;
    struct text_lines lines;
    test_memory_init(&memory);
    memset(empty, '\n', sizeof empty);
    assert_int_equal(text_lines_make((struct span){empty, sizeof empty}, &memory.memory, &lines), ERR_LIMIT);
    assert_null(lines.lines);
    test_memory_fini(&memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_stand_in_order),
        cmocka_unit_test(too_many_are_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
