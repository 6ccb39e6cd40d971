/* load_discard - what has come at a socket is thrown away.
 *
 * Linux does so without copying it (MSG_TRUNC), which is what keeps the generator ahead of the relay. Shadow's TCP copies in spite
 * of it; so there is a place for that, one of all and never read.
 * Thread: the generator has one. */
#ifndef LOOM_LOAD_LOAD_DISCARD_H
#define LOOM_LOAD_LOAD_DISCARD_H

#include <stddef.h>
#include <sys/types.h>

#define LOAD_DISCARD_MAX (1024u * 1024u) /* of a call; more than a socket holds, mostly */

/* As recv: how many bytes went, at most max and LOAD_DISCARD_MAX; 0 at the end; -1 with errno. */
ssize_t load_discard(int fd, size_t max);

#endif
