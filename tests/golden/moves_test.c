/* Links move from thread to thread, of all relays and at any time, while circuits are built, used and closed over them: every
 * byte arrives, once and in order, and nothing is left over. */
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "memnet/journey.h"
#include "memnet/memnet.h"
#include "support/test.h"

#define RELAYS   3u
#define JOURNEYS 6u
#define BYTES    UINT64_C(200000)

struct world {
    struct memnet *net;
    struct memnet_relay *relays[RELAYS];
    struct memnet_server servers[JOURNEYS];
    struct journey journeys[JOURNEYS];
    char hosts[JOURNEYS][16];
    struct rng rng;
};

static uint64_t seed_first = 1, seed_last = 10;

static void set_up(struct world *w, uint64_t seed) {
    struct memnet_options options;
    memnet_options_default(&options);
    rng_seed(&w->rng, seed);
    options.is_symbolic = true;
    options.seed = seed;
    w->net = memnet_new(&options);
    for (unsigned i = 0; i < RELAYS; i++) {
        struct relay_config config;
        memnet_relay_config(w->net, &config);
        config.connection_threads = (uint16_t)(2 + rng_below(&w->rng, 3));
        w->relays[i] = memnet_relay_add(w->net, &config);
        assert_non_null(w->relays[i]);
    }
}

static void begin_journey(struct world *w, unsigned i) {
    snprintf(w->hosts[i], sizeof w->hosts[i], "server%u.test", i);
    w->servers[i] = (struct memnet_server){.host = w->hosts[i],
                                           .port = 80,
                                           .sends = BYTES,
                                           .sends_seed = 2 * i + 1,
                                           .expects = BYTES,
                                           .expects_seed = 2 * i + 2,
                                           .closes = true};
    memnet_server_add(w->net, &w->servers[i]);
    w->journeys[i] = (struct journey){.host = w->hosts[i],
                                      .port = 80,
                                      .sends = BYTES,
                                      .sends_seed = 2 * i + 2,
                                      .expects = BYTES,
                                      .expects_seed = 2 * i + 1};
    assert_true(journey_begin(&w->journeys[i], w->net, w->relays, RELAYS));
    if (rng_below(&w->rng, 2)) { /* with congestion control and counter galois onion at the exit */
        w->journeys[i].path[RELAYS - 1].handshake = ORIGIN_HANDSHAKE_NTOR_V3;
        w->journeys[i].path[RELAYS - 1].request =
            (struct handshake_request){.wants_congestion_control = true, .wants_cgo = true};
    }
}

static void move_something(struct world *w) {
    struct memnet_relay *relay = w->relays[rng_below(&w->rng, RELAYS)];
    (void)memnet_relay_move(relay, rng_u64(&w->rng), (uint16_t)(1 + rng_below(&w->rng, 3)));
}

static bool all_are_over(const struct world *w) {
    for (unsigned i = 0; i < JOURNEYS; i++) {
        if (!w->journeys[i].is_over)
            return false;
    }
    return true;
}

static void assert_arrived(const struct world *w, unsigned i) {
    const struct journey *j = &w->journeys[i];
    assert_true(j->is_built);
    assert_false(j->is_closed);
    assert_false(j->has_mismatch);
    assert_false(w->servers[i].has_mismatch);
    assert_int_equal(j->received, BYTES);
    assert_int_equal(w->servers[i].bytes_in, BYTES);
    assert_int_equal(j->end_reason, END_DONE);
}

static uint64_t moved(const struct world *w, bool tells) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < RELAYS; i++) {
        const struct move_figures *f = memnet_relay_moves(w->relays[i]);
        uint64_t stayed = 0;
        for (unsigned k = 0; k < STAY_REASONS; k++)
            stayed += f->stayed[k];
        assert_int_equal(f->asked, f->moved + stayed);
        sum += f->moved;
        if (tells)
            printf("relay %u: %u moved, stayed: %u closed, %u busy, %u too often, %u limit\n", i,
                   (unsigned)f->moved, (unsigned)f->stayed[0], (unsigned)f->stayed[1], (unsigned)f->stayed[2],
                   (unsigned)f->stayed[3]);
    }
    return sum;
}

