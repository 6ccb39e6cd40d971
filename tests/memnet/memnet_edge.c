/* Servers behind exits, and the connections of edges to them. A server's address is 192.0.2.0 and the number of the first
 * that has its name; names are resolved in no time. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "memnet/memnet_state.h"
#include "memnet/pattern.h"
#include "wire/stream_messages.h"

#define READ_BYTES    16384u
#define READ_INTERVAL (100 * NSEC_PER_US)
#define SPANS_MAX     16u

struct edge_connection {
    struct list entry;
    struct station *station;
    edge_id id;
    struct memnet_server *server;
    uint64_t bytes_in, bytes_out; /* as the server sees it */
    uint8_t *echo;
    size_t echo_length;
    bool is_open, is_connected, is_paused;
    bool is_pumping; /* an event of pump is planned */
};

static struct edge_connection *find(struct station *station, edge_id id) {
    struct memnet *net = station_net(station);
    for (struct list *entry = net->edges.next; entry != &net->edges; entry = entry->next) {
        struct edge_connection *c = LIST_ENTRY(entry, struct edge_connection, entry);
        if (c->is_open && c->station == station && c->id == id)
            return c;
    }
    return NULL;
}

/* Where the first server with this name stands; server_count when there is none. */
static unsigned find_host(struct memnet *net, const char *host) {
    for (unsigned i = 0; i < net->server_count; i++) {
        if (strcmp(net->servers[i]->host, host) == 0)
            return i;
    }
    return net->server_count;
}

static struct address address_of(unsigned index) {
    return (struct address){ADDRESS_IPV4, {192, 0, 2, (uint8_t)(index + 1)}};
}

static struct memnet_server *find_server(struct memnet *net, const struct endpoint *to) {
    unsigned first = to->address.bytes[3] - 1u;
    for (unsigned i = first; i < net->server_count; i++) {
        if (net->servers[i]->port == to->port &&
            strcmp(net->servers[i]->host, net->servers[first]->host) == 0)
            return net->servers[i];
    }
    return NULL;
}

void edge_connection_resolve(struct station *station, edge_id id, const struct name_query *query) {
    struct memnet *net = station_net(station);
    struct name_answer answer = {.status = NAME_NONTRANSIENT};
    unsigned index = find_host(net, query->host);
    if (index < net->server_count)
        answer = (struct name_answer){.status = NAME_FOUND, .count = 1, .addresses = {address_of(index)}};
    manager_edge_resolved(station_manager(station), net->now, id, &answer);
}

/* The server closes, or could never be reached. */
static void close_from_server(struct edge_connection *c, uint8_t reason) {
    struct memnet *net = station_net(c->station);
    c->is_open = false;
    if (c->is_connected && c->server)
        c->server->closed++;
    manager_edge_closed(station_manager(c->station), net->now, c->id, reason);
    station_end_turn(c->station);
}

static uint64_t left_to_send(const struct edge_connection *c) {
    return c->server->echoes ? c->echo_length : c->server->sends - c->bytes_out;
}

static bool is_done(const struct edge_connection *c) {
    return c->server->closes && left_to_send(c) == 0 && c->bytes_in >= c->server->expects;
}

static void give(struct edge_connection *c, size_t length) {
    struct memnet *net = station_net(c->station);
    uint8_t bytes[READ_BYTES];
    if (c->server->echoes) {
        memcpy(bytes, c->echo, length);
        memmove(c->echo, c->echo + length, c->echo_length - length);
        c->echo_length -= length;
    } else {
        pattern_fill(c->server->sends_seed, c->bytes_out, bytes, length);
    }
    c->bytes_out += length;
    c->server->bytes_out += length;
    manager_edge_receive(station_manager(c->station), net->now, c->id, bytes, length);
    station_end_turn(c->station);
}

static void plan_pump(struct edge_connection *c, nsec delay);

