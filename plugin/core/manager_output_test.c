/* What the scheduler lets links write, and how it is taken. */
#include "core/cell_pool.h"
#include "support/one_link.h"

#define LINK_HELD_MIN (NSEC_PER_MS / 10) /* as in manager_state.h */

/* Make n cells wait for the peer: answers to DROPs there are none, so ENDs to BEGINs. */
static void queue_cells(struct bench_circuit *c, unsigned n) {
    for (unsigned i = 0; i < n; i++)
        circuit_tell(c, RELAY_BEGIN_DIR, 1, "", 0);
}

static void tcp_bounds_what_is_granted(UNUSED void **state) {
    static const struct {
        uint32_t cwnd, unacked, mss, notsent, cells;
    } cases[] = {{10, 0, 514, 0, 20},    {10, 10, 514, 0, 10}, {10, 4, 514, 5140, 6},
                 {10, 10, 514, 5140, 0}, {1, 1, 513, 0, 0},    {200, 0, 1448, 0, 60}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct one_link f;
        struct bench_circuit c;
        one_link_init(&f);
        circuit_open(&c, &f.peer, CIRC);
        queue_cells(&c, 60);
        const struct tcp_facts facts = {.link = f.peer.link,
                                        .cwnd = cases[i].cwnd,
                                        .unacked = cases[i].unacked,
                                        .mss = cases[i].mss,
                                        .notsent = cases[i].notsent};
        assert_int_equal(f.b.ports[0].writers_count, 1);
        assert_int_equal(peer_pull_once(&f.peer, &facts), cases[i].cells);
        assert_int_equal(f.b.ports[0].writers_count, cases[i].cells < 60); /* the rest asks again, or waits */
        one_link_fini(&f);
    }
}

static void set_interval(struct one_link *f, int32_t interval_ms) {
    struct consensus_params params = consensus_params_default;
    params.kist_run_interval_ms = interval_ms;
    struct consensus_view *view = consensus_view_new(&f->memory.memory, &params, NULL, 0);
    assert_non_null(view);
    manager_set_consensus(one_link_manager(f), f->b.now, view);
    consensus_view_drop(view);
}

static void what_tcp_allows_goes_at_once(UNUSED void **state) {
    struct one_link f;
    struct bench_circuit c;
    one_link_init(&f);
    const struct tcp_facts facts = {.link = f.peer.link, .cwnd = 100, .mss = 1448};
    circuit_open(&c, &f.peer, CIRC);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(manager_schedule_at(one_link_manager(&f)) == NSEC_NEVER);
        queue_cells(&c, 5);
        assert_true(manager_schedule_at(one_link_manager(&f)) <= f.b.now);
        assert_int_equal(peer_pull_once(&f.peer, &facts), 5);
    }
    one_link_fini(&f);
}

static void a_link_that_is_held_back_waits_for_the_interval(UNUSED void **state) {
    static const struct {
        int32_t interval_ms;
        nsec held;
    } cases[] = {{2, 2 * NSEC_PER_MS}, {10, 10 * NSEC_PER_MS}, {0, LINK_HELD_MIN}, {-5, LINK_HELD_MIN}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct one_link f;
        struct bench_circuit c;
        one_link_init(&f);
        set_interval(&f, cases[i].interval_ms);
        const struct tcp_facts facts = {.link = f.peer.link, .cwnd = 1, .mss = 514};
        circuit_open(&c, &f.peer, CIRC);
        queue_cells(&c, 60);
        nsec at = f.b.now;
        assert_int_equal(peer_pull_once(&f.peer, &facts), 2);
        assert_true(manager_schedule_at(one_link_manager(&f)) == at + cases[i].held);
        queue_cells(&c, 1); /* more cells do not change that */
        assert_true(manager_schedule_at(one_link_manager(&f)) == at + cases[i].held);
        assert_int_equal(peer_pull_once(&f.peer, &facts), 0);
        f.b.now = at + cases[i].held;
        assert_int_equal(peer_pull_once(&f.peer, &facts), 2);
        one_link_fini(&f);
    }
}

static void slow(struct relay_config *config) {
    config->bandwidth_rate = 51400;  /* a hundred cells a second */
    config->bandwidth_burst = 20560; /* forty */
}

