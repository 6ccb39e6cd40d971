#include "core/mailbox.h"

#include "base/check.h"
#include "core/cell_pool.h"
#include "core/control.h"
#include "core/flag.h"

/* Move all of tail behind chain. */
static void concat(enum lane lane, struct chain *chain, struct chain *tail) {
    if (tail->first == NULL)
        return;
    if (chain->first == NULL)
        chain->first = tail->first;
    else if (lane == LANE_CONTROL)
        ((struct control *)chain->last)->next = tail->first;
    else if (lane == LANE_RETURNED)
        ((struct slab_tray *)chain->last)->next = tail->first;
    else
        ((struct cell *)chain->last)->next = tail->first;
    chain->last = tail->last;
    chain->count += tail->count;
    *tail = (struct chain){0};
}

bool mailbox_init(struct mailbox *box, const struct memory *memory, uint32_t slots) {
    if (slots == 0)
        return true;
    box->rings = memory_allocate(memory, LANES * sizeof *box->rings);
    if (box->rings == NULL)
        return false;
    for (unsigned lane = 0; lane < LANES; lane++) {
        if (!chain_ring_init(&box->rings[lane], memory, slots))
            return false;
    }
    return true;
}

static void free_controls(const struct memory *memory, struct chain chain) {
    struct control *message = chain.first;
    while (message != NULL) {
        struct control *next = message->next;
        control_free(memory, message);
        message = next;
    }
}

void mailbox_fini(struct mailbox *box, const struct memory *memory) {
    free_controls(memory, box->pending[LANE_CONTROL]);
    free_controls(memory, box->arrived[LANE_CONTROL]);
    if (box->rings == NULL)
        return;
    struct chain_ring *controls = &box->rings[LANE_CONTROL];
    struct chain chain;
    while (chain_ring_pop(controls, chain_ring_published(controls), &chain))
        free_controls(memory, chain);
    for (unsigned lane = 0; lane < LANES; lane++)
        chain_ring_fini(&box->rings[lane], memory);
    memory_release(memory, box->rings, LANES * sizeof *box->rings);
    box->rings = NULL;
}

/* --- sender ------------------------------------------------------------------------------------------------------ */

void mailbox_post(struct mailbox *box, enum lane lane, struct chain chain) {
    if (lane != LANE_RETURNED)
        box->cells_posted += chain.count;
    if (lane == LANE_CELLS && box->rings != NULL)
        cell_trail_add(&box->trail, chain.first);
    concat(lane, &box->pending[lane], &chain);
}

static bool publish_lane(struct mailbox *box, enum lane lane, struct work *work) {
    if (box->pending[lane].first == NULL)
        return false;
    if (lane == LANE_CELLS)
        cell_trail_reset(&box->trail);
    if (box->rings == NULL)
        concat(lane, &box->arrived[lane], &box->pending[lane]);
    else if (!chain_ring_push(&box->rings[lane], &box->pending[lane]))
        return false;
    work->mailbox_flushes++;
    return true;
}

static void publish_lanes(struct mailbox *box, struct mailbox_published *published, struct work *work) {
    published->news |= publish_lane(box, LANE_CONTROL, work);
    /* Cells may need what the control messages before them have told: they stay as long as those do. */
    if (box->pending[LANE_CONTROL].first == NULL)
        published->news |= publish_lane(box, LANE_CELLS, work);
    published->returned |= publish_lane(box, LANE_RETURNED, work);
}

struct mailbox_published mailbox_publish(struct mailbox *box, struct work *work) {
    struct mailbox_published published = {0};
    publish_lanes(box, &published, work);
    if (mailbox_has_pending(box)) {
        /* Raise, then look again: the receiver may have made room before it could see the flag. */
        (void)flag_raise(&box->sender_waits);
        publish_lanes(box, &published, work);
    }
    return published;
}

