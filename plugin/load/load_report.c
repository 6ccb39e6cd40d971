#include "load/load_report.h"

#include <inttypes.h>
#include <stdlib.h>

static int compare_trips(const void *a, const void *b) {
    nsec x = *(const nsec *)a, y = *(const nsec *)b;
    return (x > y) - (x < y);
}

static double ratio(uint64_t part, uint64_t whole) {
    return whole == 0 ? 0 : (double)part / (double)whole;
}

static void print_echoes(struct load_report *report, FILE *out) {
    uint32_t n = report->trip_count;
    qsort(report->trips, n, sizeof *report->trips, compare_trips);
    fprintf(out, ", \"echoes\": %u, \"echo_median_ns\": %" PRIu64 ", \"echo_p99_ns\": %" PRIu64, n,
            n ? report->trips[n / 2] : 0, n ? report->trips[(uint64_t)n * 99 / 100] : 0);
}

/* What is counted, and paid for. */
static const char *unit_of(const struct load_report *report) {
    return report->options->mode == LOAD_CELLS ? "cell" : "handshake";
}

static void print_threads(const struct load_report *report, FILE *out) {
    const char *unit = unit_of(report);
    fprintf(out, ", \"threads\": [");
    for (uint32_t i = 0; i < report->relay.count; i++) {
        const struct load_thread_cpu *thread = &report->relay.threads[i];
        fprintf(out, "%s{\"name\": \"%s\", \"cores\": %.4f", i ? ", " : "", thread->name,
                ratio(thread->busy, report->elapsed));
        fprintf(out, ", \"ns_per_%s\": %.1f, \"wakes_per_1000_%ss\": %.2f}", unit,
                ratio(thread->busy, report->units), unit, 1000 * ratio(thread->switches, report->units));
    }
    fprintf(out, "]");
}

/* What its CPU time went on, by kinds of a relay's work: who calibrates puts prices on them. */
static void print_own_work(const struct load_report *report, FILE *out) {
    const struct work *work = &report->work;
    fprintf(out,
            ", \"generator_work\": {\"tls_records_written\": %" PRIu64 ", \"tls_bytes_written\": %" PRIu64,
            work->tls_records_written, work->tls_bytes_written);
    fprintf(out, ", \"writes\": %" PRIu64 ", \"tls_bytes_read\": %" PRIu64 ", \"reads\": %" PRIu64,
            work->writes, work->tls_bytes_read, work->reads);
    fprintf(out, ", \"loop_turns\": %" PRIu64 ", \"loop_sleeps\": %" PRIu64 "}", work->loop_turns,
            work->loop_sleeps);
}

static void print_load(const struct load_report *report, FILE *out) {
    nsec relay = load_cpu_total(&report->relay), own = load_cpu_total(&report->own);
    const char *unit = unit_of(report);
    fprintf(out, ", \"seconds\": %.3f, \"%ss\": %" PRIu64 ", \"%ss_per_s\": %.0f",
            ratio(report->elapsed, NSEC_PER_S), unit, report->units, unit,
            ratio(report->units, report->elapsed) * (double)NSEC_PER_S);
    fprintf(out, ", \"generator_cores\": %.4f, \"generator_ns_per_%s\": %.1f", ratio(own, report->elapsed),
            unit, ratio(own, report->units));
    if (report->work.loop_turns > 0)
        print_own_work(report, out);
    if (report->relay.count == 0)
        return;
    fprintf(out, ", \"relay_cores\": %.4f, \"relay_ns_per_%s\": %.1f", ratio(relay, report->elapsed), unit,
            ratio(relay, report->units));
    print_threads(report, out);
}

static void print_share(const struct load_report *report, FILE *out) {
    fprintf(out, ", \"share\": %u, \"most_before\": %" PRIu64 ", \"most_after\": %" PRIu64,
            report->options->share, report->most_before, report->most_after);
}

static void print_delays(const struct load_report *report, FILE *out) {
    const struct load_delays *all = &report->delays->all;
    nsec median, p99;
    load_delay_slices_medians(report->delays, &median, &p99);
    fprintf(out, ", \"rate\": %u, \"left_out\": %" PRIu64 ", \"delays\": %" PRIu64, report->options->rate,
            report->left_out, all->count);
    fprintf(out, ", \"delay_p50_ns\": %" PRIu64 ", \"delay_p99_ns\": %" PRIu64, median, p99);
    fprintf(out, ", \"slices\": %u, \"slices_undisturbed\": %u", report->delays->count,
            report->delays->undisturbed);
    fprintf(out, ", \"delay_p50_of_all_ns\": %" PRIu64 ", \"delay_p99_of_all_ns\": %" PRIu64,
            load_delays_quantile(all, 500), load_delays_quantile(all, 990));
    fprintf(out, ", \"delay_mean_ns\": %" PRIu64, load_delays_mean(all));
}

static void print_shape(const struct load_report *report, FILE *out) {
    const struct load_options *o = report->options;
    fprintf(out, "{\"links\": %u, \"circuits\": %u", o->links, o->circuits);
    switch (o->mode) {
    case LOAD_IDLE:
    case LOAD_CELLS: fprintf(out, ", \"record_cells\": %u, \"run\": %u", o->record_cells, o->run); break;
    case LOAD_NTOR: fprintf(out, ", \"kind\": \"ntor\""); break;
    case LOAD_NTOR_V3: fprintf(out, ", \"kind\": \"ntor-v3\""); break;
    }
    fprintf(out, ", \"cipher\": \"%s\"", report->cipher);
}

void load_report_print(struct load_report *report, FILE *out) {
    print_shape(report, out);
    if (report->trips)
        print_echoes(report, out);
    else
        print_load(report, out);
    if (report->delays)
        print_delays(report, out);
    if (report->options->share > 0)
        print_share(report, out);
    if (report->options->role == LOAD_EXIT)
        fprintf(out, ", \"sendmes\": %" PRIu64, report->sendmes);
    if (report->options->mode != LOAD_CELLS)
        fprintf(out, ", \"refused\": %" PRIu64, report->refused);
    fprintf(out, ", \"verified\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"wrong\": %" PRIu64 "}\n",
            report->verified, report->lost, report->wrong);
}
