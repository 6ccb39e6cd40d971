#include "core/cell_trail.h"

#include <stddef.h>

void cell_trail_add(struct cell_trail *trail, struct cell *first) {
    for (struct cell *cell = first; cell != NULL; cell = cell->next) {
        struct cell **place = &trail->recent[trail->count++ % CELL_TRAIL_LEN];
        if (*place != NULL)
            (*place)->ahead = cell;
        *place = cell;
        cell->ahead = NULL;
    }
}

void cell_trail_reset(struct cell_trail *trail) {
    *trail = (struct cell_trail){.count = 0};
}
