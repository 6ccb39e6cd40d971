/* loom: the simulator and what goes with it. */
#include <stdio.h>
#include <string.h>

#include "loom/commands.h"

/* Read by jemalloc, when that is the allocator, at its start. The cells of a simulation lie in some hundred megabytes and are
 * visited in no order: with large pages the processor need not look up where each of them is. */
extern const char *malloc_conf;
__attribute__((visibility("default"))) const char *malloc_conf = "thp:always";

static const struct command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char *argv[]);
} commands[] = {
    {"bench", "measure how fast the simulator is, and what its state takes", bench_command},
    {"predict", "what one relay does on a machine, under a load: throughput, CPU, where it goes",
     predict_command},
    {"calibrate", "measure this machine: a profile of what Loom costs on it", calibrate_command},
    {"compare", "put two results of run side by side: tables, distributions, distances", compare_command},
    {"fingerprint", "what an adversary learns in the results of run, and what becomes of hypotheses",
     fingerprint_command},
    {"report", "write one HTML file about the results of run", report_command},
    {"run", "simulate a scenario: a table, and folders of results", run_command},
    {"stage", "make a table of relays from a consensus and tornettools' staging", stage_command},
    {"sweep", "simulate a scenario for many seeds and settings, here or on a cluster", sweep_command},
    {"verify", "check the security analysis against answers that are known", verify_command},
};

static void print_usage(FILE *out) {
    fputs("usage: loom COMMAND [--help] ...\n", out);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        fprintf(out, "    %-11s %s\n", commands[i].name, commands[i].summary);
}

int main(int argc, char *argv[]) {
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        print_usage(stdout);
        return COMMAND_OK;
    }
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (argc > 1)
        fprintf(stderr, "loom: no command \"%s\"\n", argv[1]);
    print_usage(stderr);
    return COMMAND_USAGE;
}
