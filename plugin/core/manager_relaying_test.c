/* RELAY cells on their way through a relay: what is refused, and when reading pauses. */
#include "support/two_hops.h"

static void cells_before_created_break_the_protocol(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    two_hops_init(&f);
    circuit_ask(&c, &f.origin, CIRC);
    peer_send(&f.origin, CIRC, CELL_RELAY, "", 1);
    peer_expect_destroy(&f.origin, CIRC, DESTROY_PROTOCOL);
    bench_jobs(&f.b);
    assert_null(peer_read(&f.origin));
    two_hops_fini(&f);
}

static void nobody_behind_us_could_recognize_it(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    two_hops_init(&f);
    circuit_open(&c, &f.origin, CIRC);
    peer_send(&f.origin, CIRC, CELL_RELAY, "rubbish", 7);
    peer_expect_destroy(&f.origin, CIRC, DESTROY_PROTOCOL);
    two_hops_fini(&f);
}

static void relay_early_is_counted_and_only_goes_away_from_the_origin(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c, second;
    two_hops_init(&f);
    uint32_t id = two_hops_open(&f, &c, CIRC); /* that took one */
    for (unsigned i = 0; i < 7; i++)
        circuit_tell_as(&c, CELL_RELAY_EARLY, RELAY_DROP, 0, "", 0);
    assert_null(peer_read(&f.origin));
    circuit_tell_as(&c, CELL_RELAY_EARLY, RELAY_DROP, 0, "", 0);
    peer_expect_destroy(&f.origin, CIRC, DESTROY_PROTOCOL);
    peer_expect_destroy(&f.next, id, DESTROY_DESTROYED);

    id = two_hops_open(&f, &second, CIRC);
    peer_send(&f.next, id, CELL_RELAY_EARLY, "", 0);
    peer_expect_destroy(&f.next, id, DESTROY_PROTOCOL);
    peer_expect_destroy(&f.origin, CIRC, DESTROY_DESTROYED);
    two_hops_fini(&f);
}

#define CIRCUITS 24u

static void put_cell(struct bytes_out *out, uint32_t circ_id, uint8_t command) {
    cell_put(out, 4, circ_id, command, "\377\377\377\377", 4);
}

/* More circuits than are fetched ahead together: some are gone, some never were, and one goes in the middle of it. */
static void cells_of_many_circuits_come_together(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit circuits[CIRCUITS];
    uint32_t ids[CIRCUITS];
    static uint8_t wire[4 * CIRCUITS * CELL_LEN];
    two_hops_init(&f);
    for (uint32_t i = 0; i < CIRCUITS; i++)
        ids[i] = two_hops_open(&f, &circuits[i], CIRC + i);
    peer_send(&f.origin, CIRC + 3, CELL_DESTROY, "", 0);
    peer_expect_destroy(&f.next, ids[3], DESTROY_DESTROYED);

    struct bytes_out out = bytes_out(wire, sizeof wire);
    for (uint32_t i = 0; i < CIRCUITS; i++) {
        put_cell(&out, CIRC + i, CELL_RELAY);
        put_cell(&out, CIRC + CIRCUITS + i, CELL_RELAY); /* nobody's */
        if (i == 5)
            put_cell(&out, CIRC + 6, CELL_DESTROY); /* its cell is next but two */
    }
    for (uint32_t i = 0; i < CIRCUITS; i++)
        put_cell(&out, CIRC + i, CELL_RELAY);
    peer_say(&f.origin, wire, (size_t)(out.next - wire));
    bench_run(&f.b);

    peer_expect_destroy(&f.next, ids[6], DESTROY_DESTROYED);
    const struct peer_cell *cell;
    unsigned came[CIRCUITS] = {0};
    while ((cell = peer_read(&f.next)) != NULL)
        for (uint32_t i = 0; i < CIRCUITS; i++)
            came[i] += cell->circ_id == ids[i] && cell->command == CELL_RELAY;
    for (uint32_t i = 0; i < CIRCUITS; i++)
        assert_int_equal(came[i], i == 3 || i == 6 ? 0 : 2);
    assert_null(peer_read(&f.origin));
    two_hops_fini(&f);
}

static void ten_cells(struct relay_config *config) {
    config->mailbox_cells_max = 10;
}

/* A mailbox to the other thread that is full stops reading; when it is collected, reading goes on. */
static void a_full_mailbox_pauses_reading(UNUSED void **state) {
    struct two_hops f;
    struct bench_circuit c;
    struct fake_request request;
    uint8_t wire[CELL_LEN];
    two_hops_init_with(&f, ten_cells);
    (void)two_hops_open(&f, &c, CIRC);
    struct bytes_out out = bytes_out(wire, sizeof wire);
    cell_put(&out, 4, CIRC, CELL_RELAY, "\377\377\377\377", 4);
    for (unsigned i = 0; i < 10; i++) {
        assert_false(fake_take(&f.b.ports[1], FAKE_PAUSE, &request));
        peer_say(&f.origin, wire, sizeof wire); /* the other thread gets no turn */
        manager_flush(bench_manager(&f.b, 1), f.b.now);
    }
    assert_true(fake_take(&f.b.ports[1], FAKE_PAUSE, &request));
    assert_int_equal(request.id, f.origin.link);
    peer_say(&f.origin, wire, sizeof wire); /* what was read already is taken all the same */
    assert_false(fake_take(&f.b.ports[1], FAKE_PAUSE, &request));
    assert_false(fake_take(&f.b.ports[1], FAKE_RESUME, &request));
    bench_run(&f.b);
    assert_true(fake_take(&f.b.ports[1], FAKE_RESUME, &request));
    assert_int_equal(request.id, f.origin.link);
    assert_int_equal(peer_pull(&f.next), 11);
    two_hops_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_before_created_break_the_protocol),
        cmocka_unit_test(nobody_behind_us_could_recognize_it),
        cmocka_unit_test(relay_early_is_counted_and_only_goes_away_from_the_origin),
        cmocka_unit_test(cells_of_many_circuits_come_together),
        cmocka_unit_test(a_full_mailbox_pauses_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
