/* Rendezvous points: two circuits of a relay become one, whichever threads have them. */
#include "support/meeting_bench.h"

#define THREADS 4u  /* 0 to 3 connection threads */
#define ROUNDS  30u /* of cells each way */
#define EARLY   64u /* cells that wait for a join */

static const uint8_t cookie[REND_COOKIE_LEN] = "cookie of 20 bytes";

static void wait_for_service(struct meeting *f) {
    circuit_tell(&f->c, RELAY_ESTABLISH_RENDEZVOUS, 0, cookie, sizeof cookie);
    expect(&f->c, RELAY_RENDEZVOUS_ESTABLISHED, NULL, 0);
}

static void tell_rendezvous1(struct meeting *f) {
    uint8_t body[REND_COOKIE_LEN + 64];
    memcpy(body, cookie, sizeof cookie);
    memset(body + REND_COOKIE_LEN, 0x64, 64);
    circuit_tell(&f->s, RELAY_RENDEZVOUS1, 0, body, sizeof body);
}

static void meet(struct meeting *f) {
    uint8_t handshake[64];
    memset(handshake, 0x64, sizeof handshake);
    wait_for_service(f);
    tell_rendezvous1(f);
    expect(&f->c, RELAY_RENDEZVOUS2, handshake, sizeof handshake);
}

/* A body that the relay does not recognize, because it is another hop's: it must come to `to` as it left `from`. */
static void send_through(struct bench_circuit *from, struct bench_circuit *to, uint8_t command,
                         uint8_t fill) {
    const struct crypt_provider *crypt = from->peer->bench->crypt;
    struct work work = {0};
    struct relay_message message;
    uint8_t sent[CELL_BODY_LEN], body[CELL_BODY_LEN];
    memset(sent, fill, sizeof sent); /* `recognized` is not zero */
    struct crypt_cell cell = {.from = sent, .to = body, .command = command};
    crypt->layer_crypt(from->forward, &cell, 1, &work);
    peer_send(from->peer, from->circ_id, command, body, sizeof body);
    const struct peer_cell *got = peer_read(to->peer);
    assert_non_null(got);
    assert_int_equal(got->command, CELL_RELAY);
    assert_int_equal(got->circ_id, to->circ_id);
    assert_false(circuit_peel(to, got, &message));
    assert_memory_equal(to->body, sent, sizeof sent);
}

static void two_circuits_become_one(UNUSED void **state) {
    for (uint16_t threads = 0; threads < THREADS; threads++) {
        struct meeting f;
        set_up(&f, threads);
        meet(&f);
        for (unsigned i = 0; i < ROUNDS; i++) {
            send_through(&f.c, &f.s, i < 3 ? CELL_RELAY_EARLY : CELL_RELAY, (uint8_t)(1 + i));
            send_through(&f.s, &f.c, CELL_RELAY, (uint8_t)(101 + i));
        }
        circuit_tell(&f.c, RELAY_DROP, 0, "", 0); /* for us: it does not come out */
        expect_nothing(&f.s);
        send_through(&f.c, &f.s, CELL_RELAY, 0xee);
        tear_down(&f);
    }
}

static void the_end_of_one_is_the_end_of_the_other(UNUSED void **state) {
    for (uint16_t threads = 0; threads < THREADS; threads++) {
        for (unsigned client_ends = 0; client_ends < 2; client_ends++) {
            struct meeting f;
            set_up(&f, threads);
            meet(&f);
            peer_send(client_ends ? &f.client : &f.service, CIRC, CELL_DESTROY, "", 0);
            expect_destroy(client_ends ? &f.s : &f.c, DESTROY_DESTROYED);
            expect_nothing(client_ends ? &f.c : &f.s);
            tear_down(&f);
        }
    }
}

static void a_cookie_serves_once(UNUSED void **state) {
    for (uint16_t threads = 0; threads < THREADS; threads++) {
        struct meeting f;
        set_up(&f, threads);
        meet(&f);
        struct bench_circuit joined = f.s;
        circuit_open(&f.s, &f.service, CIRC + 1);
        tell_rendezvous1(&f);
        expect_destroy(&f.s, DESTROY_PROTOCOL);
        send_through(&f.c, &joined, CELL_RELAY, 5); /* the others do not care */
        tear_down(&f);
    }
}

static void a_cookie_is_one_clients(UNUSED void **state) {
    for (uint16_t threads = 0; threads < THREADS; threads++) {
        struct meeting f;
        set_up(&f, threads);
        wait_for_service(&f);
        struct bench_circuit second;
        circuit_open(&second, &f.client, CIRC + 1);
        circuit_tell(&second, RELAY_ESTABLISH_RENDEZVOUS, 0, cookie, sizeof cookie);
        expect_destroy(&second, DESTROY_PROTOCOL);
        tell_rendezvous1(&f);
        struct relay_message message;
        assert_true(circuit_hear(&f.c, &message));
        assert_int_equal(message.command, RELAY_RENDEZVOUS2);
        tear_down(&f);
    }
}

static void a_client_that_has_gone_is_not_met(UNUSED void **state) {
    for (uint16_t threads = 0; threads < THREADS; threads++) {
        struct meeting f;
        set_up(&f, threads);
        wait_for_service(&f);
        peer_send(&f.client, CIRC, CELL_DESTROY, "", 0);
        tell_rendezvous1(&f);
        expect_destroy(&f.s, DESTROY_PROTOCOL);
        circuit_open(&f.c, &f.client, CIRC + 1); /* the cookie is free again */
        wait_for_service(&f);
        tear_down(&f);
    }
}

