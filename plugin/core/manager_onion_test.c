/* Introduction and rendezvous points: services and clients meet at a relay whose threads have their circuits. */
#include "crypt/intro_auth.h"
#include "support/relay_bench.h"
#include "support/test.h"
#include "support/test_memory.h"
#include "wire/onion_messages.h"

#define CIRC    0x80000001u
#define THREADS 4u  /* 0 to 3 connection threads */
#define ROUNDS  30u /* of cells each way */
#define EARLY   64u /* cells that wait for a join */

/* Two relays' links, with a circuit on each: the service's and the client's. */
struct meeting {
    struct test_memory memory;
    struct bench b;
    struct symbolic_identity service_id, client_id;
    struct bench_peer service, client;
    struct bench_circuit s, c;
    uint8_t auth_seed[32], auth_key[32];
};

static void set_up_with(struct meeting *f, uint16_t threads, bool client_is_relay) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    bench_init(&f->b, &f->memory.memory, threads);
    assert_true(bench_start(&f->b));
    symbolic_identity_make(&f->service_id, f->b.crypt, 2);
    symbolic_identity_make(&f->client_id, f->b.crypt, 3);
    peer_connect(&f->service, &f->b, &f->service_id);
    peer_connect(&f->client, &f->b, client_is_relay ? &f->client_id : NULL);
    circuit_open(&f->s, &f->service, CIRC);
    circuit_open(&f->c, &f->client, CIRC);
    memset(f->auth_seed, 0x77, sizeof f->auth_seed);
    symbolic_ed25519_public(f->auth_seed, f->auth_key);
}

static void set_up(struct meeting *f, uint16_t threads) {
    set_up_with(f, threads, true);
}

static void tear_down(struct meeting *f) {
    peer_free(&f->service);
    peer_free(&f->client);
    bench_stop(&f->b);
    test_memory_fini(&f->memory);
}

static void expect(struct bench_circuit *c, uint8_t command, const void *data, size_t length) {
    struct relay_message message;
    assert_true(circuit_hear(c, &message));
    assert_int_equal(message.command, command);
    assert_int_equal(message.stream, 0);
    assert_int_equal(message.data.length, length);
    if (length)
        assert_memory_equal(message.data.data, data, length);
}

static void expect_destroy(struct bench_circuit *c, uint8_t reason) {
    const struct peer_cell *cell = peer_read(c->peer);
    assert_non_null(cell);
    assert_int_equal(cell->command, CELL_DESTROY);
    assert_int_equal(cell->circ_id, c->circ_id);
    assert_int_equal(cell->body[0], reason);
}

static void expect_nothing(struct bench_circuit *c) {
    assert_null(peer_read(c->peer));
}

/* --- introductions ---------------------------------------------------------------------------------------------------- */

static void tell_establish_intro(struct meeting *f, struct bench_circuit *c,
                                 const struct intro_limit *limit) {
    static const struct intro_limit none = {.kind = INTRO_LIMIT_CONSENSUS};
    uint8_t body[ESTABLISH_INTRO_LEN_MAX];
    size_t length =
        intro_auth_write(f->b.crypt, f->auth_seed, f->auth_key, limit ? limit : &none, c->kh, body);
    circuit_tell(c, RELAY_ESTABLISH_INTRO, 0, body, length);
}

static void establish(struct meeting *f, const struct intro_limit *limit) {
    tell_establish_intro(f, &f->s, limit);
    expect_nothing(&f->s);
    bench_jobs(&f->b); /* the signature */
    expect(&f->s, RELAY_INTRO_ESTABLISHED, "\0", 1);
}

static size_t introduction_body(const struct meeting *f, uint8_t fill, size_t encrypted, uint8_t *room) {
    uint8_t bytes[RELAY_DATA_MAX];
    memset(bytes, fill, sizeof bytes);
    struct introduce1_message m = {.encrypted = {bytes, encrypted}};
    memcpy(m.auth_key, f->auth_key, sizeof m.auth_key);
    struct bytes_out out = bytes_out(room, RELAY_DATA_MAX);
    introduce1_encode(&out, &m);
    CHECK(bytes_out_ok(&out));
    return bytes_written(&out);
}

static void introduce(struct meeting *f, struct bench_circuit *c, uint8_t fill, uint8_t status) {
    uint8_t body[RELAY_DATA_MAX];
    size_t length = introduction_body(f, fill, 246, body);
    const uint8_t ack[] = {0, status, 0};
    circuit_tell(c, RELAY_INTRODUCE1, 0, body, length);
    if (status == INTRODUCE_SUCCESS)
        expect(&f->s, RELAY_INTRODUCE2, body, length);
    else
        expect_nothing(&f->s);
    expect(c, RELAY_INTRODUCE_ACK, ack, sizeof ack);
}

