#include "crypt/onion_descriptor_proof.h"

#include <assert.h>
#include <string.h>

#include "wire/text.h"

#define HOUR_S 3600u

static_assert(sizeof ONION_DESCRIPTOR_SIGNED_PREFIX <= ONION_PROOF_SCRATCH, "the prefix fits");

static enum err read_certificate(const struct onion_descriptor *d, uint8_t place[static ED_CERT_LEN_MAX],
                                 struct ed_cert *out) {
    size_t length;
    if (!text_base64_decode(d->certificate, place, ED_CERT_LEN_MAX, &length))
        return ERR_MALFORMED;
    enum err e = ed_cert_decode((struct span){place, length}, out);
    if (e)
        return e;
    return out->type == ED_CERT_ONION_SIGNING && out->key_type == ED_CERT_KEY_ED25519 && out->has_signer
               ? ERR_OK
               : ERR_MALFORMED;
}

enum err onion_descriptor_key(const struct onion_descriptor *d, uint8_t out[static ONION_KEY_LEN]) {
    uint8_t place[ED_CERT_LEN_MAX];
    struct ed_cert certificate;
    enum err e = read_certificate(d, place, &certificate);
    if (!e)
        memcpy(out, certificate.signer, ONION_KEY_LEN);
    return e;
}

enum err onion_descriptor_prove(const struct crypt_provider *crypt, const struct onion_descriptor *d,
                                uint64_t now_s, uint8_t *scratch) {
    uint8_t place[ED_CERT_LEN_MAX];
    struct ed_cert certificate;
    enum err e = read_certificate(d, place, &certificate);
    if (e)
        return e;
    if ((uint64_t)certificate.expires_hours * HOUR_S < now_s)
        return ERR_EXPIRED;
    if (!crypt->ed25519_verify(certificate.signer, certificate.signed_part, certificate.signature))
        return ERR_BAD_SIGNATURE;
    struct bytes_out text = bytes_out(scratch, d->signed_part.length + ONION_PROOF_SCRATCH);
    bytes_put(&text, ONION_DESCRIPTOR_SIGNED_PREFIX, sizeof ONION_DESCRIPTOR_SIGNED_PREFIX - 1);
    bytes_put(&text, d->signed_part.data, d->signed_part.length);
    return crypt->ed25519_verify(certificate.key, (struct span){scratch, bytes_written(&text)}, d->signature)
               ? ERR_OK
               : ERR_BAD_SIGNATURE;
}
