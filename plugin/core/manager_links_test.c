/* Links of a manager: handshake, closing, idling, and what the scheduler lets them write. */
#include "core/cell_pool.h"
#include "support/relay_bench.h"
#include "support/test.h"
#include "support/test_memory.h"

#define CIRC          0x80000001u
#define LINK_HELD_MIN (NSEC_PER_MS / 10) /* as in manager_state.h */

struct fixture {
    struct test_memory memory;
    struct bench b;
    struct symbolic_identity id;
    struct bench_peer peer, other;
};

/* Everything in the main thread: manager 0 has the links. */
static void set_up_with(struct fixture *f, void (*adjust)(struct relay_config *config)) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    bench_init(&f->b, &f->memory.memory, 0);
    if (adjust)
        adjust(&f->b.config);
    assert_true(bench_start(&f->b));
    symbolic_identity_make(&f->id, f->b.crypt, 2);
}

static void set_up(struct fixture *f) {
    set_up_with(f, NULL);
    peer_connect(&f->peer, &f->b, &f->id);
}

static void tear_down(struct fixture *f) {
    peer_free(&f->peer);
    peer_free(&f->other);
    bench_stop(&f->b);
    test_memory_fini(&f->memory);
}

static struct manager *manager(struct fixture *f) {
    return bench_manager(&f->b, 0);
}

static bool is_hung_up(struct fixture *f, link_id link) {
    struct fake_request request;
    return fake_take(&f->b.ports[0], FAKE_HANGUP, &request) && request.id == link;
}

static uint32_t links_open(struct fixture *f) {
    return manager_working_set(manager(f)).links;
}

/* --- from the first byte to the last ------------------------------------------------------------------------------- */

static void a_handshake_may_come_byte_by_byte(UNUSED void **state) {
    struct fixture f;
    uint8_t buffer[8192];
    size_t kept = 0;
    set_up_with(&f, NULL);
    peer_init(&f.peer, &f.b, &f.id);
    assert_int_equal(peer_arrive(&f.peer), ERR_OK);
    struct span out;
    while ((out = link_handshake_output(f.peer.handshake)).length > 0) {
        for (size_t i = 0; i < out.length; i++) {
            buffer[kept++] = out.data[i];
            size_t used = manager_receive_bytes(manager(&f), f.b.now, f.peer.link, buffer, kept);
            assert_true(used == 0 || used == kept);
            kept -= used;
        }
        link_handshake_written(f.peer.handshake, out.length);
        peer_hear_handshake(&f.peer);
    }
    assert_int_equal(kept, 0);
    assert_int_equal(links_open(&f), 1);
    assert_int_equal(manager_handshake_output(manager(&f), f.peer.link).length, 0);
    assert_int_equal(manager_work(manager(&f))->handshakes_link, 1);
    tear_down(&f);
}

static void cells_behind_the_handshake_are_taken_in_the_same_read(UNUSED void **state) {
    struct fixture f;
    uint8_t bytes[2048];
    set_up_with(&f, NULL);
    peer_init(&f.peer, &f.b, NULL); /* a client: VERSIONS, then NETINFO */
    assert_int_equal(peer_arrive(&f.peer), ERR_OK);
    struct span out = link_handshake_output(f.peer.handshake);
    peer_say(&f.peer, out.data, out.length);
    link_handshake_written(f.peer.handshake, out.length);
    peer_hear_handshake(&f.peer);
    out = link_handshake_output(f.peer.handshake);
    memcpy(bytes, out.data, out.length);
    struct bytes_out more = bytes_out(bytes + out.length, sizeof bytes - out.length);
    cell_put(&more, 4, CIRC, CELL_CREATE, "", 0);
    peer_say(&f.peer, bytes, out.length + bytes_written(&more));
    link_handshake_written(f.peer.handshake, out.length);
    bench_run(&f.b);
    assert_int_equal(links_open(&f), 1);
    assert_int_equal(peer_read(&f.peer)->command, CELL_DESTROY);
    tear_down(&f);
}

