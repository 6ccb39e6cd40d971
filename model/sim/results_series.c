/* The series of a run as CSV: relays, their threads and intervals, and every transfer. */
#include <inttypes.h>
#include <string.h>

#include "sim/results.h"

#define NUMBER_MAX 21u /* digits of 2^64, and a comma */

static const char *implementation(const struct plan_relay *relay) {
    return relay->is_loom ? "loom" : "tor";
}

/* What a relay did in some samples. */
struct interval {
    struct sim_sample sum;
    uint64_t samples;
    uint64_t cpu_bound;
};

static void add_sample(const struct plan *plan, const struct sim_sample *sample, struct interval *out) {
    struct sim_sample *sum = &out->sum;
    sum->bytes_read += sample->bytes_read;
    sum->bytes_written += sample->bytes_written;
    sum->cells += sample->cells;
    sum->busy += sample->busy;
    sum->busy_most += sample->busy_most;
    sum->delay_sum += sample->delay_sum;
    sum->delay_max = sample->delay_max > sum->delay_max ? sample->delay_max : sum->delay_max;
    sum->inputs += sample->inputs;
    out->samples++;
    out->cpu_bound += results_is_cpu_bound(plan, sample);
}

static void put_relay(FILE *file, const struct results_source *source, uint32_t r) {
    const struct plan *plan = source->plan;
    const struct plan_relay *relay = &plan->relays[r];
    const struct sim_relay_config *config = &plan->config.relays[r];
    const struct sim_relay_measure *measure = &source->relays[r];
    const struct scenario_class *classes = plan->inputs->scenario.hardware.classes.items;
    const struct sim_cpu *cpu = &plan->config.cpus[config->cpu];
    struct interval all = {.samples = 0};
    struct sim_thread_measure threads = {.busy = 0};
    nsec busiest = 0;
    for (uint32_t i = results_first_sample(plan); i < measure->sample_count; i++)
        add_sample(plan, &measure->samples[i], &all);
    for (uint32_t t = 0; t < measure->thread_count; t++) {
        const struct sim_thread_measure *thread = &measure->threads[t];
        threads.busy += thread->busy;
        threads.inputs += thread->inputs;
        threads.delay_sum += thread->delay_sum;
        threads.delay_max = thread->delay_max > threads.delay_max ? thread->delay_max : threads.delay_max;
        if (t <= config->connection_threads && thread->busy > busiest)
            busiest = thread->busy;
    }
    fprintf(file, "%s,%s,%s,%" PRIu32 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",", relay->name,
            relay_role_name(relay->role), relay->row->country.code, relay->row->weight, relay->row->capacity,
            relay->row->rate, config->line_rate);
    fprintf(file, "%s,%s,%u,%u,", classes[relay->class].name, implementation(relay),
            config->connection_threads, (unsigned)cpu->cores * cpu->threads_per_core);
    fprintf(file,
            "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
            ",%" PRIu64 ",%" PRIu64 "\n",
            all.sum.bytes_read, all.sum.bytes_written, all.sum.cells, threads.busy, busiest, all.samples,
            all.cpu_bound, threads.inputs, threads.delay_sum, threads.delay_max);
}

static bool write_relays(struct results_folder *folder, const struct results_source *source,
                         struct mistake *mistake) {
    FILE *file = results_folder_begin(folder, "relays.csv", mistake);
    if (!file)
        return false;
    fputs(
        "relay,role,country,weight,capacity,rate,line_rate,class,implementation,connection_threads,cores,bytes_read,"
        "bytes_written,cells,busy_ns,busiest_ns,samples,cpu_bound_samples,inputs,delay_sum_ns,delay_max_ns\n",
        file);
    for (uint32_t r = 0; r < source->plan->config.relay_count; r++)
        put_relay(file, source, r);
    return results_folder_end(folder, file, true, mistake);
}

static const char *thread_kind(const struct sim_config *config, uint32_t r, uint32_t thread) {
    const struct sim_relay_config *relay = &config->relays[r];
    if (thread == 0)
        return "main";
    if (thread <= relay->connection_threads)
        return "connection";
    return thread <= relay->connection_threads + config->cpus[relay->cpu].workers ? "worker" : "kernel";
}

static void put_thread(FILE *file, const struct sim_thread_measure *thread) {
    fprintf(file, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, thread->busy, thread->inputs,
            thread->delay_sum, thread->delay_max);
    fprintf(file, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, thread->steps, thread->core_wait_sum,
            thread->core_wait_max);
    for (unsigned b = 0; b < SIM_DELAY_BINS; b++)
        fprintf(file, ",%" PRIu64, thread->delays[b]);
    fputc('\n', file);
}

