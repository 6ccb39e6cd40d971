#include "crypt/symbolic_layers.h"

#include <assert.h>
#include <string.h>

#include "base/check.h"
#include "crypt/symbolic_mix.h"
#include "crypt/symbolic_short.h"
#include "wire/relay_cell.h"

struct head {
    uint8_t kind; /* enum layer_kind */
    uint8_t role; /* enum layer_role */
};

/* The cipher is a word of keystream for each cell, counted like CTR mode; the running digest is a word. */
struct tor1 {
    struct head head;
    uint64_t stream;
    uint64_t digest;
};
static_assert(sizeof(struct tor1) <= SYMBOLIC_TOR1_SIZE, "symbolic_layers.h");

/* The two keys, nonce and chaining value of proposal 359 are a word each. */
struct cgo {
    struct head head;
    uint64_t j, s;
    uint64_t nonce;
    uint64_t before; /* T': the tag of the last cell, as the relay's encryption gave it */
    uint64_t tag;    /* of the cell last recognized or originated */
};
static_assert(sizeof(struct cgo) <= SYMBOLIC_CGO_SIZE, "symbolic_layers.h");

static bool is_cgo(const void *layer) {
    return ((const struct head *)layer)->kind == LAYER_CGO;
}

static void take_body(const struct crypt_cell *cell) {
    if (cell->to == cell->from)
        return;
    if (symbolic_is_short(cell->from)) /* each of a length that the compiler knows */
        memcpy(cell->to, cell->from, SYMBOLIC_SHORT_ALL);
    else
        memcpy(cell->to, cell->from, CELL_BODY_LEN);
}

/* For whoever may recognize it; of DATA nobody reads more than the header. */
static void lengthen(uint8_t *body, uint8_t command) {
    if (command != RELAY_DATA)
        symbolic_lengthen(body);
}

/* --- tor1 ----------------------------------------------------------------------------------------------------------- */

static void tor1_init(struct tor1 *layer, const struct layer_keys *keys) {
    const uint8_t *digest = keys->digest;
    layer->stream = symbolic_mix(symbolic_load(keys->cipher)) ^ symbolic_load(keys->cipher + 8);
    layer->digest =
        symbolic_mix(symbolic_mix(symbolic_load(digest)) ^ symbolic_load(digest + 8)) ^ load_u32(digest + 16);
}

static void tor1_crypt(struct tor1 *layer, struct crypt_cell *cells, size_t n, struct work *work) {
    for (size_t i = 0; i < n; i++) {
        layer->stream += SYMBOLIC_STEP;
        take_body(&cells[i]);
        symbolic_store(cells[i].to, symbolic_load(cells[i].from) ^ symbolic_mix(layer->stream));
        cells[i].is_ours = load_u16(cells[i].to + RELAY_RECOGNIZED_OFFSET) == 0;
        if (cells[i].is_ours)
            lengthen(cells[i].to, cells[i].to[0]);
    }
    work->aes_bytes += n * CELL_BODY_LEN;
    work->crypt_runs++;
}

/* The running digest after body: command, recognized, stream and length count, the digest field does not. */
static uint64_t digest_after(uint64_t before, const uint8_t *body, struct work *work) {
    uint64_t header =
        (uint64_t)load_u32(body) << 32 | (uint32_t)body[4] << 16 | load_u16(body + RELAY_DIGEST_OFFSET + 4);
    work->digest_bytes += CELL_BODY_LEN;
    return symbolic_mix((before + SYMBOLIC_STEP) ^ header);
}

static bool tor1_recognize(struct tor1 *layer, const uint8_t *body, struct work *work) {
    if (load_u16(body + RELAY_RECOGNIZED_OFFSET) != 0)
        return false;
    uint64_t after = digest_after(layer->digest, body, work);
    if (load_u32(body + RELAY_DIGEST_OFFSET) != (uint32_t)(symbolic_mix(after) >> 32))
        return false;
    layer->digest = after;
    return true;
}

