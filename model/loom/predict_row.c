/* A row of a prediction: the machine of its profile, the simulation, and what came of it in the units of people. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "des/rate_bucket.h"
#include "files/file_memory.h"
#include "files/file_text.h"
#include "files/project_file.h"
#include "loom/predict.h"

#define PROFILE_BYTES_MAX (1u << 20)
#define BYTES_PER_MBIT    UINT64_C(125000)
#define CELL_BITS         (514.0 * 8)

/* --- the machine ---------------------------------------------------------------------------------------------------- */

/* A name has no slash and no ending. */
static bool find_profile(const char *name, char path[static PATH_MAX], struct mistake *mistake) {
    char file[PATH_MAX];
    if (strchr(name, '/') || strstr(name, ".yaml")) {
        snprintf(path, PATH_MAX, "%s", name);
        return true;
    }
    snprintf(file, sizeof(file), "model/cost/profiles/%s.yaml", name);
    return project_file_find(file, R_OK, path) ||
           mistake_at(mistake, name, 0, NULL,
                      "expected a profile's file, or the name of one in model/cost/profiles");
}

static bool read_profile(const char *name, struct cost_profile *out, struct mistake *mistake) {
    char path[PATH_MAX];
    struct file_text text;
    if (!find_profile(name, path, mistake) || !file_text_read(path, PROFILE_BYTES_MAX, &text, mistake))
        return false;
    bool ok = cost_profile_parse(path, text.bytes, text.length, out, mistake);
    file_text_fini(&text);
    return ok;
}

/* Both ways together: half for each, as what a relay takes in it gives out. */
static uint64_t line_rate(const struct predict_options *o, const struct cost_profile *profile) {
    if (o->nic == PREDICT_NIC_NONE)
        return RATE_UNLIMITED;
    return profile->nic_mbit * BYTES_PER_MBIT / (profile->nic_both_ways ? 2 : 1);
}

bool predict_machine_read(const struct predict_options *o, const char *name, struct predict_machine *out,
                          struct mistake *mistake) {
    if (!read_profile(name, &out->profile, mistake) ||
        (o->generator && !read_profile(o->generator, &out->generator, mistake)))
        return false;
    const struct cost_profile *profile = &out->profile;
    bool is_tor = strncmp(profile->name, "tor", 3) == 0;
    uint64_t cores = o->cores ? o->cores : profile->cores;
    uint64_t per_core = o->threads_per_core ? o->threads_per_core : profile->threads_per_core;
    uint64_t queues = o->softirq_queues ? o->softirq_queues : profile->softirq_queues;
    if (o->softirq_queues > cores * per_core)
        return mistake_at(mistake, profile->name, 0, "softirq-queues",
                          "expected at most the %" PRIu64 " logical cores, found %" PRIu64, cores * per_core,
                          o->softirq_queues);
    out->cpu = (struct sim_cpu){.mapping = (enum cost_mapping)o->mapping,
                                .behaviour = (enum sim_behaviour)o->behaviour,
                                .cores = (uint16_t)cores,
                                .threads_per_core = (uint16_t)per_core,
                                .workers = 1,
                                .placement = (enum sim_placement)o->placement,
                                .softirq_queues = (uint16_t)queues};
    out->cipher = is_tor ? LINK_AES256 : cost_profile_cipher(profile);
    if (o->cipher >= 0)
        out->cipher = (enum link_cipher)o->cipher;
    if (o->mapping < 0)
        out->cpu.mapping = is_tor ? COST_VANILLA : COST_FULL;
    if (o->behaviour < 0)
        out->cpu.behaviour = is_tor ? SIM_BEHAVE_TOR : SIM_BEHAVE_LOOM;
    out->line_rate = line_rate(o, profile);
    return true;
}

/* --- the run -------------------------------------------------------------------------------------------------------- */

bool predict_row_make(const struct predict_options *o, const struct predict_machine *machine,
                      uint16_t threads, struct predict_row *out, struct mistake *mistake) {
    const char *name = machine->profile.name;
    struct sim_prediction_setting setting = {
        .memory = &file_memory,
        .cpu = machine->cpu,
        .load = {.is_exit = o->role == PREDICT_EXIT,
                 .links = (uint32_t)o->links,
                 .circuits = (uint32_t)o->circuits,
                 .run = (uint32_t)o->run,
                 .record_cells = (uint32_t)o->record_cells,
                 .rate = (uint32_t)o->rate,
                 .prices = o->generator ? &machine->generator.value : NULL,
                 .cipher = machine->cipher},
        .connection_threads = threads,
        .line_rate = machine->line_rate,
        .latency_us = (uint32_t)o->latency_us,
        .warm_up = o->warm_up,
        .length = o->length,
        .seed = o->seed};
    setting.cpu.prices = &machine->profile.value;
    out->threads = threads;
    out->has_interval = false;
    if (machine->cpu.mapping == COST_VANILLA && threads > 0)
        return mistake_at(mistake, name, 0, "threads", "expected 0 with the mapping vanilla, found %u",
                          threads);
    enum err e = sim_predict(&setting, &out->found);
    if (e == ERR_LIMIT)
        return mistake_at(mistake, name, 0, NULL, "no memory for the simulation");
    return e == ERR_OK || mistake_at(mistake, name, 0, NULL, "the simulated relay closed links or circuits");
}

double predict_cells_per_s(const struct predict_row *row) {
    return (double)row->found.cells * 1e9 / (double)row->found.time;
}

double predict_mbit(const struct predict_row *row) {
    return predict_cells_per_s(row) * CELL_BITS / 1e6;
}

double predict_cpu_ns_per_cell(const struct predict_row *row) {
    double busy = (double)row->found.busy_workers;
    for (uint16_t i = 0; i < row->found.threads; i++)
        busy += (double)row->found.busy[i];
    return busy / (double)row->found.cells;
}

double predict_utilisation(const struct predict_row *row, uint16_t thread) {
    return (double)row->found.busy[thread] / (double)row->found.time;
}

/* The working set is over all threads, and each has its part of the caches: prices are those of a mean thread. */
void predict_bill(const struct predict_machine *machine, const struct predict_row *row,
                  double ns_out[static COST_STAGES]) {
    struct working_set set = row->found.set;
    uint32_t threads = row->found.threads > 1 ? row->found.threads - 1u : 1;
    struct cost_bill bill;
    double priced = 0, all = predict_cpu_ns_per_cell(row);
    set.halves_active /= threads;
    set.cells_waiting /= threads;
    cost_bill_make(&machine->profile.value, &row->found.work, &set, &bill);
    for (unsigned i = 0; i < COST_STAGES; i++) {
        ns_out[i] = (double)bill.ps[i] / COST_PS_PER_NS / (double)row->found.cells;
        priced += ns_out[i];
    }
    for (unsigned i = 0; priced > all && i < COST_STAGES; i++)
        ns_out[i] *= all / priced;
    if (priced < all)
        ns_out[COST_STAGE_REST] += all - priced;
}
