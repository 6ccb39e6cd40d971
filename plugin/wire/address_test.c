#include "wire/address.h"

#include "support/test.h"

static bool parse(const char *text, struct address *out) {
    return address_parse(text, strlen(text), out);
}

static struct address parsed(const char *text) {
    struct address address;
    assert_true(parse(text, &address));
    return address;
}

static void text_becomes_an_address(UNUSED void **state) {
    const struct {
        const char *text;
        uint8_t family;
        const char *hex;
    } rows[] = {
        {"1.2.3.4", ADDRESS_IPV4, "01020304"},
        {"0.0.0.0", ADDRESS_IPV4, "00000000"},
        {"255.255.255.255", ADDRESS_IPV4, "ffffffff"},
        {"::", ADDRESS_IPV6, "00000000000000000000000000000000"},
        {"::1", ADDRESS_IPV6, "00000000000000000000000000000001"},
        {"1::", ADDRESS_IPV6, "00010000000000000000000000000000"},
        {"2001:DB8::ff00:42:8329", ADDRESS_IPV6, "20010db8000000000000ff0000428329"},
        {"abcd:ABCD:Ef09::", ADDRESS_IPV6, "abcdabcdef0900000000000000000000"},
        {"1:2:3:4:5:6:7:8", ADDRESS_IPV6, "00010002000300040005000600070008"},
        {"1:2:3:4:5:6:7::", ADDRESS_IPV6, "00010002000300040005000600070000"},
        {"::2:3:4:5:6:7:8", ADDRESS_IPV6, "00000002000300040005000600070008"},
        {"1:2:3::5:6:7:8", ADDRESS_IPV6, "00010002000300000005000600070008"},
        {"::ffff:1.2.3.4", ADDRESS_IPV6, "00000000000000000000ffff01020304"},
        {"::1.2.3.4", ADDRESS_IPV6, "00000000000000000000000001020304"},
        {"64:ff9b::192.0.2.33", ADDRESS_IPV6, "0064ff9b0000000000000000c0000221"},
        {"1:2:3:4:5:6:9.8.7.6", ADDRESS_IPV6, "00010002000300040005000609080706"},
        {"fe80:0000:0000::0001", ADDRESS_IPV6, "fe800000000000000000000000000001"},
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        uint8_t bytes[16];
        struct address address = parsed(rows[i].text);
        assert_int_equal(address.family, rows[i].family);
        assert_memory_equal(address.bytes, bytes, test_hex(rows[i].hex, bytes, sizeof(bytes)));
    }
}

static void other_text_is_refused(UNUSED void **state) {
    const char *const rows[] = {
        "",
        ".",
        ":",
        "1",
        "1.2.3",
        "1.2.3.",
        ".1.2.3.4",
        "1.2.3.4.",
        "1.2.3.4.5",
        "1..3.4",
        "256.1.1.1",
        "1.2.3.04",
        "01.2.3.4",
        "1.2.3.4 ",
        " 1.2.3.4",
        "+1.2.3.4",
        "-1.2.3.4",
        "1.2.3.0x4",
        "1.2.3.4444",
        "a.b.c.d",
        "localhost",
        ":::",
        "::1::",
        "1::2::3",
        "1:2",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8",
        "1:",
        ":1",
        ":1::",
        "1::2:",
        "12345::",
        "g::",
        "[::1]",
        "::1%eth0",
        "::1/64",
        "1:2:3:4:5:6:7:1.2.3.4",
        "1:2:3:4:5:6::1.2.3.4",
        "::1.2.3",
        "::1.2.3.4.5",
        "::1.2.3.256",
        "::1.2.3.4:5",
        "1.2.3.4::",
        ":1.2.3.4",
        ":::1.2.3.4",
        "::ffff:1.2.3.4 ",
        "1:2:3:4:5:6:7:",
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct address address;
        assert_false(parse(rows[i], &address));
    }
    struct address address;
    assert_true(address_parse("1.2.3.45", 7, &address)); /* the length counts, not a NUL */
    assert_false(address_parse("1.2.3.4\0", 8, &address));
    assert_false(address_parse(NULL, 0, &address));
}

