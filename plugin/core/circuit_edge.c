#include "core/circuit_edge.h"

#include <string.h>

#include "base/check.h"

void circuit_edge_init(struct circuit_edge *edge, half_id half, uint16_t stream, uint32_t serial,
                       uint32_t credit, enum relay_format format) {
    *edge = (struct circuit_edge){
        .half = half, .stream = stream, .serial = serial, .credit = credit, .format = (uint8_t)format};
}

size_t circuit_edge_room(const struct circuit_edge *edge) {
    enum relay_format format = (enum relay_format)edge->format;
    return edge->credit ? (edge->credit - 1) * chunk_max(format) + chunk_padded_max(format) : 0;
}

size_t circuit_edge_cut(struct circuit_edge *edge, const uint8_t *bytes, size_t length, struct cell *chunk) {
    CHECK(length > 0);
    CHECK(length <= circuit_edge_room(edge));
    size_t max = chunk_max((enum relay_format)edge->format);
    size_t size = length < max ? length : max;
    chunk->kind = CELL_KIND_CHUNK;
    chunk->circ_id = edge->stream;
    chunk->serial = edge->serial;
    chunk->length = (uint16_t)size;
    chunk->to = edge->half;
    chunk->data_at = chunk_offset((enum relay_format)edge->format);
    memcpy(chunk_bytes(chunk), bytes, size);
    edge->credit--;
    return size;
}

void circuit_edge_split(struct cell *chunk, struct cell *front) {
    CHECK(!chunk_has_room(chunk));
    size_t size = CELL_BODY_LEN - 4u - CHUNK_PADDING - chunk->data_at;
    front->kind = CELL_KIND_CHUNK;
    front->circ_id = chunk->circ_id;
    front->serial = chunk->serial;
    front->length = (uint16_t)size;
    front->to = chunk->to;
    front->data_at = chunk->data_at;
    memcpy(chunk_bytes(front), chunk_bytes(chunk), size);
    chunk->length = (uint16_t)(chunk->length - size);
    memmove(chunk_bytes(chunk), chunk_bytes(chunk) + size, chunk->length);
}

uint32_t circuit_edge_spans(const struct circuit_edge *edge, struct span *spans_out, uint32_t max) {
    uint32_t n = 0;
    size_t offset = edge->out_offset;
    for (const struct cell *chunk = edge->out.first; chunk && n < max; chunk = chunk->next) {
        spans_out[n++] = (struct span){chunk->body + chunk->data_at + offset, chunk->length - offset};
        offset = 0;
    }
    return n;
}

void circuit_edge_written(struct circuit_edge *edge, size_t length, struct cell_run *done_out) {
    while (edge->out.first) {
        size_t left = edge->out.first->length - edge->out_offset;
        if (length < left)
            break;
        length -= left;
        edge->out_offset = 0;
        cell_run_append(done_out, cell_run_shift(&edge->out));
    }
    edge->out_offset += (uint32_t)length;
    CHECK(length == 0 || edge->out.first);
}
