#include "wire/circuit_messages.h"

#include "support/test.h"
#include "support/test_bytes.h"

/* CREATE2 and CREATED2 */

static void create2_round_trip(UNUSED void **state) {
    struct test_bytes place, written;
    struct span body = test_span(&place, "0002 0003 aabbcc");
    struct create2_message m;

    assert_int_equal(create2_decode(body, &m), ERR_OK);

    assert_int_equal(m.type, HANDSHAKE_NTOR);
    assert_span_hex(m.data, "aabbcc");
    struct bytes_out out = test_out(&written);
    create2_encode(&out, &m);
    assert_span_equal(test_written(&out), body);
    assert_beginnings_refused(create2_decode, struct create2_message, body, 0);
}

static void the_padding_of_the_cell_is_no_handshake(UNUSED void **state) {
    uint8_t cell_body[509] = {0, 3, 0, 2, 0xaa, 0xbb, 0xcc};
    struct create2_message m;
    assert_int_equal(create2_decode((struct span){cell_body, 509}, &m), ERR_OK);
    assert_int_equal(m.type, HANDSHAKE_NTOR_V3);
    assert_span_hex(m.data, "aabb");
}

static void handshakes_fill_a_cell_and_no_more(UNUSED void **state) {
    static uint8_t body[1024] = {0};
    struct create2_message m;
    struct span data;
    store_u16(body + 2, HANDSHAKE_DATA_MAX);
    assert_int_equal(create2_decode((struct span){body, 509}, &m), ERR_OK);
    store_u16(body + 2, HANDSHAKE_DATA_MAX + 1);
    assert_int_equal(create2_decode((struct span){body, 509}, &m), ERR_TRUNCATED);
    assert_int_equal(create2_decode((struct span){body, 1024}, &m), ERR_MALFORMED);
    store_u16(body, 507);
    assert_int_equal(created2_decode((struct span){body, 509}, &data), ERR_OK);
    store_u16(body, 508);
    assert_int_equal(created2_decode((struct span){body, 509}, &data), ERR_TRUNCATED);
    assert_int_equal(created2_decode((struct span){body, 1024}, &data), ERR_MALFORMED);
}

static void created2_round_trip(UNUSED void **state) {
    struct test_bytes place, written;
    struct span body = test_span(&place, "0004 01020304"), data;

    assert_int_equal(created2_decode(body, &data), ERR_OK);

    assert_span_hex(data, "01020304");
    struct bytes_out out = test_out(&written);
    created2_encode(&out, data);
    assert_span_equal(test_written(&out), body);
    assert_beginnings_refused(created2_decode, struct span, body, 0);
}

/* EXTEND2 */

#define RSA_ID    "0102030405060708090a0b0c0d0e0f1011121314"
#define ED_ID     "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
#define SPEC_IPV4 "00 06 0a000001 2329 "
#define SPEC_IPV6 "01 12 20010db8000000000000000000000001 01bb "
#define SPEC_RSA  "02 14 " RSA_ID " "
#define SPEC_ED   "03 20 " ED_ID " "
#define NTOR_3    "0002 0003 aabbcc"

static void extend2_round_trip(UNUSED void **state) {
    struct test_bytes place, written;
    struct span body = test_span(&place, "04 " SPEC_IPV4 SPEC_RSA SPEC_ED SPEC_IPV6 NTOR_3);
    struct extend2_message m;

    assert_int_equal(extend2_decode(body, &m), ERR_OK);

    assert_int_equal(m.ipv4.address.family, ADDRESS_IPV4);
    assert_memory_equal(m.ipv4.address.bytes, "\x0a\0\0\1", 4);
    assert_int_equal(m.ipv4.port, 9001);
    assert_int_equal(m.ipv6.address.family, ADDRESS_IPV6);
    assert_int_equal(m.ipv6.port, 443);
    assert_span_hex((struct span){m.rsa_id, RSA_ID_LEN}, RSA_ID);
    assert_true(m.has_ed_id);
    assert_span_hex((struct span){m.ed_id, ED_ID_LEN}, ED_ID);
    assert_int_equal(m.create.type, HANDSHAKE_NTOR);
    assert_span_hex(m.create.data, "aabbcc");
    struct bytes_out out = test_out(&written);
    extend2_encode(&out, &m);
    assert_span_equal(test_written(&out), body);
    assert_beginnings_refused(extend2_decode, struct extend2_message, body, 0);
}

