/* aes128 - AES-128 for relay layers: single blocks, counter mode with a counter of a few blocks, and counter mode over the
 * cells of a circuit.
 *
 * On CPUs with AES instructions the round keys lie in line; elsewhere OpenSSL has them (bit-sliced or in hardware: in
 * constant time as far as OpenSSL is).
 * Owner: whoever placed the object. Memory: without AES instructions OpenSSL allocates in init, never for a block. */
#ifndef LOOM_NATIVE_AES128_H
#define LOOM_NATIVE_AES128_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypt/provider.h"
#include "native/aes128_keys.h"

/* Fetch what OpenSSL needs; call once before any object is made, from one thread. */
void aes128_setup(void);
/* Has this CPU got what the way needs? */
bool aes128_has(enum aes128_way way);
/* The fastest way of this CPU. */
enum aes128_way aes128_best(void);

/* --- a key that changes often --------------------------------------------------------------------------------------- */

/* way is one that this CPU has. The key is to be set before it is used. */
void aes128_init(struct aes128 *aes, enum aes128_use use, enum aes128_way way);
void aes128_set_key(struct aes128 *aes, const uint8_t key[static AES128_KEY_LEN]);
/* Wipe. */
void aes128_fini(struct aes128 *aes);

/* out may be in. */
void aes128_block(const struct aes128 *aes, const uint8_t in[static AES128_BLOCK_LEN],
                  uint8_t out[static AES128_BLOCK_LEN]);
/* Add the keystream whose counter begins at iv to length bytes of in; out may be in. Only the last byte of the counter counts:
 * iv[15] and the number of blocks add up to at most 256. */
void aes128_counter(const struct aes128 *aes, const uint8_t iv[static AES128_BLOCK_LEN], const uint8_t *in,
                    uint8_t *out, size_t length);

/* --- a circuit's keystream ------------------------------------------------------------------------------------------- */

/* The counter begins at zero (tor-spec 5.5), and 2^64 bytes are never reached: the position in the keystream is all that
 * there is to keep. A body is not a number of blocks, so cells begin inside of blocks. */
void aes128_cells_init(union aes128_keys *keys, enum aes128_way way,
                       const uint8_t key[static AES128_KEY_LEN]);
/* Wipe. */
void aes128_cells_fini(union aes128_keys *keys, enum aes128_way way);
/* Add the keystream from position on to the bodies of n cells, one after the other. Who calls adds n * CELL_BODY_LEN to
 * position: OpenSSL keeps its own. */
void aes128_cells(const union aes128_keys *keys, enum aes128_way way, uint64_t position,
                  const struct crypt_cell *cells, size_t n);

#endif
