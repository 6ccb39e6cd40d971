#include "sim/results_summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "sim/results_fairness.h"
#include "sim/results_statistics.h"
#include "sim/results_sustained.h"

#define NS_PER_SECOND   1e9
#define NS_PER_MS       1e6
#define SIZES_MAX       4096u /* 64 groups of clients and their files */
#define PER_SIZE        4u
#define PER_CLASS       6u
#define ALONE           7u
#define PERMILLE_LATE   990u
#define PERMILLE_MEDIAN 500u
#define PERMILLE_MOST   950u

/* What is being put together. */
struct making {
    const struct results_source *source;
    struct results_summary *out;
    uint64_t *values; /* room for as many as there are measured transfers or builds */
    size_t room;
    struct results_rate *rates; /* as many */
};

static struct results_quantity *add(struct making *m, const char *unit) {
    struct results_quantity *q = &m->out->quantities[m->out->count++];
    *q = (struct results_quantity){.is_there = false};
    CHECK(strlen(unit) < sizeof(q->unit));
    snprintf(q->unit, sizeof(q->unit), "%s", unit);
    return q;
}

static const struct scenario *scenario_of(const struct making *m) {
    return &m->source->plan->inputs->scenario;
}

/* --- clients ------------------------------------------------------------------------------------------------------ */

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Sizes of files that measured clients fetch, each once, smallest first. */
static uint32_t measured_sizes(const struct scenario *s, uint64_t out[static SIZES_MAX]) {
    const struct scenario_clients *groups = s->traffic.clients.items;
    uint32_t n = 0, kept = 0;
    for (uint32_t i = 0; i < s->traffic.clients.n; i++) {
        const struct scenario_file *files = groups[i].files.items;
        for (uint32_t j = 0; groups[i].is_measured && j < groups[i].files.n && n < SIZES_MAX; j++)
            out[n++] = files[j].bytes;
    }
    qsort(out, n, sizeof(out[0]), ascending);
    for (uint32_t i = 0; i < n; i++)
        if (kept == 0 || out[kept - 1] != out[i])
            out[kept++] = out[i];
    return kept;
}

static uint64_t file_bytes(const struct plan *plan, const struct sim_transfer *transfer) {
    return plan->config.loads[plan->config.clients[transfer->client].load].files[transfer->file].bytes;
}

enum client_value { FIRST_BYTE, LAST_BYTE, GOODPUT };

static bool value_of(const struct sim_transfer *t, enum client_value what, uint64_t *out) {
    switch (what) {
    case FIRST_BYTE: *out = t->first_byte - t->asked; return t->first_byte != NSEC_NEVER;
    case LAST_BYTE: *out = t->last_byte - t->asked; return t->outcome == SIM_OUTCOME_DONE;
    case GOODPUT: break;
    }
    if (t->outcome != SIM_OUTCOME_DONE || t->last_byte <= t->first_byte)
        return false;
    *out = (uint64_t)((double)t->bytes * 8e9 / (double)(t->last_byte - t->first_byte)); /* bit/s */
    return true;
}

/* Sorted values of measured transfers; size 0: of any size. */
static size_t collect(struct making *m, enum client_value what, uint64_t size) {
    const struct results_source *source = m->source;
    size_t n = 0;
    for (uint32_t c = 0; c < source->plan->config.client_count; c++)
        for (uint64_t i = 0; i < source->clients[c].transfer_count; i++) {
            const struct sim_transfer *t = &source->clients[c].transfers[i];
            if (!results_is_measured(source, t) || (size && file_bytes(source->plan, t) != size))
                continue;
            CHECK(n < m->room);
            n += value_of(t, what, &m->values[n]);
        }
    results_sort(m->values, n);
    return n;
}

static void set_quantile(struct results_quantity *q, const struct making *m, size_t n, uint32_t permille,
                         double divisor) {
    q->is_there = n > 0;
    if (n > 0)
        q->value = (double)results_quantile(m->values, n, permille) / divisor;
}

/* "50 KiB", "1 MiB", "700 bytes" */
static void put_size(uint64_t bytes, char out[static 32]) {
    static const char *const names[] = {"bytes", "KiB", "MiB", "GiB"};
    unsigned i = 0;
    for (; i < 3 && bytes >= 1024 && bytes % 1024 == 0; i++)
        bytes /= 1024;
    snprintf(out, 32, "%" PRIu64 " %s", bytes, names[i]);
}

