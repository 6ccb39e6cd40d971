/* sim_world_state - what the hosts of a world share: read by all of them while it runs, changed by none. Not for users. */
#ifndef LOOM_SIM_SIM_WORLD_STATE_H
#define LOOM_SIM_SIM_WORLD_STATE_H

#include <stdatomic.h>

#include "core/consensus_view.h"
#include "cost/behaviour.h"
#include "des/engine.h"
#include "des/net.h"
#include "sim/sim_config.h"
#include "sim/sim_identity.h"
#include "sim/sim_paths.h"
#include "sim/sim_trace.h"

struct sim_relay;
struct sim_client;
struct sim_server;
struct sim_generator;

/* What an engine host is: relays have the first numbers, then servers, then clients, then a generator. host_user points to it. */
enum sim_role { SIM_ROLE_RELAY, SIM_ROLE_SERVER, SIM_ROLE_CLIENT, SIM_ROLE_GENERATOR };

struct sim_world {
    const struct sim_config *config;
    struct memory memory;   /* the config's, but it remembers when there was none */
    atomic_bool is_starved; /* set by any thread, read between runs */
    struct engine *engine;
    struct net *net;
    struct sim_identity *identities; /* of relays, then of a generator's ways out */
    struct sim_paths paths;
    struct consensus_view *consensus;
    struct sim_relay *relays;
    size_t relay_size;
    struct sim_server *servers;
    struct sim_client *clients;
    struct sim_generator *generator; /* NULL: none */
    struct sim_trace_sink trace;
    event_kind step_end, relay_timer, server_timer, session_timer, client_sweep, generator_turn,
        generator_begin, look;
    nsec ran_until;
    bool is_finished;
};

static inline host_id sim_server_host(const struct sim_world *world, uint32_t server) {
    return world->config->relay_count + server;
}
static inline host_id sim_client_host(const struct sim_world *world, uint32_t client) {
    return world->config->relay_count + world->config->server_count + client;
}
static inline host_id sim_generator_host(const struct sim_world *world) {
    return sim_client_host(world, world->config->client_count);
}
/* Relays that have an identity: those that are simulated, and those that a generator plays: its ways out, or, before an exit, one. */
static inline uint32_t sim_identity_count(const struct sim_config *config) {
    const struct sim_generator_config *generator = config->generator;
    uint32_t played = !generator ? 0 : generator->is_exit ? 1 : generator->links / 2;
    return config->relay_count + played;
}
static inline enum sim_role sim_role_of(const struct sim_world *world, host_id host) {
    if (host < world->config->relay_count)
        return SIM_ROLE_RELAY;
    if (host < sim_client_host(world, 0))
        return SIM_ROLE_SERVER;
    return host < sim_generator_host(world) ? SIM_ROLE_CLIENT : SIM_ROLE_GENERATOR;
}
/* Relays are as large as sim_relay_host.c says. */
static inline struct sim_relay *sim_world_relay_at(const struct sim_world *world, uint32_t relay) {
    return (struct sim_relay *)(void *)((char *)(void *)world->relays + relay * world->relay_size);
}
/* Clients are tor. */
static inline enum sim_behaviour sim_behaviour_of(const struct sim_world *world, host_id host) {
    if (sim_role_of(world, host) != SIM_ROLE_RELAY)
        return SIM_BEHAVE_TOR;
    return world->config->cpus[world->config->relays[host].cpu].behaviour;
}
static inline const struct cost_behaviour *sim_cost_behaviour(enum sim_behaviour behaviour) {
    return behaviour == SIM_BEHAVE_TOR ? &cost_behaviour_tor : &cost_behaviour_loom;
}
/* Seed of the core of a host: its choices do not depend on what else is in the network. */
static inline uint64_t sim_host_seed(const struct sim_world *world, host_id host) {
    return world->config->seed * UINT64_C(0xd1342543de82ef95) + (host + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

#endif
