#include "load/load_stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypt/provider.h"
#include "native/heap.h"
#include "wire/relay_cell.h"

struct load_stream *load_stream_new(const struct crypt_provider *crypt, void *forward, void *backward,
                                    uint16_t id, bool is_up) {
    struct load_stream *s = heap_new(sizeof *s);
    *s = (struct load_stream){
        .crypt = crypt, .forward = forward, .backward = backward, .id = id, .is_up = is_up};
    flow_window_init(&s->circuit, CIRCUIT_WINDOW_START, CIRCUIT_WINDOW_INCREMENT);
    flow_window_init(&s->stream, STREAM_WINDOW_START, STREAM_WINDOW_INCREMENT);
    return s;
}

void load_stream_free(struct load_stream *s) {
    free(s);
}

static void seal(struct load_stream *s, const struct relay_message *message, uint8_t *body,
                 struct work *work) {
    relay_message_encode(RELAY_V0, body, message, NULL);
    struct crypt_cell cell = {.from = body, .to = body, .command = CELL_RELAY};
    s->crypt->layer_originate(s->forward, &cell, work);
}

void load_stream_put_data(struct load_stream *s, uint8_t body_out[static CELL_BODY_LEN], struct work *work) {
    static const uint8_t data[RELAY_DATA_MAX];
    const struct relay_message message = {
        .command = RELAY_DATA, .stream = s->id, .data = {data, sizeof data}};
    (void)flow_package(&s->circuit);
    (void)flow_package(&s->stream);
    seal(s, &message, body_out, work);
}

bool load_stream_put_sendme(struct load_stream *s, uint8_t body_out[static CELL_BODY_LEN],
                            struct work *work) {
    struct relay_message message = {.command = RELAY_SENDME};
    if (s->circuit_due > 0) {
        s->circuit_due--;
    } else if (s->stream_due > 0) {
        s->stream_due--;
        message.stream = s->id;
    } else {
        return false;
    }
    seal(s, &message, body_out, work);
    return true;
}

static bool is_open(struct load_stream *s, const uint8_t *body, uint8_t *plain, struct relay_message *out,
                    struct work *work) {
    struct crypt_cell cell = {.from = body, .to = plain, .command = CELL_RELAY};
    s->crypt->layer_crypt(s->backward, &cell, 1, work);
    return cell.is_ours && s->crypt->layer_recognize(s->backward, &cell, work) &&
           relay_message_decode(RELAY_V0, plain, out) == ERR_OK;
}

static enum load_stream_news take_sendme(struct load_stream *s, const uint8_t *body, struct work *work) {
    uint8_t plain[CELL_BODY_LEN];
    struct relay_message message;
    if (!is_open(s, body, plain, &message, work) || message.command != RELAY_SENDME ||
        (message.stream != 0 && message.stream != s->id))
        return LOAD_STREAM_WRONG;
    struct flow_window *window = message.stream == 0 ? &s->circuit : &s->stream;
    return flow_sendme_received(window) == ERR_OK ? LOAD_STREAM_SENDME : LOAD_STREAM_WRONG;
}

static bool is_data(struct load_stream *s, const uint8_t *body, struct work *work) {
    uint8_t plain[CELL_BODY_LEN];
    struct relay_message message;
    return is_open(s, body, plain, &message, work) && message.command == RELAY_DATA &&
           message.stream == s->id && message.data.length > 0;
}

enum load_stream_news load_stream_take(struct load_stream *s, const uint8_t body[static CELL_BODY_LEN],
                                       bool is_verified, struct work *work) {
    if (s->is_up)
        return take_sendme(s, body, work);
    if (is_verified && !is_data(s, body, work))
        return LOAD_STREAM_WRONG;
    if (flow_receive(&s->circuit) != ERR_OK || flow_receive(&s->stream) != ERR_OK)
        return LOAD_STREAM_WRONG;
    s->circuit_due = (uint16_t)(s->circuit_due + flow_consume(&s->circuit, 1));
    s->stream_due = (uint16_t)(s->stream_due + flow_consume(&s->stream, 1));
    return LOAD_STREAM_DATA;
}
