#include "native/openssl_sha3.h"

#include <limits.h>
#include <openssl/evp.h>

#include "base/check.h"

/* Written once by openssl_sha3_setup(), read by all threads afterwards. */
static EVP_MD *sha3;
static EVP_MD *shake;
static EVP_CIPHER *aes_256_ctr;

void openssl_sha3_setup(void) {
    sha3 = EVP_MD_fetch(NULL, "SHA3-256", NULL);
    shake = EVP_MD_fetch(NULL, "SHAKE-256", NULL);
    aes_256_ctr = EVP_CIPHER_fetch(NULL, "AES-256-CTR", NULL);
    CHECK(sha3);
    CHECK(shake);
    CHECK(aes_256_ctr);
}

/* A state that has swallowed the parts. */
static EVP_MD_CTX *absorb(const EVP_MD *hash, const struct span *parts, size_t count) {
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    CHECK(state);
    CHECK(EVP_DigestInit_ex2(state, hash, NULL) == 1);
    for (size_t i = 0; i < count; i++)
        CHECK(EVP_DigestUpdate(state, parts[i].data, parts[i].length) == 1);
    return state;
}

void openssl_sha3_256(const struct span *parts, size_t count, uint8_t out[static SHA3_256_LEN]) {
    EVP_MD_CTX *state = absorb(sha3, parts, count);
    CHECK(EVP_DigestFinal_ex(state, out, NULL) == 1);
    EVP_MD_CTX_free(state); /* wipes it */
}

void openssl_shake256(const struct span *parts, size_t count, uint8_t *out, size_t length) {
    EVP_MD_CTX *state = absorb(shake, parts, count);
    CHECK(EVP_DigestFinalXOF(state, out, length) == 1);
    EVP_MD_CTX_free(state);
}

void openssl_aes256_ctr(const uint8_t key[static AES256_KEY_LEN], uint8_t *bytes, size_t length) {
    static const uint8_t iv[16];
    int written;
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    CHECK(cipher);
    CHECK(length <= INT_MAX);
    CHECK(EVP_EncryptInit_ex2(cipher, aes_256_ctr, key, iv, NULL) == 1);
    CHECK(EVP_EncryptUpdate(cipher, bytes, &written, bytes, (int)length) == 1);
    CHECK((size_t)written == length);
    EVP_CIPHER_CTX_free(cipher); /* wipes the key */
}
