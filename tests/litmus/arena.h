/* arena - all memory that a program under check may use, at the same addresses in every execution.
 *
 * One part for what is there before the threads start and one for each thread, so that addresses do not depend on the
 * interleaving. Memory that is given back is not used again. */
#ifndef LOOM_LITMUS_ARENA_H
#define LOOM_LITMUS_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "litmus/orders.h"

#define ARENA_PART  0x6000u
#define ARENA_BYTES (ARENA_PART * (THREADS_MAX + 1))

void arena_begin(void);
/* Zeroed bytes from the part of a thread, or of the start: part THREADS_MAX. */
void *arena_take(unsigned part, size_t size);
bool arena_has(const void *object);
uint32_t arena_offset(const void *object);

#endif
