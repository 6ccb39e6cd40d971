#include "sim/scenario_inputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/file_text.h"
#include "sim/scenario_generated.h"
#include "sim/scenario_names.h"
#include "sim/sim_config.h"

#define TABLE_BYTES_MAX   (64u << 20)
#define ARCHIVE_BYTES_MAX (1u << 30) /* unpacked; that of the whole network has some 300 MB */

/* Where scenario text names a file, and the file. */
struct naming {
    const struct setting *at;
    const char *key;
    const char *name;
    const char *path; /* instead of the name beside the scenario; or NULL */
    const char *json_key;
};

static char *join(const char *folder, const char *name) {
    size_t room = strlen(folder) + strlen(name) + 2;
    char *path = malloc(room);
    if (path)
        snprintf(path, room, "%s%s%s", name[0] == '/' ? "" : folder, name[0] == '/' || !folder[0] ? "" : "/",
                 name);
    return path;
}

static bool note_input(struct scenario_inputs *in, const char *key, const char *name,
                       const struct file_text *text, struct mistake *mistake) {
    struct scenario_input *input = &in->inputs[in->count++];
    *input = (struct scenario_input){.key = key, .name = name, .bytes = text->length};
    return results_hash(text->bytes, text->length, input->sha256) ||
           mistake_at(mistake, name, 0, NULL, "no memory for it");
}

/* Read a file of at most bytes_max; path_out is to be freed by the caller, also on failure. */
static bool read_large(struct scenario_inputs *in, const struct naming *what, size_t bytes_max,
                       struct file_text *text, char **path_out, struct mistake *mistake) {
    struct mistake of_file;
    *text = (struct file_text){NULL, 0};
    *path_out = what->path ? strdup(what->path) : join(in->folder, what->name);
    if (!*path_out)
        return record_mistake(what->at, what->key, mistake, "no memory for it");
    if (!file_text_read(*path_out, bytes_max, text, &of_file)) {
        if (what->path) {
            *mistake = of_file;
            return false;
        }
        return record_mistake(what->at, what->key, mistake, "expected a file that can be read: %s",
                              of_file.text);
    }
    return note_input(in, what->json_key, what->path ? what->path : what->name, text, mistake);
}

static bool read_named(struct scenario_inputs *in, const struct naming *what, struct file_text *text,
                       char **path_out, struct mistake *mistake) {
    return read_large(in, what, TABLE_BYTES_MAX, text, path_out, mistake);
}

static struct span span_of_text(const struct file_text *text) {
    return (struct span){(const uint8_t *)text->bytes, text->length};
}

/* A row that was cut inside would still read as a row, with fewer flags. */
static bool check_table(const struct scenario_network *network, const char *path,
                        const struct file_text *text, uint32_t rows, bool is_own, struct mistake *mistake) {
    if (text->length && text->bytes[text->length - 1] != '\n')
        return mistake_at(mistake, path, 0, NULL, "expected a whole table, found a last line without an end");
    if (is_own && network->rows && network->rows != rows)
        return record_mistake(network->at, "rows", mistake, "%s: expected %u rows, found %u", path,
                              (unsigned)network->rows, rows);
    return true;
}

static bool read_relays(struct scenario_inputs *in, const char *instead, struct mistake *mistake) {
    const struct scenario_network *network = &in->scenario.network;
    const struct naming what = {network->at, "relays", network->relays, instead, "network.relays"};
    struct file_text text;
    char *path;
    bool ok = read_named(in, &what, &text, &path, mistake) &&
              relay_table_parse(path, span_of_text(&text), &in->relays, mistake) &&
              check_table(network, path, &text, in->relays.count, !instead, mistake);
    file_text_fini(&text);
    free(path);
    return ok;
}

static bool place_inline(const struct scenario_relay *relay, struct relay_row *row, struct mistake *mistake) {
    *row = (struct relay_row){.weight = (uint32_t)relay->weight,
                              .capacity = relay->capacity_kbit * 125,
                              .rate = relay->capacity_kbit * 125,
                              .burst = relay->capacity_kbit * 125,
                              .flags = RELAY_FAST | RELAY_STABLE};
    if (relay->is_guard)
        row->flags |= RELAY_GUARD;
    if (relay->is_exit)
        row->flags |= RELAY_EXIT;
    struct span country = {(const uint8_t *)relay->country, strlen(relay->country)};
    return country_parse(country, &row->country) ||
           record_mistake(relay->at, "country", mistake, "expected two capital letters, found \"%s\"",
                          relay->country);
}

static bool take_inline(struct scenario_inputs *in, struct mistake *mistake) {
    const struct scenario_network *network = &in->scenario.network;
    uint32_t n = scenario_relays_written(network);
    if (!relay_table_init(&in->relays, n))
        return record_mistake(network->at, "inline", mistake, "no memory for it");
    for (uint32_t i = 0; i < n; i++)
        if (!place_inline(scenario_relay_written(network, i), &in->relays.rows[i], mistake))
            return false;
    return true;
}

