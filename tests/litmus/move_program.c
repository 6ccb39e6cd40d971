/* A link moves from station 0 to station 1 while station 2 sends to it: the steps of core/manager_mover.c and manager_parking.c
 * over core/mailroom.h, with the managers left out. What station 2 sends arrives in order, wherever it arrives; what both managers
 * send to station 2 does too. A plan may leave a step out: then it must not. */
#include "core/mailroom.h"
#include "litmus/programs.h"

#define STATIONS 3u
#define BODY_LEN 16u
#define OLD      0u
#define NEW      1u
#define SENDER   2u

enum fault {
    WHOLE,
    NO_FENCE,    /* the parcel goes as soon as the sender has been told to park */
    FENCE_FIRST, /* the fence goes before MOVING does */
    KEPT_LAST,   /* what was kept goes behind what is new */
};

struct move_plan {
    uint16_t thread_of[STATIONS];
    uint32_t slots;
    uint32_t sends; /* cells of the sender, and as many of the managers */
    enum fault fault;
};

struct station {
    struct cell_pool pool;
    struct work work;
};

struct move_state {
    const struct memory *memory;
    const struct move_plan *plan;
    struct mailroom *room;
    struct station stations[STATIONS];
    struct litmus_bell bells[STATIONS];
    /* The sender's. */
    struct cell_run kept;
    station_id half_at;
    uint32_t sent, heard;
    bool is_parked;
    /* The old manager's, and with the parcel the new one's: each is one thread's at a time, which the checker sees. */
    uint32_t got, told;
    bool has_begun;
};

static void set_up(void *context, const struct memory *memory, const void *plan) {
    struct move_state *s = context;
    s->memory = memory;
    s->plan = plan;
    s->room = mailroom_new_with_slots(memory, STATIONS, s->plan->thread_of, 1000, s->plan->slots);
    litmus_expect(s->room != NULL, "memory");
    for (station_id i = 0; i < STATIONS; i++)
        cell_pool_init(&s->stations[i].pool, memory, i, BODY_LEN, 8);
    s->half_at = OLD;
}

static void wake(void *context, station_id to) {
    struct move_state *s = context;
    litmus_ring(&s->bells[to]);
}

/* --- posting ------------------------------------------------------------------------------------------------------------- */

static void post_control(struct move_state *s, station_id from, station_id to, enum control_kind kind) {
    struct control *message = control_new(s->memory, kind);
    litmus_expect(message != NULL, "memory");
    mailroom_post_control(s->room, from, to, message, &s->stations[from].work);
}

static struct cell *new_cell(struct move_state *s, station_id from, enum cell_kind kind, uint32_t number) {
    struct cell *cell = cell_pool_take(&s->stations[from].pool, CELL_MUST);
    litmus_expect(cell != NULL, "memory");
    cell->kind = kind;
    cell->circ_id = number;
    return cell;
}

static void post_cell(struct move_state *s, station_id from, station_id to, struct cell *cell) {
    struct cell_run run = {0};
    cell_run_append(&run, cell);
    mailroom_post_cells(s->room, from, to, &run, &s->stations[from].work);
}

/* --- the sender ---------------------------------------------------------------------------------------------------------- */

static void send_one(struct move_state *s) {
    struct cell *cell = new_cell(s, SENDER, CELL_KIND_CELL, s->sent++);
    if (s->is_parked)
        cell_run_append(&s->kept, cell);
    else
        post_cell(s, SENDER, s->half_at, cell);
}

static void moved(struct move_state *s) {
    s->half_at = NEW;
    s->is_parked = false;
    if (s->plan->fault == KEPT_LAST)
        send_one(s);
    if (!cell_run_is_empty(&s->kept))
        mailroom_post_cells(s->room, SENDER, NEW, &s->kept, &s->stations[SENDER].work);
}

/* --- the managers ---------------------------------------------------------------------------------------------------------- */

static void begin(struct move_state *s) {
    s->has_begun = true;
    post_cell(s, OLD, SENDER, new_cell(s, OLD, CELL_KIND_CELL, s->told++));
    if (s->plan->fault == FENCE_FIRST) {
        post_cell(s, OLD, SENDER, new_cell(s, OLD, CELL_KIND_FENCE, 0));
        mailroom_flush(s->room, OLD, &s->stations[OLD].work, wake, s);
    }
    post_control(s, OLD, SENDER, CONTROL_MOVING);
    if (s->plan->fault == NO_FENCE)
        post_control(s, OLD, NEW, CONTROL_LINK_PARCEL);
    else if (s->plan->fault != FENCE_FIRST)
        post_cell(s, OLD, SENDER, new_cell(s, OLD, CELL_KIND_FENCE, 0));
}

