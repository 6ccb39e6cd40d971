#include "origin/origin_link.h"

#include "base/rng.h"
#include "support/guard_bench.h"
#include "support/test.h"

static void opens_whatever_the_pieces(void **state) {
    (void)state;
    static const size_t pieces[] = {1, 2, 3, 5, 100, 513, 514, 515, GUARD_BYTES_MAX};
    for (size_t i = 0; i < COUNT(pieces); i++) {
        struct guard_bench g;
        guard_bench_init(&g, 0);
        guard_bench_run(&g, pieces[i]);
        assert_int_equal(g.link->state, ORIGIN_LINK_OPEN);
        assert_false(g.guard_failed);
        assert_true(link_handshake_is_open(g.guard));
        assert_int_equal(g.b.cells[CELL_CERTS], 0); /* clients show nothing */
        assert_null(g.link->handshake);
        origin_bench_listen(&g.b, UINT32_MAX);
        assert_int_equal(g.b.told[ORIGIN_EVENT_LINK_OPENED], 1);
        guard_bench_fini(&g);
    }
}

static void another_identity_closes_it(void **state) {
    (void)state;
    struct guard_bench g;
    guard_bench_init(&g, 1);
    guard_bench_run(&g, GUARD_BYTES_MAX);
    assert_int_equal(g.link->state, ORIGIN_LINK_CLOSED);
    origin_bench_listen(&g.b, UINT32_MAX);
    assert_int_equal(g.b.event.kind, ORIGIN_EVENT_LINK_CLOSED);
    assert_int_equal(g.b.event.error, ERR_IDENTITY);
    guard_bench_fini(&g);
}

/* Any byte of the handshake that is wrong: the link is closed or as before, never in between. */
static void each_changed_byte_is_noticed_or_harmless(void **state) {
    (void)state;
    struct guard_bench whole;
    guard_bench_init(&whole, 0);
    guard_bench_write(&whole, UINT32_MAX);
    guard_read(&whole);
    size_t length = whole.to_origin_length;
    guard_bench_fini(&whole);
    for (size_t at = 0; at < length; at++) {
        struct guard_bench g;
        guard_bench_init(&g, 0);
        guard_bench_write(&g, UINT32_MAX);
        guard_read(&g);
        g.to_origin[at] ^= 0x41;
        guard_bench_run(&g, GUARD_BYTES_MAX);
        assert_in_range(g.link->state, ORIGIN_LINK_HANDSHAKING, ORIGIN_LINK_CLOSED);
        guard_bench_fini(&g);
    }
}

static struct origin_circuit *begin_circuit(struct guard_bench *g) {
    struct origin_target target;
    origin_bench_target(&g->b, 0, &target);
    return origin_link_circuit(g->link, 0, &target);
}

static void circuits_come_and_go(void **state) {
    (void)state;
    struct guard_bench g;
    guard_bench_init(&g, 0);
    assert_null(begin_circuit(&g)); /* not open yet */
    guard_bench_run(&g, GUARD_BYTES_MAX);
    struct origin_circuit *circuits[20];
    for (unsigned i = 0; i < COUNT(circuits); i++)
        assert_non_null(circuits[i] = begin_circuit(&g));
    assert_true(origin_link_wants_write(g.link));
    guard_bench_run(&g, 700);
    origin_bench_listen(&g.b, UINT32_MAX);
    assert_int_equal(g.b.told[ORIGIN_EVENT_CIRCUIT_OPENED], COUNT(circuits));
    uint8_t body[CELL_BODY_LEN] = {DESTROY_FINISHED};
    guard_bench_say(&g, circuits[3]->path.circ_id, CELL_DESTROY, body);
    guard_bench_say(&g, 0x80000000u, CELL_DESTROY, body); /* nobody's */
    guard_bench_say(&g, 0, CELL_PADDING, body);
    guard_bench_run(&g, 514);
    origin_bench_listen(&g.b, UINT32_MAX);
    assert_int_equal(g.b.told[ORIGIN_EVENT_CIRCUIT_CLOSED], 1);
    assert_ptr_equal(g.b.event.circuit, circuits[3]);
    for (unsigned i = 0; i < COUNT(circuits); i++)
        origin_circuit_free(circuits[i], 0, DESTROY_NONE);
    guard_bench_run(&g, 514);
    assert_int_equal(g.b.cells[CELL_DESTROY], COUNT(circuits) - 1);
    assert_true(list_is_empty(&g.link->outlet.circuits));
    guard_bench_fini(&g);
}

