/* Exit streams of a simulated relay: TCP connections to servers, whose name is their number ("s17"), and whose address is
 * 10.0.0.0 and their number. Names are resolved in no time. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypt/symbolic_short.h"
#include "sim/sim_relay_state.h"
#include "sim/sim_server.h"

#define SPANS_MAX  64u    /* as native/edge_shared.h */
#define READ_BYTES 65536u /* the same */

struct sim_edge *sim_edge_find(struct sim_relay *relay, edge_id id) {
    return table_get(&relay->edges, id);
}

void sim_edge_free(struct sim_relay *relay, struct sim_edge *edge) {
    sim_train_free(relay->host, &edge->out);
    table_remove(&relay->edges, edge->id);
    memory_release(host_memory(relay->host), edge, sizeof(*edge));
}

void sim_edge_post_read(struct sim_relay *relay, nsec now, struct sim_edge *edge) {
    if (edge->is_read_posted || edge->is_paused)
        return;
    edge->is_read_posted = true;
    sim_relay_post(&relay->stations[edge->station], now, SIM_IN_EDGE_READ, edge->id, NULL);
}

static struct address address_of(uint32_t server) {
    return (struct address){ADDRESS_IPV4,
                            {10, (uint8_t)(server >> 16), (uint8_t)(server >> 8), (uint8_t)server}};
}

static uint32_t server_of(const struct address *address) {
    return load_u32(address->bytes) & 0xffffff;
}

void sim_edge_resolve(struct sim_station *station, nsec now, edge_id id, const struct name_query *query) {
    struct name_answer answer = {.status = NAME_NONTRANSIENT};
    uint32_t server;
    if (sim_server_of(query->host, &server) && server < station->relay->world->config->server_count)
        answer = (struct name_answer){.status = NAME_FOUND, .count = 1, .addresses = {address_of(server)}};
    manager_edge_resolved(station->manager, now, id, &answer);
}

void sim_edge_connect(struct sim_station *station, nsec now, edge_id id, const struct endpoint *to) {
    struct sim_relay *relay = station->relay;
    struct sim_edge *edge = memory_allocate(host_memory(relay->host), sizeof(*edge));
    if (!edge || table_set(&relay->edges, id, edge) != ERR_OK) {
        memory_release(host_memory(relay->host), edge, sizeof(*edge));
        host_fail(relay->host);
        return;
    }
    edge->user = SIM_USER_EDGE;
    edge->id = id;
    edge->station = station->id;
    uint32_t server = server_of(&to->address);
    edge->server = server;
    if (server < relay->world->config->server_count) {
        edge->tcp = tcp_open(relay->host, now, sim_server_host(relay->world, server), to->port, edge);
        return;
    }
    edge->end_reason = END_NOROUTE;
    sim_relay_post(station, now, SIM_IN_EDGE_CLOSED, id, NULL);
}

void sim_edge_connected(struct sim_station *station, nsec now, edge_id id) {
    struct sim_edge *edge = sim_edge_find(station->relay, id);
    if (!edge || !edge->tcp)
        return;
    const struct address address = address_of(edge->server);
    manager_edge_connected(station->manager, now, id, &address);
}

/* --- reading ------------------------------------------------------------------------------------------------------- */

static void fill(struct sim_relay *relay, nsec now, struct sim_edge *edge, size_t room) {
    struct tcp_message *next;
    while (edge->unread < room && edge->tcp && (next = tcp_read(edge->tcp, now))) {
        struct sim_message *message = sim_message_of(next);
        edge->unread += message->plain;
        sim_message_free(relay->host, message);
    }
}

