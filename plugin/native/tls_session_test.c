#include "native/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <time.h>

#include "native/heap.h"
#include "native/tls_identity.h"
#include "native/tls_traffic.h"
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
    identity = tls_identity_new((uint64_t)time(NULL), CIPHER_ORDER_AES);
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
        tls_session_read(&server->session, server->plain, (size_t)2 * TLS_RECORD_ROOM, &got, &records),
        TLS_DONE);
    assert_int_equal(got, (size_t)2 * TLS_RECORD_MAX);
    assert_int_equal(
        tls_session_read(&server->session, server->plain, (size_t)2 * TLS_RECORD_ROOM, &got, &records),
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

/* --- OpenSSL on the other side ------------------------------------------------------------------------------------- */

static const char *const suites[] = {"TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256",
                                     "TLS_CHACHA20_POLY1305_SHA256"};

/* Our session, which may be of either side, and OpenSSL's. */
struct pair {
    struct side *near;
    SSL *far;
    bool is_server; /* near */
};

static void to_near(struct pair *pair) {
    uint8_t *bytes;
    long length = BIO_get_mem_data(SSL_get_wbio(pair->far), &bytes);
    pair->near->pipe.in = bytes;
    pair->near->pipe.in_length = (size_t)length;
}

static void to_far(struct pair *pair) {
    struct tls_pipe *pipe = &pair->near->pipe;
    if (pipe->out_length != 0)
        assert_int_equal(BIO_write(SSL_get_rbio(pair->far), pipe->out, (int)pipe->out_length),
                         pipe->out_length);
    pipe->out_length = 0;
}

static void pair_begin(struct pair *pair, bool is_server, const char *suite) {
    SSL_CTX *context = is_server ? identity->client : identity->server;
    pair->is_server = is_server;
    pair->near = side_new(is_server);
    pair->far = SSL_new(context);
    assert_int_equal(SSL_set_ciphersuites(is_server ? pair->far : pair->near->session.ssl, suite), 1);
    SSL_set_bio(pair->far, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    if (is_server)
        SSL_set_connect_state(pair->far);
    else
        SSL_set_accept_state(pair->far);
}

/* Whatever far writes with its last flight stays in the pipe. */
static void pair_shake_hands(struct pair *pair) {
    enum tls_result result = TLS_AGAIN;
    for (int i = 0; i < 4 && (result == TLS_AGAIN || !SSL_is_init_finished(pair->far)); i++) {
        (void)SSL_do_handshake(pair->far);
        to_near(pair);
        if (result == TLS_AGAIN)
            result = tls_session_handshake(&pair->near->session);
        to_far(pair);
        if (pair->near->pipe.in_length == 0)
            (void)BIO_reset(SSL_get_wbio(pair->far));
    }
    assert_int_equal(result, TLS_DONE);
    assert_true(SSL_is_init_finished(pair->far));
}

static void pair_end(struct pair *pair) {
    tls_session_fini(&pair->near->session);
    free(pair->near);
    SSL_free(pair->far);
}

/* What near makes of what far has written. */
static enum tls_result near_reads(struct pair *pair, size_t *length_out) {
    uint64_t records = 0;
    to_near(pair);
    enum tls_result result =
        tls_session_read(&pair->near->session, pair->near->plain, ROOM, length_out, &records);
    (void)BIO_reset(SSL_get_wbio(pair->far));
    return result;
}

static void far_says(struct pair *pair, size_t length) {
    static uint8_t bytes[3 * TLS_RECORD_MAX];
    size_t got;
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)(i * 13 + length);
    assert_int_equal(SSL_write(pair->far, bytes, (int)length), length);
    assert_int_equal(near_reads(pair, &got), TLS_AGAIN);
    assert_int_equal(got, length);
    assert_memory_equal(pair->near->plain, bytes, length);
}

static void near_says(struct pair *pair, size_t length) {
    static uint8_t bytes[TLS_RECORD_MAX], received[TLS_RECORD_MAX];
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)(i * 17 + length);
    uint8_t *place = tls_session_place(&pair->near->session);
    memcpy(place, bytes, length);
    assert_true(tls_session_write(&pair->near->session, length % 2 ? bytes : place, length));
    to_far(pair);
    assert_int_equal(SSL_read(pair->far, received, sizeof received), length);
    assert_memory_equal(received, bytes, length);
}