static void add_times(struct making *m, enum client_value what, uint64_t size) {
    static const struct {
        uint32_t permille;
        const char *key, *name;
    } marks[] = {{PERMILLE_MEDIAN, "0.5", "median"}, {PERMILLE_MOST, "0.95", "95 %"}};
    char words[32];
    put_size(size, words);
    size_t n = collect(m, what, size);
    for (unsigned i = 0; i < 2; i++) {
        struct results_quantity *q = add(m, "s");
        snprintf(q->key, sizeof(q->key), "%s_byte.%" PRIu64 ".%s", what == FIRST_BYTE ? "first" : "last",
                 size, marks[i].key);
        snprintf(q->label, sizeof(q->label), "time to %s byte, %s, %s", what == FIRST_BYTE ? "first" : "last",
                 words, marks[i].name);
        set_quantile(q, m, n, marks[i].permille, NS_PER_SECOND);
    }
}

static struct results_quantity *add_named(struct making *m, const char *key, const char *label,
                                          const char *unit) {
    struct results_quantity *q = add(m, unit);
    snprintf(q->key, sizeof(q->key), "%s", key);
    snprintf(q->label, sizeof(q->label), "%s", label);
    return q;
}

static void add_fairness(struct making *m) {
    const struct plan *plan = m->source->plan;
    struct results_quantity *q = add_named(m, "fairness", "fairness of clients, Jain's index", "0 to 1");
    size_t n = 0;
    for (uint32_t c = 0; c < plan->config.client_count; c++)
        for (uint64_t i = 0; i < m->source->clients[c].transfer_count; i++) {
            const struct sim_transfer *t = &m->source->clients[c].transfers[i];
            struct results_rate rate = {.kind = (uint32_t)plan->config.clients[c].load << 16 | t->file,
                                        .host = c};
            if (results_is_measured(m->source, t) && value_of(t, GOODPUT, &rate.bits) && rate.bits)
                m->rates[n++] = rate;
        }
    q->is_there = results_fairness(m->rates, n, &q->value);
}

static void add_builds(struct making *m) {
    const struct results_source *source = m->source;
    const struct scenario_clients *groups = scenario_of(m)->traffic.clients.items;
    size_t n = 0;
    for (uint32_t c = 0; c < source->plan->config.client_count; c++)
        for (uint64_t i = 0; i < source->clients[c].build_count; i++) {
            const struct sim_build *b = &source->clients[c].builds[i];
            if (!groups[source->plan->client_group[c]].is_measured || b->outcome != SIM_OUTCOME_DONE ||
                b->started < source->plan->config.measure_from)
                continue;
            CHECK(n < m->room);
            m->values[n++] = b->took;
        }
    results_sort(m->values, n);
    set_quantile(add_named(m, "build", "time to build a circuit, median", "s"), m, n, PERMILLE_MEDIAN,
                 NS_PER_SECOND);
}

static void add_failures(struct making *m) {
    const struct results_source *source = m->source;
    uint64_t *outcomes = m->out->outcomes;
    uint64_t ended = 0;
    for (uint32_t c = 0; c < source->plan->config.client_count; c++)
        for (uint64_t i = 0; i < source->clients[c].transfer_count; i++)
            if (results_is_measured(source, &source->clients[c].transfers[i]))
                outcomes[source->clients[c].transfers[i].outcome]++;
    for (unsigned i = 0; i < SIM_OUTCOME_UNFINISHED; i++)
        ended += outcomes[i];
    struct results_quantity *q = add_named(m, "failed", "transfers that failed", "%");
    q->is_there = ended > 0;
    if (ended > 0)
        q->value = 100.0 * (double)(ended - outcomes[SIM_OUTCOME_DONE]) / (double)ended;
}

/* --- relays ------------------------------------------------------------------------------------------------------- */

static void add_written(struct making *m) {
    const struct plan *plan = m->source->plan;
    uint64_t bytes = 0, samples = 0;
    for (uint32_t r = 0; r < plan->config.relay_count; r++) {
        const struct sim_relay_measure *relay = &m->source->relays[r];
        samples = 0;
        for (uint32_t i = results_first_sample(plan); i < relay->sample_count; i++, samples++)
            bytes += relay->samples[i].bytes_written;
    }
    struct results_quantity *q = add_named(m, "written", "written by all relays", "Gbit/s");
    q->is_there = samples > 0;
    if (samples > 0)
        q->value = (double)bytes * 8.0 / (double)(samples * plan->config.sample_interval);
}

static void add_sustained(struct making *m) {
    if (!scenario_of(m)->outputs.sustained)
        return;
    const struct results_sustained value = results_sustained(m->source);
    struct results_quantity *both =
        add_named(m, "sustained", "maximum sustained, received and sent", "Mbit/s");
    struct results_quantity *relayed =
        add_named(m, "relayed", "maximum sustained, relayed one way", "Mbit/s");
    both->is_there = relayed->is_there = value.is_there;
    both->value = value.both_mbit;
    relayed->value = value.relayed_mbit;
}

