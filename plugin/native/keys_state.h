/* keys_state - what keys, key_loading and key_certificates share: the keys in memory. For those units only.
 */
#ifndef LOOM_NATIVE_KEYS_STATE_H
#define LOOM_NATIVE_KEYS_STATE_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "crypt/ntor.h"
#include "crypt/provider.h"
#include "native/complaint.h"
#include "native/key_files.h"
#include "native/keys_place.h"
#include "native/openssl_keys.h"
#include "wire/descriptor.h"
#include "wire/ed_cert.h"

#define ED_EXPANDED_LEN 64u /* scalar and prefix: how tor keeps Ed25519 secrets */

struct ed_key {
    uint8_t secret[ED_EXPANDED_LEN];
    uint8_t public[32];
};

struct keys {
    struct keys_place place;
    const struct crypt_provider *crypt;
    int lock; /* or -1 */

    EVP_PKEY *rsa;
    uint8_t rsa_der[RSA_PUBLIC_DER_MAX];
    size_t rsa_der_length;
    uint8_t rsa_id[20];
    uint8_t rsa_sha256[32];
    struct ed_key master;

    struct ed_key signing;
    uint8_t signing_cert[ED_CERT_LEN_MAX];
    size_t signing_cert_length;
    uint64_t signing_expires_s;

    EVP_PKEY *tap;
    uint64_t onion_lifetime_s, onion_grace_s;
    struct ntor_keypair onion[2];
    uint8_t onion_count;
    uint64_t onion_made_s; /* of [0]; that is also when [1] was replaced */
    struct ntor_keypair junk;

    struct ed_key families[DESCRIPTOR_FAMILIES_MAX]; /* by id, ascending */
    uint32_t family_count;

    uint8_t authenticate_seed[32]; /* of this process only */
    uint8_t authenticate_public[32];
};

/* key_loading: read what is there, make what is missing. */
MUST_USE bool keys_load_identity(struct keys *keys, struct complaint *complaint);
MUST_USE bool keys_load_signing(struct keys *keys, uint64_t now_s, struct complaint *complaint);
MUST_USE bool keys_load_onion(struct keys *keys, uint64_t now_s, struct complaint *complaint);
/* Of a file that is tag and then the expanded secret. */
MUST_USE enum key_file keys_read_ed(const char *folder, const char *name, const char *tag, struct ed_key *out,
                                    struct complaint *complaint);
/* key_families: the keys of the families that place names. A family without a key is a complaint. */
MUST_USE bool keys_load_families(struct keys *keys, struct complaint *complaint);
/* Make a new signing key and its certificate; keys changes only when both are written. */
MUST_USE bool keys_make_signing(struct keys *keys, uint64_t now_s, struct complaint *complaint);
/* The current onion key becomes the previous one; likewise. */
MUST_USE bool keys_rotate_onion(struct keys *keys, uint64_t now_s, struct complaint *complaint);

/* key_certificates: sign with an expanded secret. */
MUST_USE bool ed_key_sign(const struct ed_key *key, struct span message, uint8_t out[static 64]);
/* Write cert, signed by key; its length, or 0. */
MUST_USE size_t ed_key_certify(const struct ed_key *key, const struct ed_cert *cert,
                               uint8_t out[static ED_CERT_LEN_MAX]);
/* Hours since 1970, rounded up: the unit of certificates. */
static inline uint32_t cert_hours(uint64_t unix_s) {
    return (uint32_t)((unix_s + 3599) / 3600);
}

#endif
