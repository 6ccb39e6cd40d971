#include "sim/scenario.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sim_config.h"

#define NAME_MAX_BYTES  64u
#define SEEDS_MAX       1000u
#define PROBES_EACH_MAX 16u /* circuits through one relay: more would be its load */

/* Names become folders and words of tables. */
static bool is_name(const char *text) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return strspn(text, letters) == strlen(text) && strlen(text) <= NAME_MAX_BYTES && text[0] != '.';
}

static bool check_name(const struct setting *at, const char *name, struct mistake *mistake) {
    if (is_name(name))
        return true;
    return record_mistake(at, "name", mistake,
                          "expected at most %u of A-Z a-z 0-9 - _ . and no dot in front, found \"%s\"",
                          NAME_MAX_BYTES, name);
}

/* The names of a list's items, whose struct begins with `at` and `name`: sound, and each once. */
struct named {
    const struct setting *at;
    const char *name;
};

static struct named item_of(const struct record_list *list, size_t size, uint32_t i) {
    struct named item;
    memcpy(&item, (const char *)list->items + i * size, sizeof(item));
    return item;
}

static bool check_names(const struct record_list *list, size_t size, struct mistake *mistake) {
    for (uint32_t i = 0; i < list->n; i++) {
        struct named item = item_of(list, size, i);
        if (!check_name(item.at, item.name, mistake))
            return false;
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(item_of(list, size, j).name, item.name) == 0)
                return record_mistake(item.at, "name", mistake, "expected each name once, found \"%s\" again",
                                      item.name);
    }
    return true;
}

static bool check_seeds(const struct scenario_seeds *seeds, struct mistake *mistake) {
    if (seeds->last < seeds->first || seeds->last - seeds->first >= SEEDS_MAX)
        return record_mistake(seeds->at, "last", mistake, "expected a number from %" PRIu64 " to %" PRIu64,
                              seeds->first, seeds->first + SEEDS_MAX - 1);
    return true;
}

static bool check_network(const struct scenario_network *network, struct mistake *mistake) {
    if (!!network->relays + !!network->inline_relays.n + !!network->generated != 1)
        return record_mistake(network->at, NULL, mistake, "expected one of relays, inline and generated");
    if (network->generated && network->scale_permille != 1000)
        return record_mistake(network->at, "scale_permille", mistake,
                              "expected it with a table of relays only");
    if (network->generated && network->rows)
        return record_mistake(network->at, "rows", mistake, "expected it with a table of relays only");
    if (network->inline_relays.n && network->scale_permille != 1000)
        return record_mistake(network->at, "scale_permille", mistake,
                              "expected it with a table of relays only");
    if (network->inline_relays.n && network->rows)
        return record_mistake(network->at, "rows", mistake, "expected it with a table of relays only");
    return true;
}

static bool check_class(const struct scenario_class *class, struct mistake *mistake) {
    const uint64_t logical = class->cores * class->threads_per_core;
    if (class->capacity_mbit_most <= class->capacity_mbit_least)
        return record_mistake(class->at, "capacity_mbit_most", mistake,
                              "expected more than capacity_mbit_least, %" PRIu64, class->capacity_mbit_least);
    if (class->softirq_queues > logical)
        return record_mistake(class->at, "softirq_queues", mistake,
                              "expected at most its logical cores, %" PRIu64, logical);
    return true;
}

static bool check_hardware(const struct scenario_hardware *hardware, struct mistake *mistake) {
    const struct scenario_class *classes = hardware->classes.items;
    if (!hardware->tor_profile != !hardware->loom_profile)
        return record_mistake(hardware->at, NULL, mistake,
                              "expected both tor_profile and loom_profile, or none");
    for (uint32_t i = 0; i < hardware->classes.n; i++)
        if (!check_class(&classes[i], mistake))
            return false;
    return check_names(&hardware->classes, sizeof(*classes), mistake);
}

/* A group whose fetches an adversary sees or makes. */
static bool check_seen(const struct scenario_traffic *traffic, uint32_t number, struct mistake *mistake) {
    const struct scenario_clients *groups = traffic->clients.items, *group = &groups[number];
    if (group->observed && group->is_upload)
        return record_mistake(group->at, "observed", mistake, "expected it without upload: true");
    if (!group->probes != !group->probe_exit)
        return record_mistake(group->at, "probe_exit", mistake,
                              "expected it with probes, and only with them");
    if (!group->probes)
        return true;
    if (group->is_upload || group->guards || group->through || group->is_pinned || group->same_paths_as ||
        group->observed)
        return record_mistake(
            group->at, "probes", mistake,
            "expected it without upload, guards, through, pinned, same_paths_as and observed");
    if (group->hosts > PROBES_EACH_MAX)
        return record_mistake(group->at, "hosts", mistake,
                              "expected at most %u for each relay that is probed", PROBES_EACH_MAX);
    if (group->line_mbit || traffic->servers.line_mbit)
        return record_mistake(group->line_mbit ? group->at : traffic->servers.at, "line_mbit", mistake,
                              "expected 0 with probes, which must not be the bottleneck");
    return true;
}

