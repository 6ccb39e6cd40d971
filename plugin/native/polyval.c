#include "native/polyval.h"

#include <assert.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/check.h"
#include "native/cpu_features.h"

/* RFC 8452, section 3: GF(2^128) modulo x^128 + x^127 + x^126 + x^121 + 1; bytes are little-endian, and the product of
 * a and b is a * b * x^-128. So a product of 256 bits is reduced from its low end: adding a multiple of the modulus clears
 * 64 bits, twice. HIGH_TERMS is the modulus between 1 and x^128, less 64 bits. */
#define HIGH_TERMS UINT64_C(0xc200000000000000)

/* --- portable ------------------------------------------------------------------------------------------------------- */

struct element {
    uint64_t low, high;
};

static uint64_t load_le(const uint8_t *p) {
    uint64_t value = 0;
    for (unsigned i = 8; i-- > 0;)
        value = value << 8 | p[i];
    return value;
}

static void store_le(uint8_t *p, uint64_t value) {
    for (unsigned i = 0; i < 8; i++)
        p[i] = (uint8_t)(value >> 8 * i);
}

/* Low 64 bits of the carry-less product. Each factor is split into four with three empty bits between any two of its bits:
 * the sums of an ordinary multiplication need no more, so carries stay out of the bits that count. */
static uint64_t multiply_low(uint64_t a, uint64_t b) {
    const uint64_t every_fourth = UINT64_C(0x1111111111111111);
    uint64_t product = 0;
    for (unsigned k = 0; k < 4; k++) {
        uint64_t sum = 0;
        for (unsigned i = 0; i < 4; i++)
            sum ^= (a & every_fourth << i) * (b & every_fourth << ((k - i) & 3u));
        product |= sum & every_fourth << k;
    }
    return product;
}

static uint64_t swap_groups(uint64_t x, uint64_t mask, unsigned shift) {
    return (x & mask) << shift | (x >> shift & mask);
}

static uint64_t reverse(uint64_t x) {
    x = swap_groups(x, UINT64_C(0x5555555555555555), 1);
    x = swap_groups(x, UINT64_C(0x3333333333333333), 2);
    x = swap_groups(x, UINT64_C(0x0f0f0f0f0f0f0f0f), 4);
    x = swap_groups(x, UINT64_C(0x00ff00ff00ff00ff), 8);
    x = swap_groups(x, UINT64_C(0x0000ffff0000ffff), 16);
    return x << 32 | x >> 32;
}

/* The whole product, 127 bits: its high half is the low half of what the reversed factors give. */
static struct element multiply_64(uint64_t a, uint64_t b) {
    return (struct element){multiply_low(a, b), reverse(multiply_low(reverse(a), reverse(b))) >> 1};
}

/* Add the multiple of the modulus that ends in the low 64 bits, and go on without those. */
static struct element clear_low(struct element e) {
    uint64_t carry_low = e.low << 63 ^ e.low << 62 ^ e.low << 57; /* HIGH_TERMS */
    uint64_t carry_high = e.low >> 1 ^ e.low >> 2 ^ e.low >> 7;
    return (struct element){e.high ^ carry_low, e.low ^ carry_high};
}

static struct element multiply(struct element a, struct element b) {
    struct element low = multiply_64(a.low, b.low), high = multiply_64(a.high, b.high);
    struct element middle = multiply_64(a.low ^ a.high, b.low ^ b.high); /* Karatsuba */
    middle.low ^= low.low ^ high.low;
    middle.high ^= low.high ^ high.high;
    low.high ^= middle.low;
    high.low ^= middle.high;
    for (unsigned i = 0; i < 2; i++)
        low = clear_low(low);
    return (struct element){high.low ^ low.low, high.high ^ low.high};
}

static void hash_portable(const uint8_t *h, const uint8_t *blocks, size_t n, uint8_t *out) {
    const struct element key = {load_le(h), load_le(h + 8)};
    struct element sum = {0, 0};
    for (size_t i = 0; i < n; i++, blocks += POLYVAL_LEN) {
        sum.low ^= load_le(blocks);
        sum.high ^= load_le(blocks + 8);
        sum = multiply(sum, key);
    }
    store_le(out, sum.low);
    store_le(out + 8, sum.high);
}

/* --- x86 ------------------------------------------------------------------------------------------------------------ */

#if defined(__x86_64__)
#define FAST __attribute__((target("pclmul,sse2")))

/* Not yet reduced: the product is low + middle * x^64 + high * x^128. */
struct sums {
    __m128i low, middle, high;
};

FAST static inline void add_product(struct sums *sums, __m128i a, __m128i b) {
    sums->low = _mm_xor_si128(sums->low, _mm_clmulepi64_si128(a, b, 0x00));
    sums->high = _mm_xor_si128(sums->high, _mm_clmulepi64_si128(a, b, 0x11));
    __m128i middle = _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x01), _mm_clmulepi64_si128(a, b, 0x10));
    sums->middle = _mm_xor_si128(sums->middle, middle);
}

