#include "origin/origin_circuit.h"

#include "support/origin_bench.h"
#include "support/test.h"

static bool is_closed(const struct origin_bench *b) {
    return b->circuit->state == ORIGIN_CIRCUIT_CLOSED;
}

static void builds_hop_by_hop(void **state) {
    (void)state;
    struct origin_bench b;
    origin_bench_init(&b, 0);
    origin_bench_build(&b, 3);
    assert_int_equal(b.cells[CELL_CREATE2], 1);
    assert_int_equal(b.cells[CELL_RELAY_EARLY], 2);
    assert_int_equal(b.told[ORIGIN_EVENT_CIRCUIT_OPENED], 1);
    assert_int_equal(b.told[ORIGIN_EVENT_CIRCUIT_EXTENDED], 2);
    assert_true(b.circuit->path.circ_id & 0x80000000u);
    assert_int_equal(b.unrecognized, 0);
    origin_bench_fini(&b);
}

static void has_eight_early_cells_and_eight_hops(void **state) {
    (void)state;
    struct origin_bench b;
    origin_bench_init(&b, 0);
    origin_bench_build(&b, ORIGIN_HOPS_MAX);
    struct origin_target target;
    origin_bench_target(&b, 0, &target);
    assert_int_equal(origin_circuit_extend(b.circuit, 0, &target), ERR_LIMIT);
    /* Truncated and extended again: the eighth RELAY_EARLY; there is no ninth. */
    uint8_t reason = DESTROY_REQUESTED;
    for (unsigned i = 0; i < 2; i++) {
        origin_bench_say(&b, 6, RELAY_TRUNCATED, 0, &reason, 1);
        assert_int_equal(b.circuit->path.hop_count, 7);
        b.far.hop_count = 7;
        enum err e = origin_circuit_extend(b.circuit, 0, &target);
        assert_int_equal(e, i == 0 ? ERR_OK : ERR_LIMIT);
        b.is_silent = true;
        origin_bench_turn(&b, UINT32_MAX);
    }
    assert_int_equal(b.cells[CELL_RELAY_EARLY], 8);
    origin_bench_fini(&b);
}

static void carries_bytes_out(void **state) {
    (void)state;
    struct origin_bench b;
    origin_bench_init(&b, 0);
    origin_bench_build(&b, 3);
    struct origin_stream *s = origin_bench_begin(&b);
    assert_int_equal(b.heard[RELAY_BEGIN], 1);
    assert_string_equal((const char *)b.heard_data, "server.test:80");
    assert_int_equal(b.told[ORIGIN_EVENT_STREAM_CONNECTED], 1);
    uint8_t bytes[1000] = "hello";
    assert_int_equal(origin_circuit_send(b.circuit, 0, s, bytes, sizeof(bytes)), sizeof(bytes));
    origin_bench_turn(&b, 2);
    assert_int_equal(b.heard[RELAY_DATA], 2);
    assert_int_equal(b.heard_length, RELAY_DATA_MAX);
    origin_bench_turn(&b, UINT32_MAX);
    assert_int_equal(b.heard_length, 4);
    assert_int_equal(b.heard_at, 2);
    origin_circuit_end(b.circuit, 0, s, END_DONE);
    origin_bench_turn(&b, UINT32_MAX);
    assert_int_equal(b.heard[RELAY_END], 1);
    assert_int_equal(b.heard_data[0], END_DONE);
    origin_bench_fini(&b);
}

/* The exit says what it has counted: each hundredth DATA cell is answered, with its own digest. */
static void say_sendme(struct origin_bench *b, const uint8_t *tag) {
    struct sendme_message m = {.version = 1, .tag_length = 20};
    memcpy(m.tag, tag, 20);
    uint8_t room[64];
    struct bytes_out out = bytes_out(room, sizeof(room));
    sendme_encode(&out, &m);
    origin_bench_say(b, 2, RELAY_SENDME, 0, room, bytes_written(&out));
}

/* Send cells one by one until nothing goes any more; the tag of the hundredth goes to tag_out. */
static unsigned send_until_blocked(struct origin_bench *b, struct origin_stream *s,
                                   uint8_t tag_out[static 20]) {
    uint8_t byte = 1;
    unsigned sent = 0;
    while (origin_circuit_send(b->circuit, 0, s, &byte, 1) == 1) {
        origin_bench_turn(b, UINT32_MAX);
        if (++sent == 100)
            b->far.crypt->layer_tag(b->far.hops[2].forward, tag_out);
    }
    return sent;
}

