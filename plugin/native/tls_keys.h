/* tls_keys - what TLS 1.3 makes of its secrets once the handshake is over (RFC 8446, 7.1 to 7.5): keys, the secret after a
 * key update, exported keying material.
 *
 * Pure functions. Memory: the caller's; it wipes what it no longer needs. */
#ifndef LOOM_NATIVE_TLS_KEYS_H
#define LOOM_NATIVE_TLS_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/link_cipher.h"

#define TLS_SECRET_MAX 48u /* the longest hash of a suite: SHA-384 */
#define TLS_KEY_MAX    32u
#define TLS_IV_LEN     12u
#define TLS_TAG_LEN    16u

/* A cipher suite of TLS 1.3 that we protect records with ourselves. */
struct tls_suite {
    const char *name;   /* as OpenSSL calls it */
    const char *cipher; /* OpenSSL's name of the AEAD */
    enum link_cipher kind;
    uint8_t key_length, secret_length; /* the latter is that of SHA-256 or SHA-384, and says which */
};

/* NULL: none of ours. */
const struct tls_suite *tls_suite_find(const char *name);

struct tls_secret {
    uint8_t bytes[TLS_SECRET_MAX];
    uint8_t length; /* 0: not there */
};

/* What a handshake leaves: its application traffic secrets of generation 0, and the exporter's. */
struct tls_secrets {
    struct tls_secret client, server, exporter;
};

/* Take the secret that a line "LABEL client-random secret" of OpenSSL's key log has; other lines say nothing to us. */
void tls_secrets_note(struct tls_secrets *secrets, const char *line);

/* RFC 8446, 7.3: write key and iv of a traffic secret. */
void tls_traffic_keys(const struct tls_suite *suite, const struct tls_secret *secret,
                      uint8_t key_out[static TLS_KEY_MAX], uint8_t iv_out[static TLS_IV_LEN]);
/* 7.2: the traffic secret after this one. */
void tls_next_secret(const struct tls_suite *suite, struct tls_secret *secret);
/* 7.5: exported keying material; exporter is the exporter_master_secret. out_length is at most secret_length. */
void tls_export(const struct tls_suite *suite, const struct tls_secret *exporter, const char *label,
                const uint8_t *context, size_t context_length, uint8_t *out, size_t out_length);

#endif
