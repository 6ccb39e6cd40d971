#include "wire/link_messages.h"

#include "support/test.h"
#include "support/test_bytes.h"

/* VERSIONS */

static void versions_round_trip(UNUSED void **state) {
    struct test_bytes place, written;
    struct span body = test_span(&place, "0003 0004 0005");
    struct versions_message m;

    assert_int_equal(versions_decode(body, &m), ERR_OK);

    assert_int_equal(m.count, 3);
    assert_int_equal(m.versions[0], 3);
    assert_int_equal(m.versions[2], 5);
    struct bytes_out out = test_out(&written);
    versions_encode(&out, &m);
    assert_span_equal(test_written(&out), body);
}

static void versions_of_odd_length_are_refused_and_a_long_list_is_cut(UNUSED void **state) {
    struct test_bytes place;
    struct versions_message m;
    memset(&place, 0, sizeof(place));
    for (size_t length = 0; length < 200; length++) {
        enum err e = versions_decode((struct span){place.data, length}, &m);
        assert_int_equal(e, length % 2 ? ERR_MALFORMED : ERR_OK);
        if (length % 2 == 0)
            assert_int_equal(m.count, length / 2 < LINK_VERSIONS_MAX ? length / 2 : LINK_VERSIONS_MAX);
    }
}

static void the_highest_common_version_wins(UNUSED void **state) {
    const struct versions_message ours = {{4, 5}, 2};
    const struct {
        struct versions_message theirs;
        uint16_t expected;
    } rows[] = {
        {{{3, 4, 5}, 3}, 5}, {{{5, 4, 3}, 3}, 5}, {{{3, 4}, 2}, 4},
        {{{4, 6}, 2}, 4},    {{{1, 2, 3}, 3}, 0}, {{{0}, 0}, 0},
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        assert_int_equal(versions_highest_common(&ours, &rows[i].theirs), rows[i].expected);
        assert_int_equal(versions_highest_common(&rows[i].theirs, &ours), rows[i].expected);
    }
}

/* CERTS */

static void certs_round_trip(UNUSED void **state) {
    struct test_bytes place, written;
    struct span body = test_span(&place, "03  02 0003 a1a2a3  04 0001 b1  07 0002 c1c2");
    struct certs_message m;

    assert_int_equal(certs_decode(body, &m), ERR_OK);

    assert_span_hex(m.by_type[LINK_CERT_RSA_IDENTITY], "a1a2a3");
    assert_span_hex(m.by_type[LINK_CERT_ED_SIGNING], "b1");
    assert_span_hex(m.by_type[LINK_CERT_RSA_ED_CROSS], "c1c2");
    assert_int_equal(m.by_type[LINK_CERT_ED_TLS_LINK].length, 0);
    struct bytes_out out = test_out(&written);
    certs_encode(&out, &m);
    assert_span_equal(test_written(&out), body);
    assert_beginnings_refused(certs_decode, struct certs_message, body, 0);
}

static void certs_of_unknown_type_and_bytes_after_the_last_are_ignored(UNUSED void **state) {
    struct test_bytes place;
    struct certs_message m;

    struct span body =
        test_span(&place, "05  08 0001 aa  08 0001 aa  ff 0000  00 0001 bb  02 0001 cc  dd ee");
    assert_int_equal(certs_decode(body, &m), ERR_OK);

    for (unsigned type = 0; type < LINK_CERT_TYPES; type++)
        assert_int_equal(m.by_type[type].length, type == 2 ? 1 : 0);
    assert_int_equal(certs_decode(test_span(&place, "00"), &m), ERR_OK);
}

static void a_certificate_type_that_comes_twice_is_refused(UNUSED void **state) {
    struct test_bytes place;
    struct certs_message m;
    assert_int_equal(certs_decode(test_span(&place, "02  04 0001 aa  04 0001 aa"), &m), ERR_PROTOCOL);
    assert_int_equal(certs_decode(test_span(&place, "02  04 0000  04 0001 aa"), &m), ERR_PROTOCOL);
}

/* AUTH_CHALLENGE */

#define CHALLENGE "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void auth_challenge_round_trip(UNUSED void **state) {
    struct test_bytes place, written;
    struct span body = test_span(&place, CHALLENGE " 0001 0003");
    struct auth_challenge_message m;

    assert_int_equal(auth_challenge_decode(body, &m), ERR_OK);

    assert_span_hex((struct span){m.challenge, 32}, CHALLENGE);
    assert_true(m.offers_method_3);
    struct bytes_out out = test_out(&written);
    auth_challenge_encode(&out, &m);
    assert_span_equal(test_written(&out), body);
    assert_beginnings_refused(auth_challenge_decode, struct auth_challenge_message, body, 0);
}

