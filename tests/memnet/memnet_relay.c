/* Relays of the in-memory network: each station with its port, which records, and its turns, which carry out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "core/token_bucket.h"
#include "memnet/memnet_state.h"
#include "wire/relay_cell.h"

#define DRAIN_MSGS_MAX 256u
#define WRITE_CELLS    CELLS_PER_RECORD

enum request_kind {
    DIAL,
    HANGUP,
    WANT_WRITE,
    WANT_READ,
    EDGE_OPEN,
    EDGE_WANT_WRITE,
    EDGE_WANT_READ,
    EDGE_CLOSE,
    OFFLOAD,
    WAKE
};

struct request {
    enum request_kind kind;
    uint64_t object; /* link or edge */
    bool on;
    station_id station;
    struct endpoint to;
    struct begin_message begin;
    struct job job;
};

/* A link id and its end of a connection; NULL while it is dialled. */
struct link_end {
    link_id link;
    struct pipe_end *end;
};

struct station {
    struct port port; /* first: the core hands it back */
    struct memnet_relay *relay;
    struct manager *manager; /* NULL: the controller */
    station_id id;
    char name[8];
    struct request *requests;
    size_t request_count, request_room;
    struct link_end *links;
    size_t link_count, link_room;
    link_id *wanting; /* links that want to write, first come first served */
    size_t wanting_count, wanting_room;
    nsec schedule_planned, tick_planned;
};

struct memnet_relay {
    struct memnet *net;
    struct relay *relay;
    struct relay_identity identity;
    struct endpoint address;
    unsigned index;
    char name[8];
    uint16_t station_count;
    bool is_deaf;
    struct station *stations;
};

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

static void port_edge_open(struct port *port, edge_id edge, const struct begin_message *to) {
    record(port, EDGE_OPEN, edge)->begin = *to;
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
    .edge_open = port_edge_open,
    .edge_want_write = port_edge_want_write,
    .edge_want_read = port_edge_want_read,
    .edge_close = port_edge_close,
    .offload = port_offload,
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
    size_t used = manager_receive_bytes(s->manager, s->relay->net->now, end->link, bytes, length);
    station_end_turn(s);
    return used;
}

static void link_closed(struct pipe_end *end) {
    struct station *s = end->owner;
    remove_link(s, end->link);
    manager_link_closed(s->manager, s->relay->net->now, end->link);
    station_end_turn(s);
}

static void link_writable(struct pipe_end *end) {
    (void)end; /* the manager comes back by itself, after its KIST interval */
}

static const struct pipe_ops link_ops = {link_receive, link_closed, link_writable};

static void own(struct station *s, struct pipe_end *end, link_id link) {
    end->ops = &link_ops;
    end->owner = s;
    end->relay = s->relay;
    end->link = link;
    end->is_open = true;
    add_link(s, link, end);
    pipe_set_reading(end, true); /* its peer may have closed already */
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
    manager_tick(s->manager, s->relay->net->now);
    station_end_turn(s);
}

static nsec later(nsec a, nsec b) {
    return a > b ? a : b;
}

static void plan_own_events(struct station *s) {
    struct memnet *net = s->relay->net;
    nsec due = manager_schedule_at(s->manager);
    if (s->wanting_count > 0 && due != NSEC_NEVER && later(due, net->now) < s->schedule_planned) {
        s->schedule_planned = later(due, net->now);
        memnet_plan(net, s->schedule_planned, run_schedule, s, 0, NULL);
    }
    due = manager_next_wake(s->manager);
    if (due != NSEC_NEVER && later(due, net->now) < s->tick_planned) {
        s->tick_planned = later(due, net->now);
        memnet_plan(net, s->tick_planned, run_tick, s, 0, NULL);
    }
}

/* --- dialling and accepting --------------------------------------------------------------------------------------- */

static void dial_failed(void *subject, uint64_t link, void *payload) {
    (void)payload;
    struct station *s = subject;
    manager_link_failed(s->manager, s->relay->net->now, link);
    station_end_turn(s);
}

static void hang_up(struct station *s, link_id link) {
    struct pipe_end *end = end_of(s, link);
    remove_link(s, link);
    if (end)
        pipe_close(end);
}

