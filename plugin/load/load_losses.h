/* load_losses - the links and circuits that one side of the load has lost, and what became of the first.
 *
 * Owner: who embeds it; all zero to begin with. Thread: the generator has one. */
#ifndef LOOM_LOAD_LOAD_LOSSES_H
#define LOOM_LOAD_LOAD_LOSSES_H

#include <stdint.h>

#include "base/attributes.h"

#define LOAD_LOSS_TEXT_MAX 80

struct load_losses {
    uint64_t count;
    char first[LOAD_LOSS_TEXT_MAX]; /* empty while there is none; cut off when it is longer */
};

/* One more. format: what was lost, and what is known of why. */
void load_losses_add(struct load_losses *losses, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
