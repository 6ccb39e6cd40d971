/* attack_extends - circuits that ask the relay to extend them to relays that are not there, each another: the relay dials, and waits
 * for an answer to its SYN. A circuit that is given back asks again. */
#ifndef LOOM_ATTACK_ATTACK_EXTENDS_H
#define LOOM_ATTACK_ATTACK_EXTENDS_H

#include <stdbool.h>

#include "base/attributes.h"
#include "native/complaint.h"

struct attack_world;

/* extends. False with a complaint. */
MUST_USE bool attack_extends(struct attack_world *world, struct complaint *complaint);

#endif
