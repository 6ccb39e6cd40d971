/* Cells run out because somebody does not read: his circuits go, those of all others live. */
#include "core/manager_state.h"
#include "support/two_hops.h"

#define CIRCUITS  20u
#define CELLS_MAX 2000u

struct hoarding {
    struct two_hops hops; /* .origin is the one that does not read */
    struct bench_peer reader;
    uint32_t hoards[CIRCUITS], innocent[CIRCUITS]; /* ids on the next relay's link */
    bool is_closed[2 * CIRCUITS];
};

static void few_cells(struct relay_config *config) {
    config->cells_max_per_manager = CELLS_MAX;
}

static void swap_origins(struct hoarding *f) {
    struct bench_peer kept = f->hops.origin;
    f->hops.origin = f->reader;
    f->reader = kept;
}

static void set_up(struct hoarding *f) {
    struct bench_circuit c;
    memset(f, 0, sizeof *f);
    two_hops_init_with(&f->hops, few_cells);
    for (uint32_t i = 0; i < CIRCUITS; i++)
        f->hoards[i] = two_hops_open(&f->hops, &c, CIRC + i);
    peer_connect(&f->reader, &f->hops.b, NULL);
    swap_origins(f);
    for (uint32_t i = 0; i < CIRCUITS; i++)
        f->innocent[i] = two_hops_open(&f->hops, &c, CIRC + i);
    swap_origins(f);
}

static void tear_down(struct hoarding *f) {
    peer_free(&f->reader);
    two_hops_fini(&f->hops);
}

/* Cells for one of the origins, on each of its circuits. */
static void send_to(struct hoarding *f, const uint32_t *circuits, unsigned cells) {
    static const uint8_t body[CELL_BODY_LEN];
    for (unsigned i = 0; i < CIRCUITS * cells; i++)
        peer_send(&f->hops.next, circuits[i % CIRCUITS], CELL_RELAY, body, sizeof body);
}

static unsigned read_all(struct bench_peer *p, unsigned *destroyed) {
    unsigned sum = 0;
    const struct peer_cell *cell;
    while ((cell = peer_read(p)) != NULL) {
        sum += cell->command == CELL_RELAY;
        *destroyed += cell->command == CELL_DESTROY;
    }
    return sum;
}

static uint32_t cells_out(struct hoarding *f) {
    uint32_t most = 0;
    for (station_id s = 1; s <= 2; s++) {
        uint32_t out = bench_manager(&f->hops.b, s)->cells.slab.taken;
        most = out > most ? out : most;
    }
    return most;
}

/* The reader has read all the time and loses nothing; the pool never comes to where new cells are refused. */
static void who_does_not_read_has_to_go(UNUSED void **state) {
    struct hoarding f;
    unsigned destroyed = 0, destroyed_next = 0;
    set_up(&f);
    for (unsigned round = 0; round < 60; round++) {
        send_to(&f, f.hoards, 5);
        send_to(&f, f.innocent, 2);
        assert_int_equal(read_all(&f.reader, &destroyed), CIRCUITS * 2);
        bench_pass(&f.hops.b, 20 * NSEC_PER_MS);
        read_all(&f.hops.next, &destroyed_next);
        assert_in_range(cells_out(&f), 0, CELLS_MAX / 8 * 7);
    }
    assert_int_equal(destroyed, 0);
    assert_in_range(destroyed_next, 1, CIRCUITS); /* the other ends of the hoards */
    uint64_t reclaimed = bench_manager(&f.hops.b, 1)->cells_reclaimed;
    assert_in_range(reclaimed, CELLS_MAX / 4, CELLS_MAX * 2);
    tear_down(&f);
}

/* A circuit that is closed because it holds too much takes the others of its owner with it only as far as needed. */
static void no_more_go_than_have_to(UNUSED void **state) {
    struct hoarding f;
    unsigned destroyed = 0;
    set_up(&f);
    for (unsigned round = 0; round < 16; round++) {
        send_to(&f, f.hoards, 5);
        bench_pass(&f.hops.b, 20 * NSEC_PER_MS);
    }
    read_all(&f.hops.next, &destroyed);
    /* When 1500 are out 150 have to be free: of 20 circuits with 75 or 76 each two, or three. */
    assert_in_range(destroyed, 2, 3);
    tear_down(&f);
}

