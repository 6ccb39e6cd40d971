/* aes128_ways - the ways of aes128.h, for aes128.c alone. Contracts are those of aes128.h; a way that is not there ends the
 * process. */
#ifndef LOOM_NATIVE_AES128_WAYS_H
#define LOOM_NATIVE_AES128_WAYS_H

#include <stddef.h>
#include <stdint.h>

#include "crypt/provider.h"
#include "native/aes128_keys.h"

/* aes128_openssl.c */
void aes128_openssl_setup(void);
void aes128_openssl_init(struct aes128 *aes);
void aes128_openssl_set_key(struct aes128 *aes, const uint8_t *key);
void aes128_openssl_fini(union aes128_keys *keys);
void aes128_openssl_block(const struct aes128 *aes, const uint8_t *in, uint8_t *out);
void aes128_openssl_counter(const struct aes128 *aes, const uint8_t *iv, const uint8_t *in, uint8_t *out,
                            size_t length);
void aes128_openssl_cells_init(union aes128_keys *keys, const uint8_t *key);
void aes128_openssl_cells(const union aes128_keys *keys, const struct crypt_cell *cells, size_t n);

/* aes128_x86.c */
void aes128_x86_set_key(union aes128_keys *keys, enum aes128_use use, const uint8_t *key);
void aes128_x86_block(const union aes128_keys *keys, enum aes128_use use, const uint8_t *in, uint8_t *out);
void aes128_x86_counter(const union aes128_keys *keys, const uint8_t *iv, const uint8_t *in, uint8_t *out,
                        size_t length);
void aes128_x86_cells(const union aes128_keys *keys, uint64_t position, const struct crypt_cell *cells,
                      size_t n);

/* aes128_vaes.c: with the round keys of aes128_x86.c */
void aes128_vaes_counter(const union aes128_keys *keys, const uint8_t *iv, const uint8_t *in, uint8_t *out,
                         size_t length);
void aes128_vaes_cells(const union aes128_keys *keys, uint64_t position, const struct crypt_cell *cells,
                       size_t n);

#endif
