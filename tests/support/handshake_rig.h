/* handshake_rig - one side of a link's handshake, against a peer that is written out by hand, so that one thing at a time can be
 * wrong. */
#ifndef LOOM_SUPPORT_HANDSHAKE_RIG_H
#define LOOM_SUPPORT_HANDSHAKE_RIG_H

#include "core/link_handshake.h"
#include "crypt/symbolic.h"
#include "support/symbolic_identity.h"
#include "support/test.h"
#include "support/test_memory.h"
#include "wire/link_messages.h"

#define OUTPUT_ROOM 8192u

struct handshake_rig {
    struct test_memory memory;
    struct symbolic symbolic;
    const struct crypt_provider *crypt;
    struct symbolic_identity own, peer;
    uint8_t tls_secret[32];
    struct link_handshake *h;
    uint8_t written[OUTPUT_ROOM]; /* all that h has sent */
    size_t written_length;
    _Alignas(16) uint8_t told[256]; /* transcript of all that h was told */
};

static inline void set_up(struct handshake_rig *f) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    f->crypt = symbolic_provider(&f->symbolic, 1);
    assert_true(f->crypt->transcript_size <= sizeof f->told);
    symbolic_identity_make(&f->own, f->crypt, 1);
    symbolic_identity_make(&f->peer, f->crypt, 2);
    memset(f->tls_secret, 0x5e, sizeof f->tls_secret);
    f->crypt->transcript_init(f->told);
}

static inline void tear_down(struct handshake_rig *f) {
    link_handshake_free(f->h);
    test_memory_fini(&f->memory);
}

static inline struct link_facts facts_of(struct handshake_rig *f, bool is_initiator,
                                         const struct link_credentials *own) {
    struct link_facts facts = {.is_initiator = is_initiator,
                               .peer = f->peer.credentials.advertised[0],
                               .credentials = own,
                               .export_secret = symbolic_export,
                               .export_context = f->tls_secret};
    memcpy(facts.peer_certificate_sha256, f->peer.credentials.tls_certificate_sha256, 32);
    return facts;
}

static inline void begin(struct handshake_rig *f, bool is_initiator, const struct link_credentials *own,
                         const struct link_expectation *expected) {
    struct link_facts facts = facts_of(f, is_initiator, own);
    f->h = link_handshake_new(f->crypt, &f->memory.memory, &facts, expected);
    assert_non_null(f->h);
}

static inline void take_output(struct handshake_rig *f) {
    struct span out = link_handshake_output(f->h);
    assert_true(f->written_length + out.length <= sizeof f->written);
    if (out.length)
        memcpy(f->written + f->written_length, out.data, out.length);
    f->written_length += out.length;
    link_handshake_written(f->h, out.length);
    assert_int_equal(link_handshake_output(f->h).length, 0);
}

/* Give h one cell, as the wire would bring it. */
static inline enum err tell_on(struct handshake_rig *f, uint32_t circ_id, uint8_t command, const void *body,
                               size_t length) {
    uint8_t room[HANDSHAKE_CELL_MAX];
    unsigned id_length = link_handshake_circ_id_length(f->h);
    struct bytes_out out = bytes_out(room, sizeof room);
    cell_put(&out, id_length, circ_id, command, body, (uint16_t)length);
    assert_true(bytes_out_ok(&out));
    f->crypt->transcript_add(f->told, (struct span){room, bytes_written(&out)});
    struct bytes_in in = bytes_in(room, bytes_written(&out));
    struct cell_view view;
    uint32_t count;
    assert_int_equal(cell_frame(&in, id_length, HANDSHAKE_CELL_MAX, &view, 1, &count), ERR_OK);
    assert_int_equal(count, 1);
    enum err e = link_handshake_receive(f->h, SYMBOLIC_NOW_S, &view);
    take_output(f);
    return e;
}

static inline enum err tell(struct handshake_rig *f, uint8_t command, const void *body, size_t length) {
    return tell_on(f, 0, command, body, length);
}

