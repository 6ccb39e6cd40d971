#include "native/cgo.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <string.h>

#include "base/bytes.h"
#include "base/check.h"

#define REST_LEN  (CELL_BODY_LEN - CGO_TAG_LEN) /* of X_R: 493 */
#define TWEAK_LEN 512u                          /* T', cell command, X_R, and zeros up to whole blocks */
#define REST_AT   (CGO_TAG_LEN + 1u)            /* of X_R in the tweak */
static_assert(REST_AT + REST_LEN <= TWEAK_LEN && TWEAK_LEN - REST_AT - REST_LEN < POLYVAL_LEN,
              "whole blocks");

/* The counter of the key stream begins at 64 times something: blocks 0 to 30 are for X_R, those from 31 on for new keys. */
#define COUNTER_MASK   0xc0u
#define COUNTER_UPDATE 31u
static_assert((REST_LEN + AES128_BLOCK_LEN - 1) / AES128_BLOCK_LEN <= COUNTER_UPDATE, "they do not overlap");

static bool encrypts(const struct cgo *cgo) {
    return cgo->role == LAYER_RELAY_FORWARD || cgo->role == LAYER_RELAY_BACKWARD;
}

static bool receives(const struct cgo *cgo) {
    return cgo->role == LAYER_RELAY_FORWARD || cgo->role == LAYER_ORIGIN_BACKWARD;
}

static void xor_block(uint8_t *out, const uint8_t *a, const uint8_t *b) {
    for (unsigned i = 0; i < CGO_TAG_LEN; i++)
        out[i] = a[i] ^ b[i];
}

/* --- keys ----------------------------------------------------------------------------------------------------------- */

static void set_keys(struct cgo *cgo, const uint8_t keys[static CGO_CIPHER_KEYS]) {
    aes128_set_key(&cgo->j_cipher, keys);
    polyval_key_init(&cgo->j_hash, keys + 16, cgo->j_hash.is_fast);
    aes128_set_key(&cgo->s_cipher, keys + 32);
    memcpy(cgo->s_hash, keys + 48, POLYVAL_LEN);
}

bool cgo_can_be_fast(void) {
    return polyval_can_be_fast() && aes128_has(AES128_X86);
}

void cgo_init(struct cgo *cgo, enum layer_role role, const uint8_t keys[static CGO_KEYS_LEN], bool is_fast) {
    memset(cgo, 0, sizeof(*cgo));
    cgo->role = (uint8_t)role;
    enum aes128_way way = is_fast ? aes128_best() : AES128_OPENSSL;
    aes128_init(&cgo->j_cipher, encrypts(cgo) ? AES128_ENCRYPTS : AES128_DECRYPTS, way);
    aes128_init(&cgo->s_cipher, AES128_ENCRYPTS, way);
    cgo->j_hash.is_fast = is_fast;
    set_keys(cgo, keys);
    memcpy(cgo->nonce, keys + CGO_CIPHER_KEYS, CGO_TAG_LEN);
}

void cgo_fini(struct cgo *cgo) {
    aes128_fini(&cgo->j_cipher);
    aes128_fini(&cgo->s_cipher);
    OPENSSL_cleanse(cgo, sizeof(*cgo));
}

/* Where the key stream for this tag begins. */
static void counter_of(const struct cgo *cgo, const uint8_t *tag, uint8_t counter_out[static POLYVAL_LEN]) {
    polyval_block(cgo->s_hash, cgo->j_hash.is_fast, tag, counter_out);
    counter_out[POLYVAL_LEN - 1] &= COUNTER_MASK;
}

void cgo_update(struct cgo *cgo) {
    static const uint8_t zeros[CGO_KEYS_LEN];
    uint8_t counter[POLYVAL_LEN], keys[CGO_KEYS_LEN];
    counter_of(cgo, cgo->nonce, counter);
    counter[POLYVAL_LEN - 1] = (uint8_t)(counter[POLYVAL_LEN - 1] + COUNTER_UPDATE);
    aes128_counter(&cgo->s_cipher, counter, zeros, keys, sizeof(keys));
    set_keys(cgo, keys);
    memcpy(cgo->nonce, keys + CGO_CIPHER_KEYS, CGO_TAG_LEN);
    OPENSSL_cleanse(keys, sizeof(keys));
}

