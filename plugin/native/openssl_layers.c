#include "native/openssl_layers.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

/* The running digest is copied on each recognised cell: SHA_CTX lies inline and is copied as a struct, which EVP_MD_CTX
 * does not offer. OpenSSL 3.0 marks it deprecated; asking for the 1.1 interface keeps it. */
#define OPENSSL_API_COMPAT 10100
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "base/check.h"
#include "base/memory.h"
#include "native/aes128.h"
#include "native/cgo.h"
#include "wire/relay_cell.h"

/* The first byte says what a layer is. */
struct head {
    uint8_t kind; /* enum layer_kind */
};

/* The running digest over all cells sealed or recognized so far: what SHA_CTX has but for the length, which follows from the
 * number of cells. */
struct digest_state {
    uint32_t h[5];
    uint8_t block[SHA_CBLOCK]; /* the bytes of the last block that is not whole */
};
static_assert(SHA_CBLOCK == 64 && sizeof(SHA_LONG) == sizeof(uint32_t), "SHA-1 as we keep it");

/* What every cell touches: three lines. The digest, which cells of others do not touch, lies elsewhere in the object. */
struct tor1_layer {
    struct head head;
    uint8_t way;       /* enum aes128_way */
    uint8_t digest_at; /* in words from here */
    uint8_t cells_high;
    uint32_t cells_low;     /* sealed or recognized */
    uint64_t position;      /* in the keystream */
    union aes128_keys keys; /* of the cipher */
};

#define TOR1_LAYER_LEN sizeof(struct tor1_layer)
#define DIGEST_LEN     sizeof(struct digest_state)
static_assert(TOR1_LAYER_LEN == 3 * CACHE_LINE_LEN, "three lines for cells of others");
static_assert(TOR1_LAYER_LEN + DIGEST_LEN <= OPENSSL_TOR1_SIZE, "provider.h: layer_size");
/* Both layers, then both digests. */
static_assert(2 * (TOR1_LAYER_LEN + DIGEST_LEN) <= OPENSSL_TOR1_PAIR, "provider.h: layer_pair_size");
static_assert(2 * TOR1_LAYER_LEN / sizeof(uint32_t) <= UINT8_MAX, "digest_at is a byte");

struct cgo_layer {
    struct head head;
    struct cgo cgo;
};
static_assert(sizeof(struct cgo_layer) <= OPENSSL_CGO_SIZE, "provider.h: layer_size");
static_assert(2 * OPENSSL_CGO_SIZE <= OPENSSL_CGO_PAIR, "provider.h: layer_pair_size");

/* Written once by openssl_layers_setup(), read by all threads afterwards. */
static enum aes128_way cipher_way;
static bool cgo_is_fast;

void openssl_layers_setup(void) {
    aes128_setup();
    cipher_way = aes128_best();
    cgo_is_fast = cgo_can_be_fast();
}

static bool is_cgo(const void *object) {
    return ((const struct head *)object)->kind == LAYER_CGO;
}

/* --- tor1 ----------------------------------------------------------------------------------------------------------- */

static enum aes128_way way_of(const struct tor1_layer *layer) {
    return (enum aes128_way)layer->way;
}

static struct digest_state *digest_of(const struct tor1_layer *layer) {
    return (struct digest_state *)((uint32_t *)(uintptr_t)layer + layer->digest_at);
}

static uint64_t cells_of(const struct tor1_layer *layer) {
    return (uint64_t)layer->cells_high << 32 | layer->cells_low;
}

static SHA_CTX digest_get(const struct tor1_layer *layer) {
    const struct digest_state *state = digest_of(layer);
    uint64_t bytes = SHA1_LEN + cells_of(layer) * CELL_BODY_LEN, bits = 8 * bytes;
    SHA_CTX sha = {.h0 = state->h[0],
                   .h1 = state->h[1],
                   .h2 = state->h[2],
                   .h3 = state->h[3],
                   .h4 = state->h[4],
                   .Nl = (SHA_LONG)bits,
                   .Nh = (SHA_LONG)(bits >> 32),
                   .num = bytes % SHA_CBLOCK};
    memcpy(sha.data, state->block, sizeof(state->block));
    return sha;
}