static void bandwidth_bounds_what_is_granted(UNUSED void **state) {
    struct one_link f;
    struct bench_circuit c;
    one_link_init_with(&f, slow);
    peer_connect(&f.peer, &f.b, &f.id);
    circuit_open(&c, &f.peer, CIRC);
    f.b.now += NSEC_PER_S;
    queue_cells(&c, 100);
    const struct tcp_facts facts = {.link = f.peer.link, .cwnd = 100, .mss = 1448};
    assert_int_equal(peer_pull_once(&f.peer, &facts), 40); /* the burst */
    uint32_t sum = 0;
    nsec start = f.b.now;
    for (unsigned run = 0; run < 8 && sum < 60; run++) { /* it sleeps until a run is worth its while */
        f.b.now = manager_schedule_at(one_link_manager(&f));
        assert_true(f.b.now != NSEC_NEVER);
        sum += peer_pull_once(&f.peer, &facts);
        assert_true(sum <= (f.b.now - start) * 100 / NSEC_PER_S);
    }
    assert_int_equal(sum, 60);
    assert_in_range((f.b.now - start) / NSEC_PER_MS, 600, 630);
    assert_true(manager_schedule_at(one_link_manager(&f)) == NSEC_NEVER);
    one_link_fini(&f);
}

static void tiny(struct relay_config *config) {
    config->bandwidth_rate = 3;
    config->bandwidth_burst = 4;
}

/* A burst of less than a cell would grant nothing for ever, and be asked again and again. */
static void the_least_bandwidth_carries_cells_all_the_same(UNUSED void **state) {
    struct one_link f;
    struct bench_circuit c;
    one_link_init_with(&f, tiny);
    peer_connect(&f.peer, &f.b, &f.id);
    circuit_open(&c, &f.peer, CIRC);
    queue_cells(&c, 40);
    const struct tcp_facts facts = {.link = f.peer.link, .cwnd = 100, .mss = 1448};
    uint32_t sum = 0;
    for (unsigned run = 0; run < 3 && sum < 40; run++) {
        sum += peer_pull_once(&f.peer, &facts);
        f.b.now = nsec_max(f.b.now, manager_schedule_at(one_link_manager(&f)));
    }
    assert_int_equal(sum, 40);
    one_link_fini(&f);
}

static void a_quiet_circuit_goes_before_a_loud_one(UNUSED void **state) {
    struct one_link f;
    struct bench_circuit loud, quiet;
    one_link_init(&f);
    const struct tcp_facts facts = {.link = f.peer.link, .cwnd = 10, .mss = 514};
    circuit_open(&loud, &f.peer, CIRC);
    circuit_open(&quiet, &f.peer, CIRC + 1);
    queue_cells(&loud, 50);
    assert_int_equal(peer_pull_once(&f.peer, &facts), 20);
    queue_cells(&quiet, 3);
    f.b.now = manager_schedule_at(one_link_manager(&f));
    assert_int_equal(peer_pull_once(&f.peer, &facts), 20);
    for (unsigned i = 0; i < 40; i++) {
        const struct peer_cell *cell = peer_read(&f.peer);
        assert_int_equal(cell->circ_id, i >= 20 && i < 23 ? CIRC + 1 : CIRC);
    }
    one_link_fini(&f);
}

static void destroy_goes_before_everything(UNUSED void **state) {
    struct one_link f;
    struct bench_circuit c;
    one_link_init(&f);
    circuit_open(&c, &f.peer, CIRC);
    queue_cells(&c, 5);
    peer_send(&f.peer, CIRC + 9, CELL_CREATE, "", 0); /* is refused */
    const struct peer_cell *cell = peer_read(&f.peer);
    assert_int_equal(cell->command, CELL_DESTROY);
    assert_int_equal(cell->circ_id, CIRC + 9);
    assert_int_equal(peer_read(&f.peer)->command, CELL_RELAY);
    one_link_fini(&f);
}

/* --- between the rounds ------------------------------------------------------------------------------------------- */

static void set_up_ripe(struct one_link *f, struct bench_circuit *c,
                        void (*adjust)(struct relay_config *config)) {
    one_link_init_with(f, adjust);
    peer_connect(&f->peer, &f->b, &f->id);
    circuit_open(c, &f->peer, CIRC);
    queue_cells(c, LINK_RIPE - 1);
    assert_int_equal(manager_next_ripe(one_link_manager(f)), 0);
    queue_cells(c, 1);
}

