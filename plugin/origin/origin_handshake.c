#include "origin/origin_handshake.h"

#include <string.h>

#include "base/check.h"

static struct ntor_client_state *begin(struct origin *o, const struct origin_target *to,
                                       uint8_t onionskin_out[static NTOR_ONIONSKIN_LEN]) {
    struct ntor_client_state *handshake = slab_take(&o->handshakes);
    if (handshake)
        ntor_client_create(o->config.crypt, to->rsa_id, to->onion_key, handshake, onionskin_out);
    return handshake;
}

struct ntor_client_state *origin_handshake_create(struct origin_path *path,
                                                  const struct origin_target *first) {
    struct cell_pool *cells = &path->origin->cells;
    uint8_t onionskin[NTOR_ONIONSKIN_LEN];
    struct cell *cell = cell_pool_take(cells, CELL_MAY_FAIL);
    if (!cell)
        return NULL;
    struct ntor_client_state *handshake = begin(path->origin, first, onionskin);
    if (!handshake) {
        cell_pool_put(cells, cell);
        return NULL;
    }
    struct create2_message m = {.type = HANDSHAKE_NTOR, .data = {onionskin, sizeof(onionskin)}};
    memset(cell->body, 0, CELL_BODY_LEN);
    struct bytes_out out = bytes_out(cell->body, CELL_BODY_LEN);
    create2_encode(&out, &m);
    CHECK(bytes_out_ok(&out));
    origin_path_queue(path, cell, CELL_CREATE2);
    return handshake;
}

struct ntor_client_state *origin_handshake_extend(struct origin_path *path,
                                                  const struct origin_target *next) {
    uint8_t onionskin[NTOR_ONIONSKIN_LEN];
    struct ntor_client_state *handshake = begin(path->origin, next, onionskin);
    if (!handshake)
        return NULL;
    struct extend2_message m = {
        .ipv4 = next->ipv4,
        .ipv6 = next->ipv6,
        .has_ed_id = next->has_ed_id,
        .create = {.type = HANDSHAKE_NTOR, .data = {onionskin, sizeof(onionskin)}},
    };
    memcpy(m.rsa_id, next->rsa_id, sizeof(m.rsa_id));
    memcpy(m.ed_id, next->ed_id, sizeof(m.ed_id));
    if (origin_path_send_extend(path, &m) == ERR_OK)
        return handshake;
    origin_handshake_drop(path->origin, handshake);
    return NULL;
}

enum err origin_handshake_finish(struct origin_path *path, const struct ntor_client_state *handshake,
                                 struct span body) {
    struct span reply;
    enum err e = created2_decode(body, &reply);
    if (e)
        return e;
    struct circuit_keys keys;
    e = ntor_client_finish(path->origin->config.crypt, handshake, reply, &keys);
    if (e)
        return e;
    path->origin->work.handshakes_ntor++;
    return origin_path_add(path, &keys);
}

void origin_handshake_drop(struct origin *o, struct ntor_client_state *handshake) {
    if (!handshake)
        return;
    memset(handshake, 0, sizeof(*handshake));
    slab_put(&o->handshakes, handshake);
}
