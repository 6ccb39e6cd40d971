/* AES-128 with AES-NI. */
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/check.h"
#include "native/aes128_ways.h"

#if defined(__x86_64__)
#define X86 __attribute__((target("aes,ssse3")))

#define TOGETHER 8u /* blocks in flight: the instructions take several cycles each */
#define LAST     (AES128_ROUND_KEYS - 1)

X86 static inline __m128i load(const uint8_t *p) {
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

X86 static inline void store(uint8_t *p, __m128i value) {
    _mm_storeu_si128((__m128i *)(void *)p, value);
}

/* --- keys ----------------------------------------------------------------------------------------------------------- */

/* FIPS 197, 5.2: each word is the sum of the one before and that of the round key before; `mixed` comes from its last. */
X86 static inline __m128i next_round_key(__m128i key, __m128i mixed) {
    key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
    key = _mm_xor_si128(key, _mm_slli_si128(key, 8));
    return _mm_xor_si128(key, _mm_shuffle_epi32(mixed, 0xff));
}

X86 static void expand(__m128i keys[static AES128_ROUND_KEYS], const uint8_t *key) {
    keys[0] = load(key);
#define ROUND(n, constant) \
    keys[n] = next_round_key(keys[n - 1], _mm_aeskeygenassist_si128(keys[n - 1], constant))
    ROUND(1, 0x01);
    ROUND(2, 0x02);
    ROUND(3, 0x04);
    ROUND(4, 0x08);
    ROUND(5, 0x10);
    ROUND(6, 0x20);
    ROUND(7, 0x40);
    ROUND(8, 0x80);
    ROUND(9, 0x1b);
    ROUND(10, 0x36);
#undef ROUND
}

/* FIPS 197, 5.3.5: to decrypt, the keys are used from the last to the first, those between after InvMixColumns. */
X86 void aes128_x86_set_key(union aes128_keys *keys, enum aes128_use use, const uint8_t *key) {
    __m128i rounds[AES128_ROUND_KEYS];
    expand(rounds, key);
    for (unsigned i = 0; i <= LAST; i++) {
        if (use == AES128_ENCRYPTS)
            store(keys->rounds[i], rounds[i]);
        else if (i == 0 || i == LAST)
            store(keys->rounds[i], rounds[LAST - i]);
        else
            store(keys->rounds[i], _mm_aesimc_si128(rounds[LAST - i]));
    }
}

/* --- blocks --------------------------------------------------------------------------------------------------------- */

X86 static inline __m128i encrypt(const union aes128_keys *keys, __m128i block) {
    block = _mm_xor_si128(block, load(keys->rounds[0]));
    for (unsigned i = 1; i < LAST; i++)
        block = _mm_aesenc_si128(block, load(keys->rounds[i]));
    return _mm_aesenclast_si128(block, load(keys->rounds[LAST]));
}

X86 static inline __m128i decrypt(const union aes128_keys *keys, __m128i block) {
    block = _mm_xor_si128(block, load(keys->rounds[0]));
    for (unsigned i = 1; i < LAST; i++)
        block = _mm_aesdec_si128(block, load(keys->rounds[i]));
    return _mm_aesdeclast_si128(block, load(keys->rounds[LAST]));
}

X86 void aes128_x86_block(const union aes128_keys *keys, enum aes128_use use, const uint8_t *in,
                          uint8_t *out) {
    store(out, use == AES128_ENCRYPTS ? encrypt(keys, load(in)) : decrypt(keys, load(in)));
}

/* --- counter mode --------------------------------------------------------------------------------------------------- */

/* Counters are kept with their bytes turned round: as numbers. */
X86 static inline __m128i turned(__m128i block) {
    return _mm_shuffle_epi8(block, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

/* All of them, written out: no compiler of ours unrolls such loops at -O2. */
#define EACH_TOGETHER(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)

X86 static inline void keystream(const union aes128_keys *keys, __m128i counter,
                                 __m128i stream[static TOGETHER]) {
    __m128i key = load(keys->rounds[0]);
#define BEGIN(k) __m128i block_##k = _mm_xor_si128(turned(_mm_add_epi64(counter, _mm_set_epi64x(0, k))), key);
    EACH_TOGETHER(BEGIN)
#define ROUND(k) block_##k = _mm_aesenc_si128(block_##k, key);
    for (unsigned i = 1; i < LAST; i++) {
        key = load(keys->rounds[i]);
        EACH_TOGETHER(ROUND)
    }
    key = load(keys->rounds[LAST]);
#define END(k) stream[k] = _mm_aesenclast_si128(block_##k, key);
    EACH_TOGETHER(END)
#undef BEGIN
#undef ROUND
#undef END
}

static inline void add_short(uint8_t *out, const uint8_t *in, const uint8_t *stream, size_t length) {
    for (size_t i = 0; i < length; i++)
        out[i] = in[i] ^ stream[i];
}

/* Add the keystream from counter on. Where it ends inside of a block, the keystream of that block is in rest_out. */
X86 static inline void add_stream(const union aes128_keys *keys, __m128i counter, const uint8_t *in,
                                  uint8_t *out, size_t length, uint8_t rest_out[static AES128_BLOCK_LEN]) {
    while (length > 0) {
        __m128i stream[TOGETHER];
        keystream(keys, counter, stream);
        counter = _mm_add_epi64(counter, _mm_set_epi64x(0, TOGETHER));
        size_t whole = length / AES128_BLOCK_LEN < TOGETHER ? length / AES128_BLOCK_LEN : TOGETHER;
        for (size_t k = 0; k < whole; k++)
            store(out + k * AES128_BLOCK_LEN, _mm_xor_si128(load(in + k * AES128_BLOCK_LEN), stream[k]));
        size_t done = whole * AES128_BLOCK_LEN;
        if (whole < TOGETHER && done < length) {
            store(rest_out, stream[whole]);
            add_short(out + done, in + done, rest_out, length - done);
            return;
        }
        in += done;
        out += done;
        length -= done;
    }
}

X86 void aes128_x86_counter(const union aes128_keys *keys, const uint8_t *iv, const uint8_t *in, uint8_t *out,
                            size_t length) {
    uint8_t rest[AES128_BLOCK_LEN];
    add_stream(keys, turned(load(iv)), in, out, length, rest);
}

X86 void aes128_x86_cells(const union aes128_keys *keys, uint64_t position, const struct crypt_cell *cells,
                          size_t n) {
    uint8_t rest[AES128_BLOCK_LEN]; /* keystream of the block in which a cell begins */
    store(rest, encrypt(keys, turned(_mm_set_epi64x(0, (long long)(position / AES128_BLOCK_LEN)))));
    for (size_t i = 0; i < n; i++, position += CELL_BODY_LEN) {
        size_t used = position % AES128_BLOCK_LEN, head = (AES128_BLOCK_LEN - used) % AES128_BLOCK_LEN;
        add_short(cells[i].to, cells[i].from, rest + used, head);
        __m128i counter = _mm_set_epi64x(0, (long long)((position + head) / AES128_BLOCK_LEN));
        add_stream(keys, counter, cells[i].from + head, cells[i].to + head, CELL_BODY_LEN - head, rest);
    }
}

#else

void aes128_x86_set_key(union aes128_keys *keys, enum aes128_use use, const uint8_t *key) {
    (void)keys, (void)use, (void)key;
    CHECK(!"a CPU with AES instructions");
}

void aes128_x86_block(const union aes128_keys *keys, enum aes128_use use, const uint8_t *in, uint8_t *out) {
    (void)keys, (void)use, (void)in, (void)out;
    CHECK(!"a CPU with AES instructions");
}

void aes128_x86_counter(const union aes128_keys *keys, const uint8_t *iv, const uint8_t *in, uint8_t *out,
                        size_t length) {
    (void)keys, (void)iv, (void)in, (void)out, (void)length;
    CHECK(!"a CPU with AES instructions");
}

void aes128_x86_cells(const union aes128_keys *keys, uint64_t position, const struct crypt_cell *cells,
                      size_t n) {
    (void)keys, (void)position, (void)cells, (void)n;
    CHECK(!"a CPU with AES instructions");
}

#endif
