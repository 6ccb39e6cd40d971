#include "core/exit_choice.h"

#include <string.h>

#include "support/test.h"
#include "wire/exit_policy.h"

#define V4              \
    {                   \
        ADDRESS_IPV4, { \
            18, 0, 0, 1 \
        }               \
    }
#define V6              \
    {                   \
        ADDRESS_IPV6, { \
            0x20, 1     \
        }               \
    }

static struct begin_message begin_of(const char *host, uint32_t flags) {
    struct begin_message begin = {.port = 80, .flags = flags};
    memcpy(begin.host, host, strlen(host));
    return begin;
}

static void a_number_needs_no_question(void **state) {
    (void)state;
    struct exit_wish wish;
    struct name_query query;
    struct name_answer answer;
    struct endpoint to;
    struct begin_message begin =
        begin_of("18.0.0.1", BEGIN_IPV4_NOT_OK); /* as tor: the flags are about names */
    assert_true(exit_wish_take(&begin, false, &wish, &query, &answer));
    assert_int_equal(exit_choose(NULL, false, &wish, &answer, &to), 0);
    assert_int_equal(to.address.bytes[0], 18);
    assert_int_equal(to.port, 80);

    begin = begin_of("2001::", 0);
    assert_true(exit_wish_take(&begin, true, &wish, &query, &answer));
    assert_int_equal(exit_choose(NULL, true, &wish, &answer, &to), 0);
    assert_int_equal(exit_choose(NULL, false, &wish, &answer, &to), END_EXITPOLICY);
}

static void only_families_that_can_be_used_are_asked_for(void **state) {
    (void)state;
    static const struct {
        uint32_t flags;
        bool ipv6_exit, wants_ipv4, wants_ipv6;
    } cases[] = {
        {0, true, true, false},
        {BEGIN_IPV6_OK, true, true, true},
        {BEGIN_IPV6_OK, false, true, false},
        {BEGIN_IPV6_OK | BEGIN_IPV4_NOT_OK, true, false, true},
        {BEGIN_IPV4_NOT_OK, true, false, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct exit_wish wish;
        struct name_query query;
        struct name_answer answer;
        struct begin_message begin = begin_of("a.example", cases[i].flags);
        assert_false(exit_wish_take(&begin, cases[i].ipv6_exit, &wish, &query, &answer));
        assert_string_equal(query.host, "a.example");
        assert_int_equal(query.wants_ipv4, cases[i].wants_ipv4);
        assert_int_equal(query.wants_ipv6, cases[i].wants_ipv6);
    }
}

static void the_preferred_family_that_is_allowed_is_taken(void **state) {
    (void)state;
    static const struct name_answer both = {.count = 2, .addresses = {V4, V6}};
    static const struct name_answer none = {.count = 0}, gone = {.status = NAME_NONTRANSIENT};
    static const struct {
        const char *policy;
        uint32_t flags;
        const struct name_answer *answer;
        uint8_t reason, family;
    } cases[] = {
        {"accept *:*", 0, &both, 0, ADDRESS_IPV4},
        {"accept *:*", BEGIN_IPV6_OK, &both, 0, ADDRESS_IPV4},
        {"accept *:*", BEGIN_IPV6_OK | BEGIN_IPV6_PREFERRED, &both, 0, ADDRESS_IPV6},
        {"accept *:*", BEGIN_IPV6_OK | BEGIN_IPV4_NOT_OK, &both, 0, ADDRESS_IPV6},
        {"reject *4:*, accept *:*", BEGIN_IPV6_OK, &both, 0, ADDRESS_IPV6},
        {"reject *4:*, accept *:*", 0, &both, END_EXITPOLICY, ADDRESS_IPV4},
        {"reject *:80", BEGIN_IPV6_OK | BEGIN_IPV6_PREFERRED, &both, END_EXITPOLICY, ADDRESS_IPV6},
        {"accept *:*", BEGIN_IPV4_NOT_OK, &both, END_EXITPOLICY, ADDRESS_NONE},
        {"accept *:*", 0, &none, END_RESOLVEFAILED, ADDRESS_NONE},
        {"accept *:*", 0, &gone, END_RESOLVEFAILED, ADDRESS_NONE},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        static struct exit_policy policy;
        const struct exit_wish wish = {.port = 80, .flags = (uint8_t)cases[i].flags};
        struct endpoint to;
        policy.count = 0;
        assert_int_equal(exit_policy_parse(&policy, cases[i].policy), EXIT_POLICY_OK);
        assert_int_equal(exit_choose(&policy, true, &wish, cases[i].answer, &to), cases[i].reason);
        assert_int_equal(to.address.family, cases[i].family);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_needs_no_question),
        cmocka_unit_test(only_families_that_can_be_used_are_asked_for),
        cmocka_unit_test(the_preferred_family_that_is_allowed_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
