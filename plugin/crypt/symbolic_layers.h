/* symbolic_layers - relay layers that are right in everything but secrecy: tor1 and CGO (see symbolic.h).
 *
 * A tor1 layer covers the first SYMBOLIC_LAYER_SPAN bytes of a body, a CGO layer the first eight bytes of the tag and the
 * header; what is changed there or between two cells is noticed, data lies open. The functions are those of struct
 * crypt_provider. Owner: whoever placed the layer. Memory: none but the layer itself. */
#ifndef LOOM_CRYPT_SYMBOLIC_LAYERS_H
#define LOOM_CRYPT_SYMBOLIC_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypt/provider.h"

#define SYMBOLIC_TOR1_SIZE 24u
#define SYMBOLIC_CGO_SIZE  48u
#define SYMBOLIC_TOR1_PAIR (2 * SYMBOLIC_TOR1_SIZE)
#define SYMBOLIC_CGO_PAIR  (2 * SYMBOLIC_CGO_SIZE)

void symbolic_layer_init(void *layer, enum layer_role role, const struct layer_keys *keys);
void symbolic_layer_fini(void *layer);
void symbolic_layer_pair_init(void *pair, const struct layer_keys *forward, const struct layer_keys *backward,
                              void **backward_out);
void symbolic_layer_crypt(void *layer, struct crypt_cell *cells, size_t n, struct work *work);
bool symbolic_layer_recognize(void *layer, const struct crypt_cell *cell, struct work *work);
void symbolic_layer_originate(void *layer, struct crypt_cell *cell, struct work *work);
void symbolic_layer_tag(const void *layer, uint8_t out[static TAG_LEN_MAX]);
void symbolic_layer_prefetch(const void *layer);

#endif