static void messages_that_are_no_rendezvous(UNUSED void **state) {
    static const struct {
        uint8_t command;
        size_t length;
    } rows[] = {{RELAY_ESTABLISH_RENDEZVOUS, 19},
                {RELAY_ESTABLISH_RENDEZVOUS, 21},
                {RELAY_RENDEZVOUS1, 19},
                {RELAY_RENDEZVOUS1, 84}}; /* of nobody */
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct meeting f;
        uint8_t body[100] = {9};
        set_up(&f, 2);
        circuit_tell(&f.c, rows[i].command, 0, body, rows[i].length);
        expect_destroy(&f.c, DESTROY_PROTOCOL);
        tear_down(&f);
    }
}

/* RENDEZVOUS1 and count cells for the client, in one piece. */
static void say_at_once(struct meeting *f, unsigned count) {
    const struct crypt_provider *crypt = f->b.crypt;
    struct work work = {0};
    uint8_t wire[(EARLY + 2) * CELL_LEN], body[CELL_BODY_LEN], data[REND_COOKIE_LEN];
    struct bytes_out out = bytes_out(wire, sizeof wire);
    memcpy(data, cookie, sizeof data);
    struct relay_message message = {.command = RELAY_RENDEZVOUS1, .data = {data, sizeof data}};
    relay_message_encode(f->s.format, body, &message, NULL);
    for (unsigned i = 0; i <= count; i++) {
        struct crypt_cell cell = {.from = body, .to = body, .command = CELL_RELAY};
        if (i == 0)
            crypt->layer_originate(f->s.forward, &cell, &work);
        else
            crypt->layer_crypt(f->s.forward, &cell, 1, &work);
        cell_put(&out, 4, f->s.circ_id, CELL_RELAY, body, CELL_BODY_LEN);
        memset(body, (int)i + 1, sizeof body);
    }
    peer_say(&f->service, wire, bytes_written(&out));
    bench_run(&f->b);
}

static void hear_early(struct meeting *f, unsigned count) {
    struct relay_message message;
    expect(&f->c, RELAY_RENDEZVOUS2, NULL, 0);
    for (unsigned i = 0; i < count; i++) {
        const struct peer_cell *got = peer_read(&f->client);
        assert_non_null(got);
        assert_false(circuit_peel(&f->c, got, &message));
        assert_int_equal(f->c.body[0], i + 1);
    }
}

/* A service does not speak before its client; if it does, nothing is lost, but not without bound. */
static void cells_wait_for_the_join(UNUSED void **state) {
    for (unsigned count = EARLY; count <= EARLY + 1; count++) {
        struct meeting f;
        set_up(&f, 2);
        wait_for_service(&f);
        say_at_once(&f, count);
        if (count == EARLY) {
            hear_early(&f, count);
        } else {
            expect_destroy(&f.s, DESTROY_RESOURCELIMIT);
            expect_destroy(&f.c, DESTROY_DESTROYED);
        }
        tear_down(&f);
    }
}

static void a_single_hop_client_may_be_refused(UNUSED void **state) {
    for (unsigned is_refused = 0; is_refused < 2; is_refused++) {
        struct meeting f;
        set_up_with(&f, 1, false);
        struct consensus_params params = consensus_params_default;
        params.dos.refuse_single_hop = (int32_t)is_refused;
        struct consensus_view *view = consensus_view_new(&f.memory.memory, &params, NULL, 0);
        manager_set_consensus(bench_manager(&f.b, 1), f.b.now, view);
        consensus_view_drop(view);
        circuit_tell(&f.c, RELAY_ESTABLISH_RENDEZVOUS, 0, cookie, sizeof cookie);
        if (is_refused)
            expect_nothing(&f.c);
        else
            expect(&f.c, RELAY_RENDEZVOUS_ESTABLISHED, NULL, 0);
        tear_down(&f);
    }
}

/* --- without memory --------------------------------------------------------------------------------------------------- */

static void try_to_meet(struct meeting *f) {
    uint8_t body[RELAY_DATA_MAX];
    tell_establish_intro(f, &f->s, NULL);
    bench_jobs(&f->b);
    circuit_tell(&f->c, RELAY_INTRODUCE1, 0, body, introduction_body(f, 1, 9, body));
    circuit_tell(&f->c, RELAY_ESTABLISH_RENDEZVOUS, 0, cookie, sizeof cookie);
    tell_rendezvous1(f);
    peer_pull(&f->client);
    peer_pull(&f->service);
}

/* Whatever allocation fails, nothing leaks and nothing hangs on to what is gone. */
static void any_allocation_may_fail(UNUSED void **state) {
    for (unsigned has_service = 0; has_service < 2; has_service++) {
        for (uint32_t granted = 0; granted < 30; granted++) {
            struct meeting f;
            set_up(&f, 2);
            if (has_service)
                wait_for_service(&f);
            test_memory_fail_after(&f.memory, granted);
            if (has_service)
                tell_rendezvous1(&f);
            else
                try_to_meet(&f);
            f.memory.allocations_max = UINT32_MAX;
            bench_run(&f.b);
            peer_send(&f.service, CIRC, CELL_DESTROY, "", 0);
            peer_send(&f.client, CIRC, CELL_DESTROY, "", 0);
            for (station_id s = 1; s <= 2; s++)
                assert_int_equal(manager_working_set(bench_manager(&f.b, s), f.b.now).halves, 0);
            tear_down(&f);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_circuits_become_one),
        cmocka_unit_test(the_end_of_one_is_the_end_of_the_other),
        cmocka_unit_test(a_cookie_serves_once),
        cmocka_unit_test(a_cookie_is_one_clients),
        cmocka_unit_test(a_client_that_has_gone_is_not_met),
        cmocka_unit_test(messages_that_are_no_rendezvous),
        cmocka_unit_test(cells_wait_for_the_join),
        cmocka_unit_test(a_single_hop_client_may_be_refused),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