/* --- UIV+ ----------------------------------------------------------------------------------------------------------- */

/* X_L under a mask that is the hash of the tweak. */
static void mask_tag(const struct cgo *cgo, const uint8_t *tweak, const uint8_t *from, uint8_t *to) {
    uint8_t mask[POLYVAL_LEN], masked[CGO_TAG_LEN];
    polyval(&cgo->j_hash, tweak, TWEAK_LEN / POLYVAL_LEN, mask);
    xor_block(masked, from, mask);
    aes128_block(&cgo->j_cipher, masked, masked);
    xor_block(to, masked, mask);
}

void cgo_uiv(const struct cgo *cgo, uint8_t command, const uint8_t *from, uint8_t *to) {
    uint8_t tweak[TWEAK_LEN], counter[POLYVAL_LEN];
    uint8_t *rest = tweak + REST_AT;
    memcpy(tweak, cgo->before, CGO_TAG_LEN);
    tweak[CGO_TAG_LEN] = command;
    memset(rest + REST_LEN, 0, TWEAK_LEN - REST_AT - REST_LEN);
    if (encrypts(cgo)) {
        memcpy(rest, from + CGO_TAG_LEN, REST_LEN);
        mask_tag(cgo, tweak, from, to);
        counter_of(cgo, to, counter);
        aes128_counter(&cgo->s_cipher, counter, rest, to + CGO_TAG_LEN, REST_LEN);
    } else {
        counter_of(cgo, from, counter);
        aes128_counter(&cgo->s_cipher, counter, from + CGO_TAG_LEN, rest, REST_LEN);
        mask_tag(cgo, tweak, from, to);
        memcpy(to + CGO_TAG_LEN, rest, REST_LEN);
    }
}

/* --- cells ---------------------------------------------------------------------------------------------------------- */

/* Both ends of a layer see the same two tags of a cell, and chain the one that the relay's encryption gives. */
static void step(struct cgo *cgo, uint8_t command, const uint8_t *from, uint8_t *to) {
    uint8_t received[CGO_TAG_LEN];
    memcpy(received, from, CGO_TAG_LEN);
    cgo_uiv(cgo, command, from, to);
    memcpy(cgo->before, encrypts(cgo) ? to : received, CGO_TAG_LEN);
}

/* A recognized cell carries the tag with which it came: the nonce in its place is known to both sides anyway. */
void cgo_crypt(struct cgo *cgo, struct crypt_cell *cells, size_t n, struct work *work) {
    for (size_t i = 0; i < n; i++) {
        uint8_t received[CGO_TAG_LEN];
        memcpy(received, cells[i].from, CGO_TAG_LEN);
        step(cgo, cells[i].command, cells[i].from, cells[i].to);
        cells[i].is_ours = receives(cgo) && bytes_equal_const_time(cells[i].to, cgo->nonce, CGO_TAG_LEN);
        if (!cells[i].is_ours)
            continue;
        memcpy(cells[i].to, received, CGO_TAG_LEN);
        if (cgo->role == LAYER_ORIGIN_BACKWARD)
            memcpy(cgo->nonce, received, CGO_TAG_LEN);
        cgo_update(cgo);
        work->cgo_updates++;
    }
    work->cgo_bytes += n * CELL_BODY_LEN;
    work->crypt_runs++;
}

bool cgo_recognize(struct cgo *cgo, const struct crypt_cell *cell) {
    if (cell->is_ours)
        memcpy(cgo->tag, cell->to, CGO_TAG_LEN);
    return cell->is_ours;
}

void cgo_originate(struct cgo *cgo, struct crypt_cell *cell, struct work *work) {
    CHECK(!receives(cgo));
    if (cell->from != cell->to)
        memcpy(cell->to, cell->from, CELL_BODY_LEN);
    memcpy(cell->to, cgo->nonce, CGO_TAG_LEN);
    step(cgo, cell->command, cell->to, cell->to);
    memcpy(cgo->tag, cell->to, CGO_TAG_LEN);
    if (cgo->role == LAYER_RELAY_BACKWARD)
        memcpy(cgo->nonce, cell->to, CGO_TAG_LEN);
    cgo_update(cgo);
    work->cgo_bytes += CELL_BODY_LEN;
    work->crypt_runs++;
    work->cgo_updates++;
}
