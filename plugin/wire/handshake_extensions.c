#include "wire/handshake_extensions.h"

#include <string.h>

enum extension { EXTENSION_CC_REQUEST = 1, EXTENSION_CC_RESPONSE = 2, EXTENSION_SUBPROTOCOLS = 3 };

/* Ids of subprotocols, proposal 346; and their versions that a client may ask for. */
#define SUBPROTOCOL_RELAY 2u
#define RELAY_CGO         6u

/* Pairs of protocol and version, each greater than the one before. */
static enum err subprotocols_decode(struct span body, struct handshake_request *out) {
    struct bytes_in in = bytes_in(body.data, body.length);
    int before = -1;
    if (body.length % 2)
        return ERR_MALFORMED;
    while (bytes_left(&in) > 0) {
        uint16_t pair = bytes_u16(&in);
        if (pair <= before)
            return ERR_MALFORMED;
        before = pair;
        if (pair != (SUBPROTOCOL_RELAY << 8 | RELAY_CGO))
            return ERR_UNSUPPORTED;
        out->wants_cgo = true;
    }
    return ERR_OK;
}

/* Give each field of a list to take. ERR_TRUNCATED when one is cut off. */
static enum err each_field(struct span message,
                           enum err (*take)(void *reading, uint8_t type, struct span body), void *reading) {
    struct bytes_in in = bytes_in(message.data, message.length);
    unsigned count = bytes_u8(&in);
    if (!bytes_ok(&in))
        return ERR_TRUNCATED;
    while (count-- > 0) {
        uint8_t type = bytes_u8(&in);
        struct span body = bytes_span(&in, bytes_u8(&in));
        if (!bytes_ok(&in))
            return ERR_TRUNCATED;
        enum err e = take(reading, type, body);
        if (e)
            return e;
    }
    return ERR_OK;
}

struct request_reading {
    struct handshake_request *out;
    bool has_subprotocols;
};

static enum err take_request_field(void *context, uint8_t type, struct span body) {
    struct request_reading *reading = context;
    if (type == EXTENSION_CC_REQUEST)
        reading->out->wants_congestion_control = true;
    if (type != EXTENSION_SUBPROTOCOLS || reading->has_subprotocols)
        return ERR_OK;
    reading->has_subprotocols = true;
    return subprotocols_decode(body, reading->out);
}

enum err handshake_request_decode(struct span message, struct handshake_request *out) {
    struct request_reading reading = {.out = out};
    memset(out, 0, sizeof(*out));
    enum err e = each_field(message, take_request_field, &reading);
    if (e)
        return e;
    return out->wants_cgo && !out->wants_congestion_control ? ERR_UNSUPPORTED : ERR_OK;
}

void handshake_request_encode(struct bytes_out *out, const struct handshake_request *m) {
    bytes_put_u8(out, (uint8_t)(m->wants_congestion_control + m->wants_cgo));
    if (m->wants_congestion_control) {
        bytes_put_u8(out, EXTENSION_CC_REQUEST);
        bytes_put_u8(out, 0);
    }
    if (m->wants_cgo) {
        bytes_put_u8(out, EXTENSION_SUBPROTOCOLS);
        bytes_put_u8(out, 2);
        bytes_put_u8(out, SUBPROTOCOL_RELAY);
        bytes_put_u8(out, RELAY_CGO);
    }
}

struct reply_reading {
    struct handshake_reply *out;
    bool is_granted;
};

static enum err take_reply_field(void *context, uint8_t type, struct span body) {
    struct reply_reading *reading = context;
    if (type != EXTENSION_CC_RESPONSE || reading->is_granted)
        return ERR_OK;
    if (body.length < 1)
        return ERR_TRUNCATED;
    if (body.data[0] == 0)
        return ERR_PROTOCOL;
    reading->out->sendme_inc = body.data[0];
    reading->is_granted = true;
    return ERR_OK;
}

enum err handshake_reply_decode(struct span message, struct handshake_reply *out) {
    struct reply_reading reading = {.out = out};
    memset(out, 0, sizeof(*out));
    return each_field(message, take_reply_field, &reading);
}

void handshake_reply_encode(struct bytes_out *out, const struct handshake_reply *m) {
    bytes_put_u8(out, m->sendme_inc != 0);
    if (m->sendme_inc) {
        bytes_put_u8(out, EXTENSION_CC_RESPONSE);
        bytes_put_u8(out, 1);
        bytes_put_u8(out, m->sendme_inc);
    }
}
