#include "wire/ed_cert.h"

#include <string.h>

#include "base/check.h"

#define CERT_VERSION                 1u
#define EXTENSION_SIGNED_WITH        4u
#define EXTENSION_AFFECTS_VALIDATION 1u

/* cert-spec 2.1 and 2.2 */

static enum err extension_decode(struct bytes_in *in, struct ed_cert *out) {
    uint16_t length = bytes_u16(in);
    uint8_t type = bytes_u8(in);
    uint8_t flags = bytes_u8(in);
    struct span value = bytes_span(in, length);
    if (!bytes_ok(in))
        return ERR_TRUNCATED;
    if (type != EXTENSION_SIGNED_WITH)
        return flags & EXTENSION_AFFECTS_VALIDATION ? ERR_UNSUPPORTED : ERR_OK;
    if (out->has_signer || value.length != sizeof(out->signer))
        return ERR_MALFORMED;
    out->has_signer = true;
    memcpy(out->signer, value.data, sizeof(out->signer));
    return ERR_OK;
}

enum err ed_cert_decode(struct span bytes, struct ed_cert *out) {
    struct bytes_in in = bytes_in(bytes.data, bytes.length);
    enum err e;
    memset(out, 0, sizeof(*out));
    uint8_t version = bytes_u8(&in);
    if (bytes_ok(&in) && version != CERT_VERSION)
        return ERR_UNSUPPORTED;
    out->type = bytes_u8(&in);
    out->expires_hours = bytes_u32(&in);
    out->key_type = bytes_u8(&in);
    bytes_copy(&in, out->key, sizeof(out->key));
    for (unsigned n = bytes_u8(&in); n > 0; n--)
        if ((e = extension_decode(&in, out)) != ERR_OK)
            return e;
    out->signed_part = (struct span){bytes.data, bytes.length - bytes_left(&in)};
    bytes_copy(&in, out->signature, sizeof(out->signature));
    if (!bytes_ok(&in))
        return ERR_TRUNCATED;
    return bytes_done(&in) ? ERR_OK : ERR_MALFORMED;
}

void ed_cert_encode_unsigned(struct bytes_out *out, const struct ed_cert *cert) {
    bytes_put_u8(out, CERT_VERSION);
    bytes_put_u8(out, cert->type);
    bytes_put_u32(out, cert->expires_hours);
    bytes_put_u8(out, cert->key_type);
    bytes_put(out, cert->key, sizeof(cert->key));
    bytes_put_u8(out, cert->has_signer ? 1 : 0);
    if (!cert->has_signer)
        return;
    bytes_put_u16(out, sizeof(cert->signer));
    bytes_put_u8(out, EXTENSION_SIGNED_WITH);
    bytes_put_u8(out, 0);
    bytes_put(out, cert->signer, sizeof(cert->signer));
}

/* cert-spec 2.3 */

enum err rsa_ed_cross_cert_decode(struct span bytes, struct rsa_ed_cross_cert *out) {
    struct bytes_in in = bytes_in(bytes.data, bytes.length);
    memset(out, 0, sizeof(*out));
    bytes_copy(&in, out->ed_id, sizeof(out->ed_id));
    out->expires_hours = bytes_u32(&in);
    out->signature = bytes_span(&in, bytes_u8(&in));
    if (!bytes_ok(&in))
        return ERR_TRUNCATED;
    return bytes_done(&in) ? ERR_OK : ERR_MALFORMED;
}

void rsa_ed_cross_cert_encode(struct bytes_out *out, const struct rsa_ed_cross_cert *cert) {
    CHECK(cert->signature.length <= UINT8_MAX);
    bytes_put(out, cert->ed_id, sizeof(cert->ed_id));
    bytes_put_u32(out, cert->expires_hours);
    bytes_put_u8(out, (uint8_t)cert->signature.length);
    bytes_put(out, cert->signature.data, cert->signature.length);
}
