/* Exit streams of a circuit under congestion control: its window, XOFF and XON both ways, and a link that takes no more. */
#include "support/exit_bench.h"
#include "wire/multipath_messages.h"

#define INC 31u

/* An exit whose circuit has congestion control, and the parameters of the default consensus. */
static void set_up(struct exit_bench *f) {
    exit_bench_init(f);
    exit_set_params(f, &consensus_params_default);
    circuit_open_v3(&f->c, &f->origin, CIRC + 1,
                    &(struct handshake_request){.wants_congestion_control = true});
    assert_int_equal(f->c.sendme_inc, INC);
    exit_open_stream(f, STREAM);
}

static struct manager *half_manager(struct exit_bench *f) {
    return bench_manager(&f->b, f->origin.station);
}

static void tell_sendme(struct exit_bench *f, const uint8_t tag[static 20]) {
    uint8_t body[23] = {1, 0, 20};
    memcpy(body + 3, tag, 20);
    f->b.now += 100 * NSEC_PER_MS;
    circuit_tell(&f->c, RELAY_SENDME, 0, body, sizeof body);
}

static void congestion_control_is_counted(UNUSED void **state) {
    struct exit_bench f;
    set_up(&f);
    assert_int_equal(manager_work(half_manager(&f))->circuits_congestion_control, 1);
    exit_bench_fini(&f);
}

static void a_consensus_without_congestion_control_grants_none(UNUSED void **state) {
    struct exit_bench f;
    exit_bench_init(&f);
    struct consensus_params params = consensus_params_default;
    params.congestion.algorithm = CONGESTION_NONE;
    exit_set_params(&f, &params);
    circuit_open_v3(&f.c, &f.origin, CIRC + 1, &(struct handshake_request){.wants_congestion_control = true});
    assert_int_equal(f.c.sendme_inc, 0);
    exit_bench_fini(&f);
}

static void the_window_begins_with_four_increments(UNUSED void **state) {
    struct exit_bench f;
    uint8_t tags[4][20], tag[20];
    set_up(&f);
    assert_in_range(exit_push(&f, 1000), 124, 124 + EDGE_CREDIT);
    for (unsigned i = 0; i < 4; i++)
        exit_hear_data(&f, STREAM, INC, tags[i]);
    assert_null(peer_read(&f.origin));
    tell_sendme(&f, tags[0]);
    exit_hear_data(&f, STREAM, 2 * INC, tag); /* slow start: one more for each */
    assert_null(peer_read(&f.origin));
    tell_sendme(&f, tags[2]); /* not the next one */
    exit_expect_destroyed(&f, DESTROY_PROTOCOL);
    exit_bench_fini(&f);
}

static void sendmes_that_have_no_place_close_the_circuit(UNUSED void **state) {
    for (unsigned fault = 0; fault < 3; fault++) {
        struct exit_bench f;
        uint8_t tag[20] = {0};
        set_up(&f);
        if (fault == 0)
            circuit_tell(&f.c, RELAY_SENDME, STREAM, "", 0); /* streams have none */
        else if (fault == 1)
            tell_sendme(&f, tag); /* nothing was sent */
        else
            circuit_tell(&f.c, RELAY_XON, STREAM, "\0\0\0", 3);
        exit_expect_destroyed(&f, DESTROY_PROTOCOL);
        exit_bench_fini(&f);
    }
}

static void each_31_cells_are_answered(UNUSED void **state) {
    struct exit_bench f;
    uint8_t tag[20];
    set_up(&f);
    for (unsigned i = 0; i < 3 * INC; i++) {
        circuit_tell(&f.c, RELAY_DATA, STREAM, "x", 1);
        f.b.crypt->layer_tag(f.c.forward, tag);
        if (i % INC != INC - 1)
            continue;
        uint8_t body[23] = {1, 0, 20};
        memcpy(body + 3, tag, 20);
        exit_expect(&f, RELAY_SENDME, 0, body, sizeof body);
    }
    assert_null(peer_read(&f.origin));
    exit_bench_fini(&f);
}

