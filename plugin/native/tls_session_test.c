#include "native/tls_session.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <time.h>

#include "native/heap.h"
#include "native/tls_identity.h"
#include "support/test.h"

#define ROOM ((size_t)256 * 1024)

struct side {
    struct tls_session session;
    struct tls_pipe pipe;
    uint8_t out[ROOM], plain[ROOM];
};

static struct tls_identity *identity;
static struct side *client, *server;

static int set_up_identity(void **state) {
    (void)state;
    identity = tls_identity_new((uint64_t)time(NULL));
    return 0;
}

static int tear_down_identity(void **state) {
    (void)state;
    tls_identity_drop(identity);
    return 0;
}

static struct side *side_new(bool is_server) {
    struct side *side = heap_new(sizeof *side);
    side->pipe = (struct tls_pipe){.out = side->out, .out_room = ROOM};
    assert_true(tls_session_init(&side->session, identity, is_server, &side->pipe));
    return side;
}

static int set_up(void **state) {
    (void)state;
    client = side_new(false);
    server = side_new(true);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    tls_session_fini(&client->session);
    tls_session_fini(&server->session);
    free(client);
    free(server);
    return 0;
}

/* Let `to` shake hands with what `from` has written, piece bytes at a time. */
static enum tls_result carry_handshake(struct side *from, struct side *to, size_t piece) {
    enum tls_result result = TLS_AGAIN;
    size_t length = from->pipe.out_length;
    for (size_t at = 0; at < length && result == TLS_AGAIN; at += piece) {
        to->pipe.in = from->out + at;
        to->pipe.in_length = length - at < piece ? length - at : piece;
        result = tls_session_handshake(&to->session);
    }
    from->pipe.out_length = 0;
    return result;
}

static void shake_hands(size_t piece) {
    assert_int_equal(tls_session_handshake(&client->session), TLS_AGAIN);
    assert_int_equal(carry_handshake(client, server, piece), TLS_AGAIN);
    assert_int_equal(carry_handshake(server, client, piece), TLS_DONE);
    assert_int_equal(carry_handshake(client, server, piece), TLS_DONE);
}

/* All that from has written is read by to, piece bytes of ciphertext at a time; returns the plaintext's length. */
static size_t carry(struct side *from, struct side *to, size_t piece, uint64_t *records_out) {
    size_t total = 0, got;
    for (size_t at = 0; at < from->pipe.out_length; at += piece) {
        to->pipe.in = from->out + at;
        to->pipe.in_length = from->pipe.out_length - at < piece ? from->pipe.out_length - at : piece;
        assert_int_equal(tls_session_read(&to->session, to->plain + total, ROOM - total, &got, records_out),
                         TLS_AGAIN);
        total += got;
    }
    from->pipe.out_length = 0;
    return total;
}

static void both_sides_know_the_same(void **state) {
    uint8_t digest[32], a[32], b[32], cid[32] = {5};
    (void)state;
    shake_hands(ROOM);
    assert_string_equal(tls_session_cipher(&client->session), "TLS_AES_256_GCM_SHA384");
    assert_true(tls_session_peer_sha256(&client->session, digest));
    assert_memory_equal(digest, identity->certificate_sha256, 32);
    assert_false(tls_session_peer_sha256(&server->session, digest)); /* clients show no certificate */
    tls_session_export(&client->session, cid, a);
    tls_session_export(&server->session, cid, b);
    assert_memory_equal(a, b, 32);
    cid[0]++;
    tls_session_export(&server->session, cid, b);
    assert_memory_not_equal(a, b, 32);
}

static void records_survive_every_cut(void **state) {
    static const size_t pieces[] = {1, 5, 6, 1000, ROOM};
    (void)state;
    shake_hands(1);
    for (unsigned i = 0; i < COUNT(pieces); i++) {
        uint8_t sent[3 * 15934];
        uint64_t records = 0;
        for (size_t k = 0; k < sizeof sent; k++)
            sent[k] = (uint8_t)(k * 31 + i);
        for (unsigned k = 0; k < 3; k++)
            assert_true(tls_session_write(&server->session, sent + (size_t)k * 15934, 15934));
        assert_int_equal(carry(server, client, pieces[i], &records), sizeof sent);
        assert_memory_equal(client->plain, sent, sizeof sent);
        assert_int_equal(records, 3);
        tls_session_release_buffers(&client->session);
        tls_session_release_buffers(&server->session);
    }
}

