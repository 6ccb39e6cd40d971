/* mistake - what is wrong in a file that somebody wrote: where, which key, and what was expected, in one line.
 *
 * Memory: in place. A line that is too long is cut. */
#ifndef LOOM_FILES_MISTAKE_H
#define LOOM_FILES_MISTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

#define MISTAKE_MAX 1024u

struct mistake {
    char text[MISTAKE_MAX];
};

/* Say "file:line: key: ..."; line 0 and key NULL are left out. Always false, so that `return mistake_at(...)` reads
 * well. Control characters from the file are replaced: the line drives no terminal. */
bool mistake_at(struct mistake *mistake, const char *file, uint32_t line, const char *key, const char *format,
                ...) PRINTF_LIKE(5, 6);

#endif