static void an_origin_that_cannot_read_stops_one_stream(UNUSED void **state) {
    struct exit_bench f;
    uint8_t tag[20];
    set_up(&f);
    circuit_tell(&f.c, RELAY_XOFF, STREAM, "\0", 1);
    edge_id stopped = f.edge;
    assert_in_range(exit_push(&f, 500), 1, EDGE_CREDIT);
    assert_null(peer_read(&f.origin));
    exit_open_stream(&f, STREAM + 1); /* another goes on */
    assert_int_equal(exit_push(&f, 20), 20);
    exit_hear_data(&f, STREAM + 1, 20, tag);
    circuit_tell(&f.c, RELAY_XON, STREAM, "\0\0\0\0\0", 5);
    exit_hear_data(&f, STREAM, 100, tag);
    f.edge = stopped;
    circuit_tell(&f.c, RELAY_XON, 99, "\0\0\0\0\0", 5); /* of a stream that is gone: harmless */
    circuit_tell(&f.c, RELAY_XOFF, 99, "\0", 1);
    exit_bench_fini(&f);
}

static void tell_xon(struct exit_bench *f, uint32_t kb_per_s) {
    uint8_t body[5] = {0, (uint8_t)(kb_per_s >> 24), (uint8_t)(kb_per_s >> 16), (uint8_t)(kb_per_s >> 8),
                       (uint8_t)kb_per_s};
    circuit_tell(&f->c, RELAY_XON, STREAM, body, sizeof body);
}

/* Bytes of the stream that have come. */
static size_t hear_bytes(struct exit_bench *f) {
    struct relay_message message;
    size_t sum = 0;
    while (circuit_hear(&f->c, &message)) {
        assert_int_equal(message.command, RELAY_DATA);
        assert_int_equal(message.stream, STREAM);
        sum += message.data.length;
    }
    return sum;
}

static void an_origin_may_ask_for_a_rate(UNUSED void **state) {
    struct exit_bench f;
    set_up(&f);
    size_t cell = chunk_padded_max(f.c.format);
    tell_xon(&f, 10);
    nsec asked = f.b.now;
    assert_true(exit_push(&f, 100) == 100);
    size_t heard = hear_bytes(&f);
    assert_in_range(heard, 10000,
                    10000 + cell + 10 * (f.b.now - asked) / NSEC_PER_MS); /* a second's worth at once */
    assert_true(manager_next_wake(half_manager(&f)) != NSEC_NEVER);
    while (f.b.now < asked + NSEC_PER_S) {
        bench_pass(&f.b, 10 * NSEC_PER_MS);
        heard += hear_bytes(&f);
        assert_in_range(heard, 0, 10000 + cell + 10 * (f.b.now - asked) / NSEC_PER_MS);
    }
    assert_true(heard > 18000);
    tell_xon(&f, 0); /* as fast as we like: all that the window allows */
    heard += hear_bytes(&f);
    assert_int_equal(heard, 100 * cell);
    exit_bench_fini(&f);
}

static void a_rate_beyond_the_possible_is_none(UNUSED void **state) {
    struct exit_bench f;
    set_up(&f);
    tell_xon(&f, 1);
    tell_xon(&f, UINT32_MAX);
    assert_true(exit_push(&f, 100) == 100);
    assert_int_equal(hear_bytes(&f), 100 * chunk_padded_max(f.c.format));
    exit_bench_fini(&f);
}

/* A stream that waits for its rate goes with its circuit, or with its destination. */
static void what_waits_for_its_rate_may_end(UNUSED void **state) {
    for (unsigned end = 0; end < 2; end++) {
        struct exit_bench f;
        set_up(&f);
        tell_xon(&f, 1);
        assert_true(exit_push(&f, 20) == 20);
        assert_true(hear_bytes(&f) > 0);
        if (end == 0) {
            circuit_tell(&f.c, RELAY_END, STREAM, "\6", 1);
        } else {
            peer_send(&f.origin, CIRC + 1, CELL_DESTROY, "\0", 1);
        }
        bench_run(&f.b);
        bench_pass(&f.b, 60 * NSEC_PER_S);
        exit_bench_fini(&f);
    }
}

