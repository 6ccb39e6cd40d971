#include "wire/cell.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "support/fuzz.h"

#define CELLS_MAX    64u
#define VARIABLE_MAX 1024u

/* How a byte stream was cut: the cells, where the next one starts, and why it stopped. */
struct framing {
    struct cell_view cells[CELLS_MAX];
    uint32_t count;
    size_t taken;
    enum err e;
};

static struct framing frame_whole(struct span stream, unsigned circ_id_length) {
    struct framing f = {0};
    struct bytes_in in = bytes_in(stream.data, stream.length);
    f.e = cell_frame(&in, circ_id_length, VARIABLE_MAX, f.cells, CELLS_MAX, &f.count);
    f.taken = stream.length - bytes_left(&in);
    return f;
}

/* Encoding is unique: the cells put again are the bytes that they were cut from. */
static void check_encoding(const struct framing *f, struct span stream, unsigned circ_id_length) {
    uint8_t *copy = malloc(stream.length + 1);
    size_t length = 0;
    CHECK(copy);
    struct bytes_out out = bytes_out(copy, stream.length);
    for (uint32_t i = 0; i < f->count; i++) {
        const struct cell_view *cell = &f->cells[i];
        length += cell_wire_length(cell->command, cell->length, circ_id_length);
        cell_put(&out, circ_id_length, cell->circ_id, cell->command, cell->body, cell->length);
    }
    CHECK(bytes_out_ok(&out));
    CHECK(bytes_written(&out) == f->taken);
    CHECK(length == f->taken);
    CHECK(memcmp(copy, stream.data, length) == 0);
    free(copy);
}

/* One read: of what lies there up to end, in memory of that size, at most cells_max cells. */
static enum err read_once(struct span stream, size_t *at, size_t end, unsigned circ_id_length,
                          uint32_t cells_max, const struct framing *expected, uint32_t *seen) {
    uint8_t *exact = malloc(end - *at + 1);
    struct cell_view views[CELLS_MAX];
    uint32_t n;
    CHECK(exact);
    memcpy(exact, stream.data + *at, end - *at);
    struct bytes_in in = bytes_in(exact, end - *at);
    enum err e = cell_frame(&in, circ_id_length, VARIABLE_MAX, views, cells_max, &n);
    for (uint32_t i = 0; i < n; i++) {
        const struct cell_view *cell = &expected->cells[(*seen)++];
        CHECK(views[i].circ_id == cell->circ_id);
        CHECK(views[i].command == cell->command);
        CHECK(views[i].length == cell->length);
        CHECK(memcmp(views[i].body, cell->body, cell->length) == 0);
    }
    *at = end - bytes_left(&in);
    free(exact);
    return e;
}

/* The same stream in pieces, whose sizes step says, gives the same cells. */
static void check_pieces(const struct framing *expected, struct span stream, unsigned circ_id_length,
                         uint8_t step) {
    size_t at = 0, end = 0;
    uint32_t seen = 0;
    enum err e = ERR_OK;
    while (!e && seen < expected->count) {
        size_t before = at;
        uint32_t left = expected->count - seen, cells_max = 1 + step % 3;
        e = read_once(stream, &at, end, circ_id_length, cells_max < left ? cells_max : left, expected, &seen);
        if (at > before)
            continue; /* there may be more cells in what was read already */
        if (end == stream.length)
            break;
        size_t piece = 1 + (end * 7 + step) % (4 * (size_t)step + 1);
        end = piece < stream.length - end ? end + piece : stream.length;
    }
    CHECK(seen == expected->count);
    CHECK(at == expected->taken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    unsigned circ_id_length = data[0] & 1 ? 2 : 4;
    struct span stream = {data + 1, size - 1};
    struct framing whole = frame_whole(stream, circ_id_length);
    CHECK(whole.e == ERR_OK || whole.e == ERR_LIMIT);
    check_encoding(&whole, stream, circ_id_length);
    check_pieces(&whole, stream, circ_id_length, data[0] >> 1);
    return 0;
}
