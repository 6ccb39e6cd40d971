#include "origin/origin_handshake.h"

#include <string.h>

#include "base/check.h"

/* An onion skin, and the place for it. */
struct skin {
    uint16_t type; /* enum handshake_type */
    uint16_t length;
    uint8_t bytes[NTOR_V3_ONIONSKIN_LEN + HANDSHAKE_MESSAGE_MAX];
};

static enum err begin_ntor_v3(const struct crypt_provider *crypt, const struct origin_target *to,
                              struct ntor_v3_client_state *state_out, struct skin *skin_out) {
    uint8_t room[HANDSHAKE_MESSAGE_MAX];
    struct bytes_out out = bytes_out(room, sizeof(room));
    handshake_request_encode(&out, &to->request);
    CHECK(bytes_out_ok(&out));
    struct span message = {room, bytes_written(&out)};
    skin_out->type = HANDSHAKE_NTOR_V3;
    skin_out->length = (uint16_t)(NTOR_V3_ONIONSKIN_LEN + message.length);
    return ntor_v3_client_create(crypt, to->ed_id, to->onion_key, ntor_v3_for_circuits, message, state_out,
                                 skin_out->bytes);
}

static enum err begin_with(const struct crypt_provider *crypt, const struct origin_target *to,
                           struct origin_handshake *handshake, struct skin *skin_out) {
    handshake->kind = to->handshake;
    handshake->request = to->request;
    switch (to->handshake) {
    case ORIGIN_HANDSHAKE_NTOR:
        skin_out->type = HANDSHAKE_NTOR;
        skin_out->length = NTOR_ONIONSKIN_LEN;
        ntor_client_create(crypt, to->rsa_id, to->onion_key, &handshake->u.ntor, skin_out->bytes);
        return ERR_OK;
    case ORIGIN_HANDSHAKE_NTOR_V3:
        return to->has_ed_id ? begin_ntor_v3(crypt, to, &handshake->u.ntor_v3, skin_out) : ERR_REFUSED;
    case ORIGIN_HANDSHAKE_FAST:
        skin_out->type = HANDSHAKE_FAST;
        skin_out->length = CREATE_FAST_LEN;
        create_fast_client_create(crypt, handshake->u.fast);
        memcpy(skin_out->bytes, handshake->u.fast, CREATE_FAST_LEN);
        return ERR_OK;
    }
    return ERR_REFUSED;
}

static struct origin_handshake *begin(struct origin *o, const struct origin_target *to,
                                      struct skin *skin_out) {
    struct origin_handshake *handshake = slab_take(&o->handshakes);
    if (handshake && begin_with(o->config.crypt, to, handshake, skin_out)) {
        origin_handshake_drop(o, handshake);
        return NULL;
    }
    return handshake;
}

struct origin_handshake *origin_handshake_create(struct origin_path *path,
                                                 const struct origin_target *first) {
    struct cell_pool *cells = &path->origin->cells;
    struct skin skin;
    struct cell *cell = cell_pool_take(cells, CELL_MAY_FAIL);
    if (!cell)
        return NULL;
    struct origin_handshake *handshake = begin(path->origin, first, &skin);
    if (!handshake) {
        cell_pool_put(cells, cell);
        return NULL;
    }
    memset(cell->body, 0, CELL_BODY_LEN);
    struct bytes_out out = bytes_out(cell->body, CELL_BODY_LEN);
    bool is_fast = skin.type == HANDSHAKE_FAST;
    if (is_fast)
        bytes_put(&out, skin.bytes, skin.length);
    else
        create2_encode(&out, &(struct create2_message){skin.type, {skin.bytes, skin.length}});
    CHECK(bytes_out_ok(&out));
    origin_path_queue(path, cell, is_fast ? CELL_CREATE_FAST : CELL_CREATE2);
    return handshake;
}

struct origin_handshake *origin_handshake_extend(struct origin_path *path, const struct origin_target *next) {
    CHECK(next->handshake != ORIGIN_HANDSHAKE_FAST);
    struct skin skin;
    struct origin_handshake *handshake = begin(path->origin, next, &skin);
    if (!handshake)
        return NULL;
    struct extend2_message m = {
        .ipv4 = next->ipv4,
        .ipv6 = next->ipv6,
        .has_ed_id = next->has_ed_id,
        .create = {.type = skin.type, .data = {skin.bytes, skin.length}},
    };
    memcpy(m.rsa_id, next->rsa_id, sizeof(m.rsa_id));
    memcpy(m.ed_id, next->ed_id, sizeof(m.ed_id));
    if (origin_path_send_extend(path, &m) == ERR_OK)
        return handshake;
    origin_handshake_drop(path->origin, handshake);
    return NULL;
}

