#include "memnet/memnet_station.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "wire/relay_cell.h"

#define WRITE_CELLS CELLS_PER_RECORD

/* --- the port: each call only records ---------------------------------------------------------------------------- */

static struct request *record(struct port *port, enum request_kind kind, uint64_t object) {
    struct station *s = (struct station *)(void *)port;
    if (s->request_count == s->request_room) {
        s->request_room = s->request_room ? 2 * s->request_room : 16;
        s->requests = realloc(s->requests, s->request_room * sizeof(*s->requests));
        CHECK(s->requests);
    }
    struct request *request = &s->requests[s->request_count++];
    *request = (struct request){.kind = kind, .object = object};
    return request;
}

static void port_dial(struct port *port, link_id link, const struct endpoint *to) {
    record(port, DIAL, link)->to = *to;
}

static void port_hangup(struct port *port, link_id link) {
    record(port, HANGUP, link);
}

static void port_want_write(struct port *port, link_id link) {
    record(port, WANT_WRITE, link);
}

static void port_want_read(struct port *port, link_id link, bool on) {
    record(port, WANT_READ, link)->on = on;
}

static void port_edge_resolve(struct port *port, edge_id edge, half_id circuit,
                              const struct name_query *query) {
    (void)circuit;
    record(port, EDGE_RESOLVE, edge)->query = *query;
}

static void port_edge_connect(struct port *port, edge_id edge, const struct endpoint *to) {
    record(port, EDGE_CONNECT, edge)->to = *to;
}

static void port_edge_want_write(struct port *port, edge_id edge) {
    record(port, EDGE_WANT_WRITE, edge);
}

static void port_edge_want_read(struct port *port, edge_id edge, bool on) {
    record(port, EDGE_WANT_READ, edge)->on = on;
}

static void port_edge_close(struct port *port, edge_id edge) {
    record(port, EDGE_CLOSE, edge);
}

static void port_offload(struct port *port, const struct job *job) {
    record(port, OFFLOAD, 0)->job = *job;
}

static void port_release(struct port *port, link_id link) {
    record(port, RELEASE, link);
}

static void port_adopt(struct port *port, link_id link, void *luggage) {
    record(port, ADOPT, link)->luggage = luggage;
}

static void port_wake(struct port *port, station_id station) {
    record(port, WAKE, 0)->station = station;
}

/* What count and detail mean (core/trace.h). */
static void describe(const struct trace_event *event, char *out, size_t room) {
    out[0] = '\0';
    if (event->kind == TRACE_CELLS_IN || event->kind == TRACE_CELLS_OUT)
        snprintf(out, room, "%s x%u", cell_command_name(event->command), event->count);
    else if (event->kind == TRACE_RELAY_IN || event->kind == TRACE_RELAY_OUT)
        snprintf(out, room, "%s stream %u, %u bytes", relay_command_name(event->command), event->detail,
                 event->count);
    else if (event->detail != 0)
        snprintf(out, room, "(%u)", event->detail);
}

static void port_trace(struct port *port, const struct trace_event *event) {
    struct station *s = (struct station *)(void *)port;
    char where[32] = "";
    char what[64];
    describe(event, what, sizeof(what));
    if (event->circ_id != 0)
        snprintf(where, sizeof(where), "%llu/%08x ", (unsigned long long)event->link, event->circ_id);
    else if (event->link != 0)
        snprintf(where, sizeof(where), "%llu ", (unsigned long long)event->link);
    memnet_trace_line(s->relay->net, s->relay->name, s->name, "%-16s %s%s", trace_kind_name(event->kind),
                      where, what);
}

static const struct port recording_port = {
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
    .trace = port_trace,
};

/* --- links of a station ------------------------------------------------------------------------------------------ */

static struct link_end *find_link(struct station *s, link_id link) {
    for (size_t i = 0; i < s->link_count; i++) {
        if (s->links[i].link == link)
            return &s->links[i];
    }
    return NULL;
}

static void add_link(struct station *s, link_id link, struct pipe_end *end) {
    CHECK(!find_link(s, link));
    if (s->link_count == s->link_room) {
        s->link_room = s->link_room ? 2 * s->link_room : 8;
        s->links = realloc(s->links, s->link_room * sizeof(*s->links));
        CHECK(s->links);
    }
    s->links[s->link_count++] = (struct link_end){link, end};
}

static void remove_link(struct station *s, link_id link) {
    struct link_end *entry = find_link(s, link);
    if (entry)
        *entry = s->links[--s->link_count];
}

