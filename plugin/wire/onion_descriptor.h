/* onion_descriptor - the outer layer of a version 3 onion service descriptor, all that a directory can read of it
 * (rend-spec-v3 2.4): whose it is, which revision, how long it lives, and what its signature covers. Its meaning is within
 * the encrypted part. Pure; who verifies is crypt/onion_descriptor_proof.h.
 *
 * Memory: spans borrow the text. Lines that we do not know are passed over; no line that we know may come twice. */
#ifndef LOOM_WIRE_ONION_DESCRIPTOR_H
#define LOOM_WIRE_ONION_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "wire/ed_cert.h"

#define ONION_DESCRIPTOR_LIFETIME_MAX_S (12u * 3600u)
#define ONION_DESCRIPTOR_SEALED_MIN     (16u + 32u) /* salt and MAC: the encrypted part is longer */
#define ONION_DESCRIPTOR_SIGNED_PREFIX  "Tor onion service descriptor sig v3"
#define ONION_KEY_LEN                   32u

struct onion_descriptor {
    uint64_t lifetime_s; /* at most ONION_DESCRIPTOR_LIFETIME_MAX_S */
    uint64_t revision;
    struct span certificate; /* base64 of an ed_cert: the blinded key certifies the signing key */
    struct span sealed;      /* base64 */
    struct span signed_part; /* from the first line to the signature's */
    uint8_t signature[64];
};

/* ERR_UNSUPPORTED for another version than 3. */
MUST_USE enum err onion_descriptor_parse(struct span text, struct onion_descriptor *out);

/* /tor/hs/3/<rest>: the key that is asked for; false when it is none. */
MUST_USE bool onion_key_parse(struct span rest, uint8_t out[static ONION_KEY_LEN]);

#endif
