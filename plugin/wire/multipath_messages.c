#include "wire/multipath_messages.h"

#include <string.h>

#define XON_VERSION  0u
#define LINK_VERSION 1u

static enum err version_decode(struct bytes_in *in, uint8_t expected) {
    uint8_t version = bytes_u8(in);
    if (!bytes_ok(in))
        return ERR_TRUNCATED;
    return version == expected ? ERR_OK : ERR_UNSUPPORTED;
}

enum err xon_decode(struct span body, struct xon_message *out) {
    struct bytes_in in = bytes_in(body.data, body.length);
    memset(out, 0, sizeof(*out));
    enum err e = version_decode(&in, XON_VERSION);
    if (e)
        return e;
    out->kb_per_s = bytes_u32(&in);
    return bytes_ok(&in) ? ERR_OK : ERR_TRUNCATED;
}

void xon_encode(struct bytes_out *out, const struct xon_message *m) {
    bytes_put_u8(out, XON_VERSION);
    bytes_put_u32(out, m->kb_per_s);
}

enum err xoff_decode(struct span body) {
    struct bytes_in in = bytes_in(body.data, body.length);
    return version_decode(&in, XON_VERSION);
}

void xoff_encode(struct bytes_out *out) {
    bytes_put_u8(out, XON_VERSION);
}

enum err conflux_link_decode(struct span body, struct conflux_link_message *out) {
    struct bytes_in in = bytes_in(body.data, body.length);
    memset(out, 0, sizeof(*out));
    enum err e = version_decode(&in, LINK_VERSION);
    if (e)
        return e;
    bytes_copy(&in, out->nonce, sizeof(out->nonce));
    out->last_sent = bytes_u64(&in);
    out->last_received = bytes_u64(&in);
    out->wish = bytes_u8(&in);
    if (!bytes_ok(&in))
        return ERR_TRUNCATED;
    return out->wish <= CONFLUX_LOW_MEM_THROUGHPUT ? ERR_OK : ERR_PROTOCOL;
}

void conflux_link_encode(struct bytes_out *out, const struct conflux_link_message *m) {
    bytes_put_u8(out, LINK_VERSION);
    bytes_put(out, m->nonce, sizeof(m->nonce));
    bytes_put_u64(out, m->last_sent);
    bytes_put_u64(out, m->last_received);
    bytes_put_u8(out, m->wish);
}

enum err conflux_switch_decode(struct span body, struct conflux_switch_message *out) {
    struct bytes_in in = bytes_in(body.data, body.length);
    memset(out, 0, sizeof(*out));
    out->skipped = bytes_u32(&in);
    return bytes_ok(&in) ? ERR_OK : ERR_TRUNCATED;
}

void conflux_switch_encode(struct bytes_out *out, const struct conflux_switch_message *m) {
    bytes_put_u32(out, m->skipped);
}