static void run(uint64_t seed) {
    static struct world world;
    struct world *w = &world;
    *w = (struct world){0};
    set_up(w, seed);
    for (unsigned i = 0; i < JOURNEYS; i++) {
        begin_journey(w, i);
        memnet_run_for(w->net, rng_below(&w->rng, 50 * NSEC_PER_MS));
        move_something(w);
    }
    for (unsigned turns = 0; !all_are_over(w); turns++) {
        assert_true(turns < 20000);
        move_something(w);
        memnet_run_for(w->net, rng_below(&w->rng, 3 * NSEC_PER_MS));
    }
    for (unsigned i = 0; i < JOURNEYS; i++)
        assert_arrived(w, i);
    for (unsigned i = 0; i < JOURNEYS; i++)
        memnet_client_turn(w->journeys[i].client);
    memnet_run_for(w->net, 2 * NSEC_PER_S);
    for (unsigned i = 0; i < RELAYS; i++)
        assert_int_equal(memnet_relay_load(w->relays[i]).halves, 0);
    assert_true(moved(w, seed == seed_first) > 20);
    assert_true(memnet_free(w->net));
}

static void links_move_while_they_are_used(void **state) {
    (void)state;
    for (uint64_t seed = seed_first; seed <= seed_last; seed++) {
        printf("seed %u\n", (unsigned)seed);
        fflush(stdout);
        run(seed);
    }
}

/* --- whatever happens meanwhile ------------------------------------------------------------------------------------------- */

/* At any step of a move: it takes some wakes, of 20 us each. */
static void wait_a_moment(struct world *w) {
    memnet_run_for(w->net, rng_below(&w->rng, rng_below(&w->rng, 4) ? 100 * NSEC_PER_US : 10 * NSEC_PER_MS));
}

static void do_mischief(struct world *w) {
    unsigned i = (unsigned)rng_below(&w->rng, JOURNEYS);
    struct journey *j = &w->journeys[i];
    struct memnet_relay *a = w->relays[rng_below(&w->rng, RELAYS)],
                        *b = w->relays[rng_below(&w->rng, RELAYS)];
    switch (rng_below(&w->rng, 40)) {
    case 0: memnet_cut(w->net, a, b); break;
    case 1:
        if (memnet_client_link(j->client))
            memnet_client_hangup(j->client);
        j->circuit = NULL; /* freed with its link */
        j->is_over = true;
        break;
    case 2:
    case 3:
    case 4:
        journey_finish(j);
        memnet_client_turn(j->client);
        break;
    case 5:
    case 6: memnet_client_stall(j->client, true); break;
    case 7:
    case 8:
    case 9:
    case 10: memnet_client_stall(j->client, false); break;
    case 11: w->servers[i].is_stalled = true; break;
    default: break;
    }
}

/* Some of the next allocations fail. */
static void starve(struct world *w) {
    struct heap *heap = memnet_heap(w->net);
    heap->fail_at = heap->allocations + rng_below(&w->rng, 30);
    heap->fail_count = 1 + rng_below(&w->rng, 3) * rng_below(&w->rng, 10);
}

static void suffer(uint64_t seed, bool is_poor) {
    static struct world world;
    struct world *w = &world;
    *w = (struct world){0};
    set_up(w, seed);
    for (unsigned i = 0; i < JOURNEYS; i++) {
        begin_journey(w, i);
        wait_a_moment(w);
        move_something(w);
    }
    memnet_run_for(w->net, rng_below(&w->rng, 300 * NSEC_PER_MS));
    for (unsigned turns = 0; turns < 300 && !all_are_over(w); turns++) {
        move_something(w);
        if (is_poor && rng_below(&w->rng, 4) == 0)
            starve(w);
        wait_a_moment(w);
        do_mischief(w);
        wait_a_moment(w);
    }
    memnet_heap(w->net)->fail_at = UINT64_MAX;
    for (unsigned i = 0; i < JOURNEYS; i++) {
        assert_false(w->journeys[i].has_mismatch || w->servers[i].has_mismatch);
        memnet_client_stall(w->journeys[i].client, false);
        journey_finish(&w->journeys[i]);
        memnet_client_turn(w->journeys[i].client);
    }
    memnet_run_for(w->net, 300 * NSEC_PER_S);
    for (unsigned i = 0; i < RELAYS; i++)
        assert_int_equal(memnet_relay_load(w->relays[i]).halves, 0);
    for (unsigned i = 0; i < JOURNEYS; i++)
        assert_int_equal(w->servers[i].connections, w->servers[i].closed);
    (void)moved(w, seed == seed_first);
    assert_true(memnet_free(w->net));
}

static void links_move_whatever_happens(void **state) {
    (void)state;
    for (uint64_t seed = seed_first; seed <= seed_last; seed++) {
        printf("seed %u\n", (unsigned)seed);
        fflush(stdout);
        suffer(seed, false);
        suffer(seed, true);
    }
}

/* moves_test [FIRST [LAST]]: other seeds. */
int main(int argc, char **argv) {
    if (argc > 1)
        seed_first = seed_last = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        seed_last = strtoull(argv[2], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_move_while_they_are_used),
        cmocka_unit_test(links_move_whatever_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
