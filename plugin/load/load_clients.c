#include "load/load_clients.h"

#include <stdlib.h>

#include "base/check.h"
#include "crypt/ntor.h"
#include "crypt/ntor_v3.h"
#include "native/heap.h"
#include "wire/circuit_messages.h"
#include "wire/handshake_extensions.h"

struct client {
    union {
        struct ntor_client_state ntor;
        struct ntor_v3_client_state ntor_v3;
    } u;
    uint8_t body[CELL_BODY_LEN];
};

struct load_clients {
    const struct crypt_provider *crypt;
    enum load_mode mode;
    struct client clients[LOAD_CLIENTS];
};

static void put_skin(struct client *client, uint16_t type, const uint8_t *skin, size_t length) {
    struct bytes_out out = bytes_out(client->body, sizeof client->body);
    create2_encode(&out, &(struct create2_message){type, {skin, length}});
    CHECK(bytes_out_ok(&out));
}

static void begin_ntor(const struct crypt_provider *crypt, const struct load_options *options,
                       struct client *client) {
    uint8_t skin[NTOR_ONIONSKIN_LEN];
    ntor_client_create(crypt, options->rsa_id, options->onion_key, &client->u.ntor, skin);
    put_skin(client, HANDSHAKE_NTOR, skin, sizeof skin);
}

/* What tor's clients ask for: congestion control. */
static bool begin_ntor_v3(const struct crypt_provider *crypt, const struct load_options *options,
                          struct client *client) {
    uint8_t message[HANDSHAKE_MESSAGE_MAX], skin[NTOR_V3_ONIONSKIN_LEN + HANDSHAKE_MESSAGE_MAX];
    struct bytes_out out = bytes_out(message, sizeof message);
    handshake_request_encode(&out, &(struct handshake_request){.wants_congestion_control = true});
    CHECK(bytes_out_ok(&out));
    const struct span request = {message, bytes_written(&out)};
    if (ntor_v3_client_create(crypt, options->ed_id, options->onion_key, ntor_v3_for_circuits, request,
                              &client->u.ntor_v3, skin) != ERR_OK)
        return false;
    put_skin(client, HANDSHAKE_NTOR_V3, skin, NTOR_V3_ONIONSKIN_LEN + request.length);
    return true;
}

struct load_clients *load_clients_new(const struct crypt_provider *crypt,
                                      const struct load_options *options) {
    struct load_clients *clients = heap_new(sizeof *clients);
    bool ok = true;
    clients->crypt = crypt;
    clients->mode = options->mode;
    for (uint32_t i = 0; ok && i < LOAD_CLIENTS; i++) {
        if (options->mode == LOAD_NTOR_V3)
            ok = begin_ntor_v3(crypt, options, &clients->clients[i]);
        else
            begin_ntor(crypt, options, &clients->clients[i]);
    }
    if (ok)
        return clients;
    load_clients_free(clients);
    return NULL;
}

void load_clients_free(struct load_clients *clients) {
    free(clients);
}

static const struct client *client_of(const struct load_clients *clients, uint32_t circ_id) {
    return &clients->clients[circ_id % LOAD_CLIENTS];
}

const uint8_t *load_clients_ask(const struct load_clients *clients, uint32_t circ_id) {
    return client_of(clients, circ_id)->body;
}

static bool prove_ntor(const struct crypt_provider *crypt, const struct client *client, struct span reply) {
    struct circuit_keys keys;
    return ntor_client_finish(crypt, &client->u.ntor, reply, &keys) == ERR_OK;
}

static bool prove_ntor_v3(const struct crypt_provider *crypt, const struct client *client,
                          struct span reply) {
    uint8_t message[NTOR_V3_MESSAGE_MAX], stream[CIRCUIT_KEYS_LENGTH_MAX];
    struct handshake_reply granted;
    return ntor_v3_client_finish(crypt, &client->u.ntor_v3, ntor_v3_for_circuits, reply, message, stream,
                                 circuit_keys_length(LAYER_TOR1)) == ERR_OK &&
           handshake_reply_decode((struct span){message, reply.length - NTOR_V3_REPLY_LEN}, &granted) ==
               ERR_OK;
}

bool load_clients_prove(const struct load_clients *clients, uint32_t circ_id, struct span body) {
    const struct client *client = client_of(clients, circ_id);
    struct span reply;
    if (created2_decode(body, &reply) != ERR_OK)
        return false;
    return clients->mode == LOAD_NTOR_V3 ? prove_ntor_v3(clients->crypt, client, reply)
                                         : prove_ntor(clients->crypt, client, reply);
}
