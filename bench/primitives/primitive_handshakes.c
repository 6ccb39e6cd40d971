/* Handshakes: the relay's answers to circuit handshakes, as its CPU workers and managers compute them (core/job), and both sides
 * of a link's: TLS, then certificates and authentication (core/link_handshake). */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "core/job.h"
#include "core/link_handshake.h"
#include "crypt/create_fast.h"
#include "native/heap.h"
#include "native/keys.h"
#include "native/openssl_provider.h"
#include "native/tls_identity.h"
#include "native/tls_session.h"
#include "primitives/primitive.h"

/* --- circuits ------------------------------------------------------------------------------------------------------- */

struct circuit_rig {
    const struct crypt_provider *crypt;
    struct ntor_server_keys keys;
    struct job job;
    struct job_result result;
    struct work work;
};

static struct circuit_rig *circuit_rig_new(enum job_kind kind) {
    struct circuit_rig *rig = heap_new(sizeof *rig);
    rig->crypt = openssl_provider();
    rig->keys.onion_count = 1;
    rig->crypt->x25519_keypair(rig->crypt->context, rig->keys.onion[0].secret, rig->keys.onion[0].public);
    rig->crypt->x25519_keypair(rig->crypt->context, rig->keys.junk.secret, rig->keys.junk.public);
    rig->job.kind = kind;
    return rig;
}

static void *begin_ntor(const struct primitive *primitive, const char **reason_out) {
    struct circuit_rig *rig = circuit_rig_new(JOB_NTOR_ANSWER);
    struct ntor_client_state client;
    (void)primitive, (void)reason_out;
    ntor_client_create(rig->crypt, rig->keys.rsa_id, rig->keys.onion[0].public, &client, rig->job.data);
    rig->job.data_length = NTOR_ONIONSKIN_LEN;
    return rig;
}

static void *begin_ntor_v3(const struct primitive *primitive, const char **reason_out) {
    struct circuit_rig *rig = circuit_rig_new(JOB_NTOR_V3_ANSWER);
    const struct handshake_request request = {.wants_congestion_control = true};
    struct ntor_v3_client_state client;
    uint8_t room[HANDSHAKE_MESSAGE_MAX];
    struct bytes_out out = bytes_out(room, sizeof room);
    (void)primitive, (void)reason_out;
    handshake_request_encode(&out, &request);
    CHECK(ntor_v3_client_create(rig->crypt, rig->keys.ed_id, rig->keys.onion[0].public, ntor_v3_for_circuits,
                                (struct span){room, bytes_written(&out)}, &client, rig->job.data) == ERR_OK);
    rig->job.offer = (struct circuit_offer){.sendme_inc = 31};
    rig->job.data_length = (uint16_t)(NTOR_V3_ONIONSKIN_LEN + bytes_written(&out));
    return rig;
}

static void *begin_fast(const struct primitive *primitive, const char **reason_out) {
    struct circuit_rig *rig = circuit_rig_new(JOB_FAST_ANSWER);
    (void)primitive, (void)reason_out;
    create_fast_client_create(rig->crypt, rig->job.data);
    rig->job.data_length = CREATE_FAST_LEN;
    return rig;
}

static nsec run_job(void *state, uint64_t units, uint64_t *units_done_out) {
    struct circuit_rig *rig = state;
    nsec from = cpu_now();
    for (uint64_t i = 0; i < units; i++)
        job_run(&rig->job, rig->crypt, &rig->keys, &rig->result, &rig->work);
    nsec took = cpu_now() - from;
    CHECK(rig->result.error == ERR_OK);
    *units_done_out = units;
    return took;
}

static void end_circuit(void *state) {
    free(state);
}

/* --- TLS ------------------------------------------------------------------------------------------------------------ */

struct tls_side {
    struct tls_session session;
    struct tls_pipe pipe;
    uint8_t out[2 * TLS_HANDSHAKE_ROOM];
};

struct tls_rig {
    struct tls_identity *identity;
    struct tls_side client, server;
    nsec took[2]; /* client's, server's */
};

