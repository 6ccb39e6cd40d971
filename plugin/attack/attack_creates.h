/* attack_creates - CREATE2s as fast as the relay takes them, with onion skins made beforehand; each alone, or with its DESTROY behind
 * it. Answers are thrown away unread. */
#ifndef LOOM_ATTACK_ATTACK_CREATES_H
#define LOOM_ATTACK_ATTACK_CREATES_H

#include <stdbool.h>

#include "base/attributes.h"
#include "native/complaint.h"

struct attack_world;

/* creates or churn. False with a complaint. */
MUST_USE bool attack_creates(struct attack_world *world, struct complaint *complaint);

#endif
