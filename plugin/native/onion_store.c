#include "native/onion_store.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/list.h"
#include "base/table.h"
#include "crypt/onion_descriptor_proof.h"
#include "native/document.h"

#define SWEEP_EVERY_S 60u /* the expired are looked for no more often; until then they are only not found */

struct kept {
    struct list entry; /* in store->unread or store->read; oldest first */
    struct kept *next; /* keys whose first bytes are alike */
    uint8_t key[ONION_KEY_LEN];
    struct document *text;
    uint64_t revision;
    uint64_t expires_s;
    bool is_read; /* somebody has asked for it, or for an earlier revision */
};

struct onion_store {
    const struct crypt_provider *crypt;
    size_t bytes_max;
    pthread_mutex_t lock; /* of all that follows */
    size_t length_max;
    size_t bytes;
    uint32_t count;
    uint64_t sweep_at_s;
    struct table table; /* first bytes of the key -> chain of struct kept */
    struct list unread, read;
};

/* --- keeping -------------------------------------------------------------------------------------------------------- */

static uint64_t place_of(const uint8_t key[static ONION_KEY_LEN]) {
    return (uint64_t)load_u32(key) << 32 | load_u32(key + 4);
}

static size_t cost_of(const struct kept *kept) {
    return sizeof *kept + sizeof *kept->text + kept->text->length;
}

static struct kept *kept_find(const struct onion_store *store, const uint8_t key[static ONION_KEY_LEN]) {
    struct kept *kept = table_get(&store->table, place_of(key));
    while (kept && memcmp(kept->key, key, ONION_KEY_LEN) != 0)
        kept = kept->next;
    return kept;
}

static void kept_free(struct kept *kept) {
    document_drop(kept->text);
    free(kept);
}

/* The chain is one but for who draws keys until their beginnings are alike; and then as long as their work. */
static void unchain(struct onion_store *store, struct kept *gone) {
    struct kept *first = table_remove(&store->table, place_of(gone->key));
    struct kept **link = &first;
    while (*link != gone)
        link = &(*link)->next;
    *link = gone->next;
    if (first && table_set(&store->table, place_of(gone->key), first))
        CHECK(!"a place that has just become free needs no memory");
}

static void forget(struct onion_store *store, struct kept *kept) {
    unchain(store, kept);
    list_remove(&kept->entry);
    store->bytes -= cost_of(kept);
    store->count--;
    kept_free(kept);
}

static void sweep_list(struct onion_store *store, struct list *list, uint64_t now_s) {
    struct list *next;
    for (struct list *entry = list->next; entry != list; entry = next) {
        struct kept *kept = LIST_ENTRY(entry, struct kept, entry);
        next = entry->next;
        if (kept->expires_s <= now_s)
            forget(store, kept);
    }
}

static void sweep(struct onion_store *store, uint64_t now_s) {
    if (now_s < store->sweep_at_s)
        return;
    store->sweep_at_s = now_s + SWEEP_EVERY_S;
    sweep_list(store, &store->unread, now_s);
    sweep_list(store, &store->read, now_s);
}

static void make_room(struct onion_store *store, size_t cost) {
    while (store->bytes + cost > store->bytes_max && store->count > 0) {
        struct list *list = list_is_empty(&store->unread) ? &store->read : &store->unread;
        forget(store, LIST_ENTRY(list->next, struct kept, entry));
    }
}

/* Takes kept over, unless ERR_LIMIT. */
static enum err keep(struct onion_store *store, struct kept *kept) {
    struct kept *old = kept_find(store, kept->key);
    if (old && old->revision >= kept->revision)
        return ERR_STALE;
    if (old) {
        kept->is_read = old->is_read;
        forget(store, old);
    }
    make_room(store, cost_of(kept));
    kept->next = table_get(&store->table, place_of(kept->key));
    if (table_set(&store->table, place_of(kept->key), kept))
        return ERR_LIMIT;
    list_init(&kept->entry);
    list_append(kept->is_read ? &store->read : &store->unread, &kept->entry);
    store->bytes += cost_of(kept);
    store->count++;
    return ERR_OK;
}

/* --- life ----------------------------------------------------------------------------------------------------------- */

