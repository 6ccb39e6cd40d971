/* symbolic_mix - the arithmetic of symbolic cryptography: 64-bit words, and a bijection that spreads their bits. */
#ifndef LOOM_CRYPT_SYMBOLIC_MIX_H
#define LOOM_CRYPT_SYMBOLIC_MIX_H

#include <stdint.h>

#include "base/bytes.h"

/* 2^64 / golden ratio: odd, so that its multiples visit every word; and what undoes a multiplication by it. */
#define SYMBOLIC_STEP    UINT64_C(0x9e3779b97f4a7c15)
#define SYMBOLIC_STEP_UN UINT64_C(0xf1de83e19937733d)

/* A bijection that spreads each bit over the word (splitmix64's). */
static inline uint64_t symbolic_mix(uint64_t x) {
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static inline uint64_t symbolic_load(const uint8_t *p) {
    return (uint64_t)load_u32(p) << 32 | load_u32(p + 4);
}

static inline void symbolic_store(uint8_t *p, uint64_t value) {
    store_u32(p, (uint32_t)(value >> 32));
    store_u32(p + 4, (uint32_t)value);
}

#endif
