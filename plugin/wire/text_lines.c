#include "wire/text_lines.h"

#include <stddef.h>

#include "wire/text.h"

static size_t size_of(uint32_t count) {
    return (count ? count : 1) * sizeof(struct span);
}

enum err text_lines_make(struct span text, const struct memory *memory, struct text_lines *lines_out) {
    struct span rest = text, line;
    uint32_t count = 0;
    *lines_out = (struct text_lines){NULL, 0};
    while (text_line(&rest, &line))
        if (++count > TEXT_LINES_MAX)
            return ERR_LIMIT;
    lines_out->lines = memory_allocate(memory, size_of(count));
    if (!lines_out->lines)
        return ERR_LIMIT;
    for (rest = text; lines_out->count < count && text_line(&rest, &line);)
        lines_out->lines[lines_out->count++] = line;
    return ERR_OK;
}

void text_lines_free(struct text_lines *lines, const struct memory *memory) {
    if (lines->lines)
        memory_release(memory, lines->lines, size_of(lines->count));
    *lines = (struct text_lines){NULL, 0};
}
