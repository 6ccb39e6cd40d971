/* Stations of a core/mailroom.h on their threads. Each posts by a script, sleeps when it has nothing to do, and returns
 * the cells that it gets. When all sleep, nothing may be left: then a wake was lost. */
#include "base/attributes.h"
#include "core/mailroom.h"
#include "litmus/programs.h"

#define STATIONS 3u
#define BODY_LEN 16u

/* A script: "c1" posts a control message to station 1, "d1" a cell, "." ends the turn. */
struct mailroom_plan {
    uint16_t stations;
    uint16_t thread_of[STATIONS];
    uint32_t slots, in_flight_max, pool_cells, collect_max;
    const char *scripts[STATIONS];
    bool control_first; /* collected before the cells: these must not come earlier than it */
    bool calls_home;    /* a station that has posted everything asks for its cells until they are home */
};

struct station {
    station_id id;
    const char *script;
    struct cell_pool pool;
    struct work work;
    uint32_t cells_sent[STATIONS], controls_sent[STATIONS];
    uint32_t cells_got[STATIONS], controls_got[STATIONS];
    bool was_full, was_dry;
};

struct mailroom_state {
    const struct memory *memory;
    const struct mailroom_plan *plan;
    struct mailroom *room;
    struct station stations[STATIONS];
    struct litmus_bell bells[STATIONS];
};

static void set_up(void *context, const struct memory *memory, const void *plan) {
    struct mailroom_state *s = context;
    s->memory = memory;
    s->plan = plan;
    s->room = mailroom_new_with_slots(memory, s->plan->stations, s->plan->thread_of, s->plan->in_flight_max,
                                      s->plan->slots);
    litmus_expect(s->room != NULL, "memory");
    for (station_id i = 0; i < s->plan->stations; i++) {
        s->stations[i].id = i;
        s->stations[i].script = s->plan->scripts[i];
        cell_pool_init(&s->stations[i].pool, memory, i, BODY_LEN, s->plan->pool_cells);
    }
}

static void wake(void *context, station_id to) {
    struct mailroom_state *s = context;
    litmus_ring(&s->bells[to]);
}

/* --- receiving --------------------------------------------------------------------------------------------------- */

static void take_controls(struct mailroom_state *s, struct station *at) {
    struct control *message = mailroom_collect_controls(s->room, at->id);
    while (message != NULL) {
        struct control *next = message->next;
        litmus_expect(message->count == at->controls_got[message->reply_to]++,
                      "control messages keep their order");
        control_free(s->memory, message);
        message = next;
    }
}

static void take_cells(struct mailroom_state *s, struct station *at, struct cell_run run) {
    while (!cell_run_is_empty(&run)) {
        struct cell *cell = cell_run_shift(&run);
        litmus_expect(cell->circ_id == at->cells_got[cell->home]++, "cells keep their order");
        litmus_expect(cell->to <= at->controls_got[cell->home], "data does not overtake control");
        litmus_expect(cell->body[0] == (uint8_t)(cell->circ_id + 1), "a cell comes with its body");
        cell->body[0] = 0;
        mailroom_return_cell(s->room, at->id, cell, &at->pool);
    }
}

/* The first cell on its way is the tray of the others, and as such has been written over. */
static bool take_returned(struct mailroom_state *s, struct station *at) {
    struct slab_tray *trays = mailroom_collect_returned(s->room, at->id);
    for (const struct slab_tray *tray = trays; tray != NULL; tray = tray->next)
        for (uint32_t i = 0; i < tray->count; i++)
            litmus_expect(((const struct cell *)tray->objects[i])->body[0] == 0,
                          "a cell comes home as its holder left it");
    return cell_pool_put_trays(&at->pool, trays) > 0;
}

/* --- sending ----------------------------------------------------------------------------------------------------- */

static void post_control(struct mailroom_state *s, struct station *at, station_id to) {
    struct control *message = control_new(s->memory, CONTROL_DESTROY);
    litmus_expect(message != NULL, "memory");
    message->reply_to = at->id;
    message->count = at->controls_sent[to]++;
    mailroom_post_control(s->room, at->id, to, message, &at->work);
}

