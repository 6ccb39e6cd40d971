#include "origin/origin_hop.h"

#include "support/origin_bench.h"
#include "support/test.h"

#define HOPS 3u

static const enum layer_kind of_tor1[HOPS] = {LAYER_TOR1, LAYER_TOR1, LAYER_TOR1};
static const enum layer_kind of_cgo[HOPS] = {LAYER_CGO, LAYER_CGO, LAYER_CGO};
static const enum layer_kind mixed[HOPS] = {LAYER_TOR1, LAYER_CGO, LAYER_TOR1};
static const enum layer_kind usual[HOPS] = {LAYER_TOR1, LAYER_TOR1, LAYER_CGO}; /* what C tor 0.4.9 builds */

/* Hops with keys of their own, whose layers the far end has too. */
static void make_hops(struct origin_bench *b, const enum layer_kind *kinds, struct origin_hop **hops) {
    for (unsigned i = 0; i < HOPS; i++) {
        struct circuit_keys keys;
        memset(&keys, (int)(i + 1), sizeof(keys));
        keys.backward.digest[0] = 99;
        keys.forward.kind = keys.backward.kind = kinds[i];
        hops[i] = origin_hop_new(b->origin, &keys, &(struct circuit_terms){.sendme_inc = 0});
        assert_non_null(hops[i]);
        b->far.crypt->layer_init(b->far.hops[i].forward, LAYER_RELAY_FORWARD, &keys.forward);
        b->far.crypt->layer_init(b->far.hops[i].backward, LAYER_RELAY_BACKWARD, &keys.backward);
        b->far.hops[i].format = layer_format(kinds[i]);
        b->far.hop_count++;
    }
}

static void free_hops(struct origin_bench *b, struct origin_hop **hops) {
    for (unsigned i = 0; i < HOPS; i++)
        origin_hop_free(b->origin, hops[i]);
    origin_bench_fini(b);
}

static void take(struct origin_bench *b, struct cell **cells, unsigned n) {
    for (unsigned i = 0; i < n; i++)
        assert_non_null(cells[i] = cell_pool_take(&b->origin->cells, CELL_MUST));
}

static void put(struct origin_bench *b, struct cell **cells, unsigned n) {
    for (unsigned i = 0; i < n; i++)
        cell_pool_put(&b->origin->cells, cells[i]);
}

static void each_hop_hears_what_is_for_it(void **state) {
    struct origin_bench b;
    struct origin_hop *hops[HOPS];
    struct cell *cells[2 * HOPS];
    origin_bench_init(&b, 0);
    make_hops(&b, *state, hops);
    take(&b, cells, 2 * HOPS);
    for (unsigned i = 0; i < HOPS; i++) { /* two cells a hop, as one run */
        for (unsigned k = 0; k < 2; k++) {
            uint8_t said = (uint8_t)(10 * i + k), tag[20], heard_tag[20];
            struct relay_message m = {.command = RELAY_DATA, .stream = 3, .data = {&said, 1}}, heard = {0};
            struct cell *cell = cells[2 * i + k];
            cell->command = k == 0 ? CELL_RELAY_EARLY : CELL_RELAY;
            relay_message_encode(origin_hop_format(hops[i]), cell->body, &m, NULL);
            origin_hop_seal(b.origin, hops[i], cell, tag);
            origin_hops_wrap(b.origin, hops, i, &cell, 1);
            assert_int_equal(far_end_hear(&b.far, cell->command, cell->body, &heard), i);
            assert_int_equal(heard.data.length, 1);
            assert_memory_equal(heard.data.data, &said, 1);
            b.far.crypt->layer_tag(b.far.hops[i].forward, heard_tag);
            assert_memory_equal(tag, heard_tag, 20);
        }
    }
    put(&b, cells, 2 * HOPS);
    free_hops(&b, hops);
}

static void peel_says_who_spoke(void **state) {
    struct origin_bench b;
    struct origin_hop *hops[HOPS];
    struct cell *cells[ORIGIN_RUN_MAX];
    struct cell_view views[ORIGIN_RUN_MAX];
    static uint8_t bodies[ORIGIN_RUN_MAX][CELL_BODY_LEN];
    uint8_t from[ORIGIN_RUN_MAX], tag[20], said_tag[20];
    origin_bench_init(&b, 0);
    make_hops(&b, *state, hops);
    take(&b, cells, ORIGIN_RUN_MAX);
    for (unsigned i = 0; i < ORIGIN_RUN_MAX; i++) {
        uint8_t said = (uint8_t)i;
        far_end_say(&b.far, i % 5 % HOPS, RELAY_DATA, 1, (struct span){&said, 1}, bodies[i]);
        views[i] = (struct cell_view){1, CELL_RELAY, CELL_BODY_LEN, bodies[i]};
    }
    origin_hops_peel(b.origin, hops, HOPS, views, cells, ORIGIN_RUN_MAX, from);
    for (unsigned i = 0; i < ORIGIN_RUN_MAX; i++) {
        struct relay_message m;
        assert_int_equal(from[i], i % 5 % HOPS);
        assert_true(from[i] < HOPS - 1 || origin_hop_recognizes(b.origin, hops[from[i]], cells[i]));
        assert_int_equal(relay_message_decode(origin_hop_format(hops[from[i]]), cells[i]->body, &m), ERR_OK);
        assert_int_equal(m.data.data[0], i);
    }
    origin_hop_received_tag(b.origin, hops[HOPS - 1], tag);
    b.far.crypt->layer_tag(b.far.hops[HOPS - 1].backward, said_tag);
    assert_memory_equal(tag, said_tag, 20);
    put(&b, cells, ORIGIN_RUN_MAX);
    free_hops(&b, hops);
}

static void nobody_recognizes_garbage(void **state) {
    struct origin_bench b;
    struct origin_hop *hops[HOPS];
    struct cell *cell;
    uint8_t from, body[CELL_BODY_LEN] = {7, 0, 0, 1};
    struct cell_view view = {1, CELL_RELAY, CELL_BODY_LEN, body};
    origin_bench_init(&b, 0);
    make_hops(&b, *state, hops);
    take(&b, &cell, 1);
    origin_hops_peel(b.origin, hops, HOPS, &view, &cell, 1, &from);
    assert_int_equal(from, HOPS - 1);
    assert_false(origin_hop_recognizes(b.origin, hops[HOPS - 1], cell));
    put(&b, &cell, 1);
    free_hops(&b, hops);
}

#define OVER(test, kinds) \
    { #test " over " #kinds, test, NULL, NULL, (void *)(uintptr_t)kinds }
#define ALL_OVER(kinds)                                                           \
    OVER(each_hop_hears_what_is_for_it, kinds), OVER(peel_says_who_spoke, kinds), \
        OVER(nobody_recognizes_garbage, kinds)

int main(void) {
    const struct CMUnitTest tests[] = {
        ALL_OVER(of_tor1),
        ALL_OVER(of_cgo),
        ALL_OVER(mixed),
        ALL_OVER(usual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
