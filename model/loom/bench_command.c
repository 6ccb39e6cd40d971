/* loom bench: how fast the simulator is here, and what its state takes. */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loom/bench.h"
#include "loom/commands.h"

static const char usage[] =
    "usage: loom bench sim [SCENARIO] [--seconds N] [--json]\n"
    "    SCENARIO   whose first arm and seed is run in one thread: scenarios/first.yaml when left out\n"
    "    --seconds  simulated after its warm-up and measured, 1 to 3600: 30 when left out\n"
    "    --json     the figures for programs\n"
    "       loom bench balance [--help] ...: ways of spreading links over threads\n";

#define SECONDS_DEFAULT 30u
#define SECONDS_MAX     3600u

struct options {
    const char *scenario;
    uint64_t seconds;
    bool wants_json, wants_help;
};

static bool read_options(int argc, char *argv[], struct options *o) {
    static const struct option words[] = {{"seconds", required_argument, NULL, 's'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int which;
    optind = 1;
    while ((which = getopt_long(argc, argv, "", words, NULL)) != -1) {
        if (which == 'j')
            o->wants_json = true;
        else if (which == 'h')
            o->wants_help = true;
        else if (which != 's' || !command_number("bench", "seconds", optarg, 1, SECONDS_MAX, &o->seconds))
            return false;
    }
    if (o->wants_help)
        return true;
    if (optind == argc || strcmp(argv[optind], "sim") != 0 || argc - optind > 2) {
        fputs("loom bench: expected \"sim\", and at most one scenario\n", stderr);
        return false;
    }
    if (optind + 1 < argc)
        o->scenario = argv[optind + 1];
    return true;
}

static bool print_json(const struct options *o, const struct bench_speed *speed,
                       const struct bench_state *state) {
    json_t *json =
        json_pack("{s:s, s:s, s:i, s:i, s:f, s:f, s:I, s:f, s:f, s:{s:f, s:f, s:f}}", "bench", "sim",
                  "scenario", o->scenario, "relays", (int)speed->relays, "clients", (int)speed->clients,
                  "simulated_s", speed->simulated_s, "cpu_s", speed->cpu_s, "cells_relayed",
                  (json_int_t)speed->cells, "cells_per_core_second", speed->cells_per_core_s,
                  "events_per_core_second", speed->events_per_core_s, "bytes_of_state", "circuit_half",
                  state->circuit_half, "idle_link_side", state->link_side, "client", state->client);
    bool ok = json && json_dumpf(json, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) == 0 &&
              putchar('\n') != EOF;
    json_decref(json);
    return ok;
}

static void print_text(const struct options *o, const struct bench_speed *speed,
                       const struct bench_state *state) {
    printf("%s: %u relays, %u client hosts, one thread\n", o->scenario, speed->relays, speed->clients);
    printf("relayed cells per core-second  %.0f   (%" PRIu64 " cells in %.1f s of CPU, %.0f s simulated)\n",
           speed->cells_per_core_s, speed->cells, speed->cpu_s, speed->simulated_s);
    printf("events per core-second         %.0f\n", speed->events_per_core_s);
    printf("bytes of a circuit half        %.0f\n", state->circuit_half);
    printf("bytes of an idle link side     %.0f\n", state->link_side);
    printf("bytes of a client host         %.0f\n", state->client);
}

int bench_command(int argc, char *argv[]) {
    struct options options = {.scenario = "scenarios/first.yaml", .seconds = SECONDS_DEFAULT};
    struct bench_speed speed = {.cells = 0};
    struct bench_state state = {.client = 0};
    struct mistake mistake = {""};
    if (argc > 1 && strcmp(argv[1], "balance") == 0)
        return bench_balance_command(argc - 1, argv + 1);
    if (!read_options(argc, argv, &options)) {
        fputs(usage, stderr);
        return COMMAND_USAGE;
    }
    if (options.wants_help) {
        fputs(usage, stdout);
        return COMMAND_OK;
    }
    if (!bench_state(&state, &mistake) || !bench_speed(options.scenario, options.seconds, &speed, &mistake)) {
        fprintf(stderr, "%s\n", mistake.text);
        return COMMAND_FAILED;
    }
    if (options.wants_json)
        return print_json(&options, &speed, &state) ? COMMAND_OK : COMMAND_FAILED;
    print_text(&options, &speed, &state);
    return COMMAND_OK;
}
