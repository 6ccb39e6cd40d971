#include "core/flow_window.h"

#include <string.h>

#include "base/check.h"

void flow_window_init(struct flow_window *w, uint16_t start, uint16_t increment) {
    *w = (struct flow_window){.package = start, .deliver = start, .start = start, .increment = increment};
}

bool flow_package(struct flow_window *w) {
    CHECK(w->package > 0);
    w->package--;
    return (w->start - w->package) % w->increment == 0;
}

enum err flow_sendme_received(struct flow_window *w) {
    if (w->package + w->increment > w->start)
        return ERR_PROTOCOL;
    w->package = (uint16_t)(w->package + w->increment);
    return ERR_OK;
}

enum err flow_receive(struct flow_window *w) {
    if (w->deliver == 0)
        return ERR_PROTOCOL;
    w->deliver--;
    return ERR_OK;
}

uint16_t flow_consume(struct flow_window *w, uint32_t count) {
    CHECK(count <= (uint32_t)(w->start - w->deliver - w->consumed));
    uint32_t consumed = w->consumed + count;
    uint16_t due = (uint16_t)(consumed / w->increment);
    w->consumed = (uint16_t)(consumed % w->increment);
    w->deliver = (uint16_t)(w->deliver + due * w->increment);
    return due;
}

/* Cells of the present increment that are sent. */
static uint16_t sent_of_increment(const struct flow_window *w) {
    return (uint16_t)((w->start - w->package) % w->increment);
}

bool flow_wants_unforeseen(const struct flow_window *w, const struct flow_tags *t) {
    return !t->is_unforeseen && sent_of_increment(w) >= w->increment / 2;
}

bool flow_needs_unforeseen(const struct flow_window *w, const struct flow_tags *t) {
    return !t->is_unforeseen && sent_of_increment(w) == w->increment - 1;
}

void flow_tags_push(struct flow_tags *t, const uint8_t tag[static FLOW_TAG_LEN]) {
    CHECK(t->count < FLOW_TAGS_MAX);
    memcpy(t->tags[(t->first + t->count) % FLOW_TAGS_MAX], tag, FLOW_TAG_LEN);
    t->count++;
    t->is_unforeseen = false;
}

const uint8_t *flow_tags_pop(struct flow_tags *t) {
    if (t->count == 0)
        return NULL;
    const uint8_t *tag = t->tags[t->first];
    t->first = (uint8_t)((t->first + 1) % FLOW_TAGS_MAX);
    t->count--;
    return tag;
}
