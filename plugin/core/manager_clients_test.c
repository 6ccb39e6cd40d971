/* What clients may not do too often: circuits, connections, streams. An attacker is refused, its neighbour is not. */
#include "support/exit_bench.h"

#define ATTACKER_LINKS 4u
#define RELAY_HOST     70u

struct flood {
    struct test_memory memory;
    struct bench b;
    struct symbolic_identity relay_id;
    struct bench_peer links[ATTACKER_LINKS]; /* of one address */
    struct bench_peer neighbour, relay;
};

static void defended(struct relay_config *config) {
    config->dos.circuit_enabled = config->dos.connection_enabled = 1;
    config->dos.circuit_burst = 20;
    config->dos.connections_max = ATTACKER_LINKS;
    config->dos.circuit_defense_s = 100;
}

static void undefended(struct relay_config *config) {
    defended(config);
    config->dos.circuit_enabled = config->dos.connection_enabled = 0;
}

static void set_up(struct flood *f, void (*adjust)(struct relay_config *config)) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    bench_init(&f->b, &f->memory.memory, 2);
    adjust(&f->b.config);
    assert_true(bench_start(&f->b));
    symbolic_identity_make(&f->relay_id, f->b.crypt, 2);
    struct relay_entry known = {.rsa_id = {0}};
    memcpy(known.rsa_id, f->relay_id.credentials.rsa_id, 20);
    known.ipv4 = (struct endpoint){{ADDRESS_IPV4, {10, 9, 9, RELAY_HOST}}, 9001};
    struct consensus_view *view = consensus_view_new(&f->memory.memory, &consensus_params_default, &known, 1);
    for (station_id s = 1; s <= 2; s++)
        manager_set_consensus(bench_manager(&f->b, s), f->b.now, view);
    controller_set_consensus(relay_controller(f->b.relay), f->b.now, view);
    consensus_view_drop(view);
}

static enum err arrive(struct flood *f, struct bench_peer *p, uint8_t host) {
    peer_init(p, &f->b, NULL);
    p->host = host;
    enum err e = peer_arrive(p);
    if (!e)
        peer_shake_hands(p);
    return e;
}

static void connect_all(struct flood *f) {
    for (unsigned i = 0; i < ATTACKER_LINKS; i++)
        assert_int_equal(arrive(f, &f->links[i], 66), ERR_OK);
    assert_int_equal(arrive(f, &f->neighbour, 67), ERR_OK);
    peer_connect(&f->relay, &f->b, &f->relay_id);
}

static void tear_down(struct flood *f) {
    for (unsigned i = 0; i < ATTACKER_LINKS; i++)
        peer_free(&f->links[i]);
    peer_free(&f->neighbour);
    peer_free(&f->relay);
    bench_stop(&f->b);
    test_memory_fini(&f->memory);
}

/* True when the peer gets the circuit that it asks for. */
static bool create(struct flood *f, struct bench_peer *p, uint32_t circ_id) {
    struct bench_circuit c;
    circuit_ask(&c, p, circ_id);
    bench_jobs(&f->b);
    const struct peer_cell *cell = peer_read(p);
    assert_non_null(cell);
    if (cell->command == CELL_DESTROY)
        assert_int_equal(cell->body[0], DESTROY_RESOURCELIMIT);
    return cell->command == CELL_CREATED2;
}

static unsigned create_times(struct flood *f, struct bench_peer *p, unsigned times, uint32_t circ_id) {
    unsigned made = 0;
    for (unsigned i = 0; i < times; i++)
        made += create(f, p, circ_id + i);
    return made;
}

static void a_flood_of_circuits_is_refused(UNUSED void **state) {
    struct flood f;
    set_up(&f, defended);
    connect_all(&f);
    unsigned made = create_times(&f, &f.links[0], 100, CIRC);
    assert_in_range(made, 20,
                    26); /* the burst, a few that come in meanwhile, and those that are not reported yet */
    assert_false(create(&f, &f.links[3], CIRC)); /* all of its links, on both threads */
    assert_false(create(&f, &f.links[1], CIRC));
    assert_int_equal(create_times(&f, &f.neighbour, 19, CIRC), 19);
    assert_int_equal(create_times(&f, &f.relay, 100, CIRC), 100);
    assert_int_equal(controller_refused(relay_controller(f.b.relay))->marked_address, 1);
    assert_int_equal(manager_refused(bench_manager(&f.b, f.links[0].station))->circuit_rejected,
                     100 - made + (f.links[3].station == f.links[0].station) +
                         (f.links[1].station == f.links[0].station));
    bench_pass(&f.b, 152 * NSEC_PER_S);
    assert_true(create(&f, &f.links[1], CIRC + 1));
    tear_down(&f);
}

