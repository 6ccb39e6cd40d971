/* fake_authority - directory authorities for tests: their keys, certificates and signed consensuses. */
#ifndef LOOM_SUPPORT_FAKE_AUTHORITY_H
#define LOOM_SUPPORT_FAKE_AUTHORITY_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>

#include "crypt/provider.h"
#include "native/config.h"
#include "native/openssl_keys.h"
#include "native/openssl_provider.h"
#include "support/test.h"
#include "wire/text.h"

struct fake_authority {
    EVP_PKEY *identity;
    EVP_PKEY *signing;
    uint8_t identity_id[20];
    uint8_t signing_id[20];
};

static inline size_t fake_key_der(EVP_PKEY *key, uint8_t der[static RSA_PUBLIC_DER_MAX],
                                  uint8_t id[static 20]) {
    const struct span span = {der, rsa_key_public_der(key, der)};
    openssl_provider()->sha1(&span, 1, id);
    return span.length;
}

static inline void fake_authority_init(struct fake_authority *a) {
    uint8_t der[RSA_PUBLIC_DER_MAX];
    a->identity = rsa_key_generate(1024); /* a real one has more; this is quick to make */
    a->signing = rsa_key_generate(1024);
    fake_key_der(a->identity, der, a->identity_id);
    fake_key_der(a->signing, der, a->signing_id);
}

static inline void fake_authority_fini(struct fake_authority *a) {
    EVP_PKEY_free(a->identity);
    EVP_PKEY_free(a->signing);
}

/* As a line of DirAuthority would. */
static inline void fake_authority_configure(const struct fake_authority *a, struct config *config,
                                            uint16_t dir_port) {
    struct config_authority *to = &config->authorities[config->authority_count++];
    to->has_v3_identity = true;
    memcpy(to->v3_identity, a->identity_id, sizeof(to->v3_identity));
    to->dir_port = (struct endpoint){{ADDRESS_IPV4, {127, 0, 0, 1}}, dir_port};
    to->nickname[0] = 'a';
}

static inline void fake_put_signature(struct bytes_out *out, const char *label, EVP_PKEY *key,
                                      struct span digest) {
    uint8_t signature[RSA_SIGNATURE_MAX];
    text_put_object(out, label, signature, rsa_key_sign_raw(key, digest, signature));
}

static inline void fake_put_key(struct bytes_out *out, const char *keyword, EVP_PKEY *key) {
    uint8_t der[RSA_PUBLIC_DER_MAX];
    uint8_t id[20];
    text_put(out, keyword);
    text_put(out, "\n");
    text_put_object(out, "RSA PUBLIC KEY", der, fake_key_der(key, der, id));
}

static inline void fake_put_time(struct bytes_out *out, const char *keyword, uint64_t unix_s) {
    text_put(out, keyword);
    text_put(out, " ");
    text_put_time(out, unix_s);
    text_put(out, "\n");
}

/* A key certificate; crosscert_by is the signing key, unless the test wants it wrong. */
static inline void fake_put_certificate(struct bytes_out *out, const struct fake_authority *a,
                                        EVP_PKEY *crosscert_by, uint64_t published_s, uint64_t expires_s) {
    uint8_t digest[SHA1_LEN];
    const uint8_t *start = out->next;
    text_put(out, "dir-key-certificate-version 3\nfingerprint ");
    text_put_hex(out, a->identity_id, 20);
    text_put(out, "\n");
    fake_put_time(out, "dir-key-published", published_s);
    fake_put_time(out, "dir-key-expires", expires_s);
    fake_put_key(out, "dir-identity-key", a->identity);
    fake_put_key(out, "dir-signing-key", a->signing);
    text_put(out, "dir-key-crosscert\n");
    fake_put_signature(out, "ID SIGNATURE", crosscert_by, (struct span){a->identity_id, 20});
    text_put(out, "dir-key-certification\n");
    const struct span covered = {start, (size_t)(out->next - start)};
    openssl_provider()->sha1(&covered, 1, digest);
    fake_put_signature(out, "SIGNATURE", a->identity, (struct span){digest, SHA1_LEN});
}

/* All of a consensus before its signatures; flavour is "" or " microdesc", relays what stands between head and footer. */
static inline void fake_put_consensus_of(struct bytes_out *out, const char *flavour, uint64_t valid_after_s,
                                         uint64_t interval_s, const char *relays) {
    text_put(out, "network-status-version 3");
    text_put(out, flavour);
    text_put(out, "\nvote-status consensus\nconsensus-method 35\n");
    fake_put_time(out, "valid-after", valid_after_s);
    fake_put_time(out, "fresh-until", valid_after_s + interval_s);
    fake_put_time(out, "valid-until", valid_after_s + 3 * interval_s);
    text_put(out, "params KISTSchedRunInterval=7 circ_max_cell_queue_size=1250\n");
    text_put(out, relays);
    text_put(out, "directory-footer\n");
}

static inline void fake_put_consensus(struct bytes_out *out, uint64_t valid_after_s, uint64_t interval_s) {
    fake_put_consensus_of(out, " microdesc", valid_after_s, interval_s,
                          "r one AAoQ1DAR6kkoo19hBAX5K0QztNw 2038-01-01 00:00:00 104.53.221.159 9001 0\n"
                          "s Fast Running Stable Valid\n");
}

/* Add a signature; whole_length is what fake_put_consensus has written. */
static inline void fake_put_consensus_signature(struct bytes_out *out, size_t whole_length,
                                                const struct fake_authority *a, bool is_sha256) {
    const struct crypt_provider *crypt = openssl_provider();
    const struct span parts[2] = {{out->start, whole_length}, span_of("directory-signature ")};
    uint8_t digest[SHA256_LEN];
    if (is_sha256)
        crypt->sha256(parts, 2, digest);
    else
        crypt->sha1(parts, 2, digest);
    text_put(out, is_sha256 ? "directory-signature sha256 " : "directory-signature ");
    text_put_hex(out, a->identity_id, 20);
    text_put(out, " ");
    text_put_hex(out, a->signing_id, 20);
    text_put(out, "\n");
    fake_put_signature(out, "SIGNATURE", a->signing,
                       (struct span){digest, is_sha256 ? SHA256_LEN : SHA1_LEN});
}

#endif
