#include "sim/sim_world.h"

#include <string.h>

#include "base/check.h"
#include "des_threads/engine_threads.h"
#include "sim/sim_client.h"
#include "sim/sim_generator.h"
#include "sim/sim_relay.h"
#include "sim/sim_server.h"
#include "sim/sim_world_state.h"

#define PARTITIONS_DEFAULT 8u

/* --- the network's calls, to whom they concern ----------------------------------------------------------------------- */

static enum sim_role role_of(struct host *host) {
    return *(const enum sim_role *)host_user(host);
}

static bool on_accept(struct host *host, nsec now, struct tcp *tcp, uint16_t port) {
    switch (role_of(host)) {
    case SIM_ROLE_RELAY: return sim_relay_accept(host, now, tcp, port);
    case SIM_ROLE_SERVER: return sim_server_accept(host, now, tcp, port);
    case SIM_ROLE_CLIENT: return false;
    case SIM_ROLE_GENERATOR: return sim_generator_accept(host, now, tcp, port);
    }
    return false;
}

static void on_connected(struct host *host, nsec now, struct tcp *tcp) {
    switch (role_of(host)) {
    case SIM_ROLE_RELAY: sim_relay_connected(host, now, tcp); break;
    case SIM_ROLE_SERVER: CHECK(!"servers do not dial"); break;
    case SIM_ROLE_CLIENT: sim_client_connected(host, now, tcp); break;
    case SIM_ROLE_GENERATOR: sim_generator_connected(host, now, tcp); break;
    }
}

static void on_readable(struct host *host, nsec now, struct tcp *tcp) {
    switch (role_of(host)) {
    case SIM_ROLE_RELAY: sim_relay_readable(host, now, tcp); break;
    case SIM_ROLE_SERVER: sim_server_readable(host, now, tcp); break;
    case SIM_ROLE_CLIENT: sim_client_readable(host, now, tcp); break;
    case SIM_ROLE_GENERATOR: sim_generator_readable(host, now, tcp); break;
    }
}

static void on_writable(struct host *host, nsec now, struct tcp *tcp) {
    switch (role_of(host)) {
    case SIM_ROLE_RELAY: sim_relay_writable(host, now, tcp); break;
    case SIM_ROLE_SERVER: sim_server_writable(host, now, tcp); break;
    case SIM_ROLE_CLIENT: sim_client_writable(host, now, tcp); break;
    case SIM_ROLE_GENERATOR: sim_generator_writable(host, now, tcp); break;
    }
}

static void on_closed(struct host *host, nsec now, struct tcp *tcp, enum tcp_end end) {
    switch (role_of(host)) {
    case SIM_ROLE_RELAY: sim_relay_closed(host, now, tcp, end); break;
    case SIM_ROLE_SERVER: sim_server_closed(host, now, tcp, end); break;
    case SIM_ROLE_CLIENT: sim_client_closed(host, now, tcp, end); break;
    case SIM_ROLE_GENERATOR: sim_generator_closed(host, now, tcp, end); break;
    }
}

static void on_discard(struct host *host, struct tcp_message *message) {
    sim_message_free(host, sim_message_of(message));
}

static const struct net_calls calls = {.accept = on_accept,
                                       .connected = on_connected,
                                       .readable = on_readable,
                                       .writable = on_writable,
                                       .closed = on_closed,
                                       .discard = on_discard};

/* A bin of what is observed ends. */
static void look(struct host *host, nsec now, uint32_t arg, void *object) {
    CHECK(arg == 0 && object == NULL);
    if (role_of(host) == SIM_ROLE_SERVER)
        sim_server_look(host_user(host), now);
    else
        sim_probe_look(host_user(host), now);
}

/* --- geography ------------------------------------------------------------------------------------------------------- */

static uint32_t host_count(const struct sim_config *config) {
    return config->relay_count + config->server_count + config->client_count + (config->generator != NULL);
}

static uint16_t country_of(const struct sim_world *world, host_id host) {
    const struct sim_config *config = world->config;
    switch (sim_role_of(world, host)) {
    case SIM_ROLE_RELAY: return config->relays[host].country;
    case SIM_ROLE_SERVER: return config->servers[host - config->relay_count].country;
    case SIM_ROLE_CLIENT: return config->clients[host - sim_client_host(world, 0)].country;
    case SIM_ROLE_GENERATOR: return config->relays[0].country;
    }
    return 0;
}

