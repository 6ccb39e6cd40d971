/* Circuits at one relay: made, refused, and ended from each side. */
#include "core/manager_state.h"
#include "support/two_hops.h"

/* --- made ------------------------------------------------------------------------------------------------------------ */

static void a_circuit_is_made_by_create2(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    two_hops_init(&f);
    circuit_ask(&c, &f.origin, CIRC);
    assert_null(peer_read(&f.origin)); /* the answer is still being worked out */
    bench_jobs(&f.b);
    assert_true(circuit_created(&c));
    assert_int_equal(manager_working_set(bench_manager(&f.b, 1), f.b.now).halves, 1);
    assert_int_equal(manager_work(bench_manager(&f.b, 1))->circuits_opened, 1);
    two_hops_fini(&f);
}

static void assert_active(struct two_hops *f, uint32_t links, uint32_t halves) {
    struct working_set set = manager_working_set(bench_manager(&f->b, 1), f->b.now);
    assert_int_equal(set.links_active, links);
    assert_int_equal(set.halves_active, halves);
}

static void the_working_set_is_that_of_the_last_second(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit a, b;
    two_hops_init(&f);
    circuit_open(&a, &f.origin, CIRC);
    circuit_open(&b, &f.origin, CIRC + 1);
    f.b.now += NSEC_PER_S;
    assert_active(&f, 1, 2);
    circuit_tell(&a, RELAY_DROP, 0, "", 0);
    assert_active(&f, 1, 2);
    f.b.now += NSEC_PER_S;
    assert_active(&f, 1, 1);
    f.b.now += NSEC_PER_S; /* it has done nothing since, and knows it all the same */
    assert_active(&f, 0, 0);
    assert_int_equal(manager_working_set(bench_manager(&f.b, 1), f.b.now).halves, 2);
    two_hops_fini(&f);
}

static void create_is_refused(UNUSED void **state) {
    static const struct {
        uint32_t circ_id;
        uint8_t command;
        uint16_t type, length;
    } cases[] = {
        {1, CELL_CREATE2, HANDSHAKE_NTOR, 84}, /* the high bit is for whoever dialled */
        {CIRC, CELL_CREATE2, HANDSHAKE_NTOR, 83},     {CIRC, CELL_CREATE2, HANDSHAKE_NTOR, 85},
        {CIRC, CELL_CREATE2, HANDSHAKE_NTOR, 506},    {CIRC, CELL_CREATE2, HANDSHAKE_NTOR_V3, 84},
        {CIRC, CELL_CREATE2, HANDSHAKE_TAP, 84},      {CIRC, CELL_CREATE, HANDSHAKE_NTOR, 84},
        {CIRC, CELL_CREATE_FAST, HANDSHAKE_NTOR, 84},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct two_hops f;
        two_hops_init(&f);
        uint8_t body[CELL_BODY_LEN] = {0};
        store_u16(body, cases[i].type);
        store_u16(body + 2, cases[i].length);
        peer_send(&f.origin, cases[i].circ_id, cases[i].command, body, sizeof body);
        peer_expect_destroy(&f.origin, cases[i].circ_id, DESTROY_PROTOCOL);
        assert_int_equal(f.b.ports[1].count, 0); /* no job, and the link lives */
        two_hops_fini(&f);
    }
}

static void circuit_0_is_no_circuit(UNUSED void **state) {
    struct two_hops f;
    two_hops_init(&f);
    peer_send(&f.origin, 0, CELL_CREATE2, "\0\2\0\124", 4);
    assert_null(peer_read(&f.origin));
    assert_int_equal(f.b.ports[1].count, 0);
    two_hops_fini(&f);
}

static void an_onion_skin_for_another_relay_is_refused(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    two_hops_init(&f);
    f.b.self.ntor.rsa_id[0] ^= 1;
    circuit_ask(&c, &f.origin, CIRC);
    f.b.self.ntor.rsa_id[0] ^= 1;
    bench_jobs(&f.b);
    peer_expect_destroy(&f.origin, CIRC, DESTROY_PROTOCOL);
    two_hops_fini(&f);
}

static void an_id_in_use_ends_the_circuit_that_has_it(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    two_hops_init(&f);
    circuit_open(&c, &f.origin, CIRC);
    circuit_ask(&c, &f.origin, CIRC);
    peer_expect_destroy(&f.origin, CIRC, DESTROY_PROTOCOL);
    circuit_open(&c, &f.origin, CIRC); /* free again */
    two_hops_fini(&f);
}

