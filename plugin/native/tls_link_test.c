#include "native/tls_link.h"

#include "core/connection_manager.h"
#include "native/link_hub.h"
#include "support/native_bench.h"
#include "support/test.h"

static struct native_bench bench;

static int set_up(void **state) {
    (void)state;
    bench_init(&bench, 0);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    bench_fini(&bench);
    return 0;
}

static uint32_t links_open(void) {
    return manager_working_set(bench_main(&bench)->manager, event_thread_now(bench_main(&bench))).links;
}

static uint32_t links_known(void) {
    return bench_main(&bench)->links.shared.by_id.count;
}

static void a_client_gets_through_the_link_handshake(void **state) {
    link_id link;
    (void)state;
    struct bench_peer *peer = peer_new(&bench, &link);
    peer_secure(&bench, peer);
    peer_greet(&bench, peer, 4096);
    assert_int_equal(links_open(), 1);
    assert_int_equal(bench_main(&bench)->links.shared.ciphers[0].links, 1);
    peer_free(peer);
    bench_turn(&bench);
    assert_int_equal(links_open(), 0);
    assert_int_equal(links_known(), 0);
    assert_int_equal(bench_main(&bench)->links.shared.ciphers[0].links, 0);
}

static void rubbish_ends_its_own_link_only(void **state) {
    link_id link, other;
    (void)state;
    struct bench_peer *good = peer_new(&bench, &link), *bad = peer_new(&bench, &other);
    peer_secure(&bench, good);
    peer_greet(&bench, good, 4096);
    assert_int_equal(send(bad->fd, "GET / HTTP/1.0\r\n\r\n", 18, 0), 18);
    assert_true(peer_sees_close(&bench, bad));
    assert_int_equal(links_known(), 1);
    assert_int_equal(links_open(), 1);
    peer_free(good);
    peer_free(bad);
    bench_turn(&bench);
}

static void cells_that_break_the_protocol_end_the_link(void **state) {
    uint8_t cell[514] = {0, 0, 0, 7, 3}; /* RELAY before VERSIONS */
    link_id link;
    (void)state;
    struct bench_peer *peer = peer_new(&bench, &link);
    peer_secure(&bench, peer);
    peer_write(peer, cell, sizeof cell);
    assert_true(peer_sees_close(&bench, peer));
    assert_int_equal(links_known(), 0);
    peer_free(peer);
}

static void a_dial_to_nobody_fails_and_is_forgotten(void **state) {
    struct endpoint at;
    (void)state;
    close(bench_listen(&at));
    link_hub_dial(&bench_main(&bench)->links, 77, &at);
    assert_int_equal(links_known(), 1);
    for (int i = 0; i < 1000 && links_known() != 0; i++)
        bench_turn(&bench);
    assert_int_equal(links_known(), 0);
}

/* The manager has forgotten a link that it wanted before TLS was up: the link goes too. */
static void a_dial_that_nobody_wants_any_more_is_closed(void **state) {
    struct endpoint at;
    int fd = -1;
    (void)state;
    struct bench_peer *server = heap_new(sizeof *server);
    int listening = bench_listen(&at);
    link_hub_dial(&bench_main(&bench)->links, 78, &at);
    for (int i = 0; i < 1000 && fd < 0; i++) {
        bench_turn(&bench);
        fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
    }
    server->fd = fd;
    server->pipe = (struct tls_pipe){.out = server->out, .out_room = sizeof server->out};
    assert_true(tls_session_init(&server->session, bench.identity, true, &server->pipe));
    assert_true(peer_sees_close(&bench, server));
    assert_true(server->is_secured);
    assert_int_equal(links_known(), 0);
    peer_free(server);
    close(listening);
}

/* --- a peer that has not the one cipher that we offer ----------------------------------------------------------------- */

static int accepted(int listening) {
    int fd = -1;
    for (int i = 0; i < 1000 && fd < 0; i++) {
        bench_turn(&bench);
        fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
    }
    return fd;
}

/* The next dial of the relay, at a server that has these ciphers of TLS 1.3 alone. */
static struct bench_peer *dialled(int listening, const char *ciphers) {
    struct bench_peer *server = heap_new(sizeof *server);
    server->fd = accepted(listening);
    assert_true(server->fd >= 0);
    server->pipe = (struct tls_pipe){.out = server->out, .out_room = sizeof server->out};
    assert_true(tls_session_init(&server->session, bench.identity, true, &server->pipe));
    assert_int_equal(SSL_set_min_proto_version(server->session.ssl, TLS1_3_VERSION), 1);
    assert_int_equal(SSL_set_ciphersuites(server->session.ssl, ciphers), 1);
    return server;
}

/* Returns the listening socket; the link's first dial has been refused. */
static int dial_and_be_refused(link_id id, const char *ciphers) {
    struct endpoint at;
    int listening = bench_listen(&at);
    link_hub_dial(&bench_main(&bench)->links, id, &at);
    struct bench_peer *server = dialled(listening, ciphers);
    assert_true(peer_sees_close(&bench, server));
    assert_false(server->is_secured);
    assert_int_equal(links_known(), 1);
    peer_free(server);
    return listening;
}

static void who_refuses_our_cipher_is_dialled_again_with_all(void) {
    int listening = dial_and_be_refused(79, "TLS_AES_256_GCM_SHA384");
    struct bench_peer *server = dialled(listening, "TLS_AES_256_GCM_SHA384");
    assert_true(peer_sees_close(&bench, server)); /* the manager has never heard of link 79 */
    assert_true(server->is_secured);
    assert_string_equal(tls_session_cipher(&server->session), "TLS_AES_256_GCM_SHA384");
    assert_int_equal(links_known(), 0);
    peer_free(server);
    close(listening);
}

static void who_refuses_all_is_dialled_twice(void) {
    int listening = dial_and_be_refused(80, "TLS_AES_128_CCM_SHA256");
    struct bench_peer *server = dialled(listening, "TLS_AES_128_CCM_SHA256");
    assert_true(peer_sees_close(&bench, server));
    assert_int_equal(links_known(), 0);
    assert_int_equal(accepted(listening), -1);
    peer_free(server);
    close(listening);
}

static void a_cipher_that_is_refused_is_not_insisted_on(void **state) {
    struct link_shared *shared = &bench_main(&bench)->links.shared;
    struct tls_identity *usual = shared->identity;
    (void)state;
    shared->identity = tls_identity_new((uint64_t)time(NULL), CIPHER_ORDER_CHACHA);
    who_refuses_our_cipher_is_dialled_again_with_all();
    who_refuses_all_is_dialled_twice();
    tls_identity_drop(shared->identity);
    shared->identity = usual;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_gets_through_the_link_handshake),
        cmocka_unit_test(rubbish_ends_its_own_link_only),
        cmocka_unit_test(cells_that_break_the_protocol_end_the_link),
        cmocka_unit_test(a_dial_to_nobody_fails_and_is_forgotten),
        cmocka_unit_test(a_dial_that_nobody_wants_any_more_is_closed),
        cmocka_unit_test(a_cipher_that_is_refused_is_not_insisted_on),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
