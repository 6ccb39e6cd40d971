#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "loom/commands.h"
#include "loom/predict.h"

const char predict_usage[] =
    "usage: loom predict --profile FILE|NAME [--profile ...] [OPTION]...\n"
    "One relay on the machine of a profile (a NAME is one of model/cost/profiles), simulated under a load.\n"
    "    --threads LIST        connection threads: 0, or 0,1,2, or 0..8 (0)\n"
    "    --mapping KIND        full, poc or vanilla: where work is done (as the profile's relay: tor is vanilla)\n"
    "    --behaviour KIND      loom or tor: how it cuts records, reads and picks (as the profile's relay)\n"
    "    --role KIND           what it is in the circuits: middle, or exit, where each has a stream, up or down (middle)\n"
    "    --links N             even; half of them lead in, half out; to an exit all lead in (8)\n"
    "    --circuits N          over them (64)\n"
    "    --run N               cells of one circuit in a row (4)\n"
    "    --record-cells N      cells in a record that comes (31)\n"
    "    --cipher KIND         of links: aes256, aes128 or chacha (as the profile's relay chooses: Loom takes chacha without AES)\n"
    "    --generator FILE      prices of the one thread that presses a middle (as many senders as it takes)\n"
    "    --rate CELLS_PER_S    that are offered, both directions together, at random times; 0: as many as go (0)\n"
    "    --cores N --threads-per-core N   of the machine (as the profile)\n"
    "    --softirq-queues N    logical cores that the network's interrupts go to (as the profile)\n"
    "    --placement KIND      floating, or pinned: main and connection threads each on a core of their own (floating)\n"
    "    --nic KIND            none, or profile: the limit of the profile's interface (none)\n"
    "    --latency US          one way, to either side (2: as on the loopback)\n"
    "    --warmup S --seconds S   of simulated time (as much as it takes to be steady, and to be exact)\n"
    "    --draws N             prices from their intervals, so often; the 5th to the 95th percentile of the results\n"
    "    --seed N              of everything that is drawn (1)\n"
    "    --bill                where the time of a cell goes; of all profiles when none is named\n"
    "    --picture FILE        the same as bars: .svg or .png\n"
    "    --sensitivity         instead: each number of the profile at its least and its most, ranked by what that does\n"
    "    --json                for programs\n";

enum option_id {
    PROFILE,
    THREADS,
    WARMUP,
    SECONDS,
    JSON,
    BILL,
    PICTURE,
    SENSITIVITY,
    GENERATOR,
    HELP,
    /* named values */
    MAPPING,
    BEHAVIOUR,
    NIC,
    CIPHER,
    ROLE,
    PLACEMENT,
    /* whole numbers */
    LINKS,
    CIRCUITS,
    RUN,
    RECORD_CELLS,
    CORES,
    THREADS_PER_CORE,
    SOFTIRQ_QUEUES,
    LATENCY,
    SEED,
    RATE,
    DRAWS,
};

static const struct option words[] = {{"profile", required_argument, NULL, PROFILE},
                                      {"threads", required_argument, NULL, THREADS},
                                      {"warmup", required_argument, NULL, WARMUP},
                                      {"seconds", required_argument, NULL, SECONDS},
                                      {"json", no_argument, NULL, JSON},
                                      {"bill", no_argument, NULL, BILL},
                                      {"picture", required_argument, NULL, PICTURE},
                                      {"sensitivity", no_argument, NULL, SENSITIVITY},
                                      {"generator", required_argument, NULL, GENERATOR},
                                      {"help", no_argument, NULL, HELP},
                                      {"mapping", required_argument, NULL, MAPPING},
                                      {"behaviour", required_argument, NULL, BEHAVIOUR},
                                      {"nic", required_argument, NULL, NIC},
                                      {"cipher", required_argument, NULL, CIPHER},
                                      {"role", required_argument, NULL, ROLE},
                                      {"placement", required_argument, NULL, PLACEMENT},
                                      {"links", required_argument, NULL, LINKS},
                                      {"circuits", required_argument, NULL, CIRCUITS},
                                      {"run", required_argument, NULL, RUN},
                                      {"record-cells", required_argument, NULL, RECORD_CELLS},
                                      {"cores", required_argument, NULL, CORES},
                                      {"threads-per-core", required_argument, NULL, THREADS_PER_CORE},
                                      {"softirq-queues", required_argument, NULL, SOFTIRQ_QUEUES},
                                      {"latency", required_argument, NULL, LATENCY},
                                      {"seed", required_argument, NULL, SEED},
                                      {"rate", required_argument, NULL, RATE},
                                      {"draws", required_argument, NULL, DRAWS},
                                      {NULL, 0, NULL, 0}};

static bool complain(const char *option, const char *expected, const char *found) {
    fprintf(stderr, "loom predict: --%s: expected %s, found \"%s\"\n", option, expected, found);
    return false;
}

/* --- values --------------------------------------------------------------------------------------------------------- */

static bool take_number(struct predict_options *o, int which, const char *option, const char *text) {
    const struct number {
        uint64_t *out, least, most;
    } numbers[] = {{&o->links, 1, SIM_GENERATOR_LINKS_MAX},
                   {&o->circuits, 1, SIM_GENERATOR_CIRCUITS_MAX},
                   {&o->run, 1, 31},
                   {&o->record_cells, 1, 31},
                   {&o->cores, 1, 64},
                   {&o->threads_per_core, 1, 2},
                   {&o->softirq_queues, 1, 128},
                   {&o->latency_us, 1, 1000000},
                   {&o->seed, 0, UINT32_MAX},
                   {&o->rate, 0, 100000000},
                   {&o->draws, 0, 10000}};
    const struct number *n = &numbers[which - LINKS];
    return command_number("predict", option, text, n->least, n->most, n->out);
}

