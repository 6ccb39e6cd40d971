#include "limit/limit_record.h"

#include <string.h>

#include "base/bytes.h"
#include "base/check.h"

#define APPLICATION_DATA 23u

static const EVP_CIPHER *cipher_of(const char *suite) {
    if (strcmp(suite, "TLS_AES_256_GCM_SHA384") == 0)
        return EVP_aes_256_gcm();
    if (strcmp(suite, "TLS_AES_128_GCM_SHA256") == 0)
        return EVP_aes_128_gcm();
    return strcmp(suite, "TLS_CHACHA20_POLY1305_SHA256") == 0 ? EVP_chacha20_poly1305() : NULL;
}

bool limit_cipher_init(struct limit_cipher *cipher, const char *suite, const struct limit_secret *secret,
                       enum limit_cipher_role role) {
    struct limit_traffic_key key;
    const EVP_CIPHER *algorithm = cipher_of(suite);
    if (!algorithm)
        return false;
    limit_traffic_key_make(secret, (size_t)EVP_CIPHER_get_key_length(algorithm), &key);
    *cipher = (struct limit_cipher){.context = EVP_CIPHER_CTX_new()};
    memcpy(cipher->iv, key.iv, sizeof cipher->iv);
    CHECK(cipher->context);
    CHECK(EVP_CipherInit_ex(cipher->context, algorithm, NULL, key.key, key.iv, role == LIMIT_SEALS) == 1);
    return true;
}

void limit_cipher_fini(struct limit_cipher *cipher) {
    EVP_CIPHER_CTX_free(cipher->context);
}

/* RFC 8446 5.3: the nonce is the IV with the number of the record in its end. */
static void begin_record(struct limit_cipher *cipher, const uint8_t *header) {
    uint8_t nonce[LIMIT_IV_LEN];
    int length;
    memcpy(nonce, cipher->iv, sizeof nonce);
    for (unsigned i = 0; i < 8; i++)
        nonce[LIMIT_IV_LEN - 1 - i] ^= (uint8_t)(cipher->sequence >> (8 * i));
    cipher->sequence++;
    CHECK(EVP_CipherInit_ex(cipher->context, NULL, NULL, NULL, nonce, -1) == 1);
    CHECK(EVP_CipherUpdate(cipher->context, NULL, &length, header, LIMIT_RECORD_HEADER_LEN) == 1);
}

size_t limit_record_seal(struct limit_cipher *cipher, uint8_t *plain, size_t length, uint8_t *out) {
    int written, rest;
    uint8_t *body = out + LIMIT_RECORD_HEADER_LEN;
    CHECK(length <= LIMIT_PLAIN_MAX);
    out[0] = APPLICATION_DATA;
    store_u16(out + 1, 0x0303);
    store_u16(out + 3, (uint16_t)(length + 1 + LIMIT_TAG_LEN));
    plain[length] = APPLICATION_DATA;
    begin_record(cipher, out);
    CHECK(EVP_CipherUpdate(cipher->context, body, &written, plain, (int)length + 1) == 1);
    CHECK(EVP_CipherFinal_ex(cipher->context, body + written, &rest) == 1);
    CHECK(written == (int)length + 1);
    CHECK(EVP_CIPHER_CTX_ctrl(cipher->context, EVP_CTRL_AEAD_GET_TAG, LIMIT_TAG_LEN, body + written) == 1);
    return length + LIMIT_RECORD_ADDED;
}

size_t limit_record_length(const uint8_t *bytes, size_t length) {
    return length < LIMIT_RECORD_HEADER_LEN ? 0 : LIMIT_RECORD_HEADER_LEN + load_u16(bytes + 3);
}

bool limit_record_open(struct limit_cipher *cipher, const uint8_t *record, size_t length, uint8_t *out,
                       size_t *length_out) {
    int written, rest;
    uint8_t tag[LIMIT_TAG_LEN];
    if (length <= LIMIT_RECORD_ADDED || length > LIMIT_RECORD_MAX)
        return false;
    size_t body = length - LIMIT_RECORD_HEADER_LEN - LIMIT_TAG_LEN;
    memcpy(tag, record + length - sizeof tag, sizeof tag); /* OpenSSL's interface is not const */
    begin_record(cipher, record);
    if (EVP_CipherUpdate(cipher->context, out, &written, record + LIMIT_RECORD_HEADER_LEN, (int)body) != 1 ||
        EVP_CIPHER_CTX_ctrl(cipher->context, EVP_CTRL_AEAD_SET_TAG, LIMIT_TAG_LEN, tag) != 1 ||
        EVP_CipherFinal_ex(cipher->context, out + written, &rest) != 1 || out[body - 1] != APPLICATION_DATA)
        return false;
    *length_out = body - 1;
    return true;
}
