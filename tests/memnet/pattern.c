#include "memnet/pattern.h"

static uint64_t word(uint64_t seed, uint64_t index) {
    uint64_t x = (seed + index) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    return x ^ (x >> 27);
}

static uint8_t byte_at(uint64_t seed, uint64_t offset) {
    return (uint8_t)(word(seed, offset / 8) >> (offset % 8 * 8));
}

void pattern_fill(uint64_t seed, uint64_t offset, uint8_t *out, size_t length) {
    for (size_t i = 0; i < length; i++)
        out[i] = byte_at(seed, offset + i);
}

bool pattern_matches(uint64_t seed, uint64_t offset, const uint8_t *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != byte_at(seed, offset + i))
            return false;
    }
    return true;
}
