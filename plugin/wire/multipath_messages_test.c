/* XON, XOFF and the messages of conflux: as bytes, back, and cut. */
#include "wire/multipath_messages.h"

#include "base/attributes.h"
#include "support/test.h"
#include "support/test_bytes.h"

#define NONCE "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void xon_forms(UNUSED void **state) {
    static const struct {
        const char *hex;
        enum err expected;
        uint32_t kb_per_s;
    } rows[] = {
        {"00 00000000", ERR_OK, 0},         {"00 000004d2", ERR_OK, 1234},
        {"00 000004d2 ffff", ERR_OK, 1234}, {"01 000004d2", ERR_UNSUPPORTED, 0},
        {"00 0004d2", ERR_TRUNCATED, 0},    {"", ERR_TRUNCATED, 0},
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct test_bytes place;
        struct xon_message m;
        assert_int_equal(xon_decode(test_span(&place, rows[i].hex), &m), rows[i].expected);
        if (!rows[i].expected)
            assert_int_equal(m.kb_per_s, rows[i].kb_per_s);
    }
    uint8_t room[8];
    struct bytes_out out = bytes_out(room, sizeof room);
    xon_encode(&out, &(struct xon_message){1234});
    assert_span_hex((struct span){room, bytes_written(&out)}, "00 000004d2");
}

static void xoff_forms(UNUSED void **state) {
    struct test_bytes place;
    assert_int_equal(xoff_decode(test_span(&place, "00")), ERR_OK);
    assert_int_equal(xoff_decode(test_span(&place, "0011")), ERR_OK);
    assert_int_equal(xoff_decode(test_span(&place, "01")), ERR_UNSUPPORTED);
    assert_int_equal(xoff_decode(test_span(&place, "")), ERR_TRUNCATED);
    uint8_t room[8];
    struct bytes_out out = bytes_out(room, sizeof room);
    xoff_encode(&out);
    assert_span_hex((struct span){room, bytes_written(&out)}, "00");
}

static void a_link_message_there_and_back(UNUSED void **state) {
    static const char hex[] = "01 " NONCE " 0000000000000003 0000000100000000 01";
    struct test_bytes place;
    struct conflux_link_message m;
    uint8_t room[64];
    struct span whole = test_span(&place, hex);
    assert_int_equal(conflux_link_decode(whole, &m), ERR_OK);
    assert_span_hex((struct span){m.nonce, sizeof m.nonce}, NONCE);
    assert_true(m.last_sent == 3);
    assert_true(m.last_received == UINT64_C(0x100000000));
    assert_int_equal(m.wish, CONFLUX_MIN_LATENCY);
    struct bytes_out out = bytes_out(room, sizeof room);
    conflux_link_encode(&out, &m);
    assert_span_hex((struct span){room, bytes_written(&out)}, hex);
    for (size_t length = 0; length < whole.length; length++)
        assert_int_equal(conflux_link_decode((struct span){whole.data, length}, &m), ERR_TRUNCATED);
}

static void other_link_messages_are_refused(UNUSED void **state) {
    struct test_bytes place;
    struct conflux_link_message m;
    assert_int_equal(
        conflux_link_decode(test_span(&place, "02 " NONCE " 0000000000000000 0000000000000000 01"), &m),
        ERR_UNSUPPORTED);
    assert_int_equal(
        conflux_link_decode(test_span(&place, "01 " NONCE " 0000000000000000 0000000000000000 05"), &m),
        ERR_PROTOCOL);
}

static void switch_forms(UNUSED void **state) {
    struct test_bytes place;
    struct conflux_switch_message m;
    uint8_t room[8];
    assert_int_equal(conflux_switch_decode(test_span(&place, "00000102"), &m), ERR_OK);
    assert_int_equal(m.skipped, 0x102);
    assert_int_equal(conflux_switch_decode(test_span(&place, "000102"), &m), ERR_TRUNCATED);
    struct bytes_out out = bytes_out(room, sizeof room);
    conflux_switch_encode(&out, &(struct conflux_switch_message){0x102});
    assert_span_hex((struct span){room, bytes_written(&out)}, "00000102");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xon_forms),
        cmocka_unit_test(xoff_forms),
        cmocka_unit_test(a_link_message_there_and_back),
        cmocka_unit_test(other_link_messages_are_refused),
        cmocka_unit_test(switch_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
