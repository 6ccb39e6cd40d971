#include "load/load_lane.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypt/provider.h"
#include "load/load_connection.h"
#include "load/load_delays.h"
#include "load/load_stream.h"
#include "native/heap.h"
#include "native/openssl_provider.h"
#include "native/turn_clock.h"

#define VIEWS_MAX      64u
#define VARIABLE_MAX   1024u /* VPADDING; nothing else of variable length comes once a link is open */
#define CIRCUITS_LEAST 16u
#define NOT_WRITING    UINT32_MAX
#define PATTERN_SEED   1u

void load_shape_init(struct load_shape *shape, uint32_t record_cells, uint32_t run) {
    *shape = (struct load_shape){.crypt = openssl_provider(), .record_cells = record_cells, .run = run};
    load_pattern_init(&shape->pattern, PATTERN_SEED);
}

void load_lane_init(struct load_lane *lane, bool is_verified) {
    *lane = (struct load_lane){.is_verified = is_verified};
    table_init(&lane->by_id, &heap_memory, 0);
    list_init(&lane->owing);
}

static void circuit_free(struct load_circuit *circuit) {
    list_remove(&circuit->owing);
    load_stream_free(circuit->stream);
    free(circuit);
}

void load_lane_fini(struct load_lane *lane) {
    uint32_t cursor = 0;
    struct load_circuit *circuit;
    while ((circuit = table_take(&lane->by_id, &cursor)) != NULL)
        circuit_free(circuit);
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
    list_init(&kept->owing);
    CHECK(table_set(&lane->by_id, circuit->id, kept) == ERR_OK);
    if (!lane->answers_only && (!kept->stream || kept->stream->is_up))
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
    if (gone)
        circuit_free(gone);
}

/* --- writing ----------------------------------------------------------------------------------------------------- */

static bool may_write(const struct load_circuit *circuit) {
    return !circuit->stream || load_stream_may_write(circuit->stream);
}

/* NULL when none may write. */
static struct load_circuit *next_circuit(struct load_lane *lane, uint32_t run) {
    if (lane->run_left > 0 && may_write(lane->circuits[lane->cursor])) {
        lane->run_left--;
        return lane->circuits[lane->cursor];
    }
    for (uint32_t i = 1; i <= lane->count; i++) {
        uint32_t at = (lane->cursor + i) % lane->count;
        if (!may_write(lane->circuits[at]))
            continue;
        lane->cursor = at;
        lane->run_left = run - 1;
        return lane->circuits[at];
    }
    return NULL;
}

static uint8_t *put_header(uint8_t *cell, uint32_t circ_id) {
    store_u32(cell, circ_id);
    cell[4] = CELL_RELAY;
    return cell + CELL_HEADER_LEN;
}

static void put_cell(struct load_lane *lane, struct load_shape *shape, struct load_circuit *circuit,
                     uint8_t *cell) {
    uint8_t *body = put_header(cell, circuit->id);
    if (circuit->stream) {
        load_stream_put_data(circuit->stream, body, &shape->work);
        return;
    }
    load_pattern_fill(&shape->pattern, circuit->number, circuit->sent++, shape->now, body);
    if (lane->is_verified && circuit->wrap) {
        struct crypt_cell one = {.from = body, .to = body, .command = CELL_RELAY};
        shape->crypt->layer_crypt(circuit->wrap, &one, 1, &shape->work);
    }
}

/* Fill the record with up to max cells; returns how many. */
static uint32_t put_record(struct load_lane *lane, struct load_shape *shape, uint32_t max) {
    for (uint32_t i = 0; i < max; i++) {
        struct load_circuit *circuit = next_circuit(lane, shape->run);
        if (!circuit)
            return i;
        put_cell(lane, shape, circuit, shape->record + i * CELL_LEN);
    }
    return max;
}

uint32_t load_lane_write(struct load_lane *lane, struct load_shape *shape, uint32_t max) {
    uint32_t written = 0;
    if (lane->count == 0 || !load_connection_can_write(lane->connection))
        return 0;
    for (unsigned record = 0; record < LOAD_RECORDS_A_SEND && written < max; record++) {
        uint32_t left = max - written;
        uint32_t n = put_record(lane, shape, left < shape->record_cells ? left : shape->record_cells);
        if (n == 0)
            break;
        if (!load_connection_seal(lane->connection, shape->record, n * CELL_LEN))
            return 0;
        written += n;
    }
    if (!load_connection_send(lane->connection))
        return 0;
    lane->sent += written;
    return written;
}

static uint32_t put_sendmes(struct load_lane *lane, struct load_shape *shape) {
    uint32_t n = 0;
    while (n < LOAD_RECORD_MAX && !list_is_empty(&lane->owing)) {
        struct load_circuit *circuit = LIST_ENTRY(lane->owing.next, struct load_circuit, owing);
        uint8_t *body = put_header(shape->record + n * CELL_LEN, circuit->id);
        if (load_stream_put_sendme(circuit->stream, body, &shape->work))
            n++;
        if (!load_stream_owes(circuit->stream))
            list_remove(&circuit->owing);
    }
    return n;
}

void load_lane_answer(struct load_lane *lane, struct load_shape *shape) {
    if (list_is_empty(&lane->owing) || !load_connection_can_write(lane->connection))
        return;
    for (unsigned record = 0; record < LOAD_RECORDS_A_SEND; record++) {
        uint32_t n = put_sendmes(lane, shape);
        if (n == 0)
            break;
        lane->sendmes += n;
        if (!load_connection_seal(lane->connection, shape->record, n * CELL_LEN))
            lane->wrong++;
    }
    if (!load_connection_send(lane->connection))
        lane->wrong++;
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
    if (shape->delays)
        load_delay_slices_add(shape->delays, shape->now, shape->now - load_pattern_at(body));
    return load_pattern_fits(&shape->pattern, circuit->peer_number, circuit->received, body);
}

static void take_of_stream(struct load_lane *lane, struct load_shape *shape, struct load_circuit *circuit,
                           const struct cell_view *cell) {
    enum load_stream_news news = LOAD_STREAM_WRONG;
    if (cell->command == CELL_RELAY)
        news = load_stream_take(circuit->stream, cell->body, lane->is_verified, &shape->work);
    switch (news) {
    case LOAD_STREAM_WRONG: lane->wrong++; break;
    case LOAD_STREAM_SENDME: lane->sendmes++; break;
    case LOAD_STREAM_DATA:
        lane->received++;
        lane->verified += lane->is_verified;
        break;
    }
    if (load_stream_owes(circuit->stream) && !list_is_linked(&circuit->owing))
        list_append(&lane->owing, &circuit->owing);
}

void load_lane_take(struct load_lane *lane, struct load_shape *shape, const struct cell_view *cell) {
    if (cell->command == CELL_PADDING || cell->command == CELL_VPADDING)
        return;
    struct load_circuit *circuit = table_get(&lane->by_id, cell->circ_id);
    if (circuit && circuit->stream) {
        take_of_stream(lane, shape, circuit, cell);
        return;
    }
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
    if (shape->delays)
        shape->now = monotonic_read();
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