static struct pipe_end *end_of(struct station *s, link_id link) {
    struct link_end *entry = find_link(s, link);
    return entry ? entry->end : NULL;
}

static void want_write(struct station *s, link_id link) {
    for (size_t i = 0; i < s->wanting_count; i++) {
        if (s->wanting[i] == link)
            return;
    }
    if (s->wanting_count == s->wanting_room) {
        s->wanting_room = s->wanting_room ? 2 * s->wanting_room : 8;
        s->wanting = realloc(s->wanting, s->wanting_room * sizeof(*s->wanting));
        CHECK(s->wanting);
    }
    s->wanting[s->wanting_count++] = link;
}

static size_t link_receive(struct pipe_end *end, const uint8_t *bytes, size_t length) {
    struct station *s = end->owner;
    CHECK(s);
    size_t used = manager_receive_bytes(s->manager, s->relay->net->now, end->link, bytes, length);
    station_end_turn(s);
    return used;
}

static void link_closed(struct pipe_end *end) {
    struct station *s = end->owner;
    if (!s)
        return; /* on its way to another station: adopt_link */
    remove_link(s, end->link);
    manager_link_closed(s->manager, s->relay->net->now, end->link);
    station_end_turn(s);
}

static void link_writable(struct pipe_end *end) {
    (void)end; /* the manager comes back by itself, after its KIST interval */
}

static const struct pipe_ops link_ops = {link_receive, link_closed, link_writable};

void station_own(struct station *s, struct pipe_end *end, link_id link) {
    end->ops = &link_ops;
    end->owner = s;
    end->relay = s->relay;
    end->link = link;
    end->is_open = true;
    add_link(s, link, end);
    pipe_set_reading(end, true); /* its peer may have closed already */
}

void station_hang_up(struct station *s, link_id link) {
    struct pipe_end *end = end_of(s, link);
    remove_link(s, link);
    if (end)
        pipe_close(end);
}

/* A turn later than it was asked for; the link may have closed by then. */
static void release_link(void *subject, uint64_t link, void *payload) {
    (void)payload;
    struct station *s = subject;
    struct pipe_end *end = end_of(s, link);
    if (end && manager_link_released(s->manager, s->relay->net->now, link, end)) {
        remove_link(s, link);
        end->owner = NULL;
    }
    station_end_turn(s);
}

/* It closes on the way like any other, and is found to have closed. */
static void adopt_link(struct station *s, link_id link, struct pipe_end *end) {
    end->owner = s;
    add_link(s, link, end);
    if (end->is_open)
        return;
    remove_link(s, link);
    manager_link_closed(s->manager, s->relay->net->now, link);
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static void write_handshake(struct station *s, link_id link) {
    struct pipe_end *end = end_of(s, link);
    struct span output = manager_handshake_output(s->manager, link);
    if (!end || output.length == 0)
        return;
    pipe_send(end, output.data, output.length);
    manager_handshake_written(s->manager, link, output.length);
}

static void write_cells(struct station *s, link_id link) {
    struct pipe_end *end = end_of(s, link);
    struct cell *cells[WRITE_CELLS];
    uint32_t n;
    while (end && (n = manager_take(s->manager, s->relay->net->now, link, cells, WRITE_CELLS)) > 0) {
        uint8_t bytes[WRITE_CELLS * CELL_LEN];
        for (uint32_t i = 0; i < n; i++)
            cell_serialize(cells[i], bytes + (size_t)i * CELL_LEN);
        end->circuit_last = cells[n - 1]->circ_id;
        manager_release(s->manager, cells, n);
        pipe_send(end, bytes, (size_t)n * CELL_LEN);
    }
}

/* What TCP says: up to the window is on the way, the rest waits in the socket. */
static struct tcp_facts facts_of(struct station *s, link_id link) {
    struct pipe_end *end = end_of(s, link);
    uint32_t cwnd = (uint32_t)(s->relay->net->options.window / TCP_MSS);
    struct tcp_facts facts = {.link = link, .cwnd = cwnd, .mss = TCP_MSS};
    if (!end)
        return facts;
    size_t window = (size_t)cwnd * TCP_MSS;
    size_t outstanding = end->is_stalled ? 2 * window : end->outstanding;
    size_t unacked = outstanding < window ? outstanding : window;
    facts.unacked = (uint32_t)(unacked / TCP_MSS);
    facts.notsent = (uint32_t)(outstanding - unacked);
    return facts;
}

static void run_schedule(void *subject, uint64_t argument, void *payload) {
    (void)argument;
    (void)payload;
    struct station *s = subject;
    struct memnet *net = s->relay->net;
    s->schedule_planned = NSEC_NEVER;
    size_t n = s->wanting_count;
    if (n == 0)
        return;
    struct tcp_facts *facts = memnet_take(n * sizeof(*facts));
    struct grant *grants = memnet_take(n * sizeof(*grants));
    for (size_t i = 0; i < n; i++)
        facts[i] = facts_of(s, s->wanting[i]);
    uint32_t done = manager_schedule(s->manager, net->now, facts, (uint32_t)n, grants);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (i >= done || grants[i].waits)
            s->wanting[kept++] = s->wanting[i];
    }
    s->wanting_count = kept;
    for (uint32_t i = 0; i < done; i++)
        write_cells(s, grants[i].link);
    free(facts);
    free(grants);
    station_end_turn(s);
}

