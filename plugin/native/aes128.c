#include "native/aes128.h"

#include <openssl/crypto.h>

#include "base/check.h"
#include "native/aes128_ways.h"
#include "native/cpu_features.h"

void aes128_setup(void) {
    aes128_openssl_setup();
}

bool aes128_has(enum aes128_way way) {
    switch (way) {
    case AES128_OPENSSL: return true;
    case AES128_X86: return cpu_has_aes();
    case AES128_VAES: return cpu_has_aes() && cpu_has_wide_aes();
    }
    return false;
}

enum aes128_way aes128_best(void) {
    unsigned way = AES128_WAYS - 1;
    while (!aes128_has((enum aes128_way)way))
        way--;
    return (enum aes128_way)way;
}

/* --- a key that changes often --------------------------------------------------------------------------------------- */

void aes128_init(struct aes128 *aes, enum aes128_use use, enum aes128_way way) {
    aes->use = (uint8_t)use;
    aes->way = (uint8_t)way;
    if (way == AES128_OPENSSL)
        aes128_openssl_init(aes);
}

void aes128_set_key(struct aes128 *aes, const uint8_t key[static AES128_KEY_LEN]) {
    if (aes->way == AES128_OPENSSL)
        aes128_openssl_set_key(aes, key);
    else
        aes128_x86_set_key(&aes->keys, (enum aes128_use)aes->use, key);
}

void aes128_fini(struct aes128 *aes) {
    if (aes->way == AES128_OPENSSL)
        aes128_openssl_fini(&aes->keys);
    OPENSSL_cleanse(aes, sizeof(*aes));
}

void aes128_block(const struct aes128 *aes, const uint8_t in[static AES128_BLOCK_LEN],
                  uint8_t out[static AES128_BLOCK_LEN]) {
    if (aes->way == AES128_OPENSSL)
        aes128_openssl_block(aes, in, out);
    else
        aes128_x86_block(&aes->keys, (enum aes128_use)aes->use, in, out);
}

void aes128_counter(const struct aes128 *aes, const uint8_t iv[static AES128_BLOCK_LEN], const uint8_t *in,
                    uint8_t *out, size_t length) {
    CHECK(aes->use == AES128_ENCRYPTS);
    CHECK(iv[15] + (length + AES128_BLOCK_LEN - 1) / AES128_BLOCK_LEN <= 256);
    switch ((enum aes128_way)aes->way) {
    case AES128_OPENSSL: aes128_openssl_counter(aes, iv, in, out, length); return;
    case AES128_X86: aes128_x86_counter(&aes->keys, iv, in, out, length); return;
    case AES128_VAES: aes128_vaes_counter(&aes->keys, iv, in, out, length); return;
    }
}

/* --- a circuit's keystream ------------------------------------------------------------------------------------------- */

void aes128_cells_init(union aes128_keys *keys, enum aes128_way way,
                       const uint8_t key[static AES128_KEY_LEN]) {
    if (way == AES128_OPENSSL)
        aes128_openssl_cells_init(keys, key);
    else
        aes128_x86_set_key(keys, AES128_ENCRYPTS, key);
}

void aes128_cells_fini(union aes128_keys *keys, enum aes128_way way) {
    if (way == AES128_OPENSSL)
        aes128_openssl_fini(keys);
    OPENSSL_cleanse(keys, sizeof(*keys));
}

void aes128_cells(const union aes128_keys *keys, enum aes128_way way, uint64_t position,
                  const struct crypt_cell *cells, size_t n) {
    switch (way) {
    case AES128_OPENSSL: aes128_openssl_cells(keys, cells, n); return;
    case AES128_X86: aes128_x86_cells(keys, position, cells, n); return;
    case AES128_VAES: aes128_vaes_cells(keys, position, cells, n); return;
    }
}
