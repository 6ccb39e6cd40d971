/* Who proves what to whom: the responder, and the initiator. */
#include "support/handshake_rig.h"

/* --- the responder ------------------------------------------------------------------------------------------------ */

static void a_responder_learns_who_a_relay_is(UNUSED void **state) {
    static const uint8_t expected[] = {CELL_VERSIONS, CELL_CERTS, CELL_AUTH_CHALLENGE, CELL_NETINFO};
    struct handshake_rig f;
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
    struct handshake_rig f;
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
        struct handshake_rig f;
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
        struct handshake_rig f;
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

static enum err tell_until_challenge(struct handshake_rig *f) {
    enum err e = tell_versions(f);
    if (!e)
        e = tell(f, CELL_VPADDING, "counted", 7);
    return e ? e : tell_certs(f, &f->peer.credentials.as_responder);
}

static void read_authenticate(const struct handshake_rig *f, unsigned index,
                              struct authenticate_message *out) {
    struct cell_view cell;
    size_t end;
    assert_true(written_cell(f, index, &cell, &end));
    assert_int_equal(cell.command, CELL_AUTHENTICATE);
    assert_int_equal(authenticate_decode((struct span){cell.body, cell.length}, out), ERR_OK);
}

static void expect_authenticate(struct handshake_rig *f, const uint8_t slog[static 32]) {
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
    struct handshake_rig f;
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
    struct handshake_rig f;
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
    struct handshake_rig f;
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
        struct handshake_rig f;
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
    struct handshake_rig f;
    set_up(&f);
    f.peer.credentials.tls_certificate_sha256[0] ^= 1; /* somebody sits in the middle */
    begin(&f, true, &f.own.credentials, NULL);
    assert_int_equal(tell_until_challenge(&f), ERR_IDENTITY);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
