#include "native/dns_reply.h"

#include <ares.h>

#include "support/test.h"

/* A reply to a question about www.Example.com: header, question, and answers given as hexadecimal digits. */
static size_t reply(uint8_t *out, size_t room, uint8_t type, uint8_t answers, const char *hex) {
    size_t n = test_hex("1234 8180 0001 0000 0000 0000 03 777777 07 4578616d706c65 03 636f6d 00 0000 0001",
                        out, room);
    out[7] = answers;
    out[n - 3] = type;
    return n + test_hex(hex, out + n, room - n);
}

#define A(ttl, address)    "c00c 0001 0001 " ttl " 0004 " address
#define AAAA(ttl, address) "c00c 001c 0001 " ttl " 0010 " address

static void addresses_and_the_least_time_to_live(void **state) {
    uint8_t bytes[512];
    struct name_answer answer;
    uint32_t ttl_s;
    (void)state;
    size_t n = reply(bytes, sizeof bytes, 1, 2, A("00000e10", "01020304") A("0000003c", "05060708"));
    dns_reply_parse(bytes, n, NAME_OF_IPV4, &answer, &ttl_s);
    assert_int_equal(answer.status, NAME_FOUND);
    assert_int_equal(answer.count, 2);
    assert_int_equal(answer.addresses[1].bytes[0], 5);
    assert_int_equal(ttl_s, 60);
    n = reply(bytes, sizeof bytes, 28, 1, AAAA("00000e10", "20010db8000000000000000000000001"));
    dns_reply_parse(bytes, n, NAME_OF_IPV6, &answer, &ttl_s);
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.addresses[0].family, ADDRESS_IPV6);
    assert_int_equal(ttl_s, 3600);
}

static void names_that_no_host_has_are_no_answer(void **state) {
    static const struct {
        const char *hex;
        bool is_name;
    } rows[] = {
        {"c00c 000c 0001 00000e10 0003 01 61 00", true},      /* a */
        {"c00c 000c 0001 00000e10 0005 03 612a62 00", false}, /* a*b */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t bytes[512];
        struct name_answer answer;
        uint32_t ttl_s;
        size_t n = reply(bytes, sizeof bytes, 12, 1, rows[i].hex);
        dns_reply_parse(bytes, n, NAME_OF_ADDRESS, &answer, &ttl_s);
        assert_int_equal(answer.status == NAME_FOUND, rows[i].is_name);
        assert_string_equal(answer.host, rows[i].is_name ? "a" : "");
    }
}

static void what_cannot_be_read_is_no_answer(void **state) {
    uint8_t bytes[512];
    struct name_answer answer;
    uint32_t ttl_s;
    (void)state;
    size_t n = reply(bytes, sizeof bytes, 1, 1, A("00000e10", "01020304"));
    for (size_t length = 0; length < n; length++) {
        dns_reply_parse(bytes, length, NAME_OF_IPV4, &answer, &ttl_s);
        assert_int_not_equal(answer.status, NAME_FOUND);
        assert_int_equal(answer.count, 0);
    }
    n = reply(bytes, sizeof bytes, 1, 0, "");
    dns_reply_parse(bytes, n, NAME_OF_IPV4, &answer, &ttl_s);
    assert_int_equal(answer.status, NAME_NONTRANSIENT);
}

static void the_question_comes_back_as_it_was_spelt(void **state) {
    static const struct {
        const char *sent;
        bool is_spelt;
    } rows[] = {{"www.Example.com", true},
                {"www.example.com", false},
                {"www.Example.co", false},
                {"www.Example", false},
                {"www.Example.com.", true},
                {"wwwxExample.com", false},
                {"", false}};
    uint8_t bytes[512];
    (void)state;
    size_t n = reply(bytes, sizeof bytes, 1, 0, "");
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(dns_reply_is_spelt(bytes, n, rows[i].sent), rows[i].is_spelt);
    for (size_t length = 0; length < n - 4; length++) /* cut off in the name */
        assert_false(dns_reply_is_spelt(bytes, length, "www.Example.com"));
}

static void what_hosts_are_called(void **state) {
    char longest[BEGIN_HOST_MAX + 2];
    (void)state;
    assert_true(dns_is_host_name("a-b_c.Example.0"));
    assert_false(dns_is_host_name(""));
    assert_false(dns_is_host_name("a b"));
    memset(longest, 'a', sizeof longest);
    longest[BEGIN_HOST_MAX + 1] = '\0';
    assert_false(dns_is_host_name(longest));
    longest[BEGIN_HOST_MAX] = '\0';
    assert_true(dns_is_host_name(longest));
}

static void what_a_status_means(void **state) {
    (void)state;
    assert_int_equal(dns_reply_status(ARES_ENOTFOUND), NAME_NONTRANSIENT);
    assert_int_equal(dns_reply_status(ARES_ETIMEOUT), NAME_TRANSIENT);
    assert_int_equal(dns_reply_status(ARES_EDESTRUCTION), NAME_TRANSIENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_and_the_least_time_to_live),
        cmocka_unit_test(names_that_no_host_has_are_no_answer),
        cmocka_unit_test(what_cannot_be_read_is_no_answer),
        cmocka_unit_test(the_question_comes_back_as_it_was_spelt),
        cmocka_unit_test(what_hosts_are_called),
        cmocka_unit_test(what_a_status_means),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