bool mailbox_has_pending(const struct mailbox *box) {
    return box->pending[LANE_CONTROL].first != NULL || box->pending[LANE_CELLS].first != NULL ||
           box->pending[LANE_RETURNED].first != NULL;
}

bool mailbox_is_over(struct mailbox *box, uint32_t max) {
    if (box->cells_posted - box->cells_taken_seen < max)
        return false;
    /* Relaxed: a number that nothing hangs on. Who must not miss the last one has raised sender_waits before. */
    box->cells_taken_seen = atomic_load_explicit(&box->cells_taken, memory_order_relaxed);
    return box->cells_posted - box->cells_taken_seen >= max;
}

bool mailbox_waits_while_over(struct mailbox *box, uint32_t max) {
    if (!mailbox_is_over(box, max))
        return false;
    /* Raise, then look again, as in mailbox_publish. */
    (void)flag_raise(&box->sender_waits);
    return mailbox_is_over(box, max);
}

/* --- receiver ---------------------------------------------------------------------------------------------------- */

static void count_taken(struct mailbox *box, uint32_t cells) {
    /* Relaxed: nobody but this thread writes it; and see mailbox_is_over. */
    uint32_t taken = atomic_load_explicit(&box->cells_taken, memory_order_relaxed);
    atomic_store_explicit(&box->cells_taken, taken + cells, memory_order_relaxed);
}

void mailbox_begin(struct mailbox *box) {
    if (box->rings != NULL)
        box->cells_limit = chain_ring_published(&box->rings[LANE_CELLS]);
}

static void take_published(struct mailbox *box, enum lane lane, struct chain *chain) {
    struct chain_ring *ring = &box->rings[lane];
    uint32_t limit = chain_ring_published(ring);
    struct chain next;
    while (chain_ring_pop(ring, limit, &next))
        concat(lane, chain, &next);
}

bool mailbox_take(struct mailbox *box, enum lane lane, struct chain *chain) {
    CHECK(lane != LANE_CELLS);
    uint32_t before = chain->count;
    concat(lane, chain, &box->arrived[lane]);
    if (box->rings != NULL)
        take_published(box, lane, chain);
    uint32_t taken = chain->count - before;
    if (lane == LANE_CONTROL && taken > 0)
        count_taken(box, taken);
    return taken > 0;
}

/* One thread: exactly cells_max, because the chains of several flushes have become one. */
static bool take_arrived_cells(struct mailbox *box, uint32_t cells_max, struct chain *chain) {
    struct chain *arrived = &box->arrived[LANE_CELLS];
    struct cell_run rest = {.first = arrived->first, .last = arrived->last, .count = arrived->count};
    struct cell_run run = cell_run_split(&rest, cells_max);
    *arrived = (struct chain){.first = rest.first, .last = rest.last, .count = rest.count};
    struct chain taken = {.first = run.first, .last = run.last, .count = run.count};
    concat(LANE_CELLS, chain, &taken);
    count_taken(box, run.count);
    return run.count > 0;
}

bool mailbox_take_cells(struct mailbox *box, uint32_t cells_max, struct chain *chain) {
    if (!mailbox_has_cells(box))
        return false;
    if (box->rings == NULL)
        return take_arrived_cells(box, cells_max, chain);
    uint32_t taken = 0;
    struct chain next;
    while (taken < cells_max && chain_ring_pop(&box->rings[LANE_CELLS], box->cells_limit, &next)) {
        taken += next.count;
        concat(LANE_CELLS, chain, &next);
    }
    count_taken(box, taken);
    return taken > 0;
}

bool mailbox_has_cells(const struct mailbox *box) {
    if (box->rings == NULL)
        return box->arrived[LANE_CELLS].first != NULL;
    return !chain_ring_is_at(&box->rings[LANE_CELLS], box->cells_limit);
}

bool mailbox_sender_waits(struct mailbox *box) {
    return box->rings == NULL ? flag_lower_here(&box->sender_waits) : flag_lower(&box->sender_waits);
}
