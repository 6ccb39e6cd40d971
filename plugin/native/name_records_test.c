#include "native/name_records.h"

#include <stdio.h>
#include <string.h>

#include "support/test.h"

static const struct name_answer found = {.count = 1, .addresses = {{ADDRESS_IPV4, {1, 2, 3, 4}}}};

static struct name_record *add_answered(struct name_records *r, nsec now, const char *text) {
    struct name_record *record = name_records_add(r, NAME_OF_IPV4, text);
    assert_non_null(record);
    name_records_answer(r, now, record, &found, 0, NAME_TTL_FUZZ_S);
    return record;
}

static void a_question_is_pending_until_it_is_answered(void **state) {
    struct name_records r;
    (void)state;
    name_records_init(&r, 4);
    assert_null(name_records_find(&r, 0, NAME_OF_IPV4, "a.example"));
    struct name_record *record = name_records_add(&r, NAME_OF_IPV4, "a.example");
    assert_true(record->is_pending);
    assert_ptr_equal(name_records_find(&r, 0, NAME_OF_IPV4, "a.example"), record);
    assert_null(name_records_find(&r, 0, NAME_OF_IPV6, "a.example"));
    name_records_answer(&r, 0, record, &found, 0, 0);
    assert_ptr_equal(name_records_find(&r, 1, NAME_OF_IPV4, "a.example"), record);
    assert_int_equal(record->answer.addresses[0].bytes[3], 4);
    assert_int_equal(r.pending, 0);
    name_records_fini(&r);
}

static void how_long_an_answer_is_kept_says_little_of_it(void **state) {
    static const struct {
        enum name_status status;
        uint32_t ttl_s, fuzz_s, kept_s;
    } cases[] = {
        {NAME_FOUND, 0, 0, 60},          {NAME_FOUND, 299, 2 * NAME_TTL_FUZZ_S, 540},
        {NAME_FOUND, 300, 0, 3360},      {NAME_FOUND, 1000000, NAME_TTL_FUZZ_S, 3600},
        {NAME_NONTRANSIENT, 900, 7, 60}, {NAME_TRANSIENT, 900, 7, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct name_records r;
        struct name_answer answer = found;
        name_records_init(&r, 4);
        answer.status = (uint8_t)cases[i].status;
        struct name_record *record = name_records_add(&r, NAME_OF_IPV4, "a");
        name_records_answer(&r, 5, record, &answer, cases[i].ttl_s, cases[i].fuzz_s);
        nsec ends = 5 + (nsec)cases[i].kept_s * NSEC_PER_S;
        if (cases[i].kept_s > 0)
            assert_non_null(name_records_find(&r, ends - 1, NAME_OF_IPV4, "a"));
        assert_null(name_records_find(&r, ends, NAME_OF_IPV4, "a"));
        assert_int_equal(r.by_hash.count, 0);
        name_records_fini(&r);
    }
}

static void the_one_unused_longest_gives_way(void **state) {
    struct name_records r;
    (void)state;
    name_records_init(&r, 3);
    (void)add_answered(&r, 0, "a");
    (void)add_answered(&r, 0, "b");
    (void)add_answered(&r, 0, "c");
    assert_non_null(name_records_find(&r, 1, NAME_OF_IPV4, "a"));
    (void)add_answered(&r, 0, "d");
    assert_null(name_records_find(&r, 1, NAME_OF_IPV4, "b"));
    assert_non_null(name_records_find(&r, 1, NAME_OF_IPV4, "a"));
    assert_int_equal(r.by_hash.count, 3);
    name_records_fini(&r);
}

static void pending_ones_never_give_way(void **state) {
    struct name_records r;
    (void)state;
    name_records_init(&r, 2);
    struct name_record *a = name_records_add(&r, NAME_OF_IPV4, "a");
    assert_non_null(name_records_add(&r, NAME_OF_ADDRESS, "b"));
    assert_null(name_records_add(&r, NAME_OF_IPV4, "c"));
    assert_int_equal(r.pending, 2);
    name_records_answer(&r, 0, a, &found, 0, 0);
    assert_non_null(name_records_add(&r, NAME_OF_IPV4, "c"));
    name_records_fini(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_pending_until_it_is_answered),
        cmocka_unit_test(how_long_an_answer_is_kept_says_little_of_it),
        cmocka_unit_test(the_one_unused_longest_gives_way),
        cmocka_unit_test(pending_ones_never_give_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