FAST static inline __m128i reduce(const struct sums *sums) {
    const __m128i terms = _mm_set_epi64x((long long)HIGH_TERMS, 0);
    __m128i low = _mm_xor_si128(sums->low, _mm_slli_si128(sums->middle, 8));
    __m128i high = _mm_xor_si128(sums->high, _mm_srli_si128(sums->middle, 8));
    for (unsigned i = 0; i < 2; i++) {
        __m128i carry = _mm_clmulepi64_si128(low, terms, 0x10);
        low = _mm_xor_si128(_mm_shuffle_epi32(low, 0x4e), carry);
    }
    return _mm_xor_si128(high, low);
}

FAST static inline __m128i product(__m128i a, __m128i b) {
    struct sums sums = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
    add_product(&sums, a, b);
    return reduce(&sums);
}

FAST static inline __m128i load(const uint8_t *p) {
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

FAST static inline void store(uint8_t *p, __m128i value) {
    _mm_storeu_si128((__m128i *)(void *)p, value);
}

FAST static void powers_fast(struct polyval_key *key, const uint8_t *h) {
    __m128i power[POLYVAL_POWERS];
    power[0] = load(h);
    power[1] = product(power[0], power[0]);
    power[2] = product(power[1], power[0]);
    power[3] = product(power[1], power[1]);
    for (unsigned i = 4; i < POLYVAL_POWERS; i++)
        power[i] = product(power[i - 4], power[3]);
    for (unsigned i = 0; i < POLYVAL_POWERS; i++)
        store(key->powers[i], power[i]);
}

/* The sum so far goes with the first block of a group, whose power is the highest. */
FAST static inline __m128i hash_group(const struct polyval_key *key, const uint8_t *blocks, __m128i sum) {
    struct sums sums = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
    add_product(&sums, _mm_xor_si128(load(blocks), sum), load(key->powers[POLYVAL_POWERS - 1]));
#define BLOCK(i) \
    add_product(&sums, load(blocks + POLYVAL_LEN * (i)), load(key->powers[POLYVAL_POWERS - 1 - (i)]))
    BLOCK(1); /* written out: no compiler of ours unrolls it at -O2 */
    BLOCK(2);
    BLOCK(3);
    BLOCK(4);
    BLOCK(5);
    BLOCK(6);
    BLOCK(7);
#undef BLOCK
    return reduce(&sums);
}
static_assert(POLYVAL_POWERS == 8, "as many as hash_group has blocks");

FAST static void hash_fast(const struct polyval_key *key, const uint8_t *blocks, size_t n, uint8_t *out) {
    __m128i sum = _mm_setzero_si128();
    for (; n >= POLYVAL_POWERS; n -= POLYVAL_POWERS, blocks += POLYVAL_POWERS * POLYVAL_LEN)
        sum = hash_group(key, blocks, sum);
    for (; n > 0; n--, blocks += POLYVAL_LEN)
        sum = product(_mm_xor_si128(load(blocks), sum), load(key->powers[0]));
    store(out, sum);
}

FAST static void block_fast(const uint8_t *h, const uint8_t *block, uint8_t *out) {
    store(out, product(load(block), load(h)));
}

#else

static void powers_fast(struct polyval_key *key, const uint8_t *h) {
    (void)key, (void)h;
    CHECK(!"a CPU with carry-less multiplication");
}

static void hash_fast(const struct polyval_key *key, const uint8_t *blocks, size_t n, uint8_t *out) {
    (void)key, (void)blocks, (void)n, (void)out;
    CHECK(!"a CPU with carry-less multiplication");
}

static void block_fast(const uint8_t *h, const uint8_t *block, uint8_t *out) {
    (void)h, (void)block, (void)out;
    CHECK(!"a CPU with carry-less multiplication");
}

#endif

/* --- either --------------------------------------------------------------------------------------------------------- */

bool polyval_can_be_fast(void) {
    return cpu_has_carryless();
}

void polyval_key_init(struct polyval_key *key, const uint8_t h[static POLYVAL_LEN], bool is_fast) {
    key->is_fast = is_fast;
    if (is_fast)
        powers_fast(key, h);
    else
        memcpy(key->powers[0], h, POLYVAL_LEN);
}

void polyval(const struct polyval_key *key, const uint8_t *blocks, size_t n,
             uint8_t out[static POLYVAL_LEN]) {
    if (key->is_fast)
        hash_fast(key, blocks, n, out);
    else
        hash_portable(key->powers[0], blocks, n, out);
}

void polyval_block(const uint8_t h[static POLYVAL_LEN], bool is_fast, const uint8_t block[static POLYVAL_LEN],
                   uint8_t out[static POLYVAL_LEN]) {
    if (is_fast)
        block_fast(h, block, out);
    else
        hash_portable(h, block, 1, out);
}
