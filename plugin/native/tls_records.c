#include "native/tls_records.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

#include "base/bytes.h"
#include "base/check.h"

#define LEGACY_VERSION 0x0303 /* of every record; who receives it ignores it */

static_assert(TLS_OVERHEAD == 22, "header, type and tag");

/* --- keys ---------------------------------------------------------------------------------------------------------- */

/* The key schedule is made here, once for all records until the next update: those only set the nonce. */
static void set_keys(struct tls_records *r) {
    uint8_t key[TLS_KEY_MAX];
    tls_traffic_keys(r->suite, &r->secret, key, r->iv);
    CHECK(EVP_CipherInit_ex2(r->aead, NULL, key, NULL, r->seals, NULL) == 1);
    OPENSSL_cleanse(key, sizeof key);
    r->sequence = 0;
}

bool tls_records_init(struct tls_records *r, const struct tls_suite *suite, const struct tls_secret *secret,
                      bool seals) {
    *r =
        (struct tls_records){.suite = suite, .seals = seals, .secret = *secret, .aead = EVP_CIPHER_CTX_new()};
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, suite->cipher, NULL);
    bool is_made = r->aead != NULL && cipher != NULL &&
                   EVP_CipherInit_ex2(r->aead, cipher, NULL, NULL, seals, NULL) == 1;
    EVP_CIPHER_free(cipher); /* the context keeps it */
    if (is_made)
        set_keys(r);
    else
        ERR_clear_error();
    return is_made;
}

void tls_records_fini(struct tls_records *r) {
    EVP_CIPHER_CTX_free(r->aead);
    OPENSSL_cleanse(r, sizeof *r);
}

void tls_records_update(struct tls_records *r) {
    tls_next_secret(r->suite, &r->secret);
    set_keys(r);
}

/* --- the AEAD ------------------------------------------------------------------------------------------------------ */

/* RFC 8446, 5.3: the nonce is the iv with the sequence number on its end; 5.2: the header is authenticated. */
static void begin_record(struct tls_records *r, const uint8_t *header) {
    uint8_t nonce[TLS_IV_LEN];
    int length;
    memcpy(nonce, r->iv, sizeof nonce);
    for (unsigned i = 0; i < 8; i++)
        nonce[4 + i] ^= (uint8_t)(r->sequence >> (56 - 8 * i));
    CHECK(++r->sequence != 0);
    CHECK(EVP_CipherInit_ex2(r->aead, NULL, NULL, nonce, -1, NULL) == 1);
    CHECK(EVP_CipherUpdate(r->aead, NULL, &length, header, TLS_HEADER_LEN) == 1);
}

static void update(struct tls_records *r, uint8_t *out, const uint8_t *in, size_t length) {
    int written = 0;
    CHECK(EVP_CipherUpdate(r->aead, out, &written, in, (int)length) == 1);
    CHECK((size_t)written == length);
}

size_t tls_records_seal(struct tls_records *r, enum tls_content type, const uint8_t *bytes, size_t length,
                        uint8_t *out) {
    uint8_t *body = out + TLS_HEADER_LEN, *tag = body + length + 1, last = (uint8_t)type;
    int written = 0;
    CHECK(r->seals);
    CHECK(length < TLS_INNER_MAX);
    out[0] = TLS_APPLICATION_DATA;
    store_u16(out + 1, LEGACY_VERSION);
    store_u16(out + 3, (uint16_t)(length + 1 + TLS_TAG_LEN));
    begin_record(r, out);
    if (bytes == body) {
        body[length] = last;
        update(r, body, body, length + 1);
    } else {
        if (length != 0)
            update(r, body, bytes, length);
        update(r, body + length, &last, 1);
    }
    CHECK(EVP_CipherFinal_ex(r->aead, tag, &written) == 1);
    OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, TLS_TAG_LEN),
                           OSSL_PARAM_construct_end()};
    CHECK(EVP_CIPHER_CTX_get_params(r->aead, params) == 1);
    return length + TLS_OVERHEAD;
}

bool tls_records_open(struct tls_records *r, const uint8_t *record, size_t length, uint8_t *out,
                      size_t *length_out, uint8_t *type_out) {
    uint8_t tag[TLS_TAG_LEN];
    int written = 0;
    CHECK(!r->seals);
    CHECK(length >= TLS_OVERHEAD);
    CHECK(length <= TLS_PROTECTED_MAX);
    size_t inner = length - TLS_HEADER_LEN - TLS_TAG_LEN;
    memcpy(tag, record + length - TLS_TAG_LEN, sizeof tag);
    OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, TLS_TAG_LEN),
                           OSSL_PARAM_construct_end()};
    begin_record(r, record);
    update(r, out, record + TLS_HEADER_LEN, inner);
    CHECK(EVP_CIPHER_CTX_set_params(r->aead, params) == 1);
    if (EVP_CipherFinal_ex(r->aead, out + inner, &written) != 1) {
        ERR_clear_error();
        return false;
    }
    while (inner > 0 && out[inner - 1] == 0) /* 5.4: padding */
        inner--;
    *type_out = inner == 0 ? 0 : out[inner - 1];
    *length_out = inner == 0 ? 0 : inner - 1;
    return true;
}
