/* Handshakes by which a relay becomes a hop, beside ntor (manager_circuits_test.c): ntor-v3 and CREATE_FAST. */
#include "core/job.h"
#include "crypt/create_fast.h"
#include "support/two_hops.h"

struct asked {
    struct ntor_v3_client_state state;
    size_t length;
    uint8_t body[CELL_BODY_LEN];
};

/* A CREATE2 of ntor-v3 with this message. */
static void ask_v3(struct two_hops *f, struct asked *a, const char *message_hex) {
    uint8_t message[64], skin[NTOR_V3_ONIONSKIN_LEN + sizeof message];
    struct span span = {message, test_hex(message_hex, message, sizeof message)};
    assert_int_equal(ntor_v3_client_create(f->b.crypt, f->b.self.ntor.ed_id, f->b.self.ntor.onion[0].public,
                                           ntor_v3_for_circuits, span, &a->state, skin),
                     ERR_OK);
    struct create2_message create = {.type = HANDSHAKE_NTOR_V3,
                                     .data = {skin, NTOR_V3_ONIONSKIN_LEN + span.length}};
    struct bytes_out out = bytes_out(a->body, sizeof a->body);
    create2_encode(&out, &create);
    a->length = bytes_written(&out);
}

/* Read the CREATED2; the relay's message goes to message_out. */
static size_t created_v3(struct two_hops *f, const struct asked *a, uint8_t *message_out) {
    const struct peer_cell *cell = peer_read(&f->origin);
    struct span reply;
    uint8_t stream[92];
    assert_non_null(cell);
    assert_int_equal(cell->command, CELL_CREATED2);
    assert_int_equal(created2_decode((struct span){cell->body, CELL_BODY_LEN}, &reply), ERR_OK);
    assert_int_equal(ntor_v3_client_finish(f->b.crypt, &a->state, ntor_v3_for_circuits, reply, message_out,
                                           stream, sizeof stream),
                     ERR_OK);
    return reply.length - NTOR_V3_REPLY_LEN;
}

static void a_circuit_is_made_by_ntor_v3(UNUSED void **state) {
    struct two_hops f;
    struct asked a;
    uint8_t message[NTOR_V3_MESSAGE_MAX];
    two_hops_init(&f);
    ask_v3(&f, &a, "00");
    peer_send(&f.origin, CIRC, CELL_CREATE2, a.body, CELL_BODY_LEN);
    bench_jobs(&f.b);
    assert_int_equal(created_v3(&f, &a, message), 1);
    assert_int_equal(message[0], 0); /* nothing was asked for, nothing is granted */
    assert_int_equal(manager_work(bench_manager(&f.b, 1))->circuits_opened, 1);
    two_hops_fini(&f);
}

static void requests_that_cannot_be_granted_are_refused(UNUSED void **state) {
    static const char *const messages[] = {"", "01", "0103020207", "0103020206", "02010003020106"};
    for (size_t i = 0; i < COUNT(messages); i++) {
        struct two_hops f;
        struct asked a;
        two_hops_init(&f);
        ask_v3(&f, &a, messages[i]);
        peer_send(&f.origin, CIRC, CELL_CREATE2, a.body, CELL_BODY_LEN);
        bench_jobs(&f.b);
        peer_expect_destroy(&f.origin, CIRC, DESTROY_PROTOCOL);
        two_hops_fini(&f);
    }
}

static void a_client_may_create_fast(UNUSED void **state) {
    struct two_hops f;
    struct bench_peer client;
    uint8_t x[CREATE_FAST_LEN];
    struct circuit_keys keys;
    two_hops_init(&f);
    peer_connect(&client, &f.b, NULL);
    create_fast_client_create(f.b.crypt, x);
    peer_send(&client, CIRC, CELL_CREATE_FAST, x, sizeof x);
    const struct peer_cell *cell = peer_read(&client); /* no job was needed */
    assert_non_null(cell);
    assert_int_equal(cell->command, CELL_CREATED_FAST);
    assert_int_equal(create_fast_client_finish(f.b.crypt, x, cell->body, &keys), ERR_OK);
    assert_int_equal(manager_work(bench_manager(&f.b, client.station))->handshakes_fast, 1);

    struct bench_circuit c = {.peer = &client, .circ_id = CIRC};
    struct relay_message answer;
    f.b.crypt->layer_init(c.forward, LAYER_ORIGIN_FORWARD, &keys.forward);
    f.b.crypt->layer_init(c.backward, LAYER_ORIGIN_BACKWARD, &keys.backward);
    circuit_tell(&c, RELAY_TRUNCATE, 0, NULL, 0); /* the keys fit */
    assert_true(circuit_hear(&c, &answer));
    assert_int_equal(answer.command, RELAY_TRUNCATED);
    peer_free(&client);
    two_hops_fini(&f);
}

static void a_relay_may_not_create_fast(UNUSED void **state) {
    struct two_hops f;
    uint8_t x[CREATE_FAST_LEN] = {1};
    two_hops_init(&f);
    peer_send(&f.origin, CIRC, CELL_CREATE_FAST, x, sizeof x);
    peer_expect_destroy(&f.origin, CIRC, DESTROY_PROTOCOL);
    two_hops_fini(&f);
}

static void three_circuits(struct relay_config *config) {
    config->circuits_max_per_link = 3;
}

/* Whoever opens circuits without end is refused the next one, and has room again when one has gone. */
static void a_link_has_so_many_circuits(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    struct asked a;
    two_hops_init_with(&f, three_circuits);
    for (uint32_t i = 0; i < 3; i++)
        circuit_open(&c, &f.origin, CIRC + i);
    ask_v3(&f, &a, "00");
    for (uint32_t i = 3; i < 100; i++) {
        peer_send(&f.origin, CIRC + i, CELL_CREATE2, a.body, CELL_BODY_LEN);
        peer_expect_destroy(&f.origin, CIRC + i, DESTROY_RESOURCELIMIT);
    }
    assert_int_equal(manager_working_set(bench_manager(&f.b, 1), f.b.now).halves, 3);
    uint8_t none[CELL_BODY_LEN] = {0};
    peer_send(&f.origin, CIRC, CELL_DESTROY, none, sizeof none);
    circuit_open(&c, &f.origin, CIRC + 100);
    two_hops_fini(&f);
}

/* A worker that never answers does not keep the circuit; one that answers too late does no harm. */
static void a_handshake_without_an_answer_ends_the_circuit(UNUSED void **state) {
    struct two_hops f;
    struct asked a;
    two_hops_init(&f);
    ask_v3(&f, &a, "00");
    peer_send(&f.origin, CIRC, CELL_CREATE2, a.body, CELL_BODY_LEN);
    bench_pass(&f.b, 60 * NSEC_PER_S - 1);
    assert_int_equal(manager_working_set(bench_manager(&f.b, 1), f.b.now).halves, 1);
    bench_pass(&f.b, 1);
    peer_expect_destroy(&f.origin, CIRC, DESTROY_TIMEOUT);
    assert_int_equal(manager_working_set(bench_manager(&f.b, 1), f.b.now).halves, 0);
    bench_jobs(&f.b);
    assert_int_equal(manager_work(bench_manager(&f.b, 1))->circuits_opened, 0);
    two_hops_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_circuit_is_made_by_ntor_v3),
        cmocka_unit_test(requests_that_cannot_be_granted_are_refused),
        cmocka_unit_test(a_client_may_create_fast),
        cmocka_unit_test(a_relay_may_not_create_fast),
        cmocka_unit_test(a_link_has_so_many_circuits),
        cmocka_unit_test(a_handshake_without_an_answer_ends_the_circuit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
