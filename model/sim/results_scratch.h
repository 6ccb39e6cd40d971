/* results_scratch - a folder for a test to write in, gone after it. Header only; for tests. */
#ifndef LOOM_SIM_RESULTS_SCRATCH_H
#define LOOM_SIM_RESULTS_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char scratch[64];

static int scratch_make(void **state) {
    static const char name[] = "/tmp/loom-results.XXXXXX";
    (void)state;
    memcpy(scratch, name, sizeof(name));
    return mkdtemp(scratch) ? 0 : 1;
}

static int scratch_remove_one(const char *path, const struct stat *about, int kind, struct FTW *where) {
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

static int scratch_remove(void **state) {
    (void)state;
    return nftw(scratch, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
