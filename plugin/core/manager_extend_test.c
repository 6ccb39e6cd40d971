/* Circuits that go on: EXTEND2 over the controller to the next relay, EXTENDED2 back, and TRUNCATE. */
#include "support/two_hops.h"

/* --- extended -------------------------------------------------------------------------------------------------------- */

static void a_circuit_is_extended_and_carries_cells_both_ways(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    struct relay_message message;
    two_hops_init(&f);
    uint32_t id = two_hops_open(&f, &c, CIRC);
    assert_int_equal(id & 0x80000000u, 0x80000000u); /* here we dialled */

    /* Away from the origin our layer comes off; what is inside is not ours to read. */
    uint8_t inner[CELL_BODY_LEN], body[CELL_BODY_LEN];
    memset(inner, 0xee, sizeof inner);
    for (unsigned i = 0; i < 100; i++) {
        struct work work = {0};
        struct crypt_cell cell = {.from = inner, .to = body};
        f.b.crypt->layer_crypt(c.forward, &cell, 1, &work);
        peer_send(&f.origin, CIRC, i < 3 ? CELL_RELAY_EARLY : CELL_RELAY, body, sizeof body);
    }
    for (unsigned i = 0; i < 100; i++) {
        const struct peer_cell *cell = peer_read(&f.next);
        assert_non_null(cell);
        assert_int_equal(cell->command, i < 3 ? CELL_RELAY_EARLY : CELL_RELAY);
        assert_int_equal(cell->circ_id, id);
        assert_memory_equal(cell->body, inner, sizeof inner);
    }
    /* And on the way back it is put on. */
    for (unsigned i = 0; i < 100; i++)
        peer_send(&f.next, id, CELL_RELAY, inner, sizeof inner);
    for (unsigned i = 0; i < 100; i++) {
        const struct peer_cell *cell = peer_read(&f.origin);
        assert_non_null(cell);
        assert_int_equal(cell->command, CELL_RELAY);
        assert_memory_not_equal(cell->body, inner, sizeof inner);
        assert_false(circuit_peel(&c, cell, &message));
        assert_memory_equal(c.body, inner, sizeof inner);
    }
    assert_int_equal(manager_work(bench_manager(&f.b, 1))->cells_crossed, 100);
    assert_int_equal(manager_work(bench_manager(&f.b, 2))->cells_crossed, 100);
    two_hops_fini(&f);
}

/* A next relay that keeps silent does not keep the circuit. */
static void an_extend_without_an_answer_ends_the_circuit(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    two_hops_init(&f);
    circuit_open(&c, &f.origin, CIRC);
    nsec asked = f.b.now;
    circuit_extend(&c, &f.next_id, 1);
    two_hops_answer_dial(&f);
    uint32_t id = two_hops_read_create(&f, 1);
    bench_pass(&f.b, asked + 90 * NSEC_PER_S - 1 - f.b.now);
    assert_int_equal(manager_working_set(bench_manager(&f.b, 1), f.b.now).halves, 1);
    bench_pass(&f.b, 1);
    peer_expect_destroy(&f.origin, CIRC, DESTROY_TIMEOUT);
    peer_expect_destroy(&f.next, id, DESTROY_DESTROYED);
    assert_int_equal(manager_working_set(bench_manager(&f.b, 1), f.b.now).halves, 0);
    assert_int_equal(manager_working_set(bench_manager(&f.b, 2), f.b.now).halves, 0);
    two_hops_fini(&f);
}

static void an_extended_circuit_has_no_deadline(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    two_hops_init(&f);
    two_hops_open(&f, &c, CIRC);
    bench_pass(&f.b, 3600 * NSEC_PER_S);
    assert_int_equal(manager_working_set(bench_manager(&f.b, 1), f.b.now).halves, 1);
    two_hops_fini(&f);
}

static void a_second_circuit_takes_the_same_link(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c, second;
    two_hops_init(&f);
    uint32_t id = two_hops_open(&f, &c, CIRC);
    assert_int_not_equal(two_hops_open(&f, &second, CIRC + 1), id);
    assert_int_equal(f.b.ports[2].traced[TRACE_LINK_DIAL], 1);
    two_hops_fini(&f);
}

