#include "native/aes128.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/check.h"

#define COUNTERS_MAX 64u /* blocks of keystream made at a time */

/* --- OpenSSL -------------------------------------------------------------------------------------------------------- */

/* Written once by aes128_setup(), read by all threads afterwards. */
static EVP_CIPHER *aes_128_ecb;

void aes128_setup(void) {
    if (!aes_128_ecb)
        aes_128_ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
    CHECK(aes_128_ecb);
}

static void openssl_init(struct aes128 *aes) {
    aes->context = EVP_CIPHER_CTX_new();
    CHECK(aes->context);
    CHECK(EVP_CipherInit_ex2(aes->context, aes_128_ecb, NULL, NULL, aes->use == AES128_ENCRYPTS, NULL) == 1);
    CHECK(EVP_CIPHER_CTX_set_padding(aes->context, 0) == 1);
}

static void openssl_set_key(struct aes128 *aes, const uint8_t *key) {
    CHECK(EVP_CipherInit_ex2(aes->context, NULL, key, NULL, -1, NULL) == 1);
}

static void openssl_blocks(const struct aes128 *aes, const uint8_t *in, uint8_t *out, size_t n) {
    int written;
    CHECK(EVP_CipherUpdate(aes->context, out, &written, in, (int)(n * AES128_BLOCK_LEN)) == 1);
    CHECK(written == (int)(n * AES128_BLOCK_LEN));
}

static void openssl_counter(const struct aes128 *aes, const uint8_t *iv, const uint8_t *in, uint8_t *out,
                            size_t length) {
    uint8_t stream[COUNTERS_MAX * AES128_BLOCK_LEN];
    size_t blocks = (length + AES128_BLOCK_LEN - 1) / AES128_BLOCK_LEN;
    CHECK(blocks <= COUNTERS_MAX);
    if (blocks == 0)
        return;
    for (size_t i = 0; i < blocks; i++) {
        memcpy(stream + i * AES128_BLOCK_LEN, iv, AES128_BLOCK_LEN);
        stream[i * AES128_BLOCK_LEN + 15] = (uint8_t)(iv[15] + i);
    }
    openssl_blocks(aes, stream, stream, blocks);
    for (size_t i = 0; i < length; i++)
        out[i] = in[i] ^ stream[i];
    OPENSSL_cleanse(stream, blocks * AES128_BLOCK_LEN);
}

/* --- x86 ------------------------------------------------------------------------------------------------------------ */

#if defined(__x86_64__)
#define FAST __attribute__((target("aes,sse2")))

#define TOGETHER 8u /* blocks in flight: the instructions take several cycles each */

