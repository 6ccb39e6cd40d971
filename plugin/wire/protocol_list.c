#include "wire/protocol_list.h"

#include <string.h>

#include "wire/text.h"

/* Cut s at the first separator: what is before it is returned, what is behind it stays; all of it when there is none. */
static struct span cut(struct span *s, char separator) {
    const uint8_t *found = s->length ? memchr(s->data, separator, s->length) : NULL;
    size_t length = found ? (size_t)(found - s->data) : s->length;
    struct span head = {s->data, length};
    size_t used = found ? length + 1 : length;
    s->data += used;
    s->length -= used;
    return head;
}

/* "3" or "1-4". */
static bool range_has(struct span range, uint32_t version) {
    uint64_t low, high;
    struct span first = cut(&range, '-');
    if (!text_u64(first, PROTOCOL_VERSION_MAX, &low))
        return false;
    high = low;
    if (range.length > 0 && !text_u64(range, PROTOCOL_VERSION_MAX, &high))
        return false;
    return low <= version && version <= high;
}

bool protocol_list_has(struct span list, const char *name, uint32_t version) {
    struct span word;
    while ((word = text_word(&list)).length > 0) {
        if (!span_is(cut(&word, '='), name))
            continue;
        while (word.length > 0)
            if (range_has(cut(&word, ','), version))
                return true;
    }
    return false;
}