static void a_handshake_that_breaks_the_protocol_is_hung_up(UNUSED void **state) {
    static const uint8_t relay[CELL_LEN] = {0, 0, 3};
    struct fixture f;
    set_up_with(&f, NULL);
    peer_init(&f.peer, &f.b, &f.id);
    assert_int_equal(peer_arrive(&f.peer), ERR_OK);
    assert_int_equal(manager_receive_bytes(manager(&f), f.b.now, f.peer.link, relay, sizeof relay),
                     sizeof relay);
    assert_true(is_hung_up(&f, f.peer.link));
    peer_say(&f.peer, relay, sizeof relay); /* what was on the way: swallowed */
    manager_link_closed(manager(&f), f.b.now, f.peer.link);
    assert_false(is_hung_up(&f, f.peer.link));
    tear_down(&f);
}

static void a_peer_that_never_shakes_hands_is_hung_up_after_a_minute(UNUSED void **state) {
    struct fixture f;
    set_up_with(&f, NULL);
    peer_init(&f.peer, &f.b, &f.id);
    assert_true(manager_next_wake(manager(&f)) == NSEC_NEVER);
    assert_int_equal(peer_arrive(&f.peer), ERR_OK);
    assert_true(manager_next_wake(manager(&f)) == f.b.now + 60 * NSEC_PER_S);
    bench_pass(&f.b, 60 * NSEC_PER_S - 1);
    assert_false(is_hung_up(&f, f.peer.link));
    bench_pass(&f.b, 1);
    assert_true(is_hung_up(&f, f.peer.link));
    assert_true(manager_next_wake(manager(&f)) == NSEC_NEVER);
    tear_down(&f);
}

static void a_link_without_circuits_is_hung_up_after_an_hour(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    set_up(&f);
    circuit_open(&c, &f.peer, CIRC);
    bench_pass(&f.b, 3601 * NSEC_PER_S); /* it has a circuit */
    peer_send(&f.peer, CIRC, CELL_DESTROY, "", 0);
    bench_pass(&f.b, 3599 * NSEC_PER_S);
    assert_false(is_hung_up(&f, f.peer.link));
    bench_pass(&f.b, 2 * NSEC_PER_S);
    assert_true(is_hung_up(&f, f.peer.link));
    assert_int_equal(links_open(&f), 0);
    tear_down(&f);
}

static void one_link(struct relay_config *config) {
    config->links_max = 1;
}

static void links_have_a_limit(UNUSED void **state) {
    struct fixture f;
    set_up_with(&f, one_link);
    peer_connect(&f.peer, &f.b, &f.id);
    peer_init(&f.other, &f.b, &f.id);
    assert_int_equal(peer_arrive(&f.other), ERR_LIMIT);
    manager_link_closed(manager(&f), f.b.now, f.peer.link);
    bench_run(&f.b); /* the controller hears of it */
    assert_int_equal(peer_arrive(&f.other), ERR_OK);
    tear_down(&f);
}

/* Wherever memory ends while a link is made and used, nothing breaks and nothing is lost. */
static void without_memory_links_are_refused(UNUSED void **state) {
    for (uint32_t allowed = 0; allowed < 40; allowed++) {
        struct fixture f;
        struct test_memory of_peer;
        struct bench_circuit c;
        set_up_with(&f, NULL);
        test_memory_init(&of_peer);
        f.b.peer_memory = &of_peer.memory;
        peer_init(&f.peer, &f.b, &f.id);
        test_memory_fail_after(&f.memory, allowed);
        if (peer_arrive(&f.peer) == ERR_OK) {
            peer_shake_hands(&f.peer);
            circuit_ask(&c, &f.peer, CIRC);
            bench_jobs(&f.b);
            peer_pull(&f.peer);
        }
        bench_run(&f.b);
        tear_down(&f);
        test_memory_fini(&of_peer);
    }
}

/* --- cells of an open link ----------------------------------------------------------------------------------------- */

static void commands_that_we_do_not_know_are_ignored(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    for (unsigned command = 0; command < 256; command++) {
        bool is_known = command <= CELL_CREATE_FAST ||
                        (command >= CELL_VERSIONS && command <= CELL_CREATED2) ||
                        (command >= CELL_CERTS && command <= CELL_AUTHENTICATE);
        if (!is_known || command == CELL_PADDING || command == CELL_NETINFO)
            peer_send(&f.peer, 5, (uint8_t)command, "", 0);
    }
    assert_int_equal(links_open(&f), 1);
    assert_null(peer_read(&f.peer));
    tear_down(&f);
}

