/* What holds for both roles; each by itself: link_handshake_roles_test.c. */
#include "core/link_handshake.h"

#include "support/handshake_rig.h"

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
        struct handshake_rig f;
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
static void reach(struct handshake_rig *f, bool is_initiator, unsigned step) {
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
        struct handshake_rig f;
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
        struct handshake_rig f;
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
        struct handshake_rig f;
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
        struct handshake_rig f;
        set_up(&f);
        reach(&f, true, 3);
        assert_int_equal(tell_netinfo(&f, cases[i].mine, cases[i].count), ERR_OK);
        assert_true(link_handshake_peer(f.h)->is_canonical == cases[i].is_canonical);
        tear_down(&f);
    }
}

static void a_netinfo_cut_short_ends_the_link(UNUSED void **state) {
    struct handshake_rig f;
    set_up(&f);
    reach(&f, false, 1);
    uint8_t body[CELL_BODY_LEN] = {0, 0, 0, 0, 4, 4, 1, 2, 3, 4, 255};
    memset(body + 11, 255, sizeof body - 11); /* 255 addresses of 255 bytes */
    assert_int_equal(tell(&f, CELL_NETINFO, body, sizeof body), ERR_TRUNCATED);
    assert_false(link_handshake_is_open(f.h));
    tear_down(&f);
}

static void output_may_be_written_in_pieces(UNUSED void **state) {
    struct handshake_rig whole, cut;
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
    struct handshake_rig f;
    set_up(&f);
    struct link_facts facts = facts_of(&f, true, NULL);
    test_memory_fail_after(&f.memory, 0);
    assert_null(link_handshake_new(f.crypt, &f.memory.memory, &facts, NULL));
    link_handshake_free(NULL);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
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
