#include "wire/cell.h"

#include "support/test.h"
#include "support/test_bytes.h"

#define VARIABLE_MAX 2000u

/* Frame with a fresh cursor; what is left is told in *left_out. */
static enum err frame(struct span bytes, unsigned circ_id_length, struct cell_view *views, uint32_t max,
                      uint32_t *n, size_t *left_out) {
    struct bytes_in in = bytes_in(bytes.data, bytes.length);
    enum err e = cell_frame(&in, circ_id_length, VARIABLE_MAX, views, max, n);
    assert_true(bytes_ok(&in));
    *left_out = bytes_left(&in);
    return e;
}

static void the_first_cell_has_a_short_circuit_id(UNUSED void **state) {
    struct test_bytes place;
    struct bytes_out out = test_out(&place);
    struct cell_view view;
    uint32_t n;
    size_t left;

    cell_put(&out, 2, 0, CELL_VERSIONS, "\0\4\0\5", 4);

    assert_span_hex(test_written(&out), "0000 07 0004 0004 0005");
    assert_int_equal(frame(test_written(&out), 2, &view, 1, &n, &left), ERR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(left, 0);
    assert_int_equal(view.circ_id, 0);
    assert_int_equal(view.command, CELL_VERSIONS);
    assert_span_hex((struct span){view.body, view.length}, "00040005");
}

static void a_fixed_cell_is_padded_with_zeros(UNUSED void **state) {
    struct test_bytes place;
    memset(&place, 0xee, sizeof(place));
    struct bytes_out out = test_out(&place);
    static const uint8_t zeros[CELL_BODY_LEN];
    struct cell_view view;
    uint32_t n;
    size_t left;

    cell_put(&out, 4, 0x80000001, CELL_DESTROY, "\x09", 1);

    struct span written = test_written(&out);
    assert_int_equal(written.length, CELL_LEN);
    assert_span_hex((struct span){written.data, 6}, "80000001 04 09");
    assert_memory_equal(written.data + 6, zeros, CELL_BODY_LEN - 1);
    assert_int_equal(frame(written, 4, &view, 1, &n, &left), ERR_OK);
    assert_int_equal(n, 1);
    assert_true(view.circ_id == 0x80000001);
    assert_int_equal(view.length, CELL_BODY_LEN);
    assert_ptr_equal(view.body, written.data + CELL_HEADER_LEN);
}

static void lengths_on_the_wire(UNUSED void **state) {
    const struct {
        uint8_t command;
        uint16_t length;
        unsigned circ_id_length;
        size_t expected;
    } rows[] = {
        {CELL_RELAY, 509, 4, 514}, {CELL_PADDING, 0, 4, 514},
        {CELL_NETINFO, 3, 2, 512}, {CELL_VERSIONS, 4, 2, 9},
        {CELL_CERTS, 0, 4, 7},     {CELL_VPADDING, 65535, 4, 65542},
        {127, 0, 4, 514},          {255, 1, 4, 8},
        {CELL_VERSIONS, 4, 4, 11},
    };
    for (unsigned i = 0; i < COUNT(rows); i++)
        assert_int_equal(cell_wire_length(rows[i].command, rows[i].length, rows[i].circ_id_length),
                         rows[i].expected);
}

/* A fixed cell, an empty variable one, a filled one, a fixed one: 514 + 7 + 10 + 514 bytes. */
static struct span put_four_cells(struct test_bytes *place) {
    struct bytes_out out = test_out(place);
    cell_put(&out, 4, 1, CELL_RELAY, "first", 5);
    cell_put(&out, 4, 0, CELL_VPADDING, NULL, 0);
    cell_put(&out, 4, 0, CELL_AUTH_CHALLENGE, "abc", 3);
    cell_put(&out, 4, 4, CELL_RELAY_EARLY, "last", 4);
    return test_written(&out);
}

static void a_stream_is_cut_wherever_it_ends(UNUSED void **state) {
    struct test_bytes place;
    struct span stream = put_four_cells(&place);
    const size_t ends[] = {514, 521, 531, 1045};
    assert_int_equal(stream.length, 1045);

    for (size_t length = 0; length <= stream.length; length++) {
        uint32_t whole = 0;
        while (whole < 4 && ends[whole] <= length)
            whole++;
        uint8_t *exact = test_exact_copy(stream, length);
        struct cell_view views[8];
        uint32_t n;
        size_t left;
        assert_int_equal(frame((struct span){exact, length}, 4, views, 8, &n, &left), ERR_OK);
        assert_int_equal(n, whole);
        assert_int_equal(left, length - (whole ? ends[whole - 1] : 0));
        free(exact);
    }
}

static void no_more_cells_than_asked_for(UNUSED void **state) {
    struct test_bytes place;
    struct span stream = put_four_cells(&place);
    struct bytes_in in = bytes_in(stream.data, stream.length);
    struct cell_view views[3];
    uint32_t n;

    assert_int_equal(cell_frame(&in, 4, VARIABLE_MAX, views, 0, &n), ERR_OK);
    assert_int_equal(n, 0);
    assert_int_equal(cell_frame(&in, 4, VARIABLE_MAX, views, 3, &n), ERR_OK);
    assert_int_equal(n, 3);
    assert_int_equal(views[0].command, CELL_RELAY);
    assert_int_equal(views[1].length, 0);
    assert_span_hex((struct span){views[2].body, views[2].length}, "616263");
    assert_int_equal(cell_frame(&in, 4, VARIABLE_MAX, views, 3, &n), ERR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(views[0].circ_id, 4);
    assert_true(bytes_done(&in));
}

static void a_variable_cell_above_the_limit_stops_the_stream_there(UNUSED void **state) {
    struct test_bytes place;
    struct bytes_out out = test_out(&place);
    static const uint8_t body[VARIABLE_MAX + 1];
    cell_put(&out, 4, 0, CELL_CERTS, body, VARIABLE_MAX);
    bytes_put(&out, "\0\0\0\0\x80\x07\xd1", 7); /* VPADDING of 2001 bytes: its header is enough */
    struct cell_view views[4];
    uint32_t n;
    size_t left;

    assert_int_equal(frame(test_written(&out), 4, views, 4, &n, &left), ERR_LIMIT);

    assert_int_equal(n, 1);
    assert_int_equal(views[0].length, VARIABLE_MAX);
    assert_int_equal(left, 7);
}

static void a_buffer_without_room_fails_without_writing_past_it(UNUSED void **state) {
    uint8_t buffer[CELL_LEN + 1];
    memset(buffer, 0xee, sizeof(buffer));
    for (size_t room = 0; room < CELL_LEN; room++) {
        struct bytes_out out = bytes_out(buffer, room);
        cell_put(&out, 4, 1, CELL_RELAY, "abc", 3);
        assert_false(bytes_out_ok(&out));
        assert_int_equal(buffer[room], 0xee);
    }
}

static void commands_have_names(UNUSED void **state) {
    assert_string_equal(cell_command_name(CELL_CREATE2), "CREATE2");
    assert_string_equal(cell_command_name(CELL_VPADDING), "VPADDING");
    unsigned known = 0;
    for (unsigned command = 0; command < 256; command++) {
        const char *name = cell_command_name((uint8_t)command);
        assert_non_null(name);
        known += strcmp(name, "unknown") != 0;
    }
    assert_int_equal(known, 18);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_cell_has_a_short_circuit_id),
        cmocka_unit_test(a_fixed_cell_is_padded_with_zeros),
        cmocka_unit_test(lengths_on_the_wire),
        cmocka_unit_test(a_stream_is_cut_wherever_it_ends),
        cmocka_unit_test(no_more_cells_than_asked_for),
        cmocka_unit_test(a_variable_cell_above_the_limit_stops_the_stream_there),
        cmocka_unit_test(a_buffer_without_room_fails_without_writing_past_it),
        cmocka_unit_test(commands_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
