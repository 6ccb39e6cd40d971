/* daemon - being a service: into the background, another user, a pid file.
 *
 * Thread: the main one, before any other has started. */
#ifndef LOOM_NATIVE_DAEMON_H
#define LOOM_NATIVE_DAEMON_H

#include <stdbool.h>

#include "base/attributes.h"
#include "native/complaint.h"

/* Go on in a child; the parent waits and exits 0 once the child calls daemon_is_ready, or 1 when it ends before. */
MUST_USE bool daemon_start(struct complaint *complaint);
/* The child is up: let the parent go, leave the terminal. A no-op without daemon_start. */
void daemon_is_ready(void);
/* Become user for good, with its groups. A no-op for NULL and for who we are already. */
MUST_USE bool daemon_become(const char *user, struct complaint *complaint);
/* Write our process id to path; NULL does nothing. */
MUST_USE bool daemon_write_pid(const char *path, struct complaint *complaint);

#endif
