#include "native/tls_session.h"

#include <assert.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <string.h>

#include "base/check.h"
#include "native/tls_identity.h"
#include "native/tls_traffic.h"

#define EXPORTER_LABEL "EXPORTER FOR TOR TLS CLIENT BINDING AUTH0003"
/* OpenSSL has a buffer of its own, and copies the record from there over the plaintext. What it may have to say before that,
 * an alert, is shorter than this. */
#define OPENSSL_PLACE 256u

static_assert(OPENSSL_PLACE + TLS_RECORD_MAX <= TLS_RECORD_ROOM, "the place is in the room");

static int pipe_read(BIO *bio, char *out, size_t room, size_t *length_out) {
    struct tls_pipe *pipe = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *length_out = 0;
    if (pipe->in_length == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    size_t length = room < pipe->in_length ? room : pipe->in_length;
    memcpy(out, pipe->in, length);
    pipe->in += length;
    pipe->in_length -= length;
    *length_out = length;
    return 1;
}

/* All or nothing. A full pipe is an error, not a reason to wait: callers reserve the room, and what a peer can make us
 * write beyond it (alerts, key updates) is not worth keeping the session for. */
static int pipe_write(BIO *bio, const char *bytes, size_t length, size_t *written_out) {
    struct tls_pipe *pipe = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *written_out = 0;
    if (length > pipe->out_room - pipe->out_length)
        return 0;
    memcpy(pipe->out + pipe->out_length, bytes, length);
    pipe->out_length += length;
    *written_out = length;
    return 1;
}

static long pipe_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *pipe_method;

static void make_method(void) {
    pipe_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "thread's pipe");
    CHECK(pipe_method != NULL);
    CHECK(BIO_meth_set_read_ex(pipe_method, pipe_read) == 1);
    CHECK(BIO_meth_set_write_ex(pipe_method, pipe_write) == 1);
    CHECK(BIO_meth_set_ctrl(pipe_method, pipe_control) == 1);
}

static BIO *pipe_bio_new(struct tls_pipe *pipe) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    CHECK(pthread_once(&once, make_method) == 0);
    BIO *bio = BIO_new(pipe_method);
    if (bio != NULL) {
        BIO_set_data(bio, pipe);
        BIO_set_init(bio, 1);
    }
    return bio;
}

bool tls_session_init(struct tls_session *session, const struct tls_identity *identity, bool is_server,
                      struct tls_pipe *pipe) {
    char name[TLS_HOST_NAME_MAX];
    *session = (struct tls_session){.pipe = pipe};
    session->ssl = SSL_new(is_server ? identity->server : identity->client);
    BIO *bio = session->ssl == NULL ? NULL : pipe_bio_new(pipe);
    if (bio == NULL) {
        tls_session_fini(session);
        ERR_clear_error();
        return false;
    }
    SSL_set_bio(session->ssl, bio, bio);
    CHECK(SSL_set_app_data(session->ssl, &session->secrets) == 1);
    if (is_server) {
        SSL_set_accept_state(session->ssl);
    } else {
        SSL_set_connect_state(session->ssl);
        tls_random_host_name(name);
        CHECK(SSL_set_tlsext_host_name(session->ssl, name) == 1);
    }
    return true;
}

void tls_session_offer_all(struct tls_session *session) {
    tls_identity_offer_all(session->ssl);
}

void tls_session_fini(struct tls_session *session) {
    SSL_free(session->ssl);
    tls_traffic_free(session->traffic);
    OPENSSL_cleanse(session, sizeof *session);
}

/* --- the handshake ------------------------------------------------------------------------------------------------- */

/* Why an operation gave nothing. The error queue belongs to the thread, so it is emptied before anybody else uses it. */
static enum tls_result result_of(struct tls_session *session, int returned) {
    int why = SSL_get_error(session->ssl, returned);
    int reason = ERR_GET_REASON(ERR_peek_error());
    session->is_refused |= why == SSL_ERROR_SSL && (reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE ||
                                                    reason == SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY);
    ERR_clear_error();
    if (why == SSL_ERROR_WANT_READ)
        return TLS_AGAIN;
    return why == SSL_ERROR_ZERO_RETURN ? TLS_CLOSED : TLS_BROKEN;
}

/* OpenSSL has read nothing behind the handshake: read_ahead is off, so it takes whole records, and the last was the peer's
 * Finished or ours. */
static bool may_take_over(const struct tls_session *session) {
    const struct tls_secrets *secrets = &session->secrets;
    return session->suite != NULL && SSL_version(session->ssl) == TLS1_3_VERSION &&
           !SSL_has_pending(session->ssl) && secrets->client.length == session->suite->secret_length &&
           secrets->server.length == session->suite->secret_length &&
           secrets->exporter.length == session->suite->secret_length;
}

/* From now on records are ours. False without memory. */
static bool take_over(struct tls_session *session) {
    struct tls_secrets *secrets = &session->secrets;
    session->has_peer_certificate = tls_session_peer_sha256(session, session->peer_sha256);
    session->traffic =
        tls_traffic_new(session->suite, !SSL_is_server(session->ssl), &secrets->client, &secrets->server);
    OPENSSL_cleanse(&secrets->client, sizeof secrets->client);
    OPENSSL_cleanse(&secrets->server, sizeof secrets->server);
    SSL_free(session->ssl);
    session->ssl = NULL;
    return session->traffic != NULL;
}

