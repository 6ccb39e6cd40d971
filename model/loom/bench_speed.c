#include <time.h>

#include "loom/bench.h"
#include "sim/scenario_plan.h"
#include "sim/sim_world.h"

static double cpu_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void measure(struct sim_world *world, const struct sim_totals *before, double cpu_began,
                    struct bench_speed *out) {
    struct sim_totals after = sim_world_totals(world);
    out->cpu_s = cpu_clock() - cpu_began;
    double cpu_s = out->cpu_s > 0 ? out->cpu_s : 1e-9;
    out->cells = after.cells_relayed - before->cells_relayed;
    out->cells_per_core_s = (double)out->cells / cpu_s;
    out->events_per_core_s = (double)(after.events - before->events) / cpu_s;
    out->simulated_s = (double)(after.time - before->time) / 1e9;
}

static bool run_plan(const struct plan *plan, uint64_t seconds, struct bench_speed *out) {
    struct sim_config one = plan->config;
    one.partitions = 1; /* as loom run has it with one thread */
    const struct sim_config *config = &one;
    nsec end = config->measure_from + seconds * NSEC_PER_S;
    end = end < config->end ? end : config->end;
    out->relays = config->relay_count;
    out->clients = config->client_count;
    struct sim_world *world = sim_world_new(config);
    bool ok = world && sim_world_run(world, config->measure_from, 1) == ERR_OK;
    if (ok) {
        struct sim_totals before = sim_world_totals(world);
        double cpu_began = cpu_clock();
        ok = sim_world_run(world, end, 1) == ERR_OK;
        measure(world, &before, cpu_began, out);
    }
    sim_world_free(world);
    return ok;
}

bool bench_speed(const char *scenario, uint64_t seconds, struct bench_speed *out, struct mistake *mistake) {
    struct scenario_inputs inputs;
    struct plan plan;
    if (!scenario_inputs_read(scenario, NULL, &inputs, mistake))
        return false;
    bool ok = plan_make(&inputs, inputs.scenario.arms.items, inputs.scenario.seeds.first, &plan, mistake);
    if (ok) {
        ok = run_plan(&plan, seconds, out) ||
             mistake_at(mistake, scenario, 0, NULL, "no memory to simulate it");
        plan_fini(&plan);
    }
    scenario_inputs_fini(&inputs);
    return ok;
}
