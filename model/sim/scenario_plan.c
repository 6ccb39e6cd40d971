#include "sim/scenario_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/rng.h"
#include "cost/price_draw.h"
#include "des/rate_bucket.h"
#include "files/file_memory.h"
#include "sim/scenario_generated.h"
#include "sim/scenario_hardware.h"
#include "sim/scenario_names.h"
#include "sim/scenario_places.h"
#include "sim/scenario_rollout.h"
#include "sim/scenario_twins.h"

#define BYTES_PER_MBIT UINT64_C(125000)
#define NS_PER_US      UINT64_C(1000)
#define RECORD_BYTES   16384u
#define PRICES_STREAM  UINT64_C(0x707269636573) /* apart from what else the seed draws */

static const struct scenario *scenario_of(const struct plan *plan) {
    return &plan->inputs->scenario;
}

static bool no_memory(const struct plan *plan, struct mistake *mistake) {
    return mistake_at(mistake, plan->inputs->file_name, 0, NULL, "no memory for its network");
}

static uint64_t scaled(uint64_t ps, uint64_t permille) {
    return (ps * permille + 500) / 1000;
}

/* The prices of a slower or faster machine of the same kind. */
static struct cost_table slow_down(const struct cost_table *table, uint64_t permille) {
    struct cost_table out = *table;
#define X(name) out.ps.name = scaled(table->ps.name, permille);
    WORK_LIST(X)
#undef X
    out.circuit_cold_ps = scaled(table->circuit_cold_ps, permille);
    out.cell_cold_ps = scaled(table->cell_cold_ps, permille);
    out.edge_cold_ps = scaled(table->edge_cold_ps, permille);
    return out;
}

/* All arms of a seed have the same machines, and both implementations run on one machine: each group of numbers lies at the
 * same place of both profiles' intervals. */
static void plan_prices(struct plan *plan) {
    const struct scenario_inputs *inputs = plan->inputs;
    struct rng for_tor, for_loom;
    plan->tor = inputs->tor;
    plan->loom = inputs->loom;
    if (inputs->scenario.hardware.prices != SCENARIO_PRICES_DRAWN)
        return;
    rng_seed(&for_tor, plan->seed ^ PRICES_STREAM);
    for_loom = for_tor;
    price_draw(&inputs->tor, &for_tor, &plan->tor.value);
    price_draw(&inputs->loom, &for_loom, &plan->loom.value);
}

static bool plan_geography(struct plan *plan, struct mistake *mistake) {
    const struct country_latency *latency = &plan->inputs->latency;
    const uint64_t loss_ppm = scenario_of(plan)->topology.loss_ppm;
    const uint64_t scale = scenario_of(plan)->topology.scale_permille;
    size_t n = (size_t)latency->count * latency->count;
    plan->latency_us = calloc(n, sizeof(uint32_t));
    plan->loss = loss_ppm ? calloc(n, sizeof(uint32_t)) : NULL;
    if (!plan->latency_us || (loss_ppm && !plan->loss))
        return no_memory(plan, mistake);
    for (size_t i = 0; i < n; i++) {
        uint64_t us = latency->latency[i] * scale / 1000 / NS_PER_US;
        plan->latency_us[i] = us ? (uint32_t)us : 1;
        if (plan->loss)
            plan->loss[i] = (uint32_t)((loss_ppm << 32) / 1000000);
    }
    plan->config.geography = (struct sim_geography){(uint16_t)latency->count, plan->latency_us, plan->loss};
    return true;
}

static uint32_t role_flags(enum relay_role role) {
    switch (role) {
    case ROLE_EXIT_GUARD: return SIM_EXIT | SIM_GUARD;
    case ROLE_EXIT: return SIM_EXIT;
    case ROLE_GUARD: return SIM_GUARD;
    case ROLE_MIDDLE: return 0;
    }
    CHECK(false);
    return 0;
}