static void a_result_for_a_circuit_that_is_gone_is_dropped(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    two_hops_init(&f);
    circuit_ask(&c, &f.origin, CIRC);
    peer_send(&f.origin, CIRC, CELL_DESTROY, "", 1);
    circuit_ask(&c, &f.origin, CIRC); /* the same place and id, another tenant */
    bench_jobs(&f.b);
    assert_true(circuit_created(&c));
    assert_null(peer_read(&f.origin));
    two_hops_fini(&f);
}

static void five_circuits(struct relay_config *config) {
    config->circuits_max_per_manager = 5;
}

static void circuits_have_a_limit(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    two_hops_init_with(&f, five_circuits);
    for (uint32_t i = 0; i < 5; i++)
        (void)two_hops_open(&f, &c, CIRC + i);
    circuit_ask(&c, &f.origin, CIRC + 5);
    peer_expect_destroy(&f.origin, CIRC + 5, DESTROY_RESOURCELIMIT);
    two_hops_fini(&f);
}

/* Of those that were never used each stays for as long as others are left that came before it. */
static void who_uses_no_circuits_loses_them_first(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit used, c;
    two_hops_init_with(&f, five_circuits);
    for (uint32_t i = 0; i < 2; i++)
        circuit_open(&c, &f.origin, CIRC + i);
    (void)two_hops_open(&f, &used, CIRC + 2);
    for (uint32_t i = 3; i < 5; i++)
        circuit_open(&c, &f.origin, CIRC + i);
    for (uint32_t i = 5; i < 50; i++) {
        circuit_ask(&c, &f.origin, CIRC + i);
        peer_expect_destroy(&f.origin, CIRC + i - (i < 7 ? 5 : 4), DESTROY_RESOURCELIMIT);
        bench_jobs(&f.b);
        assert_true(circuit_created(&c));
    }
    circuit_tell(&used, RELAY_DROP, 0, "", 0);
    assert_null(peer_read(&f.origin)); /* it is as it was */
    assert_int_equal(manager_working_set(bench_manager(&f.b, f.origin.station), f.b.now).halves, 5);
    two_hops_fini(&f);
}

/* --- ended ----------------------------------------------------------------------------------------------------------- */

static void destroy_goes_on_without_its_reason(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c, second;
    two_hops_init(&f);
    uint32_t id = two_hops_open(&f, &c, CIRC), id_2 = two_hops_open(&f, &second, CIRC + 1);
    peer_send(&f.origin, CIRC, CELL_DESTROY, "\5", 1);
    peer_expect_destroy(&f.next, id, DESTROY_DESTROYED);
    assert_null(peer_read(&f.origin)); /* not back to where it came from */
    peer_send(&f.next, id_2, CELL_DESTROY, "\5", 1);
    peer_expect_destroy(&f.origin, CIRC + 1, DESTROY_DESTROYED);
    assert_null(peer_read(&f.next));
    assert_int_equal(manager_working_set(bench_manager(&f.b, 1), f.b.now).halves, 0);
    assert_int_equal(manager_working_set(bench_manager(&f.b, 2), f.b.now).halves, 0);
    peer_send(&f.next, id, CELL_DESTROY, "", 0); /* for nobody: harmless */
    peer_send(&f.next, id, CELL_RELAY, "", 0);
    assert_null(peer_read(&f.next));
    two_hops_fini(&f);
}

static void a_link_takes_its_circuits_with_it(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    two_hops_init(&f);
    (void)two_hops_open(&f, &c, CIRC);
    manager_link_closed(bench_manager(&f.b, 2), f.b.now, f.next.link);
    bench_run(&f.b);
    peer_expect_destroy(&f.origin, CIRC, DESTROY_CHANNEL_CLOSED);

    link_handshake_free(f.next.handshake);
    f.next.handshake = NULL;
    circuit_open(&c, &f.origin, CIRC);
    circuit_extend(&c, &f.next_id, 0x33); /* is dialled anew */
    struct fake_request dial;
    station_id station = fake_take(&f.b.ports[1], FAKE_DIAL, &dial) ? 1 : 2;
    if (station == 2)
        assert_true(fake_take(&f.b.ports[2], FAKE_DIAL, &dial));
    assert_int_equal(peer_answer(&f.next, station, dial.id), ERR_OK);
    peer_shake_hands(&f.next);
    uint32_t id = two_hops_read_create(&f, 0x33);
    manager_link_closed(bench_manager(&f.b, 1), f.b.now, f.origin.link);
    bench_run(&f.b);
    peer_expect_destroy(&f.next, id, DESTROY_CHANNEL_CLOSED);
    assert_int_equal(manager_working_set(bench_manager(&f.b, 1), f.b.now).halves, 0);
    assert_int_equal(manager_working_set(bench_manager(&f.b, 2), f.b.now).halves, 0);
    two_hops_fini(&f);
}

