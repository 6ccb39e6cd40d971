/* loom run: a scenario in, a table and folders of results out. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loom/commands.h"
#include "loom/run.h"
#include "sim/results_resume.h"

static const char usage[] =
    "usage: loom run SCENARIO [--network FILE] [--seed N[..M]] [--threads N] [--at-once N] [--out DIR] [--resume]\n"
    "                [--engine sim|shadow] [--set PATH=VALUE]... [--part] [--check [--json]]\n"
    "       loom run --schema\n"
    "    --network  a table of relays (loom stage) instead of the scenario's\n"
    "    --seed     only this seed, or these, instead of the scenario's\n"
    "    --threads  of each run, 1 to 256; what the processors have for each when left out\n"
    "    --at-once  runs side by side, 1 to 256; as many as there are processors and memory for when left out.\n"
    "               Results depend on neither\n"
    "    --out      where results go, a folder for each seed and arm; results/NAME when left out\n"
    "    --resume   what is there already, whole and of this very scenario and seed, is not run again\n"
    "    --engine   sim, or shadow (to be installed by itself), instead of the scenario's\n"
    "    --set      another value in the scenario, \"arms[1].threads=2\" say; may be given more than once\n"
    "    --part     of a larger experiment: folders of its runs alone, no table over them\n"
    "    --check    read everything, say what would be run, and run nothing; with --json, in JSON on standard output\n"
    "    --schema   print the JSON schema of scenarios\n";

#define THREADS_MAX 256u
#define AT_ONCE_MAX 256u
#define SEEDS_MAX   1000u
#define CHANGES_MAX 64u /* more than anybody types */

struct words {
    struct run_options options;
    const char *changes[CHANGES_MAX];
    bool wants_help, wants_schema, wants_check, wants_json;
};

