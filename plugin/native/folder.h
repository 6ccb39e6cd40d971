/* folder - folders that are ours for a while. Thread: any. */
#ifndef LOOM_NATIVE_FOLDER_H
#define LOOM_NATIVE_FOLDER_H

#include <stdbool.h>

#include "base/attributes.h"

/* Remove path and all that is in it; links in it are removed, not followed, and so is path itself if it is one. False when anything
 * is left. */
MUST_USE bool folder_remove(const char *path);

#endif
