/* Stations on real threads exchange numbered messages through tiny rings. Each message must come exactly once and in
 * order, and every cell must come home. A thread sleeps until it is woken, so a lost wake is a deadlock, which ends the
 * test after SLEEP_S_MAX. To be run under the thread sanitizer too. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/check.h"
#include "base/rng.h"
#include "core/mailroom.h"
#include "support/test.h"

#define STATIONS    3u
#define SLEEP_S_MAX 20
#define POSTS_MAX   8u /* in one turn */
#define RUN_MAX     12u
#define COLLECT_MAX 20u

struct sleeper {
    pthread_mutex_t mutex;
    pthread_cond_t woken;
    bool stations[STATIONS]; /* woken and not yet up */
    bool is_over;
};

struct station {
    station_id id;
    struct rng rng;
    struct cell_pool pool;
    struct work work;
    uint32_t posts_left;
    uint32_t cells_sent[STATIONS], controls_sent[STATIONS];
    uint32_t cells_got[STATIONS], controls_got[STATIONS];
};

struct plan {
    uint16_t thread_of[STATIONS];
    uint32_t slots;
    uint32_t in_flight_max;
    uint32_t pool_cells;
    uint32_t control_percent; /* of the posts */
    uint32_t posts;           /* of each station */
    uint32_t rounds;
};

struct world {
    const struct plan *plan;
    struct mailroom *room;
    struct station stations[STATIONS];
    struct sleeper sleepers[STATIONS];
    pthread_mutex_t mutex;           /* of the copies */
    struct station copies[STATIONS]; /* as they were after their last turn, once they have sent everything */
};

struct thread {
    struct world *world;
    uint16_t number;
    pthread_t handle;
};

static void *allocate(UNUSED void *context, size_t size) {
    return calloc(1, size);
}

static void release(UNUSED void *context, void *object, UNUSED size_t size) {
    free(object);
}

static const struct memory memory = {.allocate = allocate, .release = release};

/* --- sleeping and waking ----------------------------------------------------------------------------------------- */

static void wake(void *context, station_id to) {
    struct world *world = context;
    struct sleeper *sleeper = &world->sleepers[world->plan->thread_of[to]];
    pthread_mutex_lock(&sleeper->mutex);
    sleeper->stations[to] = true;
    pthread_cond_signal(&sleeper->woken);
    pthread_mutex_unlock(&sleeper->mutex);
}

static bool anyone(const bool stations[static STATIONS]) {
    return stations[0] || stations[1] || stations[2];
}

/* Add the woken stations to is_up, sleeping until there is one when nobody is up. False when all is over. */
static bool get_up(struct sleeper *sleeper, bool is_up[static STATIONS]) {
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += SLEEP_S_MAX;
    pthread_mutex_lock(&sleeper->mutex);
    while (!anyone(is_up) && !anyone(sleeper->stations) && !sleeper->is_over) {
        if (pthread_cond_timedwait(&sleeper->woken, &sleeper->mutex, &deadline) == ETIMEDOUT) {
            fputs("a wake was lost\n", stderr);
            abort();
        }
    }
    for (unsigned i = 0; i < STATIONS; i++) {
        is_up[i] |= sleeper->stations[i];
        sleeper->stations[i] = false;
    }
    bool goes_on = !sleeper->is_over;
    pthread_mutex_unlock(&sleeper->mutex);
    return goes_on;
}

static void end_everything(struct world *world) {
    for (unsigned i = 0; i < STATIONS; i++) {
        pthread_mutex_lock(&world->sleepers[i].mutex);
        world->sleepers[i].is_over = true;
        pthread_cond_signal(&world->sleepers[i].woken);
        pthread_mutex_unlock(&world->sleepers[i].mutex);
    }
}

/* --- receiving --------------------------------------------------------------------------------------------------- */

static void take_controls(struct world *world, struct station *s) {
    struct control *message = mailroom_collect_controls(world->room, s->id);
    while (message != NULL) {
        struct control *next = message->next;
        CHECK(message->count == s->controls_got[message->reply_to]);
        s->controls_got[message->reply_to]++;
        control_free(&memory, message);
        message = next;
    }
}

