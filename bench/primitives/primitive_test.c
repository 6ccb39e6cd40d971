#include "primitives/primitive.h"

#include <string.h>

#include "base/attributes.h"
#include "support/test.h"

/* Whoever reads the figures finds them by these three. */
static void no_two_have_the_same_name(UNUSED void **state) {
    for (size_t i = 0; i < primitives_count(); i++) {
        const struct primitive *a = primitives_at(i);
        assert_true(strlen(a->name) > 0 && strlen(a->unit) > 0);
        for (size_t j = 0; j < i; j++) {
            const struct primitive *b = primitives_at(j);
            assert_false(strcmp(a->name, b->name) == 0 && strcmp(a->variant, b->variant) == 0 &&
                         a->size == b->size);
        }
    }
}

static void a_primitive_is_chosen_by_how_its_label_begins(UNUSED void **state) {
    const struct primitive seal = {
        .name = "seal", .variant = "SUITE", .size_of = "cells", .size = 31, .unit = "record"};
    char label[PRIMITIVE_LABEL_LEN];
    primitive_label(&seal, label);
    assert_string_equal(label, "seal, SUITE, 31 cells: a record");
    assert_true(primitive_is_chosen(&seal, NULL));
    assert_true(primitive_is_chosen(&seal, "seal"));
    assert_true(primitive_is_chosen(&seal, "seal, SUITE, 31 cells: a record"));
    assert_false(primitive_is_chosen(&seal, "seal, SUITE, 1 "));
}

static void each_label_is_of_one_alone(UNUSED void **state) {
    for (size_t i = 0; i < primitives_count(); i++) {
        char label[PRIMITIVE_LABEL_LEN];
        size_t chosen = 0;
        primitive_label(primitives_at(i), label);
        for (size_t j = 0; j < primitives_count(); j++)
            chosen += primitive_is_chosen(primitives_at(j), label);
        assert_int_equal(chosen, 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_two_have_the_same_name),
        cmocka_unit_test(a_primitive_is_chosen_by_how_its_label_begins),
        cmocka_unit_test(each_label_is_of_one_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
