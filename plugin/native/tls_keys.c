#include "native/tls_keys.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/bytes.h"
#include "base/check.h"

#define LABEL_MAX 64u /* with "tls13 "; the longest of ours is the exporter's, of 44 letters */

static const struct tls_suite suites[] = {
    {"TLS_AES_256_GCM_SHA384", "AES-256-GCM", LINK_AES256, 32, 48},
    {"TLS_AES_128_GCM_SHA256", "AES-128-GCM", LINK_AES128, 16, 32},
    {"TLS_CHACHA20_POLY1305_SHA256", "ChaCha20-Poly1305", LINK_CHACHA, 32, 32},
};

const struct tls_suite *tls_suite_find(const char *name) {
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++)
        if (strcmp(suites[i].name, name) == 0)
            return &suites[i];
    return NULL;
}

/* --- secrets ------------------------------------------------------------------------------------------------------- */

static int nibble(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Digits up to the end of the line. False, with nothing in secret_out, when they are no secret. */
static bool read_secret(const char *hex, struct tls_secret *secret_out) {
    struct tls_secret secret = {.length = 0};
    bool is_valid = *hex != '\0';
    for (; is_valid && *hex != '\0'; hex += 2) {
        int high = nibble(hex[0]), low = high < 0 ? -1 : nibble(hex[1]);
        is_valid = low >= 0 && secret.length < TLS_SECRET_MAX;
        if (is_valid)
            secret.bytes[secret.length++] = (uint8_t)(high << 4 | low);
    }
    if (is_valid)
        *secret_out = secret;
    OPENSSL_cleanse(&secret, sizeof secret);
    return is_valid;
}

static bool note(const char *line, const char *label, struct tls_secret *secret_out) {
    size_t length = strlen(label);
    bool is_it = strncmp(line, label, length) == 0 && line[length] == ' ';
    const char *hex = is_it ? strchr(line + length + 1, ' ') : NULL;
    return hex != NULL && read_secret(hex + 1, secret_out);
}

void tls_secrets_note(struct tls_secrets *secrets, const char *line) {
    (void)(note(line, "CLIENT_TRAFFIC_SECRET_0", &secrets->client) ||
           note(line, "SERVER_TRAFFIC_SECRET_0", &secrets->server) ||
           note(line, "EXPORTER_SECRET", &secrets->exporter));
}

static const EVP_MD *hash_of_suite(const struct tls_suite *suite) {
    return suite->secret_length == 48 ? EVP_sha384() : EVP_sha256();
}

/* --- the schedule -------------------------------------------------------------------------------------------------- */

/* HKDF-Expand-Label (RFC 8446, 7.1). One block of HKDF-Expand (RFC 5869, 2.3) is enough: nothing is longer than a hash. */
static void expand_label(const struct tls_suite *suite, const uint8_t *secret, const char *label,
                         const uint8_t *context, size_t context_length, uint8_t *out, size_t out_length) {
    uint8_t info[2 + 1 + LABEL_MAX + 1 + TLS_SECRET_MAX + 1], block[TLS_SECRET_MAX];
    struct bytes_out to = bytes_out(info, sizeof info);
    unsigned length = 0;
    size_t label_length = strlen(label);
    CHECK(out_length <= suite->secret_length);
    CHECK(label_length + 6 <= LABEL_MAX);
    bytes_put_u16(&to, (uint16_t)out_length);
    bytes_put_u8(&to, (uint8_t)(6 + label_length));
    bytes_put(&to, "tls13 ", 6);
    bytes_put(&to, label, label_length);
    bytes_put_u8(&to, (uint8_t)context_length);
    if (context_length != 0)
        bytes_put(&to, context, context_length);
    bytes_put_u8(&to, 1);
    CHECK(bytes_out_ok(&to));
    CHECK(HMAC(hash_of_suite(suite), secret, suite->secret_length, info, bytes_written(&to), block,
               &length) != NULL);
    CHECK(length == suite->secret_length);
    memcpy(out, block, out_length);
    OPENSSL_cleanse(block, sizeof block);
}

void tls_traffic_keys(const struct tls_suite *suite, const struct tls_secret *secret,
                      uint8_t key_out[static TLS_KEY_MAX], uint8_t iv_out[static TLS_IV_LEN]) {
    CHECK(secret->length == suite->secret_length);
    expand_label(suite, secret->bytes, "key", NULL, 0, key_out, suite->key_length);
    expand_label(suite, secret->bytes, "iv", NULL, 0, iv_out, TLS_IV_LEN);
}

void tls_next_secret(const struct tls_suite *suite, struct tls_secret *secret) {
    struct tls_secret next = {.length = suite->secret_length};
    CHECK(secret->length == suite->secret_length);
    expand_label(suite, secret->bytes, "traffic upd", NULL, 0, next.bytes, next.length);
    *secret = next;
    OPENSSL_cleanse(&next, sizeof next);
}

static void hash_of(const struct tls_suite *suite, const void *bytes, size_t length, uint8_t *out) {
    unsigned out_length = 0;
    CHECK(EVP_Digest(bytes, length, out, &out_length, hash_of_suite(suite), NULL) == 1);
    CHECK(out_length == suite->secret_length);
}

void tls_export(const struct tls_suite *suite, const struct tls_secret *exporter, const char *label,
                const uint8_t *context, size_t context_length, uint8_t *out, size_t out_length) {
    uint8_t digest[TLS_SECRET_MAX], derived[TLS_SECRET_MAX];
    CHECK(exporter->length == suite->secret_length);
    hash_of(suite, "", 0, digest);
    expand_label(suite, exporter->bytes, label, digest, suite->secret_length, derived, suite->secret_length);
    hash_of(suite, context, context_length, digest);
    expand_label(suite, derived, "exporter", digest, suite->secret_length, out, out_length);
    OPENSSL_cleanse(derived, sizeof derived);
}