static void *begin_tls(const struct primitive *primitive, const char **reason_out) {
    struct tls_rig *rig = heap_new(sizeof *rig);
    (void)primitive, (void)reason_out;
    rig->identity = tls_identity_new((uint64_t)time(NULL), CIPHER_ORDER_AES);
    return rig;
}

static void side_begin(struct tls_rig *rig, struct tls_side *side, bool is_server) {
    side->pipe = (struct tls_pipe){.out = side->out, .out_room = sizeof side->out};
    CHECK(tls_session_init(&side->session, rig->identity, is_server, &side->pipe));
}

/* `to` shakes hands with what `from` has written. */
static enum tls_result carry(struct tls_rig *rig, struct tls_side *from, struct tls_side *to) {
    nsec before = cpu_now();
    to->pipe.in = from->out;
    to->pipe.in_length = from->pipe.out_length;
    enum tls_result result = tls_session_handshake(&to->session);
    from->pipe.out_length = 0;
    rig->took[to == &rig->server] += cpu_now() - before;
    return result;
}

static void shake_hands(struct tls_rig *rig) {
    nsec before = cpu_now();
    side_begin(rig, &rig->client, false);
    CHECK(tls_session_handshake(&rig->client.session) == TLS_AGAIN);
    rig->took[0] += cpu_now() - before;
    before = cpu_now();
    side_begin(rig, &rig->server, true);
    rig->took[1] += cpu_now() - before;
    CHECK(carry(rig, &rig->client, &rig->server) == TLS_AGAIN);
    CHECK(carry(rig, &rig->server, &rig->client) == TLS_DONE);
    CHECK(carry(rig, &rig->client, &rig->server) == TLS_DONE);
    tls_session_fini(&rig->client.session);
    tls_session_fini(&rig->server.session);
}

static nsec run_tls(void *state, uint64_t units, uint64_t *units_done_out, bool is_server) {
    struct tls_rig *rig = state;
    rig->took[0] = rig->took[1] = 0;
    for (uint64_t i = 0; i < units; i++)
        shake_hands(rig);
    *units_done_out = units;
    return rig->took[is_server];
}

static nsec run_tls_client(void *state, uint64_t units, uint64_t *units_done_out) {
    return run_tls(state, units, units_done_out, false);
}

static nsec run_tls_server(void *state, uint64_t units, uint64_t *units_done_out) {
    return run_tls(state, units, units_done_out, true);
}

static void end_tls(void *state) {
    struct tls_rig *rig = state;
    tls_identity_drop(rig->identity);
    free(rig);
}

/* --- certificates and authentication of a link ---------------------------------------------------------------------- */

#define OUTPUT_ROOM 8192u

struct link_rig {
    const struct crypt_provider *crypt;
    struct keys *keys;
    struct link_credentials *credentials;
    char folder[64];
};

static void export_secret(void *context, const uint8_t cid[static 32], uint8_t out[static 32]) {
    (void)context, (void)cid;
    memset(out, 0x5e, 32);
}

static void remove_folder(const char *folder) {
    static const char *const files[] = {"keys/secret_id_key",
                                        "keys/ed25519_master_id_secret_key",
                                        "keys/ed25519_master_id_public_key",
                                        "keys/ed25519_signing_secret_key",
                                        "keys/ed25519_signing_cert",
                                        "keys/secret_onion_key_ntor",
                                        "keys/secret_onion_key_ntor.old",
                                        "fingerprint",
                                        "fingerprint-ed25519",
                                        "lock"};
    char path[128];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        (void)unlink(path);
    }
    snprintf(path, sizeof path, "%s/keys", folder);
    (void)rmdir(path);
    (void)rmdir(folder);
}

static void end_link(void *state) {
    struct link_rig *rig = state;
    keys_credentials_free(rig->credentials);
    keys_close(rig->keys);
    remove_folder(rig->folder);
    free(rig);
}

