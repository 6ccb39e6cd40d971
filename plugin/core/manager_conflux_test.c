/* Conflux at an exit whose legs, set and edges are on different threads: linking, order, the legs' windows, and ends. */
#include "support/exit_bench.h"
#include "wire/multipath_messages.h"

#define INC 31u

struct village {
    struct exit_bench f;
    struct bench_peer other;
    struct bench_circuit legs[2];
    uint8_t nonce[CONFLUX_NONCE_LEN];
};

static void open_leg(struct bench_circuit *c, struct bench_peer *peer, uint32_t circ_id) {
    circuit_open_v3(c, peer, circ_id, &(struct handshake_request){.wants_congestion_control = true});
}

/* Two circuits with congestion control, on links of two threads; the nonce decides whose thread has the set. */
static void set_up_with(struct village *v, uint8_t home, void (*adjust)(struct relay_config *config)) {
    struct consensus_params params = consensus_params_default;
    exit_bench_init_with(&v->f, adjust, false);
    exit_set_params(&v->f, &params);
    peer_connect(&v->other, &v->f.b, &v->f.next_id);
    assert_int_not_equal(v->f.origin.station, v->other.station);
    open_leg(&v->legs[0], &v->f.origin, CIRC + 1);
    open_leg(&v->legs[1], &v->other, CIRC + 1);
    memset(v->nonce, 0x77, sizeof v->nonce);
    memset(v->nonce, 0, 3);
    v->nonce[3] = home;
}

static void set_up(struct village *v, uint8_t home) {
    set_up_with(v, home, exit_here);
}

static void tear_down(struct village *v) {
    peer_free(&v->other);
    exit_bench_fini(&v->f);
}

static void tell_link(const struct village *v, struct bench_circuit *c, enum conflux_wish wish) {
    uint8_t body[50] = {1};
    memcpy(body + 1, v->nonce, sizeof v->nonce);
    body[49] = (uint8_t)wish;
    circuit_tell(c, RELAY_CONFLUX_LINK, 0, body, sizeof body);
}

static void link_leg(struct village *v, struct bench_circuit *c, enum conflux_wish wish) {
    struct relay_message m;
    struct conflux_link_message linked;
    tell_link(v, c, wish);
    assert_true(circuit_hear(c, &m));
    assert_int_equal(m.command, RELAY_CONFLUX_LINKED);
    assert_int_equal(conflux_link_decode(m.data, &linked), ERR_OK);
    assert_memory_equal(linked.nonce, v->nonce, sizeof v->nonce);
    assert_int_equal(linked.wish, CONFLUX_MIN_LATENCY);
    v->f.b.now += 50 * NSEC_PER_MS;
    circuit_tell(c, RELAY_CONFLUX_LINKED_ACK, 0, "", 0);
}

static void link_both(struct village *v, uint8_t home, enum conflux_wish wish) {
    set_up(v, home);
    link_leg(v, &v->legs[0], wish);
    link_leg(v, &v->legs[1], wish);
}

static void tell_switch(struct bench_circuit *c, uint32_t skipped) {
    uint8_t body[4];
    store_u32(body, skipped);
    circuit_tell(c, RELAY_CONFLUX_SWITCH, 0, body, sizeof body);
}

static void begin(struct village *v, unsigned leg) {
    struct exit_bench *f = &v->f;
    circuit_tell(&v->legs[leg], RELAY_BEGIN, STREAM, "example.com:80", 15);
    exit_take_edge(f);
    exit_connect_edge(f);
}

/* The next message of a stream on either leg; false when there is none. */
static bool hear_any(struct village *v, unsigned *leg_out, struct relay_message *m) {
    for (*leg_out = 0; *leg_out < 2; (*leg_out)++)
        if (circuit_hear(&v->legs[*leg_out], m))
            return true;
    return false;
}

