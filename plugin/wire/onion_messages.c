#include "wire/onion_messages.h"

#include <string.h>

#define AUTH_KEY_ED25519    2u
#define EXTENSION_DOS       1u
#define DOS_RATE_PER_S      1u
#define DOS_BURST_PER_S     2u
#define LEGACY_KEY_ID_LEN   20u /* of version 2: zeros today */
#define DOS_EXTENSION_BYTES (1u + 2u * (1u + 8u))

/* Extensions, rend-spec-v3 3.1.1: a number of type, length and field. The first field of the type asked for goes to
 * field_out. */
static void extensions_read(struct bytes_in *in, uint8_t wanted, struct span *field_out) {
    *field_out = (struct span){NULL, 0};
    for (unsigned n = bytes_u8(in); n > 0 && bytes_ok(in); n--) {
        uint8_t type = bytes_u8(in);
        struct span field = bytes_span(in, bytes_u8(in));
        if (bytes_ok(in) && type == wanted && !field_out->data)
            *field_out = field;
    }
}

static enum err auth_key_read(struct bytes_in *in, uint8_t key_out[static INTRO_AUTH_KEY_LEN]) {
    uint8_t type = bytes_u8(in);
    uint16_t length = bytes_u16(in);
    if (!bytes_ok(in))
        return ERR_TRUNCATED;
    if (type != AUTH_KEY_ED25519)
        return ERR_UNSUPPORTED;
    if (length != INTRO_AUTH_KEY_LEN)
        return ERR_MALFORMED;
    bytes_copy(in, key_out, INTRO_AUTH_KEY_LEN);
    return bytes_ok(in) ? ERR_OK : ERR_TRUNCATED;
}

static void auth_key_put(struct bytes_out *out, const uint8_t key[static INTRO_AUTH_KEY_LEN]) {
    bytes_put_u8(out, AUTH_KEY_ED25519);
    bytes_put_u16(out, INTRO_AUTH_KEY_LEN);
    bytes_put(out, key, INTRO_AUTH_KEY_LEN);
}

/* ESTABLISH_INTRO, 3.1.1 */

/* False when the field cannot be read. */
static bool limit_read(struct span field, uint64_t *rate_out, uint64_t *burst_out) {
    struct bytes_in in = bytes_in(field.data, field.length);
    *rate_out = *burst_out = 0;
    for (unsigned n = bytes_u8(&in); n > 0 && bytes_ok(&in); n--) {
        uint8_t type = bytes_u8(&in);
        uint64_t value = bytes_u64(&in);
        if (type == DOS_RATE_PER_S)
            *rate_out = value;
        else if (type == DOS_BURST_PER_S)
            *burst_out = value;
        else
            return false;
    }
    return bytes_ok(&in);
}

static struct intro_limit limit_of(struct span field) {
    uint64_t rate, burst;
    if (!field.data || !limit_read(field, &rate, &burst))
        return (struct intro_limit){.kind = INTRO_LIMIT_CONSENSUS};
    if (rate == 0 || burst < rate || burst > INTRO_LIMIT_MAX)
        return (struct intro_limit){.kind = INTRO_LIMIT_NONE};
    return (struct intro_limit){.kind = INTRO_LIMIT_SET, .rate = (uint32_t)rate, .burst = (uint32_t)burst};
}

static void limit_put(struct bytes_out *out, const struct intro_limit *limit) {
    bytes_put_u8(out, limit->kind == INTRO_LIMIT_CONSENSUS ? 0 : 1);
    if (limit->kind == INTRO_LIMIT_CONSENSUS)
        return;
    bytes_put_u8(out, EXTENSION_DOS);
    bytes_put_u8(out, DOS_EXTENSION_BYTES);
    bytes_put_u8(out, 2);
    bytes_put_u8(out, DOS_RATE_PER_S);
    bytes_put_u64(out, limit->kind == INTRO_LIMIT_SET ? limit->rate : 0);
    bytes_put_u8(out, DOS_BURST_PER_S);
    bytes_put_u64(out, limit->kind == INTRO_LIMIT_SET ? limit->burst : 0);
}

