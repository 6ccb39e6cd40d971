/* tls_records - the protected records of one direction of a TLS 1.3 connection (RFC 8446, 5.2 to 5.4): sealed and opened, each
 * with the sequence number that is its turn, under keys that can be updated.
 *
 * AES-GCM is our own where the CPU allows (aes_gcm), everything else is OpenSSL's.
 * Owner: one session. Thread: its own. Memory: in place, and a key of about 1 kB; tls_records_fini wipes. */
#ifndef LOOM_NATIVE_TLS_RECORDS_H
#define LOOM_NATIVE_TLS_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "native/tls_keys.h"

struct aes_gcm_key;
typedef struct evp_cipher_ctx_st EVP_CIPHER_CTX;

#define TLS_HEADER_LEN    5u
#define TLS_INNER_MAX     (16384u + 1u)                                  /* plaintext and its type */
#define TLS_OVERHEAD      (TLS_HEADER_LEN + 1u + TLS_TAG_LEN)            /* of a record without padding */
#define TLS_PROTECTED_MAX (TLS_HEADER_LEN + TLS_INNER_MAX + TLS_TAG_LEN) /* no valid record is longer */

enum tls_content {
    TLS_CHANGE_CIPHER_SPEC = 20,
    TLS_ALERT = 21,
    TLS_HANDSHAKE = 22,
    TLS_APPLICATION_DATA = 23,
};

struct tls_records {
    const struct tls_suite *suite;
    struct aes_gcm_key *gcm; /* NULL: OpenSSL has the key */
    EVP_CIPHER_CTX *aead;
    uint64_t sequence; /* of the next record */
    uint8_t iv[TLS_IV_LEN];
    bool seals; /* or opens */
    struct tls_secret secret;
};

enum tls_crypto { TLS_CRYPTO_FASTEST, TLS_CRYPTO_OPENSSL };

/* Copies the secret. False without memory. */
MUST_USE bool tls_records_init(struct tls_records *records, const struct tls_suite *suite,
                               const struct tls_secret *secret, bool seals, enum tls_crypto crypto);
/* Zeros are fine. */
void tls_records_fini(struct tls_records *records);

/* Go on with the next traffic secret (RFC 8446, 7.2), from sequence number 0. */
void tls_records_update(struct tls_records *records);

/* Write the record of length bytes, at most TLS_INNER_MAX - 1, to out, which has room for TLS_OVERHEAD more. bytes may be out +
 * TLS_HEADER_LEN, and overlaps it not otherwise. Returns the record's length. */
size_t tls_records_seal(struct tls_records *records, enum tls_content type, const uint8_t *bytes,
                        size_t length, uint8_t *out);
/* Open a whole record with its header, of TLS_OVERHEAD to TLS_PROTECTED_MAX bytes, into out, which has room for length -
 * TLS_HEADER_LEN - TLS_TAG_LEN bytes. out may be record + TLS_HEADER_LEN, and overlaps it not otherwise. *length_out counts the
 * plaintext without type and padding. False: it was not sealed with our keys, or has changed; out is worth nothing then.
 * Type 0: it was all padding. */
MUST_USE bool tls_records_open(struct tls_records *records, const uint8_t *record, size_t length,
                               uint8_t *out, size_t *length_out, uint8_t *type_out);

#endif