static void without_congestion_control_there_is_no_xoff(UNUSED void **state) {
    struct exit_bench f;
    exit_bench_init(&f);
    exit_open_stream(&f, STREAM);
    circuit_tell(&f.c, RELAY_XOFF, STREAM, "\0", 1);
    exit_expect_destroyed(&f, DESTROY_PROTOCOL);
    exit_bench_fini(&f);
}

/* Send cells of one byte; SENDMEs are passed over. True when one of the answers was message. */
static bool upload(struct exit_bench *f, unsigned cells, uint8_t awaited) {
    bool has_come = false;
    for (unsigned i = 0; i < cells; i++) {
        struct relay_message message;
        circuit_tell(&f->c, RELAY_DATA, STREAM, "x", 1);
        while (circuit_hear(&f->c, &message))
            has_come |= message.command == awaited && message.stream == STREAM;
    }
    return has_come;
}

static void a_destination_that_cannot_read_stops_the_origin(UNUSED void **state) {
    struct exit_bench f;
    static uint8_t out[2000];
    set_up(&f);
    assert_false(upload(&f, 500, RELAY_XOFF));
    f.b.now += NSEC_PER_S;
    assert_false(upload(&f, 1, RELAY_XOFF)); /* too many since now: it may be a burst */
    f.b.now += 6 * NSEC_PER_MS;
    assert_true(upload(&f, 1, RELAY_XOFF));
    assert_false(upload(&f, 50, RELAY_XOFF)); /* once is enough */
    assert_int_equal(manager_work(half_manager(&f))->xoffs_sent, 1);
    f.edge_station = object_station(f.edge);
    assert_int_equal(exit_to_destination(&f, out, sizeof out), 552);
    exit_expect(&f, RELAY_XON, STREAM, "\0\0\0\0\0", 5);
    assert_false(upload(&f, 400, RELAY_XOFF));
    exit_bench_fini(&f);
}

/* Cells that the window allows wait at the edge, not in a queue of which nobody knows how long it takes. */
static void a_busy_link_holds_the_streams_back(UNUSED void **state) {
    struct exit_bench f;
    exit_bench_init(&f);
    struct consensus_params params = consensus_params_default;
    params.congestion.cellq_high = 50;
    params.congestion.cellq_low = 10;
    exit_set_params(&f, &params);
    circuit_open_v3(&f.c, &f.origin, CIRC + 1, &(struct handshake_request){.wants_congestion_control = true});
    exit_open_stream(&f, STREAM);
    assert_int_equal(exit_push(&f, 1000), 50 + EDGE_CREDIT - 50 % (EDGE_CREDIT / 2));
    uint8_t tag[20];
    exit_hear_data(&f, STREAM, 4 * INC, tag); /* but all of the window goes when the link takes it */
    assert_null(peer_read(&f.origin));
    exit_bench_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(congestion_control_is_counted),
        cmocka_unit_test(a_consensus_without_congestion_control_grants_none),
        cmocka_unit_test(the_window_begins_with_four_increments),
        cmocka_unit_test(sendmes_that_have_no_place_close_the_circuit),
        cmocka_unit_test(each_31_cells_are_answered),
        cmocka_unit_test(an_origin_that_cannot_read_stops_one_stream),
        cmocka_unit_test(an_origin_may_ask_for_a_rate),
        cmocka_unit_test(a_rate_beyond_the_possible_is_none),
        cmocka_unit_test(what_waits_for_its_rate_may_end),
        cmocka_unit_test(without_congestion_control_there_is_no_xoff),
        cmocka_unit_test(a_destination_that_cannot_read_stops_the_origin),
        cmocka_unit_test(a_busy_link_holds_the_streams_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
