#include "sim/plan_json.h"

#include <stdlib.h>

#include "cost/price_numbers.h"
#include "des/rate_bucket.h"

/* Which countries have hosts, and the number of each among them. */
struct used {
    uint16_t *number; /* by country of the plan */
    uint16_t *countries;
    uint16_t count;
};

static json_t *whole(uint64_t value) {
    return json_integer((json_int_t)value);
}

static json_t *rate_json(uint64_t rate) {
    return rate == RATE_UNLIMITED ? json_null() : whole(rate);
}

static void use(struct used *used, bool *is_used, uint16_t country) {
    if (is_used[country])
        return;
    is_used[country] = true;
    used->number[country] = used->count;
    used->countries[used->count++] = country;
}

/* In the order of relays, servers, clients: those of the heaviest relays first. */
static bool find_used(const struct sim_config *config, struct used *out) {
    size_t n = config->geography.countries;
    bool *is_used = calloc(n + 1, sizeof(*is_used));
    *out = (struct used){calloc(n + 1, sizeof(*out->number)), calloc(n + 1, sizeof(*out->countries)), 0};
    bool ok = is_used && out->number && out->countries;
    for (uint32_t i = 0; ok && i < config->relay_count; i++)
        use(out, is_used, config->relays[i].country);
    for (uint32_t i = 0; ok && i < config->server_count; i++)
        use(out, is_used, config->servers[i].country);
    for (uint32_t i = 0; ok && i < config->client_count; i++)
        use(out, is_used, config->clients[i].country);
    free(is_used);
    return ok;
}

static json_t *countries_json(const struct plan *plan, const struct used *used) {
    json_t *array = json_array();
    for (uint16_t i = 0; i < used->count; i++)
        json_array_append_new(array, json_string(plan->inputs->latency.countries[used->countries[i]].code));
    return array;
}

/* Of values[from * countries + to], the rows and columns that are used; NULL: []. */
static json_t *matrix_json(const struct sim_geography *geography, const uint32_t *values,
                           const struct used *used) {
    json_t *rows = json_array();
    for (uint16_t i = 0; values && i < used->count; i++) {
        json_t *row = json_array();
        for (uint16_t j = 0; j < used->count; j++)
            json_array_append_new(
                row, whole(values[(size_t)used->countries[i] * geography->countries + used->countries[j]]));
        json_array_append_new(rows, row);
    }
    return rows;
}

/* Prices by the names that profiles have for them. */
static json_t *prices_json(const struct cost_table *prices) {
    json_t *json = json_pack("{s:I, s:I}", "wake_delay", (json_int_t)prices->wake_delay_ns, "softirq",
                             (json_int_t)prices->softirq_permille);
    for (uint32_t i = 0; i < price_numbers_count(); i++)
        json_object_set_new(json, price_number_name(i), whole(price_number_get(prices, i)));
    return json;
}

/* NULL's: its work takes no time. */
static json_t *machine_json(const struct sim_cpu *cpu) {
    if (!cpu->prices)
        return json_null();
    return json_pack("{s:i, s:i, s:i, s:i, s:b, s:o}", "cores", cpu->cores, "threads_per_core",
                     cpu->threads_per_core, "workers", cpu->workers, "softirq_queues", cpu->softirq_queues,
                     "aes", cpu->cipher == LINK_AES256, "prices", prices_json(cpu->prices));
}

static json_t *relays_json(const struct plan *plan, const struct used *used) {
    json_t *array = json_array();
    for (uint32_t i = 0; i < plan->config.relay_count; i++) {
        const struct plan_relay *relay = &plan->relays[i];
        const struct sim_relay_config *config = &plan->config.relays[i];
        json_array_append_new(
            array,
            json_pack("{s:s, s:s, s:i, s:I, s:o, s:o, s:o, s:s, s:i, s:b, s:b, s:o}", "name", relay->name,
                      "role", relay_role_name(relay->role), "country", used->number[config->country],
                      "weight", (json_int_t)config->weight, "line_rate", rate_json(config->line_rate), "rate",
                      rate_json(config->bandwidth_rate), "burst", rate_json(config->bandwidth_burst),
                      "program", relay->is_loom ? "loom" : "tor", "threads", config->connection_threads,
                      "guard", (config->flags & SIM_GUARD) != 0, "exit", (config->flags & SIM_EXIT) != 0,
                      "machine", machine_json(&plan->config.cpus[config->cpu])));
    }
    return array;
}

