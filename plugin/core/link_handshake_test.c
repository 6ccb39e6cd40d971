/* Both roles against a peer that is written out by hand, so that one thing at a time can be wrong. */
#include "core/link_handshake.h"

#include "crypt/symbolic.h"
#include "support/symbolic_identity.h"
#include "support/test.h"
#include "support/test_memory.h"
#include "wire/link_messages.h"

#define OUTPUT_ROOM 8192u

struct fixture {
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

static void set_up(struct fixture *f) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    f->crypt = symbolic_provider(&f->symbolic, 1);
    assert_true(f->crypt->transcript_size <= sizeof f->told);
    symbolic_identity_make(&f->own, f->crypt, 1);
    symbolic_identity_make(&f->peer, f->crypt, 2);
    memset(f->tls_secret, 0x5e, sizeof f->tls_secret);
    f->crypt->transcript_init(f->told);
}

static void tear_down(struct fixture *f) {
    link_handshake_free(f->h);
    test_memory_fini(&f->memory);
}

static struct link_facts facts_of(struct fixture *f, bool is_initiator, const struct link_credentials *own) {
    struct link_facts facts = {.is_initiator = is_initiator,
                               .peer = f->peer.credentials.advertised[0],
                               .credentials = own,
                               .export_secret = symbolic_export,
                               .export_context = f->tls_secret};
    memcpy(facts.peer_certificate_sha256, f->peer.credentials.tls_certificate_sha256, 32);
    return facts;
}

static void begin(struct fixture *f, bool is_initiator, const struct link_credentials *own,
                  const struct link_expectation *expected) {
    struct link_facts facts = facts_of(f, is_initiator, own);
    f->h = link_handshake_new(f->crypt, &f->memory.memory, &facts, expected);
    assert_non_null(f->h);
}

static void take_output(struct fixture *f) {
    struct span out = link_handshake_output(f->h);
    assert_true(f->written_length + out.length <= sizeof f->written);
    if (out.length)
        memcpy(f->written + f->written_length, out.data, out.length);
    f->written_length += out.length;
    link_handshake_written(f->h, out.length);
    assert_int_equal(link_handshake_output(f->h).length, 0);
}

