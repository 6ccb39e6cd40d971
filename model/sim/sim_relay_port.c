/* The port of a simulated relay's stations: each call only records. */
#include <string.h>

#include "sim/sim_relay_state.h"

static size_t payload_size(enum sim_ask_kind kind) {
    switch (kind) {
    case SIM_ASK_DIAL:
    case SIM_ASK_EDGE_CONNECT: return sizeof(struct endpoint);
    case SIM_ASK_EDGE_RESOLVE: return sizeof(struct name_query);
    case SIM_ASK_OFFLOAD: return sizeof(struct job);
    case SIM_ASK_JOB_DONE: return sizeof(struct job_result);
    case SIM_ASK_WANT_WRITE:
    case SIM_ASK_WANT_READ:
    case SIM_ASK_EDGE_WANT_WRITE:
    case SIM_ASK_EDGE_WANT_READ:
    case SIM_ASK_HANGUP:
    case SIM_ASK_RELEASE:
    case SIM_ASK_ADOPT:
    case SIM_ASK_EDGE_CLOSE:
    case SIM_ASK_WAKE:
    case SIM_ASK_LINK_SEND:
    case SIM_ASK_EDGE_SEND:
    case SIM_ASK_HAND_OVER:
    case SIM_ASK_SOCKET_READ:
    case SIM_ASK_SOCKET_DONE: return 0;
    }
    return 0;
}

static bool reserve(struct sim_relay *relay, struct sim_asks *asks) {
    const struct memory *memory = host_memory(relay->host);
    if (asks->count < asks->room)
        return true;
    uint32_t room = asks->room ? 2 * asks->room : 8;
    struct sim_ask *items = memory_allocate(memory, room * sizeof(*items));
    if (!items)
        return false;
    if (asks->count > 0)
        memcpy(items, asks->items, asks->count * sizeof(*items));
    memory_release(memory, asks->items, asks->room * sizeof(*items));
    asks->items = items;
    asks->room = room;
    return true;
}

void sim_ask_add(struct sim_relay *relay, struct sim_asks *asks, const struct sim_ask *ask,
                 const void *payload, size_t size) {
    void *copy = size ? memory_allocate(host_memory(relay->host), size) : NULL;
    if (!reserve(relay, asks) || (size && !copy)) {
        memory_release(host_memory(relay->host), copy, size);
        host_fail(relay->host);
        return;
    }
    if (size)
        memcpy(copy, payload, size);
    asks->items[asks->count] = *ask;
    asks->items[asks->count++].payload = copy;
}

void sim_ask_drop(struct sim_relay *relay, const struct sim_ask *ask) {
    memory_release(host_memory(relay->host), ask->payload, payload_size((enum sim_ask_kind)ask->kind));
}

void sim_asks_free(struct sim_relay *relay, struct sim_asks *asks) {
    for (uint32_t i = 0; i < asks->count; i++)
        sim_ask_drop(relay, &asks->items[i]);
    memory_release(host_memory(relay->host), asks->items, asks->room * sizeof(*asks->items));
    *asks = (struct sim_asks){0};
}

static void add_later(struct sim_station *station, enum sim_ask_kind kind, uint64_t object,
                      const void *payload) {
    struct sim_relay *relay = station->relay;
    const struct sim_ask ask = {.object = object, .station = station->id, .kind = (uint8_t)kind};
    sim_ask_add(relay, &relay->later[station->thread], &ask, payload, payload_size(kind));
}

void sim_ask_later(struct sim_station *station, enum sim_ask_kind kind, uint64_t object) {
    add_later(station, kind, object, NULL);
}

static void wish_for(struct sim_station *station, enum sim_ask_kind kind, uint64_t object, bool on,
                     const void *payload) {
    const struct sim_ask ask = {.object = object, .station = station->id, .kind = (uint8_t)kind, .on = on};
    sim_ask_add(station->relay, &station->relay->wishes, &ask, payload, payload_size(kind));
}

static void wish(struct sim_station *station, enum sim_ask_kind kind, uint64_t object, bool on) {
    wish_for(station, kind, object, on, NULL);
}

static struct sim_station *station_of(struct port *port) {
    return (struct sim_station *)(void *)port;
}

static void port_dial(struct port *port, link_id link, const struct endpoint *to) {
    add_later(station_of(port), SIM_ASK_DIAL, link, to);
}

static void port_hangup(struct port *port, link_id id) {
    struct sim_link *link = sim_link_find(station_of(port)->relay, id);
    if (link)
        link->is_hung_up = true;
    add_later(station_of(port), SIM_ASK_HANGUP, id, NULL);
}

static void port_want_write(struct port *port, link_id link) {
    wish(station_of(port), SIM_ASK_WANT_WRITE, link, true);
}

static void port_want_read(struct port *port, link_id link, bool on) {
    wish(station_of(port), SIM_ASK_WANT_READ, link, on);
}

static void port_edge_resolve(struct port *port, edge_id edge, half_id circuit,
                              const struct name_query *query) {
    (void)circuit;
    wish_for(station_of(port), SIM_ASK_EDGE_RESOLVE, edge, true, query);
}

static void port_edge_connect(struct port *port, edge_id edge, const struct endpoint *to) {
    add_later(station_of(port), SIM_ASK_EDGE_CONNECT, edge, to);
}

static void port_edge_want_write(struct port *port, edge_id edge) {
    wish(station_of(port), SIM_ASK_EDGE_WANT_WRITE, edge, true);
}

static void port_edge_want_read(struct port *port, edge_id edge, bool on) {
    wish(station_of(port), SIM_ASK_EDGE_WANT_READ, edge, on);
}

static void port_edge_close(struct port *port, edge_id edge) {
    add_later(station_of(port), SIM_ASK_EDGE_CLOSE, edge, NULL);
}

static void port_offload(struct port *port, const struct job *job) {
    add_later(station_of(port), SIM_ASK_OFFLOAD, 0, job);
}

static void port_release(struct port *port, link_id link) {
    add_later(station_of(port), SIM_ASK_RELEASE, link, NULL);
}

/* Its luggage is the link, which is found by its id. */
static void port_adopt(struct port *port, link_id link, void *luggage) {
    (void)luggage;
    wish(station_of(port), SIM_ASK_ADOPT, link, true);
}

static void port_wake(struct port *port, station_id station) {
    add_later(station_of(port), SIM_ASK_WAKE, station, NULL);
}

const struct port sim_relay_port = {
    .dial = port_dial,
    .hangup = port_hangup,
    .want_write = port_want_write,
    .want_read = port_want_read,
    .edge_resolve = port_edge_resolve,
    .edge_connect = port_edge_connect,
    .edge_want_write = port_edge_want_write,
    .edge_want_read = port_edge_want_read,
    .edge_close = port_edge_close,
    .offload = port_offload,
    .release = port_release,
    .adopt = port_adopt,
    .wake = port_wake,
};
