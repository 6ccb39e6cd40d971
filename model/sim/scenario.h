/* scenario - one YAML file that says a whole network and experiment: read, checked, and with all defaults filled in.
 *
 * What a key may be is in one table (scenario_record): reader, defaults, the JSON in results, and scenarios/schema.json
 * come from it. What no table can say, scenario_parse checks, each mistake with its place.
 * Memory: owns its settings and lists; text lives as long. Bound: SETTINGS_BYTES_MAX, and items_most of each list. */
#ifndef LOOM_SIM_SCENARIO_H
#define LOOM_SIM_SCENARIO_H

#include "files/settings_change.h"
#include "sim/record.h"

enum scenario_engine { SCENARIO_ENGINE_SIM, SCENARIO_ENGINE_SHADOW };
enum scenario_prices { SCENARIO_PRICES_FIXED, SCENARIO_PRICES_DRAWN };
enum scenario_line_rate { SCENARIO_LINE_NEXT, SCENARIO_LINE_CAPACITY };
enum scenario_order { SCENARIO_BY_WEIGHT, SCENARIO_BY_CAPACITY, SCENARIO_AT_RANDOM };
enum scenario_of { SCENARIO_OWN, SCENARIO_OF_TOR, SCENARIO_OF_LOOM };
enum scenario_probes { SCENARIO_PROBES_NONE, SCENARIO_PROBES_GUARDS, SCENARIO_PROBES_ALL };
enum scenario_expected { SCENARIO_ABOVE, SCENARIO_BELOW, SCENARIO_DIFFERENT, SCENARIO_SAME };
enum scenario_pause { SCENARIO_PAUSE_FIXED, SCENARIO_PAUSE_EXPONENTIAL };

struct scenario_seeds {
    const struct setting *at;
    uint64_t first, last;
};

/* A relay written down in the scenario itself. */
struct scenario_relay {
    const struct setting *at;
    const char *country;
    const char *name;  /* by which others refer to them; or NULL */
    const char *class; /* their machine; NULL: by capacity, as relays of a table */
    uint64_t count;    /* so many of them, all alike */
    uint64_t weight, capacity_kbit, is_guard, is_exit;
};

struct scenario_network {
    const struct setting *at;
    const char *relays; /* a table of relays; NULL: inline */
    uint64_t rows;      /* that it must have; 0: any number */
    uint64_t scale_permille;
    struct record_list inline_relays; /* of scenario_relay */
    const char *generated; /* an archive that tornettools made, with all of its hosts; NULL: none */
};

/* A country that the table of latencies does not have. */
struct scenario_instead {
    const struct setting *at;
    const char *country;
    const char *taken_as;
};

struct scenario_topology {
    const struct setting *at;
    const char *latencies;
    uint64_t loss_ppm;
    uint64_t first_window; /* of TCP, in segments */
    uint64_t scale_permille;
    struct record_list instead; /* of scenario_instead */
};

struct scenario_class {
    const struct setting *at;
    const char *name;
    uint64_t capacity_mbit_least, capacity_mbit_most;
    uint64_t share;
    uint64_t cores, threads_per_core, workers, slower_permille, capacity_percent;
    uint64_t is_free; /* its work takes no time, its line and its relays have no limit */
    uint64_t line_mbit;
    uint64_t line_both_ways; /* line_mbit is for both directions together */
    uint64_t softirq_queues; /* 0: as the profile says */
    uint64_t placement;      /* enum sim_placement */
};

struct scenario_hardware {
    const struct setting *at;
    const char *tor_profile, *loom_profile; /* price tables; NULL: all work is done in no time */
    uint64_t prices;                        /* enum scenario_prices */
    uint64_t line_rate;
    struct record_list classes; /* of scenario_class */
};

struct scenario_arm {
    const struct setting *at;
    const char *name;
    const char *relays; /* the only ones that it is about, by name; NULL: all */
    uint64_t percent, order, threads, architecture, balancing;
    uint64_t prices, behaviour; /* enum scenario_of */
    uint64_t goes_on;
    uint64_t has_probes;
};

/* What `loom sweep` asks for. */
struct scenario_share {
    const struct setting *at;
    uint64_t fraction; /* RECORD_NO_FRACTION: the arms are as they are written */
};