static void stream_window_opens_with_its_sendme(void **state) {
    (void)state;
    struct origin_bench b;
    uint8_t tag[20];
    origin_bench_init(&b, 0);
    origin_bench_build(&b, 3);
    struct origin_stream *s = origin_bench_begin(&b);
    assert_int_equal(send_until_blocked(&b, s, tag), STREAM_WINDOW_START);
    origin_bench_listen(&b, UINT32_MAX);
    assert_int_equal(b.told[ORIGIN_EVENT_STREAM_WRITABLE], 0);
    origin_bench_say(&b, 2, RELAY_SENDME, s->id, NULL, 0);
    origin_bench_listen(&b, UINT32_MAX);
    assert_int_equal(b.told[ORIGIN_EVENT_STREAM_WRITABLE], 1);
    assert_int_equal(send_until_blocked(&b, s, tag), STREAM_WINDOW_INCREMENT);
    origin_bench_fini(&b);
}

static void circuit_window_opens_with_the_right_tag(void **state) {
    (void)state;
    struct origin_bench b;
    uint8_t tag[20], other[20];
    origin_bench_init(&b, 0);
    origin_bench_build(&b, 3);
    assert_int_equal(send_until_blocked(&b, origin_bench_begin(&b), tag), 500);
    struct origin_stream *last = origin_bench_begin(&b);
    assert_int_equal(send_until_blocked(&b, last, other), 500);
    struct origin_stream *s = origin_bench_begin(&b);
    assert_int_equal(send_until_blocked(&b, s, other), 0); /* 1000 are on the way */
    say_sendme(&b, tag);
    assert_false(is_closed(&b));
    assert_int_equal(send_until_blocked(&b, s, other), 100);
    say_sendme(&b, tag); /* that one was for the two hundredth */
    assert_true(is_closed(&b));
    assert_int_equal(b.circuit->error, ERR_PROTOCOL);
    origin_bench_fini(&b);
}

static void answers_data_with_sendmes(void **state) {
    (void)state;
    struct origin_bench b;
    origin_bench_init(&b, 0);
    origin_bench_build(&b, 3);
    struct origin_stream *s = origin_bench_begin(&b);
    uint8_t data[RELAY_DATA_MAX] = {0}, tag[20];
    for (unsigned i = 0; i < 100; i++)
        origin_bench_say(&b, 2, RELAY_DATA, s->id, data, sizeof(data));
    b.far.crypt->layer_tag(b.far.hops[2].backward, tag);
    origin_bench_turn(&b, UINT32_MAX);
    assert_int_equal(b.heard[RELAY_SENDME], 1); /* of the circuit; the stream's wait for the user */
    assert_int_equal(b.heard_stream, 0);
    assert_int_equal(b.heard_length, 23);
    assert_memory_equal(b.heard_data + 3, tag, 20);
    origin_bench_listen(&b, 49);
    origin_bench_turn(&b, UINT32_MAX);
    assert_int_equal(b.heard[RELAY_SENDME], 1);
    origin_bench_listen(&b, UINT32_MAX);
    origin_bench_turn(&b, UINT32_MAX);
    assert_int_equal(b.heard[RELAY_SENDME], 3);
    assert_int_equal(b.heard_stream, s->id);
    assert_int_equal(b.data_bytes, 100 * sizeof(data));
    origin_bench_fini(&b);
}

static void window_overrun_ends_the_stream(void **state) {
    (void)state;
    struct origin_bench b;
    origin_bench_init(&b, 0);
    origin_bench_build(&b, 3);
    struct origin_stream *s = origin_bench_begin(&b);
    for (unsigned i = 0; i < STREAM_WINDOW_START; i++)
        origin_bench_say(&b, 2, RELAY_DATA, s->id, "x", 1);
    assert_int_equal(s->state, ORIGIN_STREAM_CONNECTED);
    origin_bench_say(&b, 2, RELAY_DATA, s->id, "x", 1);
    assert_int_equal(s->state, ORIGIN_STREAM_ENDED);
    origin_bench_listen(&b, UINT32_MAX);
    assert_int_equal(b.told[ORIGIN_EVENT_STREAM_DATA], STREAM_WINDOW_START);
    assert_int_equal(b.event.kind, ORIGIN_EVENT_STREAM_ENDED);
    assert_int_equal(b.event.reason, END_TORPROTOCOL);
    assert_false(is_closed(&b));
    origin_bench_fini(&b);
}

