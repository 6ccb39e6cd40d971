/* link_cipher - the kinds of cipher that protect the records of a link, as they are counted, priced and chosen.
 *
 * Three kinds are enough for a price: below TLS 1.3 those with CBC count as the AES that they have. */
#ifndef LOOM_BASE_LINK_CIPHER_H
#define LOOM_BASE_LINK_CIPHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/work.h"

enum link_cipher { LINK_AES256, LINK_AES128, LINK_CHACHA };

#define LINK_CIPHERS 3u

/* "aes256", "aes128" or "chacha", as people write it. */
const char *link_cipher_name(enum link_cipher cipher);
/* False: it is none of these names. */
MUST_USE bool link_cipher_find(const char *name, enum link_cipher *out);

/* Count bytes of records that were sealed or opened. */
static inline void link_cipher_count(struct work *work, enum link_cipher cipher, uint64_t bytes) {
    switch (cipher) {
    case LINK_AES256: work->tls_aes256_bytes += bytes; break;
    case LINK_AES128: work->tls_aes128_bytes += bytes; break;
    case LINK_CHACHA: work->tls_chacha_bytes += bytes; break;
    }
}

#endif
