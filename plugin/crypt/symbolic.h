/* symbolic - a provider that costs almost nothing and hides nothing, for the engine and for golden traces.
 *
 * It behaves as real cryptography does towards code that plays by the rules: layers come off only in order and only cell
 * by cell, digests and tags agree on both sides, handshakes and certificates fail when anything in them is changed. All
 * results follow from inputs and the seed, on every machine.
 * A layer covers the first SYMBOLIC_LAYER_SPAN bytes of a body, up to and including most of the digest field; the
 * digest covers the header. Data and its length lie open, so that the engine may carry short bodies.
 * Owner: whoever places it. Thread: one at a time, because of the generator; engine hosts have one each. */
#ifndef LOOM_CRYPT_SYMBOLIC_H
#define LOOM_CRYPT_SYMBOLIC_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/rng.h"
#include "crypt/provider.h"

#define SYMBOLIC_LAYER_SPAN        8u
#define SYMBOLIC_RSA_SIGNATURE_LEN 128u /* as RSA-1024 */
#define SYMBOLIC_X509_LEN          433u /* as real ones of 1024 bits, which have a byte more or less */

struct symbolic {
    struct crypt_provider provider;
    struct rng rng;
};

/* Set up symbolic and return its provider, which draws all randomness from seed. */
const struct crypt_provider *symbolic_provider(struct symbolic *symbolic, uint64_t seed);

/* Digests do not cover padding: from now on it is zeros, which the engine need not carry. Draws are used up as before, so keys
 * stay what they would be. */
void symbolic_pad_with_zeros(struct symbolic *symbolic);

/* What a simulated relay makes for itself. The RSA key is any byte string of at most 160 bytes. */
void symbolic_ed25519_public(const uint8_t seed[static 32], uint8_t public_out[static 32]);
void symbolic_x25519_public(const uint8_t secret[static 32], uint8_t public_out[static 32]);
size_t symbolic_x509_make(struct span rsa_key, uint64_t not_before_s, uint64_t not_after_s,
                          uint8_t out[static SYMBOLIC_X509_LEN]);
void symbolic_rsa_sign_raw(struct span rsa_key, struct span digest,
                           uint8_t out[static SYMBOLIC_RSA_SIGNATURE_LEN]);

#endif
