/* A link of a relay with two connection threads moves to the other one: step by step, and whatever comes between. */
#include "core/manager_move_state.h"
#include "support/two_hops.h"

struct moving {
    struct two_hops hops;
    struct bench_circuit circuit;
    uint32_t away; /* its id on the link to the next relay */
};

static void set_up(struct moving *f) {
    memset(f, 0, sizeof *f);
    two_hops_init(&f->hops);
    f->away = two_hops_open(&f->hops, &f->circuit, CIRC);
}

static void tear_down(struct moving *f) {
    two_hops_fini(&f->hops);
}

static struct controller *controller(struct moving *f) {
    return relay_controller(f->hops.b.relay);
}

/* Cells of the next relay for the origin; the first byte is a number. */
static void send_numbered(struct moving *f, uint8_t from, uint8_t to) {
    uint8_t body[CELL_BODY_LEN] = {0};
    for (; from < to; from++) {
        body[0] = from;
        peer_send(&f->hops.next, f->away, CELL_RELAY, body, sizeof body);
    }
}

/* They come to the origin, peeled by its own layer: in order, each once. */
static void expect_numbered(struct moving *f, uint8_t from, uint8_t to) {
    struct relay_message message;
    for (; from < to; from++) {
        const struct peer_cell *cell = peer_read(&f->hops.origin);
        assert_non_null(cell);
        assert_int_equal(cell->command, CELL_RELAY);
        assert_false(circuit_peel(&f->circuit, cell, &message));
        assert_int_equal(f->circuit.body[0], from);
    }
    assert_null(peer_read(&f->hops.origin));
}

/* What the port of a station was asked for about a link; false when it was not. */
static bool was_asked(struct moving *f, station_id station, enum fake_kind kind, struct fake_request *out) {
    return fake_take(&f->hops.b.ports[station], kind, out);
}

/* Until the runtime is to let go of the peer's link. */
static void ask_to_move(struct moving *f, const struct bench_peer *p) {
    struct fake_request request;
    assert_true(controller_move_link(controller(f), f->hops.b.now, p->link, (station_id)(3 - p->station)));
    bench_run(&f->hops.b);
    assert_true(was_asked(f, p->station, FAKE_PAUSE, &request));
    assert_int_equal(request.id, p->link);
    assert_true(was_asked(f, p->station, FAKE_RELEASE, &request));
    assert_int_equal(request.id, p->link);
}

static bool let_go(struct moving *f, const struct bench_peer *p) {
    return manager_link_released(bench_manager(&f->hops.b, p->station), f->hops.b.now, p->link, f);
}

/* The other station has it, with its luggage, and reads it. */
static void expect_arrival(struct moving *f, struct bench_peer *p) {
    struct fake_request request;
    fake_forget_writer(&f->hops.b.ports[p->station], p->link);
    p->station = (station_id)(3 - p->station);
    bench_run(&f->hops.b);
    assert_true(was_asked(f, p->station, FAKE_ADOPT, &request));
    assert_int_equal(request.id, p->link);
    assert_ptr_equal(request.luggage, f);
    assert_true(was_asked(f, p->station, FAKE_RESUME, &request));
}

static void move(struct moving *f, struct bench_peer *p) {
    ask_to_move(f, p);
    assert_true(let_go(f, p));
    expect_arrival(f, p);
    assert_false(controller_is_moving(controller(f)));
}

static void expect_stays(struct moving *f, enum stay_reason reason, uint64_t times) {
    bench_run(&f->hops.b);
    assert_false(controller_is_moving(controller(f)));
    assert_int_equal(controller_moves(controller(f))->stayed[reason], times);
}

/* Nothing is left of a move at the managers but names. */
static void expect_nothing_left(struct moving *f) {
    for (station_id i = 0; i <= 2; i++) {
        const struct mover *mover = &bench_manager(&f->hops.b, i)->mover;
        assert_null(mover->move);
        assert_null(mover->arriving);
        assert_int_equal(mover->places.count, 0);
        assert_int_equal(mover->links.count, 0);
    }
}

