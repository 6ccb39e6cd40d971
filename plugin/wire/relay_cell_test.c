#include "wire/relay_cell.h"

#include "support/test.h"
#include "support/test_bytes.h"

static void a_message_round_trips(UNUSED void **state) {
    uint8_t body[CELL_BODY_LEN], padding[CELL_BODY_LEN];
    memset(body, 0xee, sizeof(body));
    memset(padding, 0xab, sizeof(padding));
    const struct relay_message m = {RELAY_DATA, 0x1234, {(const uint8_t *)"hello", 5}};
    struct relay_message again;

    relay_message_encode(body, &m, padding);

    /* command, recognized, stream, digest, length, data, four zeros, padding: tor-spec 6.1 */
    assert_span_hex((struct span){body, 22}, "02 0000 1234 00000000 0005 68656c6c6f 00000000 abab");
    assert_int_equal(body[CELL_BODY_LEN - 1], 0xab);
    assert_int_equal(relay_message_decode(body, &again), ERR_OK);
    assert_int_equal(again.command, RELAY_DATA);
    assert_int_equal(again.stream, 0x1234);
    assert_span_equal(again.data, m.data);
}

static void padding_is_zeros_when_none_is_given(UNUSED void **state) {
    uint8_t body[CELL_BODY_LEN];
    static const uint8_t zeros[CELL_BODY_LEN];
    memset(body, 0xee, sizeof(body));
    relay_message_encode(body, &(struct relay_message){.command = RELAY_DROP}, NULL);
    assert_int_equal(body[0], RELAY_DROP);
    assert_memory_equal(body + 1, zeros, CELL_BODY_LEN - 1);
}

static void near_the_end_there_are_only_zeros(UNUSED void **state) {
    uint8_t data[RELAY_DATA_MAX], padding[CELL_BODY_LEN];
    memset(data, 0x11, sizeof(data));
    memset(padding, 0xab, sizeof(padding));
    for (size_t missing = 0; missing <= 6; missing++) {
        uint8_t body[CELL_BODY_LEN + 1];
        memset(body, 0xee, sizeof(body));
        size_t length = RELAY_DATA_MAX - missing;
        relay_message_encode(body, &(struct relay_message){RELAY_DATA, 1, {data, length}}, padding);
        assert_int_equal(body[RELAY_HEADER_LEN + length - 1], 0x11);
        for (size_t i = 0; i < missing; i++)
            assert_int_equal(body[RELAY_HEADER_LEN + length + i], i < 4 ? 0 : 0xab);
        assert_int_equal(body[CELL_BODY_LEN], 0xee);
    }
}

static void data_may_lie_in_the_body_already(UNUSED void **state) {
    uint8_t body[CELL_BODY_LEN] = "abcdefgh";
    relay_message_encode(body, &(struct relay_message){RELAY_DATA, 1, {body, 8}}, NULL);
    assert_memory_equal(body + RELAY_HEADER_LEN, "abcdefgh", 8);
}

static void a_length_that_does_not_fit_is_refused(UNUSED void **state) {
    const struct {
        uint16_t length;
        enum err expected;
    } rows[] = {{0, ERR_OK}, {498, ERR_OK}, {499, ERR_PROTOCOL}, {509, ERR_PROTOCOL}, {0xffff, ERR_PROTOCOL}};
    for (unsigned i = 0; i < COUNT(rows); i++) {
        uint8_t body[CELL_BODY_LEN] = {RELAY_DATA};
        struct relay_message m;
        store_u16(body + 9, rows[i].length);
        assert_int_equal(relay_message_decode(body, &m), rows[i].expected);
        assert_int_equal(m.data.length, rows[i].expected ? 0 : rows[i].length);
    }
}

static void commands_have_names(UNUSED void **state) {
    assert_string_equal(relay_command_name(RELAY_BEGIN), "BEGIN");
    assert_string_equal(relay_command_name(RELAY_EXTENDED2), "EXTENDED2");
    unsigned known = 0;
    for (unsigned command = 0; command < 256; command++) {
        const char *name = relay_command_name((uint8_t)command);
        assert_non_null(name);
        known += strcmp(name, "unknown") != 0;
    }
    assert_int_equal(known, 26);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_round_trips),
        cmocka_unit_test(padding_is_zeros_when_none_is_given),
        cmocka_unit_test(near_the_end_there_are_only_zeros),
        cmocka_unit_test(data_may_lie_in_the_body_already),
        cmocka_unit_test(a_length_that_does_not_fit_is_refused),
        cmocka_unit_test(commands_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
