#include "core/link_handshake.h"

#include <string.h>

#include "base/check.h"

#define OUTPUT_MAX 8192u /* VERSIONS + CERTS + AUTH_CHALLENGE or AUTHENTICATE + NETINFO is under 4 kB */

enum state {
    WAIT_VERSIONS,
    WAIT_CERTS,        /* responder: CERTS or, from a client, NETINFO */
    WAIT_CHALLENGE,    /* initiator */
    WAIT_AUTHENTICATE, /* responder */
    WAIT_NETINFO,
    OPEN,
};

struct link_handshake {
    const struct crypt_provider *crypt;
    const struct memory *memory;
    struct link_facts facts;
    struct link_expectation expected;
    struct link_peer peer;
    enum state state;
    uint8_t responder_log[SHA256_LEN]; /* SLOG: up to AUTH_CHALLENGE */
    uint8_t initiator_log[SHA256_LEN]; /* CLOG: up to the initiator's CERTS */
    uint32_t output_start, output_end;
    uint8_t output[OUTPUT_MAX];
    _Alignas(16) uint8_t transcripts[]; /* sent, then received */
};

static size_t transcript_room(const struct crypt_provider *crypt) {
    return (crypt->transcript_size + 15) & ~(size_t)15;
}

static void *sent_transcript(struct link_handshake *h) {
    return h->transcripts;
}

static void *received_transcript(struct link_handshake *h) {
    return h->transcripts + transcript_room(h->crypt);
}

/* --- output ------------------------------------------------------------------------------------------------------- */

static void send_cell(struct link_handshake *h, unsigned circ_id_length, uint8_t command,
                      const struct bytes_out *body) {
    CHECK(bytes_out_ok(body));
    struct bytes_out out = bytes_out(h->output + h->output_end, OUTPUT_MAX - h->output_end);
    cell_put(&out, circ_id_length, 0, command, body->start, (uint16_t)bytes_written(body));
    CHECK(bytes_out_ok(&out));
    h->crypt->transcript_add(sent_transcript(h), (struct span){out.start, bytes_written(&out)});
    h->output_end += (uint32_t)bytes_written(&out);
}

static void send_versions(struct link_handshake *h) {
    static const struct versions_message ours = {.versions = {4, 5}, .count = 2};
    uint8_t room[16];
    struct bytes_out body = bytes_out(room, sizeof room);
    versions_encode(&body, &ours);
    send_cell(h, 2, CELL_VERSIONS, &body);
}

static void send_certs(struct link_handshake *h, const struct certs_message *certs) {
    uint8_t room[4096];
    struct bytes_out body = bytes_out(room, sizeof room);
    certs_encode(&body, certs);
    send_cell(h, 4, CELL_CERTS, &body);
}

static void send_auth_challenge(struct link_handshake *h) {
    struct auth_challenge_message m = {.offers_method_3 = true};
    h->crypt->random(h->crypt->context, m.challenge, sizeof m.challenge);
    uint8_t room[64];
    struct bytes_out body = bytes_out(room, sizeof room);
    auth_challenge_encode(&body, &m);
    send_cell(h, 4, CELL_AUTH_CHALLENGE, &body);
}

/* Clients tell neither time nor addresses; relays list what they advertise, which makes the link canonical. */
static void send_netinfo(struct link_handshake *h, uint64_t unix_s) {
    struct netinfo_message m = {.other = h->facts.peer.address};
    const struct link_credentials *own = h->facts.credentials;
    if (own) {
        m.time = (uint32_t)unix_s;
        for (unsigned i = 0; i < 2; i++) {
            if (own->advertised[i].address.family != ADDRESS_NONE)
                m.mine[m.mine_count++] = own->advertised[i].address;
        }
    }
    uint8_t room[CELL_BODY_LEN];
    struct bytes_out body = bytes_out(room, sizeof room);
    netinfo_encode(&body, &m);
    send_cell(h, 4, CELL_NETINFO, &body);
}

/* tor-spec 4.4.2, with the exporter's context as C tor has it: SHA256 of the initiator's RSA identity. */
static void fill_authenticate(struct link_handshake *h, const struct peer_identity *initiator,
                              const struct peer_identity *responder, const uint8_t tls_certificate[static 32],
                              struct authenticate_message *out) {
    memcpy(out->initiator_rsa, initiator->rsa_sha256, 32);
    memcpy(out->responder_rsa, responder->rsa_sha256, 32);
    memcpy(out->initiator_ed, initiator->ed_id, 32);
    memcpy(out->responder_ed, responder->ed_id, 32);
    memcpy(out->responder_log, h->responder_log, 32);
    memcpy(out->initiator_log, h->initiator_log, 32);
    memcpy(out->tls_certificate, tls_certificate, 32);
    h->facts.export_secret(h->facts.export_context, initiator->rsa_sha256, out->tls_secrets);
}

static struct peer_identity own_identity(const struct link_handshake *h) {
    const struct link_credentials *own = h->facts.credentials;
    struct peer_identity id = {0};
    memcpy(id.rsa_id, own->rsa_id, 20);
    memcpy(id.rsa_sha256, own->rsa_sha256, 32);
    memcpy(id.ed_id, own->ed_id, 32);
    return id;
}