/* What the relays of a class did in the measured time. */
struct class_sums {
    uint64_t relays;
    uint64_t measured_ns; /* of all of them together */
    uint64_t logical_ns;  /* the same, of all their logical cores */
    uint64_t busy, busiest, bound_ns;
    uint64_t inputs, delay_sum;
    uint64_t steps, core_wait_sum;
    uint64_t delays[SIM_DELAY_BINS];
};

static bool is_worker(const struct sim_relay_config *relay, uint32_t thread) {
    return thread > relay->connection_threads;
}

static void sum_threads(const struct sim_relay_measure *measure, const struct sim_relay_config *relay,
                        struct class_sums *sums) {
    nsec busiest = 0;
    for (uint32_t t = 0; t < measure->thread_count; t++) {
        const struct sim_thread_measure *thread = &measure->threads[t];
        sums->busy += thread->busy;
        sums->inputs += thread->inputs;
        sums->delay_sum += thread->delay_sum;
        sums->steps += thread->steps;
        sums->core_wait_sum += thread->core_wait_sum;
        if (!is_worker(relay, t) && thread->busy > busiest)
            busiest = thread->busy;
        for (unsigned b = 0; b < SIM_DELAY_BINS; b++)
            sums->delays[b] += thread->delays[b];
    }
    sums->busiest += busiest;
}

static void sum_relay(const struct results_source *source, uint32_t r, struct class_sums *sums) {
    const struct plan *plan = source->plan;
    const struct sim_relay_config *relay = &plan->config.relays[r];
    const struct sim_relay_measure *measure = &source->relays[r];
    const struct sim_cpu *cpu = &plan->config.cpus[relay->cpu];
    if (measure->thread_count == 0) /* its processors were not measured */
        return;
    for (uint32_t i = results_first_sample(plan); i < measure->sample_count; i++)
        sums->bound_ns += results_is_cpu_bound(plan, &measure->samples[i]) ? plan->config.sample_interval : 0;
    uint64_t measured = plan->config.end - plan->config.measure_from;
    sums->relays++;
    sums->measured_ns += measured;
    sums->logical_ns += measured * cpu->cores * cpu->threads_per_core;
    sum_threads(measure, relay, sums);
}

static void add_ratio(struct making *m, const char *key, const char *name, const char *label,
                      const char *unit, double above, double below) {
    struct results_quantity *q = add(m, unit);
    snprintf(q->key, sizeof(q->key), "%s.%s", key, name);
    snprintf(q->label, sizeof(q->label), "%s, %s", label, name);
    q->is_there = below > 0;
    if (below > 0)
        q->value = above / below;
}

/* class: UINT32_MAX for all relays. */
static void add_class(struct making *m, const char *name, uint32_t class) {
    struct class_sums s = {.relays = 0};
    for (uint32_t r = 0; r < m->source->plan->config.relay_count; r++)
        if (class == UINT32_MAX || m->source->plan->relays[r].class == class)
            sum_relay(m->source, r, &s);
    add_ratio(m, "busiest", name, "busiest thread", "% of time", 100.0 * (double)s.busiest,
              (double)s.measured_ns);
    add_ratio(m, "cores", name, "all cores", "% of time", 100.0 * (double)s.busy, (double)s.logical_ns);
    add_ratio(m, "bound", name, "CPU-bound time", "% of time", 100.0 * (double)s.bound_ns,
              (double)s.measured_ns);
    add_ratio(m, "delay", name, "queue delay, mean", "ms", (double)s.delay_sum / NS_PER_MS, (double)s.inputs);
    add_ratio(m, "late", name, "queue delay, 99 %", "ms",
              (double)results_bin_quantile(s.delays, SIM_DELAY_BINS, PERMILLE_LATE) / NS_PER_MS,
              s.inputs ? 1 : 0);
    add_ratio(m, "core_wait", name, "wait for a core, mean", "ms", (double)s.core_wait_sum / NS_PER_MS,
              (double)s.steps);
    if (class == UINT32_MAX) {
        m->out->relay_ns = s.measured_ns;
        m->out->cpu_bound_ns = s.bound_ns;
    }
}

/* ------------------------------------------------------------------------------------------------------------------ */

static size_t count_values(const struct results_source *source) {
    uint64_t n = 0;
    for (uint32_t c = 0; c < source->plan->config.client_count; c++)
        n += source->clients[c].transfer_count > source->clients[c].build_count
                 ? source->clients[c].transfer_count
                 : source->clients[c].build_count;
    return (size_t)n;
}

