/* A relay that hibernates: what it refuses, what goes on, and which links close when. */
#include "core/relay.h"
#include "support/exit_bench.h"
#include "support/two_hops.h"

/* All managers and the controller, as a runtime tells them. */
static void hibernate(struct bench *b, enum hibernation hibernation) {
    controller_hibernate(relay_controller(b->relay), hibernation);
    for (station_id i = 0; i < relay_controller_station(b->relay); i++)
        manager_hibernate(bench_manager(b, i), b->now, hibernation);
    bench_run(b);
}

static bool is_hung_up(struct bench_peer *p) {
    struct fake_request request;
    return fake_take(&p->bench->ports[p->station], FAKE_HANGUP, &request) && request.id == p->link;
}

static enum err somebody_else_arrives(struct two_hops *f) {
    struct bench_peer other;
    peer_init(&other, &f->b, NULL);
    enum err e = peer_arrive(&other);
    peer_free(&other);
    return e;
}

static void ask_for_circuit(struct two_hops *f, uint32_t circ_id) {
    struct bench_circuit c;
    circuit_ask(&c, &f->origin, circ_id);
    bench_jobs(&f->b);
}

static void nothing_new_while_it_is_soft(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    uint8_t body[CELL_BODY_LEN] = {1};
    two_hops_init(&f);
    circuit_open(&c, &f.origin, CIRC);
    hibernate(&f.b, HIBERNATION_SOFT);
    ask_for_circuit(&f, CIRC + 1);
    peer_expect_destroy(&f.origin, CIRC + 1, DESTROY_HIBERNATING);
    assert_int_equal(somebody_else_arrives(&f), ERR_REFUSED);

    /* What is there goes on: the circuit is extended, and its cells pass, for as long as it likes. */
    circuit_extend(&c, &f.next_id, 0x11);
    two_hops_answer_dial(&f);
    uint32_t next_id = two_hops_read_create(&f, 0x11);
    two_hops_created(&f, next_id, 64);
    circuit_expect_extended(&c, 64);
    for (unsigned i = 0; i < 100; i++) {
        bench_pass(&f.b, NSEC_PER_S);
        assert_false(is_hung_up(&f.origin));
        assert_false(is_hung_up(&f.next));
    }
    peer_send(&f.next, next_id, CELL_RELAY, body, sizeof body);
    const struct peer_cell *cell = peer_read(&f.origin);
    assert_non_null(cell);
    assert_int_equal(cell->circ_id, CIRC);
    two_hops_fini(&f);
}

static void a_link_closes_with_its_last_circuit(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    static const uint8_t reason[1] = {DESTROY_FINISHED};
    two_hops_init(&f);
    uint32_t next_id = two_hops_open(&f, &c, CIRC);
    hibernate(&f.b, HIBERNATION_SOFT);
    peer_send(&f.origin, CIRC, CELL_DESTROY, reason, sizeof reason);
    bench_pass(&f.b, NSEC_PER_S / 2);
    bench_pass(&f.b, 3 * NSEC_PER_S);
    assert_true(is_hung_up(&f.origin));
    assert_false(is_hung_up(&f.next)); /* it has not been sent its DESTROY yet */
    const struct peer_cell *cell = peer_read(&f.next);
    assert_non_null(cell);
    assert_int_equal(cell->command, CELL_DESTROY);
    assert_int_equal(cell->circ_id, next_id);
    bench_pass(&f.b, 2 * NSEC_PER_S);
    assert_true(is_hung_up(&f.next));
    two_hops_fini(&f);
}

/* It was dialled for an EXTEND, and its circuit is on the way from another thread. */
static void a_new_link_is_not_taken_for_one_that_was_left(UNUSED void **state) {
    struct two_hops f;
    two_hops_init(&f);
    hibernate(&f.b, HIBERNATION_SOFT);
    bench_pass(&f.b, NSEC_PER_S - 1);
    assert_false(is_hung_up(&f.origin));
    bench_pass(&f.b, 2 * NSEC_PER_S);
    assert_true(is_hung_up(&f.origin));
    two_hops_fini(&f);
}