static struct net_path path(const void *context, host_id from, host_id to) {
    const struct sim_world *world = context;
    const struct sim_geography *geography = &world->config->geography;
    size_t place = (size_t)country_of(world, from) * geography->countries + country_of(world, to);
    return (struct net_path){.latency = geography->latency_us[place] * NSEC_PER_US,
                             .loss = geography->loss ? geography->loss[place] : 0};
}

/* The least latency between any two countries in which there is somebody: windows cannot be longer. */
static nsec least_latency(const struct sim_world *world, const bool *is_inhabited) {
    const struct sim_geography *geography = &world->config->geography;
    uint32_t least = UINT32_MAX;
    for (uint32_t from = 0; from < geography->countries; from++)
        for (uint32_t to = 0; is_inhabited[from] && to < geography->countries; to++) {
            uint32_t latency_us = geography->latency_us[(size_t)from * geography->countries + to];
            if (is_inhabited[to] && latency_us < least)
                least = latency_us;
        }
    return least * NSEC_PER_US;
}

/* 0 without memory. */
static nsec lookahead_of(const struct sim_world *world) {
    uint16_t countries = world->config->geography.countries;
    bool *is_inhabited = memory_allocate(&world->memory, countries * sizeof(*is_inhabited));
    if (!is_inhabited)
        return 0;
    for (host_id host = 0; host < host_count(world->config); host++)
        is_inhabited[country_of(world, host)] = true;
    nsec lookahead = least_latency(world, is_inhabited);
    memory_release(&world->memory, is_inhabited, countries * sizeof(*is_inhabited));
    return lookahead;
}

/* --- memory ---------------------------------------------------------------------------------------------------------- */

/* The cores cope when there is no memory, by refusing what is new; but then they are not what was to be simulated. */
static void *allocate(void *context, size_t size) {
    struct sim_world *world = context;
    void *object = memory_allocate(world->config->memory, size);
    if (!object)
        atomic_store_explicit(&world->is_starved, true, memory_order_relaxed);
    return object;
}

static void release(void *context, void *object, size_t size) {
    const struct sim_world *world = context;
    memory_release(world->config->memory, object, size);
}

/* --- making ---------------------------------------------------------------------------------------------------------- */

static bool make_engine(struct sim_world *world) {
    const struct sim_config *config = world->config;
    uint32_t hosts = host_count(config);
    uint32_t partitions = config->partitions ? config->partitions : PARTITIONS_DEFAULT;
    nsec lookahead = lookahead_of(world);
    CHECK(net_object_size() <= SIM_OBJECT_SIZE);
    if (lookahead == 0)
        return false;
    world->engine = engine_new(&(struct engine_config){.memory = &world->memory,
                                                       .hosts = hosts,
                                                       .partitions = partitions < hosts ? partitions : hosts,
                                                       .lookahead_within = lookahead,
                                                       .lookahead_across = lookahead,
                                                       .seed = config->seed,
                                                       .object_size = SIM_OBJECT_SIZE});
    if (!world->engine)
        return false;
    world->net = net_new(
        &(struct net_config){.memory = &world->memory,
                             .engine = world->engine,
                             .calls = &calls,
                             .path = path,
                             .context = world,
                             .bootstrap_end = config->bootstrap_end,
                             .hosts = hosts,
                             .cwnd_first = config->first_window ? config->first_window : NET_CWND_LINUX});
    world->step_end = engine_add_kind(world->engine, sim_relay_step_end);
    world->relay_timer = engine_add_kind(world->engine, sim_relay_timer);
    world->server_timer = engine_add_kind(world->engine, sim_server_timer);
    world->session_timer = engine_add_kind(world->engine, sim_session_timer);
    world->client_sweep = engine_add_kind(world->engine, sim_client_sweep);
    world->generator_turn = engine_add_kind(world->engine, sim_generator_turn);
    world->generator_begin = engine_add_kind(world->engine, sim_generator_begin);
    world->look = engine_add_kind(world->engine, look);
    return world->net != NULL;
}

static bool make_identities(struct sim_world *world) {
    const struct sim_config *config = world->config;
    struct symbolic symbolic;
    const struct crypt_provider *crypt = symbolic_provider(&symbolic, config->seed);
    uint32_t count = sim_identity_count(config);
    world->identities = memory_allocate(&world->memory, count * sizeof(*world->identities));
    for (uint32_t i = 0; world->identities && i < count; i++) {
        struct sim_identity *identity = &world->identities[i];
        bool made = config->crypt ? config->crypt->make_identity(config->crypt->context, i, identity)
                                  : sim_identity_make(identity, &world->memory, crypt, config->seed, i);
        if (!made)
            return false;
    }
    return world->identities != NULL;
}