static bool take_cells(struct world *world, struct station *s) {
    bool left_out;
    uint32_t max = 1 + (uint32_t)rng_below(&s->rng, COLLECT_MAX);
    struct cell_run run = mailroom_collect_cells(world->room, s->id, max, &left_out);
    while (!cell_run_is_empty(&run)) {
        struct cell *cell = cell_run_shift(&run);
        CHECK(cell->circ_id == s->cells_got[cell->home]);
        CHECK(cell->to <= s->controls_got[cell->home]); /* it has not overtaken control */
        s->cells_got[cell->home]++;
        mailroom_return_cell(world->room, s->id, cell, &s->pool);
    }
    return left_out;
}

static uint32_t take_returned(struct world *world, struct station *s) {
    return cell_pool_put_trays(&s->pool, mailroom_collect_returned(world->room, s->id));
}

/* --- sending ----------------------------------------------------------------------------------------------------- */

static void post_control(struct world *world, struct station *s, station_id to) {
    struct control *message = control_new(&memory, CONTROL_DESTROY);
    CHECK(message != NULL);
    message->reply_to = s->id;
    message->count = s->controls_sent[to]++;
    mailroom_post_control(world->room, s->id, to, message, &s->work);
}

/* False when the pool is empty, and then the next cell that comes home will wake us. */
static bool post_cells(struct world *world, struct station *s, station_id to) {
    struct cell_run run = {0};
    uint32_t count = 1 + (uint32_t)rng_below(&s->rng, RUN_MAX);
    bool has_cells = true;
    while (has_cells && run.count < count) {
        struct cell *cell = cell_pool_take(&s->pool, CELL_MUST);
        if (cell == NULL) {
            mailroom_want_returned(world->room, s->id);
            has_cells = take_returned(world, s) > 0;
            continue;
        }
        cell->circ_id = s->cells_sent[to]++;
        cell->to = s->controls_sent[to];
        cell_run_append(&run, cell);
    }
    mailroom_post_cells(world->room, s->id, to, &run, &s->work);
    return has_cells;
}

/* True when more could be sent at once. */
static bool send_some(struct world *world, struct station *s) {
    for (uint64_t posts = rng_below(&s->rng, POSTS_MAX); posts > 0; posts--) {
        if (s->posts_left == 0 || mailroom_is_full(world->room, s->id))
            return false;
        station_id to = (station_id)rng_below(&s->rng, STATIONS);
        s->posts_left--;
        if (rng_below(&s->rng, 100) < world->plan->control_percent)
            post_control(world, s, to);
        else if (!post_cells(world, s, to))
            return false;
    }
    return s->posts_left > 0;
}

/* --- a station's turn -------------------------------------------------------------------------------------------- */

static bool has_got_all(const struct station *from, const struct station *to) {
    return to->cells_got[from->id] == from->cells_sent[to->id] &&
           to->controls_got[from->id] == from->controls_sent[to->id];
}

static bool is_finished(const struct station stations[static STATIONS]) {
    for (unsigned i = 0; i < STATIONS; i++) {
        if (stations[i].posts_left > 0 || stations[i].pool.slab.taken > 0)
            return false;
        for (unsigned j = 0; j < STATIONS; j++) {
            if (!has_got_all(&stations[i], &stations[j]))
                return false;
        }
    }
    return true;
}

/* Only at the end: the mutex orders what the mailroom has to order by itself. */
static void look_if_finished(struct world *world, const struct station *s) {
    if (s->posts_left > 0)
        return;
    pthread_mutex_lock(&world->mutex);
    world->copies[s->id] = *s;
    bool is_over = is_finished(world->copies);
    pthread_mutex_unlock(&world->mutex);
    if (is_over)
        end_everything(world);
}

/* True when the station wants another turn without being woken. */
static bool turn(struct world *world, struct station *s) {
    mailroom_collect_begin(world->room, s->id);
    take_controls(world, s);
    bool wants_turn = take_cells(world, s);
    bool can_send = send_some(world, s);
    if (s->posts_left == 0)
        mailroom_want_returned(world->room, s->id); /* the last cells must come home too */
    (void)take_returned(world, s);
    mailroom_flush(world->room, s->id, &s->work, wake, world);
    look_if_finished(world, s);
    return wants_turn || can_send;
}

