#include "load/load_sink.h"

#include <arpa/inet.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "core/link_handshake.h"
#include "crypt/ntor.h"
#include "load/load_connection.h"
#include "load/load_losses.h"
#include "native/heap.h"
#include "native/keys.h"
#include "native/openssl_provider.h"
#include "native/socket_address.h"
#include "native/tls_identity.h"
#include "native/turn_clock.h"
#include "wire/circuit_messages.h"

#define SIGNING_LIFETIME_S (30u * 86400u)
#define SINK_FOLDER_MAX    128u

struct load_sink {
    struct load_net *net;
    struct load_shape *shape;
    struct evconnlistener *listener;
    struct endpoint address;
    struct keys *keys;
    struct link_credentials *credentials;
    struct ntor_server_keys ntor;
    struct link_handshake *handshake; /* until the link is open */
    struct load_lane lane;
    struct load_losses losses;
    bool is_secured;
    bool was_refused;    /* the first connection, before it was secured */
    bool is_asked_again; /* the next connection is in its place */
    char key_folder[SINK_FOLDER_MAX + 8];
};

/* --- the link ---------------------------------------------------------------------------------------------------- */

static void export_secret(void *context, const uint8_t cid[static 32], uint8_t out[static 32]) {
    tls_session_export(context, cid, out);
}

static void send_bytes(struct load_sink *sink, const uint8_t *bytes, size_t length) {
    if (!load_connection_write(sink->lane.connection, bytes, length))
        load_losses_add(&sink->losses, "a link from the relay could not be written");
}

static void send_handshake(struct load_sink *sink) {
    struct span output = link_handshake_output(sink->handshake);
    if (output.length > 0)
        send_bytes(sink, output.data, output.length);
    link_handshake_written(sink->handshake, output.length);
    if (!link_handshake_is_open(sink->handshake))
        return;
    link_handshake_free(sink->handshake);
    sink->handshake = NULL;
}

static void on_secured(void *owner) {
    struct load_sink *sink = owner;
    struct tls_session *tls = load_connection_tls_change(sink->lane.connection);
    const struct link_facts facts = {
        .peer = sink->address,
        .credentials = sink->credentials,
        .export_secret = export_secret,
        .export_context = tls,
    };
    sink->is_secured = true;
    sink->handshake = link_handshake_new(sink->shape->crypt, &heap_memory, &facts, NULL);
    CHECK(sink->handshake);
}

static bool in_handshake(struct load_sink *sink, const struct cell_view *cell) {
    if (link_handshake_receive(sink->handshake, (uint64_t)time(NULL), cell) != ERR_OK)
        return false;
    send_handshake(sink);
    return true;
}

/* --- circuits ---------------------------------------------------------------------------------------------------- */

static bool answer_create(struct load_sink *sink, const struct cell_view *cell) {
    struct create2_message create;
    struct circuit_keys keys;
    uint8_t reply[NTOR_REPLY_LEN], body[CELL_BODY_LEN], created[CELL_LEN];
    if (create2_decode((struct span){cell->body, cell->length}, &create) != ERR_OK ||
        create.type != HANDSHAKE_NTOR ||
        ntor_server_answer(sink->shape->crypt, &sink->ntor, create.data, reply, &keys) != ERR_OK)
        return false;
    struct bytes_out message = bytes_out(body, sizeof body), out = bytes_out(created, sizeof created);
    created2_encode(&message, (struct span){reply, sizeof reply});
    cell_put(&out, 4, cell->circ_id, CELL_CREATED2, body, (uint16_t)bytes_written(&message));
    load_lane_add(&sink->lane, &(struct load_circuit){.id = cell->circ_id, .number = cell->circ_id});
    send_bytes(sink, created, bytes_written(&out));
    return true;
}

static bool take_cell(struct load_sink *sink, const struct cell_view *cell) {
    if (sink->handshake)
        return in_handshake(sink, cell);
    if (cell->command == CELL_CREATE2)
        return answer_create(sink, cell);
    if (cell->command == CELL_DESTROY) {
        load_losses_add(&sink->losses, "the relay destroyed a circuit behind it, reason %u", cell->body[0]);
        load_lane_drop(&sink->lane, cell->circ_id);
        return true;
    }
    load_lane_take(&sink->lane, sink->shape, cell);
    return true;
}

static size_t on_bytes(void *owner, const uint8_t *bytes, size_t length) {
    struct load_sink *sink = owner;
    struct cell_view view;
    struct bytes_in in = bytes_in(bytes, length);
    if (sink->shape->delays)
        sink->shape->now = monotonic_read();
    for (uint32_t n = 1; n > 0;) {
        unsigned id_length = sink->handshake ? link_handshake_circ_id_length(sink->handshake) : 4;
        bool ok = cell_frame(&in, id_length, HANDSHAKE_CELL_MAX, &view, 1, &n) == ERR_OK;
        if (ok && n > 0)
            ok = take_cell(sink, &view);
        if (!ok) {
            load_losses_add(&sink->losses, "the relay sent a wrong cell behind it");
            return length;
        }
    }
    return length - bytes_left(&in);
}