static bool take_name(struct predict_options *o, int which, const char *option, const char *text) {
    static const struct choice {
        const char *names[3], *expected;
    } choices[] = {{{"vanilla", "poc", "full"}, "full, poc or vanilla"},         /* enum cost_mapping */
                   {{"tor", "loom"}, "loom or tor"},                             /* enum sim_behaviour */
                   {{"none", "profile"}, "none or profile"},                     /* enum predict_nic */
                   {{"aes256", "aes128", "chacha"}, "aes256, aes128 or chacha"}, /* enum link_cipher */
                   {{"middle", "exit"}, "middle or exit"},                       /* enum predict_role */
                   {{"floating", "pinned"}, "floating or pinned"}};              /* enum sim_placement */
    int *const outs[] = {&o->mapping, &o->behaviour, &o->nic, &o->cipher, &o->role, &o->placement};
    const struct choice *c = &choices[which - MAPPING];
    for (int i = 0; i < 3 && c->names[i]; i++)
        if (strcmp(c->names[i], text) == 0) {
            *outs[which - MAPPING] = i;
            return true;
        }
    return complain(option, c->expected, text);
}

static bool take_seconds(const char *option, const char *text, nsec *out) {
    char *end;
    double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(seconds) || seconds < 0.001 || seconds > 3600)
        return complain(option, "seconds from 0.001 to 3600", text);
    *out = (nsec)llround(seconds * 1e9);
    return true;
}

static bool add_threads(struct predict_options *o, uint64_t from, uint64_t to) {
    for (uint64_t n = from; n <= to; n++) {
        if (o->thread_count == PREDICT_THREADS_MAX)
            return false;
        o->threads[o->thread_count++] = (uint16_t)n;
    }
    return true;
}

/* "0", "0,1,2", "0..8", or pieces of both. */
static bool take_threads(struct predict_options *o, const char *text) {
    const char *at = text;
    o->thread_count = 0;
    for (;;) {
        uint64_t from, to;
        char *end;
        bool fine = command_number_begins(at, &end, 0, SIM_THREADS_MAX, &from);
        to = from;
        if (fine && end[0] == '.' && end[1] == '.')
            fine = command_number_begins(end + 2, &end, from, SIM_THREADS_MAX, &to);
        if (!fine || (*end != ',' && *end != '\0') || !add_threads(o, from, to))
            return complain("threads", "numbers up to 64 as 0,1,2 or 0..8", text);
        if (*end == '\0')
            return true;
        at = end + 1;
    }
}

static bool take_profile(struct predict_options *o, const char *text) {
    if (o->profile_count == PREDICT_PROFILES_MAX)
        return complain("profile", "fewer of them", text);
    o->profiles[o->profile_count++] = text;
    return true;
}

static bool take_picture(struct predict_options *o, const char *text) {
    size_t length = strlen(text);
    const char *ending = length > 4 ? text + length - 4 : "";
    o->picture = text;
    o->wants_bill = true;
    return strcmp(ending, ".svg") == 0 || strcmp(ending, ".png") == 0 ||
           complain("picture", "a file name that ends in .svg or .png", text);
}

static bool take_option(struct predict_options *o, int which) {
    if (which == '?')
        return false;
    if (which >= LINKS)
        return take_number(o, which, words[which].name, optarg);
    if (which >= MAPPING)
        return take_name(o, which, words[which].name, optarg);
    switch (which) {
    case PROFILE: return take_profile(o, optarg);
    case THREADS: return take_threads(o, optarg);
    case WARMUP: return take_seconds("warmup", optarg, &o->warm_up);
    case SECONDS: return take_seconds("seconds", optarg, &o->length);
    case JSON: o->wants_json = true; return true;
    case BILL: o->wants_bill = true; return true;
    case PICTURE: return take_picture(o, optarg);
    case GENERATOR: o->generator = optarg; return true;
    case SENSITIVITY: o->wants_sensitivity = true; return true;
    case HELP: o->wants_help = true; return true;
    default: return false;
    }
}

/* What no option can say alone. */
static bool check(const struct predict_options *o) {
    char found[32];
    if (o->profile_count == 0 && !o->wants_bill) {
        fputs("loom predict: expected --profile FILE or NAME\n", stderr);
        return false;
    }
    bool is_odd = o->role == PREDICT_MIDDLE && o->links % 2 != 0;
    snprintf(found, sizeof(found), "%" PRIu64, is_odd ? o->links : o->circuits);
    if (is_odd)
        return complain("links", "an even number, half lead in and half out", found);
    if (o->circuits < (o->role == PREDICT_MIDDLE ? o->links / 2 : o->links))
        return complain("circuits", "at least one for each of the links that lead in", found);
    if (o->generator && o->role != PREDICT_MIDDLE)
        return complain("generator", "none for an exit", o->generator);
    snprintf(found, sizeof(found), "%" PRIu64, o->rate);
    return o->rate == 0 || o->role == PREDICT_MIDDLE || complain("rate", "0 for an exit", found);
}

bool predict_options_read(int argc, char *argv[], struct predict_options *out) {
    int which;
    *out = (struct predict_options){.thread_count = 1,
                                    .mapping = -1,
                                    .behaviour = -1,
                                    .cipher = -1,
                                    .links = 8,
                                    .circuits = 64,
                                    .run = 4,
                                    .record_cells = 31,
                                    .latency_us = 2,
                                    .seed = 1};
    optind = 1;
    while ((which = getopt_long(argc, argv, "", words, NULL)) != -1)
        if (!take_option(out, which))
            return false;
    if (out->wants_help)
        return true;
    if (optind < argc) {
        fprintf(stderr, "loom predict: expected options only, found \"%s\"\n", argv[optind]);
        return false;
    }
    return check(out);
}
