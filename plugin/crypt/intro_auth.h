/* intro_auth - who may be an introduction point's service: the MAC of ESTABLISH_INTRO with the circuit's own KH, and its
 * signature by the authentication key (rend-spec-v3 3.1.1). Pure functions over the provider; a signature costs tens of
 * microseconds either way. */
#ifndef LOOM_CRYPT_INTRO_AUTH_H
#define LOOM_CRYPT_INTRO_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "crypt/ntor.h"
#include "crypt/provider.h"
#include "wire/onion_messages.h"

/* Bytes of a body that intro_auth_write has filled, at most. */
#define ESTABLISH_INTRO_LEN_MAX 256u

/* Was the decoded message made for the circuit that has this KH? Cheap. */
MUST_USE bool intro_auth_has_mac(const struct crypt_provider *crypt, const struct establish_intro_message *m,
                                 const uint8_t kh[static NTOR_KH_LEN]);
/* Does its sender have the key that it names? */
MUST_USE bool intro_auth_is_signed(const struct crypt_provider *crypt,
                                   const struct establish_intro_message *m);
/* The body of ESTABLISH_INTRO for a service; returns its length. */
size_t intro_auth_write(const struct crypt_provider *crypt, const uint8_t auth_seed[static 32],
                        const uint8_t auth_key[static INTRO_AUTH_KEY_LEN], const struct intro_limit *limit,
                        const uint8_t kh[static NTOR_KH_LEN], uint8_t out[static ESTABLISH_INTRO_LEN_MAX]);

#endif
