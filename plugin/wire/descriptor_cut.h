/* descriptor_cut - where relays' documents begin and end in the text that a directory gives: microdescriptors and server
 * descriptors (dir-spec 2.1.1, 3.3), one after the other. Nothing is checked of what they say: a digest does that.
 *
 * Pure. Memory: spans borrow the text. Bound: MICRODESCRIPTOR_LEN_MAX, DESCRIPTOR_CUT_LEN_MAX: longer ones are left out. */
#ifndef LOOM_WIRE_DESCRIPTOR_CUT_H
#define LOOM_WIRE_DESCRIPTOR_CUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"

#define MICRODESCRIPTOR_LEN_MAX 65536u /* families may be long */
#define DESCRIPTOR_CUT_LEN_MAX  20000u /* authorities take no longer ones */

/* Take the next microdescriptor off rest: all of it is what its SHA256 is of. False when there is none. */
MUST_USE bool microdescriptor_cut(struct span *rest, struct span *out);
/* Take the next server descriptor off rest. signed_out is what its digest, a SHA1, is of. False when there is none. */
MUST_USE bool descriptor_cut(struct span *rest, struct span *out, struct span *signed_out);
/* The Ed25519 identity that a server descriptor names ("master-key-ed25519"). False when it names none. */
MUST_USE bool descriptor_ed_id(struct span descriptor, uint8_t out[static 32]);

#endif
