#include "litmus/arena.h"

#include <stdalign.h>
#include <string.h>

#include "litmus/verdict.h"

static alignas(64) uint8_t bytes[ARENA_BYTES];
static uint32_t used[THREADS_MAX + 1];

void arena_begin(void) {
    for (unsigned i = 0; i <= THREADS_MAX; i++) {
        memset(bytes + i * ARENA_PART, 0, used[i]);
        used[i] = 0;
    }
}

void *arena_take(unsigned part, size_t size) {
    if (size > ARENA_PART - used[part])
        give_up("the arena is full");
    void *object = bytes + part * ARENA_PART + used[part];
    used[part] += ((uint32_t)size + 15) & ~15u;
    return object;
}

bool arena_has(const void *object) {
    return (const uint8_t *)object >= bytes && (const uint8_t *)object < bytes + ARENA_BYTES;
}

uint32_t arena_offset(const void *object) {
    return (uint32_t)((const uint8_t *)object - bytes);
}
