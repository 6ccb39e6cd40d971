/* circuit_padding - our side of the padding machines that make a client's introduction and rendezvous circuits look like
 * others while they are set up (padding-spec 3.3, Padding=2), as tor's relays run them.
 *
 * A machine begins with our PADDING_NEGOTIATED. The one for introductions then sends 7 to 9 DROPs, each 1 to 10 ms after the
 * last cell towards the client, and says STOP; the one for rendezvous sends one within a millisecond, and is still.
 * Owner: the half towards the client. Bound: INTRO_PADDING_MAX cells a machine, one machine a circuit. */
#ifndef LOOM_CORE_CIRCUIT_PADDING_H
#define LOOM_CORE_CIRCUIT_PADDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/nsec.h"
#include "base/rng.h"
#include "base/timers.h"

/* Numbers as in PADDING_NEGOTIATE: tor's order. */
enum padding_machine { PADDING_MACHINE_INTRO = 0, PADDING_MACHINE_REND = 1 };

#define INTRO_PADDING_MIN 7u
#define INTRO_PADDING_MAX 10u /* not reached */

struct circuit_padding {
    struct timer timer; /* the manager's: when the next cell is due */
    void *half;         /* whose it is; the manager's */
    uint32_t counter;   /* the client's name for this instance */
    uint8_t machine;
    uint8_t left; /* cells to send */
};

/* Set up but for timer and half; false when we have no such machine. */
MUST_USE bool circuit_padding_start(struct circuit_padding *padding, uint8_t machine, uint32_t counter,
                                    struct rng *rng);
/* Draw how long after a cell towards the client the next padding goes. Only while some is left. */
nsec circuit_padding_pause(const struct circuit_padding *padding, struct rng *rng);
/* A cell has gone: say whether the machine has come to its end and wants to say STOP. */
MUST_USE bool circuit_padding_sent(struct circuit_padding *padding);

#endif
