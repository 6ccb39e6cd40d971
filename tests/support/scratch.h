/* scratch - where tests keep files for a moment: in memory where there is such a place, because the product waits for the
 * disk with each file that it writes, and tests write thousands. */
#ifndef LOOM_SUPPORT_SCRATCH_H
#define LOOM_SUPPORT_SCRATCH_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Make a folder of this name and six letters more; out has its path. False when there is no room for it. */
static inline bool scratch_folder(const char *name, char *out, size_t size) {
    const char *root = access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
    int length = snprintf(out, size, "%s/%s-XXXXXX", root, name);
    return length > 0 && (size_t)length < size && mkdtemp(out) != NULL;
}

#endif
