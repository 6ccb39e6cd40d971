/* onion_text - onion service descriptors as their services write them, for any provider: the outer layer is true, what is
 * sealed in it is not. */
#ifndef LOOM_SUPPORT_ONION_TEXT_H
#define LOOM_SUPPORT_ONION_TEXT_H

#include <string.h>

#include "base/check.h"
#include "crypt/certificates.h"
#include "wire/onion_descriptor.h"
#include "wire/text.h"

#define ONION_TEXT_MAX   (64u << 10)
#define ONION_TEXT_NOW_S UINT64_C(1700000000)

struct onion_text_plan {
    uint8_t blinded_seed[32], blinded_key[32];
    uint8_t signing_seed[32], signing_key[32];
    uint64_t revision;
    uint64_t lifetime_minutes;
    size_t sealed_length;
    uint32_t expires_hours; /* of the certificate */
    uint8_t certificate_type;
};

struct onion_text {
    size_t length;
    uint8_t bytes[ONION_TEXT_MAX];
};

static inline struct span onion_text_span(const struct onion_text *text) {
    return (struct span){text->bytes, text->length};
}

static inline void onion_text_put_certificate(const struct crypt_provider *crypt,
                                              const struct onion_text_plan *plan, struct bytes_out *out) {
    uint8_t bytes[ED_CERT_LEN_MAX];
    struct ed_cert certificate = {.type = plan->certificate_type,
                                  .expires_hours = plan->expires_hours,
                                  .key_type = ED_CERT_KEY_ED25519,
                                  .has_signer = true};
    memcpy(certificate.key, plan->signing_key, 32);
    memcpy(certificate.signer, plan->blinded_key, 32);
    size_t length = certificates_make_ed(crypt, &certificate, plan->blinded_seed, bytes);
    text_put(out, "descriptor-signing-key-cert\n");
    text_put_object(out, "ED25519 CERT", bytes, length);
}

/* Sign what stands in out. */
static inline void onion_text_put_signature(const struct crypt_provider *crypt,
                                            const struct onion_text_plan *plan, struct bytes_out *out) {
    static uint8_t room[ONION_TEXT_MAX + 64];
    uint8_t signature[64];
    struct bytes_out text = bytes_out(room, sizeof room);
    text_put(&text, ONION_DESCRIPTOR_SIGNED_PREFIX);
    bytes_put(&text, out->start, bytes_written(out));
    CHECK(bytes_out_ok(&text));
    crypt->ed25519_sign(plan->signing_seed, (struct span){room, bytes_written(&text)}, signature);
    text_put(out, "signature ");
    text_put_base64(out, signature, sizeof signature, BASE64_UNPADDED);
    text_put(out, "\n");
}

static inline void onion_text_make(const struct crypt_provider *crypt, const struct onion_text_plan *plan,
                                   struct onion_text *text_out) {
    static uint8_t sealed[ONION_TEXT_MAX];
    struct bytes_out out = bytes_out(text_out->bytes, sizeof text_out->bytes);
    memset(sealed, 0x5a, sizeof sealed);
    text_put(&out, "hs-descriptor 3\ndescriptor-lifetime ");
    text_put_u64(&out, plan->lifetime_minutes);
    text_put(&out, "\n");
    onion_text_put_certificate(crypt, plan, &out);
    text_put(&out, "revision-counter ");
    text_put_u64(&out, plan->revision);
    text_put(&out, "\nsuperencrypted\n");
    text_put_object(&out, "MESSAGE", sealed, plan->sealed_length);
    onion_text_put_signature(crypt, plan, &out);
    CHECK(bytes_out_ok(&out));
    text_out->length = bytes_written(&out);
}

/* A plan that is in order; the public keys are the caller's to fill in. */
static inline void onion_text_plan_init(struct onion_text_plan *plan, uint8_t number) {
    *plan = (struct onion_text_plan){.blinded_seed = {number, 1},
                                     .signing_seed = {number, 2},
                                     .revision = 10,
                                     .lifetime_minutes = 180,
                                     .sealed_length = 1000,
                                     .expires_hours = (uint32_t)(ONION_TEXT_NOW_S / 3600 + 54),
                                     .certificate_type = ED_CERT_ONION_SIGNING};
}

#endif