static void digest_put(struct tor1_layer *layer, const SHA_CTX *sha, uint64_t cells) {
    struct digest_state *state = digest_of(layer);
    *state = (struct digest_state){.h = {sha->h0, sha->h1, sha->h2, sha->h3, sha->h4}};
    memcpy(state->block, sha->data, sha->num);
    layer->cells_low = (uint32_t)cells;
    layer->cells_high = (uint8_t)(cells >> 32); /* 2^40 cells would take an origin years */
}

static void tor1_init(struct tor1_layer *layer, size_t digest_at, const struct layer_keys *keys) {
    SHA_CTX sha;
    *layer = (struct tor1_layer){.head = {LAYER_TOR1},
                                 .way = (uint8_t)cipher_way,
                                 .digest_at = (uint8_t)(digest_at / sizeof(uint32_t))};
    aes128_cells_init(&layer->keys, way_of(layer), keys->cipher);
    CHECK(SHA1_Init(&sha) == 1);
    CHECK(SHA1_Update(&sha, keys->digest, sizeof(keys->digest)) == 1);
    digest_put(layer, &sha, 0);
    OPENSSL_cleanse(&sha, sizeof(sha));
}

static void tor1_fini(struct tor1_layer *layer) {
    aes128_cells_fini(&layer->keys, way_of(layer));
    OPENSSL_cleanse(digest_of(layer), DIGEST_LEN);
    OPENSSL_cleanse(layer, sizeof(*layer));
}

static void tor1_crypt(struct tor1_layer *layer, struct crypt_cell *cells, size_t n, struct work *work) {
    aes128_cells(&layer->keys, way_of(layer), layer->position, cells, n);
    for (size_t i = 0; i < n; i++)
        cells[i].is_ours = load_u16(cells[i].to + RELAY_RECOGNIZED_OFFSET) == 0;
    layer->position += n * CELL_BODY_LEN;
    work->aes_bytes += n * CELL_BODY_LEN;
    work->crypt_runs++;
}

/* The running digest after body, whose digest field counts as zero (tor-spec 6.1), and its value. */
static SHA_CTX digest_after(const struct tor1_layer *layer, const uint8_t *body,
                            uint8_t value_out[static SHA1_LEN], struct work *work) {
    static const uint8_t zeros[RELAY_DIGEST_LEN];
    const size_t rest = RELAY_DIGEST_OFFSET + RELAY_DIGEST_LEN;
    SHA_CTX after = digest_get(layer);
    CHECK(SHA1_Update(&after, body, RELAY_DIGEST_OFFSET) == 1);
    CHECK(SHA1_Update(&after, zeros, sizeof(zeros)) == 1);
    CHECK(SHA1_Update(&after, body + rest, CELL_BODY_LEN - rest) == 1);
    SHA_CTX last = after;
    CHECK(SHA1_Final(value_out, &last) == 1);
    work->digest_bytes += CELL_BODY_LEN;
    return after;
}

static bool tor1_recognize(struct tor1_layer *layer, const uint8_t *body, struct work *work) {
    if (load_u16(body + RELAY_RECOGNIZED_OFFSET) != 0)
        return false;
    uint8_t value[SHA1_LEN];
    SHA_CTX after = digest_after(layer, body, value, work);
    if (!bytes_equal_const_time(value, body + RELAY_DIGEST_OFFSET, RELAY_DIGEST_LEN))
        return false; /* one in 65,536 cells of others: the running digest stays as it was */
    digest_put(layer, &after, cells_of(layer) + 1);
    return true;
}

static void tor1_originate(struct tor1_layer *layer, struct crypt_cell *cell, struct work *work) {
    uint8_t *body = cell->to, value[SHA1_LEN];
    if (cell->from != body)
        memcpy(body, cell->from, CELL_BODY_LEN);
    CHECK(load_u16(body + RELAY_RECOGNIZED_OFFSET) == 0);
    SHA_CTX after = digest_after(layer, body, value, work);
    digest_put(layer, &after, cells_of(layer) + 1);
    memcpy(body + RELAY_DIGEST_OFFSET, value, RELAY_DIGEST_LEN);
    tor1_crypt(layer, &(struct crypt_cell){.from = body, .to = body}, 1, work);
}

