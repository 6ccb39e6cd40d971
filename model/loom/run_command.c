/* loom run: a scenario in, a table and folders of results out. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loom/commands.h"
#include "loom/run.h"

static const char usage[] =
    "usage: loom run SCENARIO [--network FILE] [--seed N] [--threads N] [--out DIR] [--check]\n"
    "       loom run --schema\n"
    "    --network  a table of relays (loom stage) instead of the scenario's\n"
    "    --seed     only this seed instead of the scenario's\n"
    "    --threads  of the simulator, 1 to 256; one for each processor when left out. Results do not depend on it\n"
    "    --out      where results go, a folder for each seed and arm; results/NAME when left out\n"
    "    --check    read everything, say what would be run, and run nothing\n"
    "    --schema   print the JSON schema of scenarios\n";

#define THREADS_MAX 256u

struct words {
    struct run_options options;
    bool wants_help, wants_schema, wants_check;
};

static const struct option long_options[] = {
    {"network", required_argument, NULL, 'n'}, {"seed", required_argument, NULL, 's'},
    {"threads", required_argument, NULL, 't'}, {"out", required_argument, NULL, 'o'},
    {"check", no_argument, NULL, 'c'},         {"schema", no_argument, NULL, 'm'},
    {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};

static bool number(const char *option, const char *text, uint64_t least, uint64_t most, uint64_t *out) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && value >= least && value <= most) {
        *out = value;
        return true;
    }
    fprintf(stderr, "loom run: --%s: expected a whole number from %" PRIu64 " to %" PRIu64 ", found \"%s\"\n",
            option, least, most, text);
    return false;
}

static bool take_option(struct words *w, int which) {
    struct run_options *o = &w->options;
    uint64_t threads;
    switch (which) {
    case 'n': o->network = optarg; return true;
    case 'o': o->out = optarg; return true;
    case 's': o->has_seed = true; return number("seed", optarg, 0, UINT32_MAX, &o->seed);
    case 't':
        if (!number("threads", optarg, 1, THREADS_MAX, &threads))
            return false;
        o->threads = (uint32_t)threads;
        return true;
    case 'c': w->wants_check = true; return true;
    case 'm': w->wants_schema = true; return true;
    case 'h': w->wants_help = true; return true;
    default: return false;
    }
}

static uint32_t processors(void) {
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > (long)THREADS_MAX ? THREADS_MAX : (uint32_t)n;
}

static bool read_words(int argc, char *argv[], struct words *w) {
    int which;
    w->options.threads = processors();
    optind = 1;
    while ((which = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        if (!take_option(w, which))
            return false;
    if (w->wants_help || w->wants_schema)
        return optind == argc;
    if (optind + 1 != argc) {
        fputs("loom run: expected one SCENARIO\n", stderr);
        return false;
    }
    w->options.scenario = argv[optind];
    return true;
}

/* One experiment: its inputs, and the summaries of what has been run. */
struct experiment {
    struct scenario_inputs inputs;
    const struct run_options *options;
    char out[RESULTS_PATH_MAX];
    uint64_t first_seed;
    uint32_t seeds, arms;
    struct results_summary *summaries;
};

static const struct scenario_arm *arm_of(const struct experiment *e, uint32_t arm) {
    return (const struct scenario_arm *)e->inputs.scenario.arms.items + arm;
}

/* Every plan of every seed, so that nothing is run when one of them cannot be. */
static bool check_plans(const struct experiment *e, struct mistake *mistake) {
    for (uint32_t seed = 0; seed < e->seeds; seed++)
        for (uint32_t arm = 0; arm < e->arms; arm++) {
            struct plan plan;
            if (!plan_make(&e->inputs, arm_of(e, arm), e->first_seed + seed, &plan, mistake))
                return false;
            if (seed == 0 && arm == 0)
                fprintf(stderr,
                        "%s: %" PRIu32 " relays of %" PRIu32 ", %" PRIu32 " client hosts, %" PRIu32
                        " arms, %" PRIu32 " seeds, CPU prices: %s\n",
                        e->inputs.scenario.name, plan.config.relay_count, e->inputs.relays.count,
                        plan.config.client_count, e->arms, e->seeds, plan_note(&e->inputs));
            plan_fini(&plan);
        }
    return true;
}

static bool experiment_init(struct experiment *e, const struct run_options *options,
                            struct mistake *mistake) {
    *e = (struct experiment){.options = options};
    if (!scenario_inputs_read(options->scenario, options->network, &e->inputs, mistake))
        return false;
    const struct scenario *s = &e->inputs.scenario;
    e->first_seed = options->has_seed ? options->seed : s->seeds.first;
    e->seeds = options->has_seed ? 1 : (uint32_t)(s->seeds.last - s->seeds.first + 1);
    e->arms = s->arms.n;
    e->summaries = calloc((size_t)e->seeds * e->arms, sizeof(*e->summaries));
    int n = snprintf(e->out, sizeof(e->out), "%s%s", options->out ? options->out : "results/",
                     options->out ? "" : s->name);
    if (n <= 0 || (size_t)n >= sizeof(e->out) || !e->summaries)
        return mistake_at(mistake, options->scenario, 0, NULL,
                          "expected a shorter name of the folder, or more memory");
    return check_plans(e, mistake);
}

static void experiment_fini(struct experiment *e) {
    for (uint32_t i = 0; e->summaries && i < e->seeds * e->arms; i++)
        results_summary_fini(&e->summaries[i]);
    free(e->summaries);
    scenario_inputs_fini(&e->inputs);
}

static bool run_one(struct experiment *e, uint32_t seed, uint32_t arm, struct mistake *mistake) {
    struct plan plan;
    struct run_cost cost;
    if (!plan_make(&e->inputs, arm_of(e, arm), e->first_seed + seed, &plan, mistake))
        return false;
    bool ok = run_arm(&plan, e->options, e->out, &e->summaries[seed * e->arms + arm], &cost, mistake);
    if (ok)
        fprintf(stderr, "seed %" PRIu64 ", %s: %.1f s, written to %s/seed-%" PRIu64 "/%s\n", plan.seed,
                plan.arm->name, cost.wall_s, e->out, plan.seed, plan.arm->name);
    plan_fini(&plan);
    return ok;
}

static bool experiment_run(struct experiment *e, struct mistake *mistake) {
    for (uint32_t seed = 0; seed < e->seeds; seed++)
        for (uint32_t arm = 0; arm < e->arms; arm++)
            if (!run_one(e, seed, arm, mistake))
                return false;
    const struct run_table table = {&e->inputs, e->summaries, e->seeds, e->arms, e->first_seed};
    run_table_print(&table, stdout);
    return run_table_save(&table, e->out, mistake);
}

static int print_schema(void) {
    char *schema = scenario_schema();
    int printed = schema ? fputs(schema, stdout) : EOF;
    free(schema);
    return printed == EOF ? COMMAND_FAILED : COMMAND_OK;
}

int run_command(int argc, char *argv[]) {
    struct words words = {.wants_help = false};
    struct experiment experiment;
    struct mistake mistake = {""};
    if (!read_words(argc, argv, &words)) {
        fputs(usage, stderr);
        return COMMAND_USAGE;
    }
    if (words.wants_schema)
        return print_schema();
    if (words.wants_help) {
        fputs(usage, stdout);
        return COMMAND_OK;
    }
    bool ok = experiment_init(&experiment, &words.options, &mistake) &&
              (words.wants_check || experiment_run(&experiment, &mistake));
    experiment_fini(&experiment);
    if (ok)
        return COMMAND_OK;
    fprintf(stderr, "%s\n", mistake.text);
    return COMMAND_FAILED;
}