static const struct option long_options[] = {
    {"network", required_argument, NULL, 'n'}, {"seed", required_argument, NULL, 's'},
    {"threads", required_argument, NULL, 't'}, {"at-once", required_argument, NULL, 'a'},
    {"out", required_argument, NULL, 'o'},     {"resume", no_argument, NULL, 'r'},
    {"engine", required_argument, NULL, 'e'},  {"set", required_argument, NULL, 'v'},
    {"part", no_argument, NULL, 'p'},          {"check", no_argument, NULL, 'c'},
    {"json", no_argument, NULL, 'j'},          {"schema", no_argument, NULL, 'm'},
    {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};

static bool small_number(const char *option, uint32_t most, uint32_t *out) {
    uint64_t value;
    if (!command_number("run", option, optarg, 1, most, &value))
        return false;
    *out = (uint32_t)value;
    return true;
}

/* "7", or "1..10". */
static bool take_seeds(struct run_options *o) {
    char *end;
    o->has_seed = command_number_begins(optarg, &end, 0, UINT32_MAX, &o->seed);
    o->last_seed = o->seed;
    if (o->has_seed && strncmp(end, "..", 2) == 0)
        o->has_seed = command_number_begins(end + 2, &end, o->seed, o->seed + SEEDS_MAX - 1, &o->last_seed);
    if (o->has_seed && *end == '\0')
        return true;
    fprintf(
        stderr,
        "loom run: --seed: expected a number, or the first and the last of at most %u as 1..10, found \"%s\"\n",
        SEEDS_MAX, optarg);
    return false;
}

static bool take_change(struct words *w) {
    if (w->options.changes.n == CHANGES_MAX) {
        fprintf(stderr, "loom run: expected --set at most %u times\n", CHANGES_MAX);
        return false;
    }
    w->changes[w->options.changes.n++] = optarg;
    return true;
}

static bool take_option(struct words *w, int which) {
    struct run_options *o = &w->options;
    switch (which) {
    case 'n': o->network = optarg; return true;
    case 'o': o->out = optarg; return true;
    case 's': return take_seeds(o);
    case 't': return small_number("threads", THREADS_MAX, &o->threads);
    case 'a': return small_number("at-once", AT_ONCE_MAX, &o->at_once);
    case 'e': o->engine = optarg; return true;
    case 'r': o->resumes = true; return true;
    case 'v': return take_change(w);
    case 'p': o->is_part = true; return true;
    case 'c': w->wants_check = true; return true;
    case 'j': w->wants_json = true; return true;
    case 'm': w->wants_schema = true; return true;
    case 'h': w->wants_help = true; return true;
    default: return false;
    }
}

static bool read_words(int argc, char *argv[], struct words *w) {
    int which;
    optind = 1;
    w->options.changes.words = w->changes;
    while ((which = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        if (!take_option(w, which))
            return false;
    if (w->wants_help || w->wants_schema)
        return optind == argc;
    if (w->wants_json && !w->wants_check) {
        fputs("loom run: expected --json with --check\n", stderr);
        return false;
    }
    if (optind + 1 != argc) {
        fputs("loom run: expected one SCENARIO\n", stderr);
        return false;
    }
    w->options.scenario = argv[optind];
    return true;
}

const struct scenario_arm *experiment_arm(const struct experiment *e, uint32_t arm) {
    return (const struct scenario_arm *)e->inputs.scenario.arms.items + arm;
}

static void say_plan(const struct experiment *e, const struct plan *plan) {
    fprintf(stderr,
            "%s: %" PRIu32 " relays of %" PRIu32 ", %" PRIu32 " client hosts, %" PRIu32 " arms, %" PRIu32
            " seeds, CPU prices: %s; %" PRIu32 " at once, threads each: %" PRIu32 "\n",
            e->inputs.scenario.name, plan->config.relay_count, e->inputs.relays.count,
            plan->config.client_count, e->arms, e->seeds, plan_note(&e->inputs), e->shape.at_once,
            e->shape.threads);
}

/* Take the summary of a run that was made before, when that is wanted. */
static bool resume(struct experiment *e, uint32_t run, const struct plan *plan, struct mistake *mistake) {
    char path[RESULTS_PATH_MAX];
    if (!run_folder(plan, e->out, path, mistake))
        return false;
    if (results_resume(path, plan, &e->summaries[run]))
        fprintf(stderr, "%s is there\n", path);
    return true;
}

/* Every plan of every seed, so that nothing is run when one of them cannot be; then how they will be run. */
static bool check_plans(struct experiment *e, const struct run_options *options, struct mistake *mistake) {
    for (uint32_t i = e->seeds * e->arms; i-- > 0;) {
        struct plan plan;
        if (!plan_make(&e->inputs, experiment_arm(e, i % e->arms), e->first_seed + i / e->arms, &plan,
                       mistake))
            return false;
        if (options->resumes && !resume(e, i, &plan, mistake)) {
            plan_fini(&plan);
            return false;
        }
        if (i == 0) {
            const struct sim_config *c = &plan.config;
            e->hosts = c->relay_count + c->client_count + c->server_count;
            e->shape = run_shape_choose(options, e->seeds * e->arms, e->hosts);
            say_plan(e, &plan);
        }
        plan_fini(&plan);
    }
    return true;
}

/* Of Loom there is one architecture and one behaviour to run: its own. */
static bool check_arm_for_shadow(const struct scenario_arm *arm, struct mistake *mistake) {
    if (arm->percent == 0)
        return true;
    if (arm->architecture != COST_FULL)
        return record_mistake(arm->at, "architecture", mistake,
                              "expected full for the engine shadow, which runs loom-relay itself");
    return arm->behaviour != SCENARIO_OF_TOR ||
           record_mistake(arm->at, "behaviour", mistake, "expected own or loom for the engine shadow");
}

/* Shadow takes all processors by itself; bytes of relays are told second by second. */
static bool prepare_shadow(struct experiment *e, struct run_options *options, struct mistake *mistake) {
    const struct scenario *s = &e->inputs.scenario;
    const struct scenario_clients *groups = s->traffic.clients.items;
    options->at_once = options->at_once ? options->at_once : 1;
    for (uint32_t i = 0; i < s->traffic.clients.n; i++)
        if (groups[i].observed || groups[i].probes)
            return record_mistake(groups[i].at, groups[i].probes ? "probes" : "observed", mistake,
                                  "expected none for the engine shadow: only sim observes");
    for (uint32_t i = 0; i < s->arms.n; i++)
        if (!check_arm_for_shadow((const struct scenario_arm *)s->arms.items + i, mistake))
            return false;
    if (1000 % s->outputs.sample_ms == 0)
        return true;
    return record_mistake(s->outputs.at, "sample_ms", mistake,
                          "expected a divisor of 1000 for the engine shadow");
}

static bool choose_engine(struct experiment *e, struct run_options *options, struct mistake *mistake) {
    struct scenario *s = &e->inputs.scenario;
    if (options->engine && strcmp(options->engine, "sim") != 0 && strcmp(options->engine, "shadow") != 0)
        return mistake_at(mistake, "loom run", 0, "--engine", "expected sim or shadow, found \"%s\"",
                          options->engine);
    if (options->engine)
        s->engine = strcmp(options->engine, "sim") == 0 ? SCENARIO_ENGINE_SIM : SCENARIO_ENGINE_SHADOW;
    return s->engine != SCENARIO_ENGINE_SHADOW || prepare_shadow(e, options, mistake);
}

static bool experiment_init(struct experiment *e, struct run_options *options, struct mistake *mistake) {
    *e = (struct experiment){.summaries = NULL};
    if (!scenario_inputs_read_changed(options->scenario, &options->changes, options->network, &e->inputs,
                                      mistake))
        return false;
    if (!choose_engine(e, options, mistake))
        return false;
    const struct scenario *s = &e->inputs.scenario;
    e->first_seed = options->has_seed ? options->seed : s->seeds.first;
    uint64_t last = options->has_seed ? options->last_seed : s->seeds.last;
    e->seeds = (uint32_t)(last - e->first_seed + 1);
    e->arms = s->arms.n;
    e->summaries = calloc((size_t)e->seeds * e->arms, sizeof(*e->summaries));
    int n = snprintf(e->out, sizeof(e->out), "%s%s", options->out ? options->out : "results/",
                     options->out ? "" : s->name);
    if (n <= 0 || (size_t)n >= sizeof(e->out) || !e->summaries)
        return mistake_at(mistake, options->scenario, 0, NULL,
                          "expected a shorter name of the folder, or more memory");
    return check_plans(e, options, mistake);
}

static void experiment_fini(struct experiment *e) {
    for (uint32_t i = 0; e->summaries && i < e->seeds * e->arms; i++)
        results_summary_fini(&e->summaries[i]);
    free(e->summaries);
    scenario_inputs_fini(&e->inputs);
}

/* Those that were resumed may be of another version. */
static bool check_summaries(const struct experiment *e, struct mistake *mistake) {
    for (uint32_t i = 1; i < e->seeds * e->arms; i++)
        if (e->summaries[i].count != e->summaries[0].count)
            return mistake_at(mistake, e->out, 0, NULL,
                              "has results of another version of loom: run it without --resume");
    return true;
}

static bool experiment_run(struct experiment *e, const struct run_options *options, struct mistake *mistake) {
    if (!run_together(e, mistake))
        return false;
    if (options->is_part)
        return true;
    if (!check_summaries(e, mistake))
        return false;
    const struct run_table table = {&e->inputs, e->summaries, e->seeds, e->arms, e->first_seed};
    run_table_print(&table, stdout);
    return run_table_save(&table, e->out, mistake) && run_summary_save(&table, e->out, mistake);
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
              (words.wants_check || experiment_run(&experiment, &words.options, &mistake)) &&
              (!words.wants_json || run_check_print(&experiment, stdout, &mistake));
    experiment_fini(&experiment);
    if (ok)
        return COMMAND_OK;
    fprintf(stderr, "%s\n", mistake.text);
    return COMMAND_FAILED;
}
