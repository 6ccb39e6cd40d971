#include "des/segment_ranges.h"

#include <string.h>

#include "base/check.h"

void segment_ranges_fini(struct segment_ranges *ranges, const struct memory *memory) {
    if (ranges->items)
        memory_release(memory, ranges->items, ranges->room * sizeof(*ranges->items));
    *ranges = (struct segment_ranges){0};
}

static enum err make_room(struct segment_ranges *ranges, const struct memory *memory) {
    if (ranges->count < ranges->room)
        return ERR_OK;
    uint32_t room = ranges->room ? 2u * ranges->room : 4u;
    if (room > SEGMENT_RANGES_MAX)
        return ERR_LIMIT;
    struct segment_range *items = memory_allocate(memory, room * sizeof(*items));
    if (!items)
        return ERR_LIMIT;
    if (ranges->count)
        memcpy(items, ranges->items, ranges->count * sizeof(*items));
    if (ranges->items)
        memory_release(memory, ranges->items, ranges->room * sizeof(*items));
    ranges->items = items;
    ranges->room = (uint16_t)room;
    return ERR_OK;
}

/* Make count items at place those of from on. */
static void close_gap(struct segment_ranges *ranges, uint32_t to, uint32_t from) {
    memmove(&ranges->items[to], &ranges->items[from], (ranges->count - from) * sizeof(*ranges->items));
    ranges->count = (uint16_t)(ranges->count - (from - to));
}

static void widen(struct segment_range *into, const struct segment_range *by) {
    if (by->first < into->first) {
        into->first = by->first;
        into->first_offset = by->first_offset;
    }
    if (by->end > into->end) {
        into->end = by->end;
        into->end_offset = by->end_offset;
    }
}

enum err segment_ranges_add(struct segment_ranges *ranges, const struct memory *memory,
                            const struct segment_range *range) {
    CHECK(range->first < range->end);
    enum err e;
    uint32_t low = 0;
    while (low < ranges->count && ranges->items[low].end < range->first)
        low++;
    uint32_t high = low;
    struct segment_range merged = *range;
    for (; high < ranges->count && ranges->items[high].first <= range->end; high++)
        widen(&merged, &ranges->items[high]);
    if (high == low) {
        if ((e = make_room(ranges, memory)) != ERR_OK)
            return e;
        memmove(&ranges->items[low + 1], &ranges->items[low], (ranges->count - low) * sizeof(*ranges->items));
        ranges->count++;
    } else {
        close_gap(ranges, low + 1, high);
    }
    ranges->items[low] = merged;
    return ERR_OK;
}

void segment_ranges_forget(struct segment_ranges *ranges, const struct memory *memory, uint32_t first) {
    uint32_t gone = 0;
    while (gone < ranges->count && ranges->items[gone].end <= first)
        gone++;
    if (gone == 0)
        return;
    if (gone == ranges->count)
        segment_ranges_fini(ranges, memory);
    else
        close_gap(ranges, 0, gone);
}

uint32_t segment_ranges_skip(const struct segment_ranges *ranges, uint32_t segment) {
    for (uint32_t i = 0; i < ranges->count && ranges->items[i].first <= segment; i++)
        if (segment < ranges->items[i].end)
            return ranges->items[i].end;
    return segment;
}

uint64_t segment_ranges_bytes(const struct segment_ranges *ranges) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < ranges->count; i++)
        bytes += ranges->items[i].end_offset - ranges->items[i].first_offset;
    return bytes;
}
