#include "attack/attack_queues.h"

#include <stdlib.h>

#include "attack/attack_links.h"
#include "attack/attack_ways.h"
#include "attack/attack_world.h"
#include "base/check.h"
#include "load/load_connection.h"
#include "load/load_lane.h"
#include "load/load_sink.h"
#include "native/heap.h"
#include "origin/origin.h"

#define BUILT_QUIET   NSEC_PER_S /* without a new circuit: there will be no more of the first ones */
#define WRITES_A_TURN 32u        /* of a connection, each up to LOAD_RECORDS_A_SEND records */
#define SIP_EVERY     (250 * NSEC_PER_MS)
#define SINKS_AT_ONCE 4u
#define SIP_BYTES     16u

struct way {
    struct attack_way base;
    struct load_lane lane; /* of who sends */
};

struct queues {
    struct attack_world *world;
    struct attack_ways ways;
    bool clients_send;
    uint32_t extended;
    uint32_t sinks_before; /* deaf ones: circuits lead to those behind them */
    uint32_t alive;        /* circuits that clients send on */
    nsec built_at;         /* the last circuit */
    nsec sip_at;
    bool is_pressing;
};

/* --- circuits ---------------------------------------------------------------------------------------------------- */

static struct way *way_of(const struct attack_aim *aim) {
    return (struct way *)(void *)aim->way;
}

/* All that it will have it has: it says so, and from now on it reads nothing. */
static void settle(struct queues *q, struct way *way) {
    if (++way->base.settled < q->ways.a_link || q->clients_send)
        return;
    (void)load_lane_write(&way->lane, q->world->shape, way->lane.count);
    load_connection_listen(way->base.link->connection, false);
    way->base.is_deaf = true;
}

static void finish(struct queues *q, struct origin_circuit *c) {
    struct attack_aim *aim = c->user;
    struct way *way = way_of(aim);
    aim->is_built = true;
    q->built_at = attack_world_now(q->world);
    q->ways.building--;
    q->world->counts.circuits++;
    q->alive += q->clients_send;
    load_lane_add(&way->lane, &(struct load_circuit){.id = c->path.circ_id});
    settle(q, way);
}

static void extend(struct queues *q, nsec now, struct origin_circuit *c) {
    struct origin_target next;
    load_sink_target(q->world->sinks[q->sinks_before + q->extended++ % SINKS_AT_ONCE], &next);
    if (origin_circuit_extend(c, now, &next) != ERR_OK)
        origin_circuit_free(c, now, DESTROY_NONE);
}

static void lose(struct queues *q, nsec now, struct origin_circuit *c) {
    struct attack_aim *aim = c->user;
    struct way *way = way_of(aim);
    q->ways.building -= !aim->is_built;
    load_lane_drop(&way->lane, c->path.circ_id);
    if (q->clients_send && aim->is_built) {
        q->alive--;
        q->world->counts.killed++;
    }
    if (q->clients_send)
        way->base.begun--;
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
    struct attack_link *link = attack_links_dial(q->ways.links);
    if (!link)
        return;
    struct way *way = heap_new(sizeof *way);
    *way = (struct way){.base = {.link = link}};
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
    if (attack_ways_renew(&q->ways, killed, drop))
        dial(q);
}

static void tend(struct queues *q, nsec now, struct attack_link *link) {
    struct attack_way *way = link->user;
    if (link->is_over)
        drop(link);
    else if (link->is_open && !way->is_deaf)
        attack_ways_begin(&q->ways, now, way);
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
    for (uint32_t i = 0; q->clients_send && i < attack_links_places(q->ways.links); i++) {
        struct attack_link *link = attack_links_at(q->ways.links, i);
        if (link && !link->is_over)
            press(q, &((struct way *)link->user)->lane);
    }
}

static void sip(struct queues *q, nsec now) {
    if (now < q->sip_at)
        return;
    q->sip_at = now + SIP_EVERY;
    for (uint32_t i = 0; i < attack_links_places(q->ways.links); i++) {
        struct attack_link *link = attack_links_at(q->ways.links, i);
        if (link && ((const struct attack_way *)link->user)->is_deaf)
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
        if (attack_links_count(q->ways.links) < options->links)
            dial(q);
        for (uint32_t i = 0; i < attack_links_places(q->ways.links); i++)
            if (attack_links_at(q->ways.links, i))
                tend(q, now, attack_links_at(q->ways.links, i));
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
        attack_links_write(q->ways.links, now);
    }
}

bool attack_queues(struct attack_world *world, struct complaint *complaint) {
    static const struct attack_links_events events = {NULL, heard, NULL};
    const struct attack_options *options = world->options;
    struct queues q = {.world = world, .clients_send = options->kind == ATTACK_UPLOAD};
    attack_ways_init(&q.ways, world);
    const uint32_t links_max = attack_ways_links_max(options);
    const struct attack_links_shape shape = {
        .links_max = links_max, .circuits_max = links_max * q.ways.a_link, .has_small_buffers = true};
    if (!attack_world_make_sinks(world, q.clients_send ? ATTACK_SINKS_MAX : SINKS_AT_ONCE, complaint))
        return false;
    for (uint32_t i = 0; i < world->sink_count; i++)
        load_sink_lane(world->sinks[i])->answers_only = true;
    attack_world_begin(world);
    q.ways.links = attack_links_new(world, &shape, &events, &q);
    take_turns(&q);
    return true; /* all of it ends with the process, as an attacker's would */
}
