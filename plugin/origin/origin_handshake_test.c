#include "origin/origin_handshake.h"

#include "support/origin_bench.h"
#include "support/test.h"

/* A path without a circuit around it. */
struct asking {
    struct origin_bench b;
    struct list outbox;
    struct origin_path path;
    struct origin_handshake *handshake;
};

static void set_up_with(struct asking *t, enum origin_handshake_kind kind, struct handshake_request request) {
    struct origin_target target;
    origin_bench_init(&t->b, 0);
    list_init(&t->outbox);
    origin_path_init(&t->path, t->b.origin, &t->outbox, 0x80000001u);
    origin_bench_target(&t->b, 0, &target);
    target.handshake = kind;
    target.request = request;
    t->handshake = origin_handshake_create(&t->path, &target);
    assert_non_null(t->handshake);
}

static void set_up(struct asking *t) {
    set_up_with(t, ORIGIN_HANDSHAKE_NTOR, (struct handshake_request){false, false});
}

static void tear_down(struct asking *t) {
    origin_handshake_drop(t->b.origin, t->handshake);
    origin_cells_drop(t->b.origin, &t->path.queue);
    origin_path_cut(&t->path, 0);
    origin_bench_fini(&t->b);
}

static void take_answer(struct asking *t, uint8_t created_out[static CELL_BODY_LEN]) {
    struct cell *cell = cell_run_shift(&t->path.queue);
    assert_non_null(cell);
    assert_int_equal(cell->command, CELL_CREATE2);
    assert_int_equal(far_end_create(&t->b.far, cell->body, created_out), ERR_OK);
    cell_pool_put(&t->b.origin->cells, cell);
}

static void relay_that_answers_becomes_a_hop(void **state) {
    (void)state;
    struct asking t;
    uint8_t created[CELL_BODY_LEN];
    set_up(&t);
    take_answer(&t, created);
    struct span body = {created, sizeof(created)};
    assert_int_equal(origin_handshake_finish(&t.path, t.handshake, CELL_CREATED2, body), ERR_OK);
    assert_int_equal(t.path.hop_count, 1);
    assert_int_equal(origin_work(t.b.origin)->handshakes_ntor, 1);
    origin_handshake_drop(t.b.origin, t.handshake);

    struct origin_target target;
    struct relay_message m;
    struct extend2_message extend;
    origin_bench_target(&t.b, 1, &target);
    t.handshake = origin_handshake_extend(&t.path, &target);
    assert_non_null(t.handshake);
    assert_int_equal(t.path.queue.first->command, CELL_RELAY_EARLY);
    assert_int_equal(far_end_hear(&t.b.far, CELL_RELAY_EARLY, t.path.queue.first->body, &m), 0);
    assert_int_equal(m.command, RELAY_EXTEND2);
    assert_int_equal(extend2_decode(m.data, &extend), ERR_OK);
    assert_memory_equal(extend.rsa_id, target.rsa_id, RSA_ID_LEN);
    assert_memory_equal(extend.ed_id, target.ed_id, ED_ID_LEN);
    assert_true(extend.has_ed_id);
    assert_int_equal(extend.ipv4.port, target.ipv4.port);
    assert_int_equal(extend.create.type, HANDSHAKE_NTOR);
    tear_down(&t);
}

/* Each byte of the answer that matters is checked. */
static void changed_answers_are_refused(void **state) {
    (void)state;
    struct asking t;
    uint8_t created[CELL_BODY_LEN];
    set_up(&t);
    take_answer(&t, created);
    for (size_t at = 0; at < 2 + NTOR_REPLY_LEN; at++) {
        uint8_t changed[CELL_BODY_LEN];
        memcpy(changed, created, sizeof(changed));
        changed[at] ^= 0x10;
        struct span body = {changed, sizeof(changed)};
        assert_int_not_equal(origin_handshake_finish(&t.path, t.handshake, CELL_CREATED2, body), ERR_OK);
        assert_int_equal(t.path.hop_count, 0);
    }
    assert_int_not_equal(
        origin_handshake_finish(&t.path, t.handshake, CELL_CREATED2, (struct span){created, 65}), ERR_OK);
    tear_down(&t);
}

