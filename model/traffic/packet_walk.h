/* packet_walk - one end of a stream whose packets come from a Markov model, as tgen's ends do it: both walk the same way, and
 * each sends what is its own.
 *
 * Packets without a wait of more than PACKET_WAIT_LEAST between them are one burst, of PACKET_BURST_BYTES or a packet more. A wait
 * counts from the packet before of this end: that of the other end's packets is added up.
 * Pure. Borrows its model. */
#ifndef LOOM_TRAFFIC_PACKET_WALK_H
#define LOOM_TRAFFIC_PACKET_WALK_H

#include "traffic/markov.h"

#define PACKET_BYTES       1434u
#define PACKET_BURST_BYTES 32768u
#define PACKET_WAIT_LEAST  (10 * NSEC_PER_MS)
#define PACKET_STEPS_MAX   65536u /* of one call: a model may never let this end speak */

struct packet_walk {
    struct markov_walk walk;
    bool is_server;
    nsec resume_at;    /* nothing is to be sent before */
    uint64_t expected; /* bytes that the other end sends, as far as this one has walked */
};

void packet_walk_begin(struct packet_walk *w, const struct markov_model *model, uint64_t seed,
                       bool is_server);
/* Everything that was to be sent has been: bytes to send now. 0: wait until resume_at, or it is over (walk.is_over). */
uint32_t packet_walk_next(struct packet_walk *w, nsec now);

#endif