/* Of circuits of one age the one that holds most goes, not the first that is found. */
static void who_holds_most_goes_first(UNUSED void **state) {
    static const uint8_t body[CELL_BODY_LEN];
    struct hoarding f;
    const struct peer_cell *cell;
    unsigned destroyed = 0;
    set_up(&f);
    for (unsigned i = 0; i < CELLS_MAX / 4 * 3 + 1; i++) { /* 60 each, and the rest for the last */
        uint32_t to = i < 60 * (CIRCUITS - 1) ? i % (CIRCUITS - 1) : CIRCUITS - 1;
        peer_send(&f.hops.next, f.hoards[to], CELL_RELAY, body, sizeof body);
    }
    while ((cell = peer_read(&f.hops.next)) != NULL) {
        assert_int_equal(cell->command, CELL_DESTROY);
        assert_int_equal(cell->circ_id, f.hoards[CIRCUITS - 1]);
        destroyed++;
    }
    assert_int_equal(destroyed, 1);
    tear_down(&f);
}

/* All but the controller have their turns, which may take longer than cells take to come. */
static void turn_without_controller(struct bench *b) {
    bench_flush(b);
    for (station_id i = 0; i < relay_controller_station(b->relay); i++)
        bench_turn(b, i);
}

static bool is_paused(struct hoarding *f, const struct bench_peer *p, enum fake_kind kind) {
    struct fake_request request;
    bool found = false;
    while (fake_take(&f->hops.b.ports[p->station], kind, &request))
        found = found || request.id == p->link;
    return found;
}

static void nobody_is_read_until_somebody_has_gone(UNUSED void **state) {
    static const uint8_t body[CELL_BODY_LEN];
    struct hoarding f;
    unsigned destroyed = 0, destroyed_next = 0, sent = 0;
    set_up(&f);
    struct bench *b = &f.hops.b;
    uint8_t wire[CELL_LEN];
    while (!is_paused(&f, &f.hops.next, FAKE_PAUSE)) {
        struct bytes_out out = bytes_out(wire, sizeof wire);
        cell_put(&out, 4, f.hoards[sent++ % CIRCUITS], CELL_RELAY, body, sizeof body);
        peer_say(&f.hops.next, wire, sizeof wire);
        turn_without_controller(b);
        assert_in_range(sent, 1, CELLS_MAX);
    }
    assert_in_range(cells_out(&f), CELLS_MAX / 4 * 3, CELLS_MAX / 8 * 7);
    assert_true(f.reader.station != f.hops.next.station || is_paused(&f, &f.reader, FAKE_PAUSE));
    assert_int_equal(manager_edge_room(bench_manager(b, f.hops.next.station), 0), 0);
    bench_pass(b, 20 * NSEC_PER_MS);
    bench_pass(b, 20 * NSEC_PER_MS);
    assert_true(is_paused(&f, &f.hops.next, FAKE_RESUME));
    assert_in_range(cells_out(&f), 0, CELLS_MAX / 4 * 3);
    read_all(&f.hops.next, &destroyed_next);
    assert_in_range(destroyed_next, 1, CIRCUITS / 2);
    send_to(&f, f.innocent, 2); /* they are as they were */
    assert_int_equal(read_all(&f.reader, &destroyed), CIRCUITS * 2);
    assert_int_equal(destroyed, 0);
    tear_down(&f);
}

/* Between the count of ages and the verdict that follows from it there is time, in which who was young grows older. */
static void a_late_verdict_hits_nobody_who_was_young(UNUSED void **state) {
    struct hoarding f;
    unsigned destroyed = 0, destroyed_next = 0;
    set_up(&f);
    struct bench *b = &f.hops.b;
    station_id controller = relay_controller_station(b->relay);
    send_to(&f, f.hoards, CELLS_MAX / 8 * 5 / CIRCUITS); /* all are watched */
    bench_pass(b, 20 * NSEC_PER_MS);
    bench_pass(b, 20 * NSEC_PER_MS);
    uint8_t wire[CELL_LEN], body[CELL_BODY_LEN] = {0};
    for (unsigned i = 0; i < CELLS_MAX / 4; i++) { /* while the controller is busy */
        struct bytes_out out = bytes_out(wire, sizeof wire);
        const uint32_t *circuits = i < CIRCUITS ? f.innocent : f.hoards;
        cell_put(&out, 4, circuits[i % CIRCUITS], CELL_RELAY, body, sizeof body);
        peer_say(&f.hops.next, wire, sizeof wire);
        turn_without_controller(b);
    }
    bench_turn(b, controller); /* asks */
    turn_without_controller(b);
    b->now += NSEC_PER_S;
    bench_run(b); /* and says who goes */
    read_all(&f.hops.next, &destroyed_next);
    assert_in_range(destroyed_next, 1, CIRCUITS / 2);
    assert_int_equal(read_all(&f.reader, &destroyed), CIRCUITS);
    assert_int_equal(destroyed, 0);
    tear_down(&f);
}

