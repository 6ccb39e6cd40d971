#include "sim/results_outside.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define TRANSFER_FIELDS 16u
#define BUILD_FIELDS    3u
#define NO_RELAY        UINT32_MAX

struct reading {
    const char *path;
    const struct plan *plan;
    struct results_outside *out;
    struct mistake *mistake;
};

static bool refuse(struct reading *r, const char *what, uint32_t host, size_t item) {
    return mistake_at(r->mistake, r->path, 0, NULL, "%s %" PRIu32 ", item %zu: not what an engine writes",
                      what, host, item);
}

static bool no_memory(struct reading *r) {
    return mistake_at(r->mistake, r->path, 0, NULL, "no memory to read it");
}

/* A whole number from 0 to most. */
static bool number(const json_t *json, uint64_t most, uint64_t *out) {
    json_int_t value = json_integer_value(json);
    *out = (uint64_t)value;
    return json_is_integer(json) && value >= 0 && (uint64_t)value <= most;
}

/* -1 becomes NSEC_NEVER. Times before the scenario's begin belong to nothing. */
static bool time_at(const json_t *array, size_t index, nsec *out) {
    const json_t *json = json_array_get(array, index);
    uint64_t value;
    if (json_is_integer(json) && json_integer_value(json) == -1) {
        *out = NSEC_NEVER;
        return true;
    }
    bool ok = number(json, INT64_MAX, &value);
    *out = value;
    return ok;
}

static bool outcome_of(const json_t *json, uint8_t *out) {
    const char *text = json_string_value(json);
    for (unsigned i = 0; text && i < RESULTS_OUTCOMES; i++)
        if (strcmp(text, sim_outcome_name((enum sim_outcome)i)) == 0) {
            *out = (uint8_t)i;
            return true;
        }
    return false;
}

static bool relay_of(const struct plan *plan, const json_t *json, uint32_t *out) {
    uint64_t value;
    if (json_is_integer(json) && json_integer_value(json) == -1) {
        *out = NO_RELAY;
        return true;
    }
    bool ok = plan->config.relay_count > 0 && number(json, plan->config.relay_count - 1, &value);
    *out = ok ? (uint32_t)value : NO_RELAY;
    return ok;
}

static bool take_build(const json_t *array, uint32_t client, struct sim_build *out) {
    *out = (struct sim_build){.client = client};
    bool ok = json_array_size(array) == BUILD_FIELDS && outcome_of(json_array_get(array, 0), &out->outcome) &&
              time_at(array, 1, &out->started) && time_at(array, 2, &out->took);
    out->decided = out->started;
    return ok;
}

static bool take_small(const struct plan *plan, const json_t *array, struct sim_transfer *out) {
    const struct sim_client_config *client = &plan->config.clients[out->client];
    uint64_t session, count, server, file, is_new;
    if (!number(json_array_get(array, 4), client->sessions - 1u, &session) ||
        !number(json_array_get(array, 5), UINT32_MAX, &count) ||
        !number(json_array_get(array, 6), plan->config.server_count - 1u, &server) ||
        !number(json_array_get(array, 7), plan->config.loads[client->load].file_count - 1u, &file) ||
        !number(json_array_get(array, 9), 1, &is_new))
        return false;
    out->session = (uint16_t)session;
    out->number = (uint16_t)count;
    out->server = (uint16_t)server;
    out->file = (uint16_t)file;
    out->is_new_circuit = is_new == 1;
    return number(json_array_get(array, 8), plan->config.loads[client->load].files[file].bytes, &out->bytes);
}

/* What is done has all its times, in their order. */
static bool is_possible(const struct sim_transfer *t, uint64_t bytes) {
    if (t->started == NSEC_NEVER)
        return false;
    return t->outcome != SIM_OUTCOME_DONE ||
           (t->bytes == bytes && t->started <= t->circuit_built && t->circuit_built <= t->asked &&
            t->asked <= t->connected && t->connected <= t->first_byte && t->first_byte <= t->last_byte &&
            t->last_byte != NSEC_NEVER);
}

