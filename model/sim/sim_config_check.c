#include <stdarg.h>
#include <stdio.h>

#include "base/attributes.h"
#include "base/check.h"
#include "core/relay_config.h"
#include "des/cores.h"
#include "sim/sim_config.h"
#include "sim/sim_paths.h"
#include "sim/sim_server.h"

/* What is wrong, once something is. */
struct verdict {
    char *what;
    uint32_t room;
    bool is_wrong;
};

PRINTF_LIKE(3, 4)
static void demand(struct verdict *verdict, bool condition, const char *format, ...) {
    if (condition || verdict->is_wrong)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(verdict->what, verdict->room, format, arguments);
    va_end(arguments);
    verdict->is_wrong = true;
}

static void check_whole(struct verdict *v, const struct sim_config *c) {
    demand(v, c->memory != NULL, "memory: none");
    demand(v, c->relay_count >= 1 && c->relay_count <= SIM_RELAYS_MAX, "relays: 1 to %u are wanted, not %u",
           SIM_RELAYS_MAX, c->relay_count);
    demand(v, c->server_count >= 1 && c->server_count <= SIM_SERVERS_MAX,
           "servers: 1 to %u are wanted, not %u", SIM_SERVERS_MAX, c->server_count);
    demand(v, c->client_count <= SIM_CLIENTS_MAX, "clients: at most %u", SIM_CLIENTS_MAX);
    demand(v, c->cpu_count >= 1, "cpus: none");
    demand(v, c->load_count >= 1 || c->client_count == 0, "loads: none");
    nsec interval = c->sample_interval ? c->sample_interval : NSEC_PER_S;
    demand(v, c->end / interval < SIM_SAMPLES_MAX, "sample_interval: more than %u samples", SIM_SAMPLES_MAX);
    demand(v, c->measure_from <= c->end, "measure_from: after the end");
    demand(v, c->partitions <= 256, "partitions: at most 256");
    demand(v, c->congestion_control == SIM_CONGESTION_VEGAS || !c->wants_cgo,
           "wants_cgo: only with congestion control");
}

static void check_geography(struct verdict *v, const struct sim_geography *g) {
    demand(v, g->countries >= 1, "geography: no countries");
    for (uint32_t i = 0; i < (uint32_t)g->countries * g->countries && !v->is_wrong; i++)
        demand(v, g->latency_us[i] > 0 && g->latency_us[i] < 4000000,
               "geography.latency_us[%u]: %u is not between 1 and 4000000", i, g->latency_us[i]);
}

static void check_cpu(struct verdict *v, const struct sim_cpu *cpu, uint32_t i) {
    demand(v, cpu->cores >= 1 && cpu->cores * 2u <= CORES_LOGICAL_MAX, "cpus[%u].cores: 1 to %u", i,
           CORES_LOGICAL_MAX / 2);
    demand(v, cpu->threads_per_core == 1 || cpu->threads_per_core == 2, "cpus[%u].threads_per_core: 1 or 2",
           i);
    demand(v, cpu->workers >= 1 && cpu->workers <= SIM_THREADS_MAX, "cpus[%u].workers: 1 to %u", i,
           SIM_THREADS_MAX);
}

static void check_relay(struct verdict *v, const struct sim_config *c, uint32_t i) {
    const struct sim_relay_config *relay = &c->relays[i];
    demand(v, relay->country < c->geography.countries, "relays[%u].country: there is no country %u", i,
           relay->country);
    demand(v, relay->cpu < c->cpu_count, "relays[%u].cpu: there is no cpu %u", i, relay->cpu);
    demand(v, relay->weight <= UINT32_MAX, "relays[%u].weight: at most %u", i, UINT32_MAX);
    demand(v, relay->line_rate >= 1000, "relays[%u].line_rate: at least 1000", i);
    demand(v, relay->bandwidth_rate > 0 && relay->bandwidth_burst >= 16384, "relays[%u].bandwidth: too low",
           i);
    demand(v, relay->connection_threads <= SIM_THREADS_MAX, "relays[%u].connection_threads: at most %u", i,
           SIM_THREADS_MAX);
    if (relay->cpu < c->cpu_count)
        demand(v, c->cpus[relay->cpu].mapping != COST_VANILLA || relay->connection_threads == 0,
               "relays[%u].connection_threads: its cpu does all in the main thread", i);
}

