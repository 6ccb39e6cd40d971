/* onion_descriptor_proof - is a descriptor of the service whose blinded key it names? The certificate and the signature
 * (rend-spec-v3 2.4, cert-spec). Pure functions over the provider; two signatures, some hundred microseconds. */
#ifndef LOOM_CRYPT_ONION_DESCRIPTOR_PROOF_H
#define LOOM_CRYPT_ONION_DESCRIPTOR_PROOF_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "crypt/provider.h"
#include "wire/onion_descriptor.h"

/* The blinded key that the certificate names, not yet believed. */
MUST_USE enum err onion_descriptor_key(const struct onion_descriptor *d, uint8_t out[static ONION_KEY_LEN]);
/* ERR_MALFORMED, ERR_EXPIRED, ERR_BAD_SIGNATURE; scratch has room for ONION_PROOF_SCRATCH bytes more than the signed part. */
#define ONION_PROOF_SCRATCH 64u
MUST_USE enum err onion_descriptor_prove(const struct crypt_provider *crypt, const struct onion_descriptor *d,
                                         uint64_t now_s, uint8_t *scratch);

#endif
