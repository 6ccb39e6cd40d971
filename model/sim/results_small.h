/* results_small - a run of two relays and two clients whose measurements a test writes down. Header only; for tests. */
#ifndef LOOM_SIM_RESULTS_SMALL_H
#define LOOM_SIM_RESULTS_SMALL_H

#include "sim/results_source.h"
#include "sim/scenario_small.h"

#define SMALL_SAMPLES 30u /* of 100 ms: a second of warm-up, then two measured */

struct small_run {
    struct scenario_inputs inputs;
    struct plan plan;
    struct sim_sample samples[2][SMALL_SAMPLES];
    struct sim_thread_measure threads[2][2];
    struct sim_transfer transfers[4];
    struct sim_build builds[2];
    struct sim_relay_measure relays[2];
    struct sim_client_measure clients[2];
};

static const char small_run_text[] = SMALL_HEAD
    "network:\n    inline:\n"
    "        - {country: DE, weight: 2, capacity_kbit: 9000, guard: true}\n"
    "        - {country: DE, weight: 1, capacity_kbit: 900000, exit: true}\n"
    "topology: {latencies: countries.latency}\n"
    "hardware:\n    classes:\n        - {name: slow, capacity_mbit_most: 100, cores: 1}\n"
    "        - {name: fast, capacity_mbit_least: 100, cores: 4}\n" SMALL_ARMS
    "traffic:\n    users: [{country: DE, share: 1}]\n    servers: {count: 1}\n    clients:\n"
    "        - {name: perf, measured: true, hosts: 1, pause_ms: 10, files: [{bytes: 51200}, {bytes: 1048576}]}\n"
    "        - {name: load, hosts: 1, pause_ms: 10, files: [{bytes: 100}]}\n";

static inline void small_run_plan(struct small_run *run) {
    struct mistake m = {""};
    static const char latency[] = "DE 1.0\n";
    small_parse(small_run_text, &run->inputs.scenario);
    assert_true(country_latency_parse("l", (struct span){(const uint8_t *)latency, sizeof(latency) - 1},
                                      &run->inputs.latency, &m));
    assert_true(relay_table_init(&run->inputs.relays, 2));
    run->inputs.relays.rows[0] =
        (struct relay_row){.weight = 2, .capacity = 1125000, .country = {"DE"}, .flags = RELAY_GUARD};
    run->inputs.relays.rows[1] =
        (struct relay_row){.weight = 1, .capacity = 112500000, .country = {"DE"}, .flags = RELAY_EXIT};
    run->inputs.file_name = strdup("small.yaml");
    if (!plan_make(&run->inputs, run->inputs.scenario.arms.items, 1, &run->plan, &m))
        fail_msg("%s", m.text);
}

static inline struct sim_transfer small_transfer(uint32_t client, uint16_t file, enum sim_outcome outcome,
                                                 nsec started_ms, nsec first_ms, nsec last_ms) {
    struct sim_transfer t = {.client = client,
                             .relays = {0, UINT32_MAX, 1},
                             .file = file,
                             .outcome = (uint8_t)outcome,
                             .bytes = file ? 1048576 : 51200,
                             .started = started_ms * NSEC_PER_MS,
                             .circuit_built = started_ms * NSEC_PER_MS,
                             .asked = started_ms * NSEC_PER_MS,
                             .connected = (started_ms + 1) * NSEC_PER_MS,
                             .responded = first_ms ? (started_ms + first_ms - 2) * NSEC_PER_MS : NSEC_NEVER,
                             .first_byte = first_ms ? (started_ms + first_ms) * NSEC_PER_MS : NSEC_NEVER,
                             .last_byte = last_ms ? (started_ms + last_ms) * NSEC_PER_MS : NSEC_NEVER};
    return t;
}

/* The slow relay is CPU-bound in half of the measured samples; each relay writes 1000 bytes a sample. */
static inline void small_run_init(struct small_run *run) {
    memset(run, 0, sizeof(*run));
    small_run_plan(run);
    for (unsigned r = 0; r < 2; r++) {
        for (unsigned i = 0; i < SMALL_SAMPLES; i++)
            run->samples[r][i] = (struct sim_sample){.bytes_written = 1000,
                                                     .cells = 2,
                                                     .busy_most = r == 0 && i % 2 ? 96 * NSEC_PER_MS : 0,
                                                     .inputs = 1};
        run->threads[r][0] = (struct sim_thread_measure){.busy = (r ? 100 : 1000) * NSEC_PER_MS,
                                                         .inputs = 4,
                                                         .delay_sum = 8 * NSEC_PER_MS,
                                                         .delay_max = 5};
        run->threads[r][0].delays[2] = 4;
        run->threads[r][1].busy = NSEC_PER_MS;
        run->relays[r] = (struct sim_relay_measure){.samples = run->samples[r],
                                                    .threads = run->threads[r],
                                                    .sample_count = SMALL_SAMPLES,
                                                    .thread_count = 2};
    }
    run->transfers[0] = small_transfer(0, 0, SIM_OUTCOME_DONE, 500, 10, 20); /* in the warm-up */
    run->transfers[1] = small_transfer(0, 0, SIM_OUTCOME_DONE, 1000, 100, 200);
    run->transfers[2] = small_transfer(0, 1, SIM_OUTCOME_TIMEOUT, 1500, 300, 0);
    run->transfers[3] = small_transfer(1, 0, SIM_OUTCOME_DONE, 1500, 7, 8); /* load */
    run->builds[0] =
        (struct sim_build){.outcome = SIM_OUTCOME_DONE,
                           .decided = 990 * NSEC_PER_MS, /* in the warm-up; the building is not */
                           .started = 1000 * NSEC_PER_MS,
                           .took = 70000000};
    run->clients[0] = (struct sim_client_measure){
        .transfers = run->transfers, .builds = run->builds, .transfer_count = 3, .build_count = 1};
    run->clients[1] = (struct sim_client_measure){.transfers = &run->transfers[3], .transfer_count = 1};
}

static inline struct results_source small_run_source(const struct small_run *run) {
    return (struct results_source){
        .plan = &run->plan, .relays = run->relays, .clients = run->clients, .totals = {.cells_relayed = 120}};
}

static inline void small_run_fini(struct small_run *run) {
    plan_fini(&run->plan);
    scenario_inputs_fini(&run->inputs);
}

#endif
