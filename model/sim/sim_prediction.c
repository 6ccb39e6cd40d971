#include "sim/sim_prediction.h"

#include "base/check.h"
#include "des/rate_bucket.h"
#include "sim/sim_delays.h"
#include "sim/sim_world.h"
#include "wire/relay_cell.h"

#define LEAD         (NSEC_PER_S / 4)
#define BUILD_STEP   (100 * NSEC_PER_MS)
#define STALL_MAX    (60 * NSEC_PER_S) /* without a new circuit */
#define MEASURE_STEP (20 * NSEC_PER_MS)
#define CELLS_ENOUGH 500000u
#define MEASURE_MIN  (100 * NSEC_PER_MS) /* ten intervals of KIST */
#define MEASURE_MAX  (5 * NSEC_PER_S)
#define END          (UINT64_C(100000) * NSEC_PER_S) /* of any run */

struct plant {
    struct sim_relay_config relay;
    struct sim_server_config server;
    struct sim_generator_config load;
    struct sim_config config;
    struct sim_world *world;
    nsec now;
};

static void make_config(struct plant *plant, const struct sim_prediction_setting *s) {
    plant->relay = (struct sim_relay_config){.weight = 1,
                                             .line_rate = s->line_rate,
                                             .bandwidth_rate = RATE_UNLIMITED,
                                             .bandwidth_burst = RATE_UNLIMITED,
                                             .flags = s->load.is_exit ? SIM_FAST | SIM_STABLE | SIM_EXIT
                                                                      : SIM_FAST | SIM_STABLE,
                                             .connection_threads = s->connection_threads};
    plant->server = (struct sim_server_config){.line_rate = RATE_UNLIMITED};
    plant->load = s->load;
    plant->load.lead = nsec_max(LEAD, s->warm_up % NSEC_PER_S);
    plant->config = (struct sim_config){.memory = s->memory,
                                        .seed = s->seed,
                                        .geography = {.countries = 1, .latency_us = &s->latency_us},
                                        .cpus = &s->cpu,
                                        .relays = &plant->relay,
                                        .servers = &plant->server,
                                        .generator = &plant->load,
                                        .cpu_count = 1,
                                        .relay_count = 1,
                                        .server_count = 1,
                                        .end = END,
                                        .sample_interval = END,
                                        .partitions = 1};
}

static enum err run_until(struct plant *plant, nsec until) {
    enum err e = sim_world_run(plant->world, until, 1);
    plant->now = until;
    if (e)
        return e;
    return sim_world_generator(plant->world).losses > 0 ? ERR_PROTOCOL : ERR_OK;
}

/* Until the load has begun. */
static enum err build(struct plant *plant) {
    uint32_t built = 0;
    nsec moved_at = 0;
    for (;;) {
        enum err e = run_until(plant, plant->now + BUILD_STEP);
        struct sim_generator_measure m = sim_world_generator(plant->world);
        if (e || m.began != NSEC_NEVER)
            return e;
        if (m.built != built)
            moved_at = plant->now;
        built = m.built;
        if (plant->now - moved_at > STALL_MAX)
            return ERR_PROTOCOL;
    }
}

/* The working set counts what was active in the last whole second. */
static enum err warm_up(struct plant *plant, const struct sim_prediction_setting *s) {
    nsec began = sim_world_generator(plant->world).began;
    nsec second = began + plant->load.lead;
    CHECK(second % NSEC_PER_S == 0);
    CHECK(plant->now <= second);
    enum err e = run_until(plant, second);
    if (e)
        return e;
    uint32_t halves = (s->load.is_exit ? 1 : 2) * s->load.circuits;
    bool is_steady = sim_world_relay_load(plant->world, 0).halves_active >= halves;
    if (!is_steady)
        second += NSEC_PER_S;
    while (second < began + s->warm_up)
        second += NSEC_PER_S;
    return run_until(plant, second);
}