static void open_link(struct station *s, struct pipe_end *end, link_id link) {
    struct link_facts facts;
    pipe_facts(end, &facts);
    facts.credentials = &s->relay->identity.credentials;
    if (manager_link_opened(s->manager, s->relay->net->now, link, &facts) != ERR_OK)
        hang_up(s, link);
    station_end_turn(s);
}

/* TLS is done at the dialler. */
static void dialled(void *subject, uint64_t link, void *payload) {
    struct station *s = subject;
    struct pipe_end *end;
    memcpy(&end, payload, sizeof(end));
    if (end->is_eof) { /* the other side has given up already */
        dial_failed(subject, link, NULL);
        return;
    }
    own(s, end, link);
    open_link(s, end, link);
}

static void dial(struct station *s, const struct request *request) {
    struct memnet *net = s->relay->net;
    nsec round_trip = 2 * net->options.link_latency;
    struct memnet_relay *to = memnet_find_relay(net, &request->to);
    if (!to) {
        memnet_plan(net, net->now + round_trip, dial_failed, s, request->object, NULL);
        return;
    }
    struct pipe *pipe = pipe_new(net);
    pipe->ends[0].relay = s->relay;
    memnet_relay_accept(to, &pipe->ends[1]);
    struct pipe_end **payload = memnet_take(sizeof(*payload));
    *payload = &pipe->ends[0];
    memnet_plan(net, net->now + round_trip, dialled, s, request->object, payload);
}

struct accepted {
    struct pipe_end *end;
    station_id station;
};

/* The manager's thread takes over the socket. */
static void hand_over(void *subject, uint64_t link, void *payload) {
    struct memnet_relay *relay = subject;
    const struct accepted *accepted = payload;
    struct station *s = &relay->stations[accepted->station];
    own(s, accepted->end, link);
    open_link(s, accepted->end, link);
}

static void accept_end(void *subject, uint64_t argument, void *payload) {
    (void)argument;
    struct memnet_relay *relay = subject;
    struct memnet *net = relay->net;
    struct pipe_end *end;
    memcpy(&end, payload, sizeof(end));
    struct station *controller = &relay->stations[relay->station_count - 1];
    struct link_facts facts;
    end->relay = relay;
    pipe_facts(end, &facts);
    struct accepted *accepted = memnet_take(sizeof(*accepted));
    accepted->end = end;
    link_id link;
    if (controller_accept(relay_controller(relay->relay), net->now, &facts.peer, &link, &accepted->station)) {
        free(accepted);
        end->is_open = true;
        pipe_close(end);
    } else {
        memnet_plan(net, net->now + net->options.wake_delay, hand_over, relay, link, accepted);
    }
    station_end_turn(controller);
}

void memnet_relay_accept(struct memnet_relay *relay, struct pipe_end *end) {
    struct pipe_end **payload = memnet_take(sizeof(*payload));
    *payload = end;
    end->relay = relay;
    memnet_plan(relay->net, relay->net->now + relay->net->options.link_latency, accept_end, relay, 0,
                payload);
}

struct memnet_relay *memnet_find_relay(struct memnet *net, const struct endpoint *to) {
    for (unsigned i = 0; i < net->relay_count; i++) {
        struct memnet_relay *relay = net->relays[i];
        if (!relay->is_deaf && to->port == relay->address.port &&
            address_equal(&to->address, &relay->address.address))
            return relay;
    }
    return NULL;
}

/* --- jobs and wakes ----------------------------------------------------------------------------------------------- */

static void job_done(void *subject, uint64_t argument, void *payload) {
    (void)argument;
    struct station *s = subject;
    struct work work = {0};
    struct job_result result;
    job_run(payload, s->relay->net->crypt, &s->relay->identity.ntor, &result, &work);
    manager_job_done(s->manager, s->relay->net->now, &result);
    station_end_turn(s);
}

static void offload(struct station *s, const struct request *request) {
    struct memnet *net = s->relay->net;
    struct job *job = memnet_take(sizeof(*job));
    *job = request->job;
    memnet_plan(net, net->now + net->options.job_delay, job_done, s, 0, job);
}