static uint32_t take_all(struct one_link *f) {
    struct cell *cells[LINK_RIPE];
    uint32_t n = manager_take(one_link_manager(f), f->b.now, f->peer.link, cells, LINK_RIPE);
    manager_release(one_link_manager(f), cells, n);
    return n;
}

static void a_ripe_link_is_written_before_the_round(UNUSED void **state) {
    struct one_link f;
    struct bench_circuit c;
    set_up_ripe(&f, &c, NULL);
    struct manager *m = one_link_manager(&f);
    const struct tcp_facts facts = {.link = f.peer.link, .cwnd = 64, .mss = 1448};
    assert_int_equal(manager_next_ripe(m), f.peer.link);
    assert_int_equal(manager_next_ripe(m), 0); /* once is enough */
    assert_int_equal(manager_schedule_ripe(m, f.b.now, &facts), LINK_RIPE);
    assert_int_equal(manager_schedule_ripe(m, f.b.now, &facts), 0); /* it has its grant */
    assert_int_equal(take_all(&f), LINK_RIPE);
    assert_true(manager_schedule_at(m) == NSEC_NEVER);
    queue_cells(&c, LINK_RIPE);
    assert_int_equal(manager_next_ripe(m), f.peer.link);
    one_link_fini(&f);
}

static void what_tcp_or_bandwidth_holds_back_waits_for_the_round(UNUSED void **state) {
    static const struct {
        void (*adjust)(struct relay_config *config);
        uint32_t cwnd;
    } cases[] = {{NULL, 1}, {slow, 64}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct one_link f;
        struct bench_circuit c;
        set_up_ripe(&f, &c, cases[i].adjust);
        struct manager *m = one_link_manager(&f);
        const struct tcp_facts facts = {.link = f.peer.link, .cwnd = cases[i].cwnd, .mss = 1448};
        assert_int_equal(manager_next_ripe(m), f.peer.link);
        assert_int_equal(manager_schedule_ripe(m, f.b.now, &facts), 0);
        assert_int_equal(take_all(&f), 0);
        assert_true(manager_schedule_at(m) <= f.b.now);
        assert_true(peer_pull_once(&f.peer, &facts) > 0);
        queue_cells(&c, LINK_RIPE);
        assert_int_equal(manager_next_ripe(m), 0); /* it is held back now */
        one_link_fini(&f);
    }
}

static void a_ripe_link_that_has_been_served_or_is_gone_is_not_named(UNUSED void **state) {
    struct one_link f;
    struct bench_circuit c;
    const struct tcp_facts facts = {.cwnd = 64, .mss = 1448};
    set_up_ripe(&f, &c, NULL);
    struct manager *m = one_link_manager(&f);
    assert_int_equal(manager_schedule_ripe(m, f.b.now, &facts), 0); /* no such link */
    assert_int_equal(peer_pull(&f.peer), LINK_RIPE);
    assert_int_equal(manager_next_ripe(m), 0);
    queue_cells(&c, LINK_RIPE);
    manager_link_closed(m, f.b.now, f.peer.link);
    assert_int_equal(manager_next_ripe(m), 0);
    one_link_fini(&f);
}

/* A grant outlives the circuits that it was made for. */
static void a_grant_whose_cells_are_gone_is_void(UNUSED void **state) {
    struct one_link f;
    struct bench_circuit c;
    struct grant grant;
    struct cell *cells[8];
    one_link_init(&f);
    circuit_open(&c, &f.peer, CIRC);
    queue_cells(&c, 5);
    const struct tcp_facts facts = {.link = f.peer.link, .cwnd = 10, .mss = 1448};
    assert_int_equal(manager_schedule(one_link_manager(&f), f.b.now, &facts, 1, &grant), 1);
    assert_int_equal(grant.cells, 5);
    assert_int_equal(manager_take(one_link_manager(&f), f.b.now, f.peer.link, cells, 2), 2);
    manager_release(one_link_manager(&f), cells, 2);
    peer_send(&f.peer, CIRC, CELL_DESTROY, "", 0);
    assert_int_equal(manager_take(one_link_manager(&f), f.b.now, f.peer.link, cells, 8), 0);
    assert_true(manager_schedule_at(one_link_manager(&f)) == NSEC_NEVER);
    one_link_fini(&f);
}

