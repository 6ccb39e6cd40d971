#include <stdlib.h>

#include "base/check.h"
#include "des/rate_bucket.h"
#include "loom/bench.h"
#include "sim/sim_world.h"

#define RELAYS      3u
#define CLIENTS     200u
#define CLIENTS_FEW 20u
#define SESSIONS    16u
#define LINK_SIDES  (2 * (CLIENTS + RELAYS - 1))
#define QUIET_S     40u /* after everything is built and fetched: buffers have gone back */
#define LINE_RATE   UINT64_C(125000000)

static void *count_in(void *context, size_t size) {
    struct bench_memory *counting = context;
    void *object = calloc(1, size);
    counting->bytes += object ? size : 0;
    return object;
}

static void count_out(void *context, void *object, size_t size) {
    struct bench_memory *counting = context;
    counting->bytes -= object ? size : 0;
    free(object);
}

void bench_memory_init(struct bench_memory *counting) {
    *counting = (struct bench_memory){.memory = {count_in, count_out, counting}};
}

static const uint32_t path[3] = {0, 1, 2};

/* Three relays, and clients each of whose sessions fetches one small file over them, and then nothing. So the links are
 * those of the clients to the first relay and two more, whatever the number of circuits. */
struct bench_world {
    uint32_t clients, sessions;
    bool is_idle; /* nobody does anything */
    struct sim_cpu cpu;
    struct sim_relay_config relays[RELAYS];
    struct sim_server_config server;
    struct sim_file file;
    struct sim_load load;
    struct sim_client_config client[CLIENTS];
    uint32_t latency_us;
    struct sim_config config;
};

static void fill(struct bench_world *w, const struct memory *memory) {
    w->latency_us = 20000;
    w->cpu = (struct sim_cpu){
        .mapping = COST_FULL, .behaviour = SIM_BEHAVE_LOOM, .cores = 4, .threads_per_core = 1, .workers = 1};
    for (uint32_t i = 0; i < RELAYS; i++)
        w->relays[i] = (struct sim_relay_config){.weight = 1000,
                                                 .line_rate = LINE_RATE,
                                                 .bandwidth_rate = RATE_UNLIMITED,
                                                 .bandwidth_burst = RATE_UNLIMITED,
                                                 .flags = SIM_FAST | SIM_STABLE | SIM_GUARD | SIM_EXIT,
                                                 .connection_threads = 2};
    w->server = (struct sim_server_config){.line_rate = LINE_RATE};
    w->file = (struct sim_file){.bytes = 1000, .weight = 1};
    w->load = (struct sim_load){.files = &w->file,
                                .file_count = 1,
                                .request_bytes = 100,
                                .pause = w->is_idle ? 3600 * NSEC_PER_S : 100 * NSEC_PER_S,
                                .circuit_age_max = 3600 * NSEC_PER_S};
    for (uint32_t i = 0; i < w->clients; i++)
        w->client[i] = (struct sim_client_config){.line_rate = LINE_RATE,
                                                  .start = w->is_idle ? 3600 * NSEC_PER_S : 0,
                                                  .sessions = (uint16_t)w->sessions,
                                                  .path = path};
    w->config = (struct sim_config){.memory = memory,
                                    .seed = 1,
                                    .geography = {.countries = 1, .latency_us = &w->latency_us},
                                    .cpus = &w->cpu,
                                    .relays = w->relays,
                                    .servers = &w->server,
                                    .loads = &w->load,
                                    .clients = w->client,
                                    .cpu_count = 1,
                                    .relay_count = RELAYS,
                                    .server_count = 1,
                                    .load_count = 1,
                                    .client_count = w->clients,
                                    .end = (100 + QUIET_S) * NSEC_PER_S,
                                    .sample_interval = 10 * NSEC_PER_S};
}

struct reading {
    double bytes, links, halves;
};

static bool read_world(uint32_t clients, uint32_t sessions, bool is_idle, struct reading *out) {
    struct bench_memory counting;
    struct bench_world *w = calloc(1, sizeof(*w));
    if (!w)
        return false;
    w->clients = clients;
    w->sessions = sessions;
    w->is_idle = is_idle;
    bench_memory_init(&counting);
    fill(w, &counting.memory);
    struct sim_world *world = sim_world_new(&w->config);
    bool ok = world && sim_world_run(world, w->config.end, 1) == ERR_OK;
    if (ok) {
        struct sim_totals totals = sim_world_totals(world);
        *out = (struct reading){(double)counting.bytes, (double)totals.links, (double)totals.halves};
    }
    sim_world_free(world);
    CHECK(counting.bytes == 0 || !world);
    free(w);
    return ok;
}

bool bench_state(struct bench_state *out, struct mistake *mistake) {
    struct reading few, idle, one, many;
    if (!read_world(CLIENTS_FEW, 1, true, &few) || !read_world(CLIENTS, 1, true, &idle) ||
        !read_world(CLIENTS, 1, false, &one) || !read_world(CLIENTS, SESSIONS, false, &many))
        return mistake_at(mistake, "loom bench", 0, NULL, "no memory to simulate it");
    CHECK(many.links == one.links);
    CHECK(many.halves > one.halves);
    out->client = (idle.bytes - few.bytes) / (CLIENTS - CLIENTS_FEW);
    out->circuit_half = (many.bytes - one.bytes) / (many.halves - one.halves);
    out->link_side = (one.bytes - idle.bytes - out->circuit_half * one.halves) / LINK_SIDES;
    return true;
}
