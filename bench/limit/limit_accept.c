#include "limit/limit_accept.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "limit/limit_relay.h"
#include "native/socket_address.h"
#include "native/tls_identity.h"

#define BACKLOG 16

int limit_listen(struct endpoint *address_out) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_storage bound;
    socklen_t length = sizeof bound;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(fd, BACKLOG) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&bound, &length) == 0);
    CHECK(socket_address_to((struct sockaddr *)&bound, address_out));
    return fd;
}

static void on_key_log(const SSL *ssl, const char *line) {
    limit_secrets_take(SSL_get_app_data(ssl), line);
}

bool limit_identity_prepare(struct tls_identity *identity, const char *suite) {
    SSL_CTX_set_keylog_callback(identity->server, on_key_log);
    return SSL_CTX_set_ciphersuites(identity->server, suite) == 1;
}

static bool make_ciphers(const SSL *ssl, const struct limit_secrets *secrets, struct limit_link *link) {
    const char *suite = SSL_get_cipher_name(ssl);
    return limit_secrets_complete(secrets) &&
           limit_cipher_init(&link->opens, suite, &secrets->of_client, LIMIT_OPENS) &&
           limit_cipher_init(&link->seals, suite, &secrets->of_server, LIMIT_SEALS);
}

/* OpenSSL reads no further than the client's last message: what comes then is for our records. */
static bool secure(int fd, const struct tls_identity *identity, struct limit_link *link) {
    struct limit_secrets secrets = {.of_client.length = 0};
    SSL *ssl = SSL_new(identity->server);
    CHECK(ssl && SSL_set_fd(ssl, fd) == 1);
    SSL_set_app_data(ssl, &secrets);
    bool ok = SSL_accept(ssl) == 1 && make_ciphers(ssl, &secrets, link);
    SSL_free(ssl);
    return ok;
}

bool limit_accept(int listener, const struct tls_identity *identity, struct limit_link *link, int *fd_out) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return false;
    socket_send_at_once(fd);
    *fd_out = fd;
    return secure(fd, identity, link) && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}
