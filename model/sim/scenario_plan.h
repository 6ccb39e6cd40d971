/* scenario_plan - the network of one seed and arm, as the simulator takes it; and what results say of each host beside it.
 *
 * Everything that chance decides (places of client hosts and servers) depends on the seed and not on the arm, so that arms
 * of a seed are paired.
 * Memory: owns its arrays; borrows the inputs, which must outlive it. */
#ifndef LOOM_SIM_SCENARIO_PLAN_H
#define LOOM_SIM_SCENARIO_PLAN_H

#include "sim/plan_paths.h"
#include "sim/scenario_inputs.h"
#include "sim/scenario_sample.h"
#include "sim/sim_config.h"

#define PLAN_NAME_MAX 24u

struct plan_relay {
    char name[PLAN_NAME_MAX]; /* "relay17exit", numbered from the heaviest */
    const struct relay_row *row;
    enum relay_role role;
    uint16_t class; /* of the scenario's hardware */
    bool is_loom;
};

struct plan {
    const struct scenario_inputs *inputs;
    const struct scenario_arm *arm;
    uint64_t seed;
    struct sim_config config;
    struct plan_relay *relays; /* config.relay_count */
    uint16_t *client_group;    /* config.client_count: index of scenario_clients */
    struct scenario_sample sample;
    uint16_t *classes;
    bool *is_loom;
    uint32_t *latency_us;
    uint32_t *loss;
    struct cost_profile tor, loom; /* with the prices of this seed, if there are any */
    struct cost_table *prices;     /* one for each relay, as its machine */
    struct sim_cpu *cpus;
    struct sim_relay_config *sim_relays;
    struct sim_server_config *servers;
    struct sim_load *loads; /* one for each group of clients */
    struct sim_file *files; /* of all groups, one after the other */
    struct sim_flows flows; /* of a generated network */
    struct sim_client_config *clients;
    struct plan_path *paths; /* one for each client host; NULL where none keeps to one */
};

/* On failure out holds nothing. */
MUST_USE bool plan_make(const struct scenario_inputs *inputs, const struct scenario_arm *arm, uint64_t seed,
                        struct plan *out, struct mistake *mistake);
void plan_fini(struct plan *plan);

/* Number of the relay, of which there is one, with that name. */
uint32_t plan_relay_named(const struct plan *plan, const char *name);

/* "uncalibrated", "calibrated", or "no CPU model". */
const char *plan_note(const struct scenario_inputs *inputs);

#endif
