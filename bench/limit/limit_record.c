#include "limit/limit_record.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/check.h"
#include "native/aes_gcm.h"

#define APPLICATION_DATA 23u

void limit_cipher_init(struct limit_cipher *cipher, const struct tls_suite *suite,
                       const struct tls_secret *secret, enum limit_cipher_role role, enum limit_aead aead) {
    uint8_t key[TLS_KEY_MAX];
    *cipher = (struct limit_cipher){.context = NULL};
    tls_traffic_keys(suite, secret, key, cipher->iv);
    if (aead == LIMIT_AEAD_OWN && suite->kind != LINK_CHACHA && aes_gcm_can_be_fast()) {
        cipher->own = aligned_alloc(alignof(struct aes_gcm_key), sizeof *cipher->own);
        CHECK(cipher->own);
        aes_gcm_set_key(cipher->own, key, suite->key_length);
        return;
    }
    EVP_CIPHER *algorithm = EVP_CIPHER_fetch(NULL, suite->cipher, NULL);
    cipher->context = EVP_CIPHER_CTX_new();
    CHECK(algorithm && cipher->context);
    CHECK(EVP_CipherInit_ex(cipher->context, algorithm, NULL, key, cipher->iv, role == LIMIT_SEALS) == 1);
    EVP_CIPHER_free(algorithm); /* the context keeps it */
}

void limit_cipher_fini(struct limit_cipher *cipher) {
    EVP_CIPHER_CTX_free(cipher->context);
    free(cipher->own);
}

/* RFC 8446 5.3: the nonce is the IV with the number of the record in its end. */
static void next_nonce(struct limit_cipher *cipher, uint8_t nonce_out[static TLS_IV_LEN]) {
    memcpy(nonce_out, cipher->iv, TLS_IV_LEN);
    for (unsigned i = 0; i < 8; i++)
        nonce_out[TLS_IV_LEN - 1 - i] ^= (uint8_t)(cipher->sequence >> (8 * i));
    cipher->sequence++;
}

static void begin_record(struct limit_cipher *cipher, const uint8_t *nonce, const uint8_t *header) {
    int length;
    CHECK(EVP_CipherInit_ex(cipher->context, NULL, NULL, NULL, nonce, -1) == 1);
    CHECK(EVP_CipherUpdate(cipher->context, NULL, &length, header, LIMIT_RECORD_HEADER_LEN) == 1);
}

static void seal_by_openssl(struct limit_cipher *cipher, const uint8_t *nonce, const uint8_t *header,
                            const uint8_t *plain, uint8_t *body, size_t length) {
    int written, rest;
    begin_record(cipher, nonce, header);
    CHECK(EVP_CipherUpdate(cipher->context, body, &written, plain, (int)length) == 1);
    CHECK(EVP_CipherFinal_ex(cipher->context, body + written, &rest) == 1);
    CHECK(written == (int)length);
    CHECK(EVP_CIPHER_CTX_ctrl(cipher->context, EVP_CTRL_AEAD_GET_TAG, LIMIT_TAG_LEN, body + written) == 1);
}

static bool open_by_openssl(struct limit_cipher *cipher, const uint8_t *nonce, const uint8_t *record,
                            uint8_t *out, size_t length) {
    int written, rest;
    uint8_t tag[LIMIT_TAG_LEN]; /* OpenSSL's interface is not const */
    memcpy(tag, record + LIMIT_RECORD_HEADER_LEN + length, sizeof tag);
    begin_record(cipher, nonce, record);
    return EVP_CipherUpdate(cipher->context, out, &written, record + LIMIT_RECORD_HEADER_LEN, (int)length) ==
               1 &&
           EVP_CIPHER_CTX_ctrl(cipher->context, EVP_CTRL_AEAD_SET_TAG, LIMIT_TAG_LEN, tag) == 1 &&
           EVP_CipherFinal_ex(cipher->context, out + written, &rest) == 1;
}

size_t limit_record_seal(struct limit_cipher *cipher, uint8_t *plain, size_t length, uint8_t *out) {
    uint8_t nonce[TLS_IV_LEN], *body = out + LIMIT_RECORD_HEADER_LEN;
    size_t inner = length + 1;
    CHECK(length <= LIMIT_PLAIN_MAX);
    out[0] = APPLICATION_DATA;
    store_u16(out + 1, 0x0303);
    store_u16(out + 3, (uint16_t)(inner + LIMIT_TAG_LEN));
    plain[length] = APPLICATION_DATA;
    next_nonce(cipher, nonce);
    if (cipher->own)
        aes_gcm_seal(cipher->own, nonce, out, LIMIT_RECORD_HEADER_LEN, plain, body, inner, body + inner);
    else
        seal_by_openssl(cipher, nonce, out, plain, body, inner);
    return length + LIMIT_RECORD_ADDED;
}

size_t limit_record_length(const uint8_t *bytes, size_t length) {
    return length < LIMIT_RECORD_HEADER_LEN ? 0 : LIMIT_RECORD_HEADER_LEN + load_u16(bytes + 3);
}

bool limit_record_open(struct limit_cipher *cipher, const uint8_t *record, size_t length, uint8_t *out,
                       size_t *length_out) {
    uint8_t nonce[TLS_IV_LEN];
    if (length <= LIMIT_RECORD_ADDED || length > LIMIT_RECORD_MAX)
        return false;
    const uint8_t *body = record + LIMIT_RECORD_HEADER_LEN;
    size_t inner = length - LIMIT_RECORD_HEADER_LEN - LIMIT_TAG_LEN;
    next_nonce(cipher, nonce);
    bool is_theirs = cipher->own ? aes_gcm_open(cipher->own, nonce, record, LIMIT_RECORD_HEADER_LEN, body,
                                                out, inner, body + inner)
                                 : open_by_openssl(cipher, nonce, record, out, inner);
    if (!is_theirs || out[inner - 1] != APPLICATION_DATA)
        return false;
    *length_out = inner - 1;
    return true;
}
