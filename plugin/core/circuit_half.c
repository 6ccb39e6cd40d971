#include "core/circuit_half.h"

#include <string.h>

#include "base/check.h"
#include "crypt/circuit_keys.h"

void circuit_half_init(struct circuit_half *half, const struct crypt_provider *crypt, uint32_t circ_id,
                       uint32_t queue_max) {
    *half = (struct circuit_half){
        .crypt = crypt, .circ_id = circ_id, .queue_max = queue_max, .relay_early_left = RELAY_EARLY_MAX};
}

/* --- keys ----------------------------------------------------------------------------------------------------------- */

/* Each layer has whole cache lines of its own. */
static size_t layer_room(const struct circuit_half *half, uint8_t layer_kind) {
    return (half->crypt->layer_size[layer_kind] + CACHE_LINE_LEN - 1) / CACHE_LINE_LEN * CACHE_LINE_LEN;
}

/* Both layers, and kh. */
static size_t keys_size(const struct circuit_half *half, uint8_t layer_kind) {
    return CACHE_LINE_LEN - 1 + 2 * layer_room(half, layer_kind) + NTOR_KH_LEN;
}

static uint8_t *keys_kh(const struct circuit_half *half) {
    return (uint8_t *)half->backward + layer_room(half, half->layer_kind);
}

const uint8_t *circuit_half_kh(const struct circuit_half *half) {
    CHECK(circuit_half_has_keys(half));
    return keys_kh(half);
}

void circuit_half_fini(struct circuit_half *half, const struct memory *memory) {
    CHECK(cell_run_is_empty(&half->queue));
    if (!circuit_half_has_keys(half))
        return;
    half->crypt->layer_fini(half->forward);
    half->crypt->layer_fini(half->backward);
    crypt_wipe(keys_kh(half), NTOR_KH_LEN);
    memory_release(memory, (uint8_t *)half->forward - half->keys_at, keys_size(half, half->layer_kind));
    half->forward = half->backward = NULL;
}

enum err circuit_half_set_keys(struct circuit_half *half, const struct memory *memory,
                               const struct circuit_keys *keys) {
    CHECK(!circuit_half_has_keys(half));
    CHECK(keys->forward.kind == keys->backward.kind);
    uint8_t kind = (uint8_t)keys->forward.kind;
    uint8_t *start = memory_allocate(memory, keys_size(half, kind));
    if (!start)
        return ERR_LIMIT;
    half->layer_kind = kind;
    half->keys_at = (uint8_t)(-(uintptr_t)start % CACHE_LINE_LEN);
    half->forward = start + half->keys_at;
    half->backward = start + half->keys_at + layer_room(half, kind);
    half->crypt->layer_init(half->forward, LAYER_RELAY_FORWARD, &keys->forward);
    half->crypt->layer_init(half->backward, LAYER_RELAY_BACKWARD, &keys->backward);
    memcpy(keys_kh(half), keys->kh, NTOR_KH_LEN);
    return ERR_OK;
}

/* --- cells ---------------------------------------------------------------------------------------------------------- */

void circuit_half_receive(struct circuit_half *half, const struct cell_view *views, struct cell **cells,
                          uint32_t n, struct work *work) {
    CHECK(n <= HALF_RUN_MAX);
    struct crypt_cell run[HALF_RUN_MAX];
    for (uint32_t i = 0; i < n; i++) {
        cells[i]->kind = CELL_KIND_CELL;
        cells[i]->command = views[i].command;
        cells[i]->length = CELL_BODY_LEN;
        run[i] =
            (struct crypt_cell){.from = views[i].body, .to = cells[i]->body, .command = views[i].command};
    }
    if (circuit_half_has_keys(half)) {
        half->crypt->layer_crypt(half->forward, run, n, work);
        for (uint32_t i = 0; i < n; i++)
            cells[i]->is_ours = run[i].is_ours;
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        cell_copy_body(run[i].to, run[i].from);
    work->copy_bytes += n * CELL_BODY_LEN;
}

bool circuit_half_recognizes(struct circuit_half *half, struct cell *cell, struct work *work) {
    const struct crypt_cell peeled = {.from = cell->body, .to = cell->body, .is_ours = cell->is_ours};
    return half->crypt->layer_recognize(half->forward, &peeled, work);
}

void circuit_half_received_tag(const struct circuit_half *half, uint8_t out[static TAG_LEN_MAX]) {
    half->crypt->layer_tag(half->forward, out);
}

static void wrap(struct circuit_half *half, struct cell *first, struct work *work) {
    struct crypt_cell run[HALF_RUN_MAX];
    uint32_t n = 0;
    for (struct cell *cell = first; cell; cell = cell->next) {
        cell->command = CELL_RELAY; /* tor-spec 5.6: no RELAY_EARLY towards the origin */
        run[n++] = (struct crypt_cell){.from = cell->body, .to = cell->body, .command = CELL_RELAY};
        if (n == HALF_RUN_MAX || !cell->next) {
            half->crypt->layer_crypt(half->backward, run, n, work);
            n = 0;
        }
    }
}

enum err circuit_half_deliver(struct circuit_half *half, struct cell_run *run, struct work *work) {
    if (circuit_half_has_keys(half) && run->first)
        wrap(half, run->first, work);
    for (struct cell *cell = run->first; cell; cell = cell->next)
        cell->circ_id = half->circ_id;
    cell_run_concat(&half->queue, run);
    return half->queue.count > half->queue_max ? ERR_LIMIT : ERR_OK;
}

enum err circuit_half_originate(struct circuit_half *half, struct cell *cell, uint8_t *tag_out,
                                struct work *work) {
    cell->kind = CELL_KIND_CELL;
    cell->command = CELL_RELAY;
    cell->length = CELL_BODY_LEN;
    struct crypt_cell message = {.from = cell->body, .to = cell->body, .command = CELL_RELAY};
    half->crypt->layer_originate(half->backward, &message, work);
    if (tag_out)
        half->crypt->layer_tag(half->backward, tag_out);
    circuit_half_queue_plain(half, cell);
    return half->queue.count > half->queue_max ? ERR_LIMIT : ERR_OK;
}

void circuit_half_queue_plain(struct circuit_half *half, struct cell *cell) {
    cell->circ_id = half->circ_id;
    cell_run_append(&half->queue, cell);
}