static void run_drain(void *subject, uint64_t argument, void *payload) {
    (void)argument;
    (void)payload;
    struct station *s = subject;
    struct memnet *net = s->relay->net;
    bool more = s->manager ? manager_drain(s->manager, net->now, DRAIN_MSGS_MAX)
                           : controller_drain(relay_controller(s->relay->relay), net->now, DRAIN_MSGS_MAX);
    if (more)
        memnet_plan(net, net->now + net->options.wake_delay, run_drain, s, 0, NULL);
    station_end_turn(s);
}

static void wake(struct station *s, station_id station) {
    struct memnet *net = s->relay->net;
    CHECK(station < s->relay->station_count);
    memnet_plan(net, net->now + net->options.wake_delay, run_drain, &s->relay->stations[station], 0, NULL);
}

/* --- turns -------------------------------------------------------------------------------------------------------- */

static void carry_out(struct station *s, const struct request *request) {
    struct pipe_end *end;
    switch (request->kind) {
    case DIAL: dial(s, request); break;
    case HANGUP: hang_up(s, request->object); break;
    case WANT_WRITE:
        write_handshake(s, request->object);
        want_write(s, request->object);
        break;
    case WANT_READ:
        if ((end = end_of(s, request->object)))
            pipe_set_reading(end, request->on);
        break;
    case EDGE_OPEN: edge_connection_open(s, request->object, &request->begin); break;
    case EDGE_WANT_WRITE: edge_connection_write(s, request->object); break;
    case EDGE_WANT_READ: edge_connection_set_reading(s, request->object, request->on); break;
    case EDGE_CLOSE: edge_connection_close(s, request->object); break;
    case OFFLOAD: offload(s, request); break;
    case WAKE: wake(s, request->station); break;
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
    if (s->manager)
        plan_own_events(s);
}

struct manager *station_manager(struct station *s) {
    return s->manager;
}

struct memnet *station_net(struct station *s) {
    return s->relay->net;
}

/* --- relays ------------------------------------------------------------------------------------------------------- */

void memnet_relay_config(struct memnet *net, struct relay_config *config_out) {
    relay_config_default(config_out);
    config_out->memory = &net->heap.memory;
    config_out->crypt = net->crypt;
    config_out->unix_s_at_zero = IDENTITY_UNIX_S;
    config_out->seed = net->options.seed + 1000;
    config_out->allow_private_addresses = true;
    config_out->is_exit = true;
    config_out->bandwidth_rate = TOKEN_RATE_UNLIMITED;
    config_out->bandwidth_burst = TOKEN_RATE_UNLIMITED;
}

static void init_station(struct memnet_relay *relay, station_id id) {
    struct station *s = &relay->stations[id];
    s->port = recording_port;
    s->relay = relay;
    s->id = id;
    s->schedule_planned = NSEC_NEVER;
    s->tick_planned = NSEC_NEVER;
    snprintf(s->name, sizeof(s->name), id + 1u == relay->station_count ? "ctl" : "m%u", (unsigned)id);
}

static bool start(struct memnet_relay *relay, const struct relay_config *config) {
    struct relay_config own_config = *config;
    struct port *ports[STATIONS_MAX];
    memcpy(own_config.rsa_id, relay->identity.credentials.rsa_id, RSA_ID_LEN);
    own_config.seed += relay->index;
    for (uint16_t i = 0; i < relay->station_count; i++) {
        init_station(relay, i);
        ports[i] = &relay->stations[i].port;
    }
    relay->relay = relay_new(&own_config, relay->net->now, ports);
    for (uint16_t i = 0; relay->relay && i + 1u < relay->station_count; i++)
        relay->stations[i].manager = relay_manager(relay->relay, i);
    return relay->relay != NULL;
}

struct memnet_relay *memnet_relay_add(struct memnet *net, const struct relay_config *config) {
    CHECK(net->relay_count < MEMNET_RELAYS_MAX);
    struct memnet_relay *relay = memnet_take(sizeof(*relay));
    relay->net = net;
    relay->index = net->relay_count;
    relay->address = (struct endpoint){
        .address = {.family = ADDRESS_IPV4, .bytes = {10, 0, 0, (uint8_t)(relay->index + 1)}},
        .port = MEMNET_PORT};
    snprintf(relay->name, sizeof(relay->name), "r%u", relay->index);
    relay_identity_make(&relay->identity, net->crypt, relay->index, &relay->address);
    relay->station_count = relay_stations(config);
    relay->stations = memnet_take(relay->station_count * sizeof(*relay->stations));
    if (!start(relay, config)) {
        memnet_relay_free(relay);
        return NULL;
    }
    net->relays[net->relay_count++] = relay;
    return relay;
}

void memnet_relay_free(struct memnet_relay *relay) {
    relay_free(relay->relay);
    for (uint16_t i = 0; i < relay->station_count; i++) {
        free(relay->stations[i].requests);
        free(relay->stations[i].links);
        free(relay->stations[i].wanting);
    }
    free(relay->stations);
    free(relay);
}

void memnet_relay_target(const struct memnet_relay *relay, struct origin_target *target_out) {
    const struct link_credentials *own = &relay->identity.credentials;
    *target_out = (struct origin_target){.has_ed_id = true, .ipv4 = relay->address};
    memcpy(target_out->rsa_id, own->rsa_id, RSA_ID_LEN);
    memcpy(target_out->ed_id, own->ed_id, ED_ID_LEN);
    memcpy(target_out->onion_key, relay->identity.ntor.onion[0].public, 32);
}

struct memnet_load memnet_relay_load(struct memnet_relay *relay) {
    struct memnet_load load = {0};
    for (uint16_t i = 0; i + 1u < relay->station_count; i++) {
        struct working_set set = manager_working_set(relay->stations[i].manager);
        const struct work *work = manager_work(relay->stations[i].manager);
        load.halves += set.halves;
        load.links += set.links;
        load.halves_opened += work->circuits_opened;
        load.halves_closed += work->circuits_closed;
    }
    return load;
}

const uint8_t *memnet_relay_certificate(const struct memnet_relay *relay) {
    return relay->identity.credentials.tls_certificate_sha256;
}

unsigned memnet_relay_index(const struct memnet_relay *relay) {
    return relay->index;
}

void memnet_relay_stop_listening(struct memnet_relay *relay) {
    relay->is_deaf = true;
}

/* --- mischief ----------------------------------------------------------------------------------------------------- */

/* The next connection with an end at a and the other at b (NULL: a client), after `after`. */
static struct pipe_end *next_between(struct memnet *net, const struct memnet_relay *a,
                                     const struct memnet_relay *b, const struct pipe *after) {
    struct list *entry = after ? after->entry.next : net->pipes.next;
    for (; entry != &net->pipes; entry = entry->next) {
        struct pipe *pipe = LIST_ENTRY(entry, struct pipe, entry);
        for (unsigned i = 0; i < 2; i++) {
            if (pipe->ends[i].relay == a && pipe->ends[1 - i].relay == b && pipe->ends[i].is_open)
                return &pipe->ends[i];
        }
    }
    return NULL;
}

void memnet_cut(struct memnet *net, struct memnet_relay *a, struct memnet_relay *b) {
    struct pipe_end *end = NULL;
    while ((end = next_between(net, a, b, end ? end->pipe : NULL)))
        pipe_break(end->pipe);
}

void memnet_stall(struct memnet *net, struct memnet_relay *a, struct memnet_relay *b, bool on) {
    struct pipe_end *end = NULL;
    while ((end = next_between(net, a, b, end ? end->pipe : NULL)))
        end->is_stalled = on;
}

void memnet_inject(struct memnet *net, struct memnet_relay *a, struct memnet_relay *b, const uint8_t *bytes,
                   size_t length) {
    struct pipe_end *end = next_between(net, a, b, NULL);
    CHECK(end);
    pipe_send(end, bytes, length);
}

uint32_t memnet_last_circuit(struct memnet *net, struct memnet_relay *a, struct memnet_relay *b) {
    struct pipe_end *end = next_between(net, a, b, NULL);
    CHECK(end);
    return end->circuit_last;
}
