/* loom bench balance: ways of spreading links over threads, beside each other. */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "loom/bench_balance.h"
#include "loom/commands.h"
#include "loom/run.h"

static const char usage[] =
    "usage: loom bench balance [--threads N] [--load PERCENT] [--seconds N] [--seeds N] [--json]\n"
    "    --threads  of the relay, 1, 2, 4, ... up to this number, at most 16: 8 when left out\n"
    "    --load     what clients ask for, of what the threads can do, 10 to 200: 80 when left out\n"
    "    --seconds  simulated after 60 and measured, 1 to 3600: 60 when left out\n"
    "    --seeds    from 1 on, each with links that come in another order, 1 to 100: 1 when left out\n"
    "    --json     the figures for programs\n";

static const char *const names[] = {
    [BALANCE_ROUND_ROBIN] = "round-robin", [BALANCE_LEAST_BUSY] = "least-busy", [BALANCE_MOVING] = "moving"};
#define POLICIES ((unsigned)(sizeof names / sizeof names[0]))

struct options {
    uint64_t threads, load, seconds, seeds;
    bool wants_json, wants_help;
};

static bool read_options(int argc, char *argv[], struct options *o) {
    static const struct option words[] = {{"threads", required_argument, NULL, 't'},
                                          {"load", required_argument, NULL, 'l'},
                                          {"seconds", required_argument, NULL, 's'},
                                          {"seeds", required_argument, NULL, 'n'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int which;
    bool ok = true;
    optind = 1;
    while (ok && (which = getopt_long(argc, argv, "", words, NULL)) != -1) {
        switch (which) {
        case 't': ok = command_number("bench balance", "threads", optarg, 1, 16, &o->threads); break;
        case 'l': ok = command_number("bench balance", "load", optarg, 10, 200, &o->load); break;
        case 's': ok = command_number("bench balance", "seconds", optarg, 1, 3600, &o->seconds); break;
        case 'n': ok = command_number("bench balance", "seeds", optarg, 1, 100, &o->seeds); break;
        case 'j': o->wants_json = true; break;
        case 'h': o->wants_help = true; break;
        default: ok = false;
        }
    }
    if (ok && argc - optind > 1) {
        fputs("loom bench balance: expected options only\n", stderr);
        return false;
    }
    return ok;
}

static void print_line(const struct bench_balance *arm, const struct bench_balance_result *r) {
    printf("%7u  %-11s  %4" PRIu64
           "  %7.0f  %6.1f %%  %6.1f %%  %6.1f %%  %7.0f %7.0f %7.0f  %8.3f  %5" PRIu64 "\n",
           arm->threads, names[arm->policy], arm->seed, r->cells_per_s, r->cells_per_s / r->ceiling * 100,
           r->busiest * 100, r->idlest * 100, r->fetch_ms[0], r->fetch_ms[1], r->fetch_ms[2], r->fairness,
           r->moves);
}

static json_t *json_of(const struct bench_balance *arm, const struct bench_balance_result *r) {
    return json_pack("{s:i, s:s, s:I, s:f, s:f, s:f, s:f, s:[f, f, f], s:f, s:I}", "threads",
                     (int)arm->threads, "policy", names[arm->policy], "seed", (json_int_t)arm->seed,
                     "cells_per_s", r->cells_per_s, "ceiling", r->ceiling, "busiest", r->busiest, "idlest",
                     r->idlest, "fetch_ms", r->fetch_ms[0], r->fetch_ms[1], r->fetch_ms[2], "fairness",
                     r->fairness, "moves", (json_int_t)r->moves);
}

/* One line as soon as it is known. */
static bool measure(const struct bench_balance *arm, json_t *all, bool wants_json) {
    struct bench_balance_result result;
    double began = run_clock();
    if (!bench_balance(arm, &result)) {
        fputs("loom bench balance: no memory to simulate it\n", stderr);
        return false;
    }
    fprintf(stderr, "%u threads, %s, seed %" PRIu64 ": %.1f s\n", arm->threads, names[arm->policy], arm->seed,
            run_clock() - began);
    if (wants_json)
        return json_array_append_new(all, json_of(arm, &result)) == 0;
    print_line(arm, &result);
    fflush(stdout);
    return true;
}

static bool measure_all(const struct options *o, json_t *all) {
    bool ok = true;
    if (!o->wants_json)
        puts(
            "threads  links go to  seed  cells/s  of most   busiest   idlest   fetch of 50 kB: median, 90th, 99th ms"
            "  fairness  moves");
    for (uint64_t threads = 1; ok && threads <= o->threads; threads *= 2)
        for (uint64_t seed = 1; ok && seed <= o->seeds; seed++)
            for (unsigned policy = 0; ok && policy < (threads == 1 ? 1 : POLICIES); policy++) {
                const struct bench_balance arm = {.threads = (uint16_t)threads,
                                                  .policy = (enum balance_policy)policy,
                                                  .load_percent = (uint32_t)o->load,
                                                  .seconds = (uint32_t)o->seconds,
                                                  .seed = seed};
                ok = measure(&arm, all, o->wants_json);
            }
    return ok;
}

int bench_balance_command(int argc, char *argv[]) {
    struct options options = {.threads = 8, .load = 80, .seconds = 60, .seeds = 1};
    if (!read_options(argc, argv, &options)) {
        fputs(usage, stderr);
        return COMMAND_USAGE;
    }
    if (options.wants_help) {
        fputs(usage, stdout);
        return COMMAND_OK;
    }
    json_t *all = json_array();
    bool ok = all && measure_all(&options, all);
    if (ok && options.wants_json)
        ok = json_dumpf(all, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) == 0 && putchar('\n') != EOF;
    json_decref(all);
    return ok ? COMMAND_OK : COMMAND_FAILED;
}
