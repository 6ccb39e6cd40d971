/* limit_keys - the traffic keys of a TLS 1.3 connection, from what OpenSSL writes to its key log during the handshake.
 *
 * Both ends of these connections are ours, on loopback, in one process. */
#ifndef LOOM_LIMIT_LIMIT_KEYS_H
#define LOOM_LIMIT_LIMIT_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

#define LIMIT_SECRET_MAX 48u /* a SHA-384 digest */
#define LIMIT_KEY_MAX    32u
#define LIMIT_IV_LEN     12u

struct limit_secret {
    uint8_t bytes[LIMIT_SECRET_MAX];
    uint32_t length; /* 32 or 48; 0: not known yet */
};

/* The first secrets of application data in both directions. */
struct limit_secrets {
    struct limit_secret of_client, of_server;
};

/* What one direction is sealed with. */
struct limit_traffic_key {
    uint8_t key[LIMIT_KEY_MAX];
    uint8_t iv[LIMIT_IV_LEN];
};

/* Keep the secret when line (NSS key log format, no line end) carries one of the two; other lines are passed over. */
void limit_secrets_take(struct limit_secrets *secrets, const char *line);
MUST_USE bool limit_secrets_complete(const struct limit_secrets *secrets);
/* RFC 8446 7.3. key_length is at most LIMIT_KEY_MAX and the secret's length. */
void limit_traffic_key_make(const struct limit_secret *secret, size_t key_length,
                            struct limit_traffic_key *out);

#endif
