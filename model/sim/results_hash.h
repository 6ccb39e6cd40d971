/* results_hash - SHA-256 of inputs and results, as sha256sum prints it. */
#ifndef LOOM_SIM_RESULTS_HASH_H
#define LOOM_SIM_RESULTS_HASH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

#define RESULTS_HASH_TEXT 65u /* 64 digits and a NUL */

/* False without memory. */
MUST_USE bool results_hash(const void *bytes, size_t length, char out[static RESULTS_HASH_TEXT]);
/* The same of a file; false when it cannot be read, too. */
MUST_USE bool results_hash_file(const char *path, char out[static RESULTS_HASH_TEXT]);

#endif