static void data_of_both_legs_are_put_in_order(UNUSED void **state) {
    for (uint8_t home = 0; home < 4; home++) {
        struct village v;
        struct relay_message m;
        unsigned leg;
        uint8_t out[64];
        link_both(&v, home, CONFLUX_HIGH_THROUGHPUT);
        begin(&v, home & 1);
        struct bench_circuit *a = &v.legs[home & 1], *b = &v.legs[!(home & 1)];
        assert_true(hear_any(&v, &leg, &m));
        assert_int_equal(m.command, RELAY_CONNECTED);
        tell_switch(b, 3); /* BEGIN, and two that are still to come */
        circuit_tell(b, RELAY_DATA, STREAM, "cd", 2);
        circuit_tell(b, RELAY_DATA, STREAM, "e", 1);
        v.f.edge_station = object_station(v.f.edge);
        assert_int_equal(exit_to_destination(&v.f, out, sizeof out), 0);
        circuit_tell(a, RELAY_DATA, STREAM, "a", 1);
        circuit_tell(a, RELAY_DATA, STREAM, "b", 1);
        tell_switch(a, 2);
        circuit_tell(a, RELAY_DATA, STREAM, "f", 1);
        assert_int_equal(exit_to_destination(&v.f, out, sizeof out), 6);
        assert_memory_equal(out, "abcdef", 6);
        circuit_tell(a, RELAY_END, STREAM, "\6", 1);
        exit_expect_edge_closed(&v.f);
        assert_int_equal(manager_work(bench_manager(&v.f.b, 1))->conflux_legs +
                             manager_work(bench_manager(&v.f.b, 2))->conflux_legs,
                         2);
        tear_down(&v);
    }
}

/* A download: each leg carries what its window allows, and the sequence numbers of all have no gap. */
static void a_download_uses_both_windows(UNUSED void **state) {
    struct village v;
    struct relay_message m;
    unsigned leg, data[2] = {0, 0}, switches = 0;
    uint32_t numbers[2] = {0, 0};
    static bool seen[1000];
    memset(seen, 0, sizeof seen);
    link_both(&v, 0, CONFLUX_HIGH_THROUGHPUT);
    begin(&v, 0);
    v.f.edge_station = object_station(v.f.edge);
    assert_in_range(exit_push(&v.f, 1000), 2 * 4 * INC, 2 * 4 * INC + EDGE_CREDIT);
    while (hear_any(&v, &leg, &m)) {
        if (m.command == RELAY_CONFLUX_SWITCH) {
            struct conflux_switch_message s;
            assert_int_equal(conflux_switch_decode(m.data, &s), ERR_OK);
            numbers[leg] += s.skipped;
            switches++;
            continue;
        }
        data[leg] += m.command == RELAY_DATA;
        assert_false(seen[++numbers[leg]]);
        seen[numbers[leg]] = true;
    }
    assert_int_equal(data[0], 4 * INC);
    assert_int_equal(data[1], 4 * INC);
    assert_true(switches >= 1);
    for (unsigned n = 1; n <= 8 * INC + 1; n++)
        assert_true(seen[n]);
    assert_false(seen[8 * INC + 2]);
    tear_down(&v);
}

static void a_leg_goes_on_when_its_sendme_comes(UNUSED void **state) {
    struct village v;
    uint8_t tag[20], body[23] = {1, 0, 20};
    struct relay_message m;
    link_both(&v, 1, CONFLUX_MIN_LATENCY);
    begin(&v, 0);
    v.f.edge_station = object_station(v.f.edge);
    assert_in_range(exit_push(&v.f, 1000), 4 * INC, 4 * INC + EDGE_CREDIT); /* one leg only */
    unsigned leg = 0, data = 0;
    if (!circuit_hear(&v.legs[0], &m))
        assert_true(circuit_hear(&v.legs[leg = 1], &m));
    assert_int_equal(m.command, RELAY_CONNECTED);
    for (unsigned i = 0; i < INC; i++, data++)
        assert_true(circuit_hear(&v.legs[leg], &m));
    v.f.b.crypt->layer_tag(v.legs[leg].backward, tag);
    while (circuit_hear(&v.legs[leg], &m))
        data++;
    assert_int_equal(data, 4 * INC);
    memcpy(body + 3, tag, 20);
    v.f.b.now += 40 * NSEC_PER_MS;
    circuit_tell(&v.legs[leg], RELAY_SENDME, 0, body, sizeof body);
    for (data = 0; circuit_hear(&v.legs[leg], &m); data++)
        assert_int_equal(m.command, RELAY_DATA);
    assert_int_equal(data, 2 * INC);
    assert_false(circuit_hear(&v.legs[!leg], &m));
    tear_down(&v);
}