struct onion_store *onion_store_new(const struct crypt_provider *crypt, const struct memory *memory,
                                    size_t bytes_max) {
    struct onion_store *store = calloc(1, sizeof *store);
    uint64_t seed;
    if (!store)
        return NULL;
    store->crypt = crypt;
    store->bytes_max = bytes_max;
    store->length_max = ONION_DESCRIPTOR_LENGTH_MAX;
    pthread_mutex_init(&store->lock, NULL);
    crypt->random(crypt->context, &seed, sizeof seed);
    table_init(&store->table, memory, seed);
    list_init(&store->unread);
    list_init(&store->read);
    return store;
}

void onion_store_free(struct onion_store *store) {
    if (!store)
        return;
    while (store->count > 0)
        forget(store, LIST_ENTRY((list_is_empty(&store->unread) ? &store->read : &store->unread)->next,
                                 struct kept, entry));
    table_fini(&store->table);
    pthread_mutex_destroy(&store->lock);
    free(store);
}

void onion_store_set_length_max(struct onion_store *store, size_t length_max) {
    pthread_mutex_lock(&store->lock);
    store->length_max = length_max;
    pthread_mutex_unlock(&store->lock);
}

struct onion_store_load onion_store_load(struct onion_store *store) {
    pthread_mutex_lock(&store->lock);
    struct onion_store_load load = {store->count, store->bytes};
    pthread_mutex_unlock(&store->lock);
    return load;
}

/* --- coming and going ----------------------------------------------------------------------------------------------- */

static enum err prove(const struct onion_store *store, uint64_t now_s, const struct onion_descriptor *d) {
    uint8_t *scratch = malloc(d->signed_part.length + ONION_PROOF_SCRATCH);
    if (!scratch)
        return ERR_LIMIT;
    enum err e = onion_descriptor_prove(store->crypt, d, now_s, scratch);
    free(scratch);
    return e;
}

/* What need not be proved, because it would not be kept. */
static enum err is_wanted(struct onion_store *store, uint64_t now_s, const struct onion_descriptor *d,
                          const uint8_t key[static ONION_KEY_LEN], size_t length) {
    enum err e = ERR_OK;
    pthread_mutex_lock(&store->lock);
    sweep(store, now_s);
    const struct kept *old = kept_find(store, key);
    if (length >= store->length_max)
        e = ERR_LIMIT;
    else if (old && old->revision >= d->revision)
        e = ERR_STALE;
    pthread_mutex_unlock(&store->lock);
    return e;
}

static struct kept *kept_new(uint64_t now_s, const struct onion_descriptor *d,
                             const uint8_t key[static ONION_KEY_LEN], struct span text) {
    struct kept *kept = calloc(1, sizeof *kept);
    if (!kept)
        return NULL;
    *kept = (struct kept){
        .text = document_new(text), .revision = d->revision, .expires_s = now_s + d->lifetime_s};
    memcpy(kept->key, key, ONION_KEY_LEN);
    if (kept->text)
        return kept;
    free(kept);
    return NULL;
}

enum err onion_store_publish(struct onion_store *store, uint64_t now_s, struct span text) {
    struct onion_descriptor d;
    uint8_t key[ONION_KEY_LEN];
    enum err e = onion_descriptor_parse(text, &d);
    if (!e)
        e = onion_descriptor_key(&d, key);
    if (!e)
        e = is_wanted(store, now_s, &d, key, text.length);
    if (!e)
        e = prove(store, now_s, &d);
    if (e)
        return e;
    struct kept *kept = kept_new(now_s, &d, key, text);
    if (!kept)
        return ERR_LIMIT;
    pthread_mutex_lock(&store->lock);
    e = keep(store, kept);
    pthread_mutex_unlock(&store->lock);
    if (e)
        kept_free(kept);
    return e;
}

struct document *onion_store_find(struct onion_store *store, uint64_t now_s,
                                  const uint8_t key[static ONION_KEY_LEN]) {
    struct document *text = NULL;
    pthread_mutex_lock(&store->lock);
    struct kept *kept = kept_find(store, key);
    if (kept && kept->expires_s > now_s) {
        text = document_keep(kept->text);
        kept->is_read = true;
        list_remove(&kept->entry);
        list_append(&store->read, &kept->entry);
    }
    pthread_mutex_unlock(&store->lock);
    return text;
}
