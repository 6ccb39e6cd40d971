#include <inttypes.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "loom/run.h"

#define SLICES       1000u /* of a run, for its progress */
#define TELL_EVERY_S 0.2

static double cpu_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool no_memory(const struct plan *plan, struct mistake *mistake) {
    return mistake_at(mistake, plan->inputs->file_name, 0, NULL, "no memory to simulate it");
}

static bool simulate(struct sim_world *world, const struct plan *plan, uint32_t threads, int news,
                     struct mistake *mistake) {
    const nsec end = plan->config.end;
    double told = run_clock();
    for (unsigned i = 1; i <= SLICES; i++) {
        nsec until = end / SLICES * i + end % SLICES * i / SLICES;
        if (sim_world_run(world, until, threads) != ERR_OK)
            return no_memory(plan, mistake);
        if (run_clock() - told < TELL_EVERY_S)
            continue;
        told = run_clock();
        run_pipe_tell(news, &(struct run_news){.word = RUN_PROGRESS, .share = (double)i / SLICES});
    }
    sim_world_finish(world);
    return true;
}

/* What every host measured or saw, borrowed from the world; arrays to be freed. */
static bool collect(const struct sim_world *world, const struct plan *plan, struct sim_relay_measure **relays,
                    struct sim_client_measure **clients, struct sim_sights **seen) {
    const struct sim_config *config = &plan->config;
    *relays = calloc((size_t)config->relay_count + 1, sizeof(**relays));
    *clients = calloc((size_t)config->client_count + 1, sizeof(**clients));
    *seen = calloc((size_t)config->server_count + config->client_count + 1, sizeof(**seen));
    if (!*relays || !*clients || !*seen)
        return false;
    for (uint32_t i = 0; i < config->server_count; i++)
        (*seen)[i] = sim_world_server_sights(world, i);
    for (uint32_t i = 0; i < config->client_count; i++)
        (*seen)[config->server_count + i] = sim_world_probe_sights(world, i);
    for (uint32_t i = 0; i < config->relay_count; i++)
        (*relays)[i] = sim_world_relay(world, i);
    for (uint32_t i = 0; i < config->client_count; i++)
        (*clients)[i] = sim_world_client(world, i);
    return true;
}

bool run_folder(const struct plan *plan, const char *out, char path_out[static RESULTS_PATH_MAX],
                struct mistake *mistake) {
    int n = snprintf(path_out, RESULTS_PATH_MAX, "%s/seed-%" PRIu64 "/%s", out, plan->seed, plan->arm->name);
    return (n > 0 && (size_t)n < RESULTS_PATH_MAX) ||
           mistake_at(mistake, out, 0, NULL, "expected a shorter name");
}

static bool write_folder(const struct run_arm *arm, const struct results_source *source, const char *out,
                         const struct results_summary *summary, struct mistake *mistake) {
    char path[RESULTS_PATH_MAX];
    struct results_folder folder;
    if (!run_folder(source->plan, out, path, mistake))
        return false;
    if (!results_folder_open(path, &folder, mistake))
        return false;
    if (results_write(&folder, source, summary, mistake) &&
        run_write_host(&folder, arm, source->plan, &source->totals, mistake))
        return results_folder_close(&folder, mistake);
    results_folder_discard(&folder);
    return false;
}

static bool write_source(const struct run_arm *arm, const struct results_source *source, const char *out,
                         struct results_summary *summary_out, struct mistake *mistake) {
    if (!results_summary_make(source, summary_out))
        return no_memory(source->plan, mistake);
    if (write_folder(arm, source, out, summary_out, mistake))
        return true;
    results_summary_fini(summary_out);
    return false;
}

bool run_arm_write(const struct run_arm *arm, const struct plan *plan, const char *out,
                   struct results_summary *summary_out, struct mistake *mistake) {
    const struct results_outside *outside = &arm->outside;
    if (!arm->world)
        return write_source(arm,
                            &(struct results_source){.plan = plan,
                                                     .relays = outside->relays,
                                                     .clients = outside->clients,
                                                     .totals = outside->totals},
                            out, summary_out, mistake);
    struct sim_relay_measure *relays = NULL;
    struct sim_client_measure *clients = NULL;
    struct sim_sights *seen = NULL; /* at servers, then of clients that probe */
    bool ok = collect(arm->world, plan, &relays, &clients, &seen);
    const struct results_source source = {.plan = plan,
                                          .relays = relays,
                                          .clients = clients,
                                          .totals = sim_world_totals(arm->world),
                                          .servers = seen,
                                          .probes = seen + (ok ? plan->config.server_count : 0)};
    ok = ok ? write_source(arm, &source, out, summary_out, mistake) : no_memory(plan, mistake);
    free(relays);
    free(clients);
    free(seen);
    return ok;
}

static void end_cost(struct run_cost *cost, double wall_began, double cpu_began) {
    struct rusage usage;
    cost->wall_s = run_clock() - wall_began;
    cost->cpu_s = cpu_clock() - cpu_began;
    cost->rss_bytes_max = getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}

bool run_arm_simulate(const struct plan *plan, const struct run_shape *shape, const char *folder, int news,
                      struct run_arm *out, struct mistake *mistake) {
    double wall_began = run_clock();
    double cpu_began = cpu_clock();
    *out = (struct run_arm){.plan = plan, .shape = *shape, .config = plan->config};
    if (plan->inputs->scenario.engine == SCENARIO_ENGINE_SHADOW)
        return run_arm_shadow(plan, shape, folder, news, &out->outside, &out->cost, mistake);
    if (shape->threads == 1)
        out->config.partitions =
            1; /* nothing has to cross between partitions, and no result depends on them */
    out->world = sim_world_new(&out->config);
    if (out->world ? simulate(out->world, plan, shape->threads, news, mistake) : no_memory(plan, mistake)) {
        end_cost(&out->cost, wall_began, cpu_began);
        return true;
    }
    run_arm_fini(out);
    return false;
}

void run_arm_fini(struct run_arm *arm) {
    sim_world_free(arm->world);
    results_outside_fini(&arm->outside);
    arm->world = NULL;
}