void sim_edge_read(struct sim_station *station, nsec now, edge_id id) {
    static const uint8_t zeros[READ_BYTES]; /* what servers say is of no interest */
    struct sim_relay *relay = station->relay;
    struct sim_edge *edge = sim_edge_find(relay, id);
    if (!edge)
        return;
    edge->is_read_posted = false;
    if (edge->is_paused && (edge->tcp || edge->unread > 0))
        return;
    size_t room = manager_edge_room(station->manager, id);
    room = room < READ_BYTES ? room : READ_BYTES;
    fill(relay, now, edge, room);
    size_t length = edge->unread < room ? (size_t)edge->unread : room;
    if (room > 0 && (length > 0 || edge->was_full))
        manager_work_mutable(station->manager)->edge_reads++;
    edge->was_full = length > 0 && length == room;
    if (length > 0) {
        edge->unread -= length;
        manager_edge_receive(station->manager, now, id, zeros, length);
    }
    if (edge->unread > 0 || edge->was_full) {
        sim_edge_post_read(relay, now, edge);
    } else if (!edge->tcp) {
        uint8_t reason = edge->end_reason;
        sim_edge_free(relay, edge);
        manager_edge_closed(station->manager, now, id, reason);
    }
}

void sim_edge_want_read(struct sim_station *station, nsec now, edge_id id, bool on) {
    struct sim_edge *edge = sim_edge_find(station->relay, id);
    if (!edge)
        return;
    edge->is_paused = !on;
    if (on)
        sim_edge_post_read(station->relay, now, edge);
}

/* --- writing ------------------------------------------------------------------------------------------------------- */

static bool send(struct sim_relay *relay, struct sim_edge *edge, struct span bytes) {
    static const uint8_t zeros[64];
    struct span content = {bytes.data, symbolic_short_data(bytes.data, bytes.length)};
    while (content.length >= sizeof zeros &&
           memcmp(content.data + content.length - sizeof zeros, zeros, sizeof zeros) == 0)
        content.length -= sizeof zeros;
    while (content.length > 0 && content.data[content.length - 1] == 0)
        content.length--;
    struct sim_message *message = sim_message_new(relay->host, SIM_RAW, (uint32_t)bytes.length, content);
    if (message)
        sim_train_add(&edge->out, message);
    return message != NULL;
}

void sim_edge_write(struct sim_station *station, nsec now, edge_id id) {
    struct sim_relay *relay = station->relay;
    struct sim_edge *edge = sim_edge_find(relay, id);
    struct span spans[SPANS_MAX];
    uint32_t n;
    while (edge && edge->tcp && tcp_room(edge->tcp) > edge->out.wire &&
           (n = manager_edge_take(station->manager, id, spans, SPANS_MAX)) > 0) {
        size_t length = 0;
        for (uint32_t i = 0; i < n && send(relay, edge, spans[i]); i++)
            length += spans[i].length;
        if (length == 0)
            return; /* no memory: the run stops */
        if (!edge->is_send_asked)
            sim_ask_later(station, SIM_ASK_EDGE_SEND, id);
        edge->is_send_asked = true;
        manager_work_mutable(station->manager)->edge_writes++;
        manager_edge_wrote(station->manager, now, id, length);
    }
    if (edge && edge->tcp && tcp_room(edge->tcp) <= edge->out.wire)
        tcp_want_write(edge->tcp);
}

void sim_edge_send(struct sim_station *station, nsec now, edge_id id) {
    struct sim_relay *relay = station->relay;
    struct sim_edge *edge = sim_edge_find(relay, id);
    if (!edge)
        return;
    edge->is_send_asked = false;
    if (!edge->tcp) {
        sim_train_free(relay->host, &edge->out);
        return;
    }
    sim_train_write(&edge->out, edge->tcp);
    tcp_flush(edge->tcp, now);
}

void sim_edge_close(struct sim_station *station, nsec now, edge_id id) {
    struct sim_edge *edge = sim_edge_find(station->relay, id);
    if (!edge)
        return;
    sim_edge_send(station, now, id);
    if (edge->tcp)
        tcp_close(edge->tcp, now);
    sim_edge_free(station->relay, edge);
}
