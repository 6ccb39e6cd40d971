/* sim_config - a whole network to be simulated, as plain values: what scenarios are turned into, and tests write down.
 *
 * Nothing here has behaviour, and nothing is a float. Everything that a pointer points to is borrowed for the life of the
 * simulation and never changed. Indexes refer to the arrays of the same struct sim_config.
 * Rates are bytes a second, each way; RATE_UNLIMITED (des/rate_bucket.h) for none. Times count from the simulation's start. */
#ifndef LOOM_SIM_SIM_CONFIG_H
#define LOOM_SIM_SIM_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/link_cipher.h"
#include "base/memory.h"
#include "base/nsec.h"
#include "core/balance_policy.h"
#include "cost/mapping.h"
#include "cost/price.h"
#include "crypt/provider.h"
#include "traffic/markov.h"

#define SIM_RELAYS_MAX             65536u /* relays are 10.b.c.d:9001; twice what the network has ever had, and more */
#define SIM_CLIENTS_MAX            (UINT32_C(1) << 22)
#define SIM_SERVERS_MAX            65535u
#define SIM_SESSIONS_MAX           4096u /* of one client host */
#define SIM_FILES_MAX              256u  /* of one load */
#define SIM_PROBE_HOPS             2u    /* the relay that is asked about, and an exit that limits nothing */
#define SIM_THREADS_MAX            64u   /* connection threads of a relay */
#define SIM_SAMPLES_MAX            1000000u /* of a relay */
#define SIM_GENERATOR_LINKS_MAX    1024u    /* as those of loom-load, */
#define SIM_GENERATOR_CIRCUITS_MAX 262144u  /* whose twin it is */

enum sim_relay_flag { SIM_GUARD = 1, SIM_EXIT = 2, SIM_FAST = 4, SIM_STABLE = 8 };

/* How a relay cuts its traffic into records, reads and scheduling decisions (cost/behaviour.h). */
enum sim_behaviour { SIM_BEHAVE_TOR, SIM_BEHAVE_LOOM };

/* Where the threads of a relay run. */
enum sim_placement {
    SIM_FLOATING, /* on whichever core is free */
    SIM_PINNED /* main thread and connection threads each on a core of their own, in turn; CPU workers float */
};

/* A machine and what runs on it. A tor relay: COST_VANILLA and SIM_BEHAVE_TOR with tor's prices. */
struct sim_cpu {
    const struct cost_table *prices; /* NULL: everything is done in no time */
    enum cost_mapping mapping;       /* COST_VANILLA: relays on it have 0 connection threads */
    enum sim_behaviour behaviour;
    enum link_cipher cipher;   /* wanted for its links (sim_tls.h) */
    uint16_t cores;            /* physical */
    uint16_t threads_per_core; /* 1 or 2 */
    uint16_t workers;          /* threads for circuit handshakes, at least 1 */
    enum sim_placement placement;
    uint16_t
        softirq_queues; /* cores that the network's interrupts go to (prices->softirq_permille); 0: one */
};

struct sim_relay_config {
    uint64_t weight;          /* of the consensus; 0: nobody chooses it */
    uint64_t line_rate;       /* of its network interface */
    bool line_both_ways;      /* line_rate is for both directions together */
    uint64_t bandwidth_rate;  /* RelayBandwidthRate: the token bucket of the relay itself */
    uint64_t bandwidth_burst; /* bytes */
    uint32_t flags;           /* enum sim_relay_flag */
    uint16_t country;
    uint16_t cpu;                /* index into cpus */
    uint16_t connection_threads; /* 0: all in the main thread */
    enum balance_policy balancing;
};

struct sim_server_config {
    uint64_t line_rate;
    uint16_t country;
};

struct sim_file {
    uint64_t bytes;
    uint32_t weight; /* relative to the others of the load */
    nsec timeout;    /* from asking for a stream until the last byte; 0: none */
};

/* Users with Markov models, as tgen has them (sim_flow.c): when flows come, each a circuit of its own; when streams come on it, to
 * the server or to the origin all the same; and what packets they have. */
struct sim_flows {
    const struct markov_model *flows, *streams, *packets;
    nsec timeout;  /* of a stream, from its beginning; 0: none */
    nsec stallout; /* of a stream, since bytes moved; 0: none */
    nsec
        age; /* that the flows have when their client starts: those that came before and are not over go on then */
};

/* What a session of a client does, again and again: pause, fetch a file, or send one. */
struct sim_load {
    const struct sim_file *files;
    uint32_t file_count;
    uint32_t request_bytes; /* of a fetch, at least 16 */
    bool
        has_response; /* the server answers by a short response, in a segment of its own, and then by the file */
    nsec pause;       /* between the end of a fetch and the next; its mean when it is_exponential */
    bool is_exponential;
    bool is_periodic;     /* the pause is counted from the beginning of a fetch; fetches never overlap */
    nsec circuit_age_max; /* a fetch takes a new circuit when the last one is older; 0: a new one each time */
    nsec circuit_timeout; /* of building one; 0: 60 s */
    bool is_upload;       /* files go to the server; request_bytes is not asked for */
    nsec goes_on;         /* an upload does so after its file, until so long after its stream was asked for */
    nsec streams_at;      /* no stream is asked for before; circuits are built and wait */
    uint32_t fetches_max; /* of a session; 0: without end */
    bool
        is_punctual; /* the first fetch begins when the client starts, and not somewhere in the first pause */
    const struct sim_flows
        *flows; /* instead of files; then sessions are flows at a time, and no transfer is noted */
};

