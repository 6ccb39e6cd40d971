/* aes128_keys - keys of AES-128, and in which way they are used (aes128.h).
 *
 * Owner: whoever placed them. */
#ifndef LOOM_NATIVE_AES128_KEYS_H
#define LOOM_NATIVE_AES128_KEYS_H

#include <stdint.h>

#define AES128_BLOCK_LEN  16u
#define AES128_KEY_LEN    16u
#define AES128_ROUND_KEYS 11u

/* How: all give the same. */
enum aes128_way {
    AES128_OPENSSL,
    AES128_X86,  /* AES-NI: 8 blocks in flight */
    AES128_VAES, /* AVX-512: 8 registers of 4 blocks in flight */
};
#define AES128_WAYS 3u

enum aes128_use { AES128_ENCRYPTS, AES128_DECRYPTS };

/* What a key takes: no more than its bytes, so that who counts cache lines can place it. */
union aes128_keys {
    uint8_t rounds[AES128_ROUND_KEYS][AES128_BLOCK_LEN]; /* in the order of use */
    void *context;                                       /* AES128_OPENSSL: EVP_CIPHER_CTX */
};

/* A key that changes often. */
struct aes128 {
    union aes128_keys keys;
    uint8_t use; /* enum aes128_use */
    uint8_t way; /* enum aes128_way */
};

#endif
