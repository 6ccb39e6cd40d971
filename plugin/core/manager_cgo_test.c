/* Circuits whose origin has asked for counter galois onion: V1 messages, tags of 16 bytes, and what closes them. */
#include "support/exit_bench.h"

#define INC 31u

static const struct handshake_request both = {.wants_congestion_control = true, .wants_cgo = true};

static void set_up(struct exit_bench *f) {
    exit_bench_init(f);
    exit_set_params(f, &consensus_params_default);
    circuit_open_v3(&f->c, &f->origin, CIRC + 1, &both);
    assert_int_equal(f->c.format, RELAY_V1);
    exit_open_stream(f, STREAM);
}

static void cgo_is_granted_and_counted(UNUSED void **state) {
    struct exit_bench f;
    set_up(&f);
    assert_int_equal(manager_work(bench_manager(&f.b, f.origin.station))->circuits_cgo, 1);
    exit_bench_fini(&f);
}

/* A consensus without congestion control: then there is no CGO either, and the client, which would use it, is refused. */
static void cgo_needs_congestion_control(UNUSED void **state) {
    struct exit_bench f;
    struct consensus_params params = consensus_params_default;
    params.congestion.algorithm = CONGESTION_NONE;
    exit_bench_init(&f);
    exit_set_params(&f, &params);
    circuit_ask_v3(&f.c, &f.origin, CIRC + 1, &both);
    bench_jobs(&f.b);
    exit_expect_destroyed(&f, DESTROY_PROTOCOL);
    exit_bench_fini(&f);
}

static void chunks_of_the_destination_fill_v1_cells(UNUSED void **state) {
    struct exit_bench f;
    struct relay_message message;
    set_up(&f);
    exit_from_destination(&f, 'x', 2 * RELAY_V1_STREAM_DATA_MAX + 5);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(circuit_hear(&f.c, &message));
        assert_int_equal(message.command, RELAY_DATA);
        assert_int_equal(message.stream, STREAM);
        assert_int_equal(message.data.length, i < 2 ? RELAY_V1_STREAM_DATA_MAX : 5);
        assert_int_equal(message.data.data[0], 'x');
        assert_int_equal(message.data.data[message.data.length - 1], 'x');
    }
    assert_null(peer_read(&f.origin));
    exit_bench_fini(&f);
}

static void data_for_the_destination_lies_where_it_lay(UNUSED void **state) {
    struct exit_bench f;
    uint8_t bytes[RELAY_V1_STREAM_DATA_MAX], out[RELAY_V1_STREAM_DATA_MAX + 1];
    set_up(&f);
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    circuit_tell(&f.c, RELAY_DATA, STREAM, bytes, sizeof bytes);
    assert_int_equal(exit_to_destination(&f, out, sizeof out), sizeof bytes);
    assert_memory_equal(out, bytes, sizeof bytes);
    exit_bench_fini(&f);
}

static void sendmes_show_16_bytes(UNUSED void **state) {
    struct exit_bench f;
    uint8_t body[19] = {1, 0, TAG_LEN_CGO}, tag[TAG_LEN_MAX];
    set_up(&f);
    for (unsigned i = 0; i < 2 * INC; i++) {
        circuit_tell(&f.c, RELAY_DATA, STREAM, "x", 1);
        f.b.crypt->layer_tag(f.c.forward, tag);
        if (i % INC != INC - 1)
            continue;
        memcpy(body + 3, tag, TAG_LEN_CGO);
        exit_expect(&f, RELAY_SENDME, 0, body, sizeof body);
    }
    assert_null(peer_read(&f.origin));
    exit_bench_fini(&f);
}

/* The tag that the exit waits for, one of another cell, one of tor1's length. */
static void sendmes_have_to_show_16_bytes(UNUSED void **state) {
    for (unsigned fault = 0; fault < 3; fault++) {
        struct exit_bench f;
        uint8_t tag[TAG_LEN_MAX], body[23] = {1, 0, TAG_LEN_CGO};
        set_up(&f);
        exit_push(&f, 200);
        exit_hear_data(&f, STREAM, INC, tag);
        memcpy(body + 3, tag, TAG_LEN_MAX);
        if (fault == 1)
            body[3] ^= 1;
        if (fault == 2)
            body[2] = TAG_LEN_TOR1;
        exit_hear_data(&f, STREAM, 3 * INC, tag);
        f.b.now += 100 * NSEC_PER_MS;
        circuit_tell(&f.c, RELAY_SENDME, 0, body, fault == 2 ? 23 : 19);
        if (fault > 0)
            exit_expect_destroyed(&f, DESTROY_PROTOCOL);
        else
            exit_hear_data(&f, STREAM, INC, tag);
        exit_bench_fini(&f);
    }
}

/* A cell as the origin would send it, but for one of its bytes. */
static void send_changed(struct exit_bench *f, unsigned at) {
    struct relay_message message = {
        .command = RELAY_DATA, .stream = STREAM, .data = {(const uint8_t *)"x", 1}};
    struct work work = {0};
    uint8_t body[CELL_BODY_LEN];
    relay_message_encode(RELAY_V1, body, &message, NULL);
    body[at] ^= 0x80;
    struct crypt_cell cell = {.from = body, .to = body, .command = CELL_RELAY};
    f->b.crypt->layer_originate(f->c.forward, &cell, &work);
    peer_send(&f->origin, f->c.circ_id, CELL_RELAY, body, CELL_BODY_LEN);
}

static void what_v1_cannot_mean_closes_the_circuit(UNUSED void **state) {
    /* an unknown command, a length beyond the cell, a stream 0 where one must be (STREAM ^ 0x80 is another stream: harmless) */
    static const struct {
        unsigned at;
        bool is_fatal;
    } rows[] = {{16, true}, {17, true}, {20, false}};
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct exit_bench f;
        set_up(&f);
        send_changed(&f, rows[i].at);
        if (rows[i].is_fatal)
            exit_expect_destroyed(&f, DESTROY_PROTOCOL);
        else
            assert_null(peer_read(&f.origin));
        exit_bench_fini(&f);
    }
}

/* Changed on its way, a cell is for nobody, and there is nobody behind us. */
static void a_cell_that_was_changed_on_its_way_closes_the_circuit(UNUSED void **state) {
    struct exit_bench f;
    struct relay_message message = {
        .command = RELAY_DATA, .stream = STREAM, .data = {(const uint8_t *)"x", 1}};
    struct work work = {0};
    uint8_t body[CELL_BODY_LEN];
    set_up(&f);
    relay_message_encode(RELAY_V1, body, &message, NULL);
    struct crypt_cell cell = {.from = body, .to = body, .command = CELL_RELAY};
    f.b.crypt->layer_originate(f.c.forward, &cell, &work);
    body[18] ^= 1;
    peer_send(&f.origin, f.c.circ_id, CELL_RELAY, body, CELL_BODY_LEN);
    exit_expect_destroyed(&f, DESTROY_PROTOCOL);
    exit_bench_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cgo_is_granted_and_counted),
        cmocka_unit_test(cgo_needs_congestion_control),
        cmocka_unit_test(chunks_of_the_destination_fill_v1_cells),
        cmocka_unit_test(data_for_the_destination_lies_where_it_lay),
        cmocka_unit_test(sendmes_show_16_bytes),
        cmocka_unit_test(sendmes_have_to_show_16_bytes),
        cmocka_unit_test(what_v1_cannot_mean_closes_the_circuit),
        cmocka_unit_test(a_cell_that_was_changed_on_its_way_closes_the_circuit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
