#include "base/list.h"

#include "base/attributes.h"
#include "support/test.h"

struct item {
    int number;
    struct list node;
};

static int take_number(struct list *head) {
    struct list *first = list_take_first(head);
    return first ? LIST_ENTRY(first, struct item, node)->number : -1;
}

static void first_in_first_out(UNUSED void **state) {
    struct list head;
    list_init(&head);
    struct item items[] = {{.number = 0}, {.number = 1}, {.number = 2}};
    assert_true(list_is_empty(&head));

    for (unsigned i = 0; i < 3; i++)
        list_append(&head, &items[i].node);

    assert_false(list_is_empty(&head));
    for (int i = 0; i < 3; i++)
        assert_int_equal(take_number(&head), i);
    assert_int_equal(take_number(&head), -1);
    assert_true(list_is_empty(&head));
}

static void an_entry_leaves_from_the_middle_and_twice_is_safe(UNUSED void **state) {
    struct list head;
    list_init(&head);
    struct item items[] = {{.number = 0}, {.number = 1}, {.number = 2}};
    for (unsigned i = 0; i < 3; i++)
        list_append(&head, &items[i].node);
    assert_true(list_is_linked(&items[1].node));

    list_remove(&items[1].node);
    list_remove(&items[1].node);

    assert_false(list_is_linked(&items[1].node));
    assert_int_equal(take_number(&head), 0);
    assert_int_equal(take_number(&head), 2);
    assert_int_equal(take_number(&head), -1);
}

static void an_entry_goes_in_before_another(UNUSED void **state) {
    struct list head;
    list_init(&head);
    struct item items[] = {{.number = 0}, {.number = 1}};
    list_append(&head, &items[1].node);

    list_insert_before(&items[1].node, &items[0].node);

    assert_int_equal(take_number(&head), 0);
    assert_int_equal(take_number(&head), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_in_first_out),
        cmocka_unit_test(an_entry_leaves_from_the_middle_and_twice_is_safe),
        cmocka_unit_test(an_entry_goes_in_before_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
