/* onion_store - the onion service descriptors that we keep as a hidden service directory (rend-spec-v3 2.2).
 *
 * The law: what is found under a key was signed by its owner, is the newest revision that came, and its lifetime has not
 * passed since it came. Bound: bytes_max in all; then those that nobody has asked for go first, the oldest of them before
 * the others, so that a flood of descriptors drives out itself.
 * Thread: any; one lock, not held while signatures are checked. Memory: documents are counted. */
#ifndef LOOM_NATIVE_ONION_STORE_H
#define LOOM_NATIVE_ONION_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "wire/onion_descriptor.h"

#define ONION_STORE_BYTES_MAX       ((size_t)64 << 20) /* a HSDir of the public network has a few of them */
#define ONION_DESCRIPTOR_LENGTH_MAX 50000u /* until the consensus says otherwise: HSV3MaxDescriptorSize */

struct crypt_provider;
struct document;
struct memory;
struct onion_store;

/* Borrows crypt and memory, which any thread may use. NULL without memory. */
MUST_USE struct onion_store *onion_store_new(const struct crypt_provider *crypt, const struct memory *memory,
                                             size_t bytes_max);
void onion_store_free(struct onion_store *store);
/* From now on, descriptors are shorter than that. */
void onion_store_set_length_max(struct onion_store *store, size_t length_max);

/* A descriptor has been sent to us. ERR_STALE when we have that revision, or a newer; ERR_LIMIT when it is too long, or
 * without memory; or what is wrong with it. */
MUST_USE enum err onion_store_publish(struct onion_store *store, uint64_t now_s, struct span text);
/* The caller's reference; NULL when there is none. */
MUST_USE struct document *onion_store_find(struct onion_store *store, uint64_t now_s,
                                           const uint8_t key[static ONION_KEY_LEN]);

struct onion_store_load {
    uint32_t descriptors;
    size_t bytes;
};
struct onion_store_load onion_store_load(struct onion_store *store);

#endif
