/* descriptor - our server descriptor as text (dir-spec 2.1.1), in three steps because two signatures cover what stands
 * before them. Pure: the caller signs.
 *
 *   descriptor_put(out, d)                up to and including "router-sig-ed25519 "
 *   descriptor_put_ed_signature(out, s)   s: by the signing key, over SHA256(DESCRIPTOR_ED_PREFIX | all so far)
 *   descriptor_put_rsa_signature(out, s)  s: by the RSA identity, raw, over SHA1(all so far)
 *
 * Memory: borrows what struct descriptor points to. Bound: authorities take DESCRIPTOR_LEN_MAX bytes. */
#ifndef LOOM_WIRE_DESCRIPTOR_H
#define LOOM_WIRE_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "wire/address.h"
#include "wire/ed_cert.h"

#define DESCRIPTOR_LEN_MAX       20000u
#define DESCRIPTOR_ED_PREFIX     "Tor router descriptor signature v1"
#define DESCRIPTOR_RSA_DER_MAX   160u /* PKCS#1 RSAPublicKey of 1024 bits */
#define DESCRIPTOR_RSA_SIG_LEN   128u
#define DESCRIPTOR_TAP_CROSS_LEN (20u + 32u)
#define DESCRIPTOR_FAMILIES_MAX \
    8u /* families by key that a relay is in; more than one only while a key changes */

struct descriptor_keys {
    uint8_t rsa_id[20];
    uint8_t rsa_der[DESCRIPTOR_RSA_DER_MAX];
    uint8_t rsa_der_length;
    uint8_t ed_id[32];
    uint8_t signing_cert[ED_CERT_LEN_MAX]; /* type 4, with extension 4: ed_id certifies the signing key */
    uint8_t signing_cert_length;
    /* TAP: nobody uses it, authorities insist on it. */
    uint8_t tap_der[DESCRIPTOR_RSA_DER_MAX];
    uint8_t tap_der_length;
    uint8_t tap_crosscert[DESCRIPTOR_RSA_SIG_LEN]; /* raw by the TAP key over rsa_id | ed_id */
    uint8_t ntor_public[32];
    uint8_t ntor_crosscert[ED_CERT_LEN_MAX]; /* type 10, signed by the ntor key: certifies ed_id */
    uint8_t ntor_crosscert_length;
    uint8_t ntor_crosscert_sign; /* 0 or 1 */
    /* Proposal 321: type 12, with extension 4: the family's key certifies ed_id. */
    uint8_t family_certs[DESCRIPTOR_FAMILIES_MAX][ED_CERT_LEN_MAX];
    uint8_t family_cert_lengths[DESCRIPTOR_FAMILIES_MAX];
    uint8_t family_cert_count;
};

struct descriptor {
    const char *nickname;
    struct endpoint ipv4;
    struct endpoint ipv6; /* family NONE: none */
    const char *platform;
    const char *protocols; /* "Cons=1-2 ..." */
    uint64_t published_s;
    uint64_t uptime_s;
    uint64_t rate, burst, observed; /* bytes per second, at most INT32_MAX; rate > 0 */
    bool is_hibernating;
    bool has_extra_info;
    uint8_t extra_info_sha1[20];   /* without its RSA signature */
    uint8_t extra_info_sha256[32]; /* with it */
    const char *contact;           /* or NULL */
    const uint8_t (*family)[20];
    uint32_t family_count;
    bool is_directory;         /* tunnelled-dir-server: BEGIN_DIR is served */
    bool is_onion_directory;   /* hidden-service-dir: and descriptors of onion services are kept */
    const char *const *policy; /* "reject *:*"; at least one */
    uint32_t policy_count;
    const char *ipv6_policy; /* "accept 80,443", or NULL: no IPv6 destinations */
    const struct descriptor_keys *keys;
};

/* All steps: ERR_LIMIT when out is full. */
MUST_USE enum err descriptor_put(struct bytes_out *out, const struct descriptor *d);
MUST_USE enum err descriptor_put_ed_signature(struct bytes_out *out, const uint8_t signature[static 64]);
MUST_USE enum err descriptor_put_rsa_signature(struct bytes_out *out, struct span signature);

#endif
