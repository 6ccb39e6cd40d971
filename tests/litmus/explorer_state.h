/* explorer_state - the execution that is under way, as hooks.c meets it. */
#ifndef LOOM_LITMUS_EXPLORER_STATE_H
#define LOOM_LITMUS_EXPLORER_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "litmus/orders.h"
#include "litmus/sites.h"

extern struct orders orders;

/* The program's threads run; before and after there is one thread, and nothing to choose. */
bool explorer_runs(void);
/* Before a step of the thread that runs: let others go first. For stores and exchanges writes is true. */
void explorer_before_step(uintptr_t address, bool writes);
void explorer_before_fence(void);
/* After it, for the trace. */
void explorer_after_step(const void *pc, enum site_kind kind, uintptr_t address, memory_order order,
                         struct step step, uint64_t written);

#endif
