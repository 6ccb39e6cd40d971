/* control_spares - messages that must be said are paid for in advance: whoever makes an object that will have to say
 * something at its end reserves a message for it, and refuses to make the object when there is none.
 *
 * The law: as long as each object takes no more messages than it has reserved, control_spares_take does not fail.
 * Owner: one manager. Memory: small messages, without room for an EXTEND. */
#ifndef LOOM_CORE_CONTROL_SPARES_H
#define LOOM_CORE_CONTROL_SPARES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "core/control.h"

struct control_spares {
    const struct memory *memory;
    struct control *first;
    uint32_t count;
    uint32_t owed; /* reserved and not yet given up */
};

void control_spares_init(struct control_spares *spares, const struct memory *memory);
void control_spares_fini(struct control_spares *spares);
/* An object comes that may have n last messages. False without memory: then nothing is reserved. */
MUST_USE bool control_spares_reserve(struct control_spares *spares, uint32_t n);
/* It is gone, and has taken what it had to say. */
void control_spares_release(struct control_spares *spares, uint32_t n);
/* It goes to another manager, with n last messages, of which it has used up one at most: take them off spares as a list, and give
 * them to those of the other. */
struct control *control_spares_carry_out(struct control_spares *spares, uint32_t n);
void control_spares_carry_in(struct control_spares *spares, struct control *messages, uint32_t n);
/* A zeroed message, from memory or, when it fails, from the spares. NULL only when nothing was reserved. */
struct control *control_spares_take(struct control_spares *spares, enum control_kind kind);

#endif
