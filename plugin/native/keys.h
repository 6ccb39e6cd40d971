/* keys - the relay's long-term keys, kept in the data directory under tor's names and in tor's formats, so that an
 * operator can go from tor to Loom and back.
 *
 *   keys/secret_id_key                   RSA-1024 identity
 *   keys/ed25519_master_id_secret_key    Ed25519 identity, and its public half in ..._public_key
 *   keys/ed25519_signing_secret_key      medium-term signing key, certified in keys/ed25519_signing_cert
 *   keys/secret_onion_key_ntor           current ntor key; the one before is ..._ntor.old
 *   keys/NAME.secret_family_key          of families; made by `tor --keygen-family`, never by us
 *   fingerprint, fingerprint-ed25519     for people
 *
 * A file is made only when it is missing: written under a temporary name, synced and renamed, so that a kill or a power cut
 * at any moment leaves a state to start from. A file that cannot be read or makes no sense is a complaint, never replaced,
 * and so is an identity key that is missing where a relay has run before: nobody becomes another relay by accident.
 * Owner: main. Thread: the main thread only; what others need is copied out. */
#ifndef LOOM_NATIVE_KEYS_H
#define LOOM_NATIVE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "crypt/ntor.h"
#include "crypt/provider.h"
#include "native/complaint.h"
#include "native/keys_place.h"
#include "wire/address.h"

struct keys;
struct link_credentials; /* core/link_facts.h */

/* Take the lock of the data directory (tor's: flock on `lock`), read the keys and make those that are missing. Borrows
 * place for the lifetime of the keys, and crypt. NULL with a complaint. */
MUST_USE struct keys *keys_open(const struct keys_place *place, const struct crypt_provider *crypt,
                                uint64_t now_s, struct complaint *complaint);
/* As keys_open, for --list-fingerprint: no lock, only the identity keys. */
MUST_USE struct keys *keys_open_identity(const struct keys_place *place, const struct crypt_provider *crypt,
                                         struct complaint *complaint);
/* Wipes the secrets and gives the lock back. NULL is fine. */
void keys_close(struct keys *keys);

/* Who we are; pointers live as long as keys. */
const uint8_t *keys_rsa_id(const struct keys *keys); /* 20 bytes: SHA1 of the RSA identity key */
const uint8_t *keys_ed_id(const struct keys *keys);  /* 32 bytes */
struct span keys_rsa_der(const struct keys *keys);   /* PKCS#1 RSAPublicKey */

/* What changed since keys_open or the last call; bits. */
enum keys_change {
    KEYS_CHANGED_SIGNING = 1, /* new signing key: new descriptor, new link credentials */
    KEYS_CHANGED_ONION = 2,   /* new ntor key: new descriptor, new keys for the CPU workers */
    KEYS_CHANGED_ONION_GRACE =
        4 /* the previous ntor key is no longer accepted: new keys for the CPU workers */
};
/* Renew what is due at now_s; call it every hour or so. False with a complaint when a file cannot be written (the keys
 * stay as they were). */
MUST_USE bool keys_renew(struct keys *keys, uint64_t now_s, unsigned *changes_out,
                         struct complaint *complaint);

/* How long an ntor key is used, and for how long its successor's clients may still use it; until then tor's defaults
 * (keys_place.h). For keys_renew, and for descriptors from now on. */
void keys_set_onion_periods(struct keys *keys, uint64_t lifetime_s, uint64_t grace_s);

/* Copy the ntor keys for the CPU workers. */
void keys_ntor(const struct keys *keys, struct ntor_server_keys *out);

/* What we show on links whose server side uses the TLS certificate with this digest; advertised is copied. New
 * certificates, valid from now_s for KEYS_LINK_CERT_LIFETIME_S. Ask again when keys_renew says KEYS_CHANGED_SIGNING,
 * and daily. NULL with a complaint. */
MUST_USE struct link_credentials *keys_credentials_new(const struct keys *keys,
                                                       const uint8_t tls_certificate_sha256[static 32],
                                                       const struct endpoint advertised[static 2],
                                                       uint64_t now_s, struct complaint *complaint);
void keys_credentials_free(struct link_credentials *credentials);

/* The descriptor's share: see self_descriptor.h. */
struct descriptor_keys; /* wire/descriptor.h */
MUST_USE bool keys_descriptor(const struct keys *keys, uint64_t now_s, struct descriptor_keys *out,
                              struct complaint *complaint);
/* Raw PKCS#1 over a digest by the identity key, 128 bytes; Ed25519 by the signing key, 64 bytes. */
MUST_USE bool keys_sign_rsa(const struct keys *keys, struct span digest, uint8_t out[static 128]);
MUST_USE bool keys_sign_ed(const struct keys *keys, struct span message, uint8_t out[static 64]);

#endif