static void a_link_that_dies_with_cells_waiting_is_not_scheduled(UNUSED void **state) {
    struct one_link f;
    struct bench_circuit c;
    one_link_init(&f);
    circuit_open(&c, &f.peer, CIRC);
    queue_cells(&c, 5);
    assert_true(manager_schedule_at(one_link_manager(&f)) != NSEC_NEVER);
    manager_link_closed(one_link_manager(&f), f.b.now, f.peer.link);
    assert_true(manager_schedule_at(one_link_manager(&f)) == NSEC_NEVER);
    one_link_fini(&f);
}

static void two_links_share_what_the_bucket_has(UNUSED void **state) {
    struct one_link f;
    struct bench_circuit c, d;
    struct symbolic_identity other_id;
    struct grant grants[2];
    one_link_init_with(&f, slow);
    symbolic_identity_make(&other_id, f.b.crypt, 3);
    peer_connect(&f.peer, &f.b, &f.id);
    peer_connect(&f.other, &f.b, &other_id);
    circuit_open(&c, &f.peer, CIRC);
    circuit_open(&d, &f.other, CIRC);
    f.b.now += NSEC_PER_S;
    queue_cells(&c, 70);
    queue_cells(&d, 3);
    const struct tcp_facts facts[2] = {{.link = f.peer.link, .cwnd = 100, .mss = 1448},
                                       {.link = f.other.link, .cwnd = 100, .mss = 1448}};
    assert_int_equal(manager_schedule(one_link_manager(&f), f.b.now, facts, 2, grants), 2);
    assert_int_equal(grants[0].cells + grants[1].cells, 40);
    struct cell *cells[40];
    for (unsigned i = 0; i < 2; i++) {
        uint32_t n = manager_take(one_link_manager(&f), f.b.now, grants[i].link, cells, 40);
        assert_int_equal(n, grants[i].cells);
        manager_release(one_link_manager(&f), cells, n);
    }
    one_link_fini(&f);
}

/* A peer on each of two threads. */
struct two_threads {
    struct test_memory memory;
    struct bench b;
    struct symbolic_identity ids[2];
    struct bench_peer peers[2];
    struct bench_circuit circuits[2];
};

static void two_threads_init(struct two_threads *f) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    bench_init(&f->b, &f->memory.memory, 2);
    slow(&f->b.config);
    assert_true(bench_start(&f->b));
    for (uint8_t i = 0; i < 2; i++) {
        symbolic_identity_make(&f->ids[i], f->b.crypt, (uint8_t)(2 + i));
        peer_connect(&f->peers[i], &f->b, &f->ids[i]);
        assert_int_equal(f->peers[i].station, i + 1);
        circuit_open(&f->circuits[i], &f->peers[i], CIRC);
    }
    bench_pass(&f->b, NSEC_PER_S);
}

static void two_threads_fini(struct two_threads *f) {
    peer_free(&f->peers[0]);
    peer_free(&f->peers[1]);
    bench_stop(&f->b);
    test_memory_fini(&f->memory);
}

/* Let time pass, a millisecond at a time; returns how many cells peer i was sent. */
static void pass(struct two_threads *f, unsigned ms, uint32_t sent[static 2]) {
    sent[0] = sent[1] = 0;
    for (unsigned t = 0; t < ms; t++) {
        bench_pass(&f->b, NSEC_PER_MS);
        for (unsigned i = 0; i < 2; i++) {
            const struct tcp_facts facts = {.link = f->peers[i].link, .cwnd = 100, .mss = 1448};
            if (manager_schedule_at(bench_manager(&f->b, (station_id)(i + 1))) <= f->b.now)
                sent[i] += peer_pull_once(&f->peers[i], &facts);
        }
    }
}

