/* sim_generator_state - what the files of a generator share. Not for others. */
#ifndef LOOM_SIM_SIM_GENERATOR_STATE_H
#define LOOM_SIM_SIM_GENERATOR_STATE_H

#include "base/list.h"
#include "core/link_handshake.h"
#include "crypt/symbolic.h"
#include "origin/origin.h"
#include "sim/sim_delays.h"
#include "sim/sim_generator.h"
#include "sim/sim_message.h"
#include "sim/sim_tls.h"
#include "sim/sim_world_state.h"

enum sim_lane_phase { SIM_LANE_TLS, SIM_LANE_HANDSHAKE, SIM_LANE_OPEN };

/* One connection; under load, a lane. */
struct sim_lane {
    struct sim_generator *generator;
    struct tcp *tcp; /* NULL: not yet, or gone */
    struct sim_tls tls;
    struct origin_link *link;         /* ways in, once TLS is done */
    struct link_handshake *handshake; /* ways out, until it is open */
    uint32_t number;                  /* of the way */
    uint8_t phase;                    /* enum sim_lane_phase */
    bool is_out;
    uint32_t *circuits; /* their ids; of those that end at the relay and send, their numbers */
    uint32_t count, room;
    uint32_t cursor, run_left;
    uint64_t sent, received; /* cells of the load */
    uint64_t bytes;          /* plaintext that came since it began */
    struct list readable;    /* in sim_generator.readable */
};

struct sim_generator {
    enum sim_role role; /* first, as in all users of hosts */
    struct sim_world *world;
    struct host *host;
    const struct sim_generator_config *config;
    struct symbolic symbolic;
    const struct crypt_provider *crypt;
    struct origin *origin;
    struct sim_lane *in, *out;      /* ways of them each */
    uint32_t *plans;                /* of circuit k: its way out */
    struct origin_stream **streams; /* of circuit k, which ends at the relay; NULL: none do */
    struct cell *cell;              /* what is written, again and again */
    uint32_t ways, ways_open;
    uint32_t begun, building, built; /* circuits */
    uint32_t turn;                   /* whose lane writes first */
    struct rng rng;                  /* of times */
    uint64_t bursts;                 /* at a rate */
    uint64_t left_out;               /* cells */
    nsec next_at;                    /* when the next is due */
    nsec written_at;                 /* when the cells that are written were made */
    struct sim_lane *writing;        /* whose burst is being sealed; NULL: none */
    struct list readable;            /* lanes that have something */
    uint32_t bursts_of_turn, readable_count, reads_left;
    uint32_t step;          /* lanes that were asked in this turn, of both directions, when it has prices */
    uint64_t room;          /* of the direction that is asked */
    uint32_t writing_cells; /* to the lane that is written */
    bool has_written, is_reading; /* in this turn */
    uint32_t piece;               /* of its work, the last that was planned */
    struct sim_delay *delays;     /* of delay_room */
    uint32_t delay_count, delay_room;
    uint32_t sends;  /* since the last turn */
    uint64_t came;   /* cells, since the turn before */
    uint64_t window; /* cells under way in each direction */
    uint64_t losses;
    nsec began;
    bool is_turn_planned;
    bool is_idle; /* its thread: nothing is due and nothing has come */
};

static inline bool sim_generator_is_loading(const struct sim_generator *generator) {
    return generator->began != NSEC_NEVER;
}

/* sim_generator_host.c: cells that may still be under way in a direction */
uint64_t sim_generator_room(const struct sim_generator *generator, bool is_backward);

static inline bool sim_generator_is_priced(const struct sim_generator *generator) {
    return generator->config->prices != NULL;
}

/* The next piece of its thread's work; one that was to come later does not. */
static inline void sim_generator_go_on(struct sim_generator *generator, nsec at) {
    host_at(generator->host, at, generator->world->generator_turn, ++generator->piece, NULL);
}

/* sim_generator_priced.c: as many as go, and its thread takes time */
void sim_priced_begin(struct sim_generator *generator, nsec now);
void sim_priced_turn(struct sim_generator *generator, nsec now, uint32_t piece);
/* Something has come, or a lane has room again. */
void sim_priced_wake(struct sim_generator *generator, nsec now);

/* sim_generator_rate.c: a load at a rate */
void sim_rate_begin(struct sim_generator *generator, nsec now);
void sim_rate_turn(struct sim_generator *generator, nsec now, uint32_t piece);
/* Something has come. */
void sim_rate_readable(struct sim_lane *lane, nsec now);

/* sim_generator_link.c: before the load */

/* Dial the relay on a way in. */
void sim_lane_dial(struct sim_lane *lane, nsec now);
/* TLS and the link handshake, circuits being built. */
void sim_lane_receive(struct sim_lane *lane, nsec now, const struct sim_message *message);
/* Tell what has happened to circuits, begin further ones, write what there is to write. */
void sim_generator_build(struct sim_generator *generator, nsec now);
void sim_lane_fini(struct sim_lane *lane);

/* sim_generator_lane.c: under load */

/* It has a circuit, by this id. False without memory, and then the run stops. */
MUST_USE bool sim_lane_add(struct sim_lane *lane, uint32_t circ_id);
/* Write up to max cells; returns how many: 0 when TCP has no room. */
uint32_t sim_lane_write(struct sim_lane *lane, nsec now, uint32_t max);
/* It has circuits, and its connection takes something; when not, it will say so. */
bool sim_lane_can_write(struct sim_lane *lane);
/* Something has come, to be read when it is its turn. */
void sim_lane_note_readable(struct sim_lane *lane);
/* Of the load. */
void sim_lane_count(struct sim_lane *lane, nsec now, const struct sim_message *message);

/* sim_generator_exit.c: circuits that end at the relay */

/* The first hop is there. False: it cannot have a stream. */
MUST_USE bool sim_exit_begin_stream(struct sim_generator *generator, nsec now,
                                    struct origin_circuit *circuit);
/* Circuit k has its stream. False without memory, and then the run stops. */
MUST_USE bool sim_exit_add(struct sim_generator *generator, uint32_t number, struct origin_stream *stream);
/* All have: ask the server to give, or to take. */
void sim_exit_begin(struct sim_generator *generator, nsec now);
/* Of the load. */
void sim_exit_receive(struct sim_lane *lane, nsec now, const struct sim_message *message);
/* Write the SENDMEs that are due, and what the windows allow in full records. Returns whether there was any data. */
bool sim_exit_write(struct sim_lane *lane, nsec now);

#endif
