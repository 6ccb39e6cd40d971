#include "native/openssl_provider.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

/* Hash states lie inline and are copied as structs (see openssl_layers.c); 3.0 marks those functions deprecated. */
#define OPENSSL_API_COMPAT 10100
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "base/check.h"
#include "crypt/provider.h"
#include "native/openssl_layers.h"
#include "native/openssl_sha3.h"
#include "native/openssl_x25519.h"

#define HMAC_BLOCK_LEN 64u

static void random_bytes(void *context, void *out, size_t length) {
    (void)context;
    CHECK(length <= INT32_MAX);
    CHECK(RAND_bytes(out, (int)length) == 1);
}

static void sha1(const struct span *parts, size_t count, uint8_t out[static SHA1_LEN]) {
    SHA_CTX state;
    CHECK(SHA1_Init(&state) == 1);
    for (size_t i = 0; i < count; i++)
        CHECK(SHA1_Update(&state, parts[i].data, parts[i].length) == 1);
    CHECK(SHA1_Final(out, &state) == 1);
}

static void sha256_add(SHA256_CTX *state, const struct span *parts, size_t count) {
    for (size_t i = 0; i < count; i++)
        CHECK(SHA256_Update(state, parts[i].data, parts[i].length) == 1);
}

static void sha256(const struct span *parts, size_t count, uint8_t out[static SHA256_LEN]) {
    SHA256_CTX state;
    CHECK(SHA256_Init(&state) == 1);
    sha256_add(&state, parts, count);
    CHECK(SHA256_Final(out, &state) == 1);
}

/* One of the two hashes of RFC 2104: H((key ^ pad) | parts). */
static void hmac_hash(const uint8_t key[static HMAC_BLOCK_LEN], uint8_t pad, const struct span *parts,
                      size_t count, uint8_t out[static SHA256_LEN]) {
    uint8_t block[HMAC_BLOCK_LEN];
    for (size_t i = 0; i < sizeof(block); i++)
        block[i] = key[i] ^ pad;
    SHA256_CTX state;
    CHECK(SHA256_Init(&state) == 1);
    CHECK(SHA256_Update(&state, block, sizeof(block)) == 1);
    sha256_add(&state, parts, count);
    CHECK(SHA256_Final(out, &state) == 1);
    OPENSSL_cleanse(block, sizeof(block));
}

static void hmac_sha256(struct span key, const struct span *parts, size_t count,
                        uint8_t out[static SHA256_LEN]) {
    uint8_t padded[HMAC_BLOCK_LEN] = {0};
    uint8_t inner[SHA256_LEN];
    if (key.length > sizeof(padded))
        sha256(&key, 1, padded);
    else if (key.length)
        memcpy(padded, key.data, key.length);
    hmac_hash(padded, 0x36, parts, count, inner);
    hmac_hash(padded, 0x5c, &(struct span){inner, sizeof(inner)}, 1, out);
    OPENSSL_cleanse(padded, sizeof(padded));
    OPENSSL_cleanse(inner, sizeof(inner));
}

static void ed25519_sign(const uint8_t seed[static 32], struct span message, uint8_t out[static 64]) {
    size_t length = 64;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    EVP_MD_CTX *signing = EVP_MD_CTX_new();
    CHECK(key && signing);
    CHECK(EVP_DigestSignInit(signing, NULL, NULL, NULL, key) == 1);
    CHECK(EVP_DigestSign(signing, out, &length, message.data, message.length) == 1);
    EVP_MD_CTX_free(signing);
    EVP_PKEY_free(key);
}

static bool ed25519_verify(const uint8_t public[static 32], struct span message,
                           const uint8_t signature[static 64]) {
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public, 32);
    EVP_MD_CTX *verification = EVP_MD_CTX_new();
    CHECK(key && verification);
    CHECK(EVP_DigestVerifyInit(verification, NULL, NULL, NULL, key) == 1);
    bool good = EVP_DigestVerify(verification, signature, 64, message.data, message.length) == 1;
    if (!good)
        ERR_clear_error();
    EVP_MD_CTX_free(verification);
    EVP_PKEY_free(key);
    return good;
}

static bool is_rsa_identity(const EVP_PKEY *key) {
    BIGNUM *exponent = NULL;
    bool good = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) == 1024 &&
                EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
                BN_is_word(exponent, RSA_F4);
    BN_free(exponent);
    return good;
}