static void method_3_is_found_among_others(UNUSED void **state) {
    const struct {
        const char *methods;
        bool offers_method_3;
    } rows[] = {
        {"0000", false},           {"0002 0001 0003", true}, {"0002 0001 0002", false},
        {"0001 0001 0003", false}, {"0001 0300", false},
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct test_bytes place;
        struct auth_challenge_message m;
        struct span body = {place.data, 0};
        memset(place.data, 7, 32);
        body.length = 32 + test_hex(rows[i].methods, place.data + 32, 100);
        assert_int_equal(auth_challenge_decode(body, &m), ERR_OK);
        assert_int_equal(m.offers_method_3, rows[i].offers_method_3);
    }
}

static void a_challenge_without_methods_is_written_as_such(UNUSED void **state) {
    struct test_bytes place;
    struct bytes_out out = test_out(&place);
    auth_challenge_encode(&out, &(struct auth_challenge_message){0});
    struct span written = test_written(&out);
    assert_int_equal(written.length, 34);
    assert_span_hex((struct span){written.data + 32, 2}, "0000");
}

/* AUTHENTICATE */

/* The fields are filled with 01, 02, ... in the order of tor-spec 4.4.2. */
static struct authenticate_message numbered_authenticate(void) {
    struct authenticate_message m;
    uint8_t *const fields[] = {m.initiator_rsa, m.responder_rsa, m.initiator_ed,    m.responder_ed,
                               m.responder_log, m.initiator_log, m.tls_certificate, m.tls_secrets};
    for (unsigned i = 0; i < COUNT(fields); i++)
        memset(fields[i], (int)i + 1, 32);
    memset(m.random, 9, sizeof(m.random));
    memset(m.signature, 10, sizeof(m.signature));
    return m;
}

static void authenticate_round_trip(UNUSED void **state) {
    struct test_bytes written, signed_part;
    const struct authenticate_message m = numbered_authenticate();
    struct authenticate_message again;

    struct bytes_out out = test_out(&written);
    authenticate_encode(&out, &m);

    struct span body = test_written(&out);
    assert_int_equal(body.length, 4 + AUTHENTICATE_BODY_LEN);
    assert_span_hex((struct span){body.data, 14}, "0003 0160 4155544830303033 01 01");
    for (unsigned i = 0; i < 8 * 32; i++)
        assert_int_equal(body.data[12 + i], i / 32 + 1);
    assert_int_equal(body.data[12 + 256], 9);
    assert_int_equal(body.data[12 + 256 + 23], 9);
    assert_int_equal(body.data[12 + 256 + 24], 10);
    assert_int_equal(authenticate_decode(body, &again), ERR_OK);
    assert_memory_equal(&again, &m, sizeof(m));
    assert_beginnings_refused(authenticate_decode, struct authenticate_message, body, 0);
    struct bytes_out part = test_out(&signed_part);
    authenticate_encode_signed(&part, &m);
    assert_span_equal(test_written(&part), (struct span){body.data + 4, AUTHENTICATE_SIGNED_LEN});
}

static void other_methods_lengths_and_types_are_refused(UNUSED void **state) {
    const struct {
        unsigned at;
        uint8_t value;
        enum err expected;
    } rows[] = {
        {1, 1, ERR_UNSUPPORTED}, {0, 3, ERR_UNSUPPORTED},  {3, 0x5f, ERR_MALFORMED},
        {2, 2, ERR_MALFORMED},   {11, '1', ERR_MALFORMED}, {4, 'a', ERR_MALFORMED},
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct test_bytes place;
        struct authenticate_message m = numbered_authenticate();
        struct bytes_out out = test_out(&place);
        authenticate_encode(&out, &m);
        place.data[rows[i].at] = rows[i].value;
        assert_int_equal(authenticate_decode(test_written(&out), &m), rows[i].expected);
    }
}

static void bytes_after_an_authenticate_are_ignored(UNUSED void **state) {
    struct test_bytes place;
    struct authenticate_message m = numbered_authenticate();
    struct bytes_out out = test_out(&place);
    authenticate_encode(&out, &m);
    bytes_put_u32(&out, 0x01020304);
    assert_int_equal(authenticate_decode(test_written(&out), &m), ERR_OK);
}

/* NETINFO */

#define IPV6_HEX "20010db8000000000000000000000001"

static void netinfo_round_trip(UNUSED void **state) {
    struct test_bytes place, written;
    struct span body = test_span(&place, "65432100  04 04 01020304  02  04 04 05060708  06 10 " IPV6_HEX);
    struct netinfo_message m;

    assert_int_equal(netinfo_decode(body, &m), ERR_OK);

    assert_int_equal(m.time, 0x65432100);
    assert_int_equal(m.other.family, ADDRESS_IPV4);
    assert_memory_equal(m.other.bytes, "\1\2\3\4", 4);
    assert_int_equal(m.mine_count, 2);
    assert_memory_equal(m.mine[0].bytes, "\5\6\7\x08", 4);
    assert_int_equal(m.mine[1].family, ADDRESS_IPV6);
    assert_span_hex((struct span){m.mine[1].bytes, 16}, IPV6_HEX);
    struct bytes_out out = test_out(&written);
    netinfo_encode(&out, &m);
    assert_span_equal(test_written(&out), body);
    assert_beginnings_refused(netinfo_decode, struct netinfo_message, body, 0);
}

