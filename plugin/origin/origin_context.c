#include "origin/origin_context.h"

void origin_ready_init(struct origin_ready *ready, enum origin_owner owner) {
    list_init(&ready->entry);
    ready->owner = (uint8_t)owner;
    ready->pending = 0;
}

void origin_ready_raise(struct origin *o, struct origin_ready *ready, uint8_t bit) {
    ready->pending |= bit;
    if (!list_is_linked(&ready->entry))
        list_append(&o->ready, &ready->entry);
}

void origin_ready_lower(struct origin_ready *ready, uint8_t bits) {
    ready->pending &= (uint8_t)~bits;
    if (ready->pending == 0 && list_is_linked(&ready->entry))
        list_remove(&ready->entry);
}

uint8_t origin_ready_first(const struct origin_ready *ready) {
    return ready->pending & (uint8_t)-ready->pending;
}

void origin_cells_drop(struct origin *o, struct cell_run *run) {
    struct cell *cell;
    while ((cell = cell_run_shift(run)))
        cell_pool_put(&o->cells, cell);
}
