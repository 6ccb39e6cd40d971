/* What tornettools parse writes of a simulation, under its names, for tornettools plot: exit circuits only. */
#include <inttypes.h>
#include <string.h>

#include "sim/results.h"

#define FOLDER "tornet.plot.data/"
#define MIB    1048576.0

static double seconds(nsec ns) {
    return (double)ns / 1e9;
}

static uint64_t file_bytes(const struct plan *plan, const struct sim_transfer *t) {
    return plan->config.loads[plan->config.clients[t->client].load].files[t->file].bytes;
}

/* Calls visit for each measured transfer. */
typedef void transfer_visitor(const struct plan *plan, const struct sim_transfer *transfer, json_t *out);

static void visit_transfers(const struct results_source *source, transfer_visitor *visit, json_t *out) {
    for (uint32_t c = 0; c < source->plan->config.client_count; c++)
        for (uint64_t i = 0; i < source->clients[c].transfer_count; i++)
            if (results_is_measured(source, &source->clients[c].transfers[i]))
                visit(source->plan, &source->clients[c].transfers[i], out);
}

static void append_to(json_t *object, const char *key, json_t *value) {
    json_t *array = json_object_get(object, key);
    if (!array) {
        array = json_array();
        json_object_set_new(object, key, array);
    }
    json_array_append_new(array, value);
}

/* {"ALL": [s, ...], "51200": [s, ...]} */
static void add_time(const struct plan *plan, const struct sim_transfer *t, nsec took, json_t *out) {
    char size[24];
    snprintf(size, sizeof(size), "%" PRIu64, file_bytes(plan, t));
    append_to(out, "ALL", json_real(seconds(took)));
    append_to(out, size, json_real(seconds(took)));
}

/* As tgen's summaries: of transfers that came to their end, and from its request on, which it sends when the stream stands. */
static void visit_first_byte(const struct plan *plan, const struct sim_transfer *t, json_t *out) {
    if (t->outcome == SIM_OUTCOME_DONE)
        add_time(plan, t, t->first_byte - t->connected, out);
}

static void visit_last_byte(const struct plan *plan, const struct sim_transfer *t, json_t *out) {
    if (t->outcome == SIM_OUTCOME_DONE)
        add_time(plan, t, t->last_byte - t->connected, out);
}

/* From its request until something of the server's response. */
static void visit_round_trip(const struct plan *plan, const struct sim_transfer *t, json_t *out) {
    (void)plan;
    if (t->outcome == SIM_OUTCOME_DONE)
        json_array_append_new(out, json_real(seconds(nsec_min(t->responded, t->first_byte) - t->connected)));
}

static void add_goodput(const struct plan *plan, const struct sim_transfer *t, uint64_t least, json_t *out) {
    if (t->outcome == SIM_OUTCOME_DONE && file_bytes(plan, t) >= least && t->last_byte > t->first_byte)
        json_array_append_new(
            out, json_real((double)t->bytes * 8.0 / MIB / seconds(t->last_byte - t->first_byte)));
}

static void visit_goodput(const struct plan *plan, const struct sim_transfer *t, json_t *out) {
    add_goodput(plan, t, 1048576, out);
}

static void visit_goodput_5mib(const struct plan *plan, const struct sim_transfer *t, json_t *out) {
    add_goodput(plan, t, 5242880, out);
}

static json_t *times(const struct results_source *source, transfer_visitor *visit) {
    json_t *out = json_pack("{s:[]}", "ALL");
    visit_transfers(source, visit, out);
    return out;
}

static json_t *list(const struct results_source *source, transfer_visitor *visit) {
    json_t *out = json_array();
    visit_transfers(source, visit, out);
    return out;
}

/* As oniontrace reads them: from tor's TIME_CREATED, so with the link. */
static json_t *build_times(const struct results_source *source) {
    const struct plan *plan = source->plan;
    const struct scenario_clients *groups = plan->inputs->scenario.traffic.clients.items;
    json_t *out = json_array();
    for (uint32_t c = 0; c < plan->config.client_count; c++)
        for (uint64_t i = 0; groups[plan->client_group[c]].is_measured && i < source->clients[c].build_count;
             i++) {
            const struct sim_build *build = &source->clients[c].builds[i];
            if (build->outcome == SIM_OUTCOME_DONE && build->started >= plan->config.measure_from)
                json_array_append_new(out, json_real(seconds(build->started + build->took - build->decided)));
        }
    return out;
}