/* Give h one cell, as the wire would bring it. */
static enum err tell_on(struct fixture *f, uint32_t circ_id, uint8_t command, const void *body,
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

static enum err tell(struct fixture *f, uint8_t command, const void *body, size_t length) {
    return tell_on(f, 0, command, body, length);
}

static enum err tell_out(struct fixture *f, uint8_t command, const struct bytes_out *body) {
    assert_true(bytes_out_ok(body));
    return tell(f, command, body->start, bytes_written(body));
}

static enum err tell_versions(struct fixture *f) {
    return tell(f, CELL_VERSIONS, "\0\3\0\4\0\5", 6);
}

static enum err tell_certs(struct fixture *f, const struct certs_message *certs) {
    uint8_t room[4096];
    struct bytes_out body = bytes_out(room, sizeof room);
    certs_encode(&body, certs);
    return tell_out(f, CELL_CERTS, &body);
}

static enum err tell_challenge(struct fixture *f, bool offers_method_3) {
    struct auth_challenge_message m = {.challenge = {7}, .offers_method_3 = offers_method_3};
    uint8_t room[64];
    struct bytes_out body = bytes_out(room, sizeof room);
    auth_challenge_encode(&body, &m);
    return tell_out(f, CELL_AUTH_CHALLENGE, &body);
}

static enum err tell_netinfo(struct fixture *f, const struct address *mine, uint8_t count) {
    struct netinfo_message m = {.other = f->own.credentials.advertised[0].address, .mine_count = count};
    for (uint8_t i = 0; i < count; i++)
        m.mine[i] = mine[i];
    uint8_t room[CELL_BODY_LEN];
    struct bytes_out body = bytes_out(room, sizeof room);
    netinfo_encode(&body, &m);
    return tell_out(f, CELL_NETINFO, &body);
}

static enum err tell_own_netinfo(struct fixture *f) {
    return tell_netinfo(f, &f->peer.credentials.advertised[0].address, 1);
}

/* --- what h wrote ------------------------------------------------------------------------------------------------ */

/* The index-th cell of what h wrote; *end is where it ends. False when there is none. */
static bool written_cell(const struct fixture *f, unsigned index, struct cell_view *cell, size_t *end) {
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

static void expect_written(const struct fixture *f, const uint8_t *commands, unsigned count) {
    struct cell_view cell;
    size_t end;
    for (unsigned i = 0; i < count; i++) {
        assert_true(written_cell(f, i, &cell, &end));
        assert_int_equal(cell.command, commands[i]);
    }
    assert_int_equal(end, f->written_length);
}

static void digest_written(const struct fixture *f, unsigned last_cell, uint8_t out[static 32]) {
    _Alignas(16) uint8_t transcript[sizeof f->told];
    struct cell_view cell;
    size_t end;
    assert_true(written_cell(f, last_cell, &cell, &end));
    f->crypt->transcript_init(transcript);
    f->crypt->transcript_add(transcript, (struct span){f->written, end});
    f->crypt->transcript_digest(transcript, out);
}

static void expect_own_netinfo(const struct fixture *f, unsigned index, bool is_client) {
    struct cell_view cell;
    size_t end;
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

/* --- the responder ------------------------------------------------------------------------------------------------ */

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
static void make_authenticate(struct fixture *f, enum responder_fault fault, const uint8_t clog[static 32],
                              struct authenticate_message *m) {
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

static enum err tell_authenticate(struct fixture *f, enum responder_fault fault,
                                  const uint8_t clog[static 32]) {
    struct authenticate_message m;
    make_authenticate(f, fault, clog, &m);
    uint8_t room[512];
    struct bytes_out body = bytes_out(room, sizeof room);
    authenticate_encode(&body, &m);
    return tell_out(f, CELL_AUTHENTICATE, &body);
}

/* What a relay tells before AUTHENTICATE; clog as its CERTS leaves it. */
static void tell_until_authenticate(struct fixture *f, uint8_t clog[static 32]) {
    assert_int_equal(tell_versions(f), ERR_OK);
    assert_int_equal(tell(f, CELL_VPADDING, "abc", 3), ERR_OK);
    assert_int_equal(tell(f, CELL_PADDING, "", 0), ERR_OK);
    assert_int_equal(tell_certs(f, &f->peer.credentials.as_initiator), ERR_OK);
    f->crypt->transcript_digest(f->told, clog);
    assert_int_equal(tell(f, CELL_PADDING, "", 0), ERR_OK);
}

static void a_responder_learns_who_a_relay_is(UNUSED void **state) {
    static const uint8_t expected[] = {CELL_VERSIONS, CELL_CERTS, CELL_AUTH_CHALLENGE, CELL_NETINFO};
    struct fixture f;
    uint8_t clog[32];
    set_up(&f);
    begin(&f, false, &f.own.credentials, NULL);
    assert_int_equal(link_handshake_output(f.h).length, 0); /* the initiator speaks first */
    tell_until_authenticate(&f, clog);
    expect_written(&f, expected, COUNT(expected));
    expect_own_netinfo(&f, 3, false);

    assert_int_equal(tell_authenticate(&f, NO_FAULT, clog), ERR_OK);
    assert_int_equal(tell(&f, CELL_VPADDING, "", 0), ERR_OK);
    assert_false(link_handshake_is_open(f.h));
    assert_int_equal(tell_own_netinfo(&f), ERR_OK);
    assert_true(link_handshake_is_open(f.h));
    const struct link_peer *peer = link_handshake_peer(f.h);
    assert_true(peer->is_authenticated);
    assert_true(peer->is_canonical);
    assert_int_equal(peer->version, 5);
    assert_memory_equal(peer->identity.rsa_id, f.peer.credentials.rsa_id, 20);
    assert_memory_equal(peer->identity.ed_id, f.peer.credentials.ed_id, 32);
    expect_written(&f, expected, COUNT(expected)); /* nothing more */
    tear_down(&f);
}

static void a_responder_lets_a_client_in_unnamed(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    begin(&f, false, &f.own.credentials, NULL);
    assert_int_equal(tell_versions(&f), ERR_OK);
    assert_int_equal(tell_netinfo(&f, NULL, 0), ERR_OK);
    assert_true(link_handshake_is_open(f.h));
    assert_false(link_handshake_peer(f.h)->is_authenticated);
    assert_false(link_handshake_peer(f.h)->is_canonical);
    tear_down(&f);
}

static void authenticate_is_refused_when_one_field_is_wrong(UNUSED void **state) {
    for (enum responder_fault fault = NO_FAULT; fault <= OTHER_KEY; fault++) {
        struct fixture f;
        uint8_t clog[32];
        set_up(&f);
        begin(&f, false, &f.own.credentials, NULL);
        tell_until_authenticate(&f, clog);
        assert_int_equal(tell_authenticate(&f, fault, clog), fault ? ERR_BAD_SIGNATURE : ERR_OK);
        assert_true(link_handshake_peer(f.h)->is_authenticated == (fault == NO_FAULT));
        tear_down(&f);
    }
}

static void authenticate_of_another_form_is_refused(UNUSED void **state) {
    static const struct {
        const char *head;
        size_t length;
        enum err e;
    } cases[] = {{"", 0, ERR_TRUNCATED},
                 {"\0\3\1\140AUTH0003", 40, ERR_TRUNCATED},
                 {"\0\1\1\140AUTH0001", 356, ERR_UNSUPPORTED}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture f;
        uint8_t clog[32], body[400] = {0};
        set_up(&f);
        begin(&f, false, &f.own.credentials, NULL);
        tell_until_authenticate(&f, clog);
        if (cases[i].length)
            memcpy(body, cases[i].head, 12);
        assert_int_equal(tell(&f, CELL_AUTHENTICATE, body, cases[i].length), cases[i].e);
        tear_down(&f);
    }
}

/* --- the initiator ------------------------------------------------------------------------------------------------ */

static enum err tell_until_challenge(struct fixture *f) {
    enum err e = tell_versions(f);
    if (!e)
        e = tell(f, CELL_VPADDING, "counted", 7);
    return e ? e : tell_certs(f, &f->peer.credentials.as_responder);
}

static void read_authenticate(const struct fixture *f, unsigned index, struct authenticate_message *out) {
    struct cell_view cell;
    size_t end;
    assert_true(written_cell(f, index, &cell, &end));
    assert_int_equal(cell.command, CELL_AUTHENTICATE);
    assert_int_equal(authenticate_decode((struct span){cell.body, cell.length}, out), ERR_OK);
}

static void expect_authenticate(struct fixture *f, const uint8_t slog[static 32]) {
    const struct link_credentials *own = &f->own.credentials, *peer = &f->peer.credentials;
    struct authenticate_message m;
    uint8_t clog[32], secrets[32], signed_part[AUTHENTICATE_SIGNED_LEN], key[32];
    read_authenticate(f, 2, &m);
    digest_written(f, 1, clog); /* VERSIONS, CERTS */
    symbolic_export(f->tls_secret, own->rsa_sha256, secrets);
    assert_memory_equal(m.initiator_rsa, own->rsa_sha256, 32);
    assert_memory_equal(m.responder_rsa, peer->rsa_sha256, 32);
    assert_memory_equal(m.initiator_ed, own->ed_id, 32);
    assert_memory_equal(m.responder_ed, peer->ed_id, 32);
    assert_memory_equal(m.responder_log, slog, 32);
    assert_memory_equal(m.initiator_log, clog, 32);
    assert_memory_equal(m.tls_certificate, peer->tls_certificate_sha256, 32);
    assert_memory_equal(m.tls_secrets, secrets, 32);
    struct bytes_out out = bytes_out(signed_part, sizeof signed_part);
    authenticate_encode_signed(&out, &m);
    symbolic_ed25519_public(own->authenticate_seed, key);
    assert_true(f->crypt->ed25519_verify(key, (struct span){signed_part, sizeof signed_part}, m.signature));
}

static void an_initiator_proves_who_it_is(UNUSED void **state) {
    static const uint8_t expected[] = {CELL_VERSIONS, CELL_CERTS, CELL_AUTHENTICATE, CELL_NETINFO};
    struct fixture f;
    uint8_t slog[32];
    set_up(&f);
    begin(&f, true, &f.own.credentials, NULL);
    take_output(&f);
    expect_written(&f, expected, 1);
    assert_int_equal(tell_until_challenge(&f), ERR_OK);
    expect_written(&f, expected, 1); /* silent until AUTH_CHALLENGE */
    assert_int_equal(tell(&f, CELL_VPADDING, "", 0), ERR_OK);
    assert_int_equal(tell_challenge(&f, true), ERR_OK);
    f.crypt->transcript_digest(f.told, slog);
    expect_written(&f, expected, COUNT(expected));
    expect_authenticate(&f, slog);
    expect_own_netinfo(&f, 3, false);

    assert_false(link_handshake_is_open(f.h));
    assert_int_equal(tell_own_netinfo(&f), ERR_OK);
    assert_true(link_handshake_is_open(f.h));
    assert_true(link_handshake_peer(f.h)->is_authenticated);
    assert_true(link_handshake_peer(f.h)->is_canonical);
    assert_memory_equal(link_handshake_peer(f.h)->identity.ed_id, f.peer.credentials.ed_id, 32);
    tear_down(&f);
}

static void a_client_shows_nothing(UNUSED void **state) {
    static const uint8_t expected[] = {CELL_VERSIONS, CELL_NETINFO};
    struct fixture f;
    set_up(&f);
    begin(&f, true, NULL, NULL);
    take_output(&f);
    assert_int_equal(tell_until_challenge(&f), ERR_OK);
    assert_int_equal(tell_challenge(&f, false), ERR_OK);
    expect_written(&f, expected, COUNT(expected));
    expect_own_netinfo(&f, 1, true);
    assert_int_equal(tell_own_netinfo(&f), ERR_OK);
    assert_true(link_handshake_is_open(f.h));
    assert_true(link_handshake_peer(f.h)->is_authenticated); /* the responder is */
    tear_down(&f);
}

static void a_relay_that_cannot_authenticate_gives_up(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    begin(&f, true, &f.own.credentials, NULL);
    assert_int_equal(tell_until_challenge(&f), ERR_OK);
    assert_int_equal(tell_challenge(&f, false), ERR_UNSUPPORTED);
    tear_down(&f);
}

static void an_initiator_insists_on_whom_it_expects(UNUSED void **state) {
    static const struct {
        bool rsa, ed, rsa_wrong, ed_wrong;
        enum err e;
    } cases[] = {
        {false, false, false, false, ERR_OK},     {true, true, false, false, ERR_OK},
        {true, false, true, false, ERR_IDENTITY}, {false, true, false, true, ERR_IDENTITY},
        {true, true, true, false, ERR_IDENTITY},  {true, true, false, true, ERR_IDENTITY},
        {false, false, true, true, ERR_OK},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture f;
        set_up(&f);
        struct link_expectation x = {.has_rsa_id = cases[i].rsa, .has_ed_id = cases[i].ed};
        memcpy(x.rsa_id, f.peer.credentials.rsa_id, 20);
        memcpy(x.ed_id, f.peer.credentials.ed_id, 32);
        x.rsa_id[19] ^= cases[i].rsa_wrong;
        x.ed_id[31] ^= cases[i].ed_wrong;
        begin(&f, true, &f.own.credentials, &x);
        assert_int_equal(tell_until_challenge(&f), cases[i].e);
        tear_down(&f);
    }
}

static void an_initiator_ties_the_certificates_to_the_tls_session(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    f.peer.credentials.tls_certificate_sha256[0] ^= 1; /* somebody sits in the middle */
    begin(&f, true, &f.own.credentials, NULL);
    assert_int_equal(tell_until_challenge(&f), ERR_IDENTITY);
    tear_down(&f);
}

/* --- both --------------------------------------------------------------------------------------------------------- */

static void versions_need_one_in_common(UNUSED void **state) {
    static const struct {
        const char *body;
        size_t length;
        enum err e;
        uint16_t version;
    } cases[] = {
        {"\0\4", 2, ERR_OK, 4},          {"\0\5\0\4", 4, ERR_OK, 5},          {"\0\3\0\4\0\6", 6, ERR_OK, 4},
        {"\0\3", 2, ERR_UNSUPPORTED, 0}, {"\0\6\1\4", 4, ERR_UNSUPPORTED, 0}, {"", 0, ERR_UNSUPPORTED, 0},
        {"\0\4\0", 3, ERR_MALFORMED, 0},
    };
    for (size_t i = 0; i < 2 * COUNT(cases); i++) {
        struct fixture f;
        set_up(&f);
        begin(&f, i % 2, &f.own.credentials, NULL);
        assert_int_equal(link_handshake_circ_id_length(f.h), 2);
        assert_int_equal(tell(&f, CELL_VERSIONS, cases[i / 2].body, cases[i / 2].length), cases[i / 2].e);
        assert_int_equal(link_handshake_peer(f.h)->version, cases[i / 2].version);
        assert_int_equal(link_handshake_circ_id_length(f.h), cases[i / 2].e ? 2 : 4);
        tear_down(&f);
    }
}

static const uint8_t commands[] = {CELL_PADDING,        CELL_CREATE,
                                   CELL_RELAY,          CELL_DESTROY,
                                   CELL_VERSIONS,       CELL_NETINFO,
                                   CELL_RELAY_EARLY,    CELL_CREATE2,
                                   CELL_CREATED2,       CELL_PADDING_NEGOTIATE,
                                   CELL_VPADDING,       CELL_CERTS,
                                   CELL_AUTH_CHALLENGE, CELL_AUTHENTICATE,
                                   CELL_AUTHORIZE,      200};

/* Bring h to its step-th state. */
static void reach(struct fixture *f, bool is_initiator, unsigned step) {
    uint8_t clog[32];
    begin(f, is_initiator, &f->own.credentials, NULL);
    if (!is_initiator && step >= 2) {
        tell_until_authenticate(f, clog);
        if (step == 3)
            assert_int_equal(tell_authenticate(f, NO_FAULT, clog), ERR_OK);
        return;
    }
    if (step >= 1)
        assert_int_equal(tell_versions(f), ERR_OK);
    if (step >= 2)
        assert_int_equal(tell_certs(f, &f->peer.credentials.as_responder), ERR_OK);
    if (step == 3)
        assert_int_equal(tell_challenge(f, true), ERR_OK);
}

static bool is_padding(uint8_t command) {
    return command == CELL_PADDING || command == CELL_VPADDING || command == CELL_AUTHORIZE;
}

/* Cells that the state does not expect end the link; the ones that it does are in the stories above. */
static void cells_out_of_order_end_the_link(UNUSED void **state) {
    static const uint8_t expected[2][4] = {{CELL_VERSIONS, CELL_CERTS, CELL_AUTHENTICATE, CELL_NETINFO},
                                           {CELL_VERSIONS, CELL_CERTS, CELL_AUTH_CHALLENGE, CELL_NETINFO}};
    for (unsigned i = 0; i < 8 * COUNT(commands); i++) {
        bool is_initiator = i % 2;
        unsigned step = i / 2 % 4;
        uint8_t command = commands[i / 8];
        bool client_goes_on = !is_initiator && step == 1 && command == CELL_NETINFO;
        if (command == expected[is_initiator][step] || client_goes_on)
            continue;
        struct fixture f;
        set_up(&f);
        reach(&f, is_initiator, step);
        enum err e = is_padding(command) && step > 0 ? ERR_OK : ERR_PROTOCOL;
        assert_int_equal(tell(&f, command, "", 0), e);
        assert_false(link_handshake_is_open(f.h));
        tear_down(&f);
    }
}

static void cells_of_the_link_have_circuit_0(UNUSED void **state) {
    static const uint8_t expected[2][4] = {{0, CELL_CERTS, CELL_AUTHENTICATE, CELL_NETINFO},
                                           {0, CELL_CERTS, CELL_AUTH_CHALLENGE, CELL_NETINFO}};
    for (unsigned i = 2; i < 8; i++) {
        struct fixture f;
        set_up(&f);
        reach(&f, i % 2, i / 2);
        uint8_t body[400] = {0};
        assert_int_equal(tell_on(&f, 1, expected[i % 2][i / 2], body, sizeof body), ERR_PROTOCOL);
        assert_int_equal(tell_on(&f, 1, CELL_VPADDING, "", 0), ERR_OK);
        tear_down(&f);
    }
}

static void certificates_may_come_only_once_and_whole(UNUSED void **state) {
    for (unsigned is_initiator = 0; is_initiator < 2; is_initiator++) {
        struct fixture f;
        set_up(&f);
        begin(&f, is_initiator, &f.own.credentials, NULL);
        assert_int_equal(tell_versions(&f), ERR_OK);
        assert_int_equal(tell(&f, CELL_CERTS, "\2\2\0\1a\2\0\1b", 9), ERR_PROTOCOL); /* type 2 twice */
        assert_int_equal(tell(&f, CELL_CERTS, "\1\2\0\5a", 5), ERR_TRUNCATED);
        const struct certs_message *of_other_role =
            is_initiator ? &f.peer.credentials.as_initiator : &f.peer.credentials.as_responder;
        assert_int_equal(tell_certs(&f, of_other_role), ERR_PROTOCOL);
        assert_false(link_handshake_peer(f.h)->is_authenticated);
        tear_down(&f);
    }
}

static void a_link_is_canonical_when_the_peer_lists_its_address(UNUSED void **state) {
    static const struct address here = {ADDRESS_IPV4, {10, 0, 0, 2}}, there = {ADDRESS_IPV4, {10, 0, 0, 3}},
                                six = {ADDRESS_IPV6, {10, 0, 0, 2}};
    const struct {
        struct address mine[2];
        uint8_t count;
        bool is_canonical;
    } cases[] = {{{here, there}, 2, true},
                 {{there, here}, 2, true},
                 {{there, six}, 2, false},
                 {{here, there}, 0, false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture f;
        set_up(&f);
        reach(&f, true, 3);
        assert_int_equal(tell_netinfo(&f, cases[i].mine, cases[i].count), ERR_OK);
        assert_true(link_handshake_peer(f.h)->is_canonical == cases[i].is_canonical);
        tear_down(&f);
    }
}

static void a_netinfo_cut_short_ends_the_link(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    reach(&f, false, 1);
    uint8_t body[CELL_BODY_LEN] = {0, 0, 0, 0, 4, 4, 1, 2, 3, 4, 255};
    memset(body + 11, 255, sizeof body - 11); /* 255 addresses of 255 bytes */
    assert_int_equal(tell(&f, CELL_NETINFO, body, sizeof body), ERR_TRUNCATED);
    assert_false(link_handshake_is_open(f.h));
    tear_down(&f);
}

static void output_may_be_written_in_pieces(UNUSED void **state) {
    struct fixture whole, cut;
    set_up(&whole);
    set_up(&cut);
    reach(&whole, true, 3);
    begin(&cut, true, &cut.own.credentials, NULL);
    assert_int_equal(link_handshake_output(cut.h).length, 9);
    cut.written[0] = link_handshake_output(cut.h).data[0];
    link_handshake_written(cut.h, 1);
    cut.written_length = 1; /* the rest waits while the next cells are made */
    assert_int_equal(tell_versions(&cut), ERR_OK);
    assert_int_equal(tell_certs(&cut, &cut.peer.credentials.as_responder), ERR_OK);
    assert_int_equal(tell_challenge(&cut, true), ERR_OK);
    assert_int_equal(cut.written_length, whole.written_length);
    assert_memory_equal(cut.written, whole.written, whole.written_length);
    tear_down(&cut);
    tear_down(&whole);
}

static void without_memory_there_is_no_handshake(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    struct link_facts facts = facts_of(&f, true, NULL);
    test_memory_fail_after(&f.memory, 0);
    assert_null(link_handshake_new(f.crypt, &f.memory.memory, &facts, NULL));
    link_handshake_free(NULL);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_responder_learns_who_a_relay_is),
        cmocka_unit_test(a_responder_lets_a_client_in_unnamed),
        cmocka_unit_test(authenticate_is_refused_when_one_field_is_wrong),
        cmocka_unit_test(authenticate_of_another_form_is_refused),
        cmocka_unit_test(an_initiator_proves_who_it_is),
        cmocka_unit_test(a_client_shows_nothing),
        cmocka_unit_test(a_relay_that_cannot_authenticate_gives_up),
        cmocka_unit_test(an_initiator_insists_on_whom_it_expects),
        cmocka_unit_test(an_initiator_ties_the_certificates_to_the_tls_session),
        cmocka_unit_test(versions_need_one_in_common),
        cmocka_unit_test(cells_out_of_order_end_the_link),
        cmocka_unit_test(cells_of_the_link_have_circuit_0),
        cmocka_unit_test(certificates_may_come_only_once_and_whole),
        cmocka_unit_test(a_link_is_canonical_when_the_peer_lists_its_address),
        cmocka_unit_test(a_netinfo_cut_short_ends_the_link),
        cmocka_unit_test(output_may_be_written_in_pieces),
        cmocka_unit_test(without_memory_there_is_no_handshake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
