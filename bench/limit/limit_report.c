#include "limit/limit_report.h"

#include <inttypes.h>
#include <stdlib.h>

static double ratio(uint64_t part, uint64_t whole) {
    return whole == 0 ? 0 : (double)part / (double)whole;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double limit_report_median(const struct limit_report *report) {
    double costs[LIMIT_REPEATS_MAX];
    uint32_t n = report->options->repeats;
    for (uint32_t i = 0; i < n; i++)
        costs[i] = ratio(report->windows[i].relay_busy, report->windows[i].cells);
    qsort(costs, n, sizeof *costs, compare);
    return n % 2 ? costs[n / 2] : (costs[n / 2 - 1] + costs[n / 2]) / 2;
}

static struct limit_window sum_of(const struct limit_report *report) {
    struct limit_window sum = {.elapsed = 0};
    for (uint32_t i = 0; i < report->options->repeats; i++) {
        const struct limit_window *w = &report->windows[i];
        sum.elapsed += w->elapsed;
        sum.relay_busy += w->relay_busy;
        sum.generator_busy += w->generator_busy;
        sum.cells += w->cells;
        sum.records_out += w->records_out;
        sum.calls += w->calls;
    }
    return sum;
}

void limit_report_print(const struct limit_report *report, FILE *out) {
    const struct limit_options *o = report->options;
    struct limit_window sum = sum_of(report);
    fprintf(out, "{\"links\": %u, \"circuits\": %u, \"record_cells\": %u, \"run\": %u", o->links, o->circuits,
            o->record_cells, o->run);
    fprintf(out, ", \"cipher\": \"%s\", \"own_aead\": %s, \"backend\": \"%s\"", report->cipher,
            o->own_aead ? "true" : "false", o->backend);
    fprintf(out, ", \"seconds\": %.3f, \"cells\": %" PRIu64 ", \"cells_per_s\": %.0f",
            ratio(sum.elapsed, NSEC_PER_S), sum.cells, ratio(sum.cells, sum.elapsed) * (double)NSEC_PER_S);
    fprintf(out, ", \"generator_cores\": %.4f, \"generator_ns_per_cell\": %.1f",
            ratio(sum.generator_busy, sum.elapsed), ratio(sum.generator_busy, sum.cells));
    fprintf(out, ", \"relay_cores\": %.4f, \"relay_ns_per_cell\": %.1f", ratio(sum.relay_busy, sum.elapsed),
            limit_report_median(report));
    fprintf(out, ", \"windows\": [");
    for (uint32_t i = 0; i < o->repeats; i++)
        fprintf(out, "%s%.1f", i ? ", " : "", ratio(report->windows[i].relay_busy, report->windows[i].cells));
    fprintf(out, "], \"cells_per_record_out\": %.2f, \"calls_per_1000_cells\": %.2f",
            ratio(sum.cells, sum.records_out), 1000 * ratio(sum.calls, sum.cells));
    fprintf(out, ", \"verified\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"wrong\": %" PRIu64 "}\n",
            report->verified, report->lost, report->wrong);
}