static bool write_threads(struct results_folder *folder, const struct results_source *source,
                          struct mistake *mistake) {
    FILE *file = results_folder_begin(folder, "threads.csv", mistake);
    if (!file)
        return false;
    fputs(
        "relay,thread,kind,busy_ns,inputs,delay_sum_ns,delay_max_ns,steps,core_wait_sum_ns,core_wait_max_ns",
        file);
    for (unsigned b = 0; b < SIM_DELAY_BINS; b++)
        fprintf(file, ",d%u", b);
    fputc('\n', file);
    for (uint32_t r = 0; r < source->plan->config.relay_count; r++)
        for (uint32_t t = 0; t < source->relays[r].thread_count; t++) {
            fprintf(file, "%s,%" PRIu32 ",%s,", source->plan->relays[r].name, t,
                    thread_kind(&source->plan->config, r, t));
            put_thread(file, &source->relays[r].threads[t]);
        }
    return results_folder_end(folder, file, true, mistake);
}

/* As printf would, in a tenth of its time: of these lines there are millions. Returns the end. */
static char *put_number(char *at, uint64_t number) {
    char digits[20];
    size_t n = 0;
    do
        digits[n++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (n > 0)
        *at++ = digits[--n];
    return at;
}

static void put_interval(FILE *file, const struct results_source *source, uint32_t r, uint32_t first,
                         uint32_t end) {
    const struct plan *plan = source->plan;
    struct interval in = {.samples = 0};
    for (uint32_t i = first; i < end; i++)
        add_sample(plan, &source->relays[r].samples[i], &in);
    const struct sim_sample *s = &in.sum;
    const uint64_t numbers[] = {s->bytes_read, s->bytes_written, s->cells,     s->busy,     s->busy_most,
                                in.cpu_bound,  s->inputs,        s->delay_sum, s->delay_max};
    char line[PLAN_NAME_MAX + NUMBER_MAX * (2 + sizeof(numbers) / sizeof(numbers[0]))];
    char *at = put_number(line, first * plan->config.sample_interval);
    *at++ = ',';
    at = stpcpy(at, plan->relays[r].name);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        *at++ = ',';
        at = put_number(at, numbers[i]);
    }
    *at++ = '\n';
    fwrite(line, 1, (size_t)(at - line), file);
}

static bool write_relay_series(struct results_folder *folder, const struct results_source *source,
                               struct mistake *mistake) {
    const struct scenario_outputs *outputs = &source->plan->inputs->scenario.outputs;
    uint32_t step = (uint32_t)(outputs->series_ms / outputs->sample_ms);
    FILE *file = results_folder_begin(folder, "relay_series.csv", mistake);
    if (!file)
        return false;
    fputs(
        "from_ns,relay,bytes_read,bytes_written,cells,busy_ns,busiest_ns,cpu_bound_samples,inputs,delay_sum_ns,"
        "delay_max_ns\n",
        file);
    for (uint32_t r = 0; r < source->plan->config.relay_count; r++) {
        uint32_t n = source->relays[r].sample_count;
        for (uint32_t i = 0; i < n; i += step)
            put_interval(file, source, r, i, i + step < n ? i + step : n);
    }
    return results_folder_end(folder, file, true, mistake);
}

static void put_relay_name(FILE *file, const struct plan *plan, uint32_t relay) {
    fprintf(file, "%s,", relay < plan->config.relay_count ? plan->relays[relay].name : "");
}

static void put_time(FILE *file, nsec time) {
    if (time == NSEC_NEVER)
        fputc(',', file);
    else
        fprintf(file, ",%" PRIu64, time);
}

static void put_transfer(FILE *file, const struct plan *plan, const struct sim_transfer *t) {
    const struct scenario_clients *groups = plan->inputs->scenario.traffic.clients.items;
    const struct sim_load *load = &plan->config.loads[plan->config.clients[t->client].load];
    fprintf(file, "%" PRIu32 ",%s,%u,%" PRIu64 ",%s,%" PRIu64 ",", t->client,
            groups[plan->client_group[t->client]].name, t->session, load->files[t->file].bytes,
            sim_outcome_name((enum sim_outcome)t->outcome), t->bytes);
    for (unsigned hop = 0; hop < 3; hop++)
        put_relay_name(file, plan, t->relays[hop]);
    fprintf(file, "%u,%d", t->server, t->is_new_circuit);
    const nsec times[] = {t->started, t->circuit_built, t->asked, t->connected, t->first_byte, t->last_byte};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        put_time(file, times[i]);
    fputc('\n', file);
}

static bool write_transfers(struct results_folder *folder, const struct results_source *source,
                            struct mistake *mistake) {
    FILE *file = results_folder_begin(folder, "transfers.csv", mistake);
    if (!file)
        return false;
    fputs(
        "client,group,session,file_bytes,outcome,bytes,guard,middle,exit,server,new_circuit,started_ns,built_ns,"
        "asked_ns,connected_ns,first_byte_ns,last_byte_ns\n",
        file);
    for (uint32_t c = 0; c < source->plan->config.client_count; c++)
        for (uint64_t i = 0; i < source->clients[c].transfer_count; i++)
            put_transfer(file, source->plan, &source->clients[c].transfers[i]);
    return results_folder_end(folder, file, true, mistake);
}

bool results_write_series(struct results_folder *folder, const struct results_source *source,
                          struct mistake *mistake) {
    return write_relays(folder, source, mistake) && write_threads(folder, source, mistake) &&
           write_relay_series(folder, source, mistake) && write_transfers(folder, source, mistake);
}
