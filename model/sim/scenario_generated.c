#include "sim/scenario_generated.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "sim/sim_server.h"

#define CIRCUIT_TIMEOUT_S 60u
#define MBIT              UINT64_C(125000)

/* --- groups of clients --------------------------------------------------------------------------------------------- */

static struct scenario_clients group_of(const struct generated_clients *clients, const char *name) {
    return (struct scenario_clients){.name = name,
                                     .hosts = clients->count,
                                     .sessions = 1,
                                     .guards = clients->torrc.uses_guards ? 1 : 0,
                                     .request_bytes = SIM_REQUEST_HEAD_LEN,
                                     .circuit_age_s = clients->torrc.circuit_age_max / NSEC_PER_S,
                                     .circuit_timeout_s = CIRCUIT_TIMEOUT_S};
}

static bool take_periodic(const struct generated_clients *clients, struct scenario_clients *out) {
    const struct tgen_actions *actions = &clients->actions;
    struct scenario_file *files = calloc(TGEN_FETCHES_MAX, sizeof(*files));
    *out = group_of(clients, "perf");
    if (!files)
        return false;
    for (uint32_t i = 0; i < actions->fetch_count; i++) {
        const struct tgen_fetch *fetch = &actions->fetches[i];
        files[i] = (struct scenario_file){
            .bytes = fetch->receive_bytes, .share = fetch->share, .timeout_s = fetch->timeout / NSEC_PER_S};
        if (fetch->send_bytes > out->request_bytes)
            out->request_bytes = fetch->send_bytes;
    }
    out->files = (struct record_list){files, actions->fetch_count};
    out->is_measured = true;
    out->pause_ms = actions->pause / NSEC_PER_MS;
    out->pause = SCENARIO_PAUSE_FIXED;
    out->is_periodic = true;
    return true;
}

static void take_flowing(const struct generated_clients *clients, struct scenario_clients *out) {
    *out = group_of(clients, "markov");
    out->has_flows = true;
    out->sessions = GENERATED_FLOWS_AT_ONCE;
}

static bool take_clients(const struct generated_network *network, struct record_list *list) {
    struct scenario_clients *groups = calloc(2, sizeof(*groups));
    CHECK(list->n == 0);
    free(list->items); /* of an empty list */
    *list = (struct record_list){groups, 0};
    if (!groups)
        return false;
    if (network->periodic.count > 0 && !take_periodic(&network->periodic, &groups[list->n++]))
        return false;
    if (network->flowing.count > 0)
        take_flowing(&network->flowing, &groups[list->n++]);
    return true;
}

/* --- relays -------------------------------------------------------------------------------------------------------- */

bool scenario_generated_take(const struct generated_network *network, struct scenario *scenario,
                             struct relay_table *relays_out) {
    if (!relay_table_init(relays_out, network->relay_count))
        return false;
    for (uint32_t i = 0; i < network->relay_count; i++)
        relays_out->rows[i] = network->relays[i].row;
    scenario->traffic.servers.count = network->server_count;
    scenario->traffic.servers.line_mbit = network->servers[0].rate / MBIT;
    return take_clients(network, &scenario->traffic.clients);
}

struct sim_flows scenario_generated_flows(const struct generated_network *network) {
    return (struct sim_flows){.flows = &network->flows.model,
                              .streams = &network->streams.model,
                              .packets = &network->packets.model,
                              .timeout = network->flowing.actions.timeout,
                              .stallout = network->flowing.actions.stallout};
}

/* --- places -------------------------------------------------------------------------------------------------------- */

bool scenario_country(const struct scenario *s, const struct country_latency *latency, struct country country,
                      uint16_t *out, struct mistake *mistake) {
    const struct scenario_instead *instead = s->topology.instead.items;
    const char *key = s->network.generated ? "generated" : s->network.relays ? "relays" : "inline";
    for (uint32_t i = 0; i < s->topology.instead.n; i++) {
        const struct span taken_as = {(const uint8_t *)instead[i].taken_as, strlen(instead[i].taken_as)};
        if (strcmp(instead[i].country, country.code) == 0 && !country_parse(taken_as, &country))
            return record_mistake(instead[i].at, "taken_as", mistake, "expected two capital letters");
    }
    uint32_t found = country_latency_find(latency, country);
    *out = (uint16_t)found;
    return found != COUNTRY_NONE ||
           record_mistake(s->network.at, key, mistake, "expected countries of %s, found \"%s\"",
                          s->topology.latencies, country.code);
}
