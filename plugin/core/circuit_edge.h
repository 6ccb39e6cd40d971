/* circuit_edge - the end of an exit stream at its connection to the destination: raw bytes in chunks, both ways.
 *
 * Owner: the manager whose thread has the connection; the circuit half may be another's. A chunk is a cell whose bytes lie
 * where a relay DATA cell of the circuit's format has them (cell.data_at), so that neither side moves them.
 * Bound: towards the origin an edge has at most EDGE_CREDIT chunks on the way, and reads no further until the half has
 * packaged some; towards the destination the stream's window bounds what can wait. */
#ifndef LOOM_CORE_CIRCUIT_EDGE_H
#define LOOM_CORE_CIRCUIT_EDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/ids.h"
#include "core/cell_pool.h"
#include "wire/relay_cell.h"

#define EDGE_CREDIT       128u /* 64 kB: more than the half can send before it gives credit back */
#define EDGE_CREDIT_LEAST 8u   /* when a circuit has very many streams */
/* Where the bytes of a chunk begin, and how many there may be. */
static inline uint8_t chunk_offset(enum relay_format format) {
    return (uint8_t)relay_data_offset(format, RELAY_DATA);
}
static inline size_t chunk_max(enum relay_format format) {
    return relay_data_max(format, RELAY_DATA);
}
/* Behind so many bytes a DATA cell has room for four zeros and CHUNK_PADDING unpredictable bytes. */
#define CHUNK_PADDING 16u
static inline size_t chunk_padded_max(enum relay_format format) {
    return chunk_max(format) - 4u - CHUNK_PADDING;
}
static inline uint8_t *chunk_bytes(struct cell *chunk) {
    return chunk->body + chunk->data_at;
}
/* Room for padding behind the bytes. */
static inline bool chunk_has_room(const struct cell *chunk) {
    return (size_t)chunk->data_at + chunk->length + 4u + CHUNK_PADDING <= CELL_BODY_LEN;
}

struct circuit_edge {
    half_id half;
    struct cell_run out; /* for the destination */
    uint32_t out_offset; /* bytes of the first chunk that are written already */
    uint32_t credit;     /* chunks that may still be sent to the half */
    uint32_t serial;     /* of the stream: ids are used again */
    uint16_t stream;
    uint8_t format; /* enum relay_format */
    bool is_connected;
    bool is_paused;  /* reading from the destination */
    bool is_closing; /* close when out is written */
};

/* credit: at most EDGE_CREDIT. */
void circuit_edge_init(struct circuit_edge *edge, half_id half, uint16_t stream, uint32_t serial,
                       uint32_t credit, enum relay_format format);
/* Bytes that the destination may give now: so many that a read of them all ends with a chunk that has room for padding. */
size_t circuit_edge_room(const struct circuit_edge *edge);
/* Fill chunk, a fresh cell, with the first of bytes (not 0, at most circuit_edge_room) and pay for it with credit. Returns
 * how many it took. */
size_t circuit_edge_cut(struct circuit_edge *edge, const uint8_t *bytes, size_t length, struct cell *chunk);
/* Move the front of a chunk without room for padding, so much as leaves that room, into front, a fresh cell of the same pool
 * or another. */
void circuit_edge_split(struct cell *chunk, struct cell *front);
/* The next bytes for the destination. */
uint32_t circuit_edge_spans(const struct circuit_edge *edge, struct span *spans_out, uint32_t max);
/* length bytes were written; the chunks that are done with are appended to done_out. */
void circuit_edge_written(struct circuit_edge *edge, size_t length, struct cell_run *done_out);

#endif
