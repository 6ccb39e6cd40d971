/* attack_queues - cells that pile up in the relay's queues, because those on the one side send what those on the other do not read:
 * the Sniper Attack (Jansen, Tschorsch, Johnson, Scheuermann: NDSS 2014) and its kin.
 *
 * Circuits lead from the attacker's links through the relay to relays of his own, which read and so hear which circuits are killed;
 * for those he makes others. */
#ifndef LOOM_ATTACK_ATTACK_QUEUES_H
#define LOOM_ATTACK_ATTACK_QUEUES_H

#include <stdbool.h>

#include "base/attributes.h"
#include "native/complaint.h"

struct attack_world;

/* sniper, trickle or upload. False with a complaint. */
MUST_USE bool attack_queues(struct attack_world *world, struct complaint *complaint);

#endif