/* What an adversary at the servers sees of a client's fetches. */
enum sim_observed {
    SIM_OBSERVED_NOT,
    SIM_OBSERVED_FLOWS,      /* how much in each bin, and round trips */
    SIM_OBSERVED_ROUND_TRIPS /* these alone */
};

struct sim_client_config {
    uint64_t line_rate;
    nsec start; /* sessions begin between start and start + a pause, at a time drawn for each */
    uint16_t country;
    uint16_t load;     /* index into loads */
    uint16_t sessions; /* users that share this host, its guards and its links; at least 1 */
    uint8_t guards; /* entry guards that it keeps to; 0: a relay drawn for each circuit (UseEntryGuards 0) */
    bool has_middle;
    uint32_t middle; /* when has_middle: of all its circuits, whose other relays are drawn */
    const uint32_t
        *path;     /* guard, middle and exit of all its circuits, a probe's two hops; NULL: drawn each time */
    bool is_probe; /* its circuits end at path[1]; what comes is noted in bins, as of path[0] */
    uint8_t observed; /* enum sim_observed */
};

/* Presses cells through relay 0, from one host that is before it and behind it (sim_generator.h). */
struct sim_generator_config {
    bool is_exit;      /* circuits end at relay 0, and each has a stream to server 0 */
    uint32_t links;    /* even: half of them lead into the relay, half out of it; to an exit, all lead in */
    uint32_t circuits; /* over them, at least one for each way in */
    uint32_t run;      /* cells of one circuit in a row */
    uint32_t record_cells;   /* cells in each TLS record that it writes */
    enum link_cipher cipher; /* wanted for its links, and got when the relay wants AES-256 (sim_tls.h) */
    uint32_t verified; /* ways in whose circuits leave by the way out of the same number (load/load_plan.h) */
    uint32_t
        rate; /* cells a second of both directions together, at random times (load_rate.h); 0: as many as go */
    const struct cost_table
        *prices; /* of its own thread's work, through a middle only; NULL: it limits nothing,
                                        but at a rate what it does takes what the relay would need for it */
    nsec lead;   /* the load begins so long before a whole second, when all circuits are there */
};

static inline uint32_t sim_generator_ways(const struct sim_generator_config *config) {
    return config->is_exit ? config->links : config->links / 2;
}

/* Latencies between countries: latency_us[from * countries + to], one way, > 0. */
struct sim_geography {
    uint16_t countries;
    const uint32_t *latency_us;
    const uint32_t *loss; /* the same, of 2^32 segments; NULL: no loss */
};

/* What identities are made of when crypto is not symbolic (tests): fills in everything of relay number `relay`. */
struct sim_identity;
struct sim_crypt {
    const struct crypt_provider *provider; /* of all hosts */
    bool (*make_identity)(void *context, uint32_t relay, struct sim_identity *out);
    void *context;
};

/* How many cells of a circuit may be on their way, and how its client asks for it (proposal 324). */
enum sim_congestion {
    SIM_CONGESTION_WINDOWS, /* plain ntor to every hop: the windows of tor-spec 7.3 */
    SIM_CONGESTION_VEGAS,   /* ntor-v3 to every hop, and Vegas with the last, as tor 0.4.9 has it */
};

struct sim_config {
    const struct memory *memory; /* usable from every thread of a run */
    uint64_t seed;
    struct sim_geography geography;
    const struct sim_cpu *cpus;
    const struct sim_relay_config *relays;
    const struct sim_server_config *servers; /* a fetch draws one of them */
    const struct sim_load *loads;
    const struct sim_client_config *clients;
    const struct sim_generator_config *generator; /* NULL: none */
    uint32_t cpu_count, relay_count, server_count, load_count, client_count;
    nsec bootstrap_end; /* until then interfaces have no limit and paths lose nothing, as in Shadow */
    nsec measure_from;  /* end of the warm-up: statistics that have no time of their own begin */
    nsec end;
    nsec sample_interval;          /* of the series; 0: 1 s */
    uint32_t partitions;           /* of hosts, at most one thread each; 0: 8. Not part of any result */
    nsec observe_bin;              /* of what is observed and of probes; 0: nothing is */
    uint32_t first_window;         /* of TCP, in segments; 0: NET_CWND_LINUX */
    uint32_t kist_run_interval_ms; /* 0: as the consensus says by default */
    enum sim_congestion congestion_control;
    bool wants_cgo; /* with the last hop, whose cells are V1 then; needs SIM_CONGESTION_VEGAS */
    const struct sim_crypt *crypt; /* NULL: symbolic, one provider for each host */
};

/* "relays[3].country: ..." goes to what (room bytes) when something is out of bounds or refers to nothing. */
bool sim_config_check(const struct sim_config *config, char *what, uint32_t room);

#endif
