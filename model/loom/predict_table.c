#include <inttypes.h>

#include "loom/predict.h"

static double busiest(const struct predict_row *row) {
    double most = 0;
    for (uint16_t i = 1; i < row->found.threads; i++) {
        double one = predict_utilisation(row, i);
        most = one > most ? one : most;
    }
    return most;
}

static void print_row(const struct predict_row *row, FILE *out) {
    fprintf(out, "%7u  %10.0f  %8.0f  %8.0f  %5.0f %%", row->threads, predict_cells_per_s(row),
            predict_mbit(row), predict_cpu_ns_per_cell(row), 100 * predict_utilisation(row, 0));
    if (row->threads > 0)
        fprintf(out, "  %5.0f %%", 100 * busiest(row));
    if (row->found.delay_p99 > 0)
        fprintf(out, "%s  delay %.0f us, 99 %% within %.0f us", row->threads > 0 ? "" : "         ",
                (double)row->found.delay_median / 1e3, (double)row->found.delay_p99 / 1e3);
    if (row->has_interval)
        fprintf(out, "%s  [%.0f, %.0f] cells/s, [%.0f, %.0f] ns", row->threads > 0 ? "" : "         ",
                row->cells_per_s.low, row->cells_per_s.high, row->cpu_ns_per_cell.low,
                row->cpu_ns_per_cell.high);
    fputc('\n', out);
}

void predict_table_print(const struct predict_options *o, const struct predict_result *result, FILE *out) {
    const struct predict_machine *machine = &result->machine;
    fprintf(out, "%s on %s: %s, %u cores, mapping %s, behaviour %s\n", machine->profile.name,
            machine->profile.machine, cost_profile_note(&machine->profile), machine->cpu.cores,
            cost_mapping_name(machine->cpu.mapping),
            machine->cpu.behaviour == SIM_BEHAVE_TOR ? "tor" : "loom");
    fprintf(out,
            "%" PRIu64 " links, %" PRIu64 " circuits, runs of %" PRIu64 ", records of %" PRIu64 " cells\n\n",
            o->links, o->circuits, o->run, o->record_cells);
    fprintf(out, "threads     cells/s    Mbit/s   ns/cell     main  busiest\n");
    for (uint32_t i = 0; i < result->row_count; i++)
        print_row(&result->rows[i], out);
}

void predict_bill_print(const struct predict_result *results, uint32_t count, FILE *out) {
    fprintf(out, "\n%-20s", "ns of a cell");
    for (uint32_t i = 0; i < count; i++)
        fprintf(out, "  %18.18s", results[i].machine.profile.name);
    for (unsigned stage = 0; stage < COST_STAGES; stage++) {
        fprintf(out, "\n%-20s", cost_stage_name((enum cost_stage)stage));
        for (uint32_t i = 0; i < count; i++) {
            double ns[COST_STAGES];
            predict_bill(&results[i].machine, &results[i].rows[0], ns);
            fprintf(out, "  %18.0f", ns[stage]);
        }
    }
    fprintf(out, "\n%-20s", "in all");
    for (uint32_t i = 0; i < count; i++)
        fprintf(out, "  %18.0f", predict_cpu_ns_per_cell(&results[i].rows[0]));
    fputc('\n', out);
}
