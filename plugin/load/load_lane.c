#include "load/load_lane.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypt/provider.h"
#include "load/load_connection.h"
#include "native/heap.h"

#define VIEWS_MAX      64u
#define VARIABLE_MAX   1024u /* VPADDING; nothing else of variable length comes once a link is open */
#define CIRCUITS_LEAST 16u
#define NOT_WRITING    UINT32_MAX

void load_lane_init(struct load_lane *lane, bool is_verified) {
    *lane = (struct load_lane){.is_verified = is_verified};
    table_init(&lane->by_id, &heap_memory, 0);
}

void load_lane_fini(struct load_lane *lane) {
    uint32_t cursor = 0;
    struct load_circuit *circuit;
    while ((circuit = table_take(&lane->by_id, &cursor)) != NULL)
        free(circuit);
    free(lane->circuits);
    table_fini(&lane->by_id);
}

static void let_write(struct load_lane *lane, struct load_circuit *circuit) {
    if (lane->count == lane->room) {
        lane->room = lane->room ? 2 * lane->room : CIRCUITS_LEAST;
        lane->circuits = realloc(lane->circuits, lane->room * sizeof *lane->circuits);
        CHECK(lane->circuits);
    }
    circuit->place = lane->count;
    lane->circuits[lane->count++] = circuit;
}

void load_lane_add(struct load_lane *lane, const struct load_circuit *circuit) {
    struct load_circuit *kept = heap_new(sizeof *kept);
    *kept = *circuit;
    kept->place = NOT_WRITING;
    CHECK(table_set(&lane->by_id, circuit->id, kept) == ERR_OK);
    if (!lane->answers_only)
        let_write(lane, kept);
}

static void let_not_write(struct load_lane *lane, const struct load_circuit *circuit) {
    struct load_circuit *last = lane->circuits[--lane->count];
    lane->circuits[circuit->place] = last;
    last->place = circuit->place;
    lane->run_left = 0;
}

void load_lane_drop(struct load_lane *lane, uint32_t id) {
    struct load_circuit *gone = table_remove(&lane->by_id, id);
    if (gone && gone->place != NOT_WRITING)
        let_not_write(lane, gone);
    free(gone);
}

/* --- writing ----------------------------------------------------------------------------------------------------- */

static struct load_circuit *next_circuit(struct load_lane *lane, uint32_t run) {
    if (lane->run_left == 0) {
        lane->cursor = (lane->cursor + 1) % lane->count;
        lane->run_left = run;
    }
    lane->run_left--;
    return lane->circuits[lane->cursor];
}

static void put_cell(struct load_lane *lane, struct load_shape *shape, uint8_t *cell) {
    struct load_circuit *circuit = next_circuit(lane, shape->run);
    uint8_t *body = cell + CELL_HEADER_LEN;
    store_u32(cell, circuit->id);
    cell[4] = CELL_RELAY;
    load_pattern_fill(&shape->pattern, circuit->number, circuit->sent++, body);
    if (lane->is_verified && circuit->wrap) {
        struct crypt_cell one = {.from = body, .to = body, .command = CELL_RELAY};
        shape->crypt->layer_crypt(circuit->wrap, &one, 1, &shape->work);
    }
}

uint32_t load_lane_write(struct load_lane *lane, struct load_shape *shape, uint32_t max) {
    uint32_t written = 0;
    if (lane->count == 0 || !load_connection_can_write(lane->connection))
        return 0;
    for (unsigned record = 0; record < LOAD_RECORDS_A_SEND && written < max; record++) {
        uint32_t n = max - written < shape->record_cells ? max - written : shape->record_cells;
        for (uint32_t i = 0; i < n; i++)
            put_cell(lane, shape, shape->record + i * CELL_LEN);
        if (!load_connection_seal(lane->connection, shape->record, n * CELL_LEN))
            return 0;
        written += n;
    }
    if (!load_connection_send(lane->connection))
        return 0;
    lane->sent += written;
    return written;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

static bool body_fits(struct load_circuit *circuit, struct load_shape *shape, const uint8_t *body) {
    uint8_t plain[CELL_BODY_LEN];
    if (circuit->peel) {
        struct crypt_cell one = {.from = body, .to = plain, .command = CELL_RELAY};
        shape->crypt->layer_crypt(circuit->peel, &one, 1, &shape->work);
        body = plain;
    }
    if (!circuit->is_met) {
        circuit->is_met = true;
        circuit->peer_number = load_pattern_circuit(body);
    }
    return load_pattern_fits(&shape->pattern, circuit->peer_number, circuit->received, body);
}

void load_lane_take(struct load_lane *lane, struct load_shape *shape, const struct cell_view *cell) {
    if (cell->command == CELL_PADDING || cell->command == CELL_VPADDING)
        return;
    struct load_circuit *circuit = table_get(&lane->by_id, cell->circ_id);
    lane->received++;
    if (circuit && circuit->place == NOT_WRITING)
        let_write(lane, circuit);
    if (!lane->is_verified)
        return;
    if (circuit && cell->command == CELL_RELAY && body_fits(circuit, shape, cell->body))
        lane->verified++;
    else
        lane->wrong++;
    if (circuit)
        circuit->received++;
}

size_t load_lane_receive(struct load_lane *lane, struct load_shape *shape, const uint8_t *bytes,
                         size_t length) {
    struct cell_view views[VIEWS_MAX];
    struct bytes_in in = bytes_in(bytes, length);
    uint32_t n;
    do {
        if (cell_frame(&in, 4, VARIABLE_MAX, views, VIEWS_MAX, &n) != ERR_OK) {
            lane->wrong++;
            return length;
        }
        for (uint32_t i = 0; i < n; i++)
            load_lane_take(lane, shape, &views[i]);
    } while (n == VIEWS_MAX);
    return length - bytes_left(&in);
}

void load_lane_discarded(struct load_lane *lane, uint64_t length) {
    uint64_t before = lane->discarded_bytes / CELL_LEN;
    lane->discarded_bytes += length;
    lane->received += lane->discarded_bytes / CELL_LEN - before;
}