static void run_tick(void *subject, uint64_t argument, void *payload) {
    (void)argument;
    (void)payload;
    struct station *s = subject;
    s->tick_planned = NSEC_NEVER;
    if (s->manager)
        manager_tick(s->manager, s->relay->net->now);
    else
        controller_tick(relay_controller(s->relay->relay), s->relay->net->now);
    station_end_turn(s);
}

static nsec later(nsec a, nsec b) {
    return a > b ? a : b;
}

static void plan_own_events(struct station *s) {
    struct memnet *net = s->relay->net;
    nsec due = s->manager ? manager_schedule_at(s->manager) : NSEC_NEVER;
    if (s->wanting_count > 0 && due != NSEC_NEVER && later(due, net->now) < s->schedule_planned) {
        s->schedule_planned = later(due, net->now);
        memnet_plan(net, s->schedule_planned, run_schedule, s, 0, NULL);
    }
    due =
        s->manager ? manager_next_wake(s->manager) : controller_next_wake(relay_controller(s->relay->relay));
    if (due != NSEC_NEVER && later(due, net->now) < s->tick_planned) {
        s->tick_planned = later(due, net->now);
        memnet_plan(net, s->tick_planned, run_tick, s, 0, NULL);
    }
}

/* --- turns -------------------------------------------------------------------------------------------------------- */

static void carry_out(struct station *s, const struct request *request) {
    struct pipe_end *end;
    switch (request->kind) {
    case DIAL: station_dial(s, request); break;
    case HANGUP: station_hang_up(s, request->object); break;
    case WANT_WRITE:
        write_handshake(s, request->object);
        want_write(s, request->object);
        break;
    case WANT_READ:
        if ((end = end_of(s, request->object)))
            pipe_set_reading(end, request->on);
        break;
    case EDGE_RESOLVE: edge_connection_resolve(s, request->object, &request->query); break;
    case EDGE_CONNECT: edge_connection_open(s, request->object, &request->to); break;
    case EDGE_WANT_WRITE: edge_connection_write(s, request->object); break;
    case EDGE_WANT_READ: edge_connection_set_reading(s, request->object, request->on); break;
    case EDGE_CLOSE: edge_connection_close(s, request->object); break;
    case OFFLOAD: station_offload(s, request); break;
    case RELEASE:
        memnet_plan(s->relay->net, s->relay->net->now + s->relay->net->options.wake_delay, release_link, s,
                    request->object, NULL);
        break;
    case ADOPT: adopt_link(s, request->object, request->luggage); break;
    case WAKE: station_wake(s, request->station); break;
    }
}

void station_end_turn(struct station *s) {
    nsec now = s->relay->net->now;
    size_t done = 0;
    for (;;) {
        if (s->manager)
            manager_flush(s->manager, now);
        else
            controller_flush(relay_controller(s->relay->relay), now);
        if (done == s->request_count)
            break;
        while (done < s->request_count) {
            struct request request = s->requests[done++];
            carry_out(s, &request);
        }
    }
    s->request_count = 0;
    plan_own_events(s);
}

struct manager *station_manager(struct station *s) {
    return s->manager;
}

struct memnet *station_net(struct station *s) {
    return s->relay->net;
}

/* --- life --------------------------------------------------------------------------------------------------------- */

void station_init(struct station *s, struct memnet_relay *relay, station_id id) {
    s->port = recording_port;
    s->relay = relay;
    s->id = id;
    s->schedule_planned = NSEC_NEVER;
    s->tick_planned = NSEC_NEVER;
    snprintf(s->name, sizeof(s->name), id + 1u == relay->station_count ? "ctl" : "m%u", (unsigned)id);
}

void station_fini(struct station *s) {
    free(s->requests);
    free(s->links);
    free(s->wanting);
}