enum fault {
    LINK_TWICE,
    LINK_CUT,
    LINK_WITH_STREAM,
    SWITCH_UNLINKED,
    ACK_UNLINKED,
    ACK_TWICE,
    LINKED_FROM_ORIGIN,
    DIRECTORY_ON_LEG,
    EXTEND_ON_LEG,
    NUMBER_TWICE,
    FAULTS
};

static void commit(struct village *v, enum fault fault) {
    struct bench_circuit *c = &v->legs[0];
    bool is_linked = fault == LINK_TWICE || fault >= ACK_TWICE;
    if (is_linked)
        link_leg(v, c, CONFLUX_NO_WISH);
    switch (fault) {
    case LINK_TWICE: tell_link(v, c, CONFLUX_NO_WISH); break;
    case LINK_CUT: circuit_tell(c, RELAY_CONFLUX_LINK, 0, "\1\2\3", 3); break;
    case LINK_WITH_STREAM:
        circuit_tell(c, RELAY_BEGIN, STREAM, "example.com:80", 15);
        exit_take_edge(&v->f);
        tell_link(v, c, CONFLUX_NO_WISH);
        break;
    case SWITCH_UNLINKED: tell_switch(c, 1); break;
    case ACK_UNLINKED:
    case ACK_TWICE: circuit_tell(c, RELAY_CONFLUX_LINKED_ACK, 0, "", 0); break;
    case LINKED_FROM_ORIGIN: circuit_tell(c, RELAY_CONFLUX_LINKED, 0, "", 0); break;
    case DIRECTORY_ON_LEG: circuit_tell(c, RELAY_BEGIN_DIR, STREAM, "", 0); break;
    case EXTEND_ON_LEG: circuit_extend(c, &v->f.next_id, 1); break;
    case NUMBER_TWICE:
        circuit_tell(c, RELAY_BEGIN, STREAM, "example.com:80", 15);
        link_leg(v, &v->legs[1], CONFLUX_NO_WISH);
        circuit_tell(&v->legs[1], RELAY_DATA, STREAM, "x", 1); /* number 1, which BEGIN has had */
        break;
    case FAULTS: break;
    }
}

static void faults_close_the_circuit(UNUSED void **state) {
    for (enum fault fault = 0; fault < FAULTS; fault++) {
        struct village v;
        set_up(&v, (uint8_t)fault & 1);
        commit(&v, fault);
        const struct peer_cell *cell = peer_read(&v.f.origin);
        assert_non_null(cell);
        assert_int_equal(cell->command, CELL_DESTROY);
        assert_int_equal(cell->circ_id, CIRC + 1);
        assert_int_equal(cell->body[0], DESTROY_PROTOCOL);
        tear_down(&v);
    }
}

static void without_congestion_control_nothing_is_linked(UNUSED void **state) {
    struct village v;
    set_up(&v, 0);
    tell_link(&v, &v.f.c, CONFLUX_NO_WISH); /* made with ntor */
    exit_expect_destroyed(&v.f, DESTROY_PROTOCOL);
    tear_down(&v);
}

static void a_set_ends_with_a_leg_that_was_used(UNUSED void **state) {
    for (uint8_t home = 0; home < 2; home++) {
        struct village v;
        unsigned leg;
        struct relay_message m;
        link_both(&v, home, CONFLUX_NO_WISH);
        begin(&v, 0);
        assert_true(hear_any(&v, &leg, &m));
        peer_send(&v.f.origin, CIRC + 1, CELL_DESTROY, "", 1);
        const struct peer_cell *cell = peer_read(&v.other);
        assert_non_null(cell);
        assert_int_equal(cell->command, CELL_DESTROY);
        assert_int_equal(cell->body[0], DESTROY_FINISHED);
        exit_expect_edge_closed(&v.f);
        for (station_id station = 1; station <= 2; station++)
            assert_int_equal(manager_working_set(bench_manager(&v.f.b, station), v.f.b.now).halves,
                             station == v.f.origin.station);
        tear_down(&v);
    }
}