/* --- tests ------------------------------------------------------------------------------------------------------------- */

static void a_link_moves_with_what_waits_for_it(UNUSED void **state) {
    struct moving f;
    set_up(&f);
    send_numbered(&f, 0, 3); /* wait for the link */
    ask_to_move(&f, &f.hops.origin);
    send_numbered(&f, 3, 6); /* are parked */
    assert_true(let_go(&f, &f.hops.origin));
    expect_arrival(&f, &f.hops.origin);
    send_numbered(&f, 6, 9);
    expect_numbered(&f, 0, 9);
    expect_nothing_left(&f);
    tear_down(&f);
}

static void it_goes_there_and_back(UNUSED void **state) {
    struct moving f;
    set_up(&f);
    for (unsigned i = 0; i < 5; i++) {
        move(&f, &f.hops.origin);
        move(&f, &f.hops.next);
        send_numbered(&f, 0, 5);
        expect_numbered(&f, 0, 5);
        circuit_tell(&f.circuit, RELAY_DROP, 0, NULL, 0);
    }
    assert_int_equal(controller_moves(controller(&f))->moved, 10);
    expect_nothing_left(&f);
    uint8_t reason = DESTROY_REQUESTED;
    peer_send(&f.hops.origin, CIRC, CELL_DESTROY, &reason, 1);
    peer_expect_destroy(&f.hops.next, f.away, DESTROY_DESTROYED);
    tear_down(&f);
}

static void what_cannot_move_is_not_asked(UNUSED void **state) {
    struct moving f;
    set_up(&f);
    const struct bench_peer *p = &f.hops.origin;
    nsec now = f.hops.b.now;
    assert_false(controller_move_link(controller(&f), now, 99, 1));
    assert_false(controller_move_link(controller(&f), now, p->link, p->station));
    assert_false(controller_move_link(controller(&f), now, p->link, 0)); /* the main thread's has no links */
    assert_false(controller_move_link(controller(&f), now, p->link, 3));
    ask_to_move(&f, p);
    assert_false(controller_move_link(controller(&f), now, f.hops.next.link, 1)); /* one at a time */
    assert_false(let_go(&f, &f.hops.next));
    assert_true(let_go(&f, p));
    assert_false(let_go(&f, p));
    tear_down(&f);
}

static void a_link_that_closes_has_not_moved(UNUSED void **state) {
    struct moving f;
    set_up(&f);
    struct bench_peer *p = &f.hops.origin;
    send_numbered(&f, 0, 2);
    ask_to_move(&f, p);
    send_numbered(&f, 2, 4);
    manager_link_closed(bench_manager(&f.hops.b, p->station), f.hops.b.now, p->link);
    assert_false(let_go(&f, p));
    expect_stays(&f, STAY_CLOSED, 1);
    peer_expect_destroy(&f.hops.next, f.away, DESTROY_CHANNEL_CLOSED);
    expect_nothing_left(&f);
    tear_down(&f);
}

static void a_circuit_ends_while_its_link_moves(UNUSED void **state) {
    struct moving f;
    set_up(&f);
    ask_to_move(&f, &f.hops.origin);
    send_numbered(&f, 0, 2);
    const uint8_t reason = DESTROY_FINISHED;
    peer_send(&f.hops.next, f.away, CELL_DESTROY, &reason, 1); /* is parked behind them */
    assert_true(let_go(&f, &f.hops.origin));
    expect_arrival(&f, &f.hops.origin);
    const struct peer_cell *cell;
    while ((cell = peer_read(&f.hops.origin)) != NULL && cell->command == CELL_RELAY)
        continue;
    assert_non_null(cell);
    assert_int_equal(cell->command, CELL_DESTROY);
    assert_int_equal(cell->circ_id, CIRC);
    expect_nothing_left(&f);
    tear_down(&f);
}

