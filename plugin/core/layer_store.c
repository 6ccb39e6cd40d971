#include "core/layer_store.h"

#include <string.h>

#include "base/check.h"
#include "crypt/ntor.h"

#define LONG_LAYERS (4 * CACHE_LINE_LEN)

static size_t object_size(const struct crypt_provider *crypt, unsigned kind) {
    size_t size = crypt->layer_pair_size[kind] + NTOR_KH_LEN;
    return size < LONG_LAYERS ? size : (size + CACHE_LINE_LEN - 1) / CACHE_LINE_LEN * CACHE_LINE_LEN;
}

void layer_store_init(struct layer_store *store, const struct memory *memory,
                      const struct crypt_provider *crypt, uint32_t circuits_max) {
    store->crypt = crypt;
    for (unsigned kind = 0; kind < LAYER_KINDS; kind++) {
        size_t size = object_size(crypt, kind);
        slab_init(&store->slabs[kind], memory, size, slab_block_objects(size), circuits_max);
    }
}

void layer_store_fini(struct layer_store *store) {
    for (unsigned kind = 0; kind < LAYER_KINDS; kind++)
        slab_fini(&store->slabs[kind]);
}

static uint8_t *kh_of(const struct crypt_provider *crypt, enum layer_kind kind, void *forward) {
    return (uint8_t *)forward + crypt->layer_pair_size[kind];
}

void *layer_store_take(struct layer_store *store, const struct circuit_keys *keys, void **backward_out) {
    const enum layer_kind kind = keys->forward.kind;
    CHECK(keys->backward.kind == kind);
    void *forward = slab_take(&store->slabs[kind]);
    if (!forward)
        return NULL;
    store->crypt->layer_pair_init(forward, &keys->forward, &keys->backward, backward_out);
    memcpy(kh_of(store->crypt, kind, forward), keys->kh, NTOR_KH_LEN);
    return forward;
}

void layer_store_put(struct layer_store *store, enum layer_kind kind, void *forward, void *backward) {
    store->crypt->layer_fini(forward);
    store->crypt->layer_fini(backward);
    crypt_wipe(kh_of(store->crypt, kind, forward), NTOR_KH_LEN);
    slab_put(&store->slabs[kind], forward);
}

size_t layer_store_size(const struct layer_store *store, enum layer_kind kind) {
    return store->slabs[kind].object_size;
}

void layer_store_carry_out(struct layer_store *store, enum layer_kind kind, void *forward, void *buffer) {
    memcpy(buffer, forward, layer_store_size(store, kind));
    crypt_wipe(forward, layer_store_size(store, kind));
    slab_put(&store->slabs[kind], forward);
}

void *layer_store_carry_in(struct layer_store *store, enum layer_kind kind, void *buffer) {
    void *forward = slab_take(&store->slabs[kind]);
    if (!forward)
        return NULL;
    memcpy(forward, buffer, layer_store_size(store, kind));
    crypt_wipe(buffer, layer_store_size(store, kind));
    return forward;
}

void layer_store_drop(const struct layer_store *store, enum layer_kind kind, void *buffer, void *backward) {
    store->crypt->layer_fini(buffer);
    store->crypt->layer_fini(backward);
    crypt_wipe(buffer, layer_store_size(store, kind));
}

const uint8_t *layer_store_kh(const struct crypt_provider *crypt, enum layer_kind kind, const void *forward) {
    return (const uint8_t *)forward + crypt->layer_pair_size[kind];
}
