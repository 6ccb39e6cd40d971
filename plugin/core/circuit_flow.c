#include "core/circuit_flow.h"

#include "base/bytes.h"
#include "base/check.h"

void circuit_flow_init(struct circuit_flow *f, const struct congestion_params *params, uint8_t sendme_inc) {
    *f = (struct circuit_flow){.increment = sendme_inc, .is_congestion_controlled = sendme_inc != 0};
    if (f->is_congestion_controlled) {
        congestion_init(&f->congestion, params, sendme_inc);
        return;
    }
    f->increment = CIRCUIT_WINDOW_INCREMENT;
    flow_window_init(&f->window, CIRCUIT_WINDOW_START, CIRCUIT_WINDOW_INCREMENT);
}

void circuit_flow_fini(struct circuit_flow *f, const struct memory *memory) {
    flow_tags_fini(&f->tags, memory);
}

uint32_t circuit_flow_room(const struct circuit_flow *f) {
    if (!f->is_congestion_controlled)
        return f->window.package;
    const struct congestion *c = &f->congestion;
    return congestion_may_send(c) ? c->cwnd - c->inflight : 0;
}

bool circuit_flow_wants_unforeseen(const struct circuit_flow *f) {
    return flow_wants_unforeseen(&f->tags, f->sent, f->increment);
}

bool circuit_flow_needs_unforeseen(const struct circuit_flow *f) {
    return flow_needs_unforeseen(&f->tags, f->sent, f->increment);
}

enum err circuit_flow_sent(struct circuit_flow *f, const struct memory *memory, nsec now,
                           const uint8_t tag[static FLOW_TAG_LEN]) {
    if (f->is_congestion_controlled)
        congestion_sent(&f->congestion);
    else
        (void)flow_package(&f->window);
    if (++f->sent < f->increment)
        return ERR_OK;
    f->sent = 0;
    return flow_tags_push(&f->tags, memory, now, tag);
}

void circuit_flow_passed(struct circuit_flow *f) {
    if (++f->sent < f->increment)
        return;
    f->sent = 0;
    f->tags.is_unforeseen = false;
}

/* A SENDME of version 1 shows that the peer has really received the cell that it answers (proposal 289). */
static bool shows(const struct flow_tag *tag, const struct sendme_message *sendme, uint8_t tag_length) {
    return sendme->tag_length == tag_length && bytes_equal_const_time(tag->tag, sendme->tag, tag_length);
}

enum err circuit_flow_answered(struct circuit_flow *f, const struct congestion_params *params, nsec now,
                               const struct sendme_message *sendme, uint8_t tag_length,
                               struct circuit_pressure pressure) {
    CHECK(tag_length <= FLOW_TAG_LEN);
    const struct flow_tag *tag = flow_tags_pop(&f->tags);
    if (!tag)
        return ERR_PROTOCOL;
    if (sendme->version == 0 ? f->is_congestion_controlled : !shows(tag, sendme, tag_length))
        return ERR_PROTOCOL;
    if (!f->is_congestion_controlled)
        return flow_sendme_received(&f->window);
    congestion_answered(&f->congestion, params, now - tag->sent, pressure.is_blocked, pressure.queued);
    return ERR_OK;
}

enum err circuit_flow_received(struct circuit_flow *f, bool *owes_sendme_out) {
    *owes_sendme_out = false;
    if (f->is_congestion_controlled) {
        f->received = (uint16_t)((f->received + 1) % f->increment);
        *owes_sendme_out = f->received == 0;
        return ERR_OK;
    }
    enum err e = flow_receive(&f->window);
    if (!e)
        *owes_sendme_out = flow_consume(&f->window, 1) > 0;
    return e;
}
