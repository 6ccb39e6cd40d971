/* sim_measure - what a simulation has measured, as plain values in orders that do not depend on threads.
 *
 * Each array belongs to one host and is written by it alone; sim_world.h hands them out. Everything is deterministic.
 * Times count from the simulation's start; NSEC_NEVER: it did not happen. */
#ifndef LOOM_SIM_SIM_MEASURE_H
#define LOOM_SIM_SIM_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/nsec.h"
#include "base/work.h"

struct sim_delay;

#define SIM_DELAY_BINS 40u /* bin b: delays of at least 2^(b-1) and less than 2^b ns; bin 0: none */

#define SIM_OUTCOME_LIST(X)                                                          \
    X(DONE, "done")                                                                  \
    X(TIMEOUT, "timeout")                 /* of the transfer */                      \
    X(CIRCUIT_TIMEOUT, "circuit-timeout") /* not built in time */                    \
    X(CIRCUIT_FAILED, "circuit-failed")   /* refused or closed while it was built */ \
    X(CIRCUIT_CLOSED, "circuit-closed")   /* destroyed under the transfer */         \
    X(LINK_CLOSED, "link-closed")         /* to the guard */                         \
    X(STREAM_ENDED, "stream-ended")       /* by exit or server, before its end */    \
    X(NO_PATH, "no-path")                 /* no relays to choose from */             \
    X(UNFINISHED, "unfinished")           /* when the simulation ended */

enum sim_outcome {
#define X(name, text) SIM_OUTCOME_##name,
    SIM_OUTCOME_LIST(X)
#undef X
};

/* One fetch of a client, or one upload. Those of a client are in the order in which they ended. */
struct sim_transfer {
    uint32_t client;
    uint32_t relays[3]; /* guard, middle, exit; UINT32_MAX: not chosen */
    uint16_t session;
    uint16_t server;
    uint16_t file;   /* of the client's load */
    uint8_t outcome; /* enum sim_outcome */
    bool is_new_circuit;
    uint16_t number; /* of the session's transfers */
    uint64_t bytes;  /* of the file, received; of an upload: by the server */
    nsec
        started; /* when it was decided on; of a new circuit: when its building began, or when it need not wait */
    nsec circuit_built; /* equal to started when the circuit was there */
    nsec asked;         /* BEGIN was sent: what times to first and last byte are counted from */
    nsec connected;
    nsec responded;  /* the first byte of the server's response, if its load has one (sim_config.h) */
    nsec first_byte; /* of the file, here; of an upload: at the server */
    nsec last_byte;
};

/* One building of a circuit, for the distribution of build times. */
struct sim_build {
    uint32_t client;
    uint8_t
        outcome; /* SIM_OUTCOME_DONE, _CIRCUIT_TIMEOUT, _CIRCUIT_FAILED, _LINK_CLOSED, _NO_PATH, _UNFINISHED */
    nsec decided; /* on it; what follows until started is the link to its guard, where there was none */
    nsec started; /* CREATE2 was sent */
    nsec took;    /* from started until it was open or given up */
};

/* What a relay did in one sample interval. */
struct sim_sample {
    uint64_t bytes_read; /* link plaintext and exit streams */
    uint64_t bytes_written;
    uint64_t cells; /* relayed: taken by links */
    nsec busy;      /* of all its threads, CPU workers included */
    nsec busy_most; /* of its busiest thread (CPU workers not) */
    nsec delay_sum; /* between an input's being there and a thread's beginning with it */
    nsec delay_max;
    uint64_t inputs;
};

/* A thread of a relay, from measure_from on. Thread 0 is the main thread, then connection threads, then CPU workers. */
struct sim_thread_measure {
    nsec busy;
    uint64_t inputs;
    nsec delay_sum;
    nsec delay_max;
    uint64_t delays[SIM_DELAY_BINS];
    uint64_t steps;     /* an input takes several when the world is to see its beginning earlier */
    nsec core_wait_sum; /* of them, from the thread's being ready until it had a core */
    nsec core_wait_max;
};

struct sim_relay_measure {
    const struct sim_sample *samples; /* sample_count of them, from time 0 */
    const nsec *thread_busy;          /* [sample * thread_count + thread] */
    const struct sim_thread_measure *threads;
    uint32_t sample_count;
    uint32_t thread_count;
    struct work work; /* all that was counted, from time 0 */
    uint64_t moves;   /* of links to another thread, from time 0 */
};

struct sim_client_measure {
    const struct sim_transfer *transfers;
    const struct sim_build *builds;
    uint64_t transfer_count;
    uint64_t build_count;
    uint64_t bytes_received;               /* of files, whole or not, or of flows' streams */
    uint64_t flows, flows_left_out;        /* of a load of flows; left out: more at once than sessions */
    uint64_t streams_done, streams_failed; /* of flows */
};

/* What a generator has done by now. */
struct sim_generator_measure {
    uint64_t sent, received;  /* cells of the load, both directions together */
    uint64_t losses;          /* links and circuits */
    uint32_t built;           /* circuits */
    nsec began;               /* the load; NSEC_NEVER: not yet */
    struct sim_delay *delays; /* of cells at a rate, in the order of arrival */
    uint32_t delay_count;
    uint64_t left_out; /* cells for which there was no room */
};

struct sim_totals {
    uint64_t events;        /* of the engine, really executed */
    uint64_t cells_relayed; /* cell x relay */
    uint64_t circuits_built;
    uint64_t circuits_failed;
    uint64_t transfers_done;
    uint64_t transfers_failed;
    uint64_t segments_lost; /* on paths, and by CoDel */
    uint64_t links;         /* open now, both sides counted */
    uint64_t halves;        /* circuit halves of relays now */
    nsec time;              /* simulated */
};

/* "circuit-timeout"; never NULL. */
const char *sim_outcome_name(enum sim_outcome outcome);

#endif