enum err establish_intro_decode(struct span body, struct establish_intro_message *out) {
    struct bytes_in in = bytes_in(body.data, body.length);
    struct span field;
    memset(out, 0, sizeof *out);
    enum err e = auth_key_read(&in, out->auth_key);
    if (e)
        return e;
    extensions_read(&in, EXTENSION_DOS, &field);
    out->limit = limit_of(field);
    out->maced = (struct span){body.data, body.length - bytes_left(&in)};
    bytes_copy(&in, out->mac, sizeof out->mac);
    out->signed_part = (struct span){body.data, body.length - bytes_left(&in)};
    uint16_t length = bytes_u16(&in);
    if (bytes_ok(&in) && length != sizeof out->signature)
        return ERR_MALFORMED;
    bytes_copy(&in, out->signature, sizeof out->signature);
    return bytes_ok(&in) ? ERR_OK : ERR_TRUNCATED;
}

void establish_intro_encode(struct bytes_out *out, const struct establish_intro_message *m) {
    auth_key_put(out, m->auth_key);
    limit_put(out, &m->limit);
    bytes_put(out, m->mac, sizeof m->mac);
    bytes_put_u16(out, sizeof m->signature);
    bytes_put(out, m->signature, sizeof m->signature);
}

void intro_established_encode(struct bytes_out *out) {
    bytes_put_u8(out, 0); /* extensions */
}

/* INTRODUCE1, 3.2.1 */

enum err introduce1_decode(struct span body, struct introduce1_message *out) {
    static const uint8_t zeros[LEGACY_KEY_ID_LEN];
    struct bytes_in in = bytes_in(body.data, body.length);
    struct span field;
    memset(out, 0, sizeof *out);
    struct span legacy = bytes_span(&in, LEGACY_KEY_ID_LEN);
    if (!bytes_ok(&in))
        return ERR_TRUNCATED;
    if (memcmp(legacy.data, zeros, sizeof zeros) != 0)
        return ERR_UNSUPPORTED;
    enum err e = auth_key_read(&in, out->auth_key);
    if (e)
        return e;
    extensions_read(&in, 0, &field);
    if (!bytes_ok(&in))
        return ERR_TRUNCATED;
    out->encrypted = bytes_span(&in, bytes_left(&in));
    return out->encrypted.length > 0 ? ERR_OK : ERR_MALFORMED;
}

void introduce1_encode(struct bytes_out *out, const struct introduce1_message *m) {
    static const uint8_t zeros[LEGACY_KEY_ID_LEN];
    bytes_put(out, zeros, sizeof zeros);
    auth_key_put(out, m->auth_key);
    bytes_put_u8(out, 0);
    bytes_put(out, m->encrypted.data, m->encrypted.length);
}

enum err introduce_ack_decode(struct span body, uint16_t *status_out) {
    struct bytes_in in = bytes_in(body.data, body.length);
    struct span field;
    *status_out = bytes_u16(&in);
    extensions_read(&in, 0, &field);
    return bytes_ok(&in) ? ERR_OK : ERR_TRUNCATED;
}

void introduce_ack_encode(struct bytes_out *out, uint16_t status) {
    bytes_put_u16(out, status);
    bytes_put_u8(out, 0);
}

/* ESTABLISH_RENDEZVOUS and RENDEZVOUS1, 4.1 */

enum err establish_rendezvous_decode(struct span body, uint8_t cookie_out[static REND_COOKIE_LEN]) {
    struct bytes_in in = bytes_in(body.data, body.length);
    bytes_copy(&in, cookie_out, REND_COOKIE_LEN);
    if (!bytes_ok(&in))
        return ERR_TRUNCATED;
    return bytes_done(&in) ? ERR_OK : ERR_MALFORMED;
}

enum err rendezvous1_decode(struct span body, struct rendezvous1_message *out) {
    struct bytes_in in = bytes_in(body.data, body.length);
    memset(out, 0, sizeof *out);
    bytes_copy(&in, out->cookie, sizeof out->cookie);
    if (!bytes_ok(&in))
        return ERR_TRUNCATED;
    out->handshake = bytes_span(&in, bytes_left(&in));
    return ERR_OK;
}

void rendezvous1_encode(struct bytes_out *out, const struct rendezvous1_message *m) {
    bytes_put(out, m->cookie, sizeof m->cookie);
    bytes_put(out, m->handshake.data, m->handshake.length);
}

/* Names */

struct onion_name onion_name_intro(const uint8_t auth_key[static INTRO_AUTH_KEY_LEN]) {
    struct onion_name name = {.kind = ONION_NAME_INTRO};
    memcpy(name.bytes, auth_key, INTRO_AUTH_KEY_LEN);
    return name;
}

struct onion_name onion_name_rend(const uint8_t cookie[static REND_COOKIE_LEN]) {
    struct onion_name name = {.kind = ONION_NAME_REND};
    memcpy(name.bytes, cookie, REND_COOKIE_LEN);
    return name;
}