static void an_introduction_reaches_the_service(UNUSED void **state) {
    for (uint16_t threads = 0; threads < THREADS; threads++) {
        struct meeting f;
        set_up(&f, threads);
        establish(&f, NULL);
        introduce(&f, &f.c, 0x11, INTRODUCE_SUCCESS);
        struct bench_circuit second;
        circuit_open(&second, &f.client, CIRC + 1);
        introduce(&f, &second, 0x22, INTRODUCE_SUCCESS);
        tear_down(&f);
    }
}

static void a_service_that_is_not_there_is_not_acknowledged(UNUSED void **state) {
    for (uint16_t threads = 0; threads < THREADS; threads++) {
        struct meeting f;
        set_up(&f, threads);
        introduce(&f, &f.c, 0x11, INTRODUCE_UNKNOWN_ID);
        establish(&f, NULL);
        peer_send(&f.service, CIRC, CELL_DESTROY, "", 0);
        struct bench_circuit second;
        circuit_open(&second, &f.client, CIRC + 1);
        introduce(&f, &second, 0x11, INTRODUCE_UNKNOWN_ID);
        tear_down(&f);
    }
}

static void a_client_whose_introduction_failed_may_extend(UNUSED void **state) {
    struct meeting f;
    struct symbolic_identity next;
    struct fake_request request;
    set_up(&f, 0);
    symbolic_identity_make(&next, f.b.crypt, 4);
    introduce(&f, &f.c, 0x11, INTRODUCE_UNKNOWN_ID);
    circuit_extend(&f.c, &next, 1);
    assert_true(fake_take(&f.b.ports[0], FAKE_DIAL, &request));
    tear_down(&f);
}

static void an_introduction_that_cannot_be_read_is_refused(UNUSED void **state) {
    struct meeting f;
    set_up(&f, 1);
    uint8_t zeros[60] = {0};
    circuit_tell(&f.c, RELAY_INTRODUCE1, 0, zeros, sizeof zeros);
    expect(&f.c, RELAY_INTRODUCE_ACK, "\0\2\0", 3);
    tear_down(&f);
}

static void a_circuit_introduces_once(UNUSED void **state) {
    struct meeting f;
    uint8_t body[RELAY_DATA_MAX];
    set_up(&f, 2);
    establish(&f, NULL);
    introduce(&f, &f.c, 0x11, INTRODUCE_SUCCESS);
    size_t length = introduction_body(&f, 0x12, 246, body);
    circuit_tell(&f.c, RELAY_INTRODUCE1, 0, body, length);
    expect_destroy(&f.c, DESTROY_PROTOCOL);
    expect_nothing(&f.s);
    tear_down(&f);
}

static void a_neighbour_that_is_no_relay_may_not_introduce(UNUSED void **state) {
    struct meeting f;
    uint8_t body[RELAY_DATA_MAX];
    set_up_with(&f, 2, false);
    establish(&f, NULL);
    size_t length = introduction_body(&f, 0x11, 246, body);
    circuit_tell(&f.c, RELAY_INTRODUCE1, 0, body, length);
    expect_destroy(&f.c, DESTROY_PROTOCOL);
    expect_nothing(&f.s);
    tear_down(&f);
}

static void what_does_not_prove_its_key_is_refused(UNUSED void **state) {
    for (unsigned what = 0; what < 5; what++) {
        struct meeting f;
        uint8_t body[ESTABLISH_INTRO_LEN_MAX];
        const struct intro_limit limit = {.kind = INTRO_LIMIT_CONSENSUS};
        set_up(&f, 1);
        if (what == 0)
            f.s.kh[0] ^= 1; /* another circuit's */
        if (what == 1)
            f.auth_seed[0] ^= 1; /* another's key */
        size_t length = intro_auth_write(f.b.crypt, f.auth_seed, f.auth_key, &limit, f.s.kh, body);
        if (what == 2)
            body[length - 1] ^= 1;
        if (what == 3)
            body[0] = 0; /* version 2 */
        if (what == 4)
            length -= 1;
        circuit_tell(&f.s, RELAY_ESTABLISH_INTRO, 0, body, length);
        bench_jobs(&f.b);
        expect_destroy(&f.s, DESTROY_PROTOCOL);
        tear_down(&f);
    }
}

static void a_circuit_has_one_role(UNUSED void **state) {
    static const uint8_t commands[] = {RELAY_ESTABLISH_INTRO, RELAY_INTRODUCE1, RELAY_ESTABLISH_RENDEZVOUS,
                                       RELAY_RENDEZVOUS1, RELAY_EXTEND2};
    for (size_t i = 0; i < COUNT(commands); i++) {
        struct meeting f;
        uint8_t cookie[REND_COOKIE_LEN] = {1};
        set_up(&f, 1);
        establish(&f, NULL);
        if (commands[i] == RELAY_ESTABLISH_INTRO)
            tell_establish_intro(&f, &f.s, NULL);
        else if (commands[i] == RELAY_EXTEND2)
            circuit_extend(&f.s, &f.client_id, 1);
        else
            circuit_tell(&f.s, commands[i], 0, cookie, sizeof cookie);
        expect_destroy(&f.s, DESTROY_PROTOCOL);
        tear_down(&f);
    }
}

