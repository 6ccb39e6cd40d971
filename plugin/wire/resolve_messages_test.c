#include "wire/resolve_messages.h"

#include <string.h>

#include "support/test.h"
#include "wire/text.h"

static void names_numbers_and_names_of_numbers(void **state) {
    (void)state;
    static const struct {
        const char *text, *host;
        struct address address;
    } cases[] = {
        {"Example.COM", "example.com", {ADDRESS_NONE, {0}}},
        {"1.2.3.4", "1.2.3.4", {ADDRESS_IPV4, {1, 2, 3, 4}}},
        {"2001:db8::1", "2001:db8::1", {ADDRESS_IPV6, {0x20, 0x01, 0x0d, 0xb8, [15] = 1}}},
        {"4.3.2.1.in-addr.arpa", "", {ADDRESS_IPV4, {1, 2, 3, 4}}},
        {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.IP6.ARPA",
         "",
         {ADDRESS_IPV6, {0x20, 0x01, 0x0d, 0xb8, [15] = 1}}},
        {"in-addr.arpa", "in-addr.arpa", {ADDRESS_NONE, {0}}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct name_query query;
        assert_int_equal(resolve_decode(span_of(cases[i].text), &query), ERR_OK);
        assert_string_equal(query.host, cases[i].host);
        assert_int_equal(query.address.family, cases[i].address.family);
        assert_memory_equal(query.address.bytes, cases[i].address.bytes, 16);
        assert_true(query.wants_ipv4 && query.wants_ipv6);
    }
}

static void a_nul_ends_the_name(void **state) {
    (void)state;
    struct name_query query;
    assert_int_equal(resolve_decode((struct span){(const uint8_t *)"a.b\0rest", 8}, &query), ERR_OK);
    assert_string_equal(query.host, "a.b");
}

static void what_is_no_name_is_malformed(void **state) {
    (void)state;
    struct name_query query;
    char long_name[BEGIN_HOST_MAX + 2];
    memset(long_name, 'a', sizeof(long_name));
    long_name[BEGIN_HOST_MAX + 1] = '\0';
    const char *const bad[] = {
        "", "a b", "a\nb", "\xc3\xa9", "x.in-addr.arpa", "1.2.3.in-addr.arpa", "1.ip6.arpa", long_name};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(resolve_decode(span_of(bad[i]), &query), ERR_MALFORMED);
}

static void answers_are_written_as_tor_reads_them(void **state) {
    (void)state;
    static const uint8_t expected[] = {4, 4, 1, 2, 3, 4, 0, 0, 0, 60, 6, 16, 0x20, 1, 0, 0,
                                       0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0, 0,  0,    0, 0, 60};
    const struct name_answer answer = {
        .count = 2, .addresses = {{ADDRESS_IPV4, {1, 2, 3, 4}}, {ADDRESS_IPV6, {0x20, 1}}}};
    uint8_t room[498];
    struct bytes_out out = bytes_out(room, sizeof(room));
    resolved_encode(&out, &answer);
    assert_int_equal(bytes_written(&out), sizeof(expected));
    assert_memory_equal(room, expected, sizeof(expected));
}

static void failures_and_names_too(void **state) {
    (void)state;
    uint8_t room[498];
    struct name_answer back;
    static const struct name_answer cases[] = {
        {.status = NAME_TRANSIENT}, {.status = NAME_NONTRANSIENT}, {.host = "a.example"}};
    static const uint8_t types[] = {0xf0, 0xf1, 0};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bytes_out out = bytes_out(room, sizeof(room));
        resolved_encode(&out, &cases[i]);
        assert_int_equal(room[0], types[i]);
        assert_int_equal(resolved_decode((struct span){room, bytes_written(&out)}, &back), ERR_OK);
        assert_int_equal(back.status, cases[i].status);
        assert_string_equal(back.host, cases[i].host);
    }
}

static void what_does_not_fit_is_left_out(void **state) {
    (void)state;
    struct name_answer answer = {.count = NAME_ANSWERS_MAX}, back;
    uint8_t room[50];
    for (unsigned i = 0; i < NAME_ANSWERS_MAX; i++)
        answer.addresses[i] = (struct address){ADDRESS_IPV6, {0x20, (uint8_t)i}};
    struct bytes_out out = bytes_out(room, sizeof(room));
    resolved_encode(&out, &answer);
    assert_true(bytes_out_ok(&out));
    assert_int_equal(resolved_decode((struct span){room, bytes_written(&out)}, &back), ERR_OK);
    assert_int_equal(back.count, 2);
    assert_int_equal(resolved_decode((struct span){room, bytes_written(&out) - 1}, &back), ERR_TRUNCATED);
}

static void a_refusal_tells_the_address(void **state) {
    (void)state;
    uint8_t room[32];
    static const struct {
        struct address address;
        size_t length;
    } cases[] = {{{ADDRESS_NONE, {0}}, 1}, {{ADDRESS_IPV4, {1, 2, 3, 4}}, 9}, {{ADDRESS_IPV6, {1, 2}}, 21}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bytes_out out = bytes_out(room, sizeof(room));
        end_policy_encode(&out, &cases[i].address);
        assert_int_equal(bytes_written(&out), cases[i].length);
        assert_int_equal(room[0], END_EXITPOLICY);
        if (i > 0)
            assert_int_equal(room[cases[i].length - 1], CONNECTED_TTL_MAX_S);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_numbers_and_names_of_numbers),
        cmocka_unit_test(a_nul_ends_the_name),
        cmocka_unit_test(what_is_no_name_is_malformed),
        cmocka_unit_test(answers_are_written_as_tor_reads_them),
        cmocka_unit_test(failures_and_names_too),
        cmocka_unit_test(what_does_not_fit_is_left_out),
        cmocka_unit_test(a_refusal_tells_the_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