/* tor's rule: few connections are no attack, however many circuits they make. */
static void few_connections_make_what_they_like(UNUSED void **state) {
    struct flood f;
    set_up(&f, defended);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(arrive(&f, &f.links[i], 66), ERR_OK);
    assert_int_equal(create_times(&f, &f.links[0], 100, CIRC), 100);
    tear_down(&f);
}

/* Also a link that comes later. */
static void a_marked_address_stays_marked(UNUSED void **state) {
    struct flood f;
    set_up(&f, defended);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(arrive(&f, &f.links[i], 66), ERR_OK);
    assert_in_range(create_times(&f, &f.links[0], 100, CIRC), 20, 26);
    assert_int_equal(arrive(&f, &f.links[3], 66), ERR_OK);
    assert_false(create(&f, &f.links[3], CIRC));
    tear_down(&f);
}

static void connections_beyond_the_bound_are_refused(UNUSED void **state) {
    struct flood f;
    struct bench_peer more;
    set_up(&f, defended);
    connect_all(&f);
    assert_int_equal(arrive(&f, &more, 66), ERR_REFUSED);
    peer_free(&more);
    assert_int_equal(controller_refused(relay_controller(f.b.relay))->concurrent_conn_rejected, 1);
    manager_link_closed(bench_manager(&f.b, f.links[2].station), f.b.now, f.links[2].link);
    bench_run(&f.b);
    peer_free(&f.links[2]);
    assert_int_equal(arrive(&f, &f.links[2], 66), ERR_OK);
    tear_down(&f);
}

/* Before anybody has proved anything: the consensus says whose address it is. */
static void addresses_of_relays_are_not_counted(UNUSED void **state) {
    struct flood f;
    struct bench_peer links[2 * ATTACKER_LINKS];
    set_up(&f, defended);
    for (unsigned i = 0; i < COUNT(links); i++)
        assert_int_equal(arrive(&f, &links[i], RELAY_HOST), ERR_OK);
    for (unsigned i = 0; i < COUNT(links); i++)
        peer_free(&links[i]);
    tear_down(&f);
}

static void nothing_is_refused_when_nobody_asks_for_it(UNUSED void **state) {
    struct flood f;
    struct bench_peer more;
    set_up(&f, undefended);
    connect_all(&f);
    assert_int_equal(arrive(&f, &more, 66), ERR_OK);
    peer_free(&more);
    assert_int_equal(create_times(&f, &f.links[0], 100, CIRC), 100);
    tear_down(&f);
}

/* --- streams ----------------------------------------------------------------------------------------------------------- */

static void streams_are_bounded(struct relay_config *config) {
    exit_here(config);
    config->dos.stream_enabled = 1;
    config->dos.stream_burst = 3;
    config->dos.stream_rate = 1;
}

static void circuits_with_too_many_streams_close(struct relay_config *config) {
    streams_are_bounded(config);
    config->dos.stream_defense = DOS_DEFENSE_CLOSE_CIRCUIT;
}

static void a_circuit_begins_so_many_streams(UNUSED void **state) {
    for (unsigned closes = 0; closes < 2; closes++) {
        struct exit_bench f;
        struct bench_circuit neighbour;
        exit_bench_init_with(&f, closes ? circuits_with_too_many_streams_close : streams_are_bounded, false);
        circuit_open(&neighbour, &f.origin, CIRC + 1);
        for (uint16_t i = 0; i < 3; i++)
            exit_open_stream(&f, (uint16_t)(STREAM + i));
        exit_begin(&f, STREAM + 3);
        if (closes) {
            exit_expect_destroyed(&f, DESTROY_RESOURCELIMIT);
        } else {
            exit_expect_end(&f, STREAM + 3, END_MISC);
            circuit_tell(&f.c, RELAY_RESOLVE, STREAM + 3, "a.com", 6);
            struct relay_message answer;
            assert_true(circuit_hear(&f.c, &answer));
            assert_int_equal(answer.command, RELAY_RESOLVED);
            assert_int_equal(answer.data.data[0], 0xf0); /* an error that passes */
            f.b.now += 2 * NSEC_PER_S;
            exit_open_stream(&f, STREAM + 3);
        }
        f.c = neighbour;
        exit_open_stream(&f, STREAM);
        assert_int_equal(manager_refused(bench_manager(&f.b, f.origin.station))->stream_rejected,
                         closes ? 1 : 2);
        exit_bench_fini(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_of_circuits_is_refused),
        cmocka_unit_test(few_connections_make_what_they_like),
        cmocka_unit_test(a_marked_address_stays_marked),
        cmocka_unit_test(connections_beyond_the_bound_are_refused),
        cmocka_unit_test(addresses_of_relays_are_not_counted),
        cmocka_unit_test(nothing_is_refused_when_nobody_asks_for_it),
        cmocka_unit_test(a_circuit_begins_so_many_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