static void a_leg_that_was_not_used_may_leave(UNUSED void **state) {
    struct village v;
    unsigned leg;
    struct relay_message m;
    uint8_t out[8];
    link_both(&v, 0, CONFLUX_NO_WISH);
    begin(&v, 0);
    assert_true(hear_any(&v, &leg, &m)); /* CONNECTED: on the leg that was measured last, or first */
    struct bench_peer *idle = leg == 0 ? &v.other : &v.f.origin;
    if (leg == 1) { /* both were used then */
        tear_down(&v);
        return;
    }
    peer_send(idle, CIRC + 1, CELL_DESTROY, "", 1);
    circuit_tell(&v.legs[0], RELAY_DATA, STREAM, "on", 2);
    v.f.edge_station = object_station(v.f.edge);
    assert_int_equal(exit_to_destination(&v.f, out, sizeof out), 2);
    tear_down(&v);
}

/* The origin wants the least delay, and the nearer leg has no room, which its link would have to make: what waits for it goes
 * on the other when it leaves. */
static void who_waits_for_a_leg_that_leaves_goes_on_another(UNUSED void **state) {
    for (uint8_t home = 0; home < 2; home++) {
        struct village v;
        struct consensus_params params = consensus_params_default;
        struct relay_message m;
        set_up(&v, home);
        params.congestion.cellq_high = params.congestion.cellq_low = 1;
        exit_set_params(&v.f, &params);
        link_leg(&v, &v.legs[0], CONFLUX_MIN_LATENCY);
        begin(&v, 0);
        assert_true(circuit_hear(&v.legs[0], &m));
        assert_int_equal(m.command, RELAY_CONNECTED);
        tell_link(&v, &v.legs[1], CONFLUX_MIN_LATENCY); /* LINKED waits for the link */
        v.f.b.now += 10 * NSEC_PER_MS;
        circuit_tell(&v.legs[1], RELAY_CONFLUX_LINKED_ACK, 0, "", 0);
        exit_from_destination(&v.f, 'x', 10);
        assert_false(circuit_hear(&v.legs[0], &m));
        peer_send(&v.other, CIRC + 1, CELL_DESTROY, "", 1);
        assert_true(circuit_hear(&v.legs[0], &m));
        assert_int_equal(m.command, RELAY_DATA);
        assert_int_equal(m.data.length, 10);
        tear_down(&v);
    }
}

static void a_circuit_that_leaves_while_it_is_linked(UNUSED void **state) {
    for (uint8_t home = 0; home < 2; home++) {
        struct village v;
        set_up(&v, home);
        tell_link(&v, &v.legs[0], CONFLUX_NO_WISH);
        peer_send(&v.f.origin, CIRC + 1, CELL_DESTROY, "", 1);
        uint32_t halves = 0;
        for (station_id station = 1; station <= 2; station++)
            halves += manager_working_set(bench_manager(&v.f.b, station), v.f.b.now).halves;
        assert_int_equal(halves, 2); /* the bench's circuit and the other leg: the set has gone too */
        tear_down(&v);
    }
}

/* LINK, and DESTROY right behind it. */
static void tell_link_and_leave(const struct village *v, struct bench_circuit *c) {
    uint8_t link[50] = {1}, body[CELL_BODY_LEN], wire[2 * CELL_LEN];
    memcpy(link + 1, v->nonce, sizeof v->nonce);
    struct work work = {0};
    struct relay_message message = {.command = RELAY_CONFLUX_LINK, .data = {link, sizeof link}};
    relay_message_encode(c->format, body, &message, NULL);
    v->f.b.crypt->layer_originate(
        c->forward, &(struct crypt_cell){.from = body, .to = body, .command = CELL_RELAY}, &work);
    struct bytes_out out = bytes_out(wire, sizeof wire);
    cell_put(&out, 4, c->circ_id, CELL_RELAY, body, sizeof body);
    cell_put(&out, 4, c->circ_id, CELL_DESTROY, "", 1);
    peer_say(c->peer, wire, bytes_written(&out));
    bench_run(c->peer->bench);
}