static void extend2_needs_an_rsa_id_an_address_and_well_formed_specifiers(UNUSED void **state) {
    const struct {
        const char *hex;
        enum err expected;
    } rows[] = {
        {"02 " SPEC_IPV4 SPEC_RSA NTOR_3, ERR_OK},
        {"02 " SPEC_RSA SPEC_IPV6 NTOR_3, ERR_OK},
        {"02 " SPEC_IPV4 SPEC_RSA NTOR_3 " 000000", ERR_OK},
        {"03 " SPEC_IPV4 SPEC_RSA "09 02 ffff " NTOR_3, ERR_OK},
        {"04 " SPEC_IPV4 SPEC_RSA "ff 00 ff 00 " NTOR_3, ERR_OK},
        {"02 00 06 00000001 0001 02 14 0100000000000000000000000000000000000000 " NTOR_3, ERR_OK},
        {"02 00 06 01000000 0100 02 14 0000000000000000000000000000000000000001 " NTOR_3, ERR_OK},
        {"01 " SPEC_IPV4 NTOR_3, ERR_PROTOCOL},
        {"02 " SPEC_IPV4 SPEC_ED NTOR_3, ERR_PROTOCOL},
        {"01 " SPEC_RSA NTOR_3, ERR_PROTOCOL},
        {"00 " NTOR_3, ERR_PROTOCOL},
        {"03 " SPEC_IPV4 SPEC_RSA SPEC_RSA NTOR_3, ERR_PROTOCOL},
        {"04 " SPEC_IPV4 SPEC_ED SPEC_RSA SPEC_ED NTOR_3, ERR_PROTOCOL},
        {"02 " SPEC_IPV4 "02 14 0000000000000000000000000000000000000000 " NTOR_3, ERR_PROTOCOL},
        {"02 00 06 0a000001 0000 " SPEC_RSA NTOR_3, ERR_PROTOCOL},
        {"02 00 06 00000000 2329 " SPEC_RSA NTOR_3, ERR_PROTOCOL},
        {"02 00 05 0a00000123 " SPEC_RSA NTOR_3, ERR_MALFORMED},
        {"02 01 06 0a0000012329 " SPEC_RSA NTOR_3, ERR_MALFORMED},
        {"02 " SPEC_IPV4 "02 13 0102030405060708090a0b0c0d0e0f10111213 " NTOR_3, ERR_MALFORMED},
        {"03 " SPEC_IPV4 SPEC_RSA "03 02 0102 " NTOR_3, ERR_MALFORMED},
        {"02 " SPEC_IPV4 SPEC_RSA "0002 0004 aabbcc", ERR_TRUNCATED},
        {"03 " SPEC_IPV4 SPEC_RSA, ERR_TRUNCATED},
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct test_bytes place;
        struct extend2_message m;
        assert_int_equal(extend2_decode(test_span(&place, rows[i].hex), &m), rows[i].expected);
    }
}

static void extend2_takes_the_first_address_of_each_family(UNUSED void **state) {
    struct test_bytes place;
    struct extend2_message m;
    struct span body = test_span(&place, "03 " SPEC_IPV4 "00 06 0b000002 0001 " SPEC_RSA NTOR_3);
    assert_int_equal(extend2_decode(body, &m), ERR_OK);
    assert_memory_equal(m.ipv4.address.bytes, "\x0a\0\0\1", 4);
    assert_int_equal(m.ipv4.port, 9001);
    assert_int_equal(m.ipv6.address.family, ADDRESS_NONE);
    assert_false(m.has_ed_id);
}

/* tor looks the key up in its directory then, as if none had been given. */
static void extend2_with_a_zero_ed25519_id_has_none(UNUSED void **state) {
    struct test_bytes place;
    struct extend2_message m;
    struct span body =
        test_span(&place, "03 " SPEC_IPV4 SPEC_RSA "03 20 "
                          "0000000000000000000000000000000000000000000000000000000000000000 " NTOR_3);
    assert_int_equal(extend2_decode(body, &m), ERR_OK);
    assert_false(m.has_ed_id);
}

static void a_reason_may_be_missing(UNUSED void **state) {
    const uint8_t body[] = {DESTROY_CONNECTFAILED, 0, 0};
    assert_int_equal(reason_decode((struct span){body, 3}), DESTROY_CONNECTFAILED);
    assert_int_equal(reason_decode((struct span){body, 1}), DESTROY_CONNECTFAILED);
    assert_int_equal(reason_decode((struct span){NULL, 0}), DESTROY_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create2_round_trip),
        cmocka_unit_test(the_padding_of_the_cell_is_no_handshake),
        cmocka_unit_test(handshakes_fill_a_cell_and_no_more),
        cmocka_unit_test(created2_round_trip),
        cmocka_unit_test(extend2_round_trip),
        cmocka_unit_test(extend2_needs_an_rsa_id_an_address_and_well_formed_specifiers),
        cmocka_unit_test(extend2_takes_the_first_address_of_each_family),
        cmocka_unit_test(extend2_with_a_zero_ed25519_id_has_none),
        cmocka_unit_test(a_reason_may_be_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
