/* Between threads: a wake by eventfd, and cells and control messages through the mailroom, with all that both threads do for
 * them: posting, publishing, collecting, reading, sending the cells home and putting them back. Sleeping and waking are not in
 * the figures of the mailroom: each thread's part is timed by itself. */
#include <stdbool.h>
#include <stdlib.h>

#include "base/check.h"
#include "core/mailroom.h"
#include "native/heap.h"
#include "primitives/partner.h"
#include "primitives/primitive.h"

#define HERE      0u
#define THERE     1u
#define BURST     248u /* cells or messages a turn: less than the ring has slots */
#define CELLS_MAX 8192u
#define IN_FLIGHT 4096u

struct rig {
    const struct primitive *primitive;
    struct partner *partner;
    struct mailroom *room;
    struct cell_pool pools[2];
    struct work work[2];
    uint64_t sum; /* of bytes read, so that they are */
};

static void no_wake(void *context, station_id to) {
    (void)context, (void)to;
}

/* The other thread: take all that came, read it, and send the cells home. */
static void collect(void *state) {
    struct rig *rig = state;
    bool left_out = true;
    mailroom_collect_begin(rig->room, THERE);
    for (struct control *message = mailroom_collect_controls(rig->room, THERE); message;) {
        struct control *next = message->next;
        control_free(&heap_memory, message);
        message = next;
    }
    while (left_out) {
        struct cell_run run = mailroom_collect_cells(rig->room, THERE, BURST, &left_out);
        for (struct cell *cell = cell_run_shift(&run); cell; cell = cell_run_shift(&run)) {
            if (run.first)
                cell_prefetch_ahead(run.first);
            for (unsigned i = 0; i < CELL_BODY_LEN; i += CACHE_LINE_LEN)
                rig->sum += cell->body[i];
            mailroom_return_cell(rig->room, THERE, cell, &rig->pools[THERE]);
        }
    }
    mailroom_flush(rig->room, THERE, &rig->work[THERE], no_wake, NULL);
}

static void nothing(void *state) {
    (void)state;
}

static void end(void *state) {
    struct rig *rig = state;
    partner_free(rig->partner);
    if (rig->room) {
        mailroom_free(rig->room);
        cell_pool_fini(&rig->pools[HERE]);
        cell_pool_fini(&rig->pools[THERE]);
    }
    free(rig);
}

static void *begin_with(const struct primitive *primitive, void (*task)(void *), const char **reason_out) {
    static const uint16_t thread_of[] = {0, 1};
    struct rig *rig = heap_new(sizeof *rig);
    rig->primitive = primitive;
    rig->partner = partner_new(task, rig, reason_out);
    if (!rig->partner) {
        free(rig);
        return NULL;
    }
    if (task == nothing)
        return rig;
    rig->room = mailroom_new(&heap_memory, 2, thread_of, IN_FLIGHT);
    CHECK(rig->room);
    cell_pool_init(&rig->pools[HERE], &heap_memory, HERE, CELL_BODY_LEN, CELLS_MAX);
    cell_pool_init(&rig->pools[THERE], &heap_memory, THERE, CELL_BODY_LEN, CELLS_MAX);
    return rig;
}

static void *begin_wake(const struct primitive *primitive, const char **reason_out) {
    return begin_with(primitive, nothing, reason_out);
}

static void *begin_room(const struct primitive *primitive, const char **reason_out) {
    return begin_with(primitive, collect, reason_out);
}

/* What reading the CPU clock takes by itself. */
static nsec clock_cost(void) {
    nsec from = cpu_now();
    for (unsigned i = 0; i < 16; i++)
        (void)cpu_now();
    return (cpu_now() - from) / 17;
}

/* Sums of so many calls, without what reading the CPU clock takes within them. */
static struct partner_call call_often(struct rig *rig, uint64_t calls) {
    struct partner_call sum = {.latency = 0}, call;
    nsec clock = clock_cost();
    for (uint64_t i = 0; i < calls; i++) {
        partner_call(rig->partner, &call);
        sum.latency += call.latency;
        sum.wake_cpu += call.wake_cpu > clock ? call.wake_cpu - clock : 0;
        sum.rest_cpu += call.rest_cpu > clock ? call.rest_cpu - clock : 0;
    }
    return sum;
}

