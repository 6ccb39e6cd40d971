#include "attack/attack_exits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attack/attack_links.h"
#include "attack/attack_socket.h"
#include "attack/attack_ways.h"
#include "attack/attack_world.h"
#include "base/check.h"
#include "load/load_connection.h"
#include "load/load_server.h"
#include "native/heap.h"
#include "origin/origin.h"
#include "origin/origin_path.h"
#include "wire/relay_cell.h"

#define RESOLVES_A_TURN 32u /* of a circuit */
#define RESOLVES_UNSENT 64u /* cells of a circuit's queue */
#define NAME_MAX_LENGTH 32u
#define SINKS           1u /* the relay that we pretend to be */

struct way {
    struct attack_way base;
    bool has_begun; /* the streams that it will not read */
};

struct exits {
    struct attack_world *world;
    struct attack_ways ways;
    struct load_server *server; /* NULL: nothing is connected */
    struct begin_message to;
    bool reads_nothing, resolves;
    uint64_t names;
};

/* --- streams ----------------------------------------------------------------------------------------------------- */

/* One that churns ends as soon as it is connected, and another begins. */
static void begin_stream(struct exits *a, nsec now, struct origin_circuit *c, bool churns) {
    struct origin_stream *s = origin_circuit_begin(c, now, &a->to);
    if (!s)
        return;
    s->user = churns ? a : NULL;
    a->world->counts.streams++;
}

static void begin_streams(struct exits *a, nsec now, struct origin_circuit *c) {
    for (uint32_t i = 0; i < a->world->options->streams; i++)
        begin_stream(a, now, c, !a->reads_nothing && i % 2 == 1);
}

static void begin_another(struct exits *a, nsec now, struct origin_circuit *c, struct origin_stream *s) {
    bool churns = s->user != NULL;
    origin_circuit_end(c, now, s, END_DONE);
    begin_stream(a, now, c, churns);
}

static void resolve_some(struct exits *a, struct origin_circuit *c) {
    char name[NAME_MAX_LENGTH];
    for (uint32_t i = 0; i < RESOLVES_A_TURN && c->path.queue.count < RESOLVES_UNSENT; i++) {
        uint64_t number = ++a->names;
        int length = snprintf(name, sizeof name, "n%" PRIu64 ".test", number) + 1;
        struct relay_message m = {.command = RELAY_RESOLVE,
                                  .stream = (uint16_t)(1 + number % UINT16_MAX),
                                  .data = {(const uint8_t *)name, (size_t)length}};
        if (origin_path_send(&c->path, 0, CELL_RELAY, &m, CELL_MAY_FAIL) != ERR_OK)
            return;
        a->world->counts.streams++;
    }
}

/* --- circuits ---------------------------------------------------------------------------------------------------- */

static void opened(struct exits *a, nsec now, struct origin_circuit *c) {
    struct attack_aim *aim = c->user;
    aim->is_built = true;
    aim->way->settled++;
    a->ways.building--;
    a->world->counts.circuits++;
    if (!a->resolves && !a->reads_nothing)
        begin_streams(a, now, c);
}

static void lose(struct exits *a, nsec now, struct origin_circuit *c) {
    struct attack_aim *aim = c->user;
    a->ways.building -= !aim->is_built;
    aim->way->settled -= aim->is_built;
    aim->way->begun--;
    a->world->counts.killed += !a->reads_nothing;
    free(aim);
    origin_circuit_free(c, now, DESTROY_NONE);
}

static void heard(void *owner, nsec now, const struct origin_event *event) {
    struct exits *a = owner;
    switch (event->kind) {
    case ORIGIN_EVENT_CIRCUIT_OPENED: opened(a, now, event->circuit); break;
    case ORIGIN_EVENT_CIRCUIT_CLOSED: lose(a, now, event->circuit); break;
    case ORIGIN_EVENT_STREAM_CONNECTED:
        if (event->stream->user)
            begin_another(a, now, event->circuit, event->stream);
        break;
    case ORIGIN_EVENT_STREAM_ENDED: begin_another(a, now, event->circuit, event->stream); break;
    case ORIGIN_EVENT_LINK_OPENED:
    case ORIGIN_EVENT_LINK_CLOSED:
    case ORIGIN_EVENT_CIRCUIT_EXTENDED:
    case ORIGIN_EVENT_CIRCUIT_LINKED:
    case ORIGIN_EVENT_CIRCUIT_MESSAGE:
    case ORIGIN_EVENT_CIRCUIT_TRUNCATED:
    case ORIGIN_EVENT_STREAM_DATA:
    case ORIGIN_EVENT_STREAM_WRITABLE: break;
    }
}

