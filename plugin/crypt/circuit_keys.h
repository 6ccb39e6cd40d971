/* circuit_keys - what a handshake with a relay yields: the keys of a hop, cut from a key stream, and the terms that both
 * sides agreed on. */
#ifndef LOOM_CRYPT_CIRCUIT_KEYS_H
#define LOOM_CRYPT_CIRCUIT_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypt/provider.h"

#define NTOR_KH_LEN             20u
#define CIRCUIT_KEYS_LENGTH_MAX (2 * CGO_KEYS_LEN + NTOR_KH_LEN)

struct circuit_keys {
    struct layer_keys forward, backward;
    uint8_t kh[NTOR_KH_LEN];
};

/* What was agreed with ntor-v3; zeros after any other handshake. The kind of cryptography is in the keys. */
struct circuit_terms {
    uint8_t
        sendme_inc; /* DATA cells for a SENDME under congestion control (proposal 324); 0: windows of old */
};

/* Bytes of key stream that a hop of this kind takes: tor-spec 5.2 (92), proposal 359 (180). KH comes last. */
size_t circuit_keys_length(enum layer_kind kind);
/* Cut so many bytes of key stream into keys: Df Db Kf Kb KH, or forward, backward, KH. */
void circuit_keys_cut(enum layer_kind kind, const uint8_t *stream, struct circuit_keys *out);

/* Clear secrets where the compiler would see a store that nobody reads. */
void crypt_wipe(void *secret, size_t length);

#endif