/* CREATE2 has come, and the worker has not answered yet. */
static void it_waits_for_workers_but_not_for_long(UNUSED void **state) {
    struct moving f;
    struct bench_circuit other;
    struct fake_request request;
    set_up(&f);
    struct bench_peer *p = &f.hops.origin;
    circuit_ask(&other, p, CIRC + 1);
    assert_true(controller_move_link(controller(&f), f.hops.b.now, p->link, 2));
    bench_run(&f.hops.b);
    assert_false(was_asked(&f, p->station, FAKE_RELEASE, &request));
    bench_pass(&f.hops.b, MOVE_PATIENCE / 2);
    assert_true(controller_is_moving(controller(&f)));
    bench_pass(&f.hops.b, MOVE_PATIENCE);
    expect_stays(&f, STAY_BUSY, 1);
    assert_true(was_asked(&f, p->station, FAKE_RESUME, &request));
    bench_jobs(&f.hops.b);
    assert_true(circuit_created(&other));
    send_numbered(&f, 0, 2);
    expect_numbered(&f, 0, 2);
    expect_nothing_left(&f);
    tear_down(&f);
}

/* The next relay's link moves while it is dialled for: the circuit is made at the new manager, and answers to the old name of
 * the half that asked. */
static void extends_find_who_asked_and_where_to(UNUSED void **state) {
    struct moving f;
    struct bench_circuit other;
    set_up(&f);
    circuit_open(&other, &f.hops.origin, CIRC + 1);
    ask_to_move(&f, &f.hops.next);
    circuit_extend(&other, &f.hops.next_id, 0x22); /* ATTACH waits with the link */
    assert_true(let_go(&f, &f.hops.next));
    expect_arrival(&f, &f.hops.next);
    uint32_t id = two_hops_read_create(&f.hops, 0x22);
    move(&f, &f.hops.origin);
    two_hops_created(&f.hops, id, 64);
    circuit_expect_extended(&other, 64);
    expect_nothing_left(&f);
    tear_down(&f);
}

/* The half that asked moves before the controller has answered. */
static void an_answer_to_a_former_name_is_sent_on(UNUSED void **state) {
    struct moving f;
    struct bench_circuit other;
    memset(&f, 0, sizeof f);
    two_hops_init(&f.hops);
    circuit_open(&other, &f.hops.origin, CIRC);
    circuit_extend(&other, &f.hops.next_id, 0x33); /* dialled: nothing is there yet */
    move(&f, &f.hops.origin);
    two_hops_answer_dial(&f.hops);
    uint32_t id = two_hops_read_create(&f.hops, 0x33);
    two_hops_created(&f.hops, id, 64);
    circuit_expect_extended(&other, 64);
    assert_int_equal(bench_manager(&f.hops.b, 1)->mover.formers.count, 1);
    bench_pass(&f.hops.b, FORMER_NAME_KEPT);
    assert_int_equal(bench_manager(&f.hops.b, 1)->mover.formers.count, 0);
    assert_int_equal(bench_manager(&f.hops.b, 2)->mover.formers.count, 0);
    tear_down(&f);
}

/* LINK_CLOSE and the like may still be under way to the old manager. */
static void what_the_controller_says_finds_the_link(UNUSED void **state) {
    struct moving f;
    struct fake_request request;
    set_up(&f);
    struct bench_peer *p = &f.hops.origin;
    ask_to_move(&f, p);
    assert_true(let_go(&f, p));
    struct control *close = control_new(&f.hops.memory.memory, CONTROL_LINK_CLOSE);
    close->link =
        p->link; /* from the main thread's manager: it is not the controller's business when it comes */
    manager_send(bench_manager(&f.hops.b, 0), close, p->station, 0, CONTROL_LINK_CLOSE);
    bench_run(&f.hops.b);
    assert_true(was_asked(&f, 2, FAKE_HANGUP, &request));
    assert_int_equal(request.id, p->link);
    expect_nothing_left(&f);
    tear_down(&f);
}

/* With each number of allocations that still succeed, from the question until it has arrived: it stays, or something closes; and
 * what is open works. */
