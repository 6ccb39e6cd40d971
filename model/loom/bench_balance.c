#include "loom/bench_balance.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "des/rate_bucket.h"
#include "loom/bench.h"
#include "sim/sim_world.h"

#define LINKS       64u /* into the relay, and as many out of it */
#define RELAYS      (2 * LINKS + 1)
#define MIDDLE      (2 * LINKS)
#define PRICE       (50 * NSEC_PER_US) /* of a cell in, and of a cell out */
#define ARRIVE      (30 * NSEC_PER_S)  /* until then links come */
#define WARM_UP     (60 * NSEC_PER_S)
#define LATENCY_US  20000u
#define PAUSE       (10 * NSEC_PER_S) /* between two fetches of a session, on average */
#define CELL_DATA   498u
#define RATES_LEAST 3u /* large transfers of a link, to say what rate it saw */
#define CORES_MORE  2u /* for the main thread and a worker */

static const struct cost_table prices = {
    .ps = {.cells_received = PRICE * COST_PS_PER_NS, .cells_sent = PRICE * COST_PS_PER_NS},
    .smt_permille = 1000};
/* 251 kB on average. */
static const struct sim_file files[] = {{.bytes = 51200, .weight = 12}, {.bytes = 1048576, .weight = 3}};
#define FILE_CELLS 503u /* on average */
static const struct sim_load load = {.files = files,
                                     .file_count = sizeof files / sizeof files[0],
                                     .request_bytes = 100,
                                     .pause = PAUSE,
                                     .is_exponential = true,
                                     .circuit_age_max = 3600 * NSEC_PER_S};
static const uint32_t latency_us = LATENCY_US;
static const struct sim_server_config server = {.line_rate = RATE_UNLIMITED};

struct plant {
    struct bench_memory heap;
    struct sim_cpu cpus[2];
    struct sim_relay_config relays[RELAYS];
    struct sim_client_config clients[LINKS];
    uint32_t paths[LINKS][3];
    struct sim_config config;
};

/* A drawn order of 0 to n - 1. */
static void shuffle(struct rng *rng, uint32_t *order, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    for (uint32_t i = n; i > 1; i--) {
        uint32_t j = (uint32_t)rng_below(rng, i), kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
}

static void make_relays(struct plant *plant, const struct bench_balance *arm) {
    plant->cpus[0] = plant->cpus[1] = (struct sim_cpu){.mapping = COST_FULL,
                                                       .behaviour = SIM_BEHAVE_LOOM,
                                                       .cores = (uint16_t)(arm->threads + CORES_MORE),
                                                       .threads_per_core = 1,
                                                       .workers = 1};
    plant->cpus[1].prices = &prices;
    for (uint32_t i = 0; i < RELAYS; i++)
        plant->relays[i] = (struct sim_relay_config){.weight = 1,
                                                     .line_rate = RATE_UNLIMITED,
                                                     .bandwidth_rate = RATE_UNLIMITED,
                                                     .bandwidth_burst = RATE_UNLIMITED,
                                                     .flags = SIM_FAST | SIM_STABLE |
                                                              (i < LINKS    ? SIM_GUARD
                                                               : i < MIDDLE ? SIM_EXIT
                                                                            : 0)};
    plant->relays[MIDDLE].cpu = 1;
    plant->relays[MIDDLE].connection_threads = arm->threads;
    plant->relays[MIDDLE].balancing = arm->policy;
}

/* Sessions of the link of this rank, of all that are needed for the load; at least one. */
static uint16_t sessions_of(const struct bench_balance *arm, uint32_t rank) {
    double harmonic = 0;
    for (uint32_t i = 1; i <= LINKS; i++)
        harmonic += 1.0 / i;
    double cells_per_s = arm->load_percent / 100.0 * arm->threads * NSEC_PER_S / (2 * PRICE);
    double sessions = cells_per_s / ((double)FILE_CELLS * NSEC_PER_S / PAUSE);
    double mine = sessions / harmonic / (rank + 1) + 0.5;
    return (uint16_t)(mine < 1 ? 1 : mine);
}

static void make_clients(struct plant *plant, const struct bench_balance *arm) {
    uint32_t arrival[LINKS], exit_of[LINKS];
    struct rng rng;
    rng_seed(&rng, arm->seed);
    shuffle(&rng, arrival, LINKS);
    shuffle(&rng, exit_of, LINKS);
    for (uint32_t i = 0; i < LINKS; i++) {
        const uint32_t path[3] = {i, MIDDLE, LINKS + exit_of[i]};
        memcpy(plant->paths[i], path, sizeof path);
        plant->clients[i] = (struct sim_client_config){.line_rate = RATE_UNLIMITED,
                                                       .start = arrival[i] * (ARRIVE / LINKS),
                                                       .path = plant->paths[i],
                                                       .sessions = sessions_of(arm, i)};
    }
}

static void set_up(struct plant *plant, const struct bench_balance *arm) {
    bench_memory_init(&plant->heap);
    make_relays(plant, arm);
    make_clients(plant, arm);
    plant->config = (struct sim_config){.memory = &plant->heap.memory,
                                        .seed = arm->seed,
                                        .geography = {.countries = 1, .latency_us = &latency_us},
                                        .cpus = plant->cpus,
                                        .relays = plant->relays,
                                        .servers = &server,
                                        .loads = &load,
                                        .clients = plant->clients,
                                        .cpu_count = 2,
                                        .relay_count = RELAYS,
                                        .server_count = 1,
                                        .load_count = 1,
                                        .client_count = LINKS,
                                        .measure_from = WARM_UP,
                                        .end = WARM_UP + arm->seconds * NSEC_PER_S};
}

/* --- what came of it --------------------------------------------------------------------------------------------------- */

static int by_value(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static uint64_t transfers_of_all(const struct sim_world *world) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < LINKS; i++)
        sum += sim_world_client(world, i).transfer_count;
    return sum;
}

