#include "native/openssl_x25519.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define X25519_LEN 32u

static const uint8_t base_point[X25519_LEN] = {9};

/* What a thread keeps. Nothing here is secret. */
struct kit {
    EVP_PKEY_CTX *making; /* of keys */
    EVP_PKEY *base, *theirs;
};

static pthread_key_t kit_of_thread; /* written once by openssl_x25519_setup() */

static void kit_free(void *argument) {
    struct kit *kit = argument;
    EVP_PKEY_CTX_free(kit->making);
    EVP_PKEY_free(kit->base);
    EVP_PKEY_free(kit->theirs);
    free(kit);
}

void openssl_x25519_setup(void) {
    CHECK(pthread_key_create(&kit_of_thread, kit_free) == 0);
}

static EVP_PKEY *public_key(const uint8_t public[static X25519_LEN]) {
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, public, X25519_LEN);
    CHECK(key);
    return key;
}

static struct kit *own_kit(void) {
    struct kit *kit = pthread_getspecific(kit_of_thread);
    if (kit)
        return kit;
    kit = calloc(1, sizeof *kit);
    CHECK(kit);
    kit->making = EVP_PKEY_CTX_new_from_name(NULL, "X25519", NULL);
    CHECK(kit->making);
    CHECK(EVP_PKEY_fromdata_init(kit->making) == 1);
    kit->base = public_key(base_point);
    kit->theirs = public_key(base_point);
    CHECK(pthread_setspecific(kit_of_thread, kit) == 0);
    return kit;
}

/* A secret that multiplies points. Given the secret alone, OpenSSL would work out its public half, which costs as much as a
 * product and takes no part in it: so some public key goes with it. */
static EVP_PKEY_CTX *multiplier_new(const struct kit *kit, const uint8_t secret[static X25519_LEN]) {
    uint8_t private[X25519_LEN], public[X25519_LEN] = {9};
    memcpy(private, secret, sizeof private);
    OSSL_PARAM params[] = {
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, private, sizeof private),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, public, sizeof public),
        OSSL_PARAM_END,
    };
    EVP_PKEY *key = NULL;
    CHECK(EVP_PKEY_fromdata(kit->making, &key, EVP_PKEY_KEYPAIR, params) == 1);
    EVP_PKEY_CTX *multiplier = EVP_PKEY_CTX_new(key, NULL);
    CHECK(multiplier);
    CHECK(EVP_PKEY_derive_init(multiplier) == 1);
    EVP_PKEY_free(key); /* the multiplier has it; with it goes the secret, wiped */
    OPENSSL_cleanse(private, sizeof private);
    return multiplier;
}

/* False when the product is zero. */
static bool multiply(EVP_PKEY_CTX *multiplier, EVP_PKEY *point, uint8_t out[static X25519_LEN]) {
    size_t length = X25519_LEN;
    /* Not EVP_PKEY_derive_set_peer(): its extra check of the key costs time and knows nothing more about this curve. */
    CHECK(EVP_PKEY_derive_set_peer_ex(multiplier, point, 0) == 1);
    if (EVP_PKEY_derive(multiplier, out, &length) == 1)
        return true;
    memset(out, 0, X25519_LEN); /* OpenSSL fails on all zeros */
    ERR_clear_error();
    return false;
}

static bool multiply_theirs(const struct kit *kit, EVP_PKEY_CTX *multiplier,
                            const uint8_t point[static X25519_LEN], uint8_t out[static X25519_LEN]) {
    CHECK(EVP_PKEY_set1_encoded_public_key(kit->theirs, point, X25519_LEN) == 1);
    return multiply(multiplier, kit->theirs, out);
}

static EVP_PKEY_CTX *draw(const struct kit *kit, uint8_t secret_out[static X25519_LEN]) {
    CHECK(RAND_priv_bytes(secret_out, X25519_LEN) == 1);
    return multiplier_new(kit, secret_out);
}

void openssl_x25519_keypair(void *context, uint8_t secret_out[static X25519_LEN],
                            uint8_t public_out[static X25519_LEN]) {
    (void)context;
    EVP_PKEY_CTX *multiplier = draw(own_kit(), secret_out);
    CHECK(multiply(multiplier, own_kit()->base, public_out));
    EVP_PKEY_CTX_free(multiplier);
}

bool openssl_x25519(const uint8_t secret[static X25519_LEN], const uint8_t public[static X25519_LEN],
                    uint8_t out[static X25519_LEN]) {
    EVP_PKEY_CTX *multiplier = multiplier_new(own_kit(), secret);
    bool is_nonzero = multiply_theirs(own_kit(), multiplier, public, out);
    EVP_PKEY_CTX_free(multiplier);
    return is_nonzero;
}

bool openssl_x25519_exchange(void *context, const uint8_t theirs[static X25519_LEN],
                             uint8_t public_out[static X25519_LEN], uint8_t shared_out[static X25519_LEN]) {
    (void)context;
    uint8_t secret[X25519_LEN];
    EVP_PKEY_CTX *multiplier = draw(own_kit(), secret);
    OPENSSL_cleanse(secret, sizeof secret);
    CHECK(multiply(multiplier, own_kit()->base, public_out));
    bool is_nonzero = multiply_theirs(own_kit(), multiplier, theirs, shared_out);
    EVP_PKEY_CTX_free(multiplier);
    return is_nonzero;
}