static void tor1_seal(struct tor1 *layer, uint8_t *body, struct work *work) {
    CHECK(load_u16(body + RELAY_RECOGNIZED_OFFSET) == 0);
    layer->digest = digest_after(layer->digest, body, work);
    store_u32(body + RELAY_DIGEST_OFFSET,
              (uint32_t)(symbolic_mix(layer->digest) >> 32)); /* as in tor1, the tag's first bytes */
}

static void tor1_tag(const struct tor1 *layer, uint8_t *out) {
    symbolic_store(out, symbolic_mix(layer->digest));
    symbolic_store(out + 8, symbolic_mix(layer->digest + SYMBOLIC_STEP));
    store_u32(out + 16, (uint32_t)(symbolic_mix(layer->digest + 2 * SYMBOLIC_STEP) >> 32));
}

/* --- CGO ------------------------------------------------------------------------------------------------------------ */

static void cgo_init(struct cgo *layer, const struct layer_keys *keys) {
    uint64_t words[3] = {1, 2, 3};
    for (size_t i = 0; i < 3; i++) {
        for (size_t at = 0; at < CGO_KEYS_LEN; at += 8)
            words[i] = symbolic_mix(words[i] ^ symbolic_load(keys->cgo + at)) + SYMBOLIC_STEP;
    }
    layer->j = words[0];
    layer->s = words[1];
    layer->nonce = words[2];
}

/* proposal 359, UIV_UPDATE: all keys and the nonce follow from S and the nonce, and those from nothing that is left. */
static void cgo_update(struct cgo *layer) {
    uint64_t seed = symbolic_mix(layer->s ^ symbolic_mix(layer->nonce));
    layer->j = symbolic_mix(seed + SYMBOLIC_STEP);
    layer->s = symbolic_mix(seed + 2 * SYMBOLIC_STEP);
    layer->nonce = symbolic_mix(seed + 3 * SYMBOLIC_STEP);
}

static uint64_t header_load(const uint8_t *body) {
    const uint8_t *header = body + RELAY_V1_TAG_LEN;
    return (uint64_t)header[0] << 32 | load_u32(header + 1);
}

static void header_xor(uint8_t *body, uint64_t keystream) {
    uint64_t header = header_load(body) ^ keystream;
    body[RELAY_V1_TAG_LEN] = (uint8_t)(header >> 32);
    store_u32(body + RELAY_V1_TAG_LEN + 1, (uint32_t)header);
}

/* What the tag is masked with: all that came before, the cell command and the header. */
static uint64_t mask_of(const struct cgo *layer, const uint8_t *body, uint8_t command) {
    uint64_t header = header_load(body) | (uint64_t)command << 56;
    return symbolic_mix(symbolic_mix(layer->j ^ layer->before) ^ header);
}

static void uiv_encrypt(const struct cgo *layer, uint8_t *body, uint8_t command) {
    uint64_t mask = mask_of(layer, body, command);
    uint64_t tag = (symbolic_load(body) ^ mask) * SYMBOLIC_STEP ^ mask;
    symbolic_store(body, tag);
    header_xor(body, symbolic_mix(layer->s ^ tag));
}

static void uiv_decrypt(const struct cgo *layer, uint8_t *body, uint8_t command) {
    uint64_t tag = symbolic_load(body);
    header_xor(body, symbolic_mix(layer->s ^ tag));
    uint64_t mask = mask_of(layer, body, command);
    symbolic_store(body, (tag ^ mask) * SYMBOLIC_STEP_UN ^ mask);
}

/* Relays encrypt, origins decrypt. Both ends of a layer see the same two tags, and chain the one that the relay's
 * encryption gives. */
static void uiv_step(struct cgo *layer, uint8_t *body, uint8_t command) {
    if (layer->head.role == LAYER_RELAY_FORWARD || layer->head.role == LAYER_RELAY_BACKWARD) {
        uiv_encrypt(layer, body, command);
        layer->before = symbolic_load(body);
    } else {
        uint64_t tag = symbolic_load(body);
        uiv_decrypt(layer, body, command);
        layer->before = tag;
    }
}

