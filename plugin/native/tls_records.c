#include "native/tls_records.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/check.h"
#include "native/aes_gcm.h"

#define LEGACY_VERSION 0x0303 /* of every record; who receives it ignores it */

static_assert(TLS_OVERHEAD == 22, "header, type and tag");

/* --- OpenSSL's AEAD ------------------------------------------------------------------------------------------------ */

static bool openssl_begin(struct tls_records *r) {
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, r->suite->cipher, NULL);
    r->aead = EVP_CIPHER_CTX_new();
    bool is_made = r->aead != NULL && cipher != NULL &&
                   EVP_CipherInit_ex2(r->aead, cipher, NULL, NULL, r->seals, NULL) == 1;
    EVP_CIPHER_free(cipher); /* the context keeps it */
    if (!is_made)
        ERR_clear_error();
    return is_made;
}

/* The key schedule is made once for all records until the next update: they only set the nonce. */
static void openssl_set_key(struct tls_records *r, const uint8_t *key) {
    CHECK(EVP_CipherInit_ex2(r->aead, NULL, key, NULL, r->seals, NULL) == 1);
}

static void openssl_begin_record(struct tls_records *r, const uint8_t *nonce, const uint8_t *header) {
    int length;
    CHECK(EVP_CipherInit_ex2(r->aead, NULL, NULL, nonce, -1, NULL) == 1);
    CHECK(EVP_CipherUpdate(r->aead, NULL, &length, header, TLS_HEADER_LEN) == 1);
}

static void openssl_crypt(struct tls_records *r, const uint8_t *in, uint8_t *out, size_t length) {
    int written = 0;
    CHECK(EVP_CipherUpdate(r->aead, out, &written, in, (int)length) == 1);
    CHECK((size_t)written == length);
}

static void openssl_seal(struct tls_records *r, const uint8_t *nonce, const uint8_t *header, uint8_t *body,
                         size_t length) {
    int written = 0;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, body + length, TLS_TAG_LEN),
        OSSL_PARAM_construct_end()};
    openssl_begin_record(r, nonce, header);
    openssl_crypt(r, body, body, length);
    CHECK(EVP_CipherFinal_ex(r->aead, body + length, &written) == 1);
    CHECK(EVP_CIPHER_CTX_get_params(r->aead, params) == 1);
}

static bool openssl_open(struct tls_records *r, const uint8_t *nonce, const uint8_t *record, uint8_t *out,
                         size_t length) {
    uint8_t tag[TLS_TAG_LEN];
    int written = 0;
    memcpy(tag, record + TLS_HEADER_LEN + length, sizeof tag);
    OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, TLS_TAG_LEN),
                           OSSL_PARAM_construct_end()};
    openssl_begin_record(r, nonce, record);
    openssl_crypt(r, record + TLS_HEADER_LEN, out, length);
    CHECK(EVP_CIPHER_CTX_set_params(r->aead, params) == 1);
    bool is_ours = EVP_CipherFinal_ex(r->aead, out + length, &written) == 1;
    if (!is_ours)
        ERR_clear_error();
    return is_ours;
}

/* --- keys ---------------------------------------------------------------------------------------------------------- */

static void set_keys(struct tls_records *r) {
    uint8_t key[TLS_KEY_MAX];
    tls_traffic_keys(r->suite, &r->secret, key, r->iv);
    if (r->gcm != NULL)
        aes_gcm_set_key(r->gcm, key, r->suite->key_length);
    else
        openssl_set_key(r, key);
    OPENSSL_cleanse(key, sizeof key);
    r->sequence = 0;
}

bool tls_records_init(struct tls_records *r, const struct tls_suite *suite, const struct tls_secret *secret,
                      bool seals, enum tls_crypto crypto) {
    *r = (struct tls_records){.suite = suite, .seals = seals, .secret = *secret};
    bool is_ours = crypto == TLS_CRYPTO_FASTEST && suite->kind != LINK_CHACHA && aes_gcm_can_be_fast();
    if (is_ours)
        r->gcm = aligned_alloc(alignof(struct aes_gcm_key), sizeof *r->gcm);
    if (is_ours ? r->gcm == NULL : !openssl_begin(r))
        return false;
    set_keys(r);
    return true;
}

void tls_records_fini(struct tls_records *r) {
    EVP_CIPHER_CTX_free(r->aead);
    if (r->gcm != NULL)
        OPENSSL_cleanse(r->gcm, sizeof *r->gcm);
    free(r->gcm);
    OPENSSL_cleanse(r, sizeof *r);
}

void tls_records_update(struct tls_records *r) {
    tls_next_secret(r->suite, &r->secret);
    set_keys(r);
}

/* --- records ------------------------------------------------------------------------------------------------------- */

/* RFC 8446, 5.3: the iv with the sequence number on its end. */
static void next_nonce(struct tls_records *r, uint8_t nonce_out[static TLS_IV_LEN]) {
    memcpy(nonce_out, r->iv, TLS_IV_LEN);
    for (unsigned i = 0; i < 8; i++)
        nonce_out[4 + i] ^= (uint8_t)(r->sequence >> (56 - 8 * i));
    CHECK(++r->sequence != 0);
}

size_t tls_records_seal(struct tls_records *r, enum tls_content type, const uint8_t *bytes, size_t length,
                        uint8_t *out) {
    uint8_t nonce[TLS_IV_LEN], *body = out + TLS_HEADER_LEN;
    CHECK(r->seals);
    CHECK(length < TLS_INNER_MAX);
    next_nonce(r, nonce);
    out[0] = TLS_APPLICATION_DATA;
    store_u16(out + 1, LEGACY_VERSION);
    store_u16(out + 3, (uint16_t)(length + 1 + TLS_TAG_LEN));
    if (bytes != body && length != 0)
        memcpy(body, bytes, length);
    body[length] = (uint8_t)type;
    if (r->gcm != NULL)
        aes_gcm_seal(r->gcm, nonce, out, TLS_HEADER_LEN, body, body, length + 1, body + length + 1);
    else
        openssl_seal(r, nonce, out, body, length + 1);
    return length + TLS_OVERHEAD;
}

bool tls_records_open(struct tls_records *r, const uint8_t *record, size_t length, uint8_t *out,
                      size_t *length_out, uint8_t *type_out) {
    uint8_t nonce[TLS_IV_LEN];
    CHECK(!r->seals);
    CHECK(length >= TLS_OVERHEAD);
    CHECK(length <= TLS_PROTECTED_MAX);
    size_t inner = length - TLS_HEADER_LEN - TLS_TAG_LEN;
    next_nonce(r, nonce);
    bool is_theirs = r->gcm == NULL
                         ? openssl_open(r, nonce, record, out, inner)
                         : aes_gcm_open(r->gcm, nonce, record, TLS_HEADER_LEN, record + TLS_HEADER_LEN, out,
                                        inner, record + TLS_HEADER_LEN + inner);
    if (!is_theirs)
        return false;
    while (inner > 0 && out[inner - 1] == 0) /* 5.4: padding */
        inner--;
    *type_out = inner == 0 ? 0 : out[inner - 1];
    *length_out = inner == 0 ? 0 : inner - 1;
    return true;
}
