#include "wire/padding_messages.h"

#include "support/test.h"
#include "support/test_bytes.h"

static void negotiate_round_trip(UNUSED void **state) {
    struct test_bytes place;
    struct circuit_padding_message m;
    uint8_t room[CIRCUIT_PADDING_LEN];
    struct span body = test_span(&place, "00 02 01 00 00000007");
    assert_int_equal(circuit_padding_decode(body, &m), ERR_OK);
    assert_int_equal(m.command, CIRCUIT_PADDING_START);
    assert_int_equal(m.machine, 1);
    assert_int_equal(m.counter, 7);
    struct bytes_out out = bytes_out(room, sizeof(room));
    circuit_padding_encode(&out, &m);
    assert_memory_equal(room, body.data, sizeof(room));
    assert_beginnings_refused(circuit_padding_decode, struct circuit_padding_message, body, 0);
}

static void negotiated_round_trip(UNUSED void **state) {
    struct test_bytes place;
    struct padding_negotiated_message m;
    uint8_t room[PADDING_NEGOTIATED_LEN];
    static const char *const texts[] = {"00 02 01 00 00000007", "00 01 02 01 ffffffff"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct span body = test_span(&place, texts[i]);
        assert_int_equal(padding_negotiated_decode(body, &m), ERR_OK);
        assert_int_equal(m.is_ok, i == 0);
        struct bytes_out out = bytes_out(room, sizeof(room));
        padding_negotiated_encode(&out, &m);
        assert_memory_equal(room, body.data, sizeof(room));
        assert_beginnings_refused(padding_negotiated_decode, struct padding_negotiated_message, body, 0);
    }
}

static void what_we_do_not_know_is_refused(UNUSED void **state) {
    struct test_bytes place;
    struct circuit_padding_message asked;
    struct padding_negotiated_message answered;
    assert_int_equal(circuit_padding_decode(test_span(&place, "01 02 01 00 00000007"), &asked),
                     ERR_UNSUPPORTED);
    assert_int_equal(circuit_padding_decode(test_span(&place, "00 03 01 00 00000007"), &asked),
                     ERR_MALFORMED);
    assert_int_equal(circuit_padding_decode(test_span(&place, "00 00 01 00 00000007"), &asked),
                     ERR_MALFORMED);
    assert_int_equal(padding_negotiated_decode(test_span(&place, "01 02 01 00 00000007"), &answered),
                     ERR_UNSUPPORTED);
    assert_int_equal(padding_negotiated_decode(test_span(&place, "00 02 03 00 00000007"), &answered),
                     ERR_MALFORMED);
    assert_int_equal(padding_negotiated_decode(test_span(&place, "00 09 01 00 00000007"), &answered),
                     ERR_MALFORMED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(negotiate_round_trip),
        cmocka_unit_test(negotiated_round_trip),
        cmocka_unit_test(what_we_do_not_know_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