static uint32_t flags_of(const struct relay_row *row) {
    uint32_t flags = role_flags(relay_role_of(row->flags));
    flags |= row->flags & RELAY_FAST ? SIM_FAST : 0;
    return flags | (row->flags & RELAY_STABLE ? SIM_STABLE : 0);
}

/* A relay that says it gives nothing still gives what it was seen to carry; and a record at a time. */
static uint64_t at_least_a_record(uint64_t rate, const struct relay_row *row) {
    uint64_t said = rate ? rate : row->capacity;
    return said > RECORD_BYTES ? said : RECORD_BYTES;
}

static const struct scenario_class *class_of(const struct plan *plan, uint32_t i) {
    return (const struct scenario_class *)scenario_of(plan)->hardware.classes.items + plan->relays[i].class;
}

/* An arm may give relays that run Loom what is tor's. */
static bool is_loom_in(const struct plan_relay *relay, uint64_t of) {
    return relay->is_loom && of != SCENARIO_OF_TOR;
}

/* Each relay has a machine of its own, because its speed may follow its capacity. */
static void make_cpu(struct plan *plan, uint32_t i, uint64_t tor_rate) {
    const struct plan_relay *relay = &plan->relays[i];
    const struct scenario_class *class = class_of(plan, i);
    const struct cost_profile *profile = is_loom_in(relay, plan->arm->prices) ? &plan->loom : &plan->tor;
    plan->prices[i] = slow_down(&profile->value, scenario_slowness(class, tor_rate, relay->row->capacity));
    plan->cpus[i] = (struct sim_cpu){
        .prices = plan->inputs->has_prices && !class->is_free ? &plan->prices[i] : NULL,
        .mapping = relay->is_loom ? scenario_arm_mapping(plan->arm) : COST_VANILLA,
        .behaviour = is_loom_in(relay, plan->arm->behaviour) ? SIM_BEHAVE_LOOM : SIM_BEHAVE_TOR,
        .cipher = is_loom_in(relay, plan->arm->prices) ? cost_profile_cipher(profile) : LINK_AES256,
        .cores = (uint16_t) class->cores,
        .threads_per_core = (uint16_t) class->threads_per_core,
        .workers = (uint16_t) class->workers,
        .placement = (enum sim_placement) class->placement,
        .softirq_queues = (uint16_t)(class->softirq_queues ? class->softirq_queues : profile->softirq_queues),
    };
}

static uint16_t threads_of(const struct plan *plan, uint32_t i) {
    uint64_t cores = (uint64_t)plan->cpus[i].cores * plan->cpus[i].threads_per_core;
    uint64_t threads = scenario_arm_threads(plan->arm);
    if (!plan->relays[i].is_loom)
        return 0;
    return (uint16_t)(threads < cores || plan->arm->relays ? threads : cores);
}

static void set_limits(const struct scenario_class *class, struct sim_relay_config *relay) {
    if (class->line_mbit)
        relay->line_rate = class->line_mbit * BYTES_PER_MBIT;
    relay->line_both_ways = class->line_both_ways;
    if (class->is_free)
        relay->line_rate = relay->bandwidth_rate = relay->bandwidth_burst = RATE_UNLIMITED;
}

static bool country_of(const struct plan *plan, struct country country, uint16_t *out,
                       struct mistake *mistake) {
    return scenario_country(scenario_of(plan), &plan->inputs->latency, country, out, mistake);
}

