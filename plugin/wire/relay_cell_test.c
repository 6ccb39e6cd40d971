#include "wire/relay_cell.h"

#include "support/test.h"
#include "support/test_bytes.h"

static void a_message_round_trips(UNUSED void **state) {
    uint8_t body[CELL_BODY_LEN], padding[CELL_BODY_LEN];
    memset(body, 0xee, sizeof(body));
    memset(padding, 0xab, sizeof(padding));
    const struct relay_message m = {RELAY_DATA, 0x1234, {(const uint8_t *)"hello", 5}};
    struct relay_message again;

    relay_message_encode(RELAY_V0, body, &m, padding);

    /* command, recognized, stream, digest, length, data, four zeros, padding: tor-spec 6.1 */
    assert_span_hex((struct span){body, 22}, "02 0000 1234 00000000 0005 68656c6c6f 00000000 abab");
    assert_int_equal(body[CELL_BODY_LEN - 1], 0xab);
    assert_int_equal(relay_message_decode(RELAY_V0, body, &again), ERR_OK);
    assert_int_equal(again.command, RELAY_DATA);
    assert_int_equal(again.stream, 0x1234);
    assert_span_equal(again.data, m.data);
}

static void padding_is_zeros_when_none_is_given(UNUSED void **state) {
    uint8_t body[CELL_BODY_LEN];
    static const uint8_t zeros[CELL_BODY_LEN];
    memset(body, 0xee, sizeof(body));
    relay_message_encode(RELAY_V0, body, &(struct relay_message){.command = RELAY_DROP}, NULL);
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
        relay_message_encode(RELAY_V0, body, &(struct relay_message){RELAY_DATA, 1, {data, length}}, padding);
        assert_int_equal(body[RELAY_HEADER_LEN + length - 1], 0x11);
        for (size_t i = 0; i < missing; i++)
            assert_int_equal(body[RELAY_HEADER_LEN + length + i], i < 4 ? 0 : 0xab);
        assert_int_equal(body[CELL_BODY_LEN], 0xee);
    }
}

static void data_may_lie_in_the_body_already(UNUSED void **state) {
    uint8_t body[CELL_BODY_LEN] = "abcdefgh";
    relay_message_encode(RELAY_V0, body, &(struct relay_message){RELAY_DATA, 1, {body, 8}}, NULL);
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
        assert_int_equal(relay_message_decode(RELAY_V0, body, &m), rows[i].expected);
        assert_int_equal(m.data.length, rows[i].expected ? 0 : rows[i].length);
    }
}

/* --- V1 ------------------------------------------------------------------------------------------------------------- */

#define V1_TAG "00000000 00000000 00000000 00000000"

static void v1_has_a_stream_only_where_one_is_meant(UNUSED void **state) {
    const struct {
        struct relay_message m;
        const char *head;
    } rows[] = {
        {{RELAY_DATA, 0x1234, {(const uint8_t *)"hello", 5}}, V1_TAG "02 0005 1234 68656c6c6f 00000000 abab"},
        {{RELAY_BEGIN, 7, {(const uint8_t *)"a", 1}}, V1_TAG "01 0001 0007 61 00000000 abab"},
        {{RELAY_XON, 7, {(const uint8_t *)"a", 1}}, V1_TAG "2c 0001 0007 61 00000000 abab"},
        {{RELAY_SENDME, 0, {(const uint8_t *)"a", 1}}, V1_TAG "05 0001 61 00000000 abab"},
        {{RELAY_EXTENDED2, 0, {(const uint8_t *)"a", 1}}, V1_TAG "0f 0001 61 00000000 abab"},
        {{RELAY_CONFLUX_SWITCH, 0, {(const uint8_t *)"a", 1}}, V1_TAG "16 0001 61 00000000 abab"},
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        uint8_t body[CELL_BODY_LEN], padding[CELL_BODY_LEN], expected[64];
        struct relay_message again;
        memset(body, 0xee, sizeof(body));
        memset(padding, 0xab, sizeof(padding));
        relay_message_encode(RELAY_V1, body, &rows[i].m, padding);
        size_t length = test_hex(rows[i].head, expected, sizeof(expected));
        assert_memory_equal(body, expected, length);
        assert_int_equal(body[CELL_BODY_LEN - 1], 0xab);
        assert_int_equal(relay_message_decode(RELAY_V1, body, &again), ERR_OK);
        assert_int_equal(again.command, rows[i].m.command);
        assert_int_equal(again.stream, rows[i].m.stream);
        assert_span_equal(again.data, rows[i].m.data);
    }
}