static void send_authenticate(struct link_handshake *h) {
    struct peer_identity own = own_identity(h);
    struct authenticate_message m;
    fill_authenticate(h, &own, &h->peer.identity, h->facts.peer_certificate_sha256, &m);
    h->crypt->random(h->crypt->context, m.random, sizeof m.random);

    uint8_t signed_part[AUTHENTICATE_SIGNED_LEN];
    struct bytes_out to_sign = bytes_out(signed_part, sizeof signed_part);
    authenticate_encode_signed(&to_sign, &m);
    CHECK(bytes_out_ok(&to_sign));
    h->crypt->ed25519_sign(h->facts.credentials->authenticate_seed,
                           (struct span){signed_part, bytes_written(&to_sign)}, m.signature);

    uint8_t room[512];
    struct bytes_out body = bytes_out(room, sizeof room);
    authenticate_encode(&body, &m);
    send_cell(h, 4, CELL_AUTHENTICATE, &body);
}

/* --- input -------------------------------------------------------------------------------------------------------- */

static struct span body_of(const struct cell_view *cell) {
    return (struct span){cell->body, cell->length};
}

static void log_received(struct link_handshake *h, const struct cell_view *cell) {
    uint8_t room[CELL_VAR_HEADER_LEN];
    struct bytes_out header = bytes_out(room, sizeof room);
    if (link_handshake_circ_id_length(h) == 2)
        bytes_put_u16(&header, (uint16_t)cell->circ_id);
    else
        bytes_put_u32(&header, cell->circ_id);
    bytes_put_u8(&header, cell->command);
    if (cell_command_is_variable(cell->command))
        bytes_put_u16(&header, cell->length);
    h->crypt->transcript_add(received_transcript(h), (struct span){room, bytes_written(&header)});
    h->crypt->transcript_add(received_transcript(h), body_of(cell));
}

static enum err receive_versions(struct link_handshake *h, uint64_t unix_s, const struct cell_view *cell) {
    static const struct versions_message ours = {.versions = {4, 5}, .count = 2};
    struct versions_message theirs;
    enum err e = versions_decode(body_of(cell), &theirs);
    if (e)
        return e;
    h->peer.version = versions_highest_common(&ours, &theirs);
    if (!h->peer.version)
        return ERR_UNSUPPORTED;
    h->state = WAIT_CERTS;
    if (h->facts.is_initiator)
        return ERR_OK;
    send_versions(h);
    send_certs(h, &h->facts.credentials->as_responder);
    send_auth_challenge(h);
    h->crypt->transcript_digest(sent_transcript(h), h->responder_log);
    send_netinfo(h, unix_s);
    return ERR_OK;
}

static enum err receive_responder_certs(struct link_handshake *h, uint64_t unix_s,
                                        const struct certs_message *certs) {
    enum err e = certificates_check_responder(h->crypt, certs, h->facts.peer_certificate_sha256, unix_s,
                                              &h->peer.identity);
    if (e)
        return e;
    const struct link_expectation *x = &h->expected;
    if (x->has_rsa_id && memcmp(x->rsa_id, h->peer.identity.rsa_id, sizeof x->rsa_id) != 0)
        return ERR_IDENTITY;
    if (x->has_ed_id && memcmp(x->ed_id, h->peer.identity.ed_id, sizeof x->ed_id) != 0)
        return ERR_IDENTITY;
    h->peer.is_authenticated = true;
    h->state = WAIT_CHALLENGE;
    return ERR_OK;
}

static enum err receive_certs(struct link_handshake *h, uint64_t unix_s, const struct cell_view *cell) {
    struct certs_message certs;
    enum err e = certs_decode(body_of(cell), &certs);
    if (e)
        return e;
    if (h->facts.is_initiator)
        return receive_responder_certs(h, unix_s, &certs);
    e = certificates_check_initiator(h->crypt, &certs, unix_s, &h->peer.identity);
    if (e)
        return e;
    h->crypt->transcript_digest(received_transcript(h), h->initiator_log);
    h->state = WAIT_AUTHENTICATE;
    return ERR_OK;
}

static enum err receive_auth_challenge(struct link_handshake *h, uint64_t unix_s,
                                       const struct cell_view *cell) {
    struct auth_challenge_message m;
    enum err e = auth_challenge_decode(body_of(cell), &m);
    if (e)
        return e;
    if (h->facts.credentials) {
        if (!m.offers_method_3)
            return ERR_UNSUPPORTED;
        h->crypt->transcript_digest(received_transcript(h), h->responder_log);
        send_certs(h, &h->facts.credentials->as_initiator);
        h->crypt->transcript_digest(sent_transcript(h), h->initiator_log);
        send_authenticate(h);
    }
    send_netinfo(h, unix_s);
    h->state = WAIT_NETINFO;
    return ERR_OK;
}

