#include "litmus/visited.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 0x10000u

static struct digest *slots; /* open addressing; zero is free */
static uint64_t slot_count, taken;

void visited_clear(void) {
    free(slots);
    slots = NULL;
    slot_count = taken = 0;
}

static bool add(struct digest digest) {
    uint64_t i = digest.low & (slot_count - 1);
    while (slots[i].low != 0 || slots[i].high != 0) {
        if (slots[i].low == digest.low && slots[i].high == digest.high)
            return false;
        i = (i + 1) & (slot_count - 1);
    }
    slots[i] = digest;
    return true;
}

static void grow(void) {
    struct digest *old = slots;
    uint64_t old_count = slot_count;
    slot_count = old_count ? 2 * old_count : SLOTS_FIRST;
    slots = calloc(slot_count, sizeof *slots);
    if (!slots)
        abort();
    for (uint64_t i = 0; i < old_count; i++) {
        if (old[i].low != 0 || old[i].high != 0)
            (void)add(old[i]);
    }
    free(old);
}

bool visited_add(struct digest digest) {
    if (2 * (taken + 1) > slot_count)
        grow();
    bool is_new = add(digest);
    taken += is_new;
    return is_new;
}

uint64_t visited_count(void) {
    return taken;
}