static nsec run_wake_cpu(void *state, uint64_t units, uint64_t *units_done_out) {
    *units_done_out = units;
    return call_often(state, units).wake_cpu;
}

static nsec run_wake_latency(void *state, uint64_t units, uint64_t *units_done_out) {
    *units_done_out = units;
    return call_often(state, units).latency;
}

static nsec run_sleep(void *state, uint64_t units, uint64_t *units_done_out) {
    *units_done_out = units;
    return call_often(state, units).rest_cpu;
}

/* Cells that came home go back to their pool. */
static void put_back(struct rig *rig) {
    struct slab_tray *trays;
    mailroom_collect_begin(rig->room, HERE);
    CHECK(!mailroom_collect_controls(rig->room, HERE));
    while ((trays = mailroom_collect_returned(rig->room, HERE)) != NULL)
        cell_pool_put_trays(&rig->pools[HERE], trays);
}

static nsec cross_once(struct rig *rig) {
    struct partner_call call;
    uint32_t run_length = rig->primitive->size;
    nsec from = cpu_now();
    for (uint32_t i = 0; i < BURST; i += run_length) {
        struct cell_run run = {NULL, NULL, 0};
        for (uint32_t j = 0; j < run_length; j++) {
            struct cell *cell = cell_pool_take(&rig->pools[HERE], CELL_MUST);
            CHECK(cell);
            for (unsigned k = 0; k < CELL_BODY_LEN; k += CACHE_LINE_LEN)
                cell->body[k] = (uint8_t)i;
            cell_run_append(&run, cell);
        }
        mailroom_post_cells(rig->room, HERE, THERE, &run, &rig->work[HERE]);
        mailroom_flush(rig->room, HERE, &rig->work[HERE], no_wake, NULL);
    }
    nsec took = cpu_now() - from;
    partner_call(rig->partner, &call);
    from = cpu_now();
    put_back(rig);
    mailroom_flush(rig->room, HERE, &rig->work[HERE], no_wake, NULL);
    return took + call.task_cpu + (cpu_now() - from);
}

static nsec run_crossing(void *state, uint64_t units, uint64_t *units_done_out) {
    struct rig *rig = state;
    uint64_t turns = units / BURST + 1;
    nsec took = 0;
    for (uint64_t i = 0; i < turns; i++)
        took += cross_once(rig);
    *units_done_out = turns * BURST;
    return took;
}

static nsec run_controls(void *state, uint64_t units, uint64_t *units_done_out) {
    struct rig *rig = state;
    uint64_t turns = units / BURST + 1;
    nsec took = 0;
    for (uint64_t i = 0; i < turns; i++) {
        struct partner_call call;
        nsec from = cpu_now();
        for (uint32_t j = 0; j < BURST; j++) {
            struct control *message = control_new(&heap_memory, CONTROL_DESTROY);
            CHECK(message);
            mailroom_post_control(rig->room, HERE, THERE, message, &rig->work[HERE]);
        }
        mailroom_flush(rig->room, HERE, &rig->work[HERE], no_wake, NULL);
        took += cpu_now() - from;
        partner_call(rig->partner, &call);
        took += call.task_cpu;
    }
    *units_done_out = turns * BURST;
    return took;
}

static const struct primitive all[] = {
    {"wake", "sender's CPU", "", 0, "wake", begin_wake, run_wake_cpu, end},
    {"wake", "time until the other runs", "", 0, "wake", begin_wake, run_wake_latency, end},
    {"sleep", "CPU of falling asleep and waking up", "", 0, "sleep", begin_wake, run_sleep, end},
    {"crossing", "", "cells in a flush", 1, "cell", begin_room, run_crossing, end},
    {"crossing", "", "cells in a flush", 8, "cell", begin_room, run_crossing, end},
    {"crossing", "", "cells in a flush", 31, "cell", begin_room, run_crossing, end},
    {"control", "", "", 0, "message", begin_room, run_controls, end},
};

struct primitive_list primitive_threads(void) {
    return (struct primitive_list){all, sizeof all / sizeof all[0]};
}
