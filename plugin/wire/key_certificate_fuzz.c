#include "wire/key_certificate.h"

#include "base/check.h"
#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct key_certificate c;
    struct span rest = {data, size};
    enum err e;
    size_t left = size + 1;
    while ((e = key_certificate_parse(&rest, &c)) != ERR_TRUNCATED) {
        CHECK(rest.length < left); /* it gets on */
        left = rest.length;
        if (e != ERR_OK)
            continue;
        CHECK(c.signed_part.data >= data && c.signed_part.data + c.signed_part.length <= data + size);
        CHECK(c.published_s < c.expires_s);
        CHECK(c.identity_der_length > 0 && c.identity_der_length <= KEY_CERTIFICATE_DER_MAX);
        CHECK(c.certification_length > 0 && c.certification_length <= KEY_CERTIFICATE_SIG_MAX);
    }
    return 0;
}