/* What the relays grant, what we ask for, and what comes of it. */
static const struct {
    struct circuit_offer offer;
    struct handshake_request request;
    bool is_answered;
    enum err expected;
    uint8_t sendme_inc;
    enum layer_kind kind;
} negotiations[] = {
    {{31, true}, {false, false}, true, ERR_OK, 0, LAYER_TOR1},
    {{31, true}, {true, false}, true, ERR_OK, 31, LAYER_TOR1},
    {{0, false}, {true, false}, true, ERR_OK, 0, LAYER_TOR1}, /* it has none */
    {{30, false}, {true, false}, true, ERR_OK, 30, LAYER_TOR1},
    {{32, false}, {true, false}, true, ERR_OK, 32, LAYER_TOR1},
    {{29, false}, {true, false}, true, ERR_PROTOCOL, 0, LAYER_TOR1}, /* not the consensus' */
    {{33, false}, {true, false}, true, ERR_PROTOCOL, 0, LAYER_TOR1},
    {{31, true}, {false, true}, false, ERR_OK, 0, LAYER_TOR1}, /* refused: CGO needs congestion control */
    {{31, false}, {true, true}, false, ERR_OK, 0, LAYER_TOR1},
    {{0, true}, {true, true}, false, ERR_OK, 0, LAYER_TOR1},
};

static void ntor_v3_negotiates(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(negotiations); i++) {
        struct asking t;
        uint8_t created[CELL_BODY_LEN];
        set_up_with(&t, ORIGIN_HANDSHAKE_NTOR_V3, negotiations[i].request);
        t.b.far.offer = negotiations[i].offer;
        struct cell *cell = cell_run_shift(&t.path.queue);
        enum err e = far_end_create(&t.b.far, cell->body, created);
        cell_pool_put(&t.b.origin->cells, cell);
        assert_true((e == ERR_OK) == negotiations[i].is_answered);
        if (e == ERR_OK)
            assert_int_equal(origin_handshake_finish(&t.path, t.handshake, CELL_CREATED2,
                                                     (struct span){created, sizeof(created)}),
                             negotiations[i].expected);
        if (e == ERR_OK && negotiations[i].expected == ERR_OK) {
            assert_int_equal(t.path.hops[0]->flow.is_congestion_controlled, negotiations[i].sendme_inc != 0);
            if (negotiations[i].sendme_inc)
                assert_int_equal(t.path.hops[0]->flow.increment, negotiations[i].sendme_inc);
            assert_int_equal(origin_work(t.b.origin)->handshakes_ntor_v3, 1);
        }
        tear_down(&t);
    }
}

static void ntor_v3_needs_the_ed25519_id(void **state) {
    (void)state;
    struct asking t;
    struct origin_target target;
    set_up(&t);
    origin_bench_target(&t.b, 1, &target);
    target.handshake = ORIGIN_HANDSHAKE_NTOR_V3;
    target.has_ed_id = false;
    assert_null(origin_handshake_create(&t.path, &target));
    tear_down(&t);
}

static void create_fast_needs_no_keys(void **state) {
    (void)state;
    struct asking t;
    uint8_t created[CELL_BODY_LEN];
    set_up_with(&t, ORIGIN_HANDSHAKE_FAST, (struct handshake_request){false, false});
    struct cell *cell = cell_run_shift(&t.path.queue);
    assert_int_equal(cell->command, CELL_CREATE_FAST);
    far_end_create_fast(&t.b.far, cell->body, created);
    cell_pool_put(&t.b.origin->cells, cell);
    struct span body = {created, sizeof(created)};
    assert_int_equal(origin_handshake_finish(&t.path, t.handshake, CELL_CREATED2, body), ERR_PROTOCOL);
    created[39] ^= 1;
    assert_int_equal(origin_handshake_finish(&t.path, t.handshake, CELL_CREATED_FAST, body),
                     ERR_BAD_SIGNATURE);
    created[39] ^= 1;
    assert_int_equal(origin_handshake_finish(&t.path, t.handshake, CELL_CREATED_FAST, body), ERR_OK);
    assert_int_equal(t.path.hop_count, 1);
    tear_down(&t);
}

static void without_memory_nothing_is_asked(void **state) {
    (void)state;
    struct asking t;
    struct origin_target target;
    set_up(&t);
    origin_bench_target(&t.b, 0, &target);
    struct origin_handshake *more[64];
    unsigned n = 0;
    t.b.allocations_left = 4; /* a few slab blocks */
    while (n < COUNT(more) && (more[n] = origin_handshake_create(&t.path, &target)))
        n++;
    assert_in_range(n, 1, COUNT(more) - 1);
    assert_int_equal(t.path.queue.count, n + 1);
    while (n > 0)
        origin_handshake_drop(t.b.origin, more[--n]);
    origin_handshake_drop(t.b.origin, NULL);
    tear_down(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relay_that_answers_becomes_a_hop),
        cmocka_unit_test(changed_answers_are_refused),
        cmocka_unit_test(ntor_v3_negotiates),
        cmocka_unit_test(ntor_v3_needs_the_ed25519_id),
        cmocka_unit_test(create_fast_needs_no_keys),
        cmocka_unit_test(without_memory_nothing_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
