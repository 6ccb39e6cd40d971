/* allocator - whose malloc this process has, and the choice of another one at the start.
 *
 * The build links one (LOOM_ALLOCATOR in CMake) by its shared library, so that LD_PRELOAD puts another in its place;
 * `--allocator NAME` does that for who does not know LD_PRELOAD: the program executes itself anew with it. What is told
 * of the allocator is what the loader has bound, never what was asked for.
 * Thread: main, before there are others. */
#ifndef LOOM_NATIVE_ALLOCATOR_H
#define LOOM_NATIVE_ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "native/complaint.h"

#define ALLOCATOR_NAMES "system, jemalloc, mimalloc, tcmalloc"

struct allocator_in_force {
    char name[32];    /* one of ALLOCATOR_NAMES, or the file that has malloc */
    char version[32]; /* as it says itself; empty when it does not */
    char path[256];   /* the file that has malloc */
};

/* What malloc is bound to. */
void allocator_look(struct allocator_in_force *out);
/* Have this one in force: a name of ALLOCATOR_NAMES, or the path of a library. True when it is. Otherwise executes this
 * program anew, with the same arguments and the library before all others; and returns, false with a complaint, only when
 * that cannot be or has not helped. */
MUST_USE bool allocator_have(const char *wanted, char **argv, struct complaint *complaint);
/* Settings that were measured to help. Once: after the process has become a daemon, before it has threads. */
void allocator_tune(void);

#endif