static bool is_measured(const struct sim_transfer *t) {
    return t->outcome == SIM_OUTCOME_DONE && t->asked >= WARM_UP;
}

static void measure_fetches(const struct sim_world *world, double *times, struct bench_balance_result *out) {
    static const unsigned permille[] = {500, 900, 990};
    size_t count = 0;
    for (uint32_t i = 0; i < LINKS; i++) {
        struct sim_client_measure m = sim_world_client(world, i);
        for (uint64_t j = 0; j < m.transfer_count; j++)
            if (is_measured(&m.transfers[j]) && m.transfers[j].file == 0)
                times[count++] = (double)(m.transfers[j].last_byte - m.transfers[j].asked) / NSEC_PER_MS;
    }
    qsort(times, count, sizeof *times, by_value);
    for (unsigned i = 0; i < 3 && count > 0; i++)
        out->fetch_ms[i] = times[(count - 1) * permille[i] / 1000];
}

/* Bytes a second that the large transfers of a client saw on average; 0: too few to say. */
static double rate_of(const struct sim_client_measure *m) {
    double sum = 0;
    unsigned count = 0;
    for (uint64_t j = 0; j < m->transfer_count; j++) {
        const struct sim_transfer *t = &m->transfers[j];
        if (!is_measured(t) || t->file == 0)
            continue;
        sum += (double)t->bytes / (double)(t->last_byte - t->asked);
        count++;
    }
    return count < RATES_LEAST ? 0 : sum / count;
}

static void measure_fairness(const struct sim_world *world, struct bench_balance_result *out) {
    double sum = 0, squares = 0;
    unsigned count = 0;
    for (uint32_t i = 0; i < LINKS; i++) {
        struct sim_client_measure m = sim_world_client(world, i);
        double rate = rate_of(&m);
        sum += rate;
        squares += rate * rate;
        count += rate > 0;
    }
    out->fairness = count == 0 ? 0 : sum * sum / (count * squares);
}

static void measure_threads(const struct sim_world *world, const struct bench_balance *arm,
                            struct bench_balance_result *out) {
    struct sim_relay_measure m = sim_world_relay(world, MIDDLE);
    double length = (double)arm->seconds * NSEC_PER_S;
    out->moves = m.moves;
    out->idlest = 1;
    for (uint16_t t = 1; t <= arm->threads; t++) {
        double busy = (double)m.threads[t].busy / length;
        out->busiest = busy > out->busiest ? busy : out->busiest;
        out->idlest = busy < out->idlest ? busy : out->idlest;
    }
}

static uint64_t cells_sent(const struct sim_world *world) {
    return sim_world_relay(world, MIDDLE).work.cells_sent;
}

static bool run(struct sim_world *world, const struct bench_balance *arm, struct bench_balance_result *out) {
    if (sim_world_run(world, WARM_UP, 1) != ERR_OK)
        return false;
    uint64_t before = cells_sent(world);
    if (sim_world_run(world, WARM_UP + arm->seconds * NSEC_PER_S, 1) != ERR_OK)
        return false;
    out->cells_per_s = (double)(cells_sent(world) - before) / arm->seconds;
    out->ceiling = (double)arm->threads * NSEC_PER_S / (2 * PRICE);
    double *times = calloc(transfers_of_all(world) + 1, sizeof *times);
    if (!times)
        return false;
    measure_fetches(world, times, out);
    measure_fairness(world, out);
    measure_threads(world, arm, out);
    free(times);
    return true;
}

bool bench_balance(const struct bench_balance *arm, struct bench_balance_result *out) {
    struct plant *plant = calloc(1, sizeof *plant);
    *out = (struct bench_balance_result){.cells_per_s = 0};
    if (!plant)
        return false;
    set_up(plant, arm);
    struct sim_world *world = sim_world_new(&plant->config);
    bool ok = world && run(world, arm, out);
    sim_world_free(world);
    free(plant);
    return ok;
}