/* 100 cells a second, 40 at once, of which each keeps 5. */
static void bandwidth_goes_to_the_thread_that_wants_it(UNUSED void **state) {
    struct two_threads f;
    uint32_t sent[2];
    two_threads_init(&f);
    queue_cells(&f.circuits[0], 300);
    pass(&f, 20, sent);
    assert_in_range(sent[0], 34, 37); /* the burst, but for what the other keeps */
    pass(&f, 1000, sent);
    assert_in_range(sent[0], 90, 101);
    queue_cells(&f.circuits[1], 300);
    pass(&f, 1, sent);
    assert_in_range(sent[1], 4, 5); /* it need not ask first */
    pass(&f, 1000, sent);
    assert_in_range(sent[0], 40, 60); /* in pieces of ten */
    assert_in_range(sent[1], 40, 60);
    assert_in_range(sent[0] + sent[1], 90, 101);
    two_threads_fini(&f);
}

/* Once it has nothing more to send, nobody is woken. */
static void idle_threads_do_not_speak_of_bandwidth(UNUSED void **state) {
    struct two_threads f;
    uint32_t sent[2];
    two_threads_init(&f);
    queue_cells(&f.circuits[0], 60);
    pass(&f, 1000, sent);
    assert_int_equal(sent[0], 60);
    uint64_t posted = manager_work(bench_manager(&f.b, 1))->controls_posted;
    uint64_t answered = controller_work(relay_controller(f.b.relay))->controls_posted;
    pass(&f, 3000, sent);
    assert_int_equal(manager_work(bench_manager(&f.b, 1))->controls_posted, posted);
    assert_int_equal(controller_work(relay_controller(f.b.relay))->controls_posted, answered);
    assert_true(controller_next_wake(relay_controller(f.b.relay)) == NSEC_NEVER);
    two_threads_fini(&f);
}

/* Without memory for the message it is said with the next run. */
static void a_report_that_cannot_be_posted_is_posted_later(UNUSED void **state) {
    struct two_threads f;
    uint32_t sent[2];
    two_threads_init(&f);
    queue_cells(&f.circuits[0], 60);
    test_memory_fail_after(&f.memory, 0);
    pass(&f, 100, sent);
    assert_in_range(sent[0], 4, 5);
    uint32_t before = sent[0];
    f.memory.allocations_max = UINT32_MAX;
    pass(&f, 1000, sent);
    assert_int_equal(before + sent[0], 60);
    two_threads_fini(&f);
}

static void a_cell_on_the_wire_has_514_bytes(UNUSED void **state) {
    union {
        struct cell cell;
        uint8_t room[sizeof(struct cell) + CELL_BODY_LEN];
    } u = {.cell = {.circ_id = 0x80a0b0c0, .command = CELL_RELAY_EARLY}};
    uint8_t wire[CELL_LEN + 1];
    wire[CELL_LEN] = 0x77;
    for (unsigned i = 0; i < CELL_BODY_LEN; i++)
        u.cell.body[i] = (uint8_t)i;
    cell_serialize(&u.cell, wire);
    assert_memory_equal(wire, "\200\240\260\300\011", 5);
    assert_memory_equal(wire + 5, u.cell.body, CELL_BODY_LEN);
    assert_int_equal(wire[CELL_LEN], 0x77);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_bounds_what_is_granted),
        cmocka_unit_test(what_tcp_allows_goes_at_once),
        cmocka_unit_test(a_link_that_is_held_back_waits_for_the_interval),
        cmocka_unit_test(bandwidth_bounds_what_is_granted),
        cmocka_unit_test(the_least_bandwidth_carries_cells_all_the_same),
        cmocka_unit_test(a_quiet_circuit_goes_before_a_loud_one),
        cmocka_unit_test(destroy_goes_before_everything),
        cmocka_unit_test(a_ripe_link_is_written_before_the_round),
        cmocka_unit_test(what_tcp_or_bandwidth_holds_back_waits_for_the_round),
        cmocka_unit_test(a_ripe_link_that_has_been_served_or_is_gone_is_not_named),
        cmocka_unit_test(a_grant_whose_cells_are_gone_is_void),
        cmocka_unit_test(a_link_that_dies_with_cells_waiting_is_not_scheduled),
        cmocka_unit_test(two_links_share_what_the_bucket_has),
        cmocka_unit_test(bandwidth_goes_to_the_thread_that_wants_it),
        cmocka_unit_test(idle_threads_do_not_speak_of_bandwidth),
        cmocka_unit_test(a_report_that_cannot_be_posted_is_posted_later),
        cmocka_unit_test(a_cell_on_the_wire_has_514_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