static void cells_of_the_handshake_end_an_open_link(UNUSED void **state) {
    static const uint8_t commands[] = {CELL_VERSIONS, CELL_CERTS, CELL_AUTH_CHALLENGE, CELL_AUTHENTICATE};
    for (size_t i = 0; i < COUNT(commands); i++) {
        struct fixture f;
        struct bench_circuit c;
        set_up(&f);
        circuit_ask(&c, &f.peer, CIRC); /* dies with the link */
        peer_send(&f.peer, 0, commands[i], "", 0);
        assert_true(is_hung_up(&f, f.peer.link));
        assert_int_equal(links_open(&f), 0);
        bench_jobs(&f.b);
        tear_down(&f);
    }
}

static void a_cell_too_long_ends_the_link_behind_what_came_before(UNUSED void **state) {
    struct fixture f;
    uint8_t bytes[CELL_LEN + 7];
    set_up(&f);
    struct bytes_out out = bytes_out(bytes, sizeof bytes);
    cell_put(&out, 4, CIRC, CELL_CREATE2, "", 0);
    bytes_put(&out, "\0\0\0\0\200\040\001", 7); /* VPADDING of 8193 bytes */
    uint64_t received = manager_work(manager(&f))->cells_received;
    peer_say(&f.peer, bytes, sizeof bytes);
    assert_true(is_hung_up(&f, f.peer.link));
    assert_int_equal(manager_work(manager(&f))->cells_received, received + 1);
    tear_down(&f);
}

static void calls_for_links_that_are_gone_do_nothing(UNUSED void **state) {
    struct fixture f;
    struct cell *cell;
    struct grant grant;
    set_up(&f);
    link_id link = f.peer.link;
    manager_link_closed(manager(&f), f.b.now, link);
    bench_run(&f.b);
    assert_int_equal(manager_receive_bytes(manager(&f), f.b.now, link, (const uint8_t *)"abc", 3), 3);
    assert_int_equal(manager_handshake_output(manager(&f), link).length, 0);
    manager_handshake_written(manager(&f), link, 0);
    assert_int_equal(manager_take(manager(&f), f.b.now, link, &cell, 1), 0);
    const struct tcp_facts facts = {.link = link, .cwnd = 10, .mss = 1448};
    assert_int_equal(manager_schedule(manager(&f), f.b.now, &facts, 1, &grant), 1);
    assert_int_equal(grant.cells, 0);
    assert_false(grant.waits);
    manager_link_failed(manager(&f), f.b.now, link);
    assert_true(manager_schedule_at(manager(&f)) == NSEC_NEVER);
    tear_down(&f);
}

/* --- the scheduler ------------------------------------------------------------------------------------------------- */

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
        struct fixture f;
        struct bench_circuit c;
        set_up(&f);
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
        tear_down(&f);
    }
}

static void set_interval(struct fixture *f, int32_t interval_ms) {
    struct consensus_params params = consensus_params_default;
    params.kist_run_interval_ms = interval_ms;
    struct consensus_view *view = consensus_view_new(&f->memory.memory, &params, NULL, 0);
    assert_non_null(view);
    manager_set_consensus(manager(f), f->b.now, view);
    consensus_view_drop(view);
}

static void what_tcp_allows_goes_at_once(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    set_up(&f);
    const struct tcp_facts facts = {.link = f.peer.link, .cwnd = 100, .mss = 1448};
    circuit_open(&c, &f.peer, CIRC);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(manager_schedule_at(manager(&f)) == NSEC_NEVER);
        queue_cells(&c, 5);
        assert_true(manager_schedule_at(manager(&f)) <= f.b.now);
        assert_int_equal(peer_pull_once(&f.peer, &facts), 5);
    }
    tear_down(&f);
}

