#include "origin/origin_stream.h"

#include "base/bytes.h"
#include "base/check.h"

void origin_stream_init(struct origin_stream *s, struct origin_circuit *circuit, uint16_t id) {
    CHECK(id != 0);
    *s = (struct origin_stream){.circuit = circuit, .id = id, .state = ORIGIN_STREAM_CONNECTING};
    list_init(&s->entry);
    list_init(&s->starved);
    origin_ready_init(&s->ready, ORIGIN_OWNER_STREAM);
    flow_window_init(&s->window, STREAM_WINDOW_START, STREAM_WINDOW_INCREMENT);
}

void origin_stream_fini(struct origin *o, struct origin_stream *s) {
    origin_cells_drop(o, &s->inbox);
    origin_ready_lower(&s->ready, UINT8_MAX);
    list_remove(&s->starved);
}

enum err origin_stream_receive_connected(struct origin *o, struct origin_stream *s,
                                         const struct connected_message *m) {
    if (s->state != ORIGIN_STREAM_CONNECTING)
        return ERR_PROTOCOL;
    s->state = ORIGIN_STREAM_CONNECTED;
    s->destination = *m;
    origin_ready_raise(o, &s->ready, ORIGIN_STREAM_NEWS_CONNECTED);
    return ERR_OK;
}

enum err origin_stream_receive_data(struct origin *o, struct origin_stream *s, struct cell *cell,
                                    struct span data) {
    if (s->state != ORIGIN_STREAM_CONNECTED)
        return ERR_PROTOCOL;
    enum err e = s->is_uncounted ? ERR_OK : flow_receive(&s->window);
    if (e)
        return e;
    cell->data_at = (uint8_t)(data.data - cell->body);
    cell->length = (uint16_t)data.length;
    cell_run_append(&s->inbox, cell);
    origin_ready_raise(o, &s->ready, ORIGIN_STREAM_NEWS_DATA);
    return ERR_OK;
}

enum err origin_stream_receive_sendme(struct origin *o, struct origin_stream *s) {
    enum err e = flow_sendme_received(&s->window);
    if (e == ERR_OK)
        origin_stream_unblock(o, s);
    return e;
}

void origin_stream_receive_end(struct origin *o, struct origin_stream *s, uint8_t reason) {
    if (s->state == ORIGIN_STREAM_ENDED)
        return;
    s->state = ORIGIN_STREAM_ENDED;
    s->end_reason = reason;
    s->is_blocked = false;
    list_remove(&s->starved);
    origin_ready_lower(&s->ready, ORIGIN_STREAM_NEWS_WRITABLE);
    origin_ready_raise(o, &s->ready, ORIGIN_STREAM_NEWS_ENDED);
}

struct cell *origin_stream_read(struct origin_stream *s, uint16_t *sendmes_out) {
    *sendmes_out = 0;
    struct cell *cell = cell_run_shift(&s->inbox);
    if (cell && !s->is_uncounted)
        *sendmes_out = flow_consume(&s->window, 1);
    if (cell_run_is_empty(&s->inbox))
        origin_ready_lower(&s->ready, ORIGIN_STREAM_NEWS_DATA);
    return cell;
}

struct span origin_stream_cell_data(const struct cell *cell) {
    return (struct span){cell->body + cell->data_at, cell->length};
}

void origin_stream_block(struct origin_stream *s) {
    s->is_blocked = true;
}

void origin_stream_unblock(struct origin *o, struct origin_stream *s) {
    if (!s->is_blocked)
        return;
    s->is_blocked = false;
    list_remove(&s->starved);
    origin_ready_raise(o, &s->ready, ORIGIN_STREAM_NEWS_WRITABLE);
}

void origin_stream_starve(struct origin *o, struct origin_stream *s) {
    s->is_blocked = true;
    if (!list_is_linked(&s->starved))
        list_append(&o->starved, &s->starved);
}

void origin_stream_feed(struct origin *o) {
    struct list *first = list_take_first(&o->starved);
    if (first)
        origin_stream_unblock(o, LIST_ENTRY(first, struct origin_stream, starved));
}