/* A group that has the paths of another. */
static bool check_paths(const struct scenario_traffic *traffic, uint32_t number, struct mistake *mistake) {
    const struct scenario_clients *groups = traffic->clients.items, *group = &groups[number];
    if (!group->same_paths_as)
        return true;
    if (group->is_pinned || group->guards || group->through)
        return record_mistake(group->at, "same_paths_as", mistake,
                              "expected it without pinned, guards and through");
    for (uint32_t i = 0; i < number; i++)
        if (groups[i].is_pinned && groups[i].hosts >= group->hosts &&
            strcmp(groups[i].name, group->same_paths_as) == 0)
            return true;
    return record_mistake(group->at, "same_paths_as", mistake,
                          "expected a pinned group before it, with at least %" PRIu64 " hosts, found \"%s\"",
                          group->hosts, group->same_paths_as);
}

static bool check_clients(const struct scenario_traffic *traffic, struct mistake *mistake) {
    const struct scenario_clients *groups = traffic->clients.items;
    uint64_t hosts = 0;
    for (uint32_t i = 0; i < traffic->clients.n; i++) {
        hosts += groups[i].hosts;
        if (groups[i].goes_on_s && !groups[i].is_upload)
            return record_mistake(groups[i].at, "goes_on_s", mistake, "expected it with upload: true only");
        if (groups[i].is_pinned && (groups[i].guards || groups[i].through))
            return record_mistake(groups[i].at, "pinned", mistake,
                                  "expected neither guards nor through with it");
        if (groups[i].is_periodic && !groups[i].pause_ms)
            return record_mistake(groups[i].at, "pause_ms", mistake,
                                  "expected more than 0 with periodic: true");
        if (!check_seen(traffic, i, mistake) || !check_paths(traffic, i, mistake))
            return false;
        if (hosts > SIM_CLIENTS_MAX)
            return record_mistake(groups[i].at, "hosts", mistake,
                                  "expected at most %u in all groups together", SIM_CLIENTS_MAX);
    }
    return check_names(&traffic->clients, sizeof(*groups), mistake);
}

/* A generated network has all of these, another one none. */
static bool check_ends(const struct scenario *s, struct mistake *mistake) {
    const struct scenario_traffic *traffic = &s->traffic;
    const struct {
        const char *key;
        bool is_there;
    } ends[] = {{"users", traffic->users.n > 0},
                {"servers", traffic->servers.count > 0},
                {"clients", traffic->clients.n > 0}};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (ends[i].is_there == !!s->network.generated)
            return record_mistake(traffic->at, ends[i].key, mistake,
                                  s->network.generated ? "expected none with a generated network"
                                                       : "expected some, as there is no generated network");
    return true;
}

static bool check_traffic(const struct scenario_traffic *traffic, struct mistake *mistake) {
    if (traffic->wants_cgo && traffic->congestion_control != SIM_CONGESTION_VEGAS)
        return record_mistake(traffic->at, "cgo", mistake, "expected it with congestion_control: vegas only");
    return check_clients(traffic, mistake);
}

static bool check_times(const struct scenario *s, struct mistake *mistake) {
    const struct scenario_outputs *outputs = &s->outputs;
    const struct setting *at = outputs->at ? outputs->at : s->at;
    if (s->bootstrap_s > s->warm_up_s)
        return record_mistake(s->at, "bootstrap_s", mistake, "expected at most warm_up_s, %" PRIu64,
                              s->warm_up_s);
    if (outputs->series_ms % outputs->sample_ms != 0)
        return record_mistake(at, "series_ms", mistake, "expected a multiple of sample_ms, %" PRIu64,
                              outputs->sample_ms);
    if (outputs->sustained && outputs->sustained_window_s * 1000 % outputs->sample_ms != 0)
        return record_mistake(at, "sustained_window_s", mistake, "expected a multiple of sample_ms, %" PRIu64,
                              outputs->sample_ms);
    if ((s->warm_up_s + s->duration_s) * 1000 / outputs->sample_ms >= SIM_SAMPLES_MAX)
        return record_mistake(at, "sample_ms", mistake, "expected less than %u samples in all",
                              SIM_SAMPLES_MAX);
    return true;
}