static void both_talk(struct pair *pair) {
    static const size_t lengths[] = {1, 15, 16, 17, 514, 4112, 15934, 16384};
    for (unsigned i = 0; i < COUNT(lengths); i++) {
        far_says(pair, lengths[i]);
        near_says(pair, lengths[i]);
    }
    far_says(pair, (size_t)3 * TLS_RECORD_MAX);
}

static void every_suite_talks_to_openssl(void **state) {
    (void)state;
    for (unsigned i = 0; i < 2 * COUNT(suites); i++) {
        struct pair pair;
        uint8_t cid[32] = {(uint8_t)i}, ours[32], theirs[32];
        pair_begin(&pair, i % 2, suites[i / 2]);
        pair_shake_hands(&pair);
        assert_null(pair.near->session.ssl); /* the records are ours */
        assert_string_equal(tls_session_cipher(&pair.near->session), suites[i / 2]);
        assert_true(tls_session_is_between_records(&pair.near->session) || pair.near->pipe.in_length != 0);
        tls_session_export(&pair.near->session, cid, ours);
        assert_int_equal(SSL_export_keying_material(pair.far, theirs, 32,
                                                    "EXPORTER FOR TOR TLS CLIENT BINDING AUTH0003", 44, cid,
                                                    32, 1),
                         1);
        assert_memory_equal(ours, theirs, 32);
        (void)BIO_reset(SSL_get_wbio(pair.far));
        both_talk(&pair);
        pair_end(&pair);
    }
}

/* RFC 8446, 4.6.3, begun by either side and answered by the other. */
static void keys_are_updated_with_openssl(void **state) {
    (void)state;
    for (unsigned i = 0; i < 4 * COUNT(suites); i++) {
        struct pair pair;
        bool is_answered = i % 2;
        pair_begin(&pair, i / 2 % 2, suites[i / 4]);
        pair_shake_hands(&pair);
        (void)BIO_reset(SSL_get_wbio(pair.far));
        for (unsigned k = 0; k < 3; k++) {
            assert_int_equal(SSL_key_update(pair.far, is_answered ? SSL_KEY_UPDATE_REQUESTED
                                                                  : SSL_KEY_UPDATE_NOT_REQUESTED),
                             1);
            far_says(&pair, 100);
            assert_int_equal(pair.near->pipe.out_length != 0, is_answered);
            near_says(&pair, 100);
            far_says(&pair, 100);
            pair.near->session.traffic->owes_update = true; /* as at the end of a key's life */
            near_says(&pair, 200);
        }
        both_talk(&pair);
        pair_end(&pair);
    }
}

/* The client's first data come with its Finished, the server's tickets before any data. */
static void bytes_behind_the_handshake_are_not_lost(void **state) {
    struct pair pair;
    size_t got;
    (void)state;
    pair_begin(&pair, true, suites[0]);
    (void)SSL_do_handshake(pair.far);
    to_near(&pair);
    assert_int_equal(tls_session_handshake(&pair.near->session), TLS_AGAIN);
    (void)BIO_reset(SSL_get_wbio(pair.far));
    to_far(&pair);
    assert_int_equal(SSL_do_handshake(pair.far), 1);
    assert_int_equal(SSL_write(pair.far, "early", 5), 5);
    to_near(&pair);
    assert_int_equal(tls_session_handshake(&pair.near->session), TLS_DONE);
    assert_int_not_equal(pair.near->pipe.in_length, 0);
    uint64_t records = 0;
    assert_int_equal(tls_session_read(&pair.near->session, pair.near->plain, ROOM, &got, &records),
                     TLS_AGAIN);
    assert_int_equal(got, 5);
    assert_memory_equal(pair.near->plain, "early", 5);
    pair_end(&pair);
}