/* One read of the socket, as a runtime would do. */
static void pump(void *subject, uint64_t argument, void *payload) {
    (void)argument;
    (void)payload;
    struct edge_connection *c = subject;
    c->is_pumping = false;
    if (!c->is_open || c->is_paused)
        return;
    size_t length = manager_edge_room(station_manager(c->station), c->id);
    if (length > READ_BYTES)
        length = READ_BYTES;
    if (length > left_to_send(c))
        length = (size_t)left_to_send(c);
    if (length > 0)
        give(c, length);
    if (!c->is_open)
        return;
    if (is_done(c))
        close_from_server(c, END_DONE);
    else if (length > 0)
        plan_pump(c, READ_INTERVAL);
}

static void plan_pump(struct edge_connection *c, nsec delay) {
    struct memnet *net = station_net(c->station);
    if (c->is_pumping || c->is_paused || !c->is_connected)
        return;
    c->is_pumping = true;
    memnet_plan(net, net->now + delay, pump, c, 0, NULL);
}

static void connected(void *subject, uint64_t argument, void *payload) {
    (void)argument;
    (void)payload;
    struct edge_connection *c = subject;
    if (!c->is_open)
        return;
    if (!c->server || c->server->refuses_with) {
        close_from_server(c, c->server ? c->server->refuses_with : END_CONNECTREFUSED);
        return;
    }
    const struct address somewhere = address_of(find_host(station_net(c->station), c->server->host));
    c->is_connected = true;
    c->server->connections++;
    manager_edge_connected(station_manager(c->station), station_net(c->station)->now, c->id, &somewhere);
    station_end_turn(c->station);
    plan_pump(c, READ_INTERVAL);
}

void edge_connection_open(struct station *station, edge_id id, const struct endpoint *to) {
    struct memnet *net = station_net(station);
    struct edge_connection *c = memnet_take(sizeof(*c));
    c->station = station;
    c->id = id;
    c->is_open = true;
    c->server = find_server(net, to);
    list_append(&net->edges, &c->entry);
    memnet_plan(net, net->now + net->options.edge_latency, connected, c, 0, NULL);
}

static void take(struct edge_connection *c, struct span bytes) {
    struct memnet_server *server = c->server;
    if (server->echoes) {
        c->echo = realloc(c->echo, c->echo_length + bytes.length);
        CHECK(c->echo);
        memcpy(c->echo + c->echo_length, bytes.data, bytes.length);
        c->echo_length += bytes.length;
    } else if (!pattern_matches(server->expects_seed, c->bytes_in, bytes.data, bytes.length)) {
        server->has_mismatch = true;
    }
    c->bytes_in += bytes.length;
    server->bytes_in += bytes.length;
}

void edge_connection_write(struct station *station, edge_id id) {
    struct edge_connection *c = find(station, id);
    struct memnet *net = station_net(station);
    struct span spans[SPANS_MAX];
    uint32_t n;
    while (c && !c->server->is_stalled &&
           (n = manager_edge_take(station_manager(station), id, spans, SPANS_MAX)) > 0) {
        size_t length = 0;
        for (uint32_t i = 0; i < n; i++) {
            take(c, spans[i]);
            length += spans[i].length;
        }
        manager_edge_wrote(station_manager(station), net->now, id, length);
    }
    if (c)
        plan_pump(c, READ_INTERVAL);
}

void edge_connection_set_reading(struct station *station, edge_id id, bool on) {
    struct edge_connection *c = find(station, id);
    if (!c)
        return;
    c->is_paused = !on;
    plan_pump(c, READ_INTERVAL);
}

void edge_connection_close(struct station *station, edge_id id) {
    struct edge_connection *c = find(station, id);
    if (!c)
        return;
    c->is_open = false;
    if (c->is_connected)
        c->server->closed++;
}

void edge_connections_free(struct memnet *net) {
    struct list *next;
    for (struct list *entry = net->edges.next; entry != &net->edges; entry = next) {
        struct edge_connection *c = LIST_ENTRY(entry, struct edge_connection, entry);
        next = entry->next;
        free(c->echo);
        free(c);
    }
}
