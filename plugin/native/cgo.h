/* cgo - counter galois onion: one relay layer of proposal 359, for one hop, one direction and one role.
 *
 * A cell is 16 bytes of tag, X_L, and 493 other bytes, X_R. The wide-block cipher UIV+ masks X_L with a hash of all else, and
 * X_R with a key stream from the new X_L; it is tweaked by the tag of the cell before (T') and by the cell command. Relays
 * encrypt in both directions, so that nobody can change a cell to a chosen effect; origins decrypt. A cell whose tag comes out
 * as the nonce is recognized, and then all keys change.
 * Owner: whoever placed it, one thread at a time. Memory: none, but what aes128.h says. */
#ifndef LOOM_NATIVE_CGO_H
#define LOOM_NATIVE_CGO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypt/provider.h"
#include "native/aes128.h"
#include "native/polyval.h"

#define CGO_TAG_LEN     RELAY_V1_TAG_LEN
#define CGO_CIPHER_KEYS 64u /* of J and S; the nonce is the rest of CGO_KEYS_LEN */

struct cgo {
    struct polyval_key j_hash;
    struct aes128 j_cipher;
    struct aes128 s_cipher;
    uint8_t s_hash[POLYVAL_LEN];
    uint8_t nonce[CGO_TAG_LEN];
    uint8_t before[CGO_TAG_LEN]; /* T' */
    uint8_t tag[CGO_TAG_LEN];    /* of the cell last recognized or originated */
    uint8_t role;                /* enum layer_role */
};

/* Can this CPU do it with its own instructions? */
bool cgo_can_be_fast(void);
/* is_fast only where cgo_can_be_fast. */
void cgo_init(struct cgo *cgo, enum layer_role role, const uint8_t keys[static CGO_KEYS_LEN], bool is_fast);
/* Wipe. */
void cgo_fini(struct cgo *cgo);

/* As layer_crypt, layer_recognize and layer_originate of struct crypt_provider. */
void cgo_crypt(struct cgo *cgo, struct crypt_cell *cells, size_t n, struct work *work);
bool cgo_recognize(struct cgo *cgo, const struct crypt_cell *cell);
void cgo_originate(struct cgo *cgo, struct crypt_cell *cell, struct work *work);

/* UIV+ alone: 509 bytes from `from` to `to`, which may be the same, in the direction of the role, after cgo->before. */
void cgo_uiv(const struct cgo *cgo, uint8_t command, const uint8_t *from, uint8_t *to);
/* New keys and nonce from the old ones. */
void cgo_update(struct cgo *cgo);

#endif
