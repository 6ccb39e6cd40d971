#include "wire/stream_messages.h"

#include "support/test.h"
#include "support/test_bytes.h"

/* BEGIN */

static enum err decode_text(const char *text, size_t length, struct begin_message *out) {
    uint8_t *exact = test_exact_copy((struct span){(const uint8_t *)text, length}, length);
    enum err e = begin_decode((struct span){exact, length}, out);
    free(exact);
    return e;
}

static void begin_round_trip(UNUSED void **state) {
    const struct {
        const char *host;
        uint16_t port;
        uint32_t flags;
        const char *text;
        size_t length;
    } rows[] = {
        {"example.com", 80, 0, "example.com:80", 15},
        {"example.com", 443, BEGIN_IPV6_OK, "example.com:443\0\0\0\0\1", 20},
        {"1.2.3.4", 1, BEGIN_IPV4_NOT_OK, "1.2.3.4:1\0\0\0\0\2", 14},
        {"::1", 65535, 7, "[::1]:65535\0\0\0\0\7", 16},
        {"a", 10000, 0, "a:10000", 8},
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct test_bytes place;
        struct bytes_out out = test_out(&place);
        struct begin_message m = {.port = rows[i].port, .flags = rows[i].flags}, again;
        memcpy(m.host, rows[i].host, strlen(rows[i].host));
        begin_encode(&out, &m);
        assert_span_equal(test_written(&out), (struct span){(const uint8_t *)rows[i].text, rows[i].length});
        assert_int_equal(begin_decode(test_written(&out), &again), ERR_OK);
        assert_memory_equal(&again, &m, sizeof(m));
    }
}

static void begin_is_read_leniently_where_the_spec_asks_for_it(UNUSED void **state) {
    const struct {
        const char *text;
        size_t length;
        const char *host;
        uint16_t port;
        uint32_t flags;
    } rows[] = {
        {"EXAMPLE.Com:80", 15, "example.com", 80, 0},
        {"[2001:DB8::1]:80", 17, "2001:db8::1", 80, 0},
        {"a.b:080", 8, "a.b", 80, 0},
        {"!~:9", 5, "!~", 9, 0},
        {"a.b:80\0\1", 8, "a.b", 80, 0},                /* flags cut off */
        {"a.b:80\0\0\0\0\1\0\0\0", 14, "a.b", 80, 1},   /* bytes after them */
        {"a.b:80\0\377\377\377\371", 11, "a.b", 80, 1}, /* reserved bits */
        {"under_score.example-1:80", 25, "under_score.example-1", 80, 0},
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct begin_message m;
        assert_int_equal(decode_text(rows[i].text, rows[i].length, &m), ERR_OK);
        assert_string_equal(m.host, rows[i].host);
        assert_int_equal(m.port, rows[i].port);
        assert_int_equal(m.flags, rows[i].flags);
    }
}

static void other_begins_are_refused(UNUSED void **state) {
    const char *const rows[] = {
        "",
        "a",
        ":",
        ":80",
        "a:",
        "a:0",
        "a:00000",
        "a:65536",
        "a:99999",
        "a:000080",
        "a:80 ",
        "a: 80",
        "a:+80",
        "a:-1",
        "a:8O",
        "a b:80",
        "a\n:80",
        "\x7f:80",
        "\xc3\xa9:80",
        "::1:80",
        "1:2:3:4:5:6:7:8:80",
        "a:b:80",
        "[::1]",
        "[::1]80",
        "[::1:80",
        "::1]:80",
        "[]:80",
        "[a]:80",
        "[1.2.3.4]:80",
        "[[::1]]:80",
        "a[b:80",
        "[::g]:80",
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct begin_message m;
        assert_int_equal(decode_text(rows[i], strlen(rows[i]) + 1, &m), ERR_MALFORMED);
    }
}

static void begin_ends_with_a_nul(UNUSED void **state) {
    struct begin_message m;
    const char text[] = "example.com:443";
    for (size_t length = 0; length < sizeof(text); length++)
        assert_int_equal(decode_text(text, length, &m), ERR_MALFORMED);
    assert_int_equal(decode_text(text, sizeof(text), &m), ERR_OK);
    assert_int_equal(begin_decode((struct span){NULL, 0}, &m), ERR_MALFORMED);
}

static void begin_takes_hosts_of_255_characters_and_no_more(UNUSED void **state) {
    char text[300];
    struct begin_message m;
    memset(text, 'h', sizeof(text));
    memcpy(text + 255, ":80", 4);
    assert_int_equal(decode_text(text, 259, &m), ERR_OK);
    assert_int_equal(strlen(m.host), BEGIN_HOST_MAX);
    memset(text, 'h', sizeof(text));
    memcpy(text + 256, ":80", 4);
    assert_int_equal(decode_text(text, 260, &m), ERR_MALFORMED);
}

/* CONNECTED */

#define IPV6_HEX "20010db8000000000000000000000001"