/* CREATED2 may be longer than what fits our message to the other thread, and EXTENDED2 is shorter still. */
static void a_created2_of_any_length_does_no_harm(UNUSED void **state) {
    static const struct {
        size_t length;
        bool is_passed_on;
    } cases[] = {{0, true},    {64, true},   {496, true},  {497, false},
                 {505, false}, {506, false}, {507, false}, {508, false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct two_hops f;
        struct bench_circuit c;
        two_hops_init(&f);
        circuit_open(&c, &f.origin, CIRC);
        circuit_extend(&c, &f.next_id, 1);
        two_hops_answer_dial(&f);
        uint32_t id = two_hops_read_create(&f, 1);
        two_hops_created(&f, id, cases[i].length);
        struct relay_message message;
        if (cases[i].is_passed_on) {
            assert_true(circuit_hear(&c, &message));
            assert_int_equal(message.command, RELAY_EXTENDED2);
            assert_int_equal(message.data.length, cases[i].length + 2);
        } else {
            const struct peer_cell *cell = peer_read(&f.origin);
            assert_non_null(cell);
            assert_int_equal(cell->command, CELL_DESTROY);
            cell = peer_read(&f.next);
            assert_non_null(cell);
            assert_int_equal(cell->command, CELL_DESTROY);
        }
        two_hops_fini(&f);
    }
}

enum extend_fault {
    NOT_EARLY,
    OURSELVES,
    BACK_BY_RSA,
    BACK_BY_ED,
    NOBODY,
    NO_ADDRESS,
    CUT,
    LEGACY,
    EXTEND_FAULTS
};

static void extend_wrongly(struct two_hops *f, struct bench_circuit *c, enum extend_fault fault) {
    struct extend2_message extend = {.ipv4 = f->next_id.credentials.advertised[0], .has_ed_id = true};
    uint8_t skin[84] = {0}, room[RELAY_DATA_MAX];
    extend.create = (struct create2_message){.type = HANDSHAKE_NTOR, .data = {skin, sizeof skin}};
    memcpy(extend.rsa_id, f->next_id.credentials.rsa_id, 20);
    memcpy(extend.ed_id, f->next_id.credentials.ed_id, 32);
    if (fault == OURSELVES)
        memcpy(extend.rsa_id, f->b.self.credentials.rsa_id, 20);
    if (fault == BACK_BY_RSA)
        memcpy(extend.rsa_id, f->origin_id.credentials.rsa_id, 20);
    if (fault == BACK_BY_ED)
        memcpy(extend.ed_id, f->origin_id.credentials.ed_id, 32);
    if (fault == NOBODY)
        memset(extend.rsa_id, 0, 20);
    if (fault == NO_ADDRESS)
        extend.ipv4.address.family = ADDRESS_NONE;
    struct bytes_out body = bytes_out(room, sizeof room);
    extend2_encode(&body, &extend);
    assert_true(bytes_out_ok(&body));
    size_t length = bytes_written(&body) - (fault == CUT);
    circuit_tell_as(c, fault == NOT_EARLY ? CELL_RELAY : CELL_RELAY_EARLY,
                    fault == LEGACY ? RELAY_EXTEND : RELAY_EXTEND2, 0, room, length);
}

static void extends_that_may_not_be_end_the_circuit(UNUSED void **state) {
    for (enum extend_fault fault = 0; fault < EXTEND_FAULTS; fault++) {
        struct two_hops f;
        struct bench_circuit c;
        two_hops_init(&f);
        circuit_open(&c, &f.origin, CIRC);
        extend_wrongly(&f, &c, fault);
        peer_expect_destroy(&f.origin, CIRC, DESTROY_PROTOCOL);
        assert_int_equal(f.b.ports[1].count + f.b.ports[2].count, 0); /* nothing was dialled */
        two_hops_fini(&f);
    }
}

static void only_public(struct relay_config *config) {
    config->allow_private_addresses = false;
}

static void private_addresses_are_refused_unless_allowed(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    two_hops_init_with(&f, only_public);
    circuit_open(&c, &f.origin, CIRC);
    circuit_extend(&c, &f.next_id, 1); /* 10.0.0.3 */
    peer_expect_destroy(&f.origin, CIRC, DESTROY_PROTOCOL);
    f.next_id.credentials.advertised[0].address = (struct address){ADDRESS_IPV4, {9, 9, 9, 9}};
    circuit_open(&c, &f.origin, CIRC);
    circuit_extend(&c, &f.next_id, 1);
    assert_int_equal(f.b.ports[2].requests[0].kind, FAKE_DIAL);
    two_hops_fini(&f);
}

static void a_second_extend_ends_the_circuit(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    two_hops_init(&f);
    uint32_t id = two_hops_open(&f, &c, CIRC);
    circuit_extend(&c, &f.next_id, 2);
    peer_expect_destroy(&f.origin, CIRC, DESTROY_PROTOCOL);
    peer_expect_destroy(&f.next, id, DESTROY_DESTROYED);
    two_hops_fini(&f);
}

static void a_dial_that_fails_ends_the_circuit(UNUSED void **state) {
    for (unsigned timed_out = 0; timed_out < 2; timed_out++) {
        struct two_hops f;
        struct bench_circuit c;
        struct fake_request request;
        two_hops_init(&f);
        circuit_open(&c, &f.origin, CIRC);
        circuit_extend(&c, &f.next_id, 1);
        assert_true(fake_take(&f.b.ports[2], FAKE_DIAL, &request));
        if (timed_out) {
            assert_true(manager_next_wake(bench_manager(&f.b, 2)) <= f.b.now + 60 * NSEC_PER_S);
            bench_pass(&f.b, 61 * NSEC_PER_S);
            assert_true(fake_take(&f.b.ports[2], FAKE_HANGUP, &request));
            struct link_facts facts = bench_facts(&f.b, true, &f.b.self.credentials, &f.next_id);
            assert_int_equal(manager_link_opened(bench_manager(&f.b, 2), f.b.now, request.id, &facts),
                             ERR_STALE);
        } else {
            manager_link_failed(bench_manager(&f.b, 2), f.b.now, request.id);
        }
        bench_run(&f.b);
        peer_expect_destroy(&f.origin, CIRC, DESTROY_CONNECTFAILED);
        circuit_open(&c, &f.origin, CIRC);
        circuit_extend(&c, &f.next_id, 1); /* may be tried again */
        uint32_t dials = f.b.ports[1].traced[TRACE_LINK_DIAL] + f.b.ports[2].traced[TRACE_LINK_DIAL];
        assert_int_equal(dials, 2);
        two_hops_fini(&f);
    }
}

static void a_relay_with_another_identity_is_not_extended_to(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    struct fake_request request;
    two_hops_init(&f);
    struct symbolic_identity wanted = f.next_id;
    wanted.credentials.ed_id[5] ^= 1;
    circuit_open(&c, &f.origin, CIRC);
    circuit_extend(&c, &wanted, 1);
    assert_true(fake_take(&f.b.ports[2], FAKE_DIAL, &request));
    assert_int_equal(peer_answer(&f.next, 2, request.id), ERR_OK);
    peer_shake_hands(&f.next);
    assert_true(fake_take(&f.b.ports[2], FAKE_HANGUP, &request));
    peer_expect_destroy(&f.origin, CIRC, DESTROY_OR_IDENTITY);
    two_hops_fini(&f);
}

/* --- at the wrong time ----------------------------------------------------------------------------------------------- */

static void an_origin_may_leave_while_it_is_extended(UNUSED void **state) {
    for (unsigned when = 0; when < 3; when++) {
        struct two_hops f;
        struct bench_circuit c;
        two_hops_init(&f);
        circuit_open(&c, &f.origin, CIRC);
        circuit_extend(&c, &f.next_id, 1);
        if (when == 0)
            peer_send(&f.origin, CIRC, CELL_DESTROY, "", 0);
        two_hops_answer_dial(&f);
        if (when == 1)
            peer_send(&f.origin, CIRC, CELL_DESTROY, "", 0);
        uint32_t id = 0;
        if (when == 2) {
            id = two_hops_read_create(&f, 1);
            peer_send(&f.origin, CIRC, CELL_DESTROY, "", 0);
        }
        const struct peer_cell *cell = peer_read(&f.next);
        assert_non_null(cell);
        assert_int_equal(cell->command, CELL_DESTROY);
        if (id)
            two_hops_created(&f, id, 64);
        assert_null(peer_read(&f.next));
        assert_int_equal(manager_working_set(bench_manager(&f.b, 2), f.b.now).halves, 0);
        two_hops_fini(&f);
    }
}

static void created2_at_the_wrong_time_ends_the_circuit(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    two_hops_init(&f);
    uint32_t id = two_hops_open(&f, &c, CIRC);
    two_hops_created(&f, id, 64); /* a second time */
    peer_expect_destroy(&f.next, id, DESTROY_PROTOCOL);
    peer_expect_destroy(&f.origin, CIRC, DESTROY_DESTROYED);
    circuit_open(&c, &f.origin, CIRC);
    peer_send(&f.origin, CIRC, CELL_CREATED2, "", 0); /* from the side of the origin */
    peer_expect_destroy(&f.origin, CIRC, DESTROY_PROTOCOL);
    two_hops_fini(&f);
}

/* --- truncated ------------------------------------------------------------------------------------------------------- */

static void a_truncated_circuit_may_be_extended_again(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    struct relay_message message;
    two_hops_init(&f);
    uint32_t id = two_hops_open(&f, &c, CIRC);
    circuit_tell(&c, RELAY_TRUNCATE, 0, "\3", 1);
    peer_expect_destroy(&f.next, id, DESTROY_REQUESTED);
    assert_true(circuit_hear(&c, &message));
    assert_int_equal(message.command, RELAY_TRUNCATED);
    circuit_extend(&c, &f.next_id, 0x22);
    id = two_hops_read_create(&f, 0x22);
    two_hops_created(&f, id, 10);
    circuit_expect_extended(&c, 10);
    two_hops_fini(&f);
}

/* The next hop ends the circuit at the moment in which it is cut off: what comes of that is not for the one that is left. */
static void a_hop_that_was_cut_off_cannot_end_the_circuit(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    struct relay_message message;
    uint8_t wire[CELL_LEN];
    two_hops_init(&f);
    uint32_t id = two_hops_open(&f, &c, CIRC);
    struct bytes_out out = bytes_out(wire, sizeof wire);
    cell_put(&out, 4, id, CELL_DESTROY, "", 0);
    peer_say(&f.next, wire, sizeof wire); /* its thread has not published that yet */
    circuit_tell(&c, RELAY_TRUNCATE, 0, "", 0);
    assert_true(circuit_hear(&c, &message));
    assert_int_equal(message.command, RELAY_TRUNCATED);
    assert_null(peer_read(&f.origin));
    assert_null(peer_read(&f.next));
    assert_int_equal(manager_working_set(bench_manager(&f.b, 1), f.b.now).halves, 1);
    two_hops_fini(&f);
}

/* What was asked before a TRUNCATE is answered after it, and must not be taken for the answer to what was asked then. */
static void answers_to_an_extend_that_was_truncated_are_void(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    struct relay_message message;
    two_hops_init(&f);
    circuit_open(&c, &f.origin, CIRC);
    circuit_extend(&c, &f.next_id, 0x11);
    circuit_tell(&c, RELAY_TRUNCATE, 0, "", 0); /* with no reason: tolerated */
    assert_true(circuit_hear(&c, &message));
    assert_int_equal(message.command, RELAY_TRUNCATED);
    circuit_extend(&c, &f.next_id, 0x22);
    two_hops_answer_dial(&f); /* both requests waited for it */
    const struct peer_cell *cell = peer_read(&f.next);
    assert_int_equal(cell->command,
                     CELL_DESTROY); /* overtakes, as it may, the first CREATE2 or comes alone */
    uint32_t id = two_hops_read_create(&f, 0x22);
    two_hops_created(&f, id, 20);
    circuit_expect_extended(&c, 20);
    assert_null(peer_read(&f.next));
    two_hops_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_circuit_is_extended_and_carries_cells_both_ways),
        cmocka_unit_test(an_extend_without_an_answer_ends_the_circuit),
        cmocka_unit_test(an_extended_circuit_has_no_deadline),
        cmocka_unit_test(a_second_circuit_takes_the_same_link),
        cmocka_unit_test(a_created2_of_any_length_does_no_harm),
        cmocka_unit_test(extends_that_may_not_be_end_the_circuit),
        cmocka_unit_test(private_addresses_are_refused_unless_allowed),
        cmocka_unit_test(a_second_extend_ends_the_circuit),
        cmocka_unit_test(a_dial_that_fails_ends_the_circuit),
        cmocka_unit_test(a_relay_with_another_identity_is_not_extended_to),
        cmocka_unit_test(an_origin_may_leave_while_it_is_extended),
        cmocka_unit_test(created2_at_the_wrong_time_ends_the_circuit),
        cmocka_unit_test(a_truncated_circuit_may_be_extended_again),
        cmocka_unit_test(a_hop_that_was_cut_off_cannot_end_the_circuit),
        cmocka_unit_test(answers_to_an_extend_that_was_truncated_are_void),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