/* Config of relay number i, whose machine is there. */
static bool place_relay(struct plan *plan, uint32_t i, struct mistake *mistake) {
    const struct scenario *s = scenario_of(plan);
    const struct plan_relay *relay = &plan->relays[i];
    const struct relay_row *row = relay->row;
    uint16_t country;
    if (!country_of(plan, row->country, &country, mistake))
        return false;
    plan->sim_relays[i] = (struct sim_relay_config){
        .weight = row->weight,
        .line_rate = scenario_line_rate((enum scenario_line_rate)s->hardware.line_rate, row->capacity),
        .bandwidth_rate = at_least_a_record(row->rate, row),
        .bandwidth_burst = at_least_a_record(row->burst, row),
        .flags = flags_of(row),
        .country = country,
        .cpu = (uint16_t)i};
    plan->sim_relays[i].connection_threads = threads_of(plan, i);
    plan->sim_relays[i].balancing = (enum balance_policy)plan->arm->balancing;
    set_limits(class_of(plan, i), &plan->sim_relays[i]);
    return true;
}

/* Machines that relays name; those without take part in the shares. */
static bool choose_machines(struct plan *plan, struct mistake *mistake) {
    const struct scenario *s = scenario_of(plan);
    uint32_t n = plan->sample.count, open = 0;
    uint32_t *rows = calloc((size_t)n + 1, sizeof(*rows));
    uint32_t *places = calloc((size_t)n + 1, sizeof(*places));
    uint16_t *classes = calloc((size_t)n + 1, sizeof(*classes));
    bool ok = rows && places && classes;
    for (uint32_t i = 0; ok && i < n; i++) {
        const struct scenario_relay *relay = scenario_relay_written(&s->network, plan->sample.rows[i]);
        if (relay && relay->class) {
            plan->classes[i] = (uint16_t)scenario_class_find(&s->hardware, relay->class);
            continue;
        }
        rows[open] = plan->sample.rows[i];
        places[open++] = i;
    }
    ok = ok ? scenario_hardware_assign(&s->hardware, &plan->inputs->relays, rows, open, classes, mistake)
            : no_memory(plan, mistake);
    for (uint32_t i = 0; ok && i < open; i++)
        plan->classes[places[i]] = classes[i];
    free(rows);
    free(places);
    free(classes);
    return ok;
}

/* An arm may be about some relays only. */
static void spare_others(struct plan *plan) {
    for (uint32_t i = 0; plan->arm->relays && i < plan->sample.count; i++)
        plan->is_loom[i] =
            plan->arm->percent == 100 &&
            scenario_relay_is(&scenario_of(plan)->network, plan->sample.rows[i], plan->arm->relays);
}

static bool choose_relays(struct plan *plan, struct mistake *mistake) {
    const struct relay_table *table = &plan->inputs->relays;
    const struct scenario *s = scenario_of(plan);
    if (!scenario_sample_take(table, (uint32_t)s->network.scale_permille, &plan->sample))
        return no_memory(plan, mistake);
    uint32_t n = plan->sample.count;
    plan->classes = calloc((size_t)n + 1, sizeof(*plan->classes));
    plan->is_loom = calloc((size_t)n + 1, sizeof(*plan->is_loom));
    if (!plan->classes || !plan->is_loom ||
        !scenario_rollout_choose(plan->arm, plan->seed, table, plan->sample.rows, n, plan->is_loom))
        return no_memory(plan, mistake);
    spare_others(plan);
    return choose_machines(plan, mistake);
}

static void name_relay(struct plan *plan, uint32_t i) {
    struct plan_relay *relay = &plan->relays[i];
    relay->row = &plan->inputs->relays.rows[plan->sample.rows[i]];
    relay->role = relay_role_of(relay->row->flags);
    relay->class = plan->classes[i];
    relay->is_loom = plan->is_loom[i];
    if (plan->inputs->is_generated)
        snprintf(relay->name, sizeof(relay->name), "%s",
                 plan->inputs->generated.relays[plan->sample.rows[i]].name);
    else
        snprintf(relay->name, sizeof(relay->name), "relay%u%s", i + 1, relay_role_name(relay->role));
}