/* When the output is full the rest stays in the pipe. */
static void stops_when_the_output_is_full(void **state) {
    uint8_t record[TLS_RECORD_MAX] = {1};
    uint64_t records = 0;
    size_t got;
    (void)state;
    shake_hands(ROOM);
    for (unsigned k = 0; k < 3; k++)
        assert_true(tls_session_write(&client->session, record, sizeof record));
    server->pipe.in = client->out;
    server->pipe.in_length = client->pipe.out_length;
    assert_int_equal(
        tls_session_read(&server->session, server->plain, (size_t)2 * TLS_RECORD_MAX, &got, &records),
        TLS_DONE);
    assert_int_equal(got, (size_t)2 * TLS_RECORD_MAX);
    assert_int_equal(
        tls_session_read(&server->session, server->plain, (size_t)2 * TLS_RECORD_MAX, &got, &records),
        TLS_AGAIN);
    assert_int_equal(got, TLS_RECORD_MAX);
    assert_int_equal(records, 3);
}

static void a_goodbye_is_not_an_error(void **state) {
    uint64_t records = 0;
    size_t got;
    (void)state;
    shake_hands(ROOM);
    tls_session_goodbye(&client->session);
    server->pipe.in = client->out;
    server->pipe.in_length = client->pipe.out_length;
    assert_int_equal(tls_session_read(&server->session, server->plain, ROOM, &got, &records), TLS_CLOSED);
}

static void a_changed_byte_breaks_the_session(void **state) {
    uint64_t records = 0;
    size_t got;
    (void)state;
    shake_hands(ROOM);
    assert_true(tls_session_write(&client->session, (const uint8_t *)"hello", 5));
    client->out[7] ^= 1;
    server->pipe.in = client->out;
    server->pipe.in_length = client->pipe.out_length;
    assert_int_equal(tls_session_read(&server->session, server->plain, ROOM, &got, &records), TLS_BROKEN);
    assert_int_equal(got, 0);
}

static void rubbish_breaks_the_handshake(void **state) {
    (void)state;
    server->pipe.in = (const uint8_t *)"GET / HTTP/1.0\r\n\r\n";
    server->pipe.in_length = 18;
    assert_int_equal(tls_session_handshake(&server->session), TLS_BROKEN);
}

/* TLS 1.1 and below are refused. */
static void old_versions_are_refused(void **state) {
    (void)state;
    SSL_set_security_level(client->session.ssl, 0);
    assert_int_equal(SSL_set_min_proto_version(client->session.ssl, TLS1_VERSION), 1);
    assert_int_equal(SSL_set_max_proto_version(client->session.ssl, TLS1_1_VERSION), 1);
    SSL_set_cipher_list(client->session.ssl, "ALL:@SECLEVEL=0");
    assert_int_equal(tls_session_handshake(&client->session), TLS_AGAIN);
    assert_int_equal(carry_handshake(client, server, ROOM), TLS_BROKEN);
}

static void version_1_2_works(void **state) {
    (void)state;
    assert_int_equal(SSL_set_max_proto_version(client->session.ssl, TLS1_2_VERSION), 1);
    assert_int_equal(tls_session_handshake(&client->session), TLS_AGAIN);
    assert_int_equal(carry_handshake(client, server, ROOM), TLS_AGAIN);
    assert_int_equal(carry_handshake(server, client, ROOM), TLS_AGAIN);
    assert_int_equal(carry_handshake(client, server, ROOM), TLS_DONE);
    assert_int_equal(carry_handshake(server, client, ROOM), TLS_DONE);
    assert_string_equal(tls_session_cipher(&server->session), "ECDHE-RSA-AES256-GCM-SHA384");
}

/* A pipe without room is the end of the session, not of the process. */
static void a_full_pipe_breaks_the_session(void **state) {
    (void)state;
    shake_hands(ROOM);
    client->pipe.out_room = 10;
    assert_false(tls_session_write(&client->session, (const uint8_t *)"hello", 5));
    assert_int_equal(client->pipe.out_length, 0);
}

#define WITH_SIDES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_SIDES(both_sides_know_the_same),          WITH_SIDES(records_survive_every_cut),
        WITH_SIDES(stops_when_the_output_is_full),     WITH_SIDES(a_goodbye_is_not_an_error),
        WITH_SIDES(a_changed_byte_breaks_the_session), WITH_SIDES(rubbish_breaks_the_handshake),
        WITH_SIDES(old_versions_are_refused),          WITH_SIDES(version_1_2_works),
        WITH_SIDES(a_full_pipe_breaks_the_session),
    };
    return cmocka_run_group_tests(tests, set_up_identity, tear_down_identity);
}