static void *run_thread(void *context) {
    struct thread *thread = context;
    struct world *world = thread->world;
    bool is_up[STATIONS];
    for (unsigned i = 0; i < STATIONS; i++)
        is_up[i] = world->plan->thread_of[i] == thread->number;
    do {
        for (unsigned i = 0; i < STATIONS; i++) {
            if (is_up[i])
                is_up[i] = turn(world, &world->stations[i]);
        }
        if (thread->number == 1)
            sched_yield(); /* threads of one pace would seldom meet a full ring */
    } while (get_up(&world->sleepers[thread->number], is_up));
    return NULL;
}

/* --- the test ---------------------------------------------------------------------------------------------------- */

static void set_up(struct world *world, const struct plan *plan, uint64_t seed) {
    *world = (struct world){.plan = plan};
    world->room =
        mailroom_new_with_slots(&memory, STATIONS, plan->thread_of, plan->in_flight_max, plan->slots);
    assert_non_null(world->room);
    pthread_mutex_init(&world->mutex, NULL);
    for (station_id i = 0; i < STATIONS; i++) {
        struct station *s = &world->stations[i];
        s->id = i;
        s->posts_left = plan->posts;
        world->copies[i].posts_left = plan->posts;
        rng_seed(&s->rng, seed * STATIONS + i);
        cell_pool_init(&s->pool, &memory, i, 16, plan->pool_cells);
        pthread_mutex_init(&world->sleepers[i].mutex, NULL);
        pthread_cond_init(&world->sleepers[i].woken, NULL);
    }
}

static void tear_down(struct world *world) {
    assert_true(is_finished(world->stations));
    for (station_id i = 0; i < STATIONS; i++) {
        cell_pool_fini(&world->stations[i].pool);
        pthread_cond_destroy(&world->sleepers[i].woken);
        pthread_mutex_destroy(&world->sleepers[i].mutex);
    }
    pthread_mutex_destroy(&world->mutex);
    mailroom_free(world->room);
}

static void run_plan(const struct plan *plan, uint64_t seed) {
    struct world world;
    struct thread threads[STATIONS];
    set_up(&world, plan, seed);
    for (uint16_t i = 0; i < STATIONS; i++) {
        threads[i] = (struct thread){.world = &world, .number = i};
        assert_int_equal(pthread_create(&threads[i].handle, NULL, run_thread, &threads[i]), 0);
    }
    for (unsigned i = 0; i < STATIONS; i++)
        pthread_join(threads[i].handle, NULL);
    tear_down(&world);
}

/* Long ones meet many interleavings. Of the short ones there are many, because a lost wake can be hidden by the next
 * message, and only the last has none after it. */
static void every_message_comes_once_and_in_order(UNUSED void **state) {
    static const struct plan plans[] = {
        {{0, 1, 2}, .slots = 1, .in_flight_max = 5, .pool_cells = 20, .control_percent = 30, 5000, 1},
        {{0, 1, 2}, .slots = 2, .in_flight_max = 100, .pool_cells = 7, .control_percent = 30, 5000, 1},
        {{0, 1, 2},
         .slots = 256,
         .in_flight_max = 1000,
         .pool_cells = 10000,
         .control_percent = 30,
         10000,
         1},
        {{0, 1, 0}, .slots = 1, .in_flight_max = 1, .pool_cells = 30, .control_percent = 30, 5000, 1},
        {{0, 0, 0}, .slots = 1, .in_flight_max = 10, .pool_cells = 30, .control_percent = 30, 5000, 1},
        {{0, 1, 2}, .slots = 1, .in_flight_max = 10, .pool_cells = 30, .control_percent = 30, 20, 200},
        {{0, 1, 2}, .slots = 1, .in_flight_max = 1, .pool_cells = 1, .control_percent = 100, 50, 400},
        {{0, 1, 2}, .slots = 2, .in_flight_max = 9999, .pool_cells = 9999, .control_percent = 0, 50, 400},
    };
    for (size_t i = 0; i < COUNT(plans); i++) {
        for (uint64_t seed = 0; seed < plans[i].rounds; seed++)
            run_plan(&plans[i], seed);
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_comes_once_and_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
