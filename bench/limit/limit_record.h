/* limit_record - TLS 1.3 records of application data (RFC 8446 5.2), sealed and opened with nothing around it: by OpenSSL's EVP,
 * or by the relay's own AES-GCM.
 *
 * Unlike tls_records it seals from one place to another: no relay's record layer can take less.
 * Owner: one direction of one link. Thread: one at a time. */
#ifndef LOOM_LIMIT_LIMIT_RECORD_H
#define LOOM_LIMIT_LIMIT_RECORD_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "native/tls_keys.h"

#define LIMIT_RECORD_HEADER_LEN 5u
#define LIMIT_TAG_LEN           16u
#define LIMIT_RECORD_ADDED      (LIMIT_RECORD_HEADER_LEN + 1u + LIMIT_TAG_LEN) /* 1: the content type */
#define LIMIT_PLAIN_MAX         16384u
#define LIMIT_RECORD_MAX        (LIMIT_PLAIN_MAX + LIMIT_RECORD_ADDED)

struct aes_gcm_key;

struct limit_cipher {
    EVP_CIPHER_CTX *context; /* NULL: own */
    struct aes_gcm_key *own;
    uint8_t iv[TLS_IV_LEN];
    uint64_t sequence;
};

enum limit_cipher_role { LIMIT_SEALS, LIMIT_OPENS };

/* Whose AEAD: the relay's own is used where it has one for the suite on this CPU. */
enum limit_aead { LIMIT_AEAD_OPENSSL, LIMIT_AEAD_OWN };

void limit_cipher_init(struct limit_cipher *cipher, const struct tls_suite *suite,
                       const struct tls_secret *secret, enum limit_cipher_role role, enum limit_aead aead);
void limit_cipher_fini(struct limit_cipher *cipher);

/* Seal length bytes of plain, whose byte behind them is written too. Returns length + LIMIT_RECORD_ADDED. */
size_t limit_record_seal(struct limit_cipher *cipher, uint8_t *plain, size_t length, uint8_t *out);
/* Bytes of the record that begins here with its header, or 0 when its header is not whole. */
size_t limit_record_length(const uint8_t *bytes, size_t length);
/* Open a whole record of length bytes, header included. out has room for LIMIT_PLAIN_MAX + 1. False: not from our peer, or
 * no application data. */
MUST_USE bool limit_record_open(struct limit_cipher *cipher, const uint8_t *record, size_t length,
                                uint8_t *out, size_t *length_out);

#endif