/* --- the answer ------------------------------------------------------------------------------------------------- */

/* An increment that is nearly the consensus', as in tor: the relay may have the next or the last one. */
static bool increment_is_fair(const struct origin *o, uint8_t sendme_inc) {
    unsigned expected = (unsigned)o->config.congestion.sendme_inc;
    return sendme_inc + 1u >= expected && sendme_inc <= expected + 1u;
}

static enum err agree(const struct origin *o, const struct handshake_request *request, struct span message,
                      struct circuit_terms *terms_out) {
    struct handshake_reply granted;
    enum err e = handshake_reply_decode(message, &granted);
    if (e)
        return e;
    if (granted.sendme_inc &&
        !(request->wants_congestion_control && increment_is_fair(o, granted.sendme_inc)))
        return ERR_PROTOCOL;
    if (request->wants_cgo && !granted.sendme_inc)
        return ERR_PROTOCOL; /* it should have refused */
    terms_out->sendme_inc = granted.sendme_inc;
    return ERR_OK;
}

static enum err finish_ntor_v3(const struct origin *o, const struct origin_handshake *handshake,
                               struct span reply, struct circuit_keys *keys_out,
                               struct circuit_terms *terms_out) {
    enum layer_kind kind = handshake->request.wants_cgo ? LAYER_CGO : LAYER_TOR1;
    uint8_t message[NTOR_V3_MESSAGE_MAX], stream[CIRCUIT_KEYS_LENGTH_MAX];
    enum err e = ntor_v3_client_finish(o->config.crypt, &handshake->u.ntor_v3, ntor_v3_for_circuits, reply,
                                       message, stream, circuit_keys_length(kind));
    if (e)
        return e;
    e = agree(o, &handshake->request, (struct span){message, reply.length - NTOR_V3_REPLY_LEN}, terms_out);
    if (!e)
        circuit_keys_cut(kind, stream, keys_out);
    crypt_wipe(stream, sizeof(stream));
    return e;
}

static enum err finish(struct origin *o, const struct origin_handshake *handshake, struct span reply,
                       struct circuit_keys *keys_out, struct circuit_terms *terms_out) {
    *terms_out = (struct circuit_terms){.sendme_inc = 0};
    switch (handshake->kind) {
    case ORIGIN_HANDSHAKE_NTOR:
        o->work.handshakes_ntor++;
        return ntor_client_finish(o->config.crypt, &handshake->u.ntor, reply, keys_out);
    case ORIGIN_HANDSHAKE_NTOR_V3:
        o->work.handshakes_ntor_v3++;
        return finish_ntor_v3(o, handshake, reply, keys_out, terms_out);
    case ORIGIN_HANDSHAKE_FAST:
        o->work.handshakes_fast++;
        return create_fast_client_finish(o->config.crypt, handshake->u.fast, reply.data, keys_out);
    }
    return ERR_PROTOCOL;
}

/* CREATED_FAST has no length of its own. */
static enum err reply_of(const struct origin_handshake *handshake, uint8_t command, struct span body,
                         struct span *reply_out) {
    bool is_fast = handshake->kind == ORIGIN_HANDSHAKE_FAST;
    if (command != (is_fast ? CELL_CREATED_FAST : CELL_CREATED2))
        return ERR_PROTOCOL;
    if (!is_fast)
        return created2_decode(body, reply_out);
    *reply_out = (struct span){body.data, CREATED_FAST_LEN};
    return body.length >= CREATED_FAST_LEN ? ERR_OK : ERR_TRUNCATED;
}

enum err origin_handshake_finish(struct origin_path *path, const struct origin_handshake *handshake,
                                 uint8_t command, struct span body) {
    struct span reply;
    struct circuit_keys keys;
    struct circuit_terms terms;
    enum err e = reply_of(handshake, command, body, &reply);
    if (!e)
        e = finish(path->origin, handshake, reply, &keys, &terms);
    if (e)
        return e;
    e = origin_path_add(path, &keys, &terms);
    crypt_wipe(&keys, sizeof(keys));
    return e;
}

void origin_handshake_drop(struct origin *o, struct origin_handshake *handshake) {
    if (!handshake)
        return;
    crypt_wipe(handshake, sizeof(*handshake));
    slab_put(&o->handshakes, handshake);
}
