/* layer_store - memory for the keys of a manager's circuits: both layers of a hop, and what both its ends know besides (kh), in one
 * object as large as their kind takes.
 *
 * Owner: one manager. Memory: slabs, one for each kind; layers that are some cache lines long begin with one.
 * Bound: as many as there may be circuits. */
#ifndef LOOM_CORE_LAYER_STORE_H
#define LOOM_CORE_LAYER_STORE_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/slab.h"
#include "crypt/circuit_keys.h"
#include "crypt/provider.h"

struct layer_store {
    const struct crypt_provider *crypt;
    struct slab slabs[LAYER_KINDS];
};

/* Borrows both. */
void layer_store_init(struct layer_store *store, const struct memory *memory,
                      const struct crypt_provider *crypt, uint32_t circuits_max);
/* All were put back. */
void layer_store_fini(struct layer_store *store);
/* The layers of a relay's hop with these keys; forward is where the object begins. NULL at the bound or without memory. */
MUST_USE void *layer_store_take(struct layer_store *store, const struct circuit_keys *keys,
                                void **backward_out);
/* Wipes. */
void layer_store_put(struct layer_store *store, enum layer_kind kind, void *forward, void *backward);
/* Bytes of the object with both. */
size_t layer_store_size(const struct layer_store *store, enum layer_kind kind);
/* On the way to another manager's store: into a buffer of layer_store_size bytes, and out of it; NULL at the bound or without
 * memory, then it is still there. Or not to arrive. */
void layer_store_carry_out(struct layer_store *store, enum layer_kind kind, void *forward, void *buffer);
MUST_USE void *layer_store_carry_in(struct layer_store *store, enum layer_kind kind, void *buffer);
void layer_store_drop(const struct layer_store *store, enum layer_kind kind, void *buffer, void *backward);
/* NTOR_KH_LEN bytes. */
const uint8_t *layer_store_kh(const struct crypt_provider *crypt, enum layer_kind kind, const void *forward);

#endif