/* Cells for a peer that does not read are kept up to the consensus' bound. */
static void a_queue_that_grows_too_long_ends_the_circuit(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    two_hops_init(&f);
    struct consensus_params params = consensus_params_default;
    params.circ_max_cell_queue_size_out = 50;
    struct consensus_view *view = consensus_view_new(&f.memory.memory, &params, NULL, 0);
    assert_non_null(view);
    manager_set_consensus(bench_manager(&f.b, 1), f.b.now, view);
    manager_set_consensus(bench_manager(&f.b, 2), f.b.now, view);
    consensus_view_drop(view);
    uint32_t id = two_hops_open(&f, &c, CIRC);
    for (unsigned i = 0; i < 50; i++)
        peer_send(&f.origin, CIRC, CELL_RELAY, "\377\377\377\377", 4);
    assert_int_equal(manager_working_set(bench_manager(&f.b, 2), f.b.now).halves, 1);
    peer_send(&f.origin, CIRC, CELL_RELAY, "\377\377\377\377", 4);
    peer_expect_destroy(&f.next, id, DESTROY_RESOURCELIMIT); /* and the cells are gone */
    assert_null(peer_read(&f.next));
    peer_expect_destroy(&f.origin, CIRC, DESTROY_DESTROYED);
    two_hops_fini(&f);
}

/* Last words are said when there is memory to say them in, and by no more than a few before. */
static void what_cannot_be_said_is_said_later(UNUSED void **state) {
    enum { CIRCUITS = FAREWELLS_AT_ONCE + 5 };
    struct two_hops f;
    struct bench_circuit c;
    two_hops_init(&f);
    for (uint32_t i = 0; i < CIRCUITS; i++)
        (void)two_hops_open(&f, &c, CIRC + i);
    test_memory_fail_after(&f.memory, 0);
    manager_link_closed(bench_manager(&f.b, 1), f.b.now, f.origin.link);
    bench_run(&f.b);
    assert_int_equal(manager_working_set(bench_manager(&f.b, 1), f.b.now).halves, 0);
    assert_int_equal(manager_working_set(bench_manager(&f.b, 2), f.b.now).halves, 5);
    nsec again_at = manager_next_wake(bench_manager(&f.b, 1));
    assert_in_range(again_at, f.b.now + 1, f.b.now + NSEC_PER_S);
    f.memory.allocations_max = UINT32_MAX;
    bench_pass(&f.b, again_at - f.b.now);
    assert_int_equal(manager_working_set(bench_manager(&f.b, 2), f.b.now).halves, 0);
    assert_true(manager_next_wake(bench_manager(&f.b, 1)) > f.b.now + NSEC_PER_S);
    two_hops_fini(&f);
}

static void memory_of_many_goes_back_after_a_while(UNUSED void **state) {
    enum { CIRCUITS = 900 };
    struct two_hops f;
    struct bench_circuit c;
    two_hops_init(&f);
    struct manager *m = bench_manager(&f.b, 1);
    for (uint32_t i = 0; i < CIRCUITS; i++)
        circuit_open(&c, &f.origin, CIRC + i);
    size_t full = f.memory.bytes_live;
    assert_true(manager_trim_at(m) == NSEC_NEVER);
    for (uint32_t i = 1; i < CIRCUITS; i++)
        peer_send(&f.origin, CIRC + i, CELL_DESTROY, "", 1);
    assert_true(manager_trim_at(m) == f.b.now + TRIM_AFTER);
    manager_trim(m);
    assert_true(manager_trim_at(m) == NSEC_NEVER);
    assert_true(f.memory.bytes_live < full - CIRCUITS * sizeof(struct half) / 4 * 3);
    assert_int_equal(manager_working_set(m, f.b.now).halves, 1);
    circuit_open(&c, &f.origin, CIRC + 1);
    two_hops_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_circuit_is_made_by_create2),
        cmocka_unit_test(the_working_set_is_that_of_the_last_second),
        cmocka_unit_test(create_is_refused),
        cmocka_unit_test(circuit_0_is_no_circuit),
        cmocka_unit_test(an_onion_skin_for_another_relay_is_refused),
        cmocka_unit_test(an_id_in_use_ends_the_circuit_that_has_it),
        cmocka_unit_test(a_result_for_a_circuit_that_is_gone_is_dropped),
        cmocka_unit_test(circuits_have_a_limit),
        cmocka_unit_test(who_uses_no_circuits_loses_them_first),
        cmocka_unit_test(destroy_goes_on_without_its_reason),
        cmocka_unit_test(a_link_takes_its_circuits_with_it),
        cmocka_unit_test(what_cannot_be_said_is_said_later),
        cmocka_unit_test(memory_of_many_goes_back_after_a_while),
        cmocka_unit_test(a_queue_that_grows_too_long_ends_the_circuit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
