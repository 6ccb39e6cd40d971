/* litmus - what a program under check is, and what it may call.
 *
 * A program is a few threads of a handful of operations. Its sources, and those of the product that it runs, are
 * compiled with -fsanitize=thread and linked with hooks.c in the place of that sanitizer's runtime: so every access of
 * theirs, plain or atomic, comes to the checker, and the product's files are the very same as elsewhere.
 * All memory that threads share is in the state or from memory (arena.h); there is no other. */
#ifndef LOOM_LITMUS_LITMUS_H
#define LOOM_LITMUS_LITMUS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

struct litmus_program {
    const char *name;
    unsigned threads;
    size_t state_size; /* zeroed before set_up */
    bool
        sleeps; /* it comes to its end when all threads that have not ended wait; without, that is a failure */
    const void *plan; /* for the program itself */
    /* May be NULL. One thread, before the others. */
    void (*set_up)(void *state, const struct memory *memory, const void *plan);
    void (*run)(void *state, unsigned thread);
    /* One thread, after the others. Returns the outcome, below 64. */
    unsigned (*finish)(void *state);
};

/* The program has failed when this does not hold. */
void litmus_expect(bool holds, const char *what);

/* How a runtime wakes a thread: rings are not counted, and carry no order of anything else. */
struct litmus_bell {
    atomic_bool rung;
};
void litmus_ring(struct litmus_bell *bell);
/* Until one of them has been rung since the last wait; answers with its number. */
unsigned litmus_wait(struct litmus_bell *const bells[], unsigned count);

#endif