static void *begin_link(const struct primitive *primitive, const char **reason_out) {
    static const uint8_t certificate[32] = {7};
    static const struct endpoint advertised[2];
    struct link_rig *rig = heap_new(sizeof *rig);
    struct complaint complaint;
    char key_folder[80];
    uint64_t now_s = (uint64_t)time(NULL);
    (void)primitive;
    snprintf(rig->folder, sizeof rig->folder, "/tmp/loom-primitives-XXXXXX");
    if (!mkdtemp(rig->folder)) {
        *reason_out = "no folder for keys could be made in /tmp";
        free(rig);
        return NULL;
    }
    snprintf(key_folder, sizeof key_folder, "%s/keys", rig->folder);
    const struct keys_place place = {.data_directory = rig->folder,
                                     .key_directory = key_folder,
                                     .nickname = "primitives",
                                     .signing_lifetime_s = 30 * 86400};
    rig->crypt = openssl_provider();
    rig->keys = keys_open(&place, rig->crypt, now_s, &complaint);
    if (rig->keys)
        rig->credentials = keys_credentials_new(rig->keys, certificate, advertised, now_s, &complaint);
    if (!rig->credentials) {
        *reason_out = "no keys could be made";
        end_link(rig);
        return NULL;
    }
    return rig;
}

/* Give all that from has to say to to. */
static void tell(struct link_handshake *from, struct link_handshake *to, uint64_t now_s) {
    struct span said = link_handshake_output(from);
    struct bytes_in in = bytes_in(said.data, said.length);
    uint32_t count = 1;
    while (!link_handshake_is_open(to)) {
        struct cell_view cell;
        CHECK(cell_frame(&in, link_handshake_circ_id_length(to), HANDSHAKE_CELL_MAX, &cell, 1, &count) ==
              ERR_OK);
        if (count == 0)
            break;
        CHECK(link_handshake_receive(to, now_s, &cell) == ERR_OK);
    }
    link_handshake_written(from, said.length);
}

static void authenticate(struct link_rig *rig, uint64_t now_s) {
    struct link_facts facts = {.credentials = rig->credentials, .export_secret = export_secret};
    memcpy(facts.peer_certificate_sha256, rig->credentials->tls_certificate_sha256, 32);
    struct link_handshake *responder = link_handshake_new(rig->crypt, &heap_memory, &facts, NULL);
    facts.is_initiator = true;
    struct link_handshake *initiator = link_handshake_new(rig->crypt, &heap_memory, &facts, NULL);
    CHECK(initiator && responder);
    while (!link_handshake_is_open(initiator) || !link_handshake_is_open(responder)) {
        CHECK(link_handshake_output(initiator).length || link_handshake_output(responder).length);
        tell(initiator, responder, now_s);
        tell(responder, initiator, now_s);
    }
    CHECK(link_handshake_peer(responder)->is_authenticated);
    link_handshake_free(initiator);
    link_handshake_free(responder);
}

/* Both sides together; a unit is one of them. */
static nsec run_link(void *state, uint64_t units, uint64_t *units_done_out) {
    uint64_t now_s = (uint64_t)time(NULL), links = units / 2 + 1;
    nsec from = cpu_now();
    for (uint64_t i = 0; i < links; i++)
        authenticate(state, now_s);
    *units_done_out = 2 * links;
    return cpu_now() - from;
}

static const struct primitive all[] = {
    {"handshake", "ntor", "", 0, "answer", begin_ntor, run_job, end_circuit},
    {"handshake", "ntor-v3", "", 0, "answer", begin_ntor_v3, run_job, end_circuit},
    {"handshake", "CREATE_FAST", "", 0, "answer", begin_fast, run_job, end_circuit},
    {"handshake", "TLS client", "", 0, "handshake", begin_tls, run_tls_client, end_tls},
    {"handshake", "TLS server", "", 0, "handshake", begin_tls, run_tls_server, end_tls},
    {"handshake", "link", "", 0, "side", begin_link, run_link, end_link},
};

struct primitive_list primitive_handshakes(void) {
    return (struct primitive_list){all, sizeof all / sizeof all[0]};
}