static inline enum err tell_out(struct handshake_rig *f, uint8_t command, const struct bytes_out *body) {
    assert_true(bytes_out_ok(body));
    return tell(f, command, body->start, bytes_written(body));
}

static inline enum err tell_versions(struct handshake_rig *f) {
    return tell(f, CELL_VERSIONS, "\0\3\0\4\0\5", 6);
}

static inline enum err tell_certs(struct handshake_rig *f, const struct certs_message *certs) {
    uint8_t room[4096];
    struct bytes_out body = bytes_out(room, sizeof room);
    certs_encode(&body, certs);
    return tell_out(f, CELL_CERTS, &body);
}

static inline enum err tell_challenge(struct handshake_rig *f, bool offers_method_3) {
    struct auth_challenge_message m = {.challenge = {7}, .offers_method_3 = offers_method_3};
    uint8_t room[64];
    struct bytes_out body = bytes_out(room, sizeof room);
    auth_challenge_encode(&body, &m);
    return tell_out(f, CELL_AUTH_CHALLENGE, &body);
}

static inline enum err tell_netinfo(struct handshake_rig *f, const struct address *mine, uint8_t count) {
    struct netinfo_message m = {.other = f->own.credentials.advertised[0].address, .mine_count = count};
    for (uint8_t i = 0; i < count; i++)
        m.mine[i] = mine[i];
    uint8_t room[CELL_BODY_LEN];
    struct bytes_out body = bytes_out(room, sizeof room);
    netinfo_encode(&body, &m);
    return tell_out(f, CELL_NETINFO, &body);
}

static inline enum err tell_own_netinfo(struct handshake_rig *f) {
    return tell_netinfo(f, &f->peer.credentials.advertised[0].address, 1);
}

/* --- what h wrote ------------------------------------------------------------------------------------------------ */

/* The index-th cell of what h wrote; *end is where it ends. False when there is none. */
static inline bool written_cell(const struct handshake_rig *f, unsigned index, struct cell_view *cell,
                                size_t *end) {
    struct bytes_in in = bytes_in(f->written, f->written_length);
    for (unsigned i = 0; i <= index; i++) {
        uint32_t count;
        assert_int_equal(cell_frame(&in, i == 0 ? 2 : 4, HANDSHAKE_CELL_MAX, cell, 1, &count), ERR_OK);
        if (!count)
            return false;
        assert_int_equal(cell->circ_id, 0);
    }
    *end = f->written_length - bytes_left(&in);
    return true;
}

static inline void expect_written(const struct handshake_rig *f, const uint8_t *commands, unsigned count) {
    struct cell_view cell;
    size_t end = 0;
    for (unsigned i = 0; i < count; i++) {
        assert_true(written_cell(f, i, &cell, &end));
        assert_int_equal(cell.command, commands[i]);
    }
    assert_int_equal(end, f->written_length);
}

static inline void digest_written(const struct handshake_rig *f, unsigned last_cell, uint8_t out[static 32]) {
    _Alignas(16) uint8_t transcript[sizeof f->told];
    struct cell_view cell;
    size_t end = 0;
    assert_true(written_cell(f, last_cell, &cell, &end));
    f->crypt->transcript_init(transcript);
    f->crypt->transcript_add(transcript, (struct span){f->written, end});
    f->crypt->transcript_digest(transcript, out);
}

static inline void expect_own_netinfo(const struct handshake_rig *f, unsigned index, bool is_client) {
    struct cell_view cell;
    size_t end = 0;
    struct netinfo_message m;
    assert_true(written_cell(f, index, &cell, &end));
    assert_int_equal(cell.command, CELL_NETINFO);
    assert_int_equal(netinfo_decode((struct span){cell.body, cell.length}, &m), ERR_OK);
    assert_true(address_equal(&m.other, &f->peer.credentials.advertised[0].address));
    assert_int_equal(m.time, is_client ? 0 : SYMBOLIC_NOW_S);
    assert_int_equal(m.mine_count, is_client ? 0 : 1);
    if (!is_client)
        assert_true(address_equal(&m.mine[0], &f->own.credentials.advertised[0].address));
}

