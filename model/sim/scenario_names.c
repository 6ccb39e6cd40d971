#include "sim/scenario_names.h"

#include <inttypes.h>
#include <string.h>

#include "sim/sim_config.h"

static const struct scenario_relay *find(const struct scenario_network *network, const char *name) {
    const struct scenario_relay *relays = network->inline_relays.items;
    for (uint32_t i = 0; i < network->inline_relays.n; i++)
        if (relays[i].name && strcmp(relays[i].name, name) == 0)
            return &relays[i];
    return NULL;
}

const struct scenario_relay *scenario_relay_written(const struct scenario_network *network, uint32_t row) {
    const struct scenario_relay *relays = network->inline_relays.items;
    for (uint32_t i = 0; i < network->inline_relays.n; i++) {
        if (row < relays[i].count)
            return &relays[i];
        row -= (uint32_t)relays[i].count;
    }
    return NULL;
}

bool scenario_relay_is(const struct scenario_network *network, uint32_t row, const char *name) {
    const struct scenario_relay *relay = scenario_relay_written(network, row);
    return relay && relay->name && strcmp(relay->name, name) == 0;
}

uint32_t scenario_relays_written(const struct scenario_network *network) {
    const struct scenario_relay *relays = network->inline_relays.items;
    uint64_t n = 0;
    for (uint32_t i = 0; i < network->inline_relays.n; i++)
        n += relays[i].count;
    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

uint32_t scenario_class_find(const struct scenario_hardware *hardware, const char *name) {
    const struct scenario_class *classes = hardware->classes.items;
    for (uint32_t i = 0; i < hardware->classes.n; i++)
        if (strcmp(classes[i].name, name) == 0)
            return i;
    return SCENARIO_NOBODY;
}

/* --- checks -------------------------------------------------------------------------------------------------------- */

static bool check_relays(const struct scenario *s, struct mistake *mistake) {
    const struct scenario_network *network = &s->network;
    const struct scenario_relay *relays = network->inline_relays.items;
    for (uint32_t i = 0; i < network->inline_relays.n; i++) {
        const struct scenario_relay *relay = &relays[i];
        if (relay->name && find(network, relay->name) != relay)
            return record_mistake(relay->at, "name", mistake, "expected each name once, found \"%s\" again",
                                  relay->name);
        if (relay->class && scenario_class_find(&s->hardware, relay->class) == SCENARIO_NOBODY)
            return record_mistake(relay->at, "class", mistake,
                                  "expected a class of the hardware, found \"%s\"", relay->class);
    }
    if (scenario_relays_written(network) > SIM_RELAYS_MAX)
        return record_mistake(network->at, "inline", mistake, "expected at most %u relays", SIM_RELAYS_MAX);
    return true;
}

/* name: NULL is fine. is_one: of a single relay. */
static bool check_name(const struct scenario *s, const struct setting *at, const char *key, const char *name,
                       bool is_one, struct mistake *mistake) {
    const struct scenario_relay *relay = name ? find(&s->network, name) : NULL;
    if (name && !relay)
        return record_mistake(at, key, mistake, "expected the name of an inline relay, found \"%s\"", name);
    if (relay && is_one && relay->count != 1)
        return record_mistake(at, key, mistake,
                              "expected the name of one relay, but of \"%s\" there are %" PRIu64, name,
                              relay->count);
    return true;
}

/* Nobody else may use the exit of probes, and it may limit nothing. */
static bool check_probe_exit(const struct scenario *s, const struct scenario_clients *group,
                             struct mistake *mistake) {
    if (!group->probe_exit)
        return true;
    if (!check_name(s, group->at, "probe_exit", group->probe_exit, true, mistake))
        return false;
    const struct scenario_relay *relay = find(&s->network, group->probe_exit);
    const struct scenario_class *classes = s->hardware.classes.items;
    bool is_free = relay->class && classes[scenario_class_find(&s->hardware, relay->class)].is_free;
    if (relay->weight == 0 && relay->is_exit && !relay->is_guard && is_free)
        return true;
    return record_mistake(
        group->at, "probe_exit", mistake,
        "expected an exit, and no guard, of weight 0, with a class that is free: probes must not be the bottleneck");
}

bool scenario_names_check(const struct scenario *s, struct mistake *mistake) {
    const struct scenario_arm *arms = s->arms.items;
    const struct scenario_clients *groups = s->traffic.clients.items;
    if (!check_relays(s, mistake) ||
        !check_name(s, s->outputs.at, "sustained", s->outputs.sustained, true, mistake))
        return false;
    for (uint32_t i = 0; i < s->arms.n; i++) {
        if (!check_name(s, arms[i].at, "relays", arms[i].relays, false, mistake))
            return false;
        if (arms[i].relays && arms[i].percent != 0 && arms[i].percent != 100)
            return record_mistake(arms[i].at, "percent", mistake,
                                  "expected 0 or 100 of the relays that are named");
    }
    for (uint32_t i = 0; i < s->traffic.clients.n; i++)
        if (!check_name(s, groups[i].at, "through", groups[i].through, true, mistake) ||
            !check_probe_exit(s, &groups[i], mistake))
            return false;
    return true;
}
