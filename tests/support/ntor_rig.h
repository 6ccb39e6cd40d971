/* ntor_rig - what tests and fuzzers of both ntor handshakes share: keys that are known, and the two sides that strangers send to. */
#ifndef LOOM_SUPPORT_NTOR_RIG_H
#define LOOM_SUPPORT_NTOR_RIG_H

#include <string.h>

#include "base/check.h"
#include "crypt/ntor.h"
#include "crypt/provider.h"
#include "crypt/symbolic.h"

/* A provider with an ephemeral key that is known. */
struct ntor_rig {
    const struct crypt_provider *base; /* does the rest */
    struct ntor_keypair *ephemeral;
};

static inline void ntor_rig_keypair(void *context, uint8_t secret_out[static 32],
                                    uint8_t public_out[static 32]) {
    const struct ntor_rig *rig = context;
    memcpy(secret_out, rig->ephemeral->secret, 32);
    memcpy(public_out, rig->ephemeral->public, 32);
}

static inline bool ntor_rig_exchange(void *context, const uint8_t theirs[static 32],
                                     uint8_t public_out[static 32], uint8_t shared_out[static 32]) {
    const struct ntor_rig *rig = context;
    memcpy(public_out, rig->ephemeral->public, 32);
    return rig->base->x25519(rig->ephemeral->secret, theirs, shared_out);
}

/* Borrows rig. */
static inline struct crypt_provider ntor_rig_provider(struct ntor_rig *rig) {
    struct crypt_provider crypt = *rig->base;
    crypt.context = rig;
    crypt.x25519_keypair = ntor_rig_keypair;
    crypt.x25519_exchange = ntor_rig_exchange;
    return crypt;
}

/* Keys whose secrets are 11.., 22.. and so on, so that seeds of fuzzers can be valid. */
static inline void ntor_rig_keypair_of(const struct crypt_provider *crypt, uint8_t fill,
                                       struct ntor_keypair *out) {
    static const uint8_t base_point[32] = {9};
    memset(out->secret, fill, sizeof(out->secret));
    CHECK(crypt->x25519(out->secret, base_point, out->public));
}

typedef void ntor_rig_side(const struct crypt_provider *crypt, struct span data);

/* The first byte says who gets the rest: the relay that answers, or the client that finishes; with real and symbolic crypto. */
static inline void ntor_rig_fuzz(const uint8_t *data, size_t size, const struct crypt_provider *real,
                                 ntor_rig_side *answer, ntor_rig_side *finish) {
    struct symbolic symbolic;
    if (size == 0)
        return;
    const struct span rest = {data + 1, size - 1};
    ntor_rig_side *side = data[0] & 1 ? finish : answer;
    side(real, rest);
    side(symbolic_provider(&symbolic, 1), rest);
}

#endif