static bool take_relay_room(struct plan *plan) {
    size_t n = (size_t)plan->sample.count + 1;
    plan->relays = calloc(n, sizeof(*plan->relays));
    plan->prices = calloc(n, sizeof(*plan->prices));
    plan->cpus = calloc(n, sizeof(*plan->cpus));
    plan->sim_relays = calloc(n, sizeof(*plan->sim_relays));
    return plan->relays && plan->prices && plan->cpus && plan->sim_relays;
}

static bool plan_relays(struct plan *plan, struct mistake *mistake) {
    if (!choose_relays(plan, mistake))
        return false;
    if (!take_relay_room(plan))
        return no_memory(plan, mistake);
    uint64_t tor_rate = plan->inputs->has_prices ? scenario_tor_rate(&plan->tor.value) : 0;
    for (uint32_t i = 0; i < plan->sample.count; i++) {
        name_relay(plan, i);
        make_cpu(plan, i, tor_rate);
        if (!place_relay(plan, i, mistake))
            return false;
    }
    plan->config.relays = plan->sim_relays;
    plan->config.cpus = plan->cpus;
    plan->config.relay_count = plan->config.cpu_count = plan->sample.count;
    return true;
}

static struct sim_load load_of(const struct scenario_clients *group, const struct sim_file *files,
                               const struct scenario_arm *arm) {
    return (struct sim_load){.files = files,
                             .file_count = group->files.n,
                             .request_bytes = (uint32_t)group->request_bytes,
                             .pause = group->pause_ms * NSEC_PER_MS,
                             .is_exponential = group->pause == SCENARIO_PAUSE_EXPONENTIAL,
                             .is_periodic = group->is_periodic,
                             .circuit_age_max = group->circuit_age_s * NSEC_PER_S,
                             .circuit_timeout = group->circuit_timeout_s * NSEC_PER_S,
                             .is_upload = group->is_upload,
                             .goes_on = arm->goes_on ? group->goes_on_s * NSEC_PER_S : 0,
                             .streams_at = group->streams_at_s * NSEC_PER_S,
                             .fetches_max = (uint32_t)group->fetches};
}

static bool plan_loads(struct plan *plan, struct mistake *mistake) {
    const struct record_list *list = &scenario_of(plan)->traffic.clients;
    const struct scenario_clients *groups = list->items;
    uint32_t n = 0;
    for (uint32_t i = 0; i < list->n; i++)
        n += groups[i].files.n;
    plan->loads = calloc((size_t)list->n + 1, sizeof(*plan->loads));
    plan->files = calloc((size_t)n + 1, sizeof(*plan->files));
    if (!plan->loads || !plan->files)
        return no_memory(plan, mistake);
    struct sim_file *next = plan->files;
    for (uint32_t i = 0; i < list->n; i++) {
        const struct scenario_file *files = groups[i].files.items;
        plan->loads[i] = load_of(&groups[i], next, plan->arm);
        plan->loads[i].is_punctual = plan->loads[i].has_response = plan->inputs->is_generated;
        plan->loads[i].flows = groups[i].has_flows ? &plan->flows : NULL;
        for (uint32_t j = 0; j < groups[i].files.n; j++)
            *next++ =
                (struct sim_file){files[j].bytes, (uint32_t)files[j].share, files[j].timeout_s * NSEC_PER_S};
    }
    plan->config.loads = plan->loads;
    plan->config.load_count = list->n;
    return true;
}

static uint64_t rate_of(uint64_t line_mbit) {
    return line_mbit ? line_mbit * BYTES_PER_MBIT : RATE_UNLIMITED;
}

static struct sim_client_config client_of(const struct scenario_clients *group, uint32_t load,
                                          uint16_t country) {
    return (struct sim_client_config){.line_rate = rate_of(group->line_mbit),
                                      .start = group->start_s * NSEC_PER_S,
                                      .country = country,
                                      .load = (uint16_t)load,
                                      .sessions = (uint16_t)group->sessions,
                                      .guards = (uint8_t)group->guards,
                                      .observed = (uint8_t)group->observed};
}

