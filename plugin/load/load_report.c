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

static void print_threads(const struct load_report *report, FILE *out) {
    fprintf(out, ", \"threads\": [");
    for (uint32_t i = 0; i < report->relay.count; i++) {
        const struct load_thread_cpu *thread = &report->relay.threads[i];
        fprintf(
            out,
            "%s{\"name\": \"%s\", \"cores\": %.4f, \"ns_per_cell\": %.1f, \"wakes_per_1000_cells\": %.2f}",
            i ? ", " : "", thread->name, ratio(thread->busy, report->elapsed),
            ratio(thread->busy, report->cells), 1000 * ratio(thread->switches, report->cells));
    }
    fprintf(out, "]");
}

static void print_load(const struct load_report *report, FILE *out) {
    nsec relay = load_cpu_total(&report->relay), own = load_cpu_total(&report->own);
    fprintf(out, ", \"seconds\": %.3f, \"cells\": %" PRIu64 ", \"cells_per_s\": %.0f",
            ratio(report->elapsed, NSEC_PER_S), report->cells,
            ratio(report->cells, report->elapsed) * (double)NSEC_PER_S);
    fprintf(out, ", \"generator_cores\": %.4f, \"generator_ns_per_cell\": %.1f", ratio(own, report->elapsed),
            ratio(own, report->cells));
    if (report->relay.count == 0)
        return;
    fprintf(out, ", \"relay_cores\": %.4f, \"relay_ns_per_cell\": %.1f", ratio(relay, report->elapsed),
            ratio(relay, report->cells));
    print_threads(report, out);
}

void load_report_print(struct load_report *report, FILE *out) {
    const struct load_options *o = report->options;
    fprintf(out, "{\"links\": %u, \"circuits\": %u, \"record_cells\": %u, \"run\": %u, \"cipher\": \"%s\"",
            o->links, o->circuits, o->record_cells, o->run, report->cipher);
    if (report->trips)
        print_echoes(report, out);
    else
        print_load(report, out);
    fprintf(out, ", \"verified\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"wrong\": %" PRIu64 "}\n",
            report->verified, report->lost, report->wrong);
}
