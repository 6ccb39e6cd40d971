/* AES-128 by OpenSSL, for CPUs whose AES instructions we do not know. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/check.h"
#include "native/aes128_ways.h"

#define COUNTERS_MAX 64u /* blocks of keystream made at a time */

/* Written once by aes128_openssl_setup(), read by all threads afterwards. */
static EVP_CIPHER *aes_128_ecb, *aes_128_ctr;

static void fetch(EVP_CIPHER **cipher, const char *name) {
    if (!*cipher)
        *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    CHECK(*cipher);
}

void aes128_openssl_setup(void) {
    fetch(&aes_128_ecb, "AES-128-ECB");
    fetch(&aes_128_ctr, "AES-128-CTR");
}

void aes128_openssl_init(struct aes128 *aes) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    CHECK(context);
    CHECK(EVP_CipherInit_ex2(context, aes_128_ecb, NULL, NULL, aes->use == AES128_ENCRYPTS, NULL) == 1);
    CHECK(EVP_CIPHER_CTX_set_padding(context, 0) == 1);
    aes->keys.context = context;
}

void aes128_openssl_set_key(struct aes128 *aes, const uint8_t *key) {
    CHECK(EVP_CipherInit_ex2(aes->keys.context, NULL, key, NULL, -1, NULL) == 1);
}

void aes128_openssl_fini(union aes128_keys *keys) {
    EVP_CIPHER_CTX_free(keys->context); /* wipes the key */
}

static void openssl_blocks(const struct aes128 *aes, const uint8_t *in, uint8_t *out, size_t n) {
    int written;
    CHECK(EVP_CipherUpdate(aes->keys.context, out, &written, in, (int)(n * AES128_BLOCK_LEN)) == 1);
    CHECK(written == (int)(n * AES128_BLOCK_LEN));
}

void aes128_openssl_block(const struct aes128 *aes, const uint8_t *in, uint8_t *out) {
    openssl_blocks(aes, in, out, 1);
}

void aes128_openssl_counter(const struct aes128 *aes, const uint8_t *iv, const uint8_t *in, uint8_t *out,
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

void aes128_openssl_cells_init(union aes128_keys *keys, const uint8_t *key) {
    static const uint8_t iv[AES128_BLOCK_LEN];
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    CHECK(context);
    CHECK(EVP_EncryptInit_ex2(context, aes_128_ctr, key, iv, NULL) == 1);
    keys->context = context;
}

void aes128_openssl_cells(const union aes128_keys *keys, const struct crypt_cell *cells, size_t n) {
    for (size_t i = 0; i < n; i++) {
        int written;
        CHECK(EVP_EncryptUpdate(keys->context, cells[i].to, &written, cells[i].from, CELL_BODY_LEN) == 1);
        CHECK(written == CELL_BODY_LEN);
    }
}