static bool is_in_validity(const X509 *certificate, uint64_t now_s) {
    time_t now = (time_t)now_s;
    return X509_cmp_time(X509_get0_notBefore(certificate), &now) < 0 &&
           X509_cmp_time(X509_get0_notAfter(certificate), &now) > 0;
}

static enum err check_rsa_identity(X509 *certificate, uint64_t now_s, uint8_t *key_out,
                                   size_t *length_in_out) {
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    if (!key || !is_rsa_identity(key))
        return ERR_MALFORMED;
    if (!is_in_validity(certificate, now_s))
        return ERR_EXPIRED;
    if (X509_verify(certificate, key) != 1)
        return ERR_BAD_SIGNATURE;
    int length = i2d_PublicKey(key, NULL);
    CHECK(length > 0 && (size_t)length <= *length_in_out);
    *length_in_out = (size_t)i2d_PublicKey(key, &key_out);
    return ERR_OK;
}

static enum err x509_rsa_identity(struct span bytes, uint64_t now_s, uint8_t *key_out,
                                  size_t *length_in_out) {
    const uint8_t *next = bytes.data;
    X509 *certificate = d2i_X509(NULL, &next, (long)bytes.length);
    enum err e = ERR_MALFORMED;
    if (certificate && next == bytes.data + bytes.length)
        e = check_rsa_identity(certificate, now_s, key_out, length_in_out);
    X509_free(certificate);
    ERR_clear_error();
    return e;
}

static bool verify_raw(EVP_PKEY *key, struct span digest, struct span signature) {
    EVP_PKEY_CTX *verification = EVP_PKEY_CTX_new(key, NULL);
    CHECK(verification);
    /* Without a digest set, PKCS#1 padding is checked around the bare digest: no DigestInfo. */
    bool good =
        EVP_PKEY_verify_init(verification) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(verification, RSA_PKCS1_PADDING) == 1 &&
        EVP_PKEY_verify(verification, signature.data, signature.length, digest.data, digest.length) == 1;
    EVP_PKEY_CTX_free(verification);
    return good;
}

static bool rsa_verify_raw(struct span rsa_key, struct span digest, struct span signature) {
    const uint8_t *next = rsa_key.data;
    EVP_PKEY *key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &next, (long)rsa_key.length);
    bool good = key && next == rsa_key.data + rsa_key.length && verify_raw(key, digest, signature);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return good;
}

static void transcript_init(void *state) {
    CHECK(SHA256_Init(state) == 1);
}

static void transcript_add(void *state, struct span bytes) {
    CHECK(SHA256_Update(state, bytes.data, bytes.length) == 1);
}

static void transcript_digest(const void *state, uint8_t out[static SHA256_LEN]) {
    SHA256_CTX copy;
    memcpy(&copy, state, sizeof(copy));
    CHECK(SHA256_Final(out, &copy) == 1);
}

static const struct crypt_provider provider = {
    .name = "openssl",
    .random = random_bytes,
    .padding = random_bytes,
    .sha1 = sha1,
    .sha256 = sha256,
    .hmac_sha256 = hmac_sha256,
    .sha3_256 = openssl_sha3_256,
    .shake256 = openssl_shake256,
    .aes256_ctr = openssl_aes256_ctr,
    .x25519_keypair = openssl_x25519_keypair,
    .x25519 = openssl_x25519,
    .x25519_exchange = openssl_x25519_exchange,
    .ed25519_sign = ed25519_sign,
    .ed25519_verify = ed25519_verify,
    .x509_rsa_identity = x509_rsa_identity,
    .rsa_verify_raw = rsa_verify_raw,
    .transcript_size = sizeof(SHA256_CTX),
    .transcript_init = transcript_init,
    .transcript_add = transcript_add,
    .transcript_digest = transcript_digest,
    .layer_size = {OPENSSL_TOR1_SIZE, OPENSSL_CGO_SIZE},
    .layer_pair_size = {OPENSSL_TOR1_PAIR, OPENSSL_CGO_PAIR},
    .layer_pair_init = openssl_layer_pair_init,
    .layer_init = openssl_layer_init,
    .layer_fini = openssl_layer_fini,
    .layer_crypt = openssl_layer_crypt,
    .layer_recognize = openssl_layer_recognize,
    .layer_originate = openssl_layer_originate,
    .layer_tag = openssl_layer_tag,
    .layer_prefetch = openssl_layer_prefetch,
};

static void setup(void) {
    openssl_layers_setup();
    openssl_sha3_setup();
    openssl_x25519_setup();
}

const struct crypt_provider *openssl_provider(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    CHECK(pthread_once(&once, setup) == 0);
    return &provider;
}