static void cgo_crypt(struct cgo *layer, struct crypt_cell *cells, size_t n, struct work *work) {
    bool receives = layer->head.role == LAYER_RELAY_FORWARD || layer->head.role == LAYER_ORIGIN_BACKWARD;
    for (size_t i = 0; i < n; i++) {
        uint8_t *body = cells[i].to;
        take_body(&cells[i]);
        uint64_t received = symbolic_load(body);
        uiv_step(layer, body, cells[i].command);
        cells[i].is_ours = receives && symbolic_load(body) == layer->nonce;
        if (!cells[i].is_ours)
            continue;
        lengthen(body, body[RELAY_V1_TAG_LEN]);
        symbolic_store(body, received);
        if (layer->head.role == LAYER_ORIGIN_BACKWARD)
            layer->nonce = received;
        cgo_update(layer);
        work->cgo_updates++;
    }
    work->cgo_bytes += n * CELL_BODY_LEN;
    work->crypt_runs++;
}

static void cgo_originate(struct cgo *layer, struct crypt_cell *cell, struct work *work) {
    uint8_t *body = cell->to;
    take_body(cell);
    symbolic_store(body, layer->nonce);
    symbolic_store(body + 8, 0);
    uiv_step(layer, body, cell->command);
    layer->tag = symbolic_load(body);
    if (layer->head.role == LAYER_RELAY_BACKWARD)
        layer->nonce = layer->tag;
    cgo_update(layer);
    work->cgo_bytes += CELL_BODY_LEN;
    work->crypt_runs++;
    work->cgo_updates++;
}

/* --- both ----------------------------------------------------------------------------------------------------------- */

void symbolic_layer_init(void *object, enum layer_role role, const struct layer_keys *keys) {
    memset(object, 0, keys->kind == LAYER_CGO ? sizeof(struct cgo) : sizeof(struct tor1));
    *(struct head *)object = (struct head){.kind = (uint8_t)keys->kind, .role = (uint8_t)role};
    if (keys->kind == LAYER_CGO)
        cgo_init(object, keys);
    else
        tor1_init(object, keys);
}

void symbolic_layer_pair_init(void *pair, const struct layer_keys *forward, const struct layer_keys *backward,
                              void **backward_out) {
    size_t size = forward->kind == LAYER_CGO ? SYMBOLIC_CGO_SIZE : SYMBOLIC_TOR1_SIZE;
    *backward_out = (uint8_t *)pair + size;
    symbolic_layer_init(pair, LAYER_RELAY_FORWARD, forward);
    symbolic_layer_init(*backward_out, LAYER_RELAY_BACKWARD, backward);
}

void symbolic_layer_fini(void *object) {
    memset(object, 0, is_cgo(object) ? sizeof(struct cgo) : sizeof(struct tor1));
}

void symbolic_layer_crypt(void *object, struct crypt_cell *cells, size_t n, struct work *work) {
    if (is_cgo(object))
        cgo_crypt(object, cells, n, work);
    else
        tor1_crypt(object, cells, n, work);
}

bool symbolic_layer_recognize(void *object, const struct crypt_cell *cell, struct work *work) {
    if (!is_cgo(object))
        return tor1_recognize(object, cell->to, work);
    if (cell->is_ours)
        ((struct cgo *)object)->tag = symbolic_load(cell->to);
    return cell->is_ours;
}

void symbolic_layer_originate(void *object, struct crypt_cell *cell, struct work *work) {
    if (is_cgo(object)) {
        cgo_originate(object, cell, work);
        return;
    }
    take_body(cell);
    tor1_seal(object, cell->to, work);
    tor1_crypt(object, &(struct crypt_cell){.from = cell->to, .to = cell->to}, 1, work);
}

void symbolic_layer_tag(const void *object, uint8_t out[static TAG_LEN_MAX]) {
    memset(out, 0, TAG_LEN_MAX);
    if (is_cgo(object))
        symbolic_store(out, ((const struct cgo *)object)->tag);
    else
        tor1_tag(object, out);
}

void symbolic_layer_prefetch(const void *object) {
    (void)object;
}