/* --- links ------------------------------------------------------------------------------------------------------- */

static void dial(struct exits *a) {
    struct attack_link *link = attack_links_dial(a->ways.links);
    if (!link)
        return;
    struct way *way = heap_new(sizeof *way);
    *way = (struct way){.base = {.link = link}};
    link->user = way;
}

static void drop(struct attack_link *link) {
    free(link->user);
    attack_links_drop(link);
}

/* Who reads nothing does not hear that his circuits are killed, but his server does. */
static void renew(struct exits *a) {
    uint64_t killed = load_server_losses(a->server) / a->world->options->streams;
    a->world->counts.killed = killed;
    if (attack_ways_renew(&a->ways, killed, drop))
        dial(a);
}

/* All circuits are there: ask for streams, and when that is on its way read no more. */
static void deafen(struct exits *a, nsec now, struct way *way) {
    struct attack_link *link = way->base.link;
    const struct list *circuits = &link->origin->outlet.circuits;
    if (way->base.settled < a->ways.a_link)
        return;
    for (struct list *entry = circuits->next; !way->has_begun && entry != circuits; entry = entry->next)
        begin_streams(a, now, LIST_ENTRY(entry, struct origin_circuit, entry));
    way->has_begun = true;
    attack_link_write(link, now);
    if (origin_link_wants_write(link->origin))
        return;
    load_connection_listen(link->connection, false);
    way->base.is_deaf = true;
}

static void resolve(struct exits *a, const struct attack_link *link) {
    const struct list *circuits = &link->origin->outlet.circuits;
    if (!load_connection_can_write(link->connection))
        return;
    for (struct list *entry = circuits->next; entry != circuits; entry = entry->next) {
        struct origin_circuit *c = LIST_ENTRY(entry, struct origin_circuit, entry);
        if (c->state == ORIGIN_CIRCUIT_OPEN)
            resolve_some(a, c);
    }
}

static void tend(struct exits *a, nsec now, struct attack_link *link) {
    struct way *way = link->user;
    if (link->is_over) {
        drop(link);
        return;
    }
    if (!link->is_open || way->base.is_deaf)
        return;
    attack_ways_begin(&a->ways, now, &way->base);
    if (a->resolves)
        resolve(a, link);
    if (a->reads_nothing)
        deafen(a, now, way);
}

/* --- the attack -------------------------------------------------------------------------------------------------- */

static void take_turns(struct exits *a) {
    while (attack_world_turn(a->world)) {
        nsec now = attack_world_now(a->world);
        if (attack_links_count(a->ways.links) < a->world->options->links)
            dial(a);
        for (uint32_t i = 0; i < attack_links_places(a->ways.links); i++)
            if (attack_links_at(a->ways.links, i))
                tend(a, now, attack_links_at(a->ways.links, i));
        if (a->reads_nothing)
            renew(a);
        attack_links_write(a->ways.links, now);
    }
}

static bool find_destination(struct exits *a, struct complaint *complaint) {
    struct endpoint nobody;
    snprintf(a->to.host, sizeof a->to.host, "127.0.0.1");
    if (a->world->options->kind == ATTACK_BEGINS_NOWHERE) {
        if (!attack_socket_silent(&nobody))
            return complain(complaint, "no port on the loopback that answers nobody");
        a->to.port = nobody.port;
        return true;
    }
    a->server = load_server_new(a->world->net->base, a->reads_nothing);
    if (!a->server)
        return complain(complaint, "no port on the loopback to listen at");
    load_server_begin(a->server);
    a->to.port = load_server_port(a->server);
    return true;
}

bool attack_exits(struct attack_world *world, struct complaint *complaint) {
    static const struct attack_links_events events = {NULL, heard, NULL};
    const struct attack_options *options = world->options;
    struct exits a = {.world = world,
                      .reads_nothing = options->kind == ATTACK_UNREAD,
                      .resolves = options->kind == ATTACK_RESOLVES};
    attack_ways_init(&a.ways, world);
    const uint32_t links_max = attack_ways_links_max(options);
    const struct attack_links_shape shape = {.links_max = links_max,
                                             .circuits_max = links_max * a.ways.a_link,
                                             .streams_max = links_max * a.ways.a_link * options->streams,
                                             .as_relay = true,
                                             .has_small_buffers = a.reads_nothing};
    if (!attack_world_make_sinks(world, SINKS, complaint) || !find_destination(&a, complaint))
        return false;
    attack_world_begin(world);
    a.ways.links = attack_links_new(world, &shape, &events, &a);
    take_turns(&a);
    return true;
}