/* False when the pool is dry, and then the next cell that comes home wakes us. */
static bool post_cell(struct mailroom_state *s, struct station *at, station_id to) {
    struct cell *cell = cell_pool_take(&at->pool, CELL_MUST);
    if (cell == NULL) {
        at->was_dry = true;
        mailroom_want_returned(s->room, at->id);
        if (!take_returned(s, at))
            return false;
        cell = cell_pool_take(&at->pool, CELL_MUST);
    }
    struct cell_run run = {0};
    cell->circ_id = at->cells_sent[to]++;
    cell->to = at->controls_sent[to];
    cell->body[0] = (uint8_t)(cell->circ_id + 1);
    cell_run_append(&run, cell);
    mailroom_post_cells(s->room, at->id, to, &run, &at->work);
    return true;
}

/* What the script says for this turn. True when it goes on in another one that need not be woken. */
static bool send(struct mailroom_state *s, struct station *at) {
    while (*at->script != '\0') {
        if (*at->script == '.') {
            at->script++;
            return true;
        }
        if (mailroom_is_full(s->room, at->id)) {
            at->was_full = true;
            return false;
        }
        station_id to = (station_id)(at->script[1] - '0');
        if (*at->script == 'c')
            post_control(s, at, to);
        else if (!post_cell(s, at, to))
            return false;
        at->script += 2;
    }
    return false;
}

/* --- turns ------------------------------------------------------------------------------------------------------- */

/* True for another one that need not be woken. */
static bool turn(struct mailroom_state *s, struct station *at) {
    bool left_out;
    mailroom_collect_begin(s->room, at->id);
    if (s->plan->control_first)
        take_controls(s, at);
    struct cell_run run = mailroom_collect_cells(s->room, at->id, s->plan->collect_max, &left_out);
    if (!s->plan->control_first)
        take_controls(s, at);
    take_cells(s, at, run);
    bool goes_on = send(s, at);
    if (s->plan->calls_home && *at->script == '\0' && at->pool.slab.taken > 0) {
        mailroom_want_returned(s->room, at->id);
        (void)take_returned(s, at);
    }
    mailroom_flush(s->room, at->id, &at->work, wake, s);
    return goes_on || left_out;
}

static void run(void *context, unsigned thread) {
    struct mailroom_state *s = context;
    struct litmus_bell *bells[STATIONS];
    struct station *stations[STATIONS];
    unsigned count = 0;
    for (station_id i = 0; i < s->plan->stations; i++) {
        if (s->plan->thread_of[i] != thread)
            continue;
        bells[count] = &s->bells[i];
        stations[count++] = &s->stations[i];
        while (turn(s, &s->stations[i]))
            ;
    }
    for (;;) {
        struct station *at = stations[litmus_wait(bells, count)];
        while (turn(s, at))
            ;
    }
}

static unsigned finish(void *context) {
    struct mailroom_state *s = context;
    unsigned outcome = 0;
    for (station_id i = 0; i < s->plan->stations; i++) {
        const struct station *from = &s->stations[i];
        outcome |= from->was_full | (unsigned)from->was_dry << 1;
        litmus_expect(*from->script == '\0', "a station sleeps while it could post");
        for (station_id j = 0; j < s->plan->stations; j++) {
            litmus_expect(s->stations[j].cells_got[i] == from->cells_sent[j], "cells stayed on the way");
            litmus_expect(s->stations[j].controls_got[i] == from->controls_sent[j],
                          "control stayed on the way");
        }
        litmus_expect(!s->plan->calls_home || from->pool.slab.taken == 0, "cells did not come home");
    }
    return outcome;
}

#define MAILROOM(title, thread_count, ...)                                                       \
    {                                                                                            \
        .name = (title), .threads = (thread_count), .state_size = sizeof(struct mailroom_state), \
        .set_up = set_up, .run = run, .finish = finish, .sleeps = true,                          \
        .plan = &(const struct mailroom_plan) {                                                  \
            __VA_ARGS__                                                                          \
        }                                                                                        \
    }
#define MANY 1000