static bool read_generated(struct scenario_inputs *in, const char *instead, struct mistake *mistake) {
    const struct scenario_network *network = &in->scenario.network;
    const struct naming what = {network->at, "generated", network->generated, instead, "network.generated"};
    struct text_archive archive = {NULL, 0};
    struct file_text text;
    char *path;
    in->is_generated = read_large(in, &what, ARCHIVE_BYTES_MAX, &text, &path, mistake) &&
                       text_archive_parse(path, text.bytes, text.length, &archive, mistake) &&
                       generated_network_read(path, &archive, &in->generated, mistake);
    text_archive_fini(&archive);
    file_text_fini(&text);
    bool ok = in->is_generated && (scenario_generated_take(&in->generated, &in->scenario, &in->relays) ||
                                   mistake_at(mistake, path, 0, NULL, "no memory for it"));
    free(path);
    return ok;
}

static bool read_latency(struct scenario_inputs *in, struct mistake *mistake) {
    const struct scenario_topology *topology = &in->scenario.topology;
    const struct naming what = {topology->at, "latencies", topology->latencies, NULL, "topology.latencies"};
    struct file_text text;
    char *path;
    bool ok = read_named(in, &what, &text, &path, mistake) &&
              country_latency_parse(path, span_of_text(&text), &in->latency, mistake);
    file_text_fini(&text);
    free(path);
    return ok;
}

static bool read_profile(struct scenario_inputs *in, const struct naming *what, struct cost_profile *out,
                         struct mistake *mistake) {
    struct file_text text;
    char *path;
    bool ok = read_named(in, what, &text, &path, mistake) &&
              cost_profile_parse(path, text.bytes, text.length, out, mistake);
    file_text_fini(&text);
    free(path);
    return ok;
}

static bool read_profiles(struct scenario_inputs *in, struct mistake *mistake) {
    const struct scenario_hardware *h = &in->scenario.hardware;
    const struct naming tor = {h->at, "tor_profile", h->tor_profile, NULL, "hardware.tor_profile"};
    const struct naming loom = {h->at, "loom_profile", h->loom_profile, NULL, "hardware.loom_profile"};
    in->has_prices = h->tor_profile != NULL;
    if (!in->has_prices && h->prices == SCENARIO_PRICES_DRAWN)
        return record_mistake(h->at, "prices", mistake,
                              "expected tor_profile and loom_profile, from which prices are drawn");
    return !in->has_prices ||
           (read_profile(in, &tor, &in->tor, mistake) && read_profile(in, &loom, &in->loom, mistake));
}

/* "a/b.yaml": folder "a", file name "b.yaml". */
static bool split_path(const char *path, struct scenario_inputs *out) {
    const char *slash = strrchr(path, '/');
    size_t folder = slash ? (size_t)(slash - path) + (slash == path) : 0;
    out->folder = strndup(path, folder);
    out->file_name = strdup(slash ? slash + 1 : path);
    return out->folder && out->file_name;
}

static bool read_scenario(const char *path, const struct settings_changes *changes,
                          struct scenario_inputs *out, struct mistake *mistake) {
    struct file_text text = {NULL, 0};
    if (!split_path(path, out))
        return mistake_at(mistake, path, 0, NULL, "no memory for it");
    bool ok = file_text_read(path, SETTINGS_BYTES_MAX, &text, mistake) &&
              note_input(out, "scenario", out->file_name, &text, mistake) &&
              scenario_parse_changed(path, text.bytes, text.length, changes, &out->scenario, mistake) &&
              scenario_names_check(&out->scenario, mistake);
    file_text_fini(&text);
    return ok;
}

static bool read_all(const char *path, const struct settings_changes *changes, const char *relays,
                     struct scenario_inputs *out, struct mistake *mistake) {
    if (!read_scenario(path, changes, out, mistake))
        return false;
    const struct scenario_network *network = &out->scenario.network;
    bool has_relays = network->generated          ? read_generated(out, relays, mistake)
                      : relays || network->relays ? read_relays(out, relays, mistake)
                                                  : take_inline(out, mistake);
    return has_relays && read_latency(out, mistake) && read_profiles(out, mistake);
}

bool scenario_inputs_read(const char *path, const char *relays, struct scenario_inputs *out,
                          struct mistake *mistake) {
    return scenario_inputs_read_changed(path, NULL, relays, out, mistake);
}

bool scenario_inputs_read_changed(const char *path, const struct settings_changes *changes,
                                  const char *relays, struct scenario_inputs *out, struct mistake *mistake) {
    memset(out, 0, sizeof(*out));
    if (read_all(path, changes, relays, out, mistake))
        return true;
    scenario_inputs_fini(out);
    return false;
}

void scenario_inputs_fini(struct scenario_inputs *inputs) {
    scenario_fini(&inputs->scenario);
    relay_table_fini(&inputs->relays);
    generated_network_fini(&inputs->generated);
    country_latency_fini(&inputs->latency);
    free(inputs->folder);
    free(inputs->file_name);
    memset(inputs, 0, sizeof(*inputs));
}
