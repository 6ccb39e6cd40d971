/* AES-128 in counter mode with VAES and AVX-512: a register has four blocks. */
#include <assert.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/check.h"
#include "native/aes128_ways.h"

#if defined(__x86_64__)
#define VAES __attribute__((target("avx512f,avx512bw,avx512vl,vaes,aes")))

#define WIDE_LEN     64u /* bytes of a register */
#define WIDE_BLOCKS  4u
#define TOGETHER     8u /* registers in flight */
#define TOGETHER_LEN (TOGETHER * WIDE_LEN)
#define LAST         (AES128_ROUND_KEYS - 1)

VAES static inline __m512i round_key(const union aes128_keys *keys, unsigned round) {
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)keys->rounds[round]));
}

/* Counters are kept with their bytes turned round: as numbers. */
VAES static inline __m128i turned(__m128i block) {
    return _mm_shuffle_epi8(block, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

VAES static inline __m512i turned_each(__m512i blocks) {
    return _mm512_shuffle_epi8(
        blocks, _mm512_broadcast_i32x4(_mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)));
}

/* The counters of four blocks, n registers further on. */
VAES static inline __m512i counters(__m128i counter, unsigned n) {
    const __m512i each = _mm512_set_epi64(0, 3, 0, 2, 0, 1, 0, 0);
    __m512i numbers = _mm512_add_epi64(_mm512_broadcast_i32x4(counter), each);
    return turned_each(_mm512_add_epi64(numbers, _mm512_maskz_set1_epi64(0x55, n * WIDE_BLOCKS)));
}

VAES static inline __m512i encrypt(const union aes128_keys *keys, __m512i blocks) {
    blocks = _mm512_xor_si512(blocks, round_key(keys, 0));
    for (unsigned i = 1; i < LAST; i++)
        blocks = _mm512_aesenc_epi128(blocks, round_key(keys, i));
    return _mm512_aesenclast_epi128(blocks, round_key(keys, LAST));
}

/* Add the stream to length bytes, at most WIDE_LEN. */
VAES static inline void add_part(uint8_t *out, const uint8_t *in, __m512i stream, size_t length) {
    __mmask64 which = UINT64_MAX >> (WIDE_LEN - length);
    _mm512_mask_storeu_epi8(out, which, _mm512_xor_si512(_mm512_maskz_loadu_epi8(which, in), stream));
}

VAES static inline void add_whole(uint8_t *out, const uint8_t *in, __m512i stream) {
    _mm512_storeu_si512(out, _mm512_xor_si512(_mm512_loadu_si512(in), stream));
}

/* All of them, written out: no compiler of ours unrolls such loops at -O2. */
#define EACH_BUT_LAST(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6)
#define EACH_TOGETHER(X) EACH_BUT_LAST(X) X(7)

/* Add the stream of TOGETHER registers to length bytes, which is more than all but the last have. Returns what the last
 * had. */
VAES static inline __m512i add_together(const union aes128_keys *keys, __m128i counter, const uint8_t *in,
                                        uint8_t *out, size_t length) {
    __m512i key = round_key(keys, 0);
#define BEGIN(k) __m512i blocks_##k = _mm512_xor_si512(counters(counter, k), key);
    EACH_TOGETHER(BEGIN)
#define ROUND(k) blocks_##k = _mm512_aesenc_epi128(blocks_##k, key);
    for (unsigned i = 1; i < LAST; i++) {
        key = round_key(keys, i);
        EACH_TOGETHER(ROUND)
    }
    key = round_key(keys, LAST);
#define END(k) blocks_##k = _mm512_aesenclast_epi128(blocks_##k, key);
    EACH_TOGETHER(END)
#define ADD(k) add_whole(out + (k)*WIDE_LEN, in + (k)*WIDE_LEN, blocks_##k);
    EACH_BUT_LAST(ADD)
#undef BEGIN
#undef ROUND
#undef END
#undef ADD
    const size_t before = TOGETHER_LEN - WIDE_LEN;
    add_part(out + before, in + before, blocks_7, length - before);
    return blocks_7;
}

VAES void aes128_vaes_counter(const union aes128_keys *keys, const uint8_t *iv, const uint8_t *in,
                              uint8_t *out, size_t length) {
    __m128i counter = turned(_mm_loadu_si128((const __m128i *)(const void *)iv));
    while (length > TOGETHER_LEN - WIDE_LEN) {
        size_t some = length < TOGETHER_LEN ? length : TOGETHER_LEN;
        add_together(keys, counter, in, out, some);
        counter = _mm_add_epi64(counter, _mm_set_epi64x(0, TOGETHER * WIDE_BLOCKS));
        in += some, out += some, length -= some;
    }
    while (length > 0) {
        size_t some = length < WIDE_LEN ? length : WIDE_LEN;
        add_part(out, in, encrypt(keys, counters(counter, 0)), some);
        counter = _mm_add_epi64(counter, _mm_set_epi64x(0, WIDE_BLOCKS));
        in += some, out += some, length -= some;
    }
}

/* The block in which a register's keystream ends after so many bytes. */
VAES static inline __m128i block_at(__m512i stream, size_t length) {
    const __m512i halves = _mm512_set_epi64(0, 0, 0, 0, 0, 0, 1, 0);
    __m512i which = _mm512_add_epi64(halves, _mm512_set1_epi64((long long)(length / AES128_BLOCK_LEN * 2)));
    return _mm512_castsi512_si128(_mm512_permutexvar_epi64(which, stream));
}

/* Add bytes used to used + length of a block's keystream. */
VAES static inline void add_rest(uint8_t *out, const uint8_t *in, __m128i rest, size_t used, size_t length) {
    const __m128i places = _mm_set_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    __mmask16 which = (__mmask16)((1u << length) - 1);
    __m128i stream = _mm_shuffle_epi8(rest, _mm_add_epi8(places, _mm_set1_epi8((char)used)));
    _mm_mask_storeu_epi8(out, which, _mm_xor_si128(_mm_maskz_loadu_epi8(which, in), stream));
}

/* The rest of the block in which a cell begins, and then 31 or 32 blocks: exactly what is in flight together. */
VAES void aes128_vaes_cells(const union aes128_keys *keys, uint64_t position, const struct crypt_cell *cells,
                            size_t n) {
    __m128i begun = _mm_set_epi64x(0, (long long)(position / AES128_BLOCK_LEN));
    __m128i rest = _mm512_castsi512_si128(encrypt(keys, counters(begun, 0)));
    for (size_t i = 0; i < n; i++, position += CELL_BODY_LEN) {
        const size_t used = position % AES128_BLOCK_LEN, head = (AES128_BLOCK_LEN - used) % AES128_BLOCK_LEN;
        const size_t length = CELL_BODY_LEN - head;
        add_rest(cells[i].to, cells[i].from, rest, used, head);
        __m128i counter = _mm_set_epi64x(0, (long long)((position + head) / AES128_BLOCK_LEN));
        __m512i last = add_together(keys, counter, cells[i].from + head, cells[i].to + head, length);
        rest = block_at(last, length - (TOGETHER_LEN - WIDE_LEN));
    }
}
static_assert(CELL_BODY_LEN <= TOGETHER_LEN && CELL_BODY_LEN > TOGETHER_LEN - WIDE_LEN + AES128_BLOCK_LEN - 1,
              "add_together takes what a cell has behind its first bytes, and ends in the last register");

#else

void aes128_vaes_counter(const union aes128_keys *keys, const uint8_t *iv, const uint8_t *in, uint8_t *out,
                         size_t length) {
    (void)keys, (void)iv, (void)in, (void)out, (void)length;
    CHECK(!"a CPU with VAES");
}

void aes128_vaes_cells(const union aes128_keys *keys, uint64_t position, const struct crypt_cell *cells,
                       size_t n) {
    (void)keys, (void)position, (void)cells, (void)n;
    CHECK(!"a CPU with VAES");
}

#endif
