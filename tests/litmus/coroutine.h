/* coroutine - the threads of a program under check, on stacks of their own, one at a time.
 *
 * They are made once and run again for each execution; one that has been left in the middle begins from its start. */
#ifndef LOOM_LITMUS_COROUTINE_H
#define LOOM_LITMUS_COROUTINE_H

#include <stdbool.h>

/* Let coroutine `to` go on, or begin: body(to) is called on its stack, and must not return. From any of them, or from
 * outside. */
void coroutine_switch(unsigned to);
/* Back to who called coroutine_run. */
_Noreturn void coroutine_leave(void);
/* Begin anew: run `first`, until somebody leaves. */
void coroutine_run(unsigned first, void (*body)(unsigned number));
/* Which one runs. */
unsigned coroutine_current(void);
/* An address on the stack of the one that runs. */
bool coroutine_owns(const void *address);

#endif
