#include "wire/exit_policy.h"

#include "support/test.h"

static const struct address private_host = {ADDRESS_IPV4, {10, 1, 2, 3}};
static const struct address public_host = {ADDRESS_IPV4, {93, 184, 216, 34}};
static const struct address ipv6_host = {ADDRESS_IPV6, {0x20, 0x01, 0x0d, 0xb8, 1}};

static void the_first_match_decides(void **state) {
    (void)state;
    static const struct {
        const char *policy;
        const struct address *address;
        uint16_t port;
        bool allowed;
    } cases[] = {
        {"accept *:*", &public_host, 80, true},
        {"reject *:*", &public_host, 80, false},
        {"accept *:80-443, reject *:*", &public_host, 443, true},
        {"accept *:80-443, reject *:*", &public_host, 444, false},
        {"accept *:80", &public_host, 81, false},
        {"reject private:*, accept *:*", &private_host, 80, false},
        {"reject private:*, accept *:*", &public_host, 80, true},
        {"accept 10.0.0.0/8:*", &private_host, 1, true},
        {"accept 10.0.0.0/255.255.0.0:*", &private_host, 1, false},
        {"accept 10.1.2.3", &private_host, 1, true},
        {"accept 10.1.2.2/31", &private_host, 1, true},
        {"accept 10.1.2.4/30", &private_host, 1, false},
        {"accept *4:*", &ipv6_host, 1, false},
        {"accept *6:*", &ipv6_host, 1, true},
        {"accept6 *:*", &public_host, 1, false},
        {"reject6 [2001:db8::]/32:*, accept *:*", &ipv6_host, 1, false},
        {"reject [2001:db9::]/32:*, accept *:*", &ipv6_host, 1, true},
        {"ACCEPT *:*", &public_host, 1, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct exit_policy policy = {.count = 0};
        assert_int_equal(exit_policy_parse(&policy, cases[i].policy), EXIT_POLICY_OK);
        assert_int_equal(exit_policy_allows(&policy, cases[i].address, cases[i].port), cases[i].allowed);
    }
}

static void malformed_lines_change_nothing(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "accept",
                                      "accept *:*,",
                                      "allow *:*",
                                      "accept *:* x",
                                      "accept *:0-70000",
                                      "accept *:9-8",
                                      "accept 1.2.3:80",
                                      "accept 1.2.3.4/33:80",
                                      "accept 1.2.3.4/255.0.255.0:80",
                                      "accept6 1.2.3.4:80",
                                      "accept [::1/64]:80",
                                      "accept *:*, reject nowhere:*"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct exit_policy policy = {.count = 0};
        assert_int_equal(exit_policy_parse(&policy, bad[i]), EXIT_POLICY_MALFORMED);
        assert_int_equal(policy.count, 0);
    }
}

static void rules_are_bounded(void **state) {
    (void)state;
    struct exit_policy policy = {.count = 0};
    for (uint32_t i = 0; i < EXIT_POLICY_RULES_MAX; i++)
        assert_int_equal(exit_policy_parse(&policy, "accept *:80"), EXIT_POLICY_OK);
    assert_int_equal(exit_policy_parse(&policy, "accept *:80"), EXIT_POLICY_FULL);
    assert_int_equal(policy.count, EXIT_POLICY_RULES_MAX);
}

static void formatted_as_in_descriptors(void **state) {
    (void)state;
    static const char *const lines[] = {"accept *:80", "reject 1.2.3.0/24:80-81", "accept 1.2.3.4:*",
                                        "reject *:*"};
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct exit_policy policy = {.count = 0};
        char line[EXIT_POLICY_LINE_MAX];
        assert_int_equal(exit_policy_parse(&policy, lines[i]), EXIT_POLICY_OK);
        assert_true(exit_policy_rule_format(&policy.rules[0], line));
        assert_string_equal(line, lines[i]);
    }
    struct exit_policy policy = {.count = 0};
    char line[EXIT_POLICY_LINE_MAX];
    assert_int_equal(exit_policy_parse(&policy, "accept *6:80"), EXIT_POLICY_OK);
    assert_false(exit_policy_rule_format(&policy.rules[0], line));
}

static void is_anything_allowed(void **state) {
    (void)state;
    static const struct {
        const char *policy;
        bool allowed;
    } cases[] = {{"reject *:*", false},
                 {"reject private:*, reject *:*", false},
                 {"reject *:1-99, accept *:80", true},
                 {"reject *:*, accept *:*", false},
                 {"accept6 *:*", false},
                 {"reject *6:*, accept *4:1", true}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct exit_policy policy = {.count = 0};
        assert_int_equal(exit_policy_parse(&policy, cases[i].policy), EXIT_POLICY_OK);
        assert_int_equal(exit_policy_allows_any(&policy, ADDRESS_IPV4), cases[i].allowed);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_match_decides), cmocka_unit_test(malformed_lines_change_nothing),
        cmocka_unit_test(rules_are_bounded),       cmocka_unit_test(formatted_as_in_descriptors),
        cmocka_unit_test(is_anything_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
