#include "core/circuit_half.h"

#include <string.h>

#include "base/check.h"
#include "core/layer_store.h"

void circuit_half_init(struct circuit_half *half, uint32_t circ_id, uint32_t queue_max) {
    *half = (struct circuit_half){
        .circ_id = circ_id, .queue_max = queue_max, .relay_early_left = RELAY_EARLY_MAX};
}

static void *backward_of(const struct circuit_half *half) {
    return (uint8_t *)half->forward + half->backward_at;
}

/* --- keys ----------------------------------------------------------------------------------------------------------- */

const uint8_t *circuit_half_kh(const struct circuit_half *half, const struct crypt_provider *crypt) {
    CHECK(circuit_half_has_keys(half));
    return layer_store_kh(crypt, (enum layer_kind)half->layer_kind, half->forward);
}

void circuit_half_fini(struct circuit_half *half, struct layer_store *store) {
    CHECK(cell_run_is_empty(&half->queue));
    if (!circuit_half_has_keys(half))
        return;
    layer_store_put(store, (enum layer_kind)half->layer_kind, half->forward, backward_of(half));
    half->forward = NULL;
}

enum err circuit_half_set_keys(struct circuit_half *half, struct layer_store *store,
                               const struct circuit_keys *keys) {
    CHECK(!circuit_half_has_keys(half));
    void *backward, *forward = layer_store_take(store, keys, &backward);
    if (!forward)
        return ERR_LIMIT;
    half->forward = forward;
    half->backward_at = (uint16_t)((uint8_t *)backward - (uint8_t *)forward);
    CHECK(backward_of(half) == backward);
    half->layer_kind = (uint8_t)keys->forward.kind;
    return ERR_OK;
}

/* --- moving --------------------------------------------------------------------------------------------------------- */

void circuit_half_leave(struct circuit_half *half, struct layer_store *store, void *buffer) {
    CHECK(circuit_half_has_keys(half) == (buffer != NULL));
    if (buffer)
        layer_store_carry_out(store, (enum layer_kind)half->layer_kind, half->forward, buffer);
    half->forward = buffer;
}

enum err circuit_half_arrive(struct circuit_half *half, struct layer_store *store) {
    if (!circuit_half_has_keys(half))
        return ERR_OK;
    void *forward = layer_store_carry_in(store, (enum layer_kind)half->layer_kind, half->forward);
    if (!forward)
        return ERR_LIMIT;
    half->forward = forward;
    return ERR_OK;
}

void circuit_half_drop(struct circuit_half *half, const struct layer_store *store) {
    CHECK(cell_run_is_empty(&half->queue));
    if (circuit_half_has_keys(half))
        layer_store_drop(store, (enum layer_kind)half->layer_kind, half->forward, backward_of(half));
    half->forward = NULL;
}

/* --- cells ---------------------------------------------------------------------------------------------------------- */

void circuit_half_receive(struct circuit_half *half, const struct crypt_provider *crypt,
                          const struct cell_view *views, struct cell **cells, uint32_t n, struct work *work) {
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
        crypt->layer_crypt(half->forward, run, n, work);
        for (uint32_t i = 0; i < n; i++)
            cells[i]->is_ours = run[i].is_ours;
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        cell_copy_body(run[i].to, run[i].from);
    work->copy_bytes += n * CELL_BODY_LEN;
}

bool circuit_half_recognizes(struct circuit_half *half, const struct crypt_provider *crypt, struct cell *cell,
                             struct work *work) {
    const struct crypt_cell peeled = {.from = cell->body, .to = cell->body, .is_ours = cell->is_ours};
    return crypt->layer_recognize(half->forward, &peeled, work);
}

void circuit_half_received_tag(const struct circuit_half *half, const struct crypt_provider *crypt,
                               uint8_t out[static TAG_LEN_MAX]) {
    crypt->layer_tag(half->forward, out);
}

static void wrap(struct circuit_half *half, const struct crypt_provider *crypt, struct cell *first,
                 struct work *work) {
    struct crypt_cell run[HALF_RUN_MAX];
    uint32_t n = 0;
    for (struct cell *cell = first; cell; cell = cell->next) {
        cell->command = CELL_RELAY; /* tor-spec 5.6: no RELAY_EARLY towards the origin */
        run[n++] = (struct crypt_cell){.from = cell->body, .to = cell->body, .command = CELL_RELAY};
        if (n == HALF_RUN_MAX || !cell->next) {
            crypt->layer_crypt(backward_of(half), run, n, work);
            n = 0;
        }
    }
}

enum err circuit_half_deliver(struct circuit_half *half, const struct crypt_provider *crypt,
                              struct cell_run *run, struct work *work) {
    if (circuit_half_has_keys(half) && run->first)
        wrap(half, crypt, run->first, work);
    for (struct cell *cell = run->first; cell; cell = cell->next)
        cell->circ_id = half->circ_id;
    cell_run_concat(&half->queue, run);
    return half->queue.count > half->queue_max ? ERR_LIMIT : ERR_OK;
}

enum err circuit_half_originate(struct circuit_half *half, const struct crypt_provider *crypt,
                                struct cell *cell, uint8_t *tag_out, struct work *work) {
    cell->kind = CELL_KIND_CELL;
    cell->command = CELL_RELAY;
    cell->length = CELL_BODY_LEN;
    struct crypt_cell message = {.from = cell->body, .to = cell->body, .command = CELL_RELAY};
    crypt->layer_originate(backward_of(half), &message, work);
    if (tag_out)
        crypt->layer_tag(backward_of(half), tag_out);
    circuit_half_queue_plain(half, cell);
    return half->queue.count > half->queue_max ? ERR_LIMIT : ERR_OK;
}

void circuit_half_queue_plain(struct circuit_half *half, struct cell *cell) {
    cell->circ_id = half->circ_id;
    cell_run_append(&half->queue, cell);
}