enum tls_result tls_session_handshake(struct tls_session *session) {
    int returned = SSL_do_handshake(session->ssl);
    if (returned != 1)
        return result_of(session, returned);
    session->suite = tls_suite_find(SSL_get_cipher_name(session->ssl));
    return !may_take_over(session) || take_over(session) ? TLS_DONE : TLS_BROKEN;
}

/* --- records ------------------------------------------------------------------------------------------------------- */

static enum tls_result openssl_read(struct tls_session *session, uint8_t *out, size_t room,
                                    size_t *length_out, uint64_t *records_out) {
    size_t length = 0, got;
    while (room - length >= TLS_RECORD_MAX) {
        int returned = SSL_read_ex(session->ssl, out + length, room - length, &got);
        if (returned != 1) {
            *length_out = length;
            return result_of(session, returned);
        }
        length += got;
        ++*records_out;
        if (session->pipe->in_length == 0)
            break; /* the next call could only say so */
    }
    *length_out = length;
    return session->pipe->in_length == 0 ? TLS_AGAIN : TLS_DONE;
}

enum tls_result tls_session_read(struct tls_session *session, uint8_t *out, size_t room, size_t *length_out,
                                 uint64_t *records_out) {
    if (session->traffic != NULL)
        return tls_traffic_read(session->traffic, session->pipe, out, room, length_out, records_out);
    return openssl_read(session, out, room, length_out, records_out);
}

uint8_t *tls_session_place(struct tls_session *session) {
    if (session->traffic != NULL)
        return tls_traffic_place(session->traffic, session->pipe);
    return session->pipe->out + session->pipe->out_length + OPENSSL_PLACE;
}

static bool openssl_write(struct tls_session *session, const uint8_t *bytes, size_t length) {
    size_t written = 0;
    bool is_written = SSL_write_ex(session->ssl, bytes, length, &written) == 1 && written == length;
    if (!is_written)
        ERR_clear_error();
    return is_written;
}

bool tls_session_write(struct tls_session *session, const uint8_t *bytes, size_t length) {
    CHECK(length > 0);
    CHECK(length <= TLS_RECORD_MAX);
    if (session->traffic != NULL)
        return tls_traffic_write(session->traffic, session->pipe, bytes, length);
    return openssl_write(session, bytes, length);
}

void tls_session_goodbye(struct tls_session *session) {
    if (session->traffic != NULL)
        tls_traffic_goodbye(session->traffic, session->pipe);
    else if (SSL_is_init_finished(session->ssl))
        (void)SSL_shutdown(session->ssl);
    ERR_clear_error();
}

void tls_session_set_pipe(struct tls_session *session, struct tls_pipe *pipe) {
    session->pipe = pipe;
    if (session->ssl != NULL)
        BIO_set_data(SSL_get_rbio(session->ssl), pipe); /* it is the one for writing, too */
}

void tls_session_release_buffers(struct tls_session *session) {
    if (session->traffic != NULL)
        tls_traffic_release_buffers(session->traffic);
    else
        (void)!SSL_free_buffers(session->ssl); /* says no in the middle of a record: then another time */
}

bool tls_session_is_between_records(const struct tls_session *session) {
    return session->traffic != NULL && session->traffic->partial_length == 0 && session->pipe->in_length == 0;
}

/* --- what the handshake agreed on ---------------------------------------------------------------------------------- */

bool tls_session_peer_sha256(const struct tls_session *session, uint8_t out[static 32]) {
    unsigned length = 32;
    if (session->traffic != NULL) {
        memcpy(out, session->peer_sha256, 32);
        return session->has_peer_certificate;
    }
    const X509 *certificate = SSL_get0_peer_certificate(session->ssl);
    return certificate != NULL && X509_digest(certificate, EVP_sha256(), out, &length) == 1;
}

void tls_session_export(struct tls_session *session, const uint8_t cid[static 32], uint8_t out[static 32]) {
    if (session->traffic != NULL)
        tls_export(session->suite, &session->secrets.exporter, EXPORTER_LABEL, cid, 32, out, 32);
    else
        CHECK(SSL_export_keying_material(session->ssl, out, 32, EXPORTER_LABEL, sizeof EXPORTER_LABEL - 1,
                                         cid, 32, 1) == 1);
}

const char *tls_session_cipher(const struct tls_session *session) {
    if (session->traffic != NULL)
        return session->suite->name;
    const char *name = SSL_get_cipher_name(session->ssl);
    return name == NULL ? "NONE" : name;
}

enum link_cipher tls_session_cipher_kind(const struct tls_session *session) {
    if (session->traffic != NULL)
        return session->suite->kind;
    const SSL_CIPHER *cipher = SSL_get_current_cipher(session->ssl);
    CHECK(cipher != NULL);
    if (SSL_CIPHER_get_cipher_nid(cipher) == NID_chacha20_poly1305)
        return LINK_CHACHA;
    return SSL_CIPHER_get_bits(cipher, NULL) == 128 ? LINK_AES128 : LINK_AES256;
}