static void v1_messages_have_less_room(UNUSED void **state) {
    assert_int_equal(relay_data_max(RELAY_V0, RELAY_DATA), 498);
    assert_int_equal(relay_data_max(RELAY_V1, RELAY_DATA), 488);
    assert_int_equal(relay_data_max(RELAY_V1, RELAY_EXTEND2), 490);
    uint8_t data[RELAY_V1_CIRCUIT_DATA_MAX], body[CELL_BODY_LEN + 1];
    struct relay_message again;
    memset(data, 0x11, sizeof(data));
    for (unsigned command = 1; command < 256; command++) {
        if (!relay_command_is_known((uint8_t)command))
            continue;
        bool has_stream = relay_command_has_stream((uint8_t)command);
        size_t length = relay_data_max(RELAY_V1, (uint8_t)command);
        struct relay_message m = {(uint8_t)command, has_stream, {data, length}};
        memset(body, 0xee, sizeof(body));
        relay_message_encode(RELAY_V1, body, &m, NULL);
        assert_int_equal(body[CELL_BODY_LEN - 1], 0x11);
        assert_int_equal(body[CELL_BODY_LEN], 0xee);
        assert_int_equal(relay_message_decode(RELAY_V1, body, &again), ERR_OK);
        assert_int_equal(again.data.length, length);
    }
}

static void v1_refuses_what_it_cannot_read(UNUSED void **state) {
    const struct {
        uint8_t command;
        uint16_t length, stream;
        enum err expected;
    } rows[] = {
        {RELAY_DATA, 488, 1, ERR_OK},
        {RELAY_DATA, 489, 1, ERR_PROTOCOL},
        {RELAY_DATA, 0xffff, 1, ERR_PROTOCOL},
        {RELAY_DATA, 5, 0, ERR_PROTOCOL}, /* a stream must be named */
        {RELAY_END, 0, 0, ERR_PROTOCOL},
        {RELAY_SENDME, 490, 0, ERR_OK},
        {RELAY_SENDME, 491, 0, ERR_PROTOCOL},
        {RELAY_DROP, 0, 0, ERR_OK},
        {0, 0, 1, ERR_PROTOCOL},
        {16, 0, 1, ERR_PROTOCOL}, /* unknown commands */
        {45, 0, 1, ERR_PROTOCOL},
        {255, 0, 1, ERR_PROTOCOL},
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        uint8_t body[CELL_BODY_LEN] = {0};
        struct relay_message m;
        body[16] = rows[i].command;
        store_u16(body + 17, rows[i].length);
        store_u16(body + 19, rows[i].stream);
        assert_int_equal(relay_message_decode(RELAY_V1, body, &m), rows[i].expected);
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
    assert_int_equal(known, 32);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_round_trips),
        cmocka_unit_test(padding_is_zeros_when_none_is_given),
        cmocka_unit_test(near_the_end_there_are_only_zeros),
        cmocka_unit_test(data_may_lie_in_the_body_already),
        cmocka_unit_test(a_length_that_does_not_fit_is_refused),
        cmocka_unit_test(v1_has_a_stream_only_where_one_is_meant),
        cmocka_unit_test(v1_messages_have_less_room),
        cmocka_unit_test(v1_refuses_what_it_cannot_read),
        cmocka_unit_test(commands_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
