/* attack_world - what all attacks share: the event loop and its time, relays of the attacker's own, and what was done so far.
 *
 * An attack is set up, and then takes turns until attack_world_turn says that it is over.
 * Owner: main. Thread: the program has one. */
#ifndef LOOM_ATTACK_ATTACK_WORLD_H
#define LOOM_ATTACK_ATTACK_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "attack/attack_options.h"
#include "base/attributes.h"
#include "base/nsec.h"
#include "native/complaint.h"
#include "native/turn_clock.h"

struct load_net;
struct load_shape;
struct load_sink;

#define ATTACK_SINKS_MAX 16u

struct attack_counts {
    uint64_t dialled, opened, closed; /* connections; opened: as far as the attack wants them */
    uint64_t circuits, killed;        /* that were there, and of those, that the relay has ended */
    uint64_t streams;                 /* that were asked for */
    uint64_t cells;                   /* that were sent to fill queues, or to ask for something */
};

struct attack_world {
    const struct attack_options *options;
    struct load_net *net;
    struct load_shape *shape;
    struct load_sink *sinks[ATTACK_SINKS_MAX];
    uint32_t sink_count;
    struct turn_clock clock;
    struct attack_counts counts;
    nsec began, say_at;
    char folder[64];
};

/* Borrows options. False with a complaint. attack_world_fini in any case. */
MUST_USE bool attack_world_init(struct attack_world *world, const struct attack_options *options,
                                struct complaint *complaint);
void attack_world_fini(struct attack_world *world);
/* So many relays of our own, at most ATTACK_SINKS_MAX. False with a complaint. */
MUST_USE bool attack_world_make_sinks(struct attack_world *world, uint32_t count,
                                      struct complaint *complaint);

/* All is ready: the attack's time begins. */
void attack_world_begin(struct attack_world *world);
/* Time as links and circuits want it. */
nsec attack_world_now(struct attack_world *world);
/* Let happen what happens within some milliseconds, and say once a second how it goes. False when the attack is over. */
MUST_USE bool attack_world_turn(struct attack_world *world);

#endif