static void check_load(struct verdict *v, const struct sim_load *load, uint32_t i) {
    uint64_t weight = 0;
    if (load->flows) {
        const struct sim_flows *flows = load->flows;
        demand(v, load->file_count == 0, "loads[%u].files: none with flows", i);
        demand(v, flows->flows && flows->streams && flows->packets, "loads[%u].flows: three models", i);
        return;
    }
    demand(v, load->file_count >= 1 && load->file_count <= SIM_FILES_MAX, "loads[%u].files: 1 to %u", i,
           SIM_FILES_MAX);
    demand(v, load->request_bytes >= SIM_REQUEST_HEAD_LEN, "loads[%u].request_bytes: at least %u", i,
           SIM_REQUEST_HEAD_LEN);
    for (uint32_t j = 0; j < load->file_count && !v->is_wrong; j++) {
        demand(v, load->files[j].bytes > 0, "loads[%u].files[%u].bytes: 0", i, j);
        weight += load->files[j].weight;
    }
    demand(v, weight > 0, "loads[%u].files: no weight", i);
    demand(v, load->is_upload || !load->goes_on, "loads[%u].goes_on: only of uploads", i);
}

static void check_client(struct verdict *v, const struct sim_config *c, uint32_t i) {
    const struct sim_client_config *client = &c->clients[i];
    demand(v, client->country < c->geography.countries, "clients[%u].country: there is no country %u", i,
           client->country);
    demand(v, client->load < c->load_count, "clients[%u].load: there is no load %u", i, client->load);
    demand(v, client->sessions >= 1 && client->sessions <= SIM_SESSIONS_MAX, "clients[%u].sessions: 1 to %u",
           i, SIM_SESSIONS_MAX);
    unsigned hops = client->is_probe ? SIM_PROBE_HOPS : SIM_HOPS;
    demand(v, !client->is_probe || client->path, "clients[%u].is_probe: without a path", i);
    demand(v, c->observe_bin > 0 || (!client->is_probe && !client->observed),
           "clients[%u].observed: without observe_bin", i);
    demand(v,
           (!client->observed && !client->is_probe) || client->load >= c->load_count ||
               (!c->loads[client->load].is_upload && !c->loads[client->load].flows),
           "clients[%u].observed: of fetches only", i);
    for (unsigned hop = 0; client->path && hop < hops; hop++)
        demand(v, client->path[hop] < c->relay_count, "clients[%u].path: there is no relay %u", i,
               client->path[hop]);
    demand(v, !client->has_middle || client->middle < c->relay_count,
           "clients[%u].middle: there is no relay %u", i, client->middle);
    demand(v, client->line_rate >= 1000, "clients[%u].line_rate: at least 1000", i);
}

static void check_generator(struct verdict *v, const struct sim_generator_config *g) {
    uint32_t ways = sim_generator_ways(g);
    demand(v, ways >= 1 && g->links <= SIM_GENERATOR_LINKS_MAX && (g->is_exit || g->links % 2 == 0),
           "generator.links: an even number from 2 to %u, of an exit's load from 1", SIM_GENERATOR_LINKS_MAX);
    demand(v, g->circuits >= ways && g->circuits <= SIM_GENERATOR_CIRCUITS_MAX,
           "generator.circuits: from %u, one for each way in, to %u", ways, SIM_GENERATOR_CIRCUITS_MAX);
    demand(v, g->run >= 1, "generator.run: 0");
    demand(v, g->record_cells >= 1 && g->record_cells <= CELLS_PER_RECORD, "generator.record_cells: 1 to %u",
           CELLS_PER_RECORD);
    demand(v, g->verified <= ways, "generator.verified: at most %u, the ways in", ways);
    demand(v, g->rate == 0 || !g->is_exit, "generator.rate: of a middle only");
    demand(v, !g->prices || !g->is_exit, "generator.prices: of a middle only");
    demand(v, g->lead <= NSEC_PER_S, "generator.lead: at most a second");
}

bool sim_config_check(const struct sim_config *config, char *what, uint32_t room) {
    struct verdict v = {.what = what, .room = room};
    CHECK(room > 0);
    check_whole(&v, config);
    check_geography(&v, &config->geography);
    for (uint32_t i = 0; i < config->cpu_count && !v.is_wrong; i++)
        check_cpu(&v, &config->cpus[i], i);
    for (uint32_t i = 0; i < config->relay_count && !v.is_wrong; i++)
        check_relay(&v, config, i);
    for (uint32_t i = 0; i < config->load_count && !v.is_wrong; i++)
        check_load(&v, &config->loads[i], i);
    for (uint32_t i = 0; i < config->client_count && !v.is_wrong; i++)
        check_client(&v, config, i);
    if (config->generator && !v.is_wrong)
        check_generator(&v, config->generator);
    for (uint32_t i = 0; i < config->server_count && !v.is_wrong; i++)
        demand(&v, config->servers[i].country < config->geography.countries,
               "servers[%u].country: there is no country %u", i, config->servers[i].country);
    return !v.is_wrong;
}
