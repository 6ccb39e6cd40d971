/* key_certificate - certificates of the authorities' signing keys (dir-spec 3.1), as served under /tor/keys/all.
 *
 * Parsing says nothing about the two signatures; who checks: native/authority_keys.
 * Memory: signed_part borrows the text. Bound: KEY_CERTIFICATE_BYTES_MAX for one. */
#ifndef LOOM_WIRE_KEY_CERTIFICATE_H
#define LOOM_WIRE_KEY_CERTIFICATE_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"

#define KEY_CERTIFICATE_BYTES_MAX (128u << 10)
#define KEY_CERTIFICATE_DER_MAX   600u /* RSA-4096, PKCS#1 public key */
#define KEY_CERTIFICATE_SIG_MAX   512u

struct key_certificate {
    uint8_t fingerprint[20]; /* as stated: SHA1 of identity_der */
    uint64_t published_s, expires_s;
    uint8_t identity_der[KEY_CERTIFICATE_DER_MAX];
    uint8_t signing_der[KEY_CERTIFICATE_DER_MAX];
    uint8_t crosscert[KEY_CERTIFICATE_SIG_MAX];     /* raw by the signing key over the identity's SHA1 */
    uint8_t certification[KEY_CERTIFICATE_SIG_MAX]; /* raw by the identity key over SHA1(signed_part) */
    uint16_t identity_der_length, signing_der_length, crosscert_length, certification_length;
    struct span signed_part;
};

/* Take the first certificate off rest. ERR_TRUNCATED: there is none. After any other failure rest is behind that
 * certificate, so that the next may be tried. */
MUST_USE enum err key_certificate_parse(struct span *rest, struct key_certificate *out);

#endif