/* Relays that nobody chooses are not asked about; the exit of probes is one. */
static bool is_probed(const struct plan *plan, const struct scenario_clients *group, uint32_t relay) {
    const struct sim_relay_config *config = &plan->sim_relays[relay];
    return config->weight > 0 && (group->probes == SCENARIO_PROBES_ALL || config->flags & SIM_GUARD);
}

/* Of a group that probes, there are hosts for each relay that it is about. */
static uint32_t probed_relays(const struct plan *plan, const struct scenario_clients *group) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < plan->config.relay_count; i++)
        n += is_probed(plan, group, i);
    return n;
}

static uint32_t hosts_of(const struct plan *plan, const struct scenario_clients *group) {
    return (uint32_t)group->hosts * (group->probes ? probed_relays(plan, group) : 1);
}

static uint32_t probed_relay(const struct plan *plan, const struct scenario_clients *group, uint32_t host) {
    uint32_t before = host / (uint32_t)group->hosts, i = 0;
    for (;; i++)
        if (is_probed(plan, group, i) && before-- == 0)
            return i;
}

/* In an arm without probes they are there, too, so that nobody else's number or draw is another, and never begin. */
static void make_probe(struct plan *plan, uint32_t client, uint32_t relay, uint32_t exit) {
    struct sim_client_config *config = &plan->clients[client];
    plan->paths[client] = (struct plan_path){{relay, exit, SIM_NO_RELAY}};
    config->path = plan->paths[client].relays;
    config->is_probe = true;
    config->country = plan->sim_relays[relay].country;
    if (!plan->arm->has_probes)
        config->start = plan->config.end + NSEC_PER_S;
}

/* The first client of the group that is called name. */
static uint32_t first_host(const struct plan *plan, const char *name) {
    const struct record_list *list = &scenario_of(plan)->traffic.clients;
    const struct scenario_clients *groups = list->items;
    uint32_t first = 0;
    for (uint32_t i = 0; i < list->n && strcmp(groups[i].name, name) != 0; i++)
        first += hosts_of(plan, &groups[i]);
    return first;
}

static void choose_path(struct plan *plan, const struct scenario_clients *group, uint32_t host,
                        uint32_t client) {
    struct sim_client_config *config = &plan->clients[client];
    config->has_middle = group->through != NULL;
    if (group->through)
        config->middle = plan_relay_named(plan, group->through);
    if (group->same_paths_as)
        plan->paths[client] = plan->paths[first_host(plan, group->same_paths_as) + host];
    if (group->is_pinned || group->same_paths_as)
        config->path = plan->paths[client].relays;
    if (group->probes)
        make_probe(plan, client, probed_relay(plan, group, host), plan_relay_named(plan, group->probe_exit));
}

static void fill_clients(struct plan *plan, struct places *users) {
    const struct record_list *list = &scenario_of(plan)->traffic.clients;
    const struct scenario_clients *groups = list->items;
    uint32_t next = 0;
    for (uint32_t i = 0; i < list->n; i++) {
        if (groups[i].observed || groups[i].probes)
            plan->config.observe_bin = scenario_of(plan)->observe.bin_ms * NSEC_PER_MS;
        for (uint32_t host = 0, n = hosts_of(plan, &groups[i]); host < n; host++, next++) {
            plan->client_group[next] = (uint16_t)i;
            plan->clients[next] = client_of(&groups[i], i, places_draw(users));
            choose_path(plan, &groups[i], host, next);
        }
    }
}

