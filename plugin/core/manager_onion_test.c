/* Introduction points: services and clients meet at a relay whose threads have their circuits. Rendezvous points:
 * manager_rendezvous_test.c. */
#include "support/meeting_bench.h"

#define THREADS 4u /* 0 to 3 connection threads */

static void establish(struct meeting *f, const struct intro_limit *limit) {
    tell_establish_intro(f, &f->s, limit);
    expect_nothing(&f->s);
    bench_jobs(&f->b); /* the signature */
    expect(&f->s, RELAY_INTRO_ESTABLISHED, "\0", 1);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