/* The service comes back over another circuit: the old one goes, and what is introduced reaches the new one. */
static void a_service_may_come_again(UNUSED void **state) {
    for (uint16_t threads = 0; threads < THREADS; threads++) {
        struct meeting f;
        set_up(&f, threads);
        establish(&f, NULL);
        struct bench_circuit old = f.s;
        circuit_open(&f.s, &f.service, CIRC + 1);
        tell_establish_intro(&f, &f.s, NULL);
        bench_jobs(&f.b);
        /* DESTROY goes ahead of everything on a link. */
        expect_destroy(&old, DESTROY_FINISHED);
        expect(&f.s, RELAY_INTRO_ESTABLISHED, "\0", 1);
        introduce(&f, &f.c, 0x11, INTRODUCE_SUCCESS);
        tear_down(&f);
    }
}

static unsigned introductions_let_through(struct meeting *f, unsigned attempts) {
    unsigned passed = 0;
    for (unsigned i = 0; i < attempts; i++) {
        struct bench_circuit client;
        struct relay_message ack;
        uint8_t body[RELAY_DATA_MAX];
        static uint32_t circ_id = CIRC + 100;
        circuit_open(&client, &f->client, circ_id++);
        circuit_tell(&client, RELAY_INTRODUCE1, 0, body, introduction_body(f, 1, 9, body));
        assert_true(circuit_hear(&client, &ack));
        assert_int_equal(ack.command, RELAY_INTRODUCE_ACK);
        bool is_through = ack.data.data[1] == INTRODUCE_SUCCESS;
        if (is_through)
            expect(&f->s, RELAY_INTRODUCE2, body, introduction_body(f, 1, 9, body));
        expect_nothing(&f->s);
        passed += is_through;
    }
    return passed;
}

/* Time passes in the bench while cells are read, so only the burst is exact, and only for rates that are small. */
static void a_service_may_limit_its_introductions(UNUSED void **state) {
    static const struct {
        struct intro_limit limit;
        bool consensus_limits;
        unsigned passed;
    } rows[] = {
        {{INTRO_LIMIT_SET, 1, 4}, false, 4},        {{INTRO_LIMIT_SET, 1, 4}, true, 4},
        {{INTRO_LIMIT_NONE, 0, 0}, true, 20},       {{INTRO_LIMIT_CONSENSUS, 0, 0}, true, 7},
        {{INTRO_LIMIT_CONSENSUS, 0, 0}, false, 20},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct meeting f;
        set_up(&f, 2);
        struct consensus_params params = consensus_params_default;
        params.intro_limit_enabled = rows[i].consensus_limits;
        params.intro_limit_rate = 1;
        params.intro_limit_burst = 7;
        struct consensus_view *view = consensus_view_new(&f.memory.memory, &params, NULL, 0);
        for (station_id s = 0; s <= 2; s++)
            manager_set_consensus(bench_manager(&f.b, s), f.b.now, view);
        consensus_view_drop(view);
        establish(&f, &rows[i].limit);
        unsigned passed = introductions_let_through(&f, 20);
        assert_in_range(passed, rows[i].passed, rows[i].passed + (rows[i].passed < 20));
        bench_pass(&f.b, 100 * NSEC_PER_S);
        assert_in_range(introductions_let_through(&f, 20), rows[i].passed,
                        rows[i].passed + (rows[i].passed < 20));
        tear_down(&f);
    }
}

static void the_service_may_go_while_it_is_proved(UNUSED void **state) {
    struct meeting f;
    set_up(&f, 1);
    tell_establish_intro(&f, &f.s, NULL);
    peer_send(&f.service, CIRC, CELL_DESTROY, "", 0);
    bench_jobs(&f.b);
    expect_nothing(&f.s);
    introduce(&f, &f.c, 0x11, INTRODUCE_UNKNOWN_ID);
    tear_down(&f);
}

/* --- rendezvous ------------------------------------------------------------------------------------------------------- */

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
        cmocka_unit_test(an_introduction_reaches_the_service),
        cmocka_unit_test(a_service_that_is_not_there_is_not_acknowledged),
        cmocka_unit_test(a_client_whose_introduction_failed_may_extend),
        cmocka_unit_test(an_introduction_that_cannot_be_read_is_refused),
        cmocka_unit_test(a_circuit_introduces_once),
        cmocka_unit_test(a_neighbour_that_is_no_relay_may_not_introduce),
        cmocka_unit_test(what_does_not_prove_its_key_is_refused),
        cmocka_unit_test(a_circuit_has_one_role),
        cmocka_unit_test(a_service_may_come_again),
        cmocka_unit_test(a_service_may_limit_its_introductions),
        cmocka_unit_test(the_service_may_go_while_it_is_proved),
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