static void add_all(struct making *m, const uint64_t *sizes, uint32_t sizes_n) {
    const struct scenario_hardware *hardware = &scenario_of(m)->hardware;
    const struct scenario_class *classes = hardware->classes.items;
    for (uint32_t i = 0; i < sizes_n; i++)
        add_times(m, FIRST_BYTE, sizes[i]);
    for (uint32_t i = 0; i < sizes_n; i++)
        add_times(m, LAST_BYTE, sizes[i]);
    size_t n = collect(m, GOODPUT, 0);
    set_quantile(add_named(m, "goodput", "goodput of a transfer, median", "Mbit/s"), m, n, PERMILLE_MEDIAN,
                 1e6);
    add_fairness(m);
    add_builds(m);
    add_failures(m);
    add_written(m);
    add_sustained(m);
    add_class(m, "all relays", UINT32_MAX);
    for (uint32_t i = 0; hardware->classes.n > 1 && i < hardware->classes.n; i++)
        add_class(m, classes[i].name, i);
}

/* What is written is what is compared: a run that is resumed gives the same. */
static void round_all(struct results_summary *out) {
    for (uint32_t i = 0; i < out->count; i++) {
        char text[64];
        snprintf(text, sizeof(text), "%.12g", out->quantities[i].value);
        out->quantities[i].value = strtod(text, NULL);
    }
}

bool results_summary_make(const struct results_source *source, struct results_summary *out) {
    uint64_t sizes[SIZES_MAX] = {0};
    struct making m = {source, out, NULL, count_values(source), NULL};
    uint32_t sizes_n = measured_sizes(scenario_of(&m), sizes);
    uint32_t classes = scenario_of(&m)->hardware.classes.n;
    *out = (struct results_summary){.count = 0};
    out->quantities =
        calloc(PER_SIZE * sizes_n + ALONE + PER_CLASS * (1 + classes), sizeof(*out->quantities));
    m.values = calloc(m.room + 1, sizeof(*m.values));
    m.rates = calloc(m.room + 1, sizeof(*m.rates));
    bool ok = out->quantities && m.values && m.rates;
    if (ok)
        add_all(&m, sizes, sizes_n);
    if (ok)
        round_all(out);
    else
        results_summary_fini(out);
    free(m.values);
    free(m.rates);
    return ok;
}

void results_summary_fini(struct results_summary *summary) {
    free(summary->quantities);
    *summary = (struct results_summary){.count = 0};
}

const struct results_quantity *results_summary_find(const struct results_summary *summary, const char *key) {
    for (uint32_t i = 0; i < summary->count; i++)
        if (strcmp(summary->quantities[i].key, key) == 0)
            return &summary->quantities[i];
    return NULL;
}

static json_t *quantities_json(const struct results_summary *summary) {
    json_t *array = json_array();
    for (uint32_t i = 0; i < summary->count; i++) {
        const struct results_quantity *q = &summary->quantities[i];
        json_array_append_new(array,
                              json_pack("{s:s, s:s, s:s, s:o}", "key", q->key, "label", q->label, "unit",
                                        q->unit, "value", q->is_there ? json_real(q->value) : json_null()));
    }
    return array;
}

static json_t *outcomes_json(const struct results_summary *summary) {
    json_t *object = json_object();
    for (unsigned i = 0; i < RESULTS_OUTCOMES; i++)
        json_object_set_new(object, sim_outcome_name((enum sim_outcome)i),
                            json_integer((json_int_t)summary->outcomes[i]));
    return object;
}

static json_t *totals_json(const struct sim_totals *t) {
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "cells_relayed",
                     (json_int_t)t->cells_relayed, "circuits_built", (json_int_t)t->circuits_built,
                     "circuits_failed", (json_int_t)t->circuits_failed, "transfers_done",
                     (json_int_t)t->transfers_done, "transfers_failed", (json_int_t)t->transfers_failed,
                     "segments_lost", (json_int_t)t->segments_lost, "links", (json_int_t)t->links, "halves",
                     (json_int_t)t->halves);
}

json_t *results_summary_json(const struct results_source *source, const struct results_summary *summary) {
    return json_pack("{s:s, s:I, s:s, s:o, s:o, s:I, s:I, s:o}", "prices", plan_note(source->plan->inputs),
                     "seed", (json_int_t)source->plan->seed, "arm", source->plan->arm->name, "totals",
                     totals_json(&source->totals), "outcomes", outcomes_json(summary), "relay_ns",
                     (json_int_t)summary->relay_ns, "cpu_bound_ns", (json_int_t)summary->cpu_bound_ns,
                     "quantities", quantities_json(summary));
}