/* Hosts that keep to no path have one drawn, too: so which groups do moves no path of another. */
static bool draw_paths(struct plan *plan, uint32_t hosts, struct mistake *mistake) {
    const struct record_list *list = &scenario_of(plan)->traffic.clients;
    const struct scenario_clients *groups = list->items, *pinned = NULL;
    bool probes = false;
    for (uint32_t i = 0; i < list->n; i++) {
        probes |= groups[i].probes != SCENARIO_PROBES_NONE;
        if (groups[i].is_pinned)
            pinned = &groups[i];
    }
    if (!pinned && !probes)
        return true;
    plan->paths = calloc((size_t)hosts + 1, sizeof(*plan->paths));
    if (!plan->paths)
        return no_memory(plan, mistake);
    if (!pinned)
        return true;
    switch (plan_paths_draw(plan->sim_relays, plan->config.relay_count, plan->seed, plan->paths, hosts)) {
    case PLAN_PATHS_DRAWN: return true;
    case PLAN_PATHS_NO_MEMORY: return no_memory(plan, mistake);
    case PLAN_PATHS_NO_RELAY: break;
    }
    return record_mistake(pinned->at, "pinned", mistake,
                          "expected a network with a guard, a middle and an exit");
}

static bool plan_clients(struct plan *plan, struct places *users, struct mistake *mistake) {
    const struct record_list *list = &scenario_of(plan)->traffic.clients;
    const struct scenario_clients *groups = list->items;
    uint32_t n = 0;
    for (uint32_t i = 0; i < list->n; i++)
        n += hosts_of(plan, &groups[i]);
    plan->clients = calloc((size_t)n + 1, sizeof(*plan->clients));
    plan->client_group = calloc((size_t)n + 1, sizeof(*plan->client_group));
    if (!plan->clients || !plan->client_group)
        return no_memory(plan, mistake);
    if (!draw_paths(plan, n, mistake))
        return false;
    fill_clients(plan, users);
    plan->config.clients = plan->clients;
    plan->config.client_count = n;
    return true;
}

static bool plan_servers(struct plan *plan, struct places *places, struct mistake *mistake) {
    const struct scenario_servers *servers = &scenario_of(plan)->traffic.servers;
    uint32_t n = (uint32_t)servers->count;
    plan->servers = calloc((size_t)n + 1, sizeof(*plan->servers));
    if (!plan->servers)
        return no_memory(plan, mistake);
    for (uint32_t i = 0; i < n; i++)
        plan->servers[i] = (struct sim_server_config){rate_of(servers->line_mbit), places_draw(places)};
    plan->config.servers = plan->servers;
    plan->config.server_count = n;
    return true;
}

uint32_t plan_relay_named(const struct plan *plan, const char *name) {
    for (uint32_t i = 0; i < plan->sample.count; i++)
        if (scenario_relay_is(&scenario_of(plan)->network, plan->sample.rows[i], name))
            return i;
    CHECK(!"scenario_names_check has seen it");
    return 0;
}

/* The generated network says where all are, and when each begins. */
static bool plan_generated_ends(struct plan *plan, struct mistake *mistake) {
    const struct generated_network *network = &plan->inputs->generated;
    const struct scenario_clients *groups = scenario_of(plan)->traffic.clients.items;
    plan->servers = calloc((size_t)network->server_count + 1, sizeof(*plan->servers));
    plan->clients = calloc((size_t)network->client_count + 1, sizeof(*plan->clients));
    plan->client_group = calloc((size_t)network->client_count + 1, sizeof(*plan->client_group));
    if (!plan->servers || !plan->clients || !plan->client_group)
        return no_memory(plan, mistake);
    for (uint32_t i = 0; i < network->server_count; i++) {
        plan->servers[i].line_rate = network->servers[i].rate;
        if (!country_of(plan, network->servers[i].country, &plan->servers[i].country, mistake))
            return false;
    }
    for (uint32_t i = 0; i < network->client_count; i++) {
        const struct generated_end *end = &network->clients[i];
        uint32_t group = 0;
        while (groups[group].has_flows != end->has_flows)
            group++;
        plan->client_group[i] = (uint16_t)group;
        plan->clients[i] = client_of(&groups[group], group, 0);
        plan->clients[i].line_rate = end->rate;
        plan->clients[i].start = end->start + (end->has_flows ? 0 : network->periodic.actions.pause);
        if (!country_of(plan, end->country, &plan->clients[i].country, mistake))
            return false;
    }
    plan->config.servers = plan->servers;
    plan->config.server_count = network->server_count;
    plan->config.clients = plan->clients;
    plan->config.client_count = network->client_count;
    return true;
}

