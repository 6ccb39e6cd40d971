#include "native/tls_identity.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "core/link_facts.h"
#include "native/keys.h"
#include "native/openssl_keys.h"
#include "native/tls_keys.h"

/* The choices. With AES first, TLS 1.3 ciphers are OpenSSL's default order, which is tor's too, and the server decides. Below
 * 1.3 tor's server prefers the same, and its client imitates a browser. */
#define TLS_GROUPS "P-256:X25519:P-224"
#define TLS12_CBC_CIPHERS \
    "ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-SHA"

struct ciphers {
    const char *tls13_server, *tls13_client;
    const char *tls12_server, *tls12_client;
};

/* A client that offers ChaCha20 alone does not look like tor, and need not: only relays dial, to relays, and both stand in the
 * consensus. */
static const struct ciphers choices[] = {
    [CIPHER_ORDER_AES] =
        {
            .tls13_server = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256",
            .tls13_client = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256",
            .tls12_server = "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305:"
                            "ECDHE-RSA-AES128-GCM-SHA256:" TLS12_CBC_CIPHERS,
            .tls12_client =
                "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
                "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                "ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA",
        },
    [CIPHER_ORDER_CHACHA] =
        {
            .tls13_server = "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384",
            .tls13_client = "TLS_CHACHA20_POLY1305_SHA256",
            .tls12_server = "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256:"
                            "ECDHE-RSA-AES256-GCM-SHA384:" TLS12_CBC_CIPHERS,
            .tls12_client = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305",
        },
};

#define DAY_S           UINT64_C(86400)
#define LIFETIME_DAYS   2u   /* shortest window of the certificate's dates, which nobody checks; as tor's */
#define LIFETIME_SPREAD 361u /* and by how many days it varies */

static unsigned random_below(unsigned bound) {
    uint32_t value = 0;
    CHECK(RAND_bytes((unsigned char *)&value, sizeof value) == 1);
    return value % bound; /* bounds are small: the bias does not show */
}

void tls_random_host_name(char name_out[static TLS_HOST_NAME_MAX]) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    char middle[26];
    unsigned length = 4 + random_below(22);
    for (unsigned i = 0; i < length; i++)
        middle[i] = letters[random_below(32)];
    middle[length] = '\0';
    snprintf(name_out, TLS_HOST_NAME_MAX, "www.%s.com", middle);
}

/* A certificate as tor's: random names and dates, one link, signed by a 1024-bit key, which with tor is its identity. */
static size_t make_certificate(EVP_PKEY *key, uint64_t now_s, uint8_t out[static X509_DER_MAX]) {
    char subject[X509_HOSTNAME_MAX], issuer[X509_HOSTNAME_MAX];
    x509_hostname(".net", subject);
    x509_hostname(".com", issuer);
    EVP_PKEY *issuer_key = rsa_key_generate(RSA_IDENTITY_BITS);
    struct x509_request request = {
        .subject_key = key, .issuer_key = issuer_key, .subject_name = subject, .issuer_name = issuer};
    x509_window(now_s, (LIFETIME_DAYS + 1 + random_below(LIFETIME_SPREAD)) * DAY_S, &request.not_before_s,
                &request.not_after_s);
    size_t length = x509_make(&request, out);
    EVP_PKEY_free(issuer_key);
    return length;
}

/* The secrets go to whoever made the session, if it wants them (tls_identity.h). */
static void note_secret(const SSL *ssl, const char *line) {
    struct tls_secrets *secrets = SSL_get_app_data(ssl);
    if (secrets != NULL)
        tls_secrets_note(secrets, line);
}

static void set_common(SSL_CTX *context) {
    char groups[] = TLS_GROUPS;             /* the macro below casts const away */
    SSL_CTX_set_security_level(context, 1); /* as tor: peers' issuers are RSA-1024 */
    CHECK(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1);
    CHECK(SSL_CTX_set1_groups_list(context, groups) == 1);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE);
    CHECK(SSL_CTX_set_num_tickets(context, 0) == 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    /* Bytes behind the handshake must stay in the pipe: they belong to tls_traffic. */
    SSL_CTX_set_read_ahead(context, 0);
    SSL_CTX_set_keylog_callback(context, note_secret);
}

static SSL_CTX *make_client(const struct ciphers *ciphers) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    CHECK(context != NULL);
    set_common(context);
    CHECK(SSL_CTX_set_ciphersuites(context, ciphers->tls13_client) == 1);
    CHECK(SSL_CTX_set_cipher_list(context, ciphers->tls12_client) == 1);
    return context;
}

static SSL_CTX *make_server(const struct ciphers *ciphers, EVP_PKEY *key, const uint8_t *certificate,
                            size_t length) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    CHECK(context != NULL);
    set_common(context);
    CHECK(SSL_CTX_set_ciphersuites(context, ciphers->tls13_server) == 1);
    CHECK(SSL_CTX_set_cipher_list(context, ciphers->tls12_server) == 1);
    CHECK(SSL_CTX_use_certificate_ASN1(context, (int)length, certificate) == 1);
    CHECK(SSL_CTX_use_PrivateKey(context, key) == 1);
    return context;
}

struct tls_identity *tls_identity_new(uint64_t now_s, enum cipher_order order) {
    struct tls_identity *identity = calloc(1, sizeof *identity);
    CHECK(identity != NULL);
    uint8_t certificate[X509_DER_MAX];
    EVP_PKEY *key = rsa_key_generate(RSA_TLS_BITS);
    size_t length = make_certificate(key, now_s, certificate);
    CHECK(EVP_Digest(certificate, length, identity->certificate_sha256, NULL, EVP_sha256(), NULL) == 1);
    identity->order = order;
    identity->server = make_server(&choices[order], key, certificate, length);
    identity->client = make_client(&choices[order]);
    EVP_PKEY_free(key);
    atomic_init(&identity->references, 1);
    return identity;
}

struct tls_identity *tls_identity_keep(struct tls_identity *identity) {
    /* Relaxed: who keeps it already has a reference, or got it through a lock. */
    atomic_fetch_add_explicit(&identity->references, 1, memory_order_relaxed);
    return identity;
}

void tls_identity_drop(struct tls_identity *identity) {
    /* Acquire-release, with itself: the last one to drop sees all that the others did. */
    if (identity == NULL || atomic_fetch_sub_explicit(&identity->references, 1, memory_order_acq_rel) != 1)
        return;
    SSL_CTX_free(identity->server);
    SSL_CTX_free(identity->client);
    if (identity->credentials != NULL)
        keys_credentials_free(identity->credentials);
    free(identity);
}

void tls_identity_offer_all(SSL *ssl) {
    const struct ciphers *ciphers = &choices[CIPHER_ORDER_CHACHA];
    CHECK(SSL_set_ciphersuites(ssl, ciphers->tls13_server) == 1);
    CHECK(SSL_set_cipher_list(ssl, ciphers->tls12_server) == 1);
}
