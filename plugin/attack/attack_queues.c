#include "attack/attack_queues.h"

#include <stdlib.h>

#include "attack/attack_links.h"
#include "attack/attack_world.h"
#include "base/check.h"
#include "load/load_connection.h"
#include "load/load_lane.h"
#include "load/load_sink.h"
#include "native/heap.h"
#include "origin/origin.h"

#define BUILDING_MAX  64u
#define BUILT_QUIET   NSEC_PER_S /* without a new circuit: there will be no more of the first ones */
#define WRITES_A_TURN 32u        /* of a connection, each up to LOAD_RECORDS_A_SEND records */
#define RENEWED_LINKS \
    4u /* as many times the links of the options there are, deaf ones whose circuits are gone among them */
#define SIP_EVERY     (250 * NSEC_PER_MS)
#define SINKS_AT_ONCE 4u
#define SIP_BYTES     16u

/* A link and what has become of it. */
struct way {
    struct attack_link *link;
    struct load_lane lane;   /* of who sends */
    uint32_t begun, settled; /* circuits; settled: built, or not to be had */
    bool is_deaf;
};

/* A circuit on its way. */
struct aim {
    struct way *way;
    bool is_built;
};

struct queues {
    struct attack_world *world;
    struct attack_links *links;
    bool clients_send;
    uint32_t a_link; /* circuits of one */
    uint32_t building, extended, oldest;
    uint32_t sinks_before; /* deaf ones: circuits lead to those behind them */
    uint32_t alive;        /* circuits that clients send on */
    uint64_t renewed;      /* killed circuits that others were made for */
    nsec built_at;         /* the last circuit */
    nsec sip_at;
    bool is_pressing;
};

/* --- circuits ---------------------------------------------------------------------------------------------------- */

static void begin_circuits(struct queues *q, nsec now, struct way *way) {
    struct origin_target first;
    attack_links_first_hop(q->world, &first);
    while (q->building < BUILDING_MAX && way->begun < q->a_link) {
        struct origin_circuit *c = origin_link_circuit(way->link->origin, now, &first);
        if (!c)
            return;
        struct aim *aim = heap_new(sizeof *aim);
        *aim = (struct aim){way, false};
        c->user = aim;
        way->begun++;
        q->building++;
    }
}

/* All that it will have it has: it says so, and from now on it reads nothing. */
static void settle(struct queues *q, struct way *way) {
    if (++way->settled < q->a_link || q->clients_send)
        return;
    (void)load_lane_write(&way->lane, q->world->shape, way->lane.count);
    load_connection_listen(way->link->connection, false);
    way->is_deaf = true;
}

static void finish(struct queues *q, struct origin_circuit *c) {
    struct aim *aim = c->user;
    aim->is_built = true;
    q->built_at = attack_world_now(q->world);
    q->building--;
    q->world->counts.circuits++;
    q->alive += q->clients_send;
    load_lane_add(&aim->way->lane, &(struct load_circuit){.id = c->path.circ_id});
    settle(q, aim->way);
}

static void extend(struct queues *q, nsec now, struct origin_circuit *c) {
    struct origin_target next;
    load_sink_target(q->world->sinks[q->sinks_before + q->extended++ % SINKS_AT_ONCE], &next);
    if (origin_circuit_extend(c, now, &next) != ERR_OK)
        origin_circuit_free(c, now, DESTROY_NONE);
}

static void lose(struct queues *q, nsec now, struct origin_circuit *c) {
    struct aim *aim = c->user;
    struct way *way = aim->way;
    q->building -= !aim->is_built;
    load_lane_drop(&way->lane, c->path.circ_id);
    if (q->clients_send && aim->is_built) {
        q->alive--;
        q->world->counts.killed++;
    }
    if (q->clients_send)
        way->begun--;
    else
        settle(q, way);
    free(aim);
    origin_circuit_free(c, now, DESTROY_NONE);
}

static void heard(void *owner, nsec now, const struct origin_event *event) {
    struct queues *q = owner;
    if (event->kind == ORIGIN_EVENT_CIRCUIT_OPENED)
        extend(q, now, event->circuit);
    else if (event->kind == ORIGIN_EVENT_CIRCUIT_EXTENDED)
        finish(q, event->circuit);
    else if (event->kind == ORIGIN_EVENT_CIRCUIT_TRUNCATED || event->kind == ORIGIN_EVENT_CIRCUIT_CLOSED)
        lose(q, now, event->circuit);
}

/* --- links ------------------------------------------------------------------------------------------------------- */

static void dial(struct queues *q) {
    struct attack_link *link = attack_links_dial(q->links);
    if (!link)
        return;
    struct way *way = heap_new(sizeof *way);
    *way = (struct way){.link = link};
    load_lane_init(&way->lane, false);
    way->lane.connection = link->connection;
    link->user = way;
}

static void drop(struct attack_link *link) {
    struct way *way = link->user;
    load_lane_fini(&way->lane);
    free(way);
    attack_links_drop(link);
}

