#include "native/folder.h"

#include <ftw.h>
#include <stdio.h>

#define DEPTH_OPEN_MAX 8 /* file descriptors that the walk may use: deeper folders cost it time only */

static int remove_entry(const char *path, const struct stat *about, int kind, struct FTW *where) {
    (void)about, (void)kind, (void)where;
    return remove(path);
}

bool folder_remove(const char *path) {
    return nftw(path, remove_entry, DEPTH_OPEN_MAX, FTW_DEPTH | FTW_PHYS) == 0;
}