static void a_link_that_is_held_back_waits_for_the_interval(UNUSED void **state) {
    static const struct {
        int32_t interval_ms;
        nsec held;
    } cases[] = {{2, 2 * NSEC_PER_MS}, {10, 10 * NSEC_PER_MS}, {0, LINK_HELD_MIN}, {-5, LINK_HELD_MIN}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture f;
        struct bench_circuit c;
        set_up(&f);
        set_interval(&f, cases[i].interval_ms);
        const struct tcp_facts facts = {.link = f.peer.link, .cwnd = 1, .mss = 514};
        circuit_open(&c, &f.peer, CIRC);
        queue_cells(&c, 60);
        nsec at = f.b.now;
        assert_int_equal(peer_pull_once(&f.peer, &facts), 2);
        assert_true(manager_schedule_at(manager(&f)) == at + cases[i].held);
        queue_cells(&c, 1); /* more cells do not change that */
        assert_true(manager_schedule_at(manager(&f)) == at + cases[i].held);
        assert_int_equal(peer_pull_once(&f.peer, &facts), 0);
        f.b.now = at + cases[i].held;
        assert_int_equal(peer_pull_once(&f.peer, &facts), 2);
        tear_down(&f);
    }
}

static void slow(struct relay_config *config) {
    config->bandwidth_rate = 51400; /* a hundred cells a second */
    config->bandwidth_burst = 20560; /* forty */
}

static void bandwidth_bounds_what_is_granted(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    set_up_with(&f, slow);
    peer_connect(&f.peer, &f.b, &f.id);
    circuit_open(&c, &f.peer, CIRC);
    f.b.now += NSEC_PER_S;
    queue_cells(&c, 100);
    const struct tcp_facts facts = {.link = f.peer.link, .cwnd = 100, .mss = 1448};
    assert_int_equal(peer_pull_once(&f.peer, &facts), 40); /* the burst */
    uint32_t sum = 0;
    nsec start = f.b.now;
    for (unsigned run = 0; run < 8 && sum < 60; run++) { /* it sleeps until a run is worth its while */
        f.b.now = manager_schedule_at(manager(&f));
        assert_true(f.b.now != NSEC_NEVER);
        sum += peer_pull_once(&f.peer, &facts);
        assert_true(sum <= (f.b.now - start) * 100 / NSEC_PER_S);
    }
    assert_int_equal(sum, 60);
    assert_in_range((f.b.now - start) / NSEC_PER_MS, 600, 630);
    assert_true(manager_schedule_at(manager(&f)) == NSEC_NEVER);
    tear_down(&f);
}

static void tiny(struct relay_config *config) {
    config->bandwidth_rate = 3;
    config->bandwidth_burst = 4;
}

/* A burst of less than a cell would grant nothing for ever, and be asked again and again. */
static void the_least_bandwidth_carries_cells_all_the_same(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    set_up_with(&f, tiny);
    peer_connect(&f.peer, &f.b, &f.id);
    circuit_open(&c, &f.peer, CIRC);
    queue_cells(&c, 40);
    const struct tcp_facts facts = {.link = f.peer.link, .cwnd = 100, .mss = 1448};
    uint32_t sum = 0;
    for (unsigned run = 0; run < 3 && sum < 40; run++) {
        sum += peer_pull_once(&f.peer, &facts);
        f.b.now = nsec_max(f.b.now, manager_schedule_at(manager(&f)));
    }
    assert_int_equal(sum, 40);
    tear_down(&f);
}

static void a_quiet_circuit_goes_before_a_loud_one(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit loud, quiet;
    set_up(&f);
    const struct tcp_facts facts = {.link = f.peer.link, .cwnd = 10, .mss = 514};
    circuit_open(&loud, &f.peer, CIRC);
    circuit_open(&quiet, &f.peer, CIRC + 1);
    queue_cells(&loud, 50);
    assert_int_equal(peer_pull_once(&f.peer, &facts), 20);
    queue_cells(&quiet, 3);
    f.b.now = manager_schedule_at(manager(&f));
    assert_int_equal(peer_pull_once(&f.peer, &facts), 20);
    for (unsigned i = 0; i < 40; i++) {
        const struct peer_cell *cell = peer_read(&f.peer);
        assert_int_equal(cell->circ_id, i >= 20 && i < 23 ? CIRC + 1 : CIRC);
    }
    tear_down(&f);
}