static void circuits_take_turns(void **state) {
    (void)state;
    struct guard_bench g;
    guard_bench_init(&g, 0);
    guard_bench_run(&g, GUARD_BYTES_MAX);
    struct origin_circuit *one = begin_circuit(&g), *two = begin_circuit(&g);
    guard_bench_run(&g, GUARD_BYTES_MAX);
    static const uint8_t bytes[30 * RELAY_DATA_MAX];
    struct origin_stream *first = origin_circuit_begin(one, 0, NULL);
    struct origin_stream *second = origin_circuit_begin(two, 0, NULL);
    assert_int_equal(origin_circuit_send(one, 0, first, bytes, sizeof(bytes)), sizeof(bytes));
    assert_int_equal(origin_circuit_send(two, 0, second, bytes, sizeof(bytes)), sizeof(bytes));
    struct cell *cells[20];
    assert_int_equal(origin_link_take(g.link, 0, cells, 20), 20);
    unsigned of_two = 0;
    for (unsigned i = 0; i < 20; i++)
        of_two += cells[i]->circ_id == two->path.circ_id;
    assert_int_equal(of_two, 8);
    origin_link_release(g.link, cells, 20);
    guard_bench_fini(&g);
}

static void closing_closes_its_circuits(void **state) {
    (void)state;
    struct guard_bench g;
    guard_bench_init(&g, 0);
    guard_bench_run(&g, GUARD_BYTES_MAX);
    struct origin_circuit *kept = begin_circuit(&g), *freed = begin_circuit(&g);
    guard_bench_run(&g, GUARD_BYTES_MAX);
    origin_bench_listen(&g.b, UINT32_MAX);
    origin_circuit_free(freed, 0, DESTROY_NONE); /* its DESTROY is not sent yet */
    origin_link_closed(g.link, 0);
    assert_false(origin_link_wants_write(g.link));
    origin_bench_listen(&g.b, 1);
    assert_ptr_equal(g.b.event.circuit, kept);
    assert_int_equal(g.b.event.reason, DESTROY_CHANNEL_CLOSED);
    origin_bench_listen(&g.b, UINT32_MAX);
    assert_int_equal(g.b.event.kind, ORIGIN_EVENT_LINK_CLOSED);
    assert_null(begin_circuit(&g));
    assert_int_equal(origin_link_receive_bytes(g.link, 0, (const uint8_t *)"abc", 3), 3);
    guard_bench_fini(&g);
}

static void oversized_cell_closes_it(void **state) {
    (void)state;
    struct guard_bench g;
    guard_bench_init(&g, 0);
    guard_bench_run(&g, GUARD_BYTES_MAX);
    static const uint8_t header[] = {0, 0, 0, 0, CELL_VPADDING, 0xff, 0xff};
    guard_put(&g, header, sizeof(header));
    guard_bench_deliver(&g, 1);
    assert_int_equal(g.link->state, ORIGIN_LINK_CLOSED);
    assert_int_equal(g.link->error, ERR_LIMIT);
    guard_bench_fini(&g);
}

static void random_bytes_do_no_harm(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 500; seed++) {
        struct guard_bench g;
        struct rng rng;
        uint8_t bytes[3000];
        rng_seed(&rng, seed);
        rng_fill(&rng, bytes, sizeof(bytes));
        guard_bench_init(&g, 0);
        if (seed % 2 == 0)
            guard_bench_run(&g, GUARD_BYTES_MAX);
        struct origin_circuit *c = begin_circuit(&g);
        for (size_t at = 0; c && at + CELL_LEN <= sizeof(bytes); at += CELL_LEN)
            store_u32(bytes + at, c->path.circ_id);
        guard_put(&g, bytes, sizeof(bytes));
        guard_bench_deliver(&g, 1 + rng_below(&rng, 600));
        guard_bench_fini(&g);
    }
}

static void failing_memory_is_refused(void **state) {
    (void)state;
    struct guard_bench g;
    guard_bench_init(&g, 0);
    for (unsigned left = 0; left < 2; left++) {
        g.b.allocations_left = left;
        struct origin_link *link = origin_link_new(g.b.origin, 0, &g.facts, NULL);
        if (link)
            origin_link_free(link, 0);
        assert_true(link == NULL || left > 0);
    }
    guard_bench_fini(&g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_whatever_the_pieces),
        cmocka_unit_test(another_identity_closes_it),
        cmocka_unit_test(each_changed_byte_is_noticed_or_harmless),
        cmocka_unit_test(circuits_come_and_go),
        cmocka_unit_test(circuits_take_turns),
        cmocka_unit_test(closing_closes_its_circuits),
        cmocka_unit_test(oversized_cell_closes_it),
        cmocka_unit_test(random_bytes_do_no_harm),
        cmocka_unit_test(failing_memory_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
