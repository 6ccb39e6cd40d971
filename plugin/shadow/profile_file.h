/* profile_file - a cost profile from a file. */
#ifndef LOOM_SHADOW_PROFILE_FILE_H
#define LOOM_SHADOW_PROFILE_FILE_H

#include <stdbool.h>

#include "base/attributes.h"

struct cost_profile;
struct mistake;

#define PROFILE_FILE_BYTES_MAX ((size_t)1 << 20) /* ours have 20 kB */

MUST_USE bool profile_file_read(const char *path, struct cost_profile *out, struct mistake *mistake);

#endif
