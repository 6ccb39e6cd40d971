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

bool limit_identity_prepare(struct tls_identity *identity, const char *suite) {
    return tls_suite_find(suite) && SSL_CTX_set_ciphersuites(identity->server, suite) == 1;
}

static bool make_ciphers(const SSL *ssl, const struct tls_secrets *secrets, enum limit_aead aead,
                         struct limit_link *link) {
    const struct tls_suite *suite = tls_suite_find(SSL_get_cipher_name(ssl));
    if (!suite || secrets->client.length == 0 || secrets->server.length == 0)
        return false;
    limit_cipher_init(&link->opens, suite, &secrets->client, LIMIT_OPENS, aead);
    limit_cipher_init(&link->seals, suite, &secrets->server, LIMIT_SEALS, aead);
    return true;
}

/* OpenSSL reads no further than the client's last message: what comes then is for our records. */
static bool secure(int fd, const struct tls_identity *identity, enum limit_aead aead,
                   struct limit_link *link) {
    struct tls_secrets secrets = {.client.length = 0}; /* the identity notes them there */
    SSL *ssl = SSL_new(identity->server);
    CHECK(ssl && SSL_set_fd(ssl, fd) == 1);
    SSL_set_app_data(ssl, &secrets);
    bool ok = SSL_accept(ssl) == 1 && make_ciphers(ssl, &secrets, aead, link);
    SSL_free(ssl);
    return ok;
}

bool limit_accept(int listener, const struct tls_identity *identity, enum limit_aead aead,
                  struct limit_link *link, int *fd_out) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return false;
    socket_send_at_once(fd);
    *fd_out = fd;
    return secure(fd, identity, aead, link) && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}