static void few_cells_and_a_directory(struct relay_config *config) {
    few_cells(config);
    config->is_directory = true;
}

/* A circuit whose stream takes nothing of what is sent to it. */
static void upload(struct two_hops *f, struct bench_circuit *c, uint32_t circ_id, unsigned cells) {
    static const struct address none = {ADDRESS_NONE, {0}};
    struct fake_request request;
    uint8_t data[100] = {0};
    circuit_open(c, &f->origin, circ_id);
    circuit_tell(c, RELAY_BEGIN_DIR, 7, "", 0);
    assert_true(fake_take(&f->b.ports[f->origin.station], FAKE_EDGE_OPEN, &request));
    manager_edge_connected(bench_manager(&f->b, f->origin.station), f->b.now, request.id, &none);
    bench_run(&f->b);
    for (unsigned i = 0; i < cells; i++)
        circuit_tell(c, RELAY_DATA, 7, data, sizeof data);
}

/* What an edge has not written is held by its circuit too. The next relay reads; then for a moment it does not. */
static void who_uploads_to_where_nothing_is_taken_goes_first(UNUSED void **state) {
    static const uint8_t body[CELL_BODY_LEN];
    struct two_hops f;
    struct bench_circuit c, uploads[2];
    unsigned destroyed = 0, destroyed_next = 0;
    two_hops_init_with(&f, few_cells_and_a_directory);
    for (uint32_t i = 0; i < CIRCUITS; i++)
        two_hops_open(&f, &c, CIRC + i);
    for (uint32_t i = 0; i < COUNT(uploads); i++)
        upload(&f, &uploads[i], CIRC + CIRCUITS + i, CELLS_MAX / 40 * 9);
    for (unsigned round = 0; round < 11; round++) {
        bool is_last = round == 10;
        for (uint32_t i = 0; i < CIRCUITS * (is_last ? 31 : 10); i++)
            peer_send(&f.origin, CIRC + i % CIRCUITS, CELL_RELAY, body, sizeof body);
        if (!is_last)
            bench_pass(&f.b, 20 * NSEC_PER_MS);
        assert_int_equal(read_all(&f.next, &destroyed_next), CIRCUITS * (is_last ? 31 : 10));
        assert_int_equal(destroyed_next, 0);
    }
    read_all(&f.origin, &destroyed);
    assert_int_equal(destroyed, 1); /* of the two uploads */
    assert_int_equal(bench_manager(&f.b, f.origin.station)->cells_reclaimed, CELLS_MAX / 40 * 9);
    two_hops_fini(&f);
}

static void nobody_goes_while_there_is_enough(UNUSED void **state) {
    struct hoarding f;
    unsigned destroyed = 0;
    set_up(&f);
    send_to(&f, f.hoards, CELLS_MAX / 8 * 5 / CIRCUITS); /* more than half: all look, and nothing happens */
    for (unsigned round = 0; round < 100; round++)
        bench_pass(&f.hops.b, 20 * NSEC_PER_MS);
    assert_true(bench_manager(&f.hops.b, 1)->watching_since > 0);
    assert_int_equal(read_all(&f.hops.origin, &destroyed), CELLS_MAX / 8 * 5 / CIRCUITS * CIRCUITS);
    bench_pass(&f.hops.b, 20 * NSEC_PER_MS);
    bench_pass(&f.hops.b, 20 * NSEC_PER_MS);
    assert_true(bench_manager(&f.hops.b, 1)->watching_since == 0);
    assert_true(bench_manager(&f.hops.b, 2)->memory_at == NSEC_NEVER);
    read_all(&f.hops.next, &destroyed);
    assert_int_equal(destroyed, 0);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_does_not_read_has_to_go),
        cmocka_unit_test(no_more_go_than_have_to),
        cmocka_unit_test(who_holds_most_goes_first),
        cmocka_unit_test(a_late_verdict_hits_nobody_who_was_young),
        cmocka_unit_test(nobody_is_read_until_somebody_has_gone),
        cmocka_unit_test(who_uploads_to_where_nothing_is_taken_goes_first),
        cmocka_unit_test(nobody_goes_while_there_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