static void tickets_are_passed_over(void **state) {
    struct pair pair;
    size_t got;
    (void)state;
    pair_begin(&pair, false, suites[1]);
    SSL_clear_options(pair.far, SSL_OP_NO_TICKET);
    assert_int_equal(SSL_set_num_tickets(pair.far, 2), 1);
    pair_shake_hands(&pair);
    assert_int_not_equal(pair.near->pipe.in_length, 0);
    assert_int_equal(near_reads(&pair, &got), TLS_AGAIN);
    assert_int_equal(got, 0);
    both_talk(&pair);
    pair_end(&pair);
}

static void goodbyes_are_understood(void **state) {
    struct pair pair;
    uint8_t byte;
    size_t got;
    (void)state;
    pair_begin(&pair, false, suites[2]);
    pair_shake_hands(&pair);
    (void)BIO_reset(SSL_get_wbio(pair.far));
    tls_session_goodbye(&pair.near->session);
    to_far(&pair);
    int returned = SSL_read(pair.far, &byte, 1);
    assert_int_equal(SSL_get_error(pair.far, returned), SSL_ERROR_ZERO_RETURN);
    (void)SSL_shutdown(pair.far);
    assert_int_equal(near_reads(&pair, &got), TLS_CLOSED);
    pair_end(&pair);
}

/* And OpenSSL understands why we end it. */
static void openssl_is_told_what_was_wrong(void **state) {
    struct pair pair;
    uint8_t byte, *bytes;
    size_t got;
    (void)state;
    pair_begin(&pair, true, suites[0]);
    pair_shake_hands(&pair);
    (void)BIO_reset(SSL_get_wbio(pair.far));
    assert_int_equal(SSL_write(pair.far, "x", 1), 1);
    (void)BIO_get_mem_data(SSL_get_wbio(pair.far), &bytes);
    bytes[7] ^= 1;
    assert_int_equal(near_reads(&pair, &got), TLS_BROKEN);
    to_far(&pair);
    assert_true(SSL_read(pair.far, &byte, 1) <= 0);
    assert_int_equal(ERR_GET_REASON(ERR_peek_error()), SSL_R_SSLV3_ALERT_BAD_RECORD_MAC);
    ERR_clear_error();
    pair_end(&pair);
}

/* TLS 1.2 has other records: they stay with OpenSSL, and nobody sees the difference. */
static void version_1_2_stays_with_openssl(void **state) {
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct pair pair;
        pair_begin(&pair, i, suites[0]);
        assert_int_equal(SSL_set_max_proto_version(pair.far, TLS1_2_VERSION), 1);
        pair_shake_hands(&pair);
        assert_non_null(pair.near->session.ssl);
        assert_false(tls_session_is_between_records(&pair.near->session));
        (void)BIO_reset(SSL_get_wbio(pair.far));
        both_talk(&pair);
        pair_end(&pair);
    }
}

#define WITH_SIDES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_SIDES(both_sides_know_the_same),
        WITH_SIDES(records_survive_every_cut),
        WITH_SIDES(stops_when_the_output_is_full),
        WITH_SIDES(a_goodbye_is_not_an_error),
        WITH_SIDES(a_changed_byte_breaks_the_session),
        WITH_SIDES(rubbish_breaks_the_handshake),
        WITH_SIDES(old_versions_are_refused),
        WITH_SIDES(version_1_2_works),
        WITH_SIDES(a_full_pipe_breaks_the_session),
        cmocka_unit_test(every_suite_talks_to_openssl),
        cmocka_unit_test(keys_are_updated_with_openssl),
        cmocka_unit_test(bytes_behind_the_handshake_are_not_lost),
        cmocka_unit_test(tickets_are_passed_over),
        cmocka_unit_test(goodbyes_are_understood),
        cmocka_unit_test(openssl_is_told_what_was_wrong),
        cmocka_unit_test(version_1_2_stays_with_openssl),
    };
    return cmocka_run_group_tests(tests, set_up_identity, tear_down_identity);
}
