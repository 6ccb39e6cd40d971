/* Bandwidth of single links: of who is no relay, and of nobody else. */
#include "support/two_hops.h"

#define RATE  51400u /* a hundred cells a second */
#define BURST 25700u /* fifty */
#define CELLS 300u

static void limited(struct relay_config *config) {
    config->per_link_rate = RATE;
    config->per_link_burst = BURST;
}

/* The next relay is one of the consensus; the origin's link may be. */
static void set_up(struct two_hops *f, bool is_origin_listed) {
    struct relay_entry known[2] = {{.rsa_id = {0}}};
    two_hops_init_with(f, limited);
    memcpy(known[0].rsa_id, f->next_id.credentials.rsa_id, 20);
    memcpy(known[1].rsa_id, f->origin_id.credentials.rsa_id, 20);
    struct consensus_view *view =
        consensus_view_new(&f->memory.memory, &consensus_params_default, known, is_origin_listed ? 2 : 1);
    for (station_id s = 1; s <= 2; s++)
        manager_set_consensus(bench_manager(&f->b, s), f->b.now, view);
    consensus_view_drop(view);
}

/* Cells that the peer is given in so many steps of 10 ms. */
static unsigned read_for(struct bench_peer *p, unsigned steps) {
    const struct tcp_facts facts = {.link = p->link, .cwnd = 640, .mss = 1448};
    unsigned sum = 0;
    for (unsigned i = 0; i < steps; i++) {
        bench_pass(p->bench, 10 * NSEC_PER_MS);
        sum += peer_pull_once(p, &facts);
        p->cells_count = 0;
    }
    return sum;
}

static void a_link_is_given_so_much_unless_it_is_a_relays(UNUSED void **state) {
    static const uint8_t body[CELL_BODY_LEN];
    for (unsigned is_listed = 0; is_listed < 2; is_listed++) {
        struct two_hops f;
        struct bench_circuit c;
        set_up(&f, is_listed);
        uint32_t id = two_hops_open(&f, &c, CIRC);
        bench_pass(&f.b, NSEC_PER_S); /* the burst is there again */
        for (unsigned i = 0; i < CELLS; i++)
            peer_send(&f.next, id, CELL_RELAY, body, sizeof body);
        assert_int_equal(manager_next_ripe(bench_manager(&f.b, f.origin.station)) != 0, is_listed);
        unsigned at_once = read_for(&f.origin, 2), in_a_second = read_for(&f.origin, 100);
        if (is_listed) {
            assert_int_equal(at_once, CELLS);
        } else {
            assert_in_range(at_once, 45, 52);
            assert_in_range(in_a_second, 70, 101); /* a record at a time */
            assert_int_equal(at_once + in_a_second + read_for(&f.origin, 300), CELLS);
        }
        two_hops_fini(&f);
    }
}

static void a_link_is_read_so_much_unless_it_is_a_relays(UNUSED void **state) {
    for (unsigned is_listed = 0; is_listed < 2; is_listed++) {
        struct two_hops f;
        struct bench_circuit c;
        struct fake_request request;
        set_up(&f, is_listed);
        two_hops_open(&f, &c, CIRC);
        struct fake_port *port = &f.b.ports[f.origin.station];
        for (unsigned i = 0; i < 60; i++)
            circuit_tell(&c, RELAY_DROP, 0, NULL, 0);
        assert_int_equal(fake_take(port, FAKE_PAUSE, &request), !is_listed);
        bench_pass(&f.b, 100 * NSEC_PER_MS);
        assert_false(fake_take(port, FAKE_RESUME, &request));
        bench_pass(&f.b, 400 * NSEC_PER_MS);
        assert_int_equal(fake_take(port, FAKE_RESUME, &request), !is_listed);
        assert_false(fake_take(port, FAKE_PAUSE, &request));
        two_hops_fini(&f);
    }
}

/* The consensus names the relay while its link is held back: it is so no longer. */
static void a_limit_is_lifted_with_a_new_consensus(UNUSED void **state) {
    static const uint8_t body[CELL_BODY_LEN];
    struct two_hops f;
    struct bench_circuit c;
    struct fake_request request;
    set_up(&f, false);
    uint32_t id = two_hops_open(&f, &c, CIRC);
    for (unsigned i = 0; i < 60; i++)
        circuit_tell(&c, RELAY_DROP, 0, NULL, 0);
    for (unsigned i = 0; i < CELLS; i++)
        peer_send(&f.next, id, CELL_RELAY, body, sizeof body);
    assert_in_range(read_for(&f.origin, 2), 1, 60);
    struct relay_entry known = {.rsa_id = {0}};
    memcpy(known.rsa_id, f.origin_id.credentials.rsa_id, 20);
    struct consensus_view *view = consensus_view_new(&f.memory.memory, &consensus_params_default, &known, 1);
    manager_set_consensus(bench_manager(&f.b, f.origin.station), f.b.now, view);
    consensus_view_drop(view);
    assert_true(fake_take(&f.b.ports[f.origin.station], FAKE_RESUME, &request));
    assert_in_range(read_for(&f.origin, 3), CELLS - 60, CELLS);
    two_hops_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_is_given_so_much_unless_it_is_a_relays),
        cmocka_unit_test(a_link_is_read_so_much_unless_it_is_a_relays),
        cmocka_unit_test(a_limit_is_lifted_with_a_new_consensus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