static void destroy_goes_before_everything(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    set_up(&f);
    circuit_open(&c, &f.peer, CIRC);
    queue_cells(&c, 5);
    peer_send(&f.peer, CIRC + 9, CELL_CREATE, "", 0); /* is refused */
    const struct peer_cell *cell = peer_read(&f.peer);
    assert_int_equal(cell->command, CELL_DESTROY);
    assert_int_equal(cell->circ_id, CIRC + 9);
    assert_int_equal(peer_read(&f.peer)->command, CELL_RELAY);
    tear_down(&f);
}

/* A grant outlives the circuits that it was made for. */
static void a_grant_whose_cells_are_gone_is_void(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    struct grant grant;
    struct cell *cells[8];
    set_up(&f);
    circuit_open(&c, &f.peer, CIRC);
    queue_cells(&c, 5);
    const struct tcp_facts facts = {.link = f.peer.link, .cwnd = 10, .mss = 1448};
    assert_int_equal(manager_schedule(manager(&f), f.b.now, &facts, 1, &grant), 1);
    assert_int_equal(grant.cells, 5);
    assert_int_equal(manager_take(manager(&f), f.b.now, f.peer.link, cells, 2), 2);
    manager_release(manager(&f), cells, 2);
    peer_send(&f.peer, CIRC, CELL_DESTROY, "", 0);
    assert_int_equal(manager_take(manager(&f), f.b.now, f.peer.link, cells, 8), 0);
    assert_true(manager_schedule_at(manager(&f)) == NSEC_NEVER);
    tear_down(&f);
}

static void a_link_that_dies_with_cells_waiting_is_not_scheduled(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    set_up(&f);
    circuit_open(&c, &f.peer, CIRC);
    queue_cells(&c, 5);
    assert_true(manager_schedule_at(manager(&f)) != NSEC_NEVER);
    manager_link_closed(manager(&f), f.b.now, f.peer.link);
    assert_true(manager_schedule_at(manager(&f)) == NSEC_NEVER);
    tear_down(&f);
}

static void two_links_share_what_the_bucket_has(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c, d;
    struct symbolic_identity other_id;
    struct grant grants[2];
    set_up_with(&f, slow);
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
    assert_int_equal(manager_schedule(manager(&f), f.b.now, facts, 2, grants), 2);
    assert_int_equal(grants[0].cells + grants[1].cells, 40);
    struct cell *cells[40];
    for (unsigned i = 0; i < 2; i++) {
        uint32_t n = manager_take(manager(&f), f.b.now, grants[i].link, cells, 40);
        assert_int_equal(n, grants[i].cells);
        manager_release(manager(&f), cells, n);
    }
    tear_down(&f);
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
        cmocka_unit_test(a_handshake_may_come_byte_by_byte),
        cmocka_unit_test(cells_behind_the_handshake_are_taken_in_the_same_read),
        cmocka_unit_test(a_handshake_that_breaks_the_protocol_is_hung_up),
        cmocka_unit_test(a_peer_that_never_shakes_hands_is_hung_up_after_a_minute),
        cmocka_unit_test(a_link_without_circuits_is_hung_up_after_an_hour),
        cmocka_unit_test(links_have_a_limit),
        cmocka_unit_test(without_memory_links_are_refused),
        cmocka_unit_test(commands_that_we_do_not_know_are_ignored),
        cmocka_unit_test(cells_of_the_handshake_end_an_open_link),
        cmocka_unit_test(a_cell_too_long_ends_the_link_behind_what_came_before),
        cmocka_unit_test(calls_for_links_that_are_gone_do_nothing),
        cmocka_unit_test(tcp_bounds_what_is_granted),
        cmocka_unit_test(what_tcp_allows_goes_at_once),
        cmocka_unit_test(a_link_that_is_held_back_waits_for_the_interval),
        cmocka_unit_test(bandwidth_bounds_what_is_granted),
        cmocka_unit_test(the_least_bandwidth_carries_cells_all_the_same),
        cmocka_unit_test(a_quiet_circuit_goes_before_a_loud_one),
        cmocka_unit_test(destroy_goes_before_everything),
        cmocka_unit_test(a_grant_whose_cells_are_gone_is_void),
        cmocka_unit_test(a_link_that_dies_with_cells_waiting_is_not_scheduled),
        cmocka_unit_test(two_links_share_what_the_bucket_has),
        cmocka_unit_test(a_cell_on_the_wire_has_514_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
