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

/* What every cell touches is in the first three lines; the digest, which cells of others do not, is in the next two. */
struct tor1_layer {
    struct head head;
    uint8_t way;               /* enum aes128_way */
    uint64_t position;         /* in the keystream */
    union aes128_keys keys;    /* of the cipher */
    SHA_CTX digest;            /* over all cells sealed or recognized so far */
    uint8_t tag[TAG_LEN_TOR1]; /* the digest after the last of them */
};
static_assert(offsetof(struct tor1_layer, digest) <= 3 * CACHE_LINE_LEN, "three lines for cells of others");
static_assert(sizeof(struct tor1_layer) <= OPENSSL_TOR1_SIZE, "provider.h: layer_size");

struct cgo_layer {
    struct head head;
    struct cgo cgo;
};
static_assert(sizeof(struct cgo_layer) <= OPENSSL_CGO_SIZE, "provider.h: layer_size");

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

static void tor1_init(struct tor1_layer *layer, const struct layer_keys *keys) {
    layer->way = (uint8_t)cipher_way;
    layer->position = 0;
    aes128_cells_init(&layer->keys, way_of(layer), keys->cipher);
    CHECK(SHA1_Init(&layer->digest) == 1);
    CHECK(SHA1_Update(&layer->digest, keys->digest, sizeof(keys->digest)) == 1);
    memset(layer->tag, 0, sizeof(layer->tag));
}

static void tor1_fini(struct tor1_layer *layer) {
    aes128_cells_fini(&layer->keys, way_of(layer));
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

/* Running digest and its value after body, whose digest field counts as zero (tor-spec 6.1). */
static SHA_CTX digest_after(const SHA_CTX *before, const uint8_t *body, uint8_t value_out[static SHA1_LEN],
                            struct work *work) {
    static const uint8_t zeros[RELAY_DIGEST_LEN];
    const size_t rest = RELAY_DIGEST_OFFSET + RELAY_DIGEST_LEN;
    SHA_CTX after = *before;
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
    SHA_CTX after = digest_after(&layer->digest, body, value, work);
    if (!bytes_equal_const_time(value, body + RELAY_DIGEST_OFFSET, RELAY_DIGEST_LEN))
        return false; /* one in 65,536 cells of others: the running digest stays as it was */
    layer->digest = after;
    memcpy(layer->tag, value, sizeof(value));
    return true;
}

static void tor1_originate(struct tor1_layer *layer, struct crypt_cell *cell, struct work *work) {
    uint8_t *body = cell->to;
    if (cell->from != body)
        memcpy(body, cell->from, CELL_BODY_LEN);
    CHECK(load_u16(body + RELAY_RECOGNIZED_OFFSET) == 0);
    layer->digest = digest_after(&layer->digest, body, layer->tag, work);
    memcpy(body + RELAY_DIGEST_OFFSET, layer->tag, RELAY_DIGEST_LEN);
    tor1_crypt(layer, &(struct crypt_cell){.from = body, .to = body}, 1, work);
}

/* --- either kind ---------------------------------------------------------------------------------------------------- */

void openssl_layer_init(void *object, enum layer_role role, const struct layer_keys *keys) {
    ((struct head *)object)->kind = (uint8_t)keys->kind;
    switch (keys->kind) {
    case LAYER_TOR1: tor1_init(object, keys); return;
    case LAYER_CGO: cgo_init(&((struct cgo_layer *)object)->cgo, role, keys->cgo, cgo_is_fast); return;
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
        memcpy(out, ((const struct tor1_layer *)object)->tag, TAG_LEN_TOR1);
}

/* What a run of cells needs first. */
void openssl_layer_prefetch(const void *object) {
    const uint8_t *layer = object;
    __builtin_prefetch(layer);
    __builtin_prefetch(layer + CACHE_LINE_LEN);
    __builtin_prefetch(layer + 2 * CACHE_LINE_LEN);
}
