/* openssl_layers - relay layers for real: tor1, which is AES-128-CTR with IV 0 (aes128.h) and a running SHA-1 (tor-spec 5.5,
 * 6.1), and counter galois onion (cgo.h).
 *
 * The functions are those of struct crypt_provider; see there. Owner: whoever placed the layer, one thread at a time.
 * Memory: a layer has all that it needs in line, and is best placed at the start of a cache line; without AES instructions
 * OpenSSL's contexts are allocated in init and freed in fini. Nothing is allocated per cell. */
#ifndef LOOM_NATIVE_OPENSSL_LAYERS_H
#define LOOM_NATIVE_OPENSSL_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypt/provider.h"

#define OPENSSL_TOR1_SIZE 288u
#define OPENSSL_CGO_SIZE  640u
#define OPENSSL_TOR1_PAIR 552u
#define OPENSSL_CGO_PAIR  1280u

/* Choose and fetch the ciphers; call once before any layer, from one thread. */
void openssl_layers_setup(void);

void openssl_layer_init(void *object, enum layer_role role, const struct layer_keys *keys);
void openssl_layer_fini(void *object);
void openssl_layer_pair_init(void *pair, const struct layer_keys *forward, const struct layer_keys *backward,
                             void **backward_out);
void openssl_layer_crypt(void *object, struct crypt_cell *cells, size_t n, struct work *work);
bool openssl_layer_recognize(void *object, const struct crypt_cell *cell, struct work *work);
void openssl_layer_originate(void *object, struct crypt_cell *cell, struct work *work);
void openssl_layer_tag(const void *object, uint8_t out[static TAG_LEN_MAX]);
void openssl_layer_prefetch(const void *object);

#endif
