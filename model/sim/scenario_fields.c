/* The keys of a scenario: what each may be, and what it is when left out. */
#include "des/net.h"
#include "sim/scenario.h"
#include "sim/sim_config.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define SECONDS_MAX          UINT64_C(86400)   /* a day of simulated time */
#define MBIT_MAX             UINT64_C(1000000) /* 1 Tbit/s */
#define SHARE_MAX            UINT64_C(1000000000)
#define COUNTRIES_ALL        1024u
#define MEASURE_PERMILLE_MAX UINT64_C(1000000000000)

#define AT(type, member) .offset = offsetof(struct type, member)
/* Must be there. */
#define NUMBER(type, member, lo, hi, text) \
    { .key = #member, .about = (text), .kind = RECORD_NUMBER, AT(type, member), .least = (lo), .most = (hi) }
#define TEXT(type, member, words) \
    { .key = #member, .about = (words), .kind = RECORD_TEXT, AT(type, member) }
#define MAP(type, member, of, text) \
    { .key = #member, .about = (text), .kind = RECORD_MAP, AT(type, member), .record = &(of) }
#define LIST(type, name, member, of, lo, hi, words)                                                          \
    {                                                                                                        \
        .key = (name), .about = (words), .kind = RECORD_LIST, AT(type, member), .least = (lo), .most = (hi), \
        .record = &(of)                                                                                      \
    }
/* May be left out. */
#define FRACTION_OR(type, member, fallback, words)                                                        \
    {                                                                                                     \
        .key = #member, .about = (words), .kind = RECORD_FRACTION, .is_optional = true, AT(type, member), \
        .value = (fallback)                                                                               \
    }
#define NUMBER_OR(type, member, fallback, lo, hi, text)                                                \
    {                                                                                                  \
        .key = #member, .about = (text), .kind = RECORD_NUMBER, .is_optional = true, AT(type, member), \
        .least = (lo), .most = (hi), .value = (fallback)                                               \
    }
#define TEXT_OR(type, member, fallback, words)                                                        \
    {                                                                                                 \
        .key = #member, .about = (words), .kind = RECORD_TEXT, .is_optional = true, AT(type, member), \
        .text = (fallback)                                                                            \
    }
#define BOOL_OR(type, name, member, fallback, words)                                                 \
    {                                                                                                \
        .key = (name), .about = (words), .kind = RECORD_BOOL, .is_optional = true, AT(type, member), \
        .value = (fallback)                                                                          \
    }
#define CHOICE_OR(type, member, fallback, of, words)                                                    \
    {                                                                                                   \
        .key = #member, .about = (words), .kind = RECORD_CHOICE, .is_optional = true, AT(type, member), \
        .value = (fallback), .names = (of), .names_n = COUNT_OF(of)                                     \
    }
#define MAP_OR(type, member, of, words)                                                              \
    {                                                                                                \
        .key = #member, .about = (words), .kind = RECORD_MAP, .is_optional = true, AT(type, member), \
        .record = &(of)                                                                              \
    }
#define LIST_OR(type, name, member, of, hi, words)                                                   \
    {                                                                                                \
        .key = (name), .about = (words), .kind = RECORD_LIST, .is_optional = true, AT(type, member), \
        .most = (hi), .record = &(of)                                                                \
    }
#define RECORD(type, fields) \
    { (fields), COUNT_OF(fields), sizeof(struct type) }

static const char *const engines[] = {"sim", "shadow"};
static const char *const price_rules[] = {"fixed", "drawn"};
static const char *const placements[] = {"floating", "pinned"}; /* enum sim_placement */
static const char *const line_rates[] = {"next", "capacity"};
static const char *const orders[] = {"weight", "capacity", "random"};
static const char *const owners[] = {"own", "tor", "loom"};               /* enum scenario_of */
static const char *const observations[] = {"no", "flows", "round-trips"}; /* enum sim_observed */
static const char *const probes[] = {"none", "guards", "all"};            /* enum scenario_probes */
static const char *const expectations[] = {"above", "below", "different", "same"};
static const char *const pauses[] = {"fixed", "exponential"};
static const char *const congestion_controls[] = {"windows", "vegas"};           /* enum sim_congestion */
static const char *const balancings[] = {"round-robin", "least-busy", "moving"}; /* enum balance_policy */
static const char *const architectures[] = {"vanilla", "poc", "full"};           /* enum cost_mapping */

static const struct record_field seeds_fields[] = {
    NUMBER(scenario_seeds, first, 0, UINT32_MAX, "the first seed"),
    NUMBER(scenario_seeds, last, 0, UINT32_MAX, "and the last: one run of each arm for each"),
};
static const struct record seeds_record = RECORD(scenario_seeds, seeds_fields);

static const struct record_field relay_fields[] = {
    TEXT(scenario_relay, country, "two capital letters, of the table of latencies"),
    TEXT_OR(scenario_relay, name, NULL, "by which arms, paths and outputs refer to it"),
    TEXT_OR(scenario_relay, class, NULL,
            "of the hardware, by name; left out: by its capacity and the shares"),
    NUMBER_OR(scenario_relay, count, 1, 1, SIM_RELAYS_MAX, "so many relays, all alike"),
    NUMBER(scenario_relay, weight, 0, UINT32_MAX, "of the consensus; 0: no path has it"),
    NUMBER(scenario_relay, capacity_kbit, 1, MBIT_MAX * 1000, "the most that it was seen to carry"),
    BOOL_OR(scenario_relay, "guard", is_guard, 0, "it has the flag Guard"),
    BOOL_OR(scenario_relay, "exit", is_exit, 0, "it has the flag Exit"),
};
static const struct record relay_record = RECORD(scenario_relay, relay_fields);

static const struct record_field network_fields[] = {
    TEXT_OR(scenario_network, relays, NULL,
            "a table of relays, as loom stage writes it, beside the scenario"),
    NUMBER_OR(scenario_network, rows, 0, 0, SIM_RELAYS_MAX, "relays that the table must have; 0: any number"),
    NUMBER_OR(scenario_network, scale_permille, 1000, 1, 1000,
              "the share of the table to simulate, role by role, evenly over the order of weights"),
    LIST_OR(scenario_network, "inline", inline_relays, relay_record, 1000,
            "the relays themselves, instead of a table"),
    TEXT_OR(
        scenario_network, generated, NULL,
        "a whole network that tornettools generated for Shadow, packed as .tar.xz, beside the scenario: its relays, "
        "servers and clients with their traffic"),
};
static const struct record network_record = RECORD(scenario_network, network_fields);

static const struct record_field instead_fields[] = {
    TEXT(scenario_instead, country, "two capital letters, not of the table of latencies"),
    TEXT(scenario_instead, taken_as, "two capital letters, of that table"),
};
static const struct record instead_record = RECORD(scenario_instead, instead_fields);

static const struct record_field topology_fields[] = {
    TEXT(scenario_topology, latencies, "latencies between countries, as loom-topology writes them"),
    NUMBER_OR(scenario_topology, loss_ppm, 0, 0, 500000, "of a million segments, lost on each path"),
    NUMBER_OR(
        scenario_topology, first_window, NET_CWND_LINUX, 1, 100,
        "segments that TCP sends at first; 10: as Linux, 2: what comes out in Shadow, which has its own"),
    NUMBER_OR(scenario_topology, scale_permille, 1000, 10, 100000, "of all latencies; 1000: as they are"),
    LIST_OR(scenario_topology, "instead", instead, instead_record, COUNTRIES_ALL,
            "hosts of a generated network in countries that the table does not have"),
};
static const struct record topology_record = RECORD(scenario_topology, topology_fields);

static const struct record_field class_fields[] = {
    TEXT(scenario_class, name, "as results name it"),
    NUMBER_OR(scenario_class, capacity_mbit_least, 0, 0, MBIT_MAX,
              "it is for relays of at least this capacity"),
    NUMBER_OR(scenario_class, capacity_mbit_most, MBIT_MAX, 0, MBIT_MAX, "and below this capacity"),
    NUMBER_OR(scenario_class, share, 1, 1, SHARE_MAX,
              "of such relays, relative to the other classes for them"),
    NUMBER(scenario_class, cores, 1, 64, "physical cores"),
    NUMBER_OR(scenario_class, threads_per_core, 1, 1, 2, "2: hyperthreads"),
    NUMBER_OR(scenario_class, workers, 1, 1, 64, "threads for circuit handshakes"),
    NUMBER_OR(scenario_class, slower_permille, 1000, 100, 100000,
              "how long work takes, at most when capacity_percent is not 0; 1000: as in the profile"),
    NUMBER_OR(
        scenario_class, capacity_percent, 0, 0, 10000,
        "each machine is so slow that tor could carry this much of the relay's capacity; 0: all are the same"),
    BOOL_OR(scenario_class, "free", is_free, 0,
            "its work takes no time; its line, and the rate of its relays, are without limit"),
    NUMBER_OR(scenario_class, line_mbit, 0, 0, MBIT_MAX, "each way; 0: as line_rate says"),
    BOOL_OR(scenario_class, "line_both_ways", line_both_ways, 0,
            "the line is one for both directions together"),
    NUMBER_OR(scenario_class, softirq_queues, 0, 0, 128,
              "logical cores that the network's interrupts go to, from the first on; 0: as the profile says"),
    CHOICE_OR(scenario_class, placement, SIM_FLOATING, placements,
              "pinned: main and connection threads each on a core of their own, in turn; CPU workers float"),
};
static const struct record class_record = RECORD(scenario_class, class_fields);

static const struct record_field hardware_fields[] = {
    TEXT_OR(scenario_hardware, tor_profile, NULL,
            "prices of relays that run tor; left out: no work takes time"),
    TEXT_OR(scenario_hardware, loom_profile, NULL,
            "prices of relays that run Loom; left out: no work takes time"),
    CHOICE_OR(scenario_hardware, prices, SCENARIO_PRICES_FIXED, price_rules,
              "drawn: each seed draws its own from the intervals of the profiles, the same for all arms "
              "(model/cost/price_draw.h)"),
    CHOICE_OR(scenario_hardware, line_rate, SCENARIO_LINE_NEXT, line_rates,
              "next: the next of 100 Mbit/s, 1, 10 and 100 Gbit/s at or above a relay's capacity"),
    LIST(scenario_hardware, "classes", classes, class_record, 1, 64, "the hardware mix"),
};
static const struct record hardware_record = RECORD(scenario_hardware, hardware_fields);

static const struct record_field arm_fields[] = {
    TEXT(scenario_arm, name, "as results name it; also a folder"),
    NUMBER(scenario_arm, percent, 0, 100, "of the relays run Loom, the others tor"),
    TEXT_OR(
        scenario_arm, relays, NULL,
        "the only relays that it is about, by name: of these percent run Loom, 0 or 100; all others run tor"),
    CHOICE_OR(scenario_arm, order, SCENARIO_BY_WEIGHT, orders,
              "the largest first, or at random with the seed"),
    NUMBER_OR(
        scenario_arm, threads, 4, 0, SIM_THREADS_MAX,
        "connection threads of relays that run Loom, at most one for each logical core unless they are named"),
    CHOICE_OR(scenario_arm, architecture, COST_FULL, architectures,
              "which threads do the work (model/cost/mapping.h)"),
    CHOICE_OR(scenario_arm, balancing, BALANCE_ROUND_ROBIN, balancings,
              "where relays that run Loom put their links (plugin/core/balance.h)"),
    CHOICE_OR(scenario_arm, prices, SCENARIO_OWN, owners,
              "of relays that run Loom: its own, or those of tor"),
    CHOICE_OR(
        scenario_arm, behaviour, SCENARIO_OWN, owners,
        "of relays that run Loom: records, reads and picks as its own, or as tor's (model/cost/behaviour.h)"),
    BOOL_OR(scenario_arm, "goes_on", goes_on, 1,
            "uploads go on as goes_on_s says; otherwise they end with their file"),
    BOOL_OR(scenario_arm, "probes", has_probes, 1, "groups with probes do; otherwise they never begin"),
};
static const struct record arm_record = RECORD(scenario_arm, arm_fields);

static const struct record_field rollout_fields[] = {
    FRACTION_OR(scenario_share, fraction, RECORD_NO_FRACTION,
                "instead of all arms one, rollout: like the last, but this share of relays runs Loom"),
};
static const struct record rollout_record = RECORD(scenario_share, rollout_fields);

static const struct record_field place_fields[] = {
    TEXT(scenario_place, country, "two capital letters, of the table of latencies"),
    NUMBER(scenario_place, share, 1, SHARE_MAX, "relative to the others"),
};
static const struct record place_record = RECORD(scenario_place, place_fields);

static const struct record_field servers_fields[] = {
    NUMBER_OR(scenario_servers, count, 0, 0, SIM_SERVERS_MAX,
              "hosts; a fetch draws one. 0: only with a generated network, which has its own"),
    NUMBER_OR(scenario_servers, line_mbit, 10000, 0, MBIT_MAX, "each way; 0: without limit"),
    LIST_OR(scenario_servers, "places", places, place_record, COUNTRIES_ALL, "left out: where the users are"),
};
static const struct record servers_record = RECORD(scenario_servers, servers_fields);

static const struct record_field file_fields[] = {
    NUMBER(scenario_file, bytes, 1, UINT64_C(1) << 40, "its size"),
    NUMBER_OR(scenario_file, share, 1, 1, 1000000, "relative to the others"),
    NUMBER_OR(scenario_file, timeout_s, 0, 0, SECONDS_MAX, "until its last byte; 0: none"),
};
static const struct record file_record = RECORD(scenario_file, file_fields);

static const struct record_field clients_fields[] = {
    TEXT(scenario_clients, name, "as results name it"),
    BOOL_OR(scenario_clients, "measured", is_measured, 0,
            "its times are those of the results; otherwise it is load"),
    NUMBER(scenario_clients, hosts, 1, SIM_CLIENTS_MAX, "each with its own place, guards and links"),
    NUMBER_OR(scenario_clients, sessions, 1, 1, SIM_SESSIONS_MAX, "users of a host"),
    NUMBER_OR(scenario_clients, line_mbit, 1000, 0, MBIT_MAX, "of a host, each way; 0: without limit"),
    NUMBER_OR(scenario_clients, guards, 0, 0, 60, "that a host keeps to; 0: drawn for each circuit"),
    NUMBER_OR(scenario_clients, start_s, 0, 0, SECONDS_MAX, "sessions begin within a pause from here"),
    NUMBER(scenario_clients, pause_ms, 0, SECONDS_MAX * 1000, "between fetches of a session"),
    CHOICE_OR(scenario_clients, pause, SCENARIO_PAUSE_EXPONENTIAL, pauses,
              "exponential: pause_ms is its mean"),
    BOOL_OR(scenario_clients, "periodic", is_periodic, 0, "pauses count from the beginning of a fetch"),
    NUMBER_OR(scenario_clients, request_bytes, 1000, 16, 1000000, "of a fetch"),
    NUMBER_OR(scenario_clients, circuit_age_s, 600, 0, SECONDS_MAX,
              "an older circuit is replaced; 0: a new one each time"),
    NUMBER_OR(scenario_clients, circuit_timeout_s, 60, 1, SECONDS_MAX, "to build a circuit"),
    LIST(scenario_clients, "files", files, file_record, 1, SIM_FILES_MAX, "what is fetched, or sent"),
    BOOL_OR(scenario_clients, "upload", is_upload, 0,
            "files go to the server; times to first and last byte are those at which it has them"),
    NUMBER_OR(scenario_clients, goes_on_s, 0, 0, SECONDS_MAX,
              "an upload goes on after its file, until so long after its beginning"),
    NUMBER_OR(scenario_clients, streams_at_s, 0, 0, SECONDS_MAX,
              "no stream begins before: circuits are built, and wait for it"),
    NUMBER_OR(scenario_clients, fetches, 0, 0, UINT16_MAX, "or uploads of a session; 0: without end"),
    BOOL_OR(scenario_clients, "pinned", is_pinned, 0,
            "all circuits of a host have one path, drawn with the seed: the same in all engines"),
    TEXT_OR(scenario_clients, through, NULL, "an inline relay, by name: the middle of all circuits"),
    TEXT_OR(scenario_clients, same_paths_as, NULL,
            "a pinned group before this one, by name, which has as many hosts: their paths"),
    CHOICE_OR(scenario_clients, observed, SIM_OBSERVED_NOT, observations,
              "what an adversary at the servers sees: flows are bytes in bins, and round trips"),
    CHOICE_OR(
        scenario_clients, probes, SCENARIO_PROBES_NONE, probes,
        "hosts for each relay that may be a guard, or for each at all, in its country, with circuits through it"),
    TEXT_OR(
        scenario_clients, probe_exit, NULL,
        "with probes: the last relay of their circuits, by name: inline, of weight 0, an exit, on a free machine"),
};
static const struct record clients_record = RECORD(scenario_clients, clients_fields);

static const struct record_field load_fields[] = {
    NUMBER_OR(scenario_load, written_mbit, 0, 0, UINT64_C(100000000),
              "what all relays together write, in the mean of all runs of the first arm; 0: not checked"),
    NUMBER_OR(scenario_load, tolerance_percent, 10, 1, 100, "how far off it may be before that is said"),
};
static const struct record load_record = RECORD(scenario_load, load_fields);

static const struct record_field traffic_fields[] = {
    CHOICE_OR(
        scenario_traffic, congestion_control, SIM_CONGESTION_WINDOWS, congestion_controls,
        "of circuits. windows: ntor and SENDME windows; vegas: ntor-v3, and Vegas between client and exit"),
    BOOL_OR(scenario_traffic, "cgo", wants_cgo, 0,
            "counter galois onion between client and exit; with vegas only"),
    NUMBER_OR(
        scenario_traffic, flows_age_s, 0, 0, 36000,
        "of a generated network's flows: so long they have been coming when it starts, and long ones go on"),
    LIST_OR(scenario_traffic, "users", users, place_record, COUNTRIES_ALL,
            "where client hosts are, drawn with the seed; left out with a generated network alone"),
    MAP_OR(scenario_traffic, servers, servers_record, "what files come from; the same"),
    LIST_OR(scenario_traffic, "clients", clients, clients_record, 64, "groups of client hosts; the same"),
    MAP_OR(scenario_traffic, load, load_record, "what the groups were chosen for"),
};
static const struct record traffic_record = RECORD(scenario_traffic, traffic_fields);

static const struct record_field outputs_fields[] = {
    NUMBER_OR(scenario_outputs, sample_ms, 100, 1, 60000,
              "of relays, for the share of time that is CPU-bound"),
    NUMBER_OR(scenario_outputs, series_ms, 1000, 1, 3600000,
              "of the series in files; a multiple of sample_ms"),
    NUMBER_OR(scenario_outputs, cpu_bound_percent, 95, 1, 100,
              "a sample of a relay is CPU-bound when its busiest thread was busy this long"),
    TEXT_OR(scenario_outputs, sustained, NULL,
            "an inline relay, by name, whose maximum sustained throughput is wanted"),
    NUMBER_OR(scenario_outputs, sustained_window_s, 30, 1, SECONDS_MAX, "length of the moving average"),
    NUMBER_OR(scenario_outputs, sustained_skip_s, 30, 0, SECONDS_MAX,
              "what is left out after the end of the warm-up"),
};
static const struct record outputs_record = RECORD(scenario_outputs, outputs_fields);

/* As loom_analysis.fingerprint names them; the last is for a comparison alone. */
static const char *const measures[] = {"guard-percentile", "guard-percentile-60s", "guard-first",
                                       "guard-top-fifth",  "guard-gain",           "guard-coverage",
                                       "guard-set",        "guard-ruled-out",      "path-all",
                                       "path-one",         "path-false",           "link-ks",
                                       "link-means",       "link-error",           "flow-rate",
                                       "probe-spread",     "trip-spread",          "same"};
#define MEASURE_SAME (COUNT_OF(measures) - 1)

static const struct record_field hypothesis_fields[] = {
    TEXT(scenario_hypothesis, name, "as reports name it"),
    TEXT(scenario_hypothesis, claim, "one line for people: what, and who has said so"),
    {.key = "measure",
     .about = "of one network (docs/security.md)",
     .kind = RECORD_CHOICE,
     AT(scenario_hypothesis, measure),
     .names = measures,
     .names_n = MEASURE_SAME},
    TEXT(scenario_hypothesis, arm, "in which it is measured, by name"),
    {.key = "expected",
     .about = "that it is so; different: either way, same: within the margin",
     .kind = RECORD_CHOICE,
     AT(scenario_hypothesis, expected),
     .names = expectations,
     .names_n = COUNT_OF(expectations)},
    CHOICE_OR(scenario_hypothesis, than_measure, MEASURE_SAME, measures,
              "what it is compared with; same: as measure"),
    TEXT_OR(
        scenario_hypothesis, than_arm, NULL,
        "in which that is measured, by name; left out: of the same arm when than_measure is another, else than_permille"),
    NUMBER_OR(scenario_hypothesis, than_permille, 0, 0, MEASURE_PERMILLE_MAX,
              "a value to compare with: what chance gives, say"),
    NUMBER(scenario_hypothesis, margin_permille, 1, MEASURE_PERMILLE_MAX,
           "the least difference that would matter: for power, and for what is the same"),
};
static const struct record hypothesis_record = RECORD(scenario_hypothesis, hypothesis_fields);

static const struct record_field observe_fields[] = {
    NUMBER_OR(scenario_observe, bin_ms, 100, 1, 1000, "of series of bytes; a divisor of 1000"),
    NUMBER_OR(scenario_observe, attack_bin_ms, 1000, 1, 60000,
              "bins that attacks take together; a multiple of bin_ms"),
    NUMBER_OR(scenario_observe, window_s, 300, 1, SECONDS_MAX,
              "the least window in which flow and probe are compared"),
    LIST_OR(scenario_observe, "hypotheses", hypotheses, hypothesis_record, 64,
            "what is expected, written down before there is a run"),
};
static const struct record observe_record = RECORD(scenario_observe, observe_fields);

static const struct record_field scenario_fields[] = {
    TEXT(scenario, name, "letters, digits, '-', '_' and '.'; also a folder"),
    TEXT_OR(scenario, about, NULL, "one line for people"),
    CHOICE_OR(scenario, engine, SCENARIO_ENGINE_SIM, engines,
              "sim: Loom's own; shadow: the Shadow simulator, which runs tor and loom-relay themselves"),
    NUMBER_OR(scenario, bootstrap_s, 0, 0, SECONDS_MAX,
              "until then lines have no limit and paths lose nothing"),
    NUMBER(scenario, warm_up_s, 0, SECONDS_MAX, "simulated, not measured"),
    NUMBER(scenario, duration_s, 1, SECONDS_MAX, "simulated after it, and measured"),
    NUMBER_OR(scenario, kist_run_interval_ms, 0, 0, 100, "0: the default of the consensus"),
    MAP(scenario, seeds, seeds_record, "all arms of a seed have the same places, draws and load"),
    MAP(scenario, network, network_record, "the relays"),
    MAP(scenario, topology, topology_record, "what is between hosts"),
    MAP(scenario, hardware, hardware_record, "what relays run on"),
    LIST(scenario, "arms", arms, arm_record, 1, 64, "rollouts to compare; differences are to the first"),
    MAP_OR(scenario, rollout, rollout_record, "what a sweep over rollouts sets"),
    MAP(scenario, traffic, traffic_record, "what clients do"),
    MAP_OR(scenario, outputs, outputs_record, "what is kept"),
    MAP_OR(scenario, observe, observe_record, "what an adversary sees, and what is made of it"),
};
const struct record scenario_record = RECORD(scenario, scenario_fields);