static void memory_fails_at_every_step(UNUSED void **state) {
    bool has_moved = false;
    for (uint32_t n = 0; !has_moved; n++) {
        struct moving f;
        set_up(&f);
        struct bench_peer *p = &f.hops.origin;
        assert_true(n < 200);
        send_numbered(&f, 0, 2);
        test_memory_fail_after(&f.hops.memory, n);
        (void)!controller_move_link(controller(&f), f.hops.b.now, p->link, 2);
        bench_run(&f.hops.b);
        bool leaves = let_go(&f, p);
        bench_run(&f.hops.b);
        has_moved = f.hops.memory.allocations < f.hops.memory.allocations_max;
        test_memory_fail_after(&f.hops.memory, UINT32_MAX / 2);
        bench_pass(&f.hops.b, NSEC_PER_MS);
        p->station = leaves ? 2 : 1;
        const struct link *link = manager_link(bench_manager(&f.hops.b, p->station), p->link);
        if (link && link->circuits.count > 0)
            expect_numbered(&f, 0, 2);
        expect_nothing_left(&f);
        has_moved = has_moved && leaves;
        tear_down(&f);
    }
}

/* B's turn has begun before A packed. */
static void a_parcel_from_a_later_turn_waits(UNUSED void **state) {
    struct moving f;
    set_up(&f);
    struct bench_peer *p = &f.hops.origin;
    send_numbered(&f, 0, 2);
    ask_to_move(&f, p);
    f.hops.b.now += NSEC_PER_MS;
    assert_true(let_go(&f, p));
    f.hops.b.now -= NSEC_PER_MS;
    bench_run(&f.hops.b);
    struct manager *to = bench_manager(&f.hops.b, 2);
    assert_non_null(to->mover.arriving);
    assert_int_equal(manager_next_wake(to), f.hops.b.now + NSEC_PER_MS);
    bench_pass(&f.hops.b, NSEC_PER_MS);
    expect_arrival(&f, p);
    expect_numbered(&f, 0, 2);
    expect_nothing_left(&f);
    tear_down(&f);
}

/* The relay ends with a link on its way: the runtime gets its luggage, memory is whole. */
static void the_relay_ends_meanwhile(UNUSED void **state) {
    struct moving f;
    struct fake_request request;
    set_up(&f);
    ask_to_move(&f, &f.hops.origin);
    send_numbered(&f, 0, 2);
    assert_true(let_go(&f, &f.hops.origin));
    bench_stop(&f.hops.b);
    assert_true(was_asked(&f, 2, FAKE_ADOPT, &request));
    assert_ptr_equal(request.luggage, &f);
    tear_down(&f);
}

static void more_than_can_be_parked_closes_the_circuit(UNUSED void **state) {
    struct moving f;
    set_up(&f);
    ask_to_move(&f, &f.hops.origin);
    for (uint32_t i = 0; i <= PARKED_CELLS_MAX; i++)
        send_numbered(&f, 0, 1);
    assert_true(let_go(&f, &f.hops.origin));
    expect_arrival(&f, &f.hops.origin);
    peer_expect_destroy(&f.hops.next, f.away, DESTROY_RESOURCELIMIT);
    expect_nothing_left(&f);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_moves_with_what_waits_for_it),
        cmocka_unit_test(it_goes_there_and_back),
        cmocka_unit_test(what_cannot_move_is_not_asked),
        cmocka_unit_test(a_link_that_closes_has_not_moved),
        cmocka_unit_test(a_circuit_ends_while_its_link_moves),
        cmocka_unit_test(it_waits_for_workers_but_not_for_long),
        cmocka_unit_test(extends_find_who_asked_and_where_to),
        cmocka_unit_test(an_answer_to_a_former_name_is_sent_on),
        cmocka_unit_test(what_the_controller_says_finds_the_link),
        cmocka_unit_test(memory_fails_at_every_step),
        cmocka_unit_test(a_parcel_from_a_later_turn_waits),
        cmocka_unit_test(the_relay_ends_meanwhile),
        cmocka_unit_test(more_than_can_be_parked_closes_the_circuit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