/* Clients draw after servers from another stream, so that more clients move no server. */
static bool plan_ends(struct plan *plan, struct mistake *mistake) {
    const struct scenario_traffic *traffic = &scenario_of(plan)->traffic;
    const struct country_latency *latency = &plan->inputs->latency;
    struct places users, servers;
    if (plan->inputs->is_generated)
        return plan_generated_ends(plan, mistake);
    if (!places_init(&users, &traffic->users, latency, plan->seed, PLACES_USERS, mistake))
        return false;
    bool ok = places_init(&servers, traffic->servers.places.n ? &traffic->servers.places : &traffic->users,
                          latency, plan->seed, PLACES_SERVERS, mistake);
    ok = ok && plan_servers(plan, &servers, mistake);
    ok = ok && plan_clients(plan, &users, mistake);
    places_fini(&servers);
    places_fini(&users);
    return ok;
}

static bool check_config(const struct plan *plan, struct mistake *mistake) {
    char what[256] = "";
    if (sim_config_check(&plan->config, what, sizeof(what)))
        return true;
    return mistake_at(mistake, plan->inputs->file_name, 0, NULL, "the network cannot be simulated: %s", what);
}

static bool make(struct plan *plan, struct mistake *mistake) {
    const struct scenario *s = scenario_of(plan);
    plan->config.memory = &file_memory;
    plan->config.seed = plan->seed;
    plan->config.bootstrap_end = s->bootstrap_s * NSEC_PER_S;
    plan->config.measure_from = s->warm_up_s * NSEC_PER_S;
    plan->config.end = (s->warm_up_s + s->duration_s) * NSEC_PER_S;
    plan->config.sample_interval = s->outputs.sample_ms * NSEC_PER_MS;
    plan->config.first_window = (uint32_t)s->topology.first_window;
    plan->config.kist_run_interval_ms = (uint32_t)s->kist_run_interval_ms;
    plan->config.congestion_control = (enum sim_congestion)s->traffic.congestion_control;
    plan->config.wants_cgo = s->traffic.wants_cgo;
    plan->flows = scenario_generated_flows(&plan->inputs->generated);
    plan->flows.age = s->traffic.flows_age_s * NSEC_PER_S;
    plan_prices(plan);
    return plan_geography(plan, mistake) && plan_relays(plan, mistake) && plan_loads(plan, mistake) &&
           plan_ends(plan, mistake) && check_config(plan, mistake);
}

bool plan_make(const struct scenario_inputs *inputs, const struct scenario_arm *arm, uint64_t seed,
               struct plan *out, struct mistake *mistake) {
    *out = (struct plan){.inputs = inputs, .arm = arm, .seed = seed};
    if (make(out, mistake))
        return true;
    plan_fini(out);
    return false;
}

void plan_fini(struct plan *plan) {
    scenario_sample_fini(&plan->sample);
    void *const owned[] = {plan->relays,     plan->client_group, plan->classes, plan->is_loom,
                           plan->latency_us, plan->loss,         plan->prices,  plan->cpus,
                           plan->sim_relays, plan->servers,      plan->loads,   plan->files,
                           plan->clients,    plan->paths};
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
        free(owned[i]);
    *plan = (struct plan){.inputs = NULL};
}

const char *plan_note(const struct scenario_inputs *inputs) {
    if (!inputs->has_prices)
        return "no CPU model";
    return inputs->tor.value.calibrated && inputs->loom.value.calibrated ? "calibrated" : "uncalibrated";
}
