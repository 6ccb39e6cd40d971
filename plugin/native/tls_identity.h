/* tls_identity - the TLS settings of both directions, the link certificate that our server side shows, and the
 * credentials that go with it. Every choice of version, group and cipher is made here.
 *
 * Of a session made from it OpenSSL tells the secrets to the struct tls_secrets that is its app data, if there is one.
 * Thread: immutable once made and counted by an atomic, so every thread may keep it. A renewed one replaces it for new
 * links; those that are open keep theirs until they close.
 * Memory: freed with its last reference. */
#ifndef LOOM_NATIVE_TLS_IDENTITY_H
#define LOOM_NATIVE_TLS_IDENTITY_H

#include <openssl/ssl.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/attributes.h"
#include "native/cipher_choice.h"

struct link_credentials;

struct tls_identity {
    atomic_uint references;
    SSL_CTX *server;
    SSL_CTX *client;
    enum cipher_order order;
    uint8_t certificate_sha256[32]; /* of the DER of the server's certificate */
    struct link_credentials
        *credentials; /* NULL until the maker has set it; freed by keys_credentials_free */
};

/* A new RSA-2048 link key and certificate; takes a tenth of a second. now_s is the wall clock. One reference, the
 * caller's. With CIPHER_ORDER_CHACHA the client offers nothing else, because tor's server has AES-256 as soon as it is offered. */
MUST_USE struct tls_identity *tls_identity_new(uint64_t now_s, enum cipher_order order);
struct tls_identity *tls_identity_keep(struct tls_identity *identity);
/* NULL is fine. */
void tls_identity_drop(struct tls_identity *identity);

/* Of a client session that has not begun: offer every cipher after all, ChaCha20 first. For a peer that has refused. */
void tls_identity_offer_all(SSL *ssl);

#define TLS_HOST_NAME_MAX 34u /* www. + 25 letters + .com and its NUL */

/* "www.<4 to 25 random letters>.com", as tor puts into its ClientHello. */
void tls_random_host_name(char name_out[static TLS_HOST_NAME_MAX]);

#endif