static void a_leg_that_leaves_before_it_is_linked_ends_nothing(UNUSED void **state) {
    for (uint8_t home = 0; home < 2; home++) {
        struct village v;
        unsigned leg;
        struct relay_message m;
        uint8_t out[8];
        set_up(&v, home);
        link_leg(&v, &v.legs[0], CONFLUX_NO_WISH);
        begin(&v, 0);
        assert_true(hear_any(&v, &leg, &m));
        tell_link_and_leave(&v, &v.legs[1]);
        circuit_tell(&v.legs[0], RELAY_DATA, STREAM, "on", 2);
        v.f.edge_station = object_station(v.f.edge);
        assert_int_equal(exit_to_destination(&v.f, out, sizeof out), 2);
        tear_down(&v);
    }
}

#define FEW_CELLS 800u

static void few_cells(struct relay_config *config) {
    config->is_exit = true;
    config->cells_max_per_manager = FEW_CELLS;
}

/* Cells behind one that never comes. */
static void leave_out_and_send(struct bench_circuit *c, unsigned cells) {
    tell_switch(c, 1);
    for (unsigned i = 0; i < cells; i++)
        circuit_tell(c, RELAY_DATA, STREAM, "late", 4);
}

static bool hears_destroy(struct bench_circuit *c, uint8_t *reason_out) {
    const struct peer_cell *cell;
    while ((cell = peer_read(c->peer)) != NULL && cell->command != CELL_DESTROY)
        ;
    *reason_out = cell ? cell->body[0] : 0;
    return cell != NULL;
}

static void when_too_many_cells_wait_the_longest_set_ends(UNUSED void **state) {
    for (uint8_t home = 0; home < 2; home++) {
        struct village v;
        uint8_t reason;
        set_up_with(&v, home, few_cells);
        link_leg(&v, &v.legs[0], CONFLUX_NO_WISH);
        v.nonce[9] ^= 1; /* another set, on the same thread */
        link_leg(&v, &v.legs[1], CONFLUX_NO_WISH);
        leave_out_and_send(&v.legs[0], FEW_CELLS / 8 * 2 / 3);
        leave_out_and_send(&v.legs[1], FEW_CELLS / 8 / 3);
        assert_false(hears_destroy(&v.legs[0], &reason));
        circuit_tell(&v.legs[1], RELAY_DATA, STREAM, "late", 4);
        circuit_tell(&v.legs[1], RELAY_DATA, STREAM, "late", 4);
        assert_true(hears_destroy(&v.legs[0], &reason));
        assert_int_equal(reason, DESTROY_RESOURCELIMIT);
        assert_false(hears_destroy(&v.legs[1], &reason));
        leave_out_and_send(&v.legs[1], FEW_CELLS / 8 / 2); /* there is room again */
        assert_false(hears_destroy(&v.legs[1], &reason));
        tear_down(&v);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_of_both_legs_are_put_in_order),
        cmocka_unit_test(a_download_uses_both_windows),
        cmocka_unit_test(a_leg_goes_on_when_its_sendme_comes),
        cmocka_unit_test(faults_close_the_circuit),
        cmocka_unit_test(without_congestion_control_nothing_is_linked),
        cmocka_unit_test(a_set_ends_with_a_leg_that_was_used),
        cmocka_unit_test(a_leg_that_was_not_used_may_leave),
        cmocka_unit_test(who_waits_for_a_leg_that_leaves_goes_on_another),
        cmocka_unit_test(a_circuit_that_leaves_while_it_is_linked),
        cmocka_unit_test(a_leg_that_leaves_before_it_is_linked_ends_nothing),
        cmocka_unit_test(when_too_many_cells_wait_the_longest_set_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
