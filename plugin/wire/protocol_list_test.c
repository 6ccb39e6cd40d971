#include "wire/protocol_list.h"

#include "support/test.h"
#include "wire/text.h"

static void versions_of_a_name(void **state) {
    static const struct {
        const char *list, *name;
        uint32_t version;
        bool has;
    } rows[] = {
        {"Cons=1-2 Relay=1-2,4", "Relay", 2, true},
        {"Cons=1-2 Relay=1-2,4", "Relay", 3, false},
        {"Cons=1-2 Relay=1-2,4", "Relay", 4, true},
        {"Cons=1-2 Relay=1-2,4", "Cons", 2, true},
        {"Cons=1-2 Relay=1-2,4", "Con", 1, false},
        {"Cons=1-2 Relay=1-2,4", "Link", 1, false},
        {"Relay=3", "Relay", 3, true},
        {"Relay=0-63", "Relay", 0, true},
        {"Relay=", "Relay", 0, false},
        {"Relay", "Relay", 0, false},
        {"", "Relay", 0, false},
        {"Relay=4-1", "Relay", 2, false},
        {"Relay=64", "Relay", 64, false},
        {"Relay=1-99999999999999999999", "Relay", 2, false},
        {"Relay=x,3", "Relay", 3, true}, /* the rest counts */
        {"Relay=1-2-3", "Relay", 2, false},
        {"Relay=1 Relay=3", "Relay", 3, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(protocol_list_has(span_of(rows[i].list), rows[i].name, rows[i].version),
                         rows[i].has);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_of_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
