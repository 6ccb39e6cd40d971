/* Relays of the in-memory network: how they come and go, dial and accept, and what may happen to their links. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "core/token_bucket.h"
#include "memnet/memnet_station.h"

#define DRAIN_MSGS_MAX 256u

/* --- dialling and accepting --------------------------------------------------------------------------------------- */

static void dial_failed(void *subject, uint64_t link, void *payload) {
    (void)payload;
    struct station *s = subject;
    manager_link_failed(s->manager, s->relay->net->now, link);
    station_end_turn(s);
}

static void open_link(struct station *s, struct pipe_end *end, link_id link) {
    struct link_facts facts;
    pipe_facts(end, &facts);
    facts.credentials = &s->relay->identity.credentials;
    if (manager_link_opened(s->manager, s->relay->net->now, link, &facts) != ERR_OK)
        station_hang_up(s, link);
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
    station_own(s, end, link);
    open_link(s, end, link);
}

void station_dial(struct station *s, const struct request *request) {
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
    station_own(s, accepted->end, link);
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

void station_offload(struct station *s, const struct request *request) {
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

void station_wake(struct station *s, station_id station) {
    struct memnet *net = s->relay->net;
    CHECK(station < s->relay->station_count);
    memnet_plan(net, net->now + net->options.wake_delay, run_drain, &s->relay->stations[station], 0, NULL);
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

static bool start(struct memnet_relay *relay, const struct relay_config *config) {
    struct relay_config own_config = *config;
    struct port *ports[STATIONS_MAX];
    memcpy(own_config.rsa_id, relay->identity.credentials.rsa_id, RSA_ID_LEN);
    own_config.seed += relay->index;
    for (uint16_t i = 0; i < relay->station_count; i++) {
        station_init(&relay->stations[i], relay, i);
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
    for (uint16_t i = 0; i < relay->station_count; i++)
        station_fini(&relay->stations[i]);
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
        struct working_set set = manager_working_set(relay->stations[i].manager, relay->net->now);
        const struct work *work = manager_work(relay->stations[i].manager);
        load.halves += set.halves;
        load.links += set.links;
        load.halves_opened += work->circuits_opened;
        load.halves_closed += work->circuits_closed;
        load.halves_cgo += work->circuits_cgo;
        load.cells_reclaimed += manager_cells_reclaimed(relay->stations[i].manager);
    }
    return load;
}

bool memnet_relay_move(struct memnet_relay *relay, uint64_t which, uint16_t further) {
    size_t links = 0;
    uint16_t managers = (uint16_t)(relay->station_count - 2); /* with links: the first has none */
    struct station *controller = &relay->stations[relay->station_count - 1];
    for (uint16_t i = 1; i <= managers; i++)
        links += relay->stations[i].link_count;
    if (links == 0)
        return false;
    which %= links;
    uint16_t at = 1;
    for (; which >= relay->stations[at].link_count; at++)
        which -= relay->stations[at].link_count;
    station_id to = (station_id)((at - 1 + further) % managers + 1);
    bool begins = controller_move_link(relay_controller(relay->relay), relay->net->now,
                                       relay->stations[at].links[which].link, to);
    station_end_turn(controller);
    return begins;
}

const struct move_figures *memnet_relay_moves(struct memnet_relay *relay) {
    return controller_moves(relay_controller(relay->relay));
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
