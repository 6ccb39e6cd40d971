/* attack_exits - streams and names that the relay is asked for as an exit, over links of a relay of the attacker's.
 *
 * What they lead to is the attacker's too: a fountain that gives without end, or sockets that are taken up and left alone.
 * Streams that end are begun again; circuits that are killed are made again. */
#ifndef LOOM_ATTACK_ATTACK_EXITS_H
#define LOOM_ATTACK_ATTACK_EXITS_H

#include <stdbool.h>

#include "base/attributes.h"
#include "native/complaint.h"

struct attack_world;

/* unread, begins, begins-nowhere or resolves. False with a complaint. */
MUST_USE bool attack_exits(struct attack_world *world, struct complaint *complaint);

#endif