static bool make_consensus(struct sim_world *world) {
    const struct sim_config *config = world->config;
    struct consensus_params params = consensus_params_default;
    if (config->kist_run_interval_ms)
        params.kist_run_interval_ms = (int32_t)config->kist_run_interval_ms;
    size_t size = config->relay_count * sizeof(struct relay_entry);
    struct relay_entry *entries = memory_allocate(&world->memory, size);
    if (!entries)
        return false;
    for (uint32_t i = 0; i < config->relay_count; i++) {
        memcpy(entries[i].rsa_id, world->identities[i].credentials.rsa_id, sizeof entries[i].rsa_id);
        memcpy(entries[i].ed_id, world->identities[i].credentials.ed_id, sizeof entries[i].ed_id);
    }
    world->consensus = consensus_view_new(&world->memory, &params, entries, config->relay_count);
    memory_release(&world->memory, entries, size);
    return world->consensus != NULL;
}

static bool make_hosts(struct sim_world *world) {
    const struct sim_config *config = world->config;
    const struct memory *memory = &world->memory;
    world->relay_size = sim_relay_size();
    world->relays = memory_allocate(memory, config->relay_count * world->relay_size);
    world->servers = memory_allocate(memory, config->server_count * sizeof(*world->servers));
    world->clients = memory_allocate(memory, config->client_count * sizeof(*world->clients) + 1);
    if (!world->relays || !world->servers || !world->clients)
        return false;
    for (uint32_t i = 0; i < config->relay_count; i++)
        if (!sim_relay_init(sim_world_relay_at(world, i), world, i))
            return false;
    for (uint32_t i = 0; i < config->server_count; i++)
        sim_server_init(&world->servers[i], world, i);
    for (uint32_t i = 0; i < config->client_count; i++)
        if (!sim_client_init(&world->clients[i], world, i))
            return false;
    world->generator = config->generator ? sim_generator_new(world) : NULL;
    return !config->generator || world->generator;
}

struct sim_world *sim_world_new(const struct sim_config *config) {
    struct sim_world *world = memory_allocate(config->memory, sizeof(*world));
    if (!world)
        return NULL;
    world->config = config;
    world->memory = (struct memory){allocate, release, world};
    atomic_init(&world->is_starved, false);
    if (make_engine(world) && make_identities(world) && make_consensus(world) &&
        sim_paths_init(&world->paths, &world->memory, config->relays, config->relay_count) &&
        make_hosts(world))
        return world;
    sim_world_free(world);
    return NULL;
}

static void free_hosts(struct sim_world *world) {
    const struct sim_config *config = world->config;
    sim_generator_free(world->generator);
    for (uint32_t i = 0; world->clients && i < config->client_count; i++)
        sim_client_fini(&world->clients[i]);
    for (uint32_t i = 0; world->servers && i < config->server_count; i++)
        sim_server_fini(&world->servers[i]);
    for (uint32_t i = 0; world->relays && i < config->relay_count; i++)
        sim_relay_fini(sim_world_relay_at(world, i));
    memory_release(config->memory, world->clients, config->client_count * sizeof(*world->clients) + 1);
    memory_release(config->memory, world->servers, config->server_count * sizeof(*world->servers));
    memory_release(config->memory, world->relays, config->relay_count * world->relay_size);
}

void sim_world_free(struct sim_world *world) {
    if (!world)
        return;
    const struct sim_config *config = world->config;
    free_hosts(world);
    net_free(world->net);
    engine_free(world->engine);
    sim_paths_fini(&world->paths, config->memory);
    consensus_view_drop(world->consensus);
    uint32_t identities = sim_identity_count(config);
    for (uint32_t i = 0; world->identities && i < identities; i++)
        sim_identity_fini(&world->identities[i], config->memory);
    memory_release(config->memory, world->identities, identities * sizeof(*world->identities));
    memory_release(config->memory, world, sizeof(*world));
}

/* --- running --------------------------------------------------------------------------------------------------------- */

void sim_world_trace(struct sim_world *world, const struct sim_trace_sink *sink) {
    world->trace = *sink;
    for (uint32_t i = 0; i < world->config->relay_count; i++)
        sim_relay_trace(sim_world_relay_at(world, i));
}