static void connected_round_trip(UNUSED void **state) {
    const char *const rows[] = {"", "01020304 0000003c", "00000000 06 " IPV6_HEX " 00000001"};
    const uint8_t families[] = {ADDRESS_NONE, ADDRESS_IPV4, ADDRESS_IPV6};
    const uint32_t ttls[] = {0, 60, 1};
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct test_bytes place, written;
        struct span body = test_span(&place, rows[i]);
        struct connected_message m;
        assert_int_equal(connected_decode(body, &m), ERR_OK);
        assert_int_equal(m.address.family, families[i]);
        assert_int_equal(m.ttl_s, ttls[i]);
        struct bytes_out out = test_out(&written);
        connected_encode(&out, &m);
        assert_span_equal(test_written(&out), body);
    }
    struct test_bytes place;
    assert_beginnings_refused(connected_decode, struct connected_message, test_span(&place, "01020304"), 1);
    assert_beginnings_refused(connected_decode, struct connected_message, test_span(&place, rows[2]), 1);
}

static void connected_without_a_time_to_live(UNUSED void **state) {
    struct test_bytes place;
    struct connected_message m;
    assert_int_equal(connected_decode(test_span(&place, "01020304"), &m), ERR_OK);
    assert_int_equal(m.address.family, ADDRESS_IPV4);
    assert_int_equal(m.ttl_s, 0);
    assert_int_equal(connected_decode(test_span(&place, "01020304 000000"), &m), ERR_OK);
    assert_int_equal(m.ttl_s, 0);
}

static void connected_with_another_address_type_is_refused(UNUSED void **state) {
    struct test_bytes place;
    struct connected_message m;
    struct span body = test_span(&place, "00000000 04 " IPV6_HEX " 00000001");
    assert_int_equal(connected_decode(body, &m), ERR_MALFORMED);
}

static void connected_hides_how_long_the_name_server_lets_us_keep_it(UNUSED void **state) {
    const struct connected_message m = {{ADDRESS_IPV4, {1, 2, 3, 4}}, 86400};
    struct test_bytes place;
    struct bytes_out out = test_out(&place);
    connected_encode(&out, &m);
    assert_span_hex(test_written(&out), "01020304 0000003c");
}

/* An IPv4 address of zeros would be read as the start of an IPv6 one. */
static void connected_to_nowhere_is_empty(UNUSED void **state) {
    struct test_bytes place;
    struct bytes_out out = test_out(&place);
    connected_encode(&out, &(struct connected_message){{ADDRESS_IPV4, {0}}, 60});
    assert_int_equal(test_written(&out).length, 0);
}

/* END */

static void an_end_reason_may_be_missing(UNUSED void **state) {
    const uint8_t body[] = {END_EXITPOLICY, 1, 2, 3, 4, 0, 0, 0, 60};
    assert_int_equal(end_reason_decode((struct span){body, sizeof(body)}), END_EXITPOLICY);
    assert_int_equal(end_reason_decode((struct span){NULL, 0}), END_MISC);
}

/* SENDME */

#define TAG_16 "000102030405060708090a0b0c0d0e0f"
#define TAG_20 TAG_16 "10111213"

static void sendme_round_trip(UNUSED void **state) {
    const char *const rows[] = {"", ("01 0014 " TAG_20), ("01 0010 " TAG_16)};
    const uint8_t tag_lengths[] = {0, 20, 16};
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct test_bytes place, written;
        struct span body = test_span(&place, rows[i]);
        struct sendme_message m;
        assert_int_equal(sendme_decode(body, &m), ERR_OK);
        assert_int_equal(m.version, i > 0);
        assert_int_equal(m.tag_length, tag_lengths[i]);
        struct bytes_out out = test_out(&written);
        sendme_encode(&out, &m);
        assert_span_equal(test_written(&out), body);
        assert_beginnings_refused(sendme_decode, struct sendme_message, body, 1);
    }
}

static void sendme_forms(UNUSED void **state) {
    const struct {
        const char *hex;
        enum err expected;
        uint8_t tag_length;
    } rows[] = {
        {"00", ERR_OK, 0},
        {"00 ffff", ERR_OK, 0},
        {"01 0014 " TAG_20 " 000000", ERR_OK, 20},
        {"01 0016 " TAG_20 " aabb", ERR_OK, 20}, /* tor-spec 7.3.1: the first 20 count */
        {"01 0000", ERR_MALFORMED, 0},
        {"01 000f " TAG_16, ERR_MALFORMED, 0},
        {"01 0011 " TAG_20, ERR_MALFORMED, 0},
        {"01 0013 " TAG_20, ERR_MALFORMED, 0},
        {"02 0014 " TAG_20, ERR_UNSUPPORTED, 0},
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct test_bytes place;
        struct sendme_message m;
        assert_int_equal(sendme_decode(test_span(&place, rows[i].hex), &m), rows[i].expected);
        assert_int_equal(m.tag_length, rows[i].tag_length);
        if (rows[i].tag_length > 0)
            assert_span_hex((struct span){m.tag, 20}, TAG_20);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begin_round_trip),
        cmocka_unit_test(begin_is_read_leniently_where_the_spec_asks_for_it),
        cmocka_unit_test(other_begins_are_refused),
        cmocka_unit_test(begin_ends_with_a_nul),
        cmocka_unit_test(begin_takes_hosts_of_255_characters_and_no_more),
        cmocka_unit_test(connected_round_trip),
        cmocka_unit_test(connected_without_a_time_to_live),
        cmocka_unit_test(connected_with_another_address_type_is_refused),
        cmocka_unit_test(connected_hides_how_long_the_name_server_lets_us_keep_it),
        cmocka_unit_test(connected_to_nowhere_is_empty),
        cmocka_unit_test(an_end_reason_may_be_missing),
        cmocka_unit_test(sendme_round_trip),
        cmocka_unit_test(sendme_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