/* [percent of attempts, what one attempt makes], of one client, by type of error and in all. */
static void add_errors(const uint64_t outcomes[static RESULTS_OUTCOMES], json_t *out) {
    uint64_t attempts = 0;
    for (unsigned i = 0; i < SIM_OUTCOME_UNFINISHED; i++)
        attempts += outcomes[i];
    if (attempts == 0)
        return;
    double one = 100.0 / (double)attempts;
    uint64_t errors = attempts - outcomes[SIM_OUTCOME_DONE];
    append_to(out, "ALL", json_pack("[f, f]", (double)errors * one, one));
    for (unsigned i = 0; i < SIM_OUTCOME_UNFINISHED; i++)
        if (i != SIM_OUTCOME_DONE && outcomes[i] > 0)
            append_to(out, sim_outcome_name((enum sim_outcome)i),
                      json_pack("[f, f]", (double)outcomes[i] * one, one));
}

static json_t *error_rates(const struct results_source *source) {
    json_t *out = json_pack("{s:[]}", "ALL");
    for (uint32_t c = 0; c < source->plan->config.client_count; c++) {
        uint64_t outcomes[RESULTS_OUTCOMES] = {0};
        for (uint64_t i = 0; i < source->clients[c].transfer_count; i++)
            if (results_is_measured(source, &source->clients[c].transfers[i]))
                outcomes[source->clients[c].transfers[i].outcome]++;
        add_errors(outcomes, out);
    }
    return out;
}

/* {second: bytes that all relays wrote in it}, of the measured time. */
static json_t *relay_goodput(const struct results_source *source) {
    const struct plan *plan = source->plan;
    json_t *out = json_object();
    for (uint64_t second = plan->config.measure_from / NSEC_PER_S; second < plan->config.end / NSEC_PER_S;
         second++) {
        char key[24];
        uint64_t bytes = 0;
        for (uint32_t r = 0; r < plan->config.relay_count; r++) {
            const struct sim_relay_measure *relay = &source->relays[r];
            uint64_t first =
                (second * NSEC_PER_S + plan->config.sample_interval - 1) / plan->config.sample_interval;
            uint64_t end =
                ((second + 1) * NSEC_PER_S + plan->config.sample_interval - 1) / plan->config.sample_interval;
            for (uint64_t i = first; i < end && i < relay->sample_count; i++)
                bytes += relay->samples[i].bytes_written;
        }
        snprintf(key, sizeof(key), "%" PRIu64, second);
        json_object_set_new(out, key, json_integer((json_int_t)bytes));
    }
    return out;
}

static json_t *simulation_info(const struct plan *plan) {
    const struct scenario *s = &plan->inputs->scenario;
    const struct scenario_clients *groups = s->traffic.clients.items;
    json_int_t perf = 0, load = 0, users = 0;
    for (uint32_t i = 0; i < s->traffic.clients.n; i++) {
        *(groups[i].is_measured ? &perf : &load) += (json_int_t)groups[i].hosts;
        users += (json_int_t)(groups[i].hosts * groups[i].sessions);
    }
    return json_pack(
        "{s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "net_scale", (double)s->network.scale_permille / 1000.0,
        "num_public_relays", (json_int_t)plan->inputs->relays.count, "num_sampled_relays",
        (json_int_t)plan->config.relay_count, "num_tgen_perf_clients", perf, "num_tgen_markov_clients", load,
        "num_tgen_servers", (json_int_t)plan->config.server_count, "num_emulated_users", users, "prices",
        plan_note(plan->inputs));
}

bool results_write_plots(struct results_folder *folder, const struct results_source *source,
                         struct mistake *mistake) {
    const struct {
        const char *name;
        json_t *json;
    } files[] = {
        {FOLDER "time_to_first_byte_recv.exit.json", times(source, visit_first_byte)},
        {FOLDER "time_to_last_byte_recv.exit.json", times(source, visit_last_byte)},
        {FOLDER "round_trip_time.exit.json", list(source, visit_round_trip)},
        {FOLDER "perfclient_goodput.exit.json", list(source, visit_goodput)},
        {FOLDER "perfclient_goodput_5MiB.exit.json", list(source, visit_goodput_5mib)},
        {FOLDER "perfclient_circuit_build_time.exit.json", build_times(source)},
        {FOLDER "error_rate.exit.json", error_rates(source)},
        {FOLDER "relay_goodput.json", relay_goodput(source)},
        {FOLDER "simulation_info.json", simulation_info(source->plan)},
    };
    bool ok = true;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (ok)
            ok = results_folder_put_json(folder, files[i].name, files[i].json, true, mistake);
        else
            json_decref(files[i].json);
    }
    return ok;
}
