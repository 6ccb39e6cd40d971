#include "core/circuit_half.h"

#include <string.h>

#include "base/check.h"

void circuit_half_init(struct circuit_half *half, const struct crypt_provider *crypt, uint32_t circ_id,
                       uint32_t queue_max) {
    *half = (struct circuit_half){
        .crypt = crypt, .circ_id = circ_id, .queue_max = queue_max, .relay_early_left = RELAY_EARLY_MAX};
}

void circuit_half_fini(struct circuit_half *half, const struct memory *memory) {
    CHECK(cell_run_is_empty(&half->queue));
    if (half->forward) {
        size_t size = half->crypt->layer_size[half->layer_kind];
        half->crypt->layer_fini(half->forward);
        memory_release(memory, half->forward, size);
        half->crypt->layer_fini(half->backward);
        memory_release(memory, half->backward, size);
    }
    half->forward = half->backward = NULL;
    memset(half->kh, 0, sizeof half->kh);
}

enum err circuit_half_set_keys(struct circuit_half *half, const struct memory *memory,
                               const struct circuit_keys *keys) {
    CHECK(!circuit_half_has_keys(half));
    CHECK(keys->forward.kind == keys->backward.kind);
    size_t size = half->crypt->layer_size[keys->forward.kind];
    void *forward = memory_allocate(memory, size);
    void *backward = memory_allocate(memory, size);
    if (!forward || !backward) {
        memory_release(memory, forward, size);
        memory_release(memory, backward, size);
        return ERR_LIMIT;
    }
    half->crypt->layer_init(forward, LAYER_RELAY_FORWARD, &keys->forward);
    half->crypt->layer_init(backward, LAYER_RELAY_BACKWARD, &keys->backward);
    half->layer_kind = (uint8_t)keys->forward.kind;
    half->forward = forward;
    half->backward = backward;
    memcpy(half->kh, keys->kh, sizeof half->kh);
    return ERR_OK;
}

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
        cell_prefetch_body(cells[i]);
    }
    if (circuit_half_has_keys(half)) {
        half->crypt->layer_crypt(half->forward, run, n, work);
        for (uint32_t i = 0; i < n; i++)
            cells[i]->is_ours = run[i].is_ours;
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        memcpy(run[i].to, run[i].from, CELL_BODY_LEN);
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
        cell_prefetch_body(cell);
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