enum err sim_world_run(struct sim_world *world, nsec until, uint32_t threads) {
    CHECK(!world->is_finished);
    CHECK(until >= world->ran_until);
    enum err e = engine_run_threads(world->engine, until, threads);
    if (e || atomic_load_explicit(&world->is_starved, memory_order_relaxed))
        return ERR_LIMIT;
    world->ran_until = until;
    for (uint32_t i = 0; i < world->config->relay_count; i++)
        sim_relay_sample(sim_world_relay_at(world, i), until);
    return ERR_OK;
}

/* Servers know what came of uploads. */
static void note_uploads(struct sim_world *world, const struct sim_server *server) {
    for (uint32_t i = 0; i < server->upload_count; i++) {
        CHECK(server->uploads[i].client < world->config->client_count);
        sim_client_note_upload(&world->clients[server->uploads[i].client], &server->uploads[i]);
    }
}

void sim_world_finish(struct sim_world *world) {
    world->is_finished = true;
    for (uint32_t i = 0; i < world->config->client_count; i++)
        sim_client_finish(&world->clients[i], world->ran_until);
    for (uint32_t i = 0; i < world->config->server_count; i++)
        note_uploads(world, &world->servers[i]);
}

/* --- what was measured ----------------------------------------------------------------------------------------------- */

struct sim_relay_measure sim_world_relay(const struct sim_world *world, uint32_t relay) {
    CHECK(relay < world->config->relay_count);
    return sim_relay_measure(sim_world_relay_at(world, relay));
}

struct sim_client_measure sim_world_client(const struct sim_world *world, uint32_t client) {
    CHECK(client < world->config->client_count);
    return sim_client_measure(&world->clients[client]);
}

struct working_set sim_world_relay_load(const struct sim_world *world, uint32_t relay) {
    CHECK(relay < world->config->relay_count);
    return sim_relay_load(sim_world_relay_at(world, relay), world->ran_until);
}

nsec sim_world_relay_busy(const struct sim_world *world, uint32_t relay, uint16_t thread) {
    CHECK(relay < world->config->relay_count);
    return sim_relay_busy(sim_world_relay_at(world, relay), thread);
}

struct sim_generator_measure sim_world_generator(const struct sim_world *world) {
    return sim_generator_measure(world->generator);
}

struct sim_sights sim_world_server_sights(const struct sim_world *world, uint32_t server) {
    CHECK(server < world->config->server_count);
    return sim_watch_sights(&world->servers[server].watch);
}

struct sim_sights sim_world_probe_sights(const struct sim_world *world, uint32_t client) {
    CHECK(client < world->config->client_count);
    return sim_probe_sights(world->clients[client].probe);
}

static void add_client(struct sim_totals *totals, const struct sim_client_measure *client) {
    for (uint64_t i = 0; i < client->transfer_count; i++) {
        totals->transfers_done += client->transfers[i].outcome == SIM_OUTCOME_DONE;
        totals->transfers_failed += client->transfers[i].outcome != SIM_OUTCOME_DONE &&
                                    client->transfers[i].outcome != SIM_OUTCOME_UNFINISHED;
    }
    totals->transfers_done += client->streams_done;
    totals->transfers_failed += client->streams_failed;
    for (uint64_t i = 0; i < client->build_count; i++) {
        totals->circuits_built += client->builds[i].outcome == SIM_OUTCOME_DONE;
        totals->circuits_failed += client->builds[i].outcome != SIM_OUTCOME_DONE &&
                                   client->builds[i].outcome != SIM_OUTCOME_UNFINISHED;
    }
}

struct sim_totals sim_world_totals(const struct sim_world *world) {
    const struct sim_config *config = world->config;
    struct sim_totals totals = {.events = engine_events(world->engine), .time = world->ran_until};
    for (uint32_t i = 0; i < config->relay_count; i++) {
        struct working_set load = sim_relay_load(sim_world_relay_at(world, i), world->ran_until);
        totals.cells_relayed += sim_world_relay(world, i).work.cells_sent;
        totals.links += load.links;
        totals.halves += load.halves;
    }
    for (uint32_t i = 0; i < config->client_count; i++) {
        struct sim_client_measure client = sim_world_client(world, i);
        add_client(&totals, &client);
    }
    for (host_id i = 0; i < host_count(config); i++) {
        const struct net_counters *counters = net_counters(world->net, i);
        totals.segments_lost += counters->segments_lost + counters->segments_dropped;
    }
    return totals;
}
