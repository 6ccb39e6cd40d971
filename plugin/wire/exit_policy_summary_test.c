#include "wire/exit_policy_summary.h"

#include <string.h>

#include "support/test.h"

static void expect_summary(const char *rules, enum address_family family, const char *expected) {
    struct exit_policy policy = {.count = 0};
    char line[EXIT_POLICY_SUMMARY_MAX + 1];
    assert_int_equal(exit_policy_parse(&policy, rules), EXIT_POLICY_OK);
    exit_policy_summary(&policy, family, line);
    assert_string_equal(line, expected);
}

static void the_shorter_list_is_given(void **state) {
    (void)state;
    static const struct {
        const char *rules, *ipv4, *ipv6;
    } cases[] = {
        {"accept *:*", "accept 1-65535", "accept 1-65535"},
        {"reject *:*", "reject 1-65535", "reject 1-65535"},
        {"accept *:80, accept *:443, reject *:*", "accept 80,443", "accept 80,443"},
        {"reject *:25, reject *:119, reject *:135-139, accept *:*", "reject 25,119,135-139",
         "reject 25,119,135-139"},
        {"reject *6:*, accept *:22", "accept 22", "reject 1-65535"},
        {"accept6 *:53, accept *4:80-90, reject *:*", "accept 80-90", "accept 53"},
        {"accept *:1-2, accept *:3, reject *:*", "accept 1-3", "accept 1-3"},
        {"accept *:65535", "accept 65535", "accept 65535"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        expect_summary(cases[i].rules, ADDRESS_IPV4, cases[i].ipv4);
        expect_summary(cases[i].rules, ADDRESS_IPV6, cases[i].ipv6);
    }
}

static void few_addresses_do_not_count_but_many_do(void **state) {
    (void)state;
    expect_summary("reject private:*, accept *:80", ADDRESS_IPV4, "accept 80");
    expect_summary("reject private:*, accept *:80", ADDRESS_IPV6, "accept 80");
    expect_summary("reject 18.0.0.0/8:*, accept *:80", ADDRESS_IPV4, "accept 80");
    expect_summary("reject 18.0.0.0/7:*, accept *:80", ADDRESS_IPV4, "reject 1-65535");
    expect_summary("reject 18.0.0.0/8:80, reject 20.0.0.0/8:*, accept *:80-81", ADDRESS_IPV4, "accept 81");
    expect_summary("reject [2001::]/16:*, accept *:80", ADDRESS_IPV6, "reject 1-65535");
    expect_summary("reject [2001::]/17:*, accept *:80", ADDRESS_IPV6, "accept 80");
    expect_summary("accept 18.0.0.0/8:80, reject *:*", ADDRESS_IPV4, "reject 1-65535");
}

static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    struct exit_policy policy = {.count = 0};
    char line[EXIT_POLICY_SUMMARY_MAX + 1];
    for (uint32_t i = 0; i < EXIT_POLICY_RULES_MAX; i++) {
        uint16_t port = (uint16_t)(10000 + 2 * i);
        struct exit_policy_rule rule = {.port_first = port, .port_last = port, .accept = true};
        assert_true(exit_policy_add(&policy, &rule));
    }
    exit_policy_summary(&policy, ADDRESS_IPV4, line);
    assert_string_equal(line, "reject 1-65535");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shorter_list_is_given),
        cmocka_unit_test(few_addresses_do_not_count_but_many_do),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