static void unpack(struct move_state *s) {
    post_control(s, NEW, SENDER, CONTROL_MOVED);
    post_cell(s, NEW, SENDER, new_cell(s, NEW, CELL_KIND_CELL, s->told++));
}

/* --- turns ----------------------------------------------------------------------------------------------------------------- */

static void take_control(struct move_state *s, const struct control *message) {
    if (message->kind == CONTROL_MOVING)
        s->is_parked = true;
    else if (message->kind == CONTROL_MOVED)
        moved(s);
    else
        unpack(s);
}

static void take_cell(struct move_state *s, station_id at, struct cell *cell) {
    if (cell->kind == CELL_KIND_FENCE && at == SENDER) {
        post_cell(s, SENDER, OLD, cell);
        return;
    } else if (cell->kind == CELL_KIND_FENCE) {
        post_control(s, OLD, NEW, CONTROL_LINK_PARCEL);
    } else if (at == SENDER) {
        litmus_expect(cell->circ_id == s->heard++, "what managers send keeps its order");
    } else {
        litmus_expect(cell->circ_id == s->got++, "what is sent to a half keeps its order");
    }
    if (cell->home == at)
        cell_pool_put(&s->stations[at].pool, cell);
    else
        mailroom_return_cell(s->room, at, cell, &s->stations[at].pool);
}

static void handle(struct move_state *s, station_id at, struct cell_run *cells, struct control *controls) {
    while (controls) {
        struct control *message = controls;
        controls = message->next;
        take_control(s, message);
        control_free(s->memory, message);
    }
    while (!cell_run_is_empty(cells))
        take_cell(s, at, cell_run_shift(cells));
}

/* True for another one that need not be woken: the sender sends one cell a turn. */
static bool turn(struct move_state *s, station_id at) {
    bool left_out;
    mailroom_collect_begin(s->room, at);
    struct cell_run cells = mailroom_collect_cells(s->room, at, 1000, &left_out);
    handle(s, at, &cells, mailroom_collect_controls(s->room, at));
    if (at == OLD && !s->has_begun)
        begin(s);
    if (at == SENDER && s->sent < s->plan->sends)
        send_one(s);
    mailroom_flush(s->room, at, &s->stations[at].work, wake, s);
    return left_out || (at == SENDER && s->sent < s->plan->sends);
}

static void run(void *context, unsigned thread) {
    struct move_state *s = context;
    struct litmus_bell *bells[STATIONS];
    station_id stations[STATIONS];
    unsigned count = 0;
    for (station_id i = 0; i < STATIONS; i++) {
        if (s->plan->thread_of[i] != thread)
            continue;
        bells[count] = &s->bells[i];
        stations[count++] = i;
        while (turn(s, i))
            ;
    }
    for (;;) {
        station_id at = stations[litmus_wait(bells, count)];
        while (turn(s, at))
            ;
    }
}

static unsigned finish(void *context) {
    struct move_state *s = context;
    litmus_expect(s->half_at == NEW && !s->is_parked, "it has not arrived");
    litmus_expect(s->got == s->sent, "cells to it stayed on the way");
    litmus_expect(s->heard == s->told && s->told == 2, "cells from it stayed on the way");
    return 0;
}

#define MOVE(title, thread_count, ...)                                                                      \
    {                                                                                                       \
        .name = (title), .threads = (thread_count), .state_size = sizeof(struct move_state),                \
        .set_up = set_up, .run = run, .finish = finish, .sleeps = true, .plan = &(const struct move_plan) { \
            __VA_ARGS__                                                                                     \
        }                                                                                                   \
    }

const struct litmus_program move_programs[MOVE_PROGRAMS] = {
    MOVE("a link moves beside it", 2, {0, 0, 1}, .slots = 1, .sends = 1, WHOLE),
    MOVE("a link moves to its sender", 2, {0, 1, 1}, .slots = 1, .sends = 2, WHOLE),
    MOVE("a link moves from it", 2, {0, 1, 0}, .slots = 1, .sends = 2, WHOLE),
};

const struct litmus_program unsafe_programs[UNSAFE_PROGRAMS] = {
    MOVE("no fence", 2, {0, 1, 1}, .slots = 1, .sends = 2, NO_FENCE),
    MOVE("fence before MOVING", 2, {0, 1, 1}, .slots = 1, .sends = 3, FENCE_FIRST),
    MOVE("kept cells last", 2, {0, 1, 1}, .slots = 1, .sends = 3, KEPT_LAST),
};