/* --- AUTHENTICATE ------------------------------------------------------------------------------------------------ */

enum responder_fault {
    NO_FAULT,
    INITIATOR_RSA,
    RESPONDER_RSA,
    INITIATOR_ED,
    RESPONDER_ED,
    RESPONDER_LOG,
    INITIATOR_LOG,
    TLS_CERTIFICATE,
    TLS_SECRETS,
    RANDOM_AFTER_SIGNING,
    SIGNATURE,
    OTHER_KEY,
};

/* AUTHENTICATE as the peer would make it, wrong in one way. CLOG is what h has been told so far. */
static inline void make_authenticate(struct handshake_rig *f, enum responder_fault fault,
                                     const uint8_t clog[static 32], struct authenticate_message *m) {
    const struct link_credentials *peer = &f->peer.credentials, *own = &f->own.credentials;
    *m = (struct authenticate_message){.random = {9}};
    memcpy(m->initiator_rsa, peer->rsa_sha256, 32);
    memcpy(m->responder_rsa, own->rsa_sha256, 32);
    memcpy(m->initiator_ed, peer->ed_id, 32);
    memcpy(m->responder_ed, own->ed_id, 32);
    digest_written(f, 2, m->responder_log); /* VERSIONS, CERTS, AUTH_CHALLENGE */
    memcpy(m->initiator_log, clog, 32);
    memcpy(m->tls_certificate, own->tls_certificate_sha256, 32);
    symbolic_export(f->tls_secret, peer->rsa_sha256, m->tls_secrets);
    uint8_t *fields[] = {[INITIATOR_RSA] = m->initiator_rsa,     [RESPONDER_RSA] = m->responder_rsa,
                         [INITIATOR_ED] = m->initiator_ed,       [RESPONDER_ED] = m->responder_ed,
                         [RESPONDER_LOG] = m->responder_log,     [INITIATOR_LOG] = m->initiator_log,
                         [TLS_CERTIFICATE] = m->tls_certificate, [TLS_SECRETS] = m->tls_secrets};
    if (fault != NO_FAULT && fault <= TLS_SECRETS)
        fields[fault][31] ^= 1;

    uint8_t signed_part[AUTHENTICATE_SIGNED_LEN], seed[32];
    struct bytes_out out = bytes_out(signed_part, sizeof signed_part);
    authenticate_encode_signed(&out, m);
    assert_true(bytes_out_ok(&out));
    memcpy(seed, peer->authenticate_seed, 32);
    seed[0] ^= fault == OTHER_KEY;
    f->crypt->ed25519_sign(seed, (struct span){signed_part, sizeof signed_part}, m->signature);
    m->random[0] ^= fault == RANDOM_AFTER_SIGNING;
    m->signature[0] ^= fault == SIGNATURE;
}

static inline enum err tell_authenticate(struct handshake_rig *f, enum responder_fault fault,
                                         const uint8_t clog[static 32]) {
    struct authenticate_message m;
    make_authenticate(f, fault, clog, &m);
    uint8_t room[512];
    struct bytes_out body = bytes_out(room, sizeof room);
    authenticate_encode(&body, &m);
    return tell_out(f, CELL_AUTHENTICATE, &body);
}

/* What a relay tells before AUTHENTICATE; clog as its CERTS leaves it. */
static inline void tell_until_authenticate(struct handshake_rig *f, uint8_t clog[static 32]) {
    assert_int_equal(tell_versions(f), ERR_OK);
    assert_int_equal(tell(f, CELL_VPADDING, "abc", 3), ERR_OK);
    assert_int_equal(tell(f, CELL_PADDING, "", 0), ERR_OK);
    assert_int_equal(tell_certs(f, &f->peer.credentials.as_initiator), ERR_OK);
    f->crypt->transcript_digest(f->told, clog);
    assert_int_equal(tell(f, CELL_PADDING, "", 0), ERR_OK);
}

#endif
