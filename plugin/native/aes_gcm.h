/* aes_gcm - AES-GCM (NIST SP 800-38D) with nonces of 96 bits, for CPUs that encrypt and multiply without carries four blocks at a
 * time (AVX-512 with VAES and VPCLMULQDQ): a record in one call, in half of the time that OpenSSL 3.0 takes.
 *
 * Elsewhere there is none: aes_gcm_can_be_fast is to be asked first. In constant time: no lookup and no branch depends on
 * secrets.
 * Owner: whoever placed the key. Memory: none but the key, which whoever placed it wipes. */
#ifndef LOOM_NATIVE_AES_GCM_H
#define LOOM_NATIVE_AES_GCM_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

#define AES_GCM_NONCE_LEN  12u
#define AES_GCM_TAG_LEN    16u
#define AES_GCM_AAD_MAX    16u
#define AES_GCM_LENGTH_MAX ((size_t)1 << 20) /* far below where the counter ends; a record is 2^14 */
#define AES_GCM_ROUND_KEYS 15u               /* of a key of 256 bits */
#define AES_GCM_POWERS     32u               /* blocks between two reductions */

struct aes_gcm_key {
    alignas(64) uint8_t powers[AES_GCM_POWERS + 3][16]; /* H^32 to H, then zeros for a last load of four */
    uint8_t round_keys[AES_GCM_ROUND_KEYS][16];
    uint8_t rounds; /* 10 or 14 */
};

/* Has this CPU what it takes? */
bool aes_gcm_can_be_fast(void);

/* bytes has 16 or 32. */
void aes_gcm_set_key(struct aes_gcm_key *key, const uint8_t *bytes, size_t length);
/* Encrypt length bytes; out may be in, or does not overlap it. aad has at most AES_GCM_AAD_MAX bytes. */
void aes_gcm_seal(const struct aes_gcm_key *key, const uint8_t nonce[static AES_GCM_NONCE_LEN],
                  const uint8_t *aad, size_t aad_length, const uint8_t *in, uint8_t *out, size_t length,
                  uint8_t tag_out[static AES_GCM_TAG_LEN]);
/* Decrypt likewise. False: the tag is another one, and out is worth nothing. */
MUST_USE bool aes_gcm_open(const struct aes_gcm_key *key, const uint8_t nonce[static AES_GCM_NONCE_LEN],
                           const uint8_t *aad, size_t aad_length, const uint8_t *in, uint8_t *out,
                           size_t length, const uint8_t tag[static AES_GCM_TAG_LEN]);

#endif
