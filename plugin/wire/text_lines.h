/* text_lines - a text as an array of its lines: for who goes through it out of order. Lines are spans without newlines.
 *
 * Memory: the array, from the memory handed in; the lines borrow the text. */
#ifndef LOOM_WIRE_TEXT_LINES_H
#define LOOM_WIRE_TEXT_LINES_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/memory.h"

#define TEXT_LINES_MAX (4u << 20) /* ten times those of the network of 2024 */

struct text_lines {
    struct span *lines;
    uint32_t count;
};

/* ERR_LIMIT: too many lines, or no memory; lines_out is then empty. */
MUST_USE enum err text_lines_make(struct span text, const struct memory *memory,
                                  struct text_lines *lines_out);
void text_lines_free(struct text_lines *lines, const struct memory *memory);

#endif
