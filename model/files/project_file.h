/* project_file - files of the project, found from where this program was built. */
#ifndef LOOM_FILES_PROJECT_FILE_H
#define LOOM_FILES_PROJECT_FILE_H

#include <limits.h>
#include <stdbool.h>

#include "base/attributes.h"

/* The file or folder `name` ("tools/lib/python") in the nearest folder above this program that has it, and where it may be
 * used so (access(2)). False when there is none. */
MUST_USE bool project_file_find(const char *name, int access_mode, char out[static PATH_MAX]);

#endif