struct scenario_place {
    const struct setting *at;
    const char *country;
    uint64_t share;
};

struct scenario_servers {
    const struct setting *at;
    uint64_t count, line_mbit;
    struct record_list places; /* of scenario_place; none: where the users are */
};

struct scenario_file {
    const struct setting *at;
    uint64_t bytes, share, timeout_s;
};

/* Client hosts that all do the same. */
struct scenario_clients {
    const struct setting *at;
    const char *name;
    uint64_t is_measured; /* times and errors of its transfers are those of the results */
    uint64_t hosts, sessions, line_mbit, guards, start_s;
    uint64_t pause_ms, pause, is_periodic;
    uint64_t request_bytes, circuit_age_s, circuit_timeout_s;
    uint64_t is_upload, goes_on_s, streams_at_s, fetches;
    uint64_t is_pinned;  /* each host keeps to one path, which the seed draws */
    const char *through; /* the relay in the middle of all circuits, by name; or NULL */
    const char
        *same_paths_as;       /* a group, by name, whose host of the same number has the same path; or NULL */
    uint64_t observed;        /* enum sim_observed */
    uint64_t probes;          /* enum scenario_probes */
    const char *probe_exit;   /* behind each of them, a relay by name; or NULL */
    struct record_list files; /* of scenario_file */
    bool has_flows; /* of a generated network: as its models say; of nothing that is written in a scenario */
};

struct scenario_load {
    const struct setting *at;
    uint64_t written_mbit, tolerance_percent;
};

struct scenario_traffic {
    const struct setting *at;
    uint64_t congestion_control; /* enum sim_congestion */
    uint64_t wants_cgo;
    uint64_t flows_age_s;
    struct record_list users; /* of scenario_place */
    struct scenario_servers servers;
    struct record_list clients; /* of scenario_clients */
    struct scenario_load load;
};

struct scenario_outputs {
    const struct setting *at;
    uint64_t sample_ms, series_ms, cpu_bound_percent;
    const char *sustained; /* the relay whose greatest throughput is asked for, by name; or NULL */
    uint64_t sustained_window_s, sustained_skip_s;
};

/* What is expected of a measure in an arm, written down before there is a run: loom_analysis judges it. */
struct scenario_hypothesis {
    const struct setting *at;
    const char *name, *claim;
    uint64_t measure; /* by the table of scenario_fields.c */
    const char *arm;
    uint64_t expected; /* enum scenario_expected */
    uint64_t than_measure;
    const char *than_arm;   /* or NULL */
    uint64_t than_permille; /* what chance gives, say */
    uint64_t margin_permille;
};

/* What an adversary sees, and what is made of it. */
struct scenario_observe {
    const struct setting *at;
    uint64_t bin_ms, attack_bin_ms, window_s;
    struct record_list hypotheses; /* of scenario_hypothesis */
};

struct scenario {
    const struct setting *at;
    const char *name;
    const char *about;
    uint64_t engine;
    uint64_t bootstrap_s, warm_up_s, duration_s;
    uint64_t kist_run_interval_ms;
    struct scenario_seeds seeds;
    struct scenario_network network;
    struct scenario_topology topology;
    struct scenario_hardware hardware;
    struct record_list arms; /* of scenario_arm; one, when rollout says a fraction */
    struct scenario_share rollout;
    struct scenario_traffic traffic;
    struct scenario_outputs outputs;
    struct scenario_observe observe;
    struct settings *settings;
};

extern const struct record scenario_record;

/* Read the text of a scenario; file is its name in mistakes. On failure out holds nothing. */
MUST_USE bool scenario_parse(const char *file, const char *text, size_t length, struct scenario *out,
                             struct mistake *mistake);
/* The same with values changed, as if they stood in the text; changes may be NULL. */
MUST_USE bool scenario_parse_changed(const char *file, const char *text, size_t length,
                                     const struct settings_changes *changes, struct scenario *out,
                                     struct mistake *mistake);
void scenario_fini(struct scenario *scenario);

/* The text of scenarios/schema.json, to be freed; NULL without memory. */
MUST_USE char *scenario_schema(void);

#endif
