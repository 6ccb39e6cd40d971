/* aes128 - AES-128 for keys that change often: single blocks, and counter mode with a counter of a few blocks.
 *
 * On CPUs with AES instructions the round keys lie in the object; elsewhere OpenSSL has them (bit-sliced or in hardware: in
 * constant time as far as OpenSSL is).
 * Owner: whoever placed the object. Memory: without AES instructions OpenSSL allocates in init, never for a block. */
#ifndef LOOM_NATIVE_AES128_H
#define LOOM_NATIVE_AES128_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AES128_BLOCK_LEN  16u
#define AES128_KEY_LEN    16u
#define AES128_ROUND_KEYS 11u

enum aes128_use { AES128_ENCRYPTS, AES128_DECRYPTS };

struct aes128 {
    union {
        alignas(16) uint8_t round_keys[AES128_ROUND_KEYS][AES128_BLOCK_LEN]; /* in the order of use */
        void *context;                                                       /* EVP_CIPHER_CTX */
    };
    uint8_t use; /* enum aes128_use */
    bool is_fast;
};

/* Fetch what OpenSSL needs; call once before any object is made, from one thread. */
void aes128_setup(void);
/* Does this CPU have AES instructions? */
bool aes128_can_be_fast(void);

/* is_fast only where aes128_can_be_fast. The key is to be set before it is used. */
void aes128_init(struct aes128 *aes, enum aes128_use use, bool is_fast);
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

#endif