/* --- measuring ------------------------------------------------------------------------------------------------------ */

static void read_busy(const struct plant *plant, const struct sim_prediction_setting *s,
                      struct sim_prediction *out) {
    out->threads = (uint16_t)(s->connection_threads + 1);
    for (uint16_t i = 0; i < out->threads; i++)
        out->busy[i] = sim_world_relay_busy(plant->world, 0, i);
    out->busy_workers = 0;
    for (uint16_t i = 0; i < s->cpu.workers; i++)
        out->busy_workers += sim_world_relay_busy(plant->world, 0, (uint16_t)(out->threads + i));
}

static void read_now(const struct plant *plant, const struct sim_prediction_setting *s,
                     struct sim_prediction *out) {
    out->time = plant->now;
    out->work = sim_world_relay(plant->world, 0).work;
    out->set = sim_world_relay_load(plant->world, 0);
    read_busy(plant, s, out);
}

/* What came and has not left, or the other way round, is half relayed. At an exit cells that carry data count, which are full. */
static uint64_t cells_of(const struct sim_prediction_setting *s, const struct work *work) {
    if (s->load.is_exit)
        return (work->edge_bytes_in + work->edge_bytes_out) / RELAY_DATA_MAX;
    return (work->cells_received + work->cells_sent) / 2;
}

/* Of the cells that have come since; false without memory. */
static bool read_delays(const struct plant *plant, const struct sim_prediction_setting *s,
                        const struct sim_generator_measure *before, struct sim_prediction *out) {
    struct sim_generator_measure m = sim_world_generator(plant->world);
    out->left_out = m.left_out - before->left_out;
    struct sim_delay *since = m.delay_count == 0 ? NULL : m.delays + before->delay_count;
    return sim_delays_quantiles(since, m.delay_count - before->delay_count, s->memory, &out->delay_median,
                                &out->delay_p99);
}

static bool is_enough(const struct sim_prediction_setting *s, nsec time, uint64_t cells) {
    if (s->length > 0)
        return time >= s->length;
    return time >= MEASURE_MAX || (time >= MEASURE_MIN && cells >= CELLS_ENOUGH);
}

static enum err measure(struct plant *plant, const struct sim_prediction_setting *s,
                        struct sim_prediction *out) {
    struct sim_prediction before;
    enum err e = ERR_OK;
    const struct sim_generator_measure generator = sim_world_generator(plant->world);
    read_now(plant, s, &before);
    do {
        nsec left = s->length > 0 ? before.time + s->length - plant->now : MEASURE_STEP;
        e = run_until(plant, plant->now + nsec_min(left, MEASURE_STEP));
        read_now(plant, s, out);
        out->time -= before.time;
        work_since(&out->work, &out->work, &before.work);
        out->cells = cells_of(s, &out->work);
    } while (!e && !is_enough(s, out->time, out->cells));
    for (uint16_t i = 0; i < out->threads; i++)
        out->busy[i] -= before.busy[i];
    out->busy_workers -= before.busy_workers;
    if (!e && !read_delays(plant, s, &generator, out))
        return ERR_LIMIT;
    if (!e && (out->cells == 0 || out->work.circuits_closed > 0))
        return ERR_PROTOCOL;
    return e;
}

enum err sim_predict(const struct sim_prediction_setting *setting, struct sim_prediction *out) {
    struct plant plant = {.now = 0};
    char what[128];
    CHECK(setting->connection_threads < SIM_PREDICTION_THREADS_MAX);
    make_config(&plant, setting);
    CHECK(sim_config_check(&plant.config, what, sizeof what));
    plant.world = sim_world_new(&plant.config);
    if (!plant.world)
        return ERR_LIMIT;
    enum err e = build(&plant);
    if (!e)
        e = warm_up(&plant, setting);
    if (!e)
        e = measure(&plant, setting, out);
    sim_world_free(plant.world);
    return e;
}