static void on_discarded(void *owner, uint64_t length) {
    struct load_sink *sink = owner;
    load_lane_discarded(&sink->lane, length);
}

/* A relay that offers ChaCha20 alone, to a load without it, dials again and offers all: once. */
static void on_closed(void *owner) {
    struct load_sink *sink = owner;
    if (sink->is_secured || sink->was_refused)
        load_losses_add(&sink->losses, "the relay closed a connection that it had opened");
    else
        sink->was_refused = sink->is_asked_again = true;
}

static const struct load_connection_events sink_events = {on_secured, on_bytes, on_discarded, on_closed};

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int length,
                      void *argument) {
    struct load_sink *sink = argument;
    (void)listener;
    (void)from;
    (void)length;
    if (sink->is_asked_again) {
        load_connection_free(sink->lane.connection);
        sink->lane.connection = NULL;
        sink->is_asked_again = false;
    }
    if (sink->lane.connection) { /* a relay that dials twice: the first connection is ours */
        load_losses_add(&sink->losses, "the relay opened a second connection to one relay");
        evutil_closesocket(fd);
        return;
    }
    sink->lane.connection = load_connection_accept(sink->net, fd, &sink_events, sink);
}

/* --- life -------------------------------------------------------------------------------------------------------- */

static bool make_keys(struct load_sink *sink, const char *folder, uint32_t number,
                      struct complaint *complaint) {
    char data[SINK_FOLDER_MAX];
    snprintf(data, sizeof data, "%s/sink-%u", folder, number);
    snprintf(sink->key_folder, sizeof sink->key_folder, "%s/keys", data);
    const struct keys_place place = {.data_directory = data,
                                     .key_directory = sink->key_folder,
                                     .nickname = "sink",
                                     .signing_lifetime_s = SIGNING_LIFETIME_S};
    const struct endpoint advertised[2] = {sink->address};
    uint64_t now_s = (uint64_t)time(NULL);
    sink->keys = keys_open(&place, sink->shape->crypt, now_s, complaint);
    if (!sink->keys)
        return false;
    sink->credentials = keys_credentials_new(sink->keys, sink->net->identity->certificate_sha256, advertised,
                                             now_s, complaint);
    keys_ntor(sink->keys, &sink->ntor);
    return sink->credentials != NULL;
}

static bool start_listening(struct load_sink *sink) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof at;
    sink->listener = evconnlistener_new_bind(sink->net->base, on_accept, sink,
                                             LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, -1,
                                             (const struct sockaddr *)&at, sizeof at);
    return sink->listener &&
           getsockname(evconnlistener_get_fd(sink->listener), (struct sockaddr *)&at, &length) == 0 &&
           socket_address_to((const struct sockaddr *)&at, &sink->address);
}

struct load_sink *load_sink_new(struct load_net *net, struct load_shape *shape, const char *folder,
                                uint32_t number, bool is_verified, struct complaint *complaint) {
    struct load_sink *sink = heap_new(sizeof *sink);
    sink->net = net;
    sink->shape = shape;
    load_lane_init(&sink->lane, is_verified);
    bool ok = start_listening(sink) || complain(complaint, "no port on the loopback to listen at");
    if (!ok || !make_keys(sink, folder, number, complaint)) {
        load_sink_free(sink);
        return NULL;
    }
    return sink;
}

void load_sink_free(struct load_sink *sink) {
    if (!sink)
        return;
    load_connection_free(sink->lane.connection);
    load_lane_fini(&sink->lane);
    link_handshake_free(sink->handshake);
    if (sink->listener)
        evconnlistener_free(sink->listener);
    if (sink->credentials)
        keys_credentials_free(sink->credentials);
    keys_close(sink->keys);
    free(sink);
}

void load_sink_target(const struct load_sink *sink, struct origin_target *out) {
    *out = (struct origin_target){.has_ed_id = true, .ipv4 = sink->address};
    memcpy(out->rsa_id, keys_rsa_id(sink->keys), sizeof out->rsa_id);
    memcpy(out->ed_id, keys_ed_id(sink->keys), sizeof out->ed_id);
    memcpy(out->onion_key, sink->ntor.onion[0].public, sizeof out->onion_key);
}

const struct link_credentials *load_sink_credentials(const struct load_sink *sink) {
    return sink->credentials;
}

struct load_lane *load_sink_lane(struct load_sink *sink) {
    return &sink->lane;
}

const char *load_sink_first_loss(const struct load_sink *sink) {
    return sink->losses.first;
}

uint64_t load_sink_losses(const struct load_sink *sink) {
    return sink->losses.count + sink->lane.wrong;
}

bool load_sink_discard(struct load_sink *sink) {
    return sink->lane.is_verified || !sink->lane.connection || load_connection_discard(sink->lane.connection);
}
