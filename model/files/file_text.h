/* file_text - a whole file in memory, unpacked when its name ends in ".xz"; and a file that appears whole or not at all.
 *
 * Bound: bytes_max of the unpacked text; FILE_TEXT_UNPACK_MEMORY_MAX for unpacking. */
#ifndef LOOM_FILES_FILE_TEXT_H
#define LOOM_FILES_FILE_TEXT_H

#include <stddef.h>

#include "base/attributes.h"
#include "files/mistake.h"

#define FILE_TEXT_UNPACK_MEMORY_MAX (128u << 20) /* what xz -9 asks for is 65 MiB */

struct file_text {
    char *bytes; /* and a NUL behind them */
    size_t length;
};

/* On failure out holds nothing. */
MUST_USE bool file_text_read(const char *path, size_t bytes_max, struct file_text *out,
                             struct mistake *mistake);
void file_text_fini(struct file_text *text);

/* Write path under another name beside it, then rename: whoever looks sees the old file or the whole new one. */
MUST_USE bool file_text_save(const char *path, const void *bytes, size_t length, struct mistake *mistake);

#endif
