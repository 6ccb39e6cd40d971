/* authority_keys - the authorities' signing keys that we have seen certified, and what their signatures say of a
 * consensus. Pure functions over the provider.
 *
 * Bound: AUTHORITY_KEYS_MAX keys; the oldest of an authority goes first. */
#ifndef LOOM_NATIVE_AUTHORITY_KEYS_H
#define LOOM_NATIVE_AUTHORITY_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "wire/key_certificate.h"

#define AUTHORITY_KEYS_MAX 128u

struct config;
struct consensus;
struct crypt_provider;

struct authority_key {
    uint8_t identity[20];
    uint8_t digest[20]; /* SHA1 of the signing key */
    uint64_t published_s, expires_s;
    uint16_t der_length;
    uint8_t der[KEY_CERTIFICATE_DER_MAX];
};

struct authority_keys {
    struct authority_key keys[AUTHORITY_KEYS_MAX];
    uint32_t count;
};

/* dir-spec 3.1: both signatures are good, and it has not expired. Whose it is, is not looked at. */
MUST_USE bool authority_certificate_is_good(const struct crypt_provider *crypt,
                                            const struct key_certificate *c, uint64_t now_s);
/* Add what text certifies for the authorities of config: both signatures good, not expired. Returns how many are new. */
uint32_t authority_keys_add(struct authority_keys *keys, const struct crypt_provider *crypt,
                            const struct config *config, struct span text, uint64_t now_s);

struct authority_verdict {
    uint32_t voters;       /* authorities with a v3 identity */
    uint32_t good;         /* of them, those with a good signature */
    uint32_t unknown_keys; /* signatures by authorities with keys that we do not have */
};
struct authority_verdict authority_keys_judge(const struct authority_keys *keys,
                                              const struct crypt_provider *crypt, const struct config *config,
                                              const struct consensus *consensus, uint64_t now_s);
/* More than half of the voters signed. */
MUST_USE bool authority_verdict_is_good(const struct authority_verdict *verdict);

#endif