/* The digest after the last cell: made anew for the few that are asked for. */
static void tor1_tag(const struct tor1_layer *layer, uint8_t out[static TAG_LEN_TOR1]) {
    SHA_CTX last = digest_get(layer);
    if (cells_of(layer) > 0)
        CHECK(SHA1_Final(out, &last) == 1);
}

/* --- either kind ---------------------------------------------------------------------------------------------------- */

static void cgo_layer_init(struct cgo_layer *layer, enum layer_role role, const struct layer_keys *keys) {
    layer->head.kind = LAYER_CGO;
    cgo_init(&layer->cgo, role, keys->cgo, cgo_is_fast);
}

void openssl_layer_init(void *object, enum layer_role role, const struct layer_keys *keys) {
    switch (keys->kind) {
    case LAYER_TOR1: tor1_init(object, TOR1_LAYER_LEN, keys); return;
    case LAYER_CGO: cgo_layer_init(object, role, keys); return;
    }
}

static void *tor1_pair_init(void *pair, const struct layer_keys *forward, const struct layer_keys *backward) {
    uint8_t *second = (uint8_t *)pair + TOR1_LAYER_LEN;
    tor1_init(pair, 2 * TOR1_LAYER_LEN, forward);
    tor1_init((void *)second, TOR1_LAYER_LEN + DIGEST_LEN, backward);
    return second;
}

static void *cgo_pair_init(void *pair, const struct layer_keys *forward, const struct layer_keys *backward) {
    uint8_t *second = (uint8_t *)pair + OPENSSL_CGO_SIZE;
    cgo_layer_init(pair, LAYER_RELAY_FORWARD, forward);
    cgo_layer_init((void *)second, LAYER_RELAY_BACKWARD, backward);
    return second;
}

void openssl_layer_pair_init(void *pair, const struct layer_keys *forward, const struct layer_keys *backward,
                             void **backward_out) {
    switch (forward->kind) {
    case LAYER_TOR1: *backward_out = tor1_pair_init(pair, forward, backward); return;
    case LAYER_CGO: *backward_out = cgo_pair_init(pair, forward, backward); return;
    }
}

void openssl_layer_fini(void *object) {
    if (is_cgo(object))
        cgo_fini(&((struct cgo_layer *)object)->cgo);
    else
        tor1_fini(object);
}

void openssl_layer_crypt(void *object, struct crypt_cell *cells, size_t n, struct work *work) {
    if (is_cgo(object))
        cgo_crypt(&((struct cgo_layer *)object)->cgo, cells, n, work);
    else
        tor1_crypt(object, cells, n, work);
}

bool openssl_layer_recognize(void *object, const struct crypt_cell *cell, struct work *work) {
    if (is_cgo(object))
        return cgo_recognize(&((struct cgo_layer *)object)->cgo, cell);
    return tor1_recognize(object, cell->to, work);
}

void openssl_layer_originate(void *object, struct crypt_cell *cell, struct work *work) {
    if (is_cgo(object))
        cgo_originate(&((struct cgo_layer *)object)->cgo, cell, work);
    else
        tor1_originate(object, cell, work);
}

void openssl_layer_tag(const void *object, uint8_t out[static TAG_LEN_MAX]) {
    memset(out, 0, TAG_LEN_MAX);
    if (is_cgo(object))
        memcpy(out, ((const struct cgo_layer *)object)->cgo.tag, TAG_LEN_CGO);
    else
        tor1_tag(object, out);
}

/* What a run of cells needs first. */
void openssl_layer_prefetch(const void *object) {
    const uint8_t *layer = object;
    __builtin_prefetch(layer);
    __builtin_prefetch(layer + CACHE_LINE_LEN);
    __builtin_prefetch(layer + 2 * CACHE_LINE_LEN);
}
