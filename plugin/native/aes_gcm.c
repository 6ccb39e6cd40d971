#include "native/aes_gcm.h"

#include <assert.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/check.h"
#include "native/cpu_features.h"

#if defined(__x86_64__)

/* GHASH as POLYVAL (RFC 8452, appendix A): blocks with their bytes the other way round, H times x; native/polyval.c says how a
 * product is reduced. */
#define HIGH_TERMS UINT64_C(0xc200000000000000)

#define FAST        __attribute__((target("aes,pclmul,avx512f,avx512bw,avx512vl,vaes,vpclmulqdq")))
#define FAST_INLINE FAST __attribute__((always_inline)) static inline

#define GROUP_LEN 512u /* bytes that are in work at once: eight registers of four blocks */
static_assert(GROUP_LEN == AES_GCM_POWERS * 16, "a reduction for each group");

/* Written out, not an array: no compiler of ours unrolls at -O2, and these must stay in registers. */
struct group {
    __m512i b0, b1, b2, b3, b4, b5, b6, b7;
};

/* Not yet reduced: in each of four lanes, low + middle * x^64 + high * x^128. */
struct sums {
    __m512i low, middle, high;
};

FAST_INLINE __m128i load(const uint8_t *p) {
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

FAST_INLINE void store(uint8_t *p, __m128i value) {
    _mm_storeu_si128((__m128i *)(void *)p, value);
}

/* --- GHASH --------------------------------------------------------------------------------------------------------- */

FAST_INLINE __m128i reversed(__m128i block) {
    return _mm_shuffle_epi8(block, _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

FAST_INLINE __m512i reversed_each(__m512i blocks) {
    return _mm512_shuffle_epi8(
        blocks, _mm512_broadcast_i32x4(_mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)));
}

FAST_INLINE __m512i xor3(__m512i a, __m512i b, __m512i c) {
    return _mm512_ternarylogic_epi64(a, b, c, 0x96);
}

FAST_INLINE void add_products(struct sums *sums, __m512i blocks, __m512i powers) {
    sums->low = _mm512_xor_si512(sums->low, _mm512_clmulepi64_epi128(blocks, powers, 0x00));
    sums->high = _mm512_xor_si512(sums->high, _mm512_clmulepi64_epi128(blocks, powers, 0x11));
    sums->middle = xor3(sums->middle, _mm512_clmulepi64_epi128(blocks, powers, 0x01),
                        _mm512_clmulepi64_epi128(blocks, powers, 0x10));
}

FAST_INLINE __m128i sum_of_lanes(__m512i lanes) {
    __m256i half = _mm256_xor_si256(_mm512_castsi512_si256(lanes), _mm512_extracti64x4_epi64(lanes, 1));
    return _mm_xor_si128(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

FAST_INLINE __m128i reduce(__m128i low, __m128i middle, __m128i high) {
    const __m128i terms = _mm_set_epi64x((long long)HIGH_TERMS, 0);
    low = _mm_xor_si128(low, _mm_slli_si128(middle, 8));
    high = _mm_xor_si128(high, _mm_srli_si128(middle, 8));
    low = _mm_xor_si128(_mm_shuffle_epi32(low, 0x4e), _mm_clmulepi64_si128(low, terms, 0x10));
    low = _mm_xor_si128(_mm_shuffle_epi32(low, 0x4e), _mm_clmulepi64_si128(low, terms, 0x10));
    return _mm_xor_si128(high, low);
}

FAST_INLINE __m128i reduce_lanes(const struct sums *sums) {
    return reduce(sum_of_lanes(sums->low), sum_of_lanes(sums->middle), sum_of_lanes(sums->high));
}

FAST_INLINE __m128i product(__m128i a, __m128i b) {
    __m128i middle = _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x01), _mm_clmulepi64_si128(a, b, 0x10));
    return reduce(_mm_clmulepi64_si128(a, b, 0x00), middle, _mm_clmulepi64_si128(a, b, 0x11));
}

FAST_INLINE __m128i hash_block(const struct aes_gcm_key *key, __m128i sum, __m128i reversed_block) {
    return product(_mm_xor_si128(sum, reversed_block), load(key->powers[AES_GCM_POWERS - 1]));
}

/* The blocks at 4 * i of a group, and the power of H that goes with each. */
FAST_INLINE void add_blocks(struct sums *sums, const struct aes_gcm_key *key, const uint8_t *group,
                            unsigned i) {
    add_products(sums, reversed_each(_mm512_loadu_si512(group + 64 * (size_t)i)),
                 _mm512_load_si512(key->powers[4 * i]));
}

/* The first four: the sum so far goes with the first block. They are added last; by then that sum is known. */
FAST_INLINE void add_first_blocks(struct sums *sums, const struct aes_gcm_key *key, const uint8_t *group,
                                  __m128i sum) {
    __m512i blocks = reversed_each(_mm512_loadu_si512(group));
    add_products(sums, _mm512_xor_si512(blocks, _mm512_zextsi128_si512(sum)),
                 _mm512_load_si512(key->powers[0]));
}

FAST_INLINE struct sums no_sums(void) {
    return (struct sums){_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
}

FAST_INLINE __m128i hash_group(const struct aes_gcm_key *key, const uint8_t *group, __m128i sum) {
    struct sums sums = no_sums();
    for (unsigned i = 1; i < AES_GCM_POWERS / 4; i++)
        add_blocks(&sums, key, group, i);
    add_first_blocks(&sums, key, group, sum);
    return reduce_lanes(&sums);
}

/* --- counter mode -------------------------------------------------------------------------------------------------- */

FAST_INLINE __m512i round_key(const struct aes_gcm_key *key, unsigned round) {
    return _mm512_broadcast_i32x4(load(key->round_keys[round]));
}

/* Four blocks of keystream: counters are reversed blocks, so that they are numbers. */
FAST_INLINE __m512i keystream(const struct aes_gcm_key *key, __m512i counters) {
    __m512i blocks = _mm512_xor_si512(reversed_each(counters), round_key(key, 0));
    for (unsigned r = 1; r < key->rounds; r++)
        blocks = _mm512_aesenc_epi128(blocks, round_key(key, r));
    return _mm512_aesenclast_epi128(blocks, round_key(key, key->rounds));
}

FAST_INLINE __m512i number(int n) {
    return _mm512_broadcast_i32x4(_mm_set_epi32(0, 0, 0, n));
}

FAST_INLINE __m512i begin_block(__m512i counters, int n, __m512i k) {
    return _mm512_xor_si512(reversed_each(_mm512_add_epi32(counters, number(n))), k);
}

FAST_INLINE struct group begin_rounds(const struct aes_gcm_key *key, __m512i counters) {
    const __m512i k = round_key(key, 0);
    return (struct group){
        begin_block(counters, 0, k),  begin_block(counters, 4, k),  begin_block(counters, 8, k),
        begin_block(counters, 12, k), begin_block(counters, 16, k), begin_block(counters, 20, k),
        begin_block(counters, 24, k), begin_block(counters, 28, k),
    };
}

FAST_INLINE struct group next_round(struct group g, const struct aes_gcm_key *key, unsigned round) {
    const __m512i k = round_key(key, round);
    return (struct group){
        _mm512_aesenc_epi128(g.b0, k), _mm512_aesenc_epi128(g.b1, k), _mm512_aesenc_epi128(g.b2, k),
        _mm512_aesenc_epi128(g.b3, k), _mm512_aesenc_epi128(g.b4, k), _mm512_aesenc_epi128(g.b5, k),
        _mm512_aesenc_epi128(g.b6, k), _mm512_aesenc_epi128(g.b7, k),
    };
}

FAST_INLINE void end_block(__m512i block, __m512i k, const uint8_t *in, uint8_t *out) {
    block = _mm512_aesenclast_epi128(block, k);
    _mm512_storeu_si512(out, _mm512_xor_si512(_mm512_loadu_si512(in), block));
}

FAST_INLINE void end_rounds(struct group g, const struct aes_gcm_key *key, const uint8_t *in, uint8_t *out) {
    const __m512i k = round_key(key, key->rounds);
    end_block(g.b0, k, in, out);
    end_block(g.b1, k, in + 64, out + 64);
    end_block(g.b2, k, in + 128, out + 128);
    end_block(g.b3, k, in + 192, out + 192);
    end_block(g.b4, k, in + 256, out + 256);
    end_block(g.b5, k, in + 320, out + 320);
    end_block(g.b6, k, in + 384, out + 384);
    end_block(g.b7, k, in + 448, out + 448);
}

FAST_INLINE void crypt_group(const struct aes_gcm_key *key, __m512i counters, const uint8_t *in,
                             uint8_t *out) {
    struct group g = begin_rounds(key, counters);
    for (unsigned r = 1; r < key->rounds; r++)
        g = next_round(g, key, r);
    end_rounds(g, key, in, out);
}

/* The same, and meanwhile the group at hashed, whose ciphertext is there already: rounds of the cipher and products keep
 * different parts of the CPU busy, and it does not look far enough ahead to mix them by itself. */
FAST_INLINE __m128i crypt_and_hash(const struct aes_gcm_key *key, __m512i counters, const uint8_t *in,
                                   uint8_t *out, const uint8_t *hashed, __m128i sum) {
    struct sums sums = no_sums();
    struct group g = begin_rounds(key, counters);
    g = next_round(g, key, 1);
    add_blocks(&sums, key, hashed, 1);
    g = next_round(g, key, 2);
    add_blocks(&sums, key, hashed, 2);
    g = next_round(g, key, 3);
    add_blocks(&sums, key, hashed, 3);
    g = next_round(g, key, 4);
    add_blocks(&sums, key, hashed, 4);
    g = next_round(g, key, 5);
    add_blocks(&sums, key, hashed, 5);
    g = next_round(g, key, 6);
    add_blocks(&sums, key, hashed, 6);
    g = next_round(g, key, 7);
    add_blocks(&sums, key, hashed, 7);
    g = next_round(g, key, 8);
    add_first_blocks(&sums, key, hashed, sum);
    for (unsigned r = 9; r < key->rounds; r++)
        g = next_round(g, key, r);
    end_rounds(g, key, in, out);
    return reduce_lanes(&sums);
}

/* --- both ---------------------------------------------------------------------------------------------------------- */

/* Whole groups. When they are decrypted, each is hashed with itself; when they are encrypted, with the one behind it. */
FAST_INLINE __m128i crypt_groups(const struct aes_gcm_key *key, __m512i counters, const uint8_t *in,
                                 uint8_t *out, size_t groups, bool seals, __m128i sum) {
    const __m512i step = number(AES_GCM_POWERS);
    for (size_t i = 0; i < groups; i++, in += GROUP_LEN, out += GROUP_LEN) {
        if (seals && i == 0)
            crypt_group(key, counters, in, out);
        else
            sum = crypt_and_hash(key, counters, in, out, seals ? out - GROUP_LEN : in, sum);
        counters = _mm512_add_epi32(counters, step);
    }
    return seals && groups > 0 ? hash_group(key, out - GROUP_LEN, sum) : sum;
}

/* What is left: less than a group, not always whole blocks. */
FAST_INLINE __m128i crypt_rest(const struct aes_gcm_key *key, __m512i counters, const uint8_t *in,
                               uint8_t *out, size_t length, bool seals, __m128i sum) {
    struct sums sums = no_sums();
    const uint8_t *powers = key->powers[AES_GCM_POWERS - (length + 15) / 16];
    __m512i first = _mm512_zextsi128_si512(sum);
    while (length > 0) {
        size_t part = length < 64 ? length : 64;
        __mmask64 mask = ~UINT64_C(0) >> (64 - part);
        __m512i from = _mm512_maskz_loadu_epi8(mask, in);
        __m512i to = _mm512_xor_si512(from, keystream(key, counters));
        _mm512_mask_storeu_epi8(out, mask, to);
        __m512i hashed = seals ? _mm512_maskz_mov_epi8(mask, to) : from;
        add_products(&sums, _mm512_xor_si512(reversed_each(hashed), first), _mm512_loadu_si512(powers));
        first = _mm512_setzero_si512();
        counters = _mm512_add_epi32(counters, number(4));
        in += part, out += part, powers += 64, length -= part;
    }
    return reduce_lanes(&sums);
}

/* SP 800-38D, 7.1: everything but what is done with the tag, which it returns. */
FAST_INLINE __m128i crypt(const struct aes_gcm_key *key, const uint8_t *nonce, const uint8_t *aad,
                          size_t aad_length, const uint8_t *in, uint8_t *out, size_t length, bool seals) {
    uint8_t block[16] = {0};
    CHECK(length <= AES_GCM_LENGTH_MAX);
    CHECK(aad_length <= AES_GCM_AAD_MAX);
    memcpy(block, nonce, AES_GCM_NONCE_LEN);
    __m512i zeroth = _mm512_broadcast_i32x4(reversed(load(block)));
    __m512i counters = _mm512_add_epi32(
        zeroth, _mm512_set_epi32(0, 0, 0, 5, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 2)); /* 1 is the tag's */
    __m128i mask = _mm512_castsi512_si128(keystream(key, _mm512_add_epi32(zeroth, number(1))));
    __m128i sum = _mm_setzero_si128(), lengths = _mm_set_epi64x((int64_t)aad_length * 8, (int64_t)length * 8);
    if (aad_length != 0) {
        memset(block, 0, sizeof block);
        memcpy(block, aad, aad_length);
        sum = hash_block(key, sum, reversed(load(block)));
    }
    size_t groups = length / GROUP_LEN, whole = groups * GROUP_LEN;
    sum = crypt_groups(key, counters, in, out, groups, seals, sum);
    counters = _mm512_add_epi32(counters, number((int)(groups * AES_GCM_POWERS)));
    if (length > whole)
        sum = crypt_rest(key, counters, in + whole, out + whole, length - whole, seals, sum);
    return _mm_xor_si128(reversed(hash_block(key, sum, lengths)), mask);
}

FAST static void seal_fast(const struct aes_gcm_key *key, const uint8_t *nonce, const uint8_t *aad,
                           size_t aad_length, const uint8_t *in, uint8_t *out, size_t length,
                           uint8_t *tag_out) {
    store(tag_out, crypt(key, nonce, aad, aad_length, in, out, length, true));
}

FAST static bool open_fast(const struct aes_gcm_key *key, const uint8_t *nonce, const uint8_t *aad,
                           size_t aad_length, const uint8_t *in, uint8_t *out, size_t length,
                           const uint8_t *tag) {
    __m128i difference = _mm_xor_si128(crypt(key, nonce, aad, aad_length, in, out, length, false), load(tag));
    return _mm_testz_si128(difference, difference) == 1;
}

/* --- keys ---------------------------------------------------------------------------------------------------------- */

/* FIPS 197, 5.2: each word is the sum of the one before and that of the key before; `mixed` comes from its last. */
FAST_INLINE __m128i next_key(__m128i before, __m128i mixed) {
    before = _mm_xor_si128(before, _mm_slli_si128(before, 4));
    before = _mm_xor_si128(before, _mm_slli_si128(before, 8));
    return _mm_xor_si128(before, mixed);
}

#define MIXED(last, constant) _mm_shuffle_epi32(_mm_aeskeygenassist_si128(last, constant), 0xff)
#define MIXED_AGAIN(last)     _mm_shuffle_epi32(_mm_aeskeygenassist_si128(last, 0), 0xaa)

FAST static void expand_128(struct aes_gcm_key *key, const uint8_t *bytes) {
    __m128i k = load(bytes);
    store(key->round_keys[0], k);
#define NEXT(n, constant) store(key->round_keys[n], k = next_key(k, MIXED(k, constant)))
    NEXT(1, 0x01);
    NEXT(2, 0x02);
    NEXT(3, 0x04);
    NEXT(4, 0x08);
    NEXT(5, 0x10);
    NEXT(6, 0x20);
    NEXT(7, 0x40);
    NEXT(8, 0x80);
    NEXT(9, 0x1b);
    NEXT(10, 0x36);
#undef NEXT
    key->rounds = 10;
}

FAST static void expand_256(struct aes_gcm_key *key, const uint8_t *bytes) {
    __m128i even = load(bytes), odd = load(bytes + 16);
    store(key->round_keys[0], even);
    store(key->round_keys[1], odd);
#define EVEN(n, constant) store(key->round_keys[n], even = next_key(even, MIXED(odd, constant)))
#define ODD(n)            store(key->round_keys[n], odd = next_key(odd, MIXED_AGAIN(even)))
    EVEN(2, 0x01);
    ODD(3);
    EVEN(4, 0x02);
    ODD(5);
    EVEN(6, 0x04);
    ODD(7);
    EVEN(8, 0x08);
    ODD(9);
    EVEN(10, 0x10);
    ODD(11);
    EVEN(12, 0x20);
    ODD(13);
    EVEN(14, 0x40);
#undef EVEN
#undef ODD
    key->rounds = 14;
}

/* RFC 8452, appendix A: H is that of GHASH with its bytes reversed, times x. */
FAST static void make_powers(struct aes_gcm_key *key) {
    __m128i h = reversed(_mm512_castsi512_si128(keystream(key, _mm512_setzero_si512())));
    uint64_t low = (uint64_t)_mm_cvtsi128_si64(h), high = (uint64_t)_mm_extract_epi64(h, 1);
    uint64_t carry = 0 - (high >> 63);
    high = (high << 1 | low >> 63) ^ (carry & HIGH_TERMS);
    low = low << 1 ^ (carry & 1);
    __m128i first = _mm_set_epi64x((long long)high, (long long)low), power = first;
    memset(key->powers, 0, sizeof key->powers);
    for (unsigned i = AES_GCM_POWERS; i-- > 0; power = product(power, first))
        store(key->powers[i], power);
}

FAST static void set_key_fast(struct aes_gcm_key *key, const uint8_t *bytes, size_t length) {
    if (length == 16)
        expand_128(key, bytes);
    else
        expand_256(key, bytes);
    make_powers(key);
}

#else

static void set_key_fast(struct aes_gcm_key *key, const uint8_t *bytes, size_t length) {
    (void)key, (void)bytes, (void)length;
    CHECK(!"a CPU with AVX-512");
}

static void seal_fast(const struct aes_gcm_key *key, const uint8_t *nonce, const uint8_t *aad,
                      size_t aad_length, const uint8_t *in, uint8_t *out, size_t length, uint8_t *tag_out) {
    (void)key, (void)nonce, (void)aad, (void)aad_length, (void)in, (void)out, (void)length, (void)tag_out;
    CHECK(!"a CPU with AVX-512");
}

static bool open_fast(const struct aes_gcm_key *key, const uint8_t *nonce, const uint8_t *aad,
                      size_t aad_length, const uint8_t *in, uint8_t *out, size_t length, const uint8_t *tag) {
    (void)key, (void)nonce, (void)aad, (void)aad_length, (void)in, (void)out, (void)length, (void)tag;
    CHECK(!"a CPU with AVX-512");
    return false;
}

#endif

bool aes_gcm_can_be_fast(void) {
    return cpu_has_wide_aes() && cpu_has_wide_carryless();
}

void aes_gcm_set_key(struct aes_gcm_key *key, const uint8_t *bytes, size_t length) {
    CHECK(length == 16 || length == 32);
    set_key_fast(key, bytes, length);
}

void aes_gcm_seal(const struct aes_gcm_key *key, const uint8_t nonce[static AES_GCM_NONCE_LEN],
                  const uint8_t *aad, size_t aad_length, const uint8_t *in, uint8_t *out, size_t length,
                  uint8_t tag_out[static AES_GCM_TAG_LEN]) {
    seal_fast(key, nonce, aad, aad_length, in, out, length, tag_out);
}

bool aes_gcm_open(const struct aes_gcm_key *key, const uint8_t nonce[static AES_GCM_NONCE_LEN],
                  const uint8_t *aad, size_t aad_length, const uint8_t *in, uint8_t *out, size_t length,
                  const uint8_t tag[static AES_GCM_TAG_LEN]) {
    return open_fast(key, nonce, aad, aad_length, in, out, length, tag);
}