const struct litmus_program mailroom_programs[MAILROOM_PROGRAMS] = {
    MAILROOM("two controls", 2, .stations = 2, {0, 1}, .slots = 2, MANY, 4, MANY, {"c1.c1", ""}),
    MAILROOM("full ring of controls", 2, .stations = 2, {0, 1}, .slots = 1, MANY, 4, MANY, {"c1.c1", ""}),
    MAILROOM("data in small helpings", 2, .stations = 2, {0, 1}, .slots = 2, MANY, 4, 1, {"d1.d1", ""}),
    MAILROOM("data over the bound", 2, .stations = 2, {0, 1}, .slots = 2, 1, 4, MANY, {"d1.d1", ""}),
    MAILROOM("control over the bound", 2, .stations = 2, {0, 1}, .slots = 2, 1, 4, MANY, {"c1.c1", ""}),
    MAILROOM("cells come home", 2, .stations = 2, {0, 1}, .slots = 1, MANY, 1, MANY, {"d1.d1", ""},
             .calls_home = true),
    MAILROOM("control first", 2, .stations = 2, {0, 1}, .slots = 2, MANY, 4, MANY, {"c1.c1d1", ""},
             .control_first = true),
    MAILROOM("data behind control", 2, .stations = 2, {0, 1}, .slots = 1, MANY, 4, MANY, {"c1d1.c1d1", ""}),
    MAILROOM("turns without a wake", 2, .stations = 2, {0, 1}, .slots = 1, MANY, 4, MANY, {"c1.c1", "."}),
    MAILROOM("both ways", 2, .stations = 2, {0, 1}, .slots = 1, MANY, 4, MANY, {"c1.c1", "c0"}),
    MAILROOM("two of one thread", 2, .stations = 3, {0, 1, 0}, .slots = 1, MANY, 4, MANY,
             {"c2", "c2c0", "c1"}),
    MAILROOM("cells of one thread", 2, .stations = 3, {0, 1, 0}, .slots = 1, MANY, 1, MANY, {"d2.d1", "", ""},
             .calls_home = true),
    MAILROOM("two senders", 3, .stations = 3, {0, 1, 2}, .slots = 1, MANY, 4, MANY, {"c2", "c2", ""}),
};

const struct litmus_program deep_programs[DEEP_PROGRAMS] = {
    MAILROOM("four controls", 2, .stations = 2, {0, 1}, .slots = 2, MANY, 4, MANY, {"c1.c1.c1.c1", ""}),
    MAILROOM("three controls, full", 2, .stations = 2, {0, 1}, .slots = 1, MANY, 4, MANY, {"c1.c1.c1", ""}),
    MAILROOM("three cells of one", 2, .stations = 2, {0, 1}, .slots = 1, MANY, 1, MANY, {"d1.d1.d1", ""},
             .calls_home = true),
    MAILROOM("three over the bound", 2, .stations = 2, {0, 1}, .slots = 2, 1, 4, MANY, {"d1.d1.d1", ""}),
    MAILROOM("over both bounds", 2, .stations = 2, {0, 1}, .slots = 1, 1, 4, MANY, {"c1.c1", "c0"}),
    MAILROOM("three helpings", 2, .stations = 2, {0, 1}, .slots = 2, MANY, 4, 1, {"d1.d1.d1", "."}),
    MAILROOM("two that return", 3, .stations = 3, {0, 1, 2}, .slots = 1, MANY, 2, MANY, {"d1d2", "", ""},
             .calls_home = true),
    MAILROOM("full both ways", 2, .stations = 2, {0, 1}, .slots = 1, MANY, 4, MANY, {"c1.c1", "c0.c0"}),
    MAILROOM("two that return a cell each", 3, .stations = 3, {0, 1, 2}, .slots = 1, MANY, 1, MANY,
             {"d1.d2", "", ""}, .calls_home = true),
    MAILROOM("bundles that come home", 2, .stations = 2, {0, 1}, .slots = 1, 2, 2, 1, {"c1d1.c1d1", ""},
             .calls_home = true),
    MAILROOM("cells both ways", 2, .stations = 2, {0, 1}, .slots = 1, 1, 1, MANY, {"d1.d1", "d0"},
             .calls_home = true),
    MAILROOM("a triangle", 3, .stations = 3, {0, 1, 2}, .slots = 1, MANY, 4, MANY, {"c1", "c2", "c0"}),
};