static bool take_transfer(const struct plan *plan, const json_t *array, uint32_t client,
                          struct sim_transfer *out) {
    *out = (struct sim_transfer){.client = client, .responded = NSEC_NEVER};
    nsec *const times[] = {&out->started,   &out->circuit_built, &out->asked,
                           &out->connected, &out->first_byte,    &out->last_byte};
    if (json_array_size(array) != TRANSFER_FIELDS || !outcome_of(json_array_get(array, 0), &out->outcome))
        return false;
    for (unsigned hop = 0; hop < 3; hop++)
        if (!relay_of(plan, json_array_get(array, 1 + hop), &out->relays[hop]))
            return false;
    for (unsigned i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        if (!time_at(array, 10 + i, times[i]))
            return false;
    return take_small(plan, array, out) &&
           is_possible(out, plan->config.loads[plan->config.clients[client].load].files[out->file].bytes);
}

static bool take_client(struct reading *r, const json_t *json, uint32_t c) {
    const json_t *builds = json_object_get(json, "builds"), *transfers = json_object_get(json, "transfers");
    struct sim_client_measure *out = &r->out->clients[c];
    size_t n_builds = json_array_size(builds), n_transfers = json_array_size(transfers);
    struct sim_build *b = calloc(n_builds + 1, sizeof(*b));
    struct sim_transfer *t = calloc(n_transfers + 1, sizeof(*t));
    *out = (struct sim_client_measure){
        .transfers = t, .builds = b, .transfer_count = n_transfers, .build_count = n_builds};
    if (!b || !t)
        return no_memory(r);
    if (!json_is_array(builds) || !json_is_array(transfers))
        return refuse(r, "client", c, 0);
    for (size_t i = 0; i < n_builds; i++)
        if (!take_build(json_array_get(builds, i), c, &b[i]))
            return refuse(r, "builds of client", c, i);
    for (size_t i = 0; i < n_transfers; i++) {
        if (!take_transfer(r->plan, json_array_get(transfers, i), c, &t[i]))
            return refuse(r, "transfers of client", c, i);
        out->bytes_received += t[i].bytes;
        r->out->totals.transfers_done += t[i].outcome == SIM_OUTCOME_DONE;
        r->out->totals.transfers_failed +=
            t[i].outcome != SIM_OUTCOME_DONE && t[i].outcome != SIM_OUTCOME_UNFINISHED;
    }
    for (size_t i = 0; i < n_builds; i++) {
        r->out->totals.circuits_built += b[i].outcome == SIM_OUTCOME_DONE;
        r->out->totals.circuits_failed +=
            b[i].outcome != SIM_OUTCOME_DONE && b[i].outcome != SIM_OUTCOME_UNFINISHED;
    }
    return true;
}

/* The bytes of a second, as many in each of its samples as go, the same sum. */
static uint64_t part(uint64_t bytes, uint64_t sample, uint64_t samples) {
    return bytes * (sample + 1) / samples - bytes * sample / samples;
}

static bool take_relay(struct reading *r, const json_t *seconds, uint32_t relay) {
    const struct sim_config *config = &r->plan->config;
    uint32_t count = (uint32_t)(config->end / config->sample_interval);
    uint64_t each = NSEC_PER_S / config->sample_interval;
    struct sim_sample *samples = calloc((size_t)count + 1, sizeof(*samples));
    r->out->relays[relay] = (struct sim_relay_measure){.samples = samples, .sample_count = count};
    if (!samples)
        return no_memory(r);
    if (each == 0 || json_array_size(seconds) < config->end / NSEC_PER_S)
        return refuse(r, "relay", relay, 0);
    for (uint32_t i = 0; i < count; i++) {
        size_t second = (size_t)(i * config->sample_interval / NSEC_PER_S);
        const json_t *pair = json_array_get(seconds, second);
        uint64_t sent, received;
        if (!number(json_array_get(pair, 0), INT64_MAX / NSEC_PER_S, &received) ||
            !number(json_array_get(pair, 1), INT64_MAX / NSEC_PER_S, &sent))
            return refuse(r, "seconds of relay", relay, second);
        samples[i].bytes_read = part(received, i % each, each);
        samples[i].bytes_written = part(sent, i % each, each);
    }
    return true;
}

static bool take_all(struct reading *r, const json_t *json) {
    const json_t *clients = json_object_get(json, "clients"), *relays = json_object_get(json, "relays");
    struct results_outside *out = r->out;
    uint64_t format;
    if (!number(json_object_get(json, "format"), UINT32_MAX, &format) || format != RESULTS_OUTSIDE_FORMAT ||
        json_array_size(clients) != out->client_count || json_array_size(relays) != out->relay_count)
        return mistake_at(r->mistake, r->path, 0, NULL,
                          "expected format %d with %" PRIu32 " clients and %" PRIu32 " relays",
                          RESULTS_OUTSIDE_FORMAT, out->client_count, out->relay_count);
    for (uint32_t i = 0; i < out->client_count; i++)
        if (!take_client(r, json_array_get(clients, i), i))
            return false;
    for (uint32_t i = 0; i < out->relay_count; i++)
        if (!take_relay(r, json_array_get(relays, i), i))
            return false;
    return true;
}

bool results_outside_read(const char *path, const struct plan *plan, struct results_outside *out,
                          struct mistake *mistake) {
    struct reading r = {path, plan, out, mistake};
    json_error_t error;
    json_t *json = json_load_file(path, 0, &error);
    *out = (struct results_outside){.relay_count = plan->config.relay_count,
                                    .client_count = plan->config.client_count};
    if (!json)
        return mistake_at(mistake, path, error.line > 0 ? (uint32_t)error.line : 0, NULL, "%s", error.text);
    out->relays = calloc((size_t)out->relay_count + 1, sizeof(*out->relays));
    out->clients = calloc((size_t)out->client_count + 1, sizeof(*out->clients));
    out->totals.time = plan->config.end;
    bool ok = out->relays && out->clients ? take_all(&r, json) : no_memory(&r);
    json_decref(json);
    if (!ok)
        results_outside_fini(out);
    return ok;
}

void results_outside_fini(struct results_outside *outside) {
    for (uint32_t i = 0; outside->relays && i < outside->relay_count; i++)
        free((void *)(uintptr_t)outside->relays[i].samples);
    for (uint32_t i = 0; outside->clients && i < outside->client_count; i++) {
        free((void *)(uintptr_t)outside->clients[i].transfers);
        free((void *)(uintptr_t)outside->clients[i].builds);
    }
    free(outside->relays);
    free(outside->clients);
    *outside = (struct results_outside){.relays = NULL};
}
