#include "core/hoard.h"

#include "base/attributes.h"
#include "support/test.h"

#define MS    NSEC_PER_MS
#define START NSEC_PER_S

/* What a circuit sends and holds at each of some samples 20 ms apart, and the class of its age after the last. */
static void ages_follow_what_is_sent(UNUSED void **state) {
    static const struct {
        uint32_t sent[6], held[6];
        unsigned least, most; /* class */
    } cases[] = {
        {{0, 0, 0, 0, 0, 0}, {9, 9, 9, 9, 9, 9}, 7, 7},                       /* never reads: 100 ms */
        {{0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 9}, 0, 0},                       /* has just begun */
        {{5, 5, 5, 5, 5, 5}, {9, 99, 200, 300, 400, 500}, 7, 7},              /* and gets ever more */
        {{0, 100, 200, 300, 400, 500}, {5, 5, 5, 5, 5, 5}, 0, 1},             /* 1 ms of cells */
        {{0, 1, 2, 3, 4, 5}, {500, 500, 500, 500, 500, 500}, 7, 7},           /* trickles */
        {{0, 10, 20, 30, 40, 50}, {10, 100, 100, 100, 100, 100}, 7, 8},       /* 200 ms of cells */
        {{UINT32_MAX - 9, 90, 190, 290, 390, 490}, {5, 5, 5, 5, 5, 5}, 0, 1}, /* the count wraps */
        {{0, 0, 0, 0, 0, 0}, {9, 9, 9, 0, 9, 9}, 5, 5},                       /* was empty at 60 ms */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct hoard hoard = {0};
        for (unsigned k = 0; k < 6; k++)
            hoard_see(&hoard, START + k * 20 * MS, START, cases[i].sent[k], cases[i].held[k]);
        assert_in_range(hoard_class(&hoard, START + 100 * MS, START), cases[i].least, cases[i].most);
    }
}

static void what_was_seen_before_is_void(UNUSED void **state) {
    struct hoard hoard = {0};
    hoard_see(&hoard, START, START, 0, 9);
    assert_int_equal(hoard_class(&hoard, START + 1000 * MS, START + 900 * MS), 0);
    hoard_see(&hoard, START + 1000 * MS, START + 900 * MS, 0, 9);
    assert_int_equal(hoard_class(&hoard, START + 1010 * MS, START + 900 * MS), 4);
}

static void classes_are_powers_of_two_of_milliseconds(UNUSED void **state) {
    static const struct {
        nsec age;
        unsigned class;
    } cases[] = {{0, 0},
                 {MS - 1, 0},
                 {MS, 1},
                 {2 * MS, 2},
                 {3 * MS, 2},
                 {4 * MS, 3},
                 {1023 * MS, 10},
                 {1024 * MS, 11},
                 {3600 * NSEC_PER_S, 22},
                 {UINT64_MAX / 2, 23}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct hoard hoard = {0};
        hoard_see(&hoard, START, START, 0, 1);
        assert_int_equal(hoard_class(&hoard, START + cases[i].age, START), cases[i].class);
    }
}

static void the_oldest_go_first(UNUSED void **state) {
    const struct hoard_ages ages = {.cells = {[0] = 100, [3] = 50, [9] = 20}};
    static const struct {
        uint32_t need, class, cells;
    } cases[] = {{1, 9, 1}, {20, 9, 20}, {21, 3, 1}, {70, 3, 50}, {71, 0, 1}, {170, 0, 100}, {9999, 0, 100}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct hoard_verdict verdict = hoard_judge(&ages, cases[i].need);
        assert_int_equal(verdict.class, cases[i].class);
        assert_int_equal(verdict.cells, cases[i].cells);
    }
}

static void an_age_may_be_asked_for_afterwards(UNUSED void **state) {
    struct hoard waits = {0}, flows = {0};
    hoard_see(&waits, 1000 * NSEC_PER_MS, 1, 0, 10);
    hoard_see(&flows, 1000 * NSEC_PER_MS, 1, 0, 10);
    unsigned then = hoard_class(&waits, 1100 * NSEC_PER_MS, 1);
    hoard_see(&waits, 1200 * NSEC_PER_MS, 1, 0, 10);
    hoard_see(&flows, 1200 * NSEC_PER_MS, 1, 1000, 10);
    assert_int_equal(hoard_class(&waits, 1100 * NSEC_PER_MS, 1), then);
    assert_int_equal(hoard_class(&flows, 1100 * NSEC_PER_MS, 1), 2); /* 10 cells at 1000 in 200 ms */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_age_may_be_asked_for_afterwards),
        cmocka_unit_test(ages_follow_what_is_sent),
        cmocka_unit_test(what_was_seen_before_is_void),
        cmocka_unit_test(classes_are_powers_of_two_of_milliseconds),
        cmocka_unit_test(the_oldest_go_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