static enum err receive_authenticate(struct link_handshake *h, const struct cell_view *cell) {
    struct authenticate_message theirs, expected;
    enum err e = authenticate_decode(body_of(cell), &theirs);
    if (e)
        return e;
    struct peer_identity own = own_identity(h);
    expected = theirs;
    fill_authenticate(h, &h->peer.identity, &own, h->facts.credentials->tls_certificate_sha256, &expected);

    uint8_t sent[AUTHENTICATE_SIGNED_LEN], due[AUTHENTICATE_SIGNED_LEN];
    struct bytes_out sent_out = bytes_out(sent, sizeof sent), due_out = bytes_out(due, sizeof due);
    authenticate_encode_signed(&sent_out, &theirs);
    authenticate_encode_signed(&due_out, &expected);
    CHECK(bytes_out_ok(&sent_out) && bytes_out_ok(&due_out));
    if (!bytes_equal_const_time(sent, due, sizeof sent))
        return ERR_BAD_SIGNATURE;
    if (!h->peer.identity.has_authenticate_key ||
        !h->crypt->ed25519_verify(h->peer.identity.authenticate_key, (struct span){sent, sizeof sent},
                                  theirs.signature))
        return ERR_BAD_SIGNATURE;
    h->peer.is_authenticated = true;
    h->state = WAIT_NETINFO;
    return ERR_OK;
}

static enum err receive_netinfo(struct link_handshake *h, const struct cell_view *cell) {
    struct netinfo_message m;
    enum err e = netinfo_decode(body_of(cell), &m);
    if (e)
        return e;
    for (unsigned i = 0; i < m.mine_count; i++) {
        if (address_equal(&m.mine[i], &h->facts.peer.address))
            h->peer.is_canonical = true;
    }
    h->state = OPEN;
    return ERR_OK;
}

static bool is_padding(uint8_t command) {
    return command == CELL_PADDING || command == CELL_VPADDING || command == CELL_AUTHORIZE;
}

enum err link_handshake_receive(struct link_handshake *h, uint64_t unix_s, const struct cell_view *cell) {
    CHECK(h->state != OPEN);
    log_received(h, cell);
    if (h->state == WAIT_VERSIONS)
        return cell->command == CELL_VERSIONS ? receive_versions(h, unix_s, cell) : ERR_PROTOCOL;
    if (is_padding(cell->command))
        return ERR_OK;
    if (cell->circ_id != 0)
        return ERR_PROTOCOL;

    bool initiator = h->facts.is_initiator;
    switch (h->state) {
    case WAIT_CERTS:
        if (cell->command == CELL_CERTS)
            return receive_certs(h, unix_s, cell);
        /* A client shows no certificates and goes straight on to NETINFO. */
        return cell->command == CELL_NETINFO && !initiator ? receive_netinfo(h, cell) : ERR_PROTOCOL;
    case WAIT_CHALLENGE:
        return cell->command == CELL_AUTH_CHALLENGE ? receive_auth_challenge(h, unix_s, cell) : ERR_PROTOCOL;
    case WAIT_AUTHENTICATE:
        return cell->command == CELL_AUTHENTICATE ? receive_authenticate(h, cell) : ERR_PROTOCOL;
    case WAIT_NETINFO: return cell->command == CELL_NETINFO ? receive_netinfo(h, cell) : ERR_PROTOCOL;
    case WAIT_VERSIONS:
    case OPEN: break;
    }
    return ERR_PROTOCOL;
}

/* --- life --------------------------------------------------------------------------------------------------------- */

static size_t handshake_size(const struct crypt_provider *crypt) {
    return sizeof(struct link_handshake) + 2 * transcript_room(crypt);
}

struct link_handshake *link_handshake_new(const struct crypt_provider *crypt, const struct memory *memory,
                                          const struct link_facts *facts,
                                          const struct link_expectation *expected) {
    CHECK(facts->is_initiator || facts->credentials);
    struct link_handshake *h = memory_allocate(memory, handshake_size(crypt));
    if (!h)
        return NULL;
    h->crypt = crypt;
    h->memory = memory;
    h->facts = *facts;
    if (expected)
        h->expected = *expected;
    crypt->transcript_init(sent_transcript(h));
    crypt->transcript_init(received_transcript(h));
    if (facts->is_initiator)
        send_versions(h);
    return h;
}

void link_handshake_free(struct link_handshake *h) {
    if (h)
        memory_release(h->memory, h, handshake_size(h->crypt));
}

unsigned link_handshake_circ_id_length(const struct link_handshake *h) {
    return h->state == WAIT_VERSIONS ? 2 : 4;
}

bool link_handshake_is_open(const struct link_handshake *h) {
    return h->state == OPEN;
}

const struct link_peer *link_handshake_peer(const struct link_handshake *h) {
    return &h->peer;
}

struct span link_handshake_output(const struct link_handshake *h) {
    return (struct span){h->output + h->output_start, h->output_end - h->output_start};
}

void link_handshake_written(struct link_handshake *h, size_t length) {
    CHECK(length <= h->output_end - h->output_start);
    h->output_start += (uint32_t)length;
    if (h->output_start == h->output_end)
        h->output_start = h->output_end = 0;
}