static void truncated_cuts_hops_and_streams(void **state) {
    (void)state;
    struct origin_bench b;
    origin_bench_init(&b, 0);
    origin_bench_build(&b, 3);
    struct origin_stream *s = origin_bench_begin(&b);
    assert_int_equal(origin_circuit_truncate(b.circuit, 0, 0), ERR_OK);
    origin_bench_turn(&b, UINT32_MAX);
    assert_int_equal(b.heard[RELAY_TRUNCATE], 1);
    assert_int_equal(b.heard_at, 0);
    uint8_t reason = DESTROY_REQUESTED;
    origin_bench_say(&b, 0, RELAY_TRUNCATED, 0, &reason, 1);
    origin_bench_listen(&b, UINT32_MAX);
    assert_int_equal(b.told[ORIGIN_EVENT_CIRCUIT_TRUNCATED], 1);
    assert_int_equal(s->end_reason, END_DESTROY);
    assert_int_equal(b.circuit->path.hop_count, 1);
    origin_circuit_end(b.circuit, 0, s, END_MISC);
    b.far.hop_count = 1;
    struct origin_target target;
    origin_bench_target(&b, 1, &target);
    assert_int_equal(origin_circuit_extend(b.circuit, 0, &target), ERR_OK);
    origin_bench_turn(&b, UINT32_MAX);
    assert_int_equal(b.circuit->path.hop_count, 2);
    assert_int_equal(origin_circuit_truncate(b.circuit, 0, 1), ERR_REFUSED);
    origin_bench_fini(&b);
}

static void destroy_is_told_and_not_answered(void **state) {
    (void)state;
    struct origin_bench b;
    origin_bench_init(&b, 0);
    origin_bench_build(&b, 3);
    struct origin_stream *s = origin_bench_begin(&b);
    uint8_t body[CELL_BODY_LEN] = {DESTROY_FINISHED};
    origin_bench_cell(&b, CELL_DESTROY, body);
    origin_bench_listen(&b, 1);
    assert_int_equal(b.event.kind, ORIGIN_EVENT_STREAM_ENDED);
    origin_bench_listen(&b, UINT32_MAX);
    assert_int_equal(b.event.kind, ORIGIN_EVENT_CIRCUIT_CLOSED);
    assert_int_equal(b.event.reason, DESTROY_FINISHED);
    assert_int_equal(b.event.error, ERR_OK);
    /* A closed circuit takes all calls. */
    assert_int_equal(origin_circuit_send(b.circuit, 0, s, body, 1), 0);
    assert_null(origin_circuit_begin(b.circuit, 0, NULL));
    assert_int_equal(origin_circuit_truncate(b.circuit, 0, 0), ERR_REFUSED);
    origin_circuit_end(b.circuit, 0, s, END_MISC);
    assert_int_equal(origin_bench_turn(&b, UINT32_MAX), 0);
    origin_bench_fini(&b);
}

static void freeing_sends_destroy_and_no_more(void **state) {
    (void)state;
    struct origin_bench b;
    origin_bench_init(&b, 0);
    origin_bench_build(&b, 3);
    struct origin_stream *s = origin_bench_begin(&b);
    uint8_t bytes[5000] = {0};
    assert_int_equal(origin_circuit_send(b.circuit, 0, s, bytes, sizeof(bytes)), sizeof(bytes));
    origin_circuit_free(b.circuit, 0, DESTROY_FINISHED);
    b.circuit = NULL;
    assert_int_equal(origin_bench_turn(&b, UINT32_MAX), 1);
    assert_int_equal(b.cells[CELL_DESTROY], 1);
    assert_int_equal(b.destroy_reason, DESTROY_FINISHED);
    origin_bench_listen(&b, UINT32_MAX);
    assert_int_equal(b.told[ORIGIN_EVENT_CIRCUIT_CLOSED], 0);
    origin_bench_fini(&b);
}

/* What closes the circuit, and what is ignored. */
static void say_created(struct origin_bench *b) {
    uint8_t body[CELL_BODY_LEN] = {0, 64};
    origin_bench_cell(b, CELL_CREATED2, body);
}

static void say_early(struct origin_bench *b) {
    uint8_t body[CELL_BODY_LEN];
    far_end_say(&b->far, 2, RELAY_DROP, 0, (struct span){NULL, 0}, body);
    origin_bench_cell(b, CELL_RELAY_EARLY, body);
}

static void say_garbage(struct origin_bench *b) {
    uint8_t body[CELL_BODY_LEN] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    origin_bench_cell(b, CELL_RELAY, body);
}

static void say_extended_unasked(struct origin_bench *b) {
    origin_bench_say(b, 2, RELAY_EXTENDED2, 0, "\0\1x", 3);
}