static bool is_arm(const struct scenario *s, const char *name) {
    const struct scenario_arm *arms = s->arms.items;
    bool found = false;
    for (uint32_t i = 0; i < s->arms.n; i++)
        found |= strcmp(arms[i].name, name) == 0;
    return found;
}

static bool check_hypothesis(const struct scenario *s, const struct scenario_hypothesis *one,
                             struct mistake *mistake) {
    if (!is_arm(s, one->arm))
        return record_mistake(one->at, "arm", mistake, "expected the name of an arm, found \"%s\"", one->arm);
    if (one->than_arm && !is_arm(s, one->than_arm))
        return record_mistake(one->at, "than_arm", mistake, "expected the name of an arm, found \"%s\"",
                              one->than_arm);
    if (one->than_permille && (one->than_arm || setting_find(one->at, "than_measure")))
        return record_mistake(one->at, "than_permille", mistake,
                              "expected it without than_arm and than_measure");
    return true;
}

static bool check_observe(const struct scenario *s, struct mistake *mistake) {
    const struct scenario_observe *observe = &s->observe;
    const struct scenario_hypothesis *hypotheses = observe->hypotheses.items;
    const struct setting *at = observe->at ? observe->at : s->at;
    if (1000 % observe->bin_ms != 0)
        return record_mistake(at, "bin_ms", mistake, "expected a divisor of 1000");
    if (observe->attack_bin_ms % observe->bin_ms != 0)
        return record_mistake(at, "attack_bin_ms", mistake, "expected a multiple of bin_ms, %" PRIu64,
                              observe->bin_ms);
    for (uint32_t i = 0; i < observe->hypotheses.n; i++)
        if (!check_hypothesis(s, &hypotheses[i], mistake))
            return false;
    return check_names(&observe->hypotheses, sizeof(*hypotheses), mistake);
}

static bool check(const struct scenario *s, struct mistake *mistake) {
    return check_name(s->at, s->name, mistake) && check_times(s, mistake) &&
           check_seeds(&s->seeds, mistake) && check_network(&s->network, mistake) &&
           check_hardware(&s->hardware, mistake) &&
           check_names(&s->arms, sizeof(struct scenario_arm), mistake) && check_ends(s, mistake) &&
           check_traffic(&s->traffic, mistake) && check_observe(s, mistake);
}

/* One arm instead of all: like the last of them, but for its name and for how many relays run Loom. */
static void take_rollout(struct scenario *s) {
    struct scenario_arm *arms = s->arms.items;
    if (s->rollout.fraction == RECORD_NO_FRACTION)
        return;
    arms[0] = arms[s->arms.n - 1];
    arms[0].name = "rollout";
    arms[0].percent = s->rollout.fraction;
    s->arms.n = 1;
}

bool scenario_parse(const char *file, const char *text, size_t length, struct scenario *out,
                    struct mistake *mistake) {
    return scenario_parse_changed(file, text, length, NULL, out, mistake);
}

bool scenario_parse_changed(const char *file, const char *text, size_t length,
                            const struct settings_changes *changes, struct scenario *out,
                            struct mistake *mistake) {
    memset(out, 0, sizeof(*out));
    struct settings *settings = settings_parse(file, text, length, mistake);
    if (!settings)
        return false;
    if (!settings_change(settings, changes, mistake) ||
        !record_read(&scenario_record, settings_root(settings), out, mistake)) {
        settings_free(settings);
        return false;
    }
    out->settings = settings;
    take_rollout(out);
    if (check(out, mistake))
        return true;
    scenario_fini(out);
    return false;
}

void scenario_fini(struct scenario *scenario) {
    record_fini(&scenario_record, scenario);
    settings_free(scenario->settings);
    memset(scenario, 0, sizeof(*scenario));
}

char *scenario_schema(void) {
    json_t *whole = json_pack("{s:s, s:s}", "$schema", "https://json-schema.org/draft/2020-12/schema",
                              "title", "A scenario of Loom: made by `loom run --schema`");
    json_t *fields = record_schema(&scenario_record);
    char *text =
        whole && fields && json_object_update(whole, fields) == 0 ? json_dumps(whole, JSON_INDENT(2)) : NULL;
    json_decref(whole);
    json_decref(fields);
    if (!text)
        return NULL;
    size_t length = strlen(text);
    char *with_end = realloc(text, length + 2);
    if (!with_end) {
        free(text);
        return NULL;
    }
    memcpy(with_end + length, "\n", 2);
    return with_end;
}