static void netinfo_passes_over_unknown_and_misshapen_addresses(UNUSED void **state) {
    struct test_bytes place;
    struct netinfo_message m;
    struct span body = test_span(
        &place, "00000000  f0 03 aabbcc  04  04 03 010203  00 00  04 04 01020304  06 04 01020304  00");

    assert_int_equal(netinfo_decode(body, &m), ERR_OK);

    assert_int_equal(m.other.family, ADDRESS_NONE);
    assert_int_equal(m.mine_count, 1);
    assert_int_equal(m.mine[0].family, ADDRESS_IPV4);
}

static void netinfo_keeps_the_first_eight_addresses(UNUSED void **state) {
    struct test_bytes place;
    struct bytes_out out = test_out(&place);
    struct netinfo_message m;
    bytes_put(&out, "\0\0\0\0\4\4\1\1\1\1\377", 11);
    for (unsigned i = 0; i < 255; i++) {
        bytes_put(&out, "\4\4\1\1\1", 5);
        bytes_put_u8(&out, (uint8_t)i);
    }

    assert_int_equal(netinfo_decode(test_written(&out), &m), ERR_OK);

    assert_int_equal(m.mine_count, NETINFO_ADDRESSES_MAX);
    assert_int_equal(m.mine[7].bytes[3], 7);
    assert_beginnings_refused(netinfo_decode, struct netinfo_message, test_written(&out), 0);
}

static void netinfo_to_a_peer_whose_address_is_unknown_says_zero(UNUSED void **state) {
    struct test_bytes place;
    struct bytes_out out = test_out(&place);
    netinfo_encode(&out, &(struct netinfo_message){0});
    assert_span_hex(test_written(&out), "00000000  04 04 00000000  00");
}

/* PADDING_NEGOTIATE */

static void padding_negotiate_round_trip(UNUSED void **state) {
    const struct {
        const char *hex;
        struct padding_negotiate_message m;
    } rows[] = {
        {"00 02 05dc 251c", {true, 1500, 9500}},
        {"00 01 0000 0000", {false, 0, 0}},
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct test_bytes place, written;
        struct span body = test_span(&place, rows[i].hex);
        struct padding_negotiate_message m;
        assert_int_equal(padding_negotiate_decode(body, &m), ERR_OK);
        assert_int_equal(m.start, rows[i].m.start);
        assert_int_equal(m.timeout_low_ms, rows[i].m.timeout_low_ms);
        assert_int_equal(m.timeout_high_ms, rows[i].m.timeout_high_ms);
        struct bytes_out out = test_out(&written);
        padding_negotiate_encode(&out, &m);
        assert_span_equal(test_written(&out), body);
        assert_beginnings_refused(padding_negotiate_decode, struct padding_negotiate_message, body, 0);
    }
}

static void other_padding_versions_and_commands_are_refused(UNUSED void **state) {
    struct test_bytes place;
    struct padding_negotiate_message m;
    assert_int_equal(padding_negotiate_decode(test_span(&place, "01 02 0000 0000"), &m), ERR_UNSUPPORTED);
    assert_int_equal(padding_negotiate_decode(test_span(&place, "00 00 0000 0000"), &m), ERR_MALFORMED);
    assert_int_equal(padding_negotiate_decode(test_span(&place, "00 03 0000 0000"), &m), ERR_MALFORMED);
    assert_int_equal(padding_negotiate_decode(test_span(&place, "00 02 0000 0000 00"), &m), ERR_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_round_trip),
        cmocka_unit_test(versions_of_odd_length_are_refused_and_a_long_list_is_cut),
        cmocka_unit_test(the_highest_common_version_wins),
        cmocka_unit_test(certs_round_trip),
        cmocka_unit_test(certs_of_unknown_type_and_bytes_after_the_last_are_ignored),
        cmocka_unit_test(a_certificate_type_that_comes_twice_is_refused),
        cmocka_unit_test(auth_challenge_round_trip),
        cmocka_unit_test(method_3_is_found_among_others),
        cmocka_unit_test(a_challenge_without_methods_is_written_as_such),
        cmocka_unit_test(authenticate_round_trip),
        cmocka_unit_test(other_methods_lengths_and_types_are_refused),
        cmocka_unit_test(bytes_after_an_authenticate_are_ignored),
        cmocka_unit_test(netinfo_round_trip),
        cmocka_unit_test(netinfo_passes_over_unknown_and_misshapen_addresses),
        cmocka_unit_test(netinfo_keeps_the_first_eight_addresses),
        cmocka_unit_test(netinfo_to_a_peer_whose_address_is_unknown_says_zero),
        cmocka_unit_test(padding_negotiate_round_trip),
        cmocka_unit_test(other_padding_versions_and_commands_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