static void say_sendme_not_due(struct origin_bench *b) {
    uint8_t tag[20] = {0};
    say_sendme(b, tag);
}

static void say_too_long(struct origin_bench *b) {
    uint8_t body[CELL_BODY_LEN];
    struct relay_message m = {.command = RELAY_DROP};
    relay_message_encode(RELAY_V0, body, &m, NULL);
    store_u16(body + 9, RELAY_DATA_MAX + 1);
    far_end_wrap(&b->far, 2, body);
    origin_bench_cell(b, CELL_RELAY, body);
}

static void say_begin(struct origin_bench *b) {
    origin_bench_say(b, 2, RELAY_BEGIN, 5, "a:1", 4);
}

static void say_data_from_the_middle(struct origin_bench *b) {
    origin_bench_say(b, 1, RELAY_DATA, 1, "x", 1);
}

static void say_create(struct origin_bench *b) {
    uint8_t body[CELL_BODY_LEN] = {0};
    origin_bench_cell(b, CELL_CREATE2, body);
}

static void say_things_to_ignore(struct origin_bench *b) {
    uint8_t body[CELL_BODY_LEN] = {0};
    origin_bench_cell(b, CELL_PADDING, body);
    origin_bench_cell(b, 99, body);
    origin_bench_say(b, 0, RELAY_DROP, 0, NULL, 0);
    origin_bench_say(b, 2, 200, 0, NULL, 0);
    origin_bench_say(b, 2, RELAY_DATA, 777, "late", 4);
    origin_bench_say(b, 2, RELAY_END, 777, NULL, 0);
    origin_bench_say(b, 2, RELAY_SENDME, 777, NULL, 0);
    origin_bench_say(b, 2, RELAY_TRUNCATED, 0, NULL, 0); /* nothing was beyond */
}

static void breaches_close_the_circuit(void **state) {
    (void)state;
    static const struct {
        void (*commit)(struct origin_bench *b);
        bool closes;
    } breaches[] = {
        {say_created, true},        {say_early, true},
        {say_garbage, true},        {say_extended_unasked, true},
        {say_sendme_not_due, true}, {say_too_long, true},
        {say_begin, true},          {say_data_from_the_middle, true},
        {say_create, true},         {say_things_to_ignore, false},
    };
    for (size_t i = 0; i < COUNT(breaches); i++) {
        struct origin_bench b;
        origin_bench_init(&b, 0);
        origin_bench_build(&b, 3);
        breaches[i].commit(&b);
        assert_int_equal(is_closed(&b), breaches[i].closes);
        origin_bench_turn(&b, UINT32_MAX);
        assert_int_equal(b.cells[CELL_DESTROY], breaches[i].closes);
        if (breaches[i].closes)
            assert_int_equal(b.destroy_reason, DESTROY_PROTOCOL);
        origin_bench_fini(&b);
    }
}

static void wrong_handshakes_close_it(void **state) {
    (void)state;
    static const uint8_t bodies[][CELL_BODY_LEN] = {{0, 64, 1, 2, 3}, {0, 63}, {0xff, 0xff}, {0}};
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct origin_bench b;
        struct origin_target target;
        origin_bench_init(&b, 0);
        b.is_silent = true;
        origin_bench_target(&b, 0, &target);
        b.circuit = origin_circuit_new(b.origin, &b.outlet, 0, &target);
        assert_non_null(b.circuit);
        origin_bench_turn(&b, UINT32_MAX);
        origin_bench_cell(&b, CELL_CREATED2, bodies[i]);
        assert_true(is_closed(&b));
        origin_bench_fini(&b);
    }
}

/* A run that comes in one call: its cells are from several hops. */
static void peels_a_run_from_several_hops(void **state) {
    (void)state;
    struct origin_bench b;
    origin_bench_init(&b, 0);
    origin_bench_build(&b, 3);
    struct origin_stream *s = origin_bench_begin(&b);
    static uint8_t bodies[70][CELL_BODY_LEN];
    struct cell_view views[70];
    for (unsigned i = 0; i < 70; i++) {
        bool is_data = i % 5 != 4;
        far_end_say(&b.far, is_data ? 2 : i / 5 % 2, is_data ? RELAY_DATA : RELAY_DROP, is_data ? s->id : 0,
                    (struct span){(const uint8_t *)"abc", 3}, bodies[i]);
        views[i] = (struct cell_view){b.circuit->path.circ_id, CELL_RELAY, CELL_BODY_LEN, bodies[i]};
    }
    origin_circuit_receive(b.circuit, 0, views, 70);
    assert_false(is_closed(&b));
    origin_bench_listen(&b, UINT32_MAX);
    assert_int_equal(b.data_bytes, 56 * 3);
    origin_bench_fini(&b);
}