static void an_endpoint_is_read_and_written(UNUSED void **state) {
    const struct {
        const char *text, *normal; /* RFC 5952 */
    } rows[] = {
        {"1.2.3.4:9001", "1.2.3.4:9001"},
        {"0.0.0.0:0", "0.0.0.0:0"},
        {"255.255.255.255:65535", "255.255.255.255:65535"},
        {"127.0.0.1:00080", "127.0.0.1:80"},
        {"[::]:1", "[::]:1"},
        {"[0:0:0:0:0:0:0:1]:443", "[::1]:443"},
        {"[1:0:0:0:0:0:0:0]:443", "[1::]:443"},
        {"[2001:DB8:0:0:1:0:0:1]:9001", "[2001:db8::1:0:0:1]:9001"},
        {"[2001:0:0:1:0:0:0:1]:9001", "[2001:0:0:1::1]:9001"},
        {"[1:0:3:4:5:6:7:8]:9001", "[1:0:3:4:5:6:7:8]:9001"},
        {"[0:0:3:4:5:6:7:8]:9001", "[::3:4:5:6:7:8]:9001"},
        {"[::ffff:1.2.3.4]:1", "[::ffff:102:304]:1"},
        {"[1111:2222:3333:4444:5555:6666:7777:8888]:65535",
         "[1111:2222:3333:4444:5555:6666:7777:8888]:65535"},
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct endpoint endpoint, again;
        char text[ENDPOINT_TEXT_MAX];
        assert_true(endpoint_parse(rows[i].text, strlen(rows[i].text), &endpoint));
        endpoint_format(&endpoint, text);
        assert_string_equal(text, rows[i].normal);
        assert_true(endpoint_parse(text, strlen(text), &again));
        assert_true(address_equal(&endpoint.address, &again.address));
        assert_int_equal(endpoint.port, again.port);
    }
    char text[ENDPOINT_TEXT_MAX];
    endpoint_format(&(struct endpoint){.port = 7}, text);
    assert_string_equal(text, "?:7");
}

static void other_endpoints_are_refused(UNUSED void **state) {
    const char *const rows[] = {
        "",
        ":",
        ":80",
        "1.2.3.4",
        "1.2.3.4:",
        "1.2.3.4:65536",
        "1.2.3.4:999999",
        "1.2.3.4:80x",
        "1.2.3.4: 80",
        "1.2.3.4:-1",
        "::1:80",
        "[::1]",
        "[::1]:",
        "[::1]80",
        "::1]:80",
        "[::1:80",
        "[1.2.3.4]:80",
        "[]:80",
        "host:80",
        "1.2.3.4:80 ",
        "1.2.3.4::80",
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct endpoint endpoint;
        assert_false(endpoint_parse(rows[i], strlen(rows[i]), &endpoint));
    }
    struct endpoint endpoint;
    assert_false(endpoint_parse(NULL, 0, &endpoint));
}

static void equality_is_by_family_and_its_bytes(UNUSED void **state) {
    struct address a = parsed("1.2.3.4"), b = parsed("1.2.3.4"), six = parsed("102:304::");
    b.bytes[7] = 1; /* no part of an IPv4 address */
    const struct address none = {0}, other_none = {.bytes = {1}};

    assert_true(address_equal(&a, &b));
    assert_false(address_equal(&a, &six));
    assert_true(address_equal(&none, &other_none));
    assert_false(address_equal(&none, &a));
    b.bytes[3] = 5;
    assert_false(address_equal(&a, &b));
}

static void internal_addresses_are_known(UNUSED void **state) {
    const struct {
        const char *text;
        bool is_internal;
    } rows[] = {
        {"0.0.0.0", true},
        {"0.255.255.255", true},
        {"1.0.0.0", false},
        {"9.255.255.255", false},
        {"10.0.0.0", true},
        {"10.255.255.255", true},
        {"11.0.0.0", false},
        {"100.63.255.255", false},
        {"100.64.0.0", true},
        {"100.127.255.255", true},
        {"100.128.0.0", false},
        {"127.0.0.1", true},
        {"128.0.0.1", false},
        {"169.253.255.255", false},
        {"169.254.0.0", true},
        {"169.255.0.0", false},
        {"172.15.255.255", false},
        {"172.16.0.0", true},
        {"172.31.255.255", true},
        {"172.32.0.0", false},
        {"192.167.0.0", false},
        {"192.168.1.1", true},
        {"192.169.0.0", false},
        {"223.255.255.255", false},
        {"224.0.0.1", true},
        {"240.0.0.0", true},
        {"255.255.255.255", true},
        {"::", true},
        {"::1", true},
        {"::2", false},
        {"2001:db8::1", false},
        {"fbff::", false},
        {"fc00::", true},
        {"fdff::1", true},
        {"fe00::", false},
        {"fe7f::", false},
        {"fe80::1", true},
        {"febf::1", true},
        {"fec0::1", true},
        {"feff::1", true},
        {"ff02::1", true},
        {"::ffff:10.0.0.1", true},
        {"::ffff:8.8.8.8", false},
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct address address = parsed(rows[i].text);
        assert_int_equal(address_is_internal(&address), rows[i].is_internal);
    }
    assert_true(address_is_internal(&(struct address){0}));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_becomes_an_address),
        cmocka_unit_test(other_text_is_refused),
        cmocka_unit_test(an_endpoint_is_read_and_written),
        cmocka_unit_test(other_endpoints_are_refused),
        cmocka_unit_test(equality_is_by_family_and_its_bytes),
        cmocka_unit_test(internal_addresses_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