/* The relay has killed circuits: when they make up a link, have another in its place. */
static void renew(struct queues *q) {
    uint64_t killed = 0;
    if (q->clients_send)
        return;
    for (uint32_t i = 0; i < q->world->sink_count; i++)
        killed += load_sink_losses(q->world->sinks[i]);
    q->world->counts.killed = killed;
    if (killed < q->renewed + q->a_link)
        return;
    q->renewed += q->a_link;
    uint32_t places = attack_links_places(q->links);
    if (attack_links_count(q->links) == RENEWED_LINKS * q->world->options->links) {
        struct attack_link *link = attack_links_at(q->links, q->oldest++ % places);
        if (link && (link->is_over || ((struct way *)link->user)->is_deaf))
            drop(link);
    }
    dial(q);
}

static void tend(struct queues *q, nsec now, struct attack_link *link) {
    struct way *way = link->user;
    if (link->is_over)
        drop(link);
    else if (link->is_open && !way->is_deaf)
        begin_circuits(q, now, way);
}

/* --- what fills the queues --------------------------------------------------------------------------------------- */

static void press(struct queues *q, struct load_lane *lane) {
    uint32_t written = lane->connection != NULL;
    for (uint32_t i = 0; i < WRITES_A_TURN && written > 0; i++) {
        written = load_lane_write(lane, q->world->shape, LOAD_RECORDS_A_SEND * LOAD_RECORD_MAX);
        q->world->counts.cells += written;
    }
}

static void press_all(struct queues *q) {
    for (uint32_t i = 0; !q->clients_send && i < q->world->sink_count; i++)
        press(q, load_sink_lane(q->world->sinks[i]));
    for (uint32_t i = 0; q->clients_send && i < attack_links_places(q->links); i++) {
        struct attack_link *link = attack_links_at(q->links, i);
        if (link && !link->is_over)
            press(q, &((struct way *)link->user)->lane);
    }
}

static void sip(struct queues *q, nsec now) {
    if (now < q->sip_at)
        return;
    q->sip_at = now + SIP_EVERY;
    for (uint32_t i = 0; i < attack_links_places(q->links); i++) {
        struct attack_link *link = attack_links_at(q->links, i);
        if (link && ((struct way *)link->user)->is_deaf)
            load_connection_sip(link->connection, SIP_BYTES);
    }
}

/* Relays that have been linked to stop reading. */
static void deafen_sinks(struct queues *q) {
    for (uint32_t i = 0; i < SINKS_AT_ONCE; i++) {
        struct load_lane *lane = load_sink_lane(q->world->sinks[q->sinks_before + i]);
        if (lane->connection)
            load_connection_listen(lane->connection, false);
    }
}

/* What clients send waits for relays that do not read. When the relay has killed most of their circuits, the next lead to relays
 * that have not been linked to yet. */
static void send_up(struct queues *q) {
    if (q->is_pressing && q->alive < q->world->options->circuits / 4 &&
        q->sinks_before + 2 * SINKS_AT_ONCE <= q->world->sink_count) {
        q->sinks_before += SINKS_AT_ONCE;
        q->is_pressing = false;
        q->built_at = 0;
    }
}

/* --- the attack -------------------------------------------------------------------------------------------------- */

/* The first circuits are there, as many as can be had. */
static bool is_set_up(const struct queues *q, nsec now) {
    uint64_t there = q->clients_send ? q->alive : q->world->counts.circuits;
    return there >= q->world->options->circuits || (q->built_at > 0 && now > q->built_at + BUILT_QUIET);
}

static void take_turns(struct queues *q) {
    const struct attack_options *options = q->world->options;
    while (attack_world_turn(q->world)) {
        nsec now = attack_world_now(q->world);
        if (attack_links_count(q->links) < options->links)
            dial(q);
        for (uint32_t i = 0; i < attack_links_places(q->links); i++)
            if (attack_links_at(q->links, i))
                tend(q, now, attack_links_at(q->links, i));
        renew(q);
        if (!q->is_pressing && is_set_up(q, now)) {
            q->is_pressing = true;
            if (q->clients_send)
                deafen_sinks(q);
        }
        if (q->is_pressing)
            press_all(q);
        if (q->clients_send)
            send_up(q);
        if (options->kind == ATTACK_TRICKLE)
            sip(q, now);
        attack_links_write(q->links, now);
    }
}

bool attack_queues(struct attack_world *world, struct complaint *complaint) {
    static const struct attack_links_events events = {NULL, heard, NULL};
    const struct attack_options *options = world->options;
    struct queues q = {.world = world,
                       .clients_send = options->kind == ATTACK_UPLOAD,
                       .a_link = (options->circuits + options->links - 1) / options->links};
    const struct attack_links_shape shape = {.links_max = RENEWED_LINKS * options->links,
                                             .circuits_max = RENEWED_LINKS * q.a_link * options->links,
                                             .has_small_buffers = true};
    if (!attack_world_make_sinks(world, q.clients_send ? ATTACK_SINKS_MAX : SINKS_AT_ONCE, complaint))
        return false;
    for (uint32_t i = 0; i < world->sink_count; i++)
        load_sink_lane(world->sinks[i])->answers_only = true;
    attack_world_begin(world);
    q.links = attack_links_new(world, &shape, &events, &q);
    take_turns(&q);
    return true; /* all of it ends with the process, as an attacker's would */
}