/* The first relay may say TRUNCATED whenever it likes: also just ahead of what a relay that it cuts off has said. */
static void truncated_ahead_of_cells_from_beyond_closes(void **state) {
    (void)state;
    struct origin_bench b;
    origin_bench_init(&b, 0);
    origin_bench_build(&b, 3);
    static uint8_t bodies[2][CELL_BODY_LEN];
    far_end_say(&b.far, 0, RELAY_TRUNCATED, 0, (struct span){NULL, 0}, bodies[0]);
    far_end_say(&b.far, 1, RELAY_DROP, 0, (struct span){NULL, 0}, bodies[1]);
    struct cell_view views[2];
    for (unsigned i = 0; i < 2; i++)
        views[i] = (struct cell_view){b.circuit->path.circ_id, CELL_RELAY, CELL_BODY_LEN, bodies[i]};
    origin_circuit_receive(b.circuit, 0, views, 2);
    assert_true(is_closed(&b));
    assert_int_equal(b.circuit->error, ERR_PROTOCOL);
    origin_bench_fini(&b);
}

static void full_pool_closes_or_waits(void **state) {
    (void)state;
    struct origin_bench b;
    origin_bench_init(&b, 24);
    origin_bench_build(&b, 3);
    struct origin_stream *s = origin_bench_begin(&b);
    static const uint8_t bytes[40 * RELAY_DATA_MAX];
    size_t sent = origin_circuit_send(b.circuit, 0, s, bytes, sizeof(bytes));
    assert_in_range(sent, RELAY_DATA_MAX, 24 * RELAY_DATA_MAX);
    assert_false(is_closed(&b)); /* sending waits for a cell */
    origin_bench_turn(&b, 1);
    origin_bench_listen(&b, UINT32_MAX);
    assert_int_equal(b.told[ORIGIN_EVENT_STREAM_WRITABLE], 1);
    (void)origin_circuit_send(b.circuit, 0, s, bytes, sizeof(bytes));
    origin_bench_say(&b, 2, RELAY_DATA, s->id, "x", 1); /* what comes cannot wait */
    assert_true(is_closed(&b));
    assert_int_equal(b.circuit->error, ERR_LIMIT);
    origin_bench_turn(&b, UINT32_MAX);
    assert_int_equal(b.destroy_reason, DESTROY_RESOURCELIMIT);
    origin_bench_fini(&b);
}

static void failing_memory_is_refused(void **state) {
    (void)state;
    for (unsigned left = 0; left < 12; left++) {
        struct origin_bench b;
        struct origin_target target;
        origin_bench_init(&b, 0);
        origin_bench_target(&b, 0, &target);
        b.allocations_left = left;
        b.circuit = origin_circuit_new(b.origin, &b.outlet, 0, &target);
        if (b.circuit) {
            origin_bench_turn(&b, UINT32_MAX);
            struct origin_stream *s = origin_circuit_begin(b.circuit, 0, NULL);
            if (s)
                origin_circuit_end(b.circuit, 0, s, END_DONE);
            enum err e = origin_circuit_extend(b.circuit, 0, &target);
            assert_true(e == ERR_OK || e == ERR_LIMIT || e == ERR_REFUSED);
        }
        origin_bench_fini(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builds_hop_by_hop),
        cmocka_unit_test(has_eight_early_cells_and_eight_hops),
        cmocka_unit_test(carries_bytes_out),
        cmocka_unit_test(stream_window_opens_with_its_sendme),
        cmocka_unit_test(circuit_window_opens_with_the_right_tag),
        cmocka_unit_test(answers_data_with_sendmes),
        cmocka_unit_test(window_overrun_ends_the_stream),
        cmocka_unit_test(truncated_cuts_hops_and_streams),
        cmocka_unit_test(destroy_is_told_and_not_answered),
        cmocka_unit_test(freeing_sends_destroy_and_no_more),
        cmocka_unit_test(breaches_close_the_circuit),
        cmocka_unit_test(wrong_handshakes_close_it),
        cmocka_unit_test(peels_a_run_from_several_hops),
        cmocka_unit_test(truncated_ahead_of_cells_from_beyond_closes),
        cmocka_unit_test(full_pool_closes_or_waits),
        cmocka_unit_test(failing_memory_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
