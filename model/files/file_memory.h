/* file_memory - the process's malloc as the `struct memory` that readers of files are given. Thread: any. */
#ifndef LOOM_FILES_FILE_MEMORY_H
#define LOOM_FILES_FILE_MEMORY_H

#include "base/memory.h"

extern const struct memory file_memory;

#endif
