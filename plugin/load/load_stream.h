/* load_stream - a stream that ends at the relay under load, as its client has it: DATA cells in one direction, with tor's fixed
 * windows, and the SENDMEs that these ask for (tor-spec 7.3, 7.4).
 *
 * Cells are made and taken by hand, because the load must be quicker than the relay: a client that only receives looks at
 * no DATA cell, unless it verifies them, and so answers with SENDMEs of version 0, which name no cell.
 * Owner: its circuit on a lane. Memory: from the heap; borrows the layers of its hop. */
#ifndef LOOM_LOAD_LOAD_STREAM_H
#define LOOM_LOAD_LOAD_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/work.h"
#include "core/flow_window.h"
#include "wire/cell.h"

struct crypt_provider;

struct load_stream {
    const struct crypt_provider *crypt;
    void *forward, *backward; /* layers of the relay, as its client has them */
    struct flow_window circuit, stream;
    uint16_t circuit_due, stream_due; /* SENDMEs that we owe */
    uint16_t id;
    bool is_up; /* it sends; otherwise it receives */
};

/* What a cell of the relay was. */
enum load_stream_news { LOAD_STREAM_WRONG, LOAD_STREAM_DATA, LOAD_STREAM_SENDME };

MUST_USE struct load_stream *load_stream_new(const struct crypt_provider *crypt, void *forward,
                                             void *backward, uint16_t id, bool is_up);
/* NULL is fine. */
void load_stream_free(struct load_stream *stream);

/* It sends, and both windows are open. */
static inline bool load_stream_may_write(const struct load_stream *stream) {
    return stream->is_up && flow_may_package(&stream->circuit) && flow_may_package(&stream->stream);
}
/* Make the body of the next cell, full of data. It may write. */
void load_stream_put_data(struct load_stream *stream, uint8_t body_out[static CELL_BODY_LEN],
                          struct work *work);
/* Make the body of a SENDME that is owed. False when none is. */
MUST_USE bool load_stream_put_sendme(struct load_stream *stream, uint8_t body_out[static CELL_BODY_LEN],
                                     struct work *work);
static inline bool load_stream_owes(const struct load_stream *stream) {
    return stream->circuit_due + stream->stream_due > 0;
}
/* A cell came. Data is only counted, and what it says is not looked at, unless it is verified: then it must be a DATA cell of the
 * stream that the relay sealed. */
enum load_stream_news load_stream_take(struct load_stream *stream, const uint8_t body[static CELL_BODY_LEN],
                                       bool is_verified, struct work *work);

#endif
