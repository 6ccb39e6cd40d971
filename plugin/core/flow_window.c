#include "core/flow_window.h"

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