static json_t *servers_json(const struct sim_config *config, const struct used *used) {
    json_t *array = json_array();
    for (uint32_t i = 0; i < config->server_count; i++)
        json_array_append_new(array,
                              json_pack("{s:i, s:o}", "country", used->number[config->servers[i].country],
                                        "line_rate", rate_json(config->servers[i].line_rate)));
    return array;
}

static json_t *path_json(const uint32_t *path) {
    return path ? json_pack("[I, I, I]", (json_int_t)path[0], (json_int_t)path[1], (json_int_t)path[2])
                : json_null();
}

static json_t *clients_json(const struct sim_config *config, const struct used *used) {
    json_t *array = json_array();
    for (uint32_t i = 0; i < config->client_count; i++) {
        const struct sim_client_config *client = &config->clients[i];
        json_array_append_new(array,
                              json_pack("{s:i, s:i, s:o, s:i, s:i, s:I, s:o, s:o}", "group", client->load,
                                        "country", used->number[client->country], "line_rate",
                                        rate_json(client->line_rate), "sessions", client->sessions, "guards",
                                        client->guards, "start_ns", (json_int_t)client->start, "middle",
                                        client->has_middle ? whole(client->middle) : json_null(), "path",
                                        path_json(client->path)));
    }
    return array;
}

static json_t *files_json(const struct sim_load *load) {
    json_t *array = json_array();
    for (uint32_t i = 0; i < load->file_count; i++)
        json_array_append_new(array, json_pack("{s:I, s:I, s:I}", "bytes", (json_int_t)load->files[i].bytes,
                                               "weight", (json_int_t)load->files[i].weight, "timeout_ns",
                                               (json_int_t)load->files[i].timeout));
    return array;
}

static json_t *groups_json(const struct plan *plan) {
    const struct scenario_clients *groups = plan->inputs->scenario.traffic.clients.items;
    json_t *array = json_array();
    for (uint32_t i = 0; i < plan->config.load_count; i++) {
        const struct sim_load *load = &plan->config.loads[i];
        json_array_append_new(
            array, json_pack("{s:s, s:o, s:I, s:I, s:b, s:b, s:I, s:I, s:b, s:I, s:I, s:I, s:b}", "name",
                             groups[i].name, "files", files_json(load), "request_bytes",
                             (json_int_t)load->request_bytes, "pause_ns", (json_int_t)load->pause,
                             "exponential", load->is_exponential, "periodic", load->is_periodic,
                             "circuit_age_ns", (json_int_t)load->circuit_age_max, "circuit_timeout_ns",
                             (json_int_t)load->circuit_timeout, "upload", load->is_upload, "goes_on_ns",
                             (json_int_t)load->goes_on, "streams_at_ns", (json_int_t)load->streams_at,
                             "fetches", (json_int_t)load->fetches_max, "flows", load->flows != NULL));
    }
    return array;
}

static json_t *make(const struct plan *plan, const struct used *used) {
    const struct sim_config *config = &plan->config;
    return json_pack("{s:i, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                     "format", PLAN_JSON_FORMAT, "scenario", plan->inputs->scenario.name, "arm",
                     plan->arm->name, "seed", (json_int_t)plan->seed, "measure_from_ns",
                     (json_int_t)config->measure_from, "end_ns", (json_int_t)config->end, "bootstrap_end_ns",
                     (json_int_t)config->bootstrap_end, "kist_run_interval_ms",
                     (json_int_t)config->kist_run_interval_ms, "congestion_control",
                     config->congestion_control == SIM_CONGESTION_VEGAS ? "vegas" : "windows", "wants_cgo",
                     config->wants_cgo, "countries", countries_json(plan, used), "latency_us",
                     matrix_json(&config->geography, config->geography.latency_us, used), "loss",
                     matrix_json(&config->geography, config->geography.loss, used), "relays",
                     relays_json(plan, used), "servers", servers_json(config, used), "groups",
                     groups_json(plan), "clients", clients_json(config, used));
}

json_t *plan_json(const struct plan *plan) {
    struct used used;
    json_t *json = find_used(&plan->config, &used) ? make(plan, &used) : NULL;
    free(used.number);
    free(used.countries);
    return json;
}
