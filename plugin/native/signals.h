/* signals - those that a service gets from outside wait until the main loop can take them; other threads see none.
 *
 * Thread: the main one; masks are a thread's own, and new threads inherit them. */
#ifndef LOOM_NATIVE_SIGNALS_H
#define LOOM_NATIVE_SIGNALS_H

#include <signal.h>

/* Before anything else: SIGHUP, SIGUSR1 and SIGUSR2, which would end a process without handlers, stay pending. SIGTERM and SIGINT
 * end one that is still starting. */
void signals_hold(void);
/* Handlers are in place: what is pending comes now. */
void signals_release(void);

/* Threads started between the two see no signals. */
void signals_hide(sigset_t *before_out);
void signals_show(const sigset_t *before);

#endif
