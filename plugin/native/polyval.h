/* polyval - the hash of AES-GCM-SIV (RFC 8452, section 3), which is GHASH with its bits the other way round.
 *
 * On CPUs with a carry-less multiplication it uses that, otherwise integer multiplications in constant time; both give
 * the same. Lookups never depend on secrets.
 * Owner: whoever placed the key. Memory: none but the key. */
#ifndef LOOM_NATIVE_POLYVAL_H
#define LOOM_NATIVE_POLYVAL_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POLYVAL_LEN    16u
#define POLYVAL_POWERS 8u /* blocks between two reductions */

struct polyval_key {
    alignas(16) uint8_t powers[POLYVAL_POWERS][POLYVAL_LEN]; /* H, H^2, ... ; portable: only H */
    bool is_fast;
};

/* Does this CPU multiply without carries? */
bool polyval_can_be_fast(void);
/* is_fast only where polyval_can_be_fast. */
void polyval_key_init(struct polyval_key *key, const uint8_t h[static POLYVAL_LEN], bool is_fast);
/* The hash of n whole blocks. */
void polyval(const struct polyval_key *key, const uint8_t *blocks, size_t n, uint8_t out[static POLYVAL_LEN]);
/* The same for one block: needs H alone. */
void polyval_block(const uint8_t h[static POLYVAL_LEN], bool is_fast, const uint8_t block[static POLYVAL_LEN],
                   uint8_t out[static POLYVAL_LEN]);

#endif
