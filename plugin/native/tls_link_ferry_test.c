/* A link goes from hub to hub at any time, in any state, and between threads: no byte is lost, doubled or out of order. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/rng.h"
#include "support/moving_link.h"

/* --- again and again -------------------------------------------------------------------------------------------- */

static void step(struct rig *rig, struct rng *rng) {
    struct peer *peer = &rig->peer;
    switch (rng_below(rng, 8)) {
    case 0: move(rig); break;
    case 1: side_queue(here(rig), (uint32_t)rng_below(rng, 60)); break;
    case 2:
        if (WIRE_ROOM - peer->pipe.out_length >= TLS_RECORD_ROOM)
            peer_write(peer, 1 + rng_below(rng, TLS_RECORD_MAX));
        break;
    case 3: peer_flush(peer, 1 + rng_below(rng, 20000)); break;
    case 4: peer_read(peer, 1 + rng_below(rng, 30000)); break;
    case 5: link_hub_want_read(&here(rig)->hub, LINK, rng_below(rng, 4) != 0); break;
    case 6: tls_link_cool(link_of(rig)); break;
    default: side_turn(here(rig)); break;
    }
}

static void at_random(struct rig *rig) {
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct rng rng;
        rng_seed(&rng, seed);
        for (int i = 0; i < 400; i++)
            step(rig, &rng);
        link_hub_want_read(&here(rig)->hub, LINK, true);
        settle(rig);
    }
    assert_true(rig->moves > 200);
    assert_true(rig->talk.received > 1000000);
}

static void moves_at_any_time_lose_nothing(void **state) {
    (void)state;
    for_each_kind(at_random);
}

/* --- on two threads --------------------------------------------------------------------------------------------- */

/* What the mailroom does: what one thread wrote before it gave the link away, the other sees. */
struct ferry {
    pthread_mutex_t lock;
    struct tls_link *link; /* on its way to side `to` */
    struct talk *talk;
    unsigned to;
    atomic_bool is_over;
    unsigned passages;
};

struct ferry_end {
    struct ferry *ferry;
    struct side *side;
    unsigned index;
};

static bool board(struct ferry_end *end) {
    struct ferry *ferry = end->ferry;
    assert_int_equal(pthread_mutex_lock(&ferry->lock), 0);
    bool is_ours = ferry->link != NULL && ferry->to == end->index;
    if (is_ours) {
        side_adopt(end->side, ferry->link, ferry->talk);
        ferry->link = NULL;
    }
    assert_int_equal(pthread_mutex_unlock(&ferry->lock), 0);
    return is_ours;
}

static void leave(struct ferry_end *end) {
    struct ferry *ferry = end->ferry;
    assert_int_equal(pthread_mutex_lock(&ferry->lock), 0);
    ferry->link = side_release(end->side, &ferry->talk);
    ferry->to = !end->index;
    ferry->passages++;
    assert_int_equal(pthread_mutex_unlock(&ferry->lock), 0);
}

static void *run(void *argument) {
    struct ferry_end *end = argument;
    for (unsigned turns = 0; !atomic_load(&end->ferry->is_over); turns++) {
        if (end->side->manager.talk == NULL && !board(end)) {
            sched_yield();
            continue;
        }
        side_queue(end->side, 5);
        side_turn(end->side);
        if (turns % 3 == 0)
            leave(end);
    }
    return NULL;
}

static void on_threads(struct rig *rig) {
    struct ferry ferry = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct ferry_end ends[2];
    pthread_t threads[2];
    for (unsigned i = 0; i < 2; i++) {
        ends[i] = (struct ferry_end){.ferry = &ferry, .side = &rig->sides[i], .index = i};
        assert_int_equal(pthread_create(&threads[i], NULL, run, &ends[i]), 0);
    }
    while (rig->peer.received < 150000) {
        if (rig->peer.pipe.out_length == 0)
            peer_write(&rig->peer, 5000);
        peer_flush(&rig->peer, 3000);
        peer_read(&rig->peer, WIRE_ROOM);
    }
    atomic_store(&ferry.is_over, true);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    if (ferry.link != NULL)
        side_adopt(&rig->sides[ferry.to], ferry.link, ferry.talk);
    rig->at = rig->sides[0].manager.talk == NULL;
    assert_true(ferry.passages > 5);
    settle(rig);
}

static void threads_pass_a_link_to_and_fro(void **state) {
    (void)state;
    for_each_kind(on_threads);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_at_any_time_lose_nothing),
        cmocka_unit_test(threads_pass_a_link_to_and_fro),
    };
    return cmocka_run_group_tests(tests, identity_set_up, identity_tear_down);
}