FAST static inline __m128i load(const uint8_t *p) {
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

FAST static inline void store(uint8_t *p, __m128i value) {
    _mm_storeu_si128((__m128i *)(void *)p, value);
}

/* FIPS 197, 5.2: each word is the sum of the one before and that of the round key before; `mixed` comes from its last. */
FAST static inline __m128i next_round_key(__m128i key, __m128i mixed) {
    key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
    key = _mm_xor_si128(key, _mm_slli_si128(key, 8));
    return _mm_xor_si128(key, _mm_shuffle_epi32(mixed, 0xff));
}

FAST static void expand(__m128i keys[static AES128_ROUND_KEYS], const uint8_t *key) {
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
FAST static void fast_set_key(struct aes128 *aes, const uint8_t *key) {
    __m128i keys[AES128_ROUND_KEYS];
    const unsigned last = AES128_ROUND_KEYS - 1;
    expand(keys, key);
    for (unsigned i = 0; i <= last; i++) {
        if (aes->use == AES128_ENCRYPTS)
            store(aes->round_keys[i], keys[i]);
        else if (i == 0 || i == last)
            store(aes->round_keys[i], keys[last - i]);
        else
            store(aes->round_keys[i], _mm_aesimc_si128(keys[last - i]));
    }
}

FAST static void fast_block(const struct aes128 *aes, const uint8_t *in, uint8_t *out) {
    const unsigned last = AES128_ROUND_KEYS - 1;
    __m128i block = _mm_xor_si128(load(in), load(aes->round_keys[0]));
    if (aes->use == AES128_ENCRYPTS) {
        for (unsigned i = 1; i < last; i++)
            block = _mm_aesenc_si128(block, load(aes->round_keys[i]));
        block = _mm_aesenclast_si128(block, load(aes->round_keys[last]));
    } else {
        for (unsigned i = 1; i < last; i++)
            block = _mm_aesdec_si128(block, load(aes->round_keys[i]));
        block = _mm_aesdeclast_si128(block, load(aes->round_keys[last]));
    }
    store(out, block);
}

/* All of them, written out: no compiler of ours unrolls such loops at -O2. */
#define EACH_TOGETHER(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)

/* Keystream of TOGETHER blocks. */
FAST static inline void keystream(const struct aes128 *aes, __m128i counter,
                                  __m128i stream[static TOGETHER]) {
    const unsigned last = AES128_ROUND_KEYS - 1;
    __m128i key = load(aes->round_keys[0]);
#define BEGIN(k)                       \
    __m128i block_##k = _mm_xor_si128( \
        _mm_add_epi8(counter, _mm_set_epi8(k, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)), key);
    EACH_TOGETHER(BEGIN)
#define ROUND(k) block_##k = _mm_aesenc_si128(block_##k, key);
    for (unsigned i = 1; i < last; i++) {
        key = load(aes->round_keys[i]);
        EACH_TOGETHER(ROUND)
    }
    key = load(aes->round_keys[last]);
#define END(k) stream[k] = _mm_aesenclast_si128(block_##k, key);
    EACH_TOGETHER(END)
#undef BEGIN
#undef ROUND
#undef END
}

FAST static void fast_counter(const struct aes128 *aes, const uint8_t *iv, const uint8_t *in, uint8_t *out,
                              size_t length) {
    const __m128i step = _mm_set_epi8(TOGETHER, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    __m128i counter = load(iv);
    while (length > 0) {
        __m128i stream[TOGETHER];
        keystream(aes, counter, stream);
        counter = _mm_add_epi8(counter, step);
        size_t whole = length / AES128_BLOCK_LEN < TOGETHER ? length / AES128_BLOCK_LEN : TOGETHER;
        for (size_t k = 0; k < whole; k++)
            store(out + k * AES128_BLOCK_LEN, _mm_xor_si128(load(in + k * AES128_BLOCK_LEN), stream[k]));
        size_t done = whole * AES128_BLOCK_LEN;
        if (whole < TOGETHER && done < length) {
            uint8_t rest[AES128_BLOCK_LEN];
            store(rest, stream[whole]);
            for (size_t i = 0; done < length; i++, done++)
                out[done] = in[done] ^ rest[i];
        }
        in += done;
        out += done;
        length -= done;
    }
}

bool aes128_can_be_fast(void) {
    return __builtin_cpu_supports("aes");
}

#else

static void fast_set_key(struct aes128 *aes, const uint8_t *key) {
    (void)aes, (void)key;
    CHECK(!"a CPU with AES instructions");
}

static void fast_block(const struct aes128 *aes, const uint8_t *in, uint8_t *out) {
    (void)aes, (void)in, (void)out;
    CHECK(!"a CPU with AES instructions");
}

static void fast_counter(const struct aes128 *aes, const uint8_t *iv, const uint8_t *in, uint8_t *out,
                         size_t length) {
    (void)aes, (void)iv, (void)in, (void)out, (void)length;
    CHECK(!"a CPU with AES instructions");
}

bool aes128_can_be_fast(void) {
    return false;
}

#endif

/* --- either --------------------------------------------------------------------------------------------------------- */

void aes128_init(struct aes128 *aes, enum aes128_use use, bool is_fast) {
    aes->use = (uint8_t)use;
    aes->is_fast = is_fast;
    if (!is_fast)
        openssl_init(aes);
}

void aes128_set_key(struct aes128 *aes, const uint8_t key[static AES128_KEY_LEN]) {
    if (aes->is_fast)
        fast_set_key(aes, key);
    else
        openssl_set_key(aes, key);
}

void aes128_fini(struct aes128 *aes) {
    if (!aes->is_fast)
        EVP_CIPHER_CTX_free(aes->context);
    OPENSSL_cleanse(aes, sizeof(*aes));
}

void aes128_block(const struct aes128 *aes, const uint8_t in[static AES128_BLOCK_LEN],
                  uint8_t out[static AES128_BLOCK_LEN]) {
    if (aes->is_fast)
        fast_block(aes, in, out);
    else
        openssl_blocks(aes, in, out, 1);
}

void aes128_counter(const struct aes128 *aes, const uint8_t iv[static AES128_BLOCK_LEN], const uint8_t *in,
                    uint8_t *out, size_t length) {
    CHECK(aes->use == AES128_ENCRYPTS);
    CHECK(iv[15] + (length + AES128_BLOCK_LEN - 1) / AES128_BLOCK_LEN <= 256);
    if (aes->is_fast)
        fast_counter(aes, iv, in, out, length);
    else
        openssl_counter(aes, iv, in, out, length);
}