static void all_links_close_when_it_is_dormant(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    struct bench_peer late;
    two_hops_init(&f);
    two_hops_open(&f, &c, CIRC);
    peer_init(&late, &f.b, NULL);
    struct link_facts facts = bench_facts(&f.b, false, &f.b.self.credentials, NULL);
    assert_int_equal(
        controller_accept(relay_controller(f.b.relay), f.b.now, &facts.peer, &late.link, &late.station),
        ERR_OK);
    hibernate(&f.b, HIBERNATION_DORMANT);
    assert_true(is_hung_up(&f.origin));
    assert_true(is_hung_up(&f.next));
    assert_int_equal(somebody_else_arrives(&f), ERR_REFUSED);
    /* TLS of one that had been accepted before ends only now. */
    assert_int_equal(manager_link_opened(bench_manager(&f.b, late.station), f.b.now, late.link, &facts),
                     ERR_LIMIT);
    bench_run(&f.b);
    for (station_id i = 0; i < relay_controller_station(f.b.relay); i++)
        assert_int_equal(manager_working_set(bench_manager(&f.b, i), f.b.now).halves, 0);
    peer_free(&late);

    /* And awake again, as if nothing had been. */
    hibernate(&f.b, HIBERNATION_NONE);
    struct bench_peer again;
    peer_connect(&again, &f.b, &f.origin_id);
    circuit_open(&c, &again, CIRC);
    for (unsigned i = 0; i < 10; i++)
        bench_pass(&f.b, NSEC_PER_S);
    assert_false(is_hung_up(&again));
    peer_free(&again);
    two_hops_fini(&f);
}

/* An EXTEND that waits for its link, and one that comes afterwards. */
static void extends_fail_when_it_is_dormant(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    struct fake_request request;
    two_hops_init(&f);
    circuit_open(&c, &f.origin, CIRC);
    circuit_extend(&c, &f.next_id, 0x11);
    controller_hibernate(relay_controller(f.b.relay), HIBERNATION_DORMANT);
    circuit_open(&c, &f.origin, CIRC + 1);
    circuit_extend(&c, &f.next_id, 0x11);
    peer_expect_destroy(&f.origin, CIRC + 1, DESTROY_HIBERNATING);
    hibernate(&f.b, HIBERNATION_DORMANT);
    assert_true(is_hung_up(&f.origin));
    assert_true(fake_take(&f.b.ports[2], FAKE_HANGUP, &request)); /* the one that was being dialled */
    two_hops_fini(&f);
}

static void no_new_streams_while_it_is_soft(UNUSED void **state) {
    struct exit_bench f;
    uint8_t tag[20];
    exit_bench_init(&f);
    exit_open_stream(&f, STREAM);
    hibernate(&f.b, HIBERNATION_SOFT);
    exit_begin(&f, STREAM + 1);
    exit_expect_end(&f, STREAM + 1, END_HIBERNATING);
    circuit_tell(&f.c, RELAY_BEGIN_DIR, STREAM + 2, NULL, 0);
    exit_expect_end(&f, STREAM + 2, END_NOTDIRECTORY); /* which it is not, awake or not */
    exit_from_destination(&f, 'x', 100);
    exit_hear_data(&f, STREAM, 1, tag);
    hibernate(&f.b, HIBERNATION_NONE);
    exit_open_stream(&f, STREAM + 1);
    exit_bench_fini(&f);
}

static void directory_here(struct relay_config *config) {
    config->is_directory = true;
}

static void no_directory_streams_while_it_is_soft(UNUSED void **state) {
    struct exit_bench f;
    exit_bench_init_with(&f, directory_here, false);
    hibernate(&f.b, HIBERNATION_SOFT);
    circuit_tell(&f.c, RELAY_BEGIN_DIR, STREAM, NULL, 0);
    exit_expect_end(&f, STREAM, END_HIBERNATING);
    exit_bench_fini(&f);
}

/* A destination that takes its last bytes slowly has them for a minute, but not from a dormant relay. */
static void edges_close_when_it_is_dormant(UNUSED void **state) {
    struct exit_bench f;
    static const uint8_t done[1] = {END_DONE};
    exit_bench_init(&f);
    exit_open_stream(&f, STREAM);
    edge_id lingering = f.edge;
    station_id lingers_at = f.edge_station;
    circuit_tell(&f.c, RELAY_DATA, STREAM, "last", 4);
    circuit_tell(&f.c, RELAY_END, STREAM, done, sizeof done);
    exit_open_stream(&f, STREAM + 1);
    hibernate(&f.b, HIBERNATION_DORMANT);
    struct fake_request request;
    bool has_lingering_closed = false, has_open_closed = false;
    for (station_id s = 1; s <= 2; s++) {
        while (fake_take(&f.b.ports[s], FAKE_EDGE_CLOSE, &request)) {
            has_lingering_closed |= request.id == lingering && s == lingers_at;
            has_open_closed |= request.id == f.edge;
        }
    }
    assert_true(has_lingering_closed);
    assert_true(has_open_closed);
    exit_bench_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_new_while_it_is_soft),
        cmocka_unit_test(a_link_closes_with_its_last_circuit),
        cmocka_unit_test(a_new_link_is_not_taken_for_one_that_was_left),
        cmocka_unit_test(all_links_close_when_it_is_dormant),
        cmocka_unit_test(extends_fail_when_it_is_dormant),
        cmocka_unit_test(no_new_streams_while_it_is_soft),
        cmocka_unit_test(no_directory_streams_while_it_is_soft),
        cmocka_unit_test(edges_close_when_it_is_dormant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
