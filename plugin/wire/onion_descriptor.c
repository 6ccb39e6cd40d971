#include "wire/onion_descriptor.h"

#include <string.h>

#include "wire/text.h"

#define VERSION                  3u
#define MINUTE_S                 60u
#define ONION_KEY_TEXT_LEN       43u /* base64 of 32 bytes without padding */
#define ONION_SIGNATURE_TEXT_LEN 86u

enum field { VERSION_LINE, LIFETIME, CERTIFICATE, REVISION, SEALED, SIGNATURE, UNKNOWN };

static enum field field_of(struct span word) {
    static const char *const names[] = {[VERSION_LINE] = "hs-descriptor",
                                        [LIFETIME] = "descriptor-lifetime",
                                        [CERTIFICATE] = "descriptor-signing-key-cert",
                                        [REVISION] = "revision-counter",
                                        [SEALED] = "superencrypted",
                                        [SIGNATURE] = "signature"};
    for (unsigned i = 0; i < UNKNOWN; i++)
        if (span_is(word, names[i]))
            return (enum field)i;
    return UNKNOWN;
}

static bool read_lifetime(struct span word, struct onion_descriptor *out) {
    uint64_t minutes;
    if (!text_u64(word, ONION_DESCRIPTOR_LIFETIME_MAX_S / MINUTE_S, &minutes))
        return false;
    out->lifetime_s = minutes * MINUTE_S;
    return true;
}

/* Characters that are not newlines: three bytes for four of them. */
static bool is_long_enough(struct span base64) {
    size_t length = 0;
    for (size_t i = 0; i < base64.length; i++)
        length += base64.data[i] != '\n' && base64.data[i] != '=';
    return length * 3 / 4 > ONION_DESCRIPTOR_SEALED_MIN;
}

/* The rest of a line that begins with the field's name, and what belongs to it. */
static enum err read_field(enum field field, struct span line, struct span *rest,
                           struct onion_descriptor *out) {
    struct span word = text_word(&line);
    switch (field) {
    case VERSION_LINE: {
        uint64_t version;
        if (!text_u64(word, UINT32_MAX, &version))
            return ERR_MALFORMED;
        return version == VERSION ? ERR_OK : ERR_UNSUPPORTED;
    }
    case LIFETIME: return read_lifetime(word, out) ? ERR_OK : ERR_MALFORMED;
    case REVISION: return text_u64(word, UINT64_MAX, &out->revision) ? ERR_OK : ERR_MALFORMED;
    case CERTIFICATE: return text_object(rest, "ED25519 CERT", &out->certificate) ? ERR_OK : ERR_MALFORMED;
    case SEALED:
        return text_object(rest, "MESSAGE", &out->sealed) && is_long_enough(out->sealed) ? ERR_OK
                                                                                         : ERR_MALFORMED;
    case SIGNATURE:
        return word.length == ONION_SIGNATURE_TEXT_LEN &&
                       text_base64_decode_exact(word, out->signature, sizeof out->signature)
                   ? ERR_OK
                   : ERR_MALFORMED;
    case UNKNOWN: return span_starts(word, "-----") ? ERR_MALFORMED : ERR_OK;
    }
    return ERR_OK;
}

enum err onion_descriptor_parse(struct span text, struct onion_descriptor *out) {
    struct span rest = text, line;
    unsigned seen = 0;
    memset(out, 0, sizeof *out);
    if (text.length > 0 && memchr(text.data, 0, text.length))
        return ERR_MALFORMED;
    while (text_line(&rest, &line)) {
        struct span words = line;
        enum field field = field_of(text_word(&words));
        if (field != UNKNOWN && seen & 1u << field)
            return ERR_MALFORMED;
        if ((seen == 0) != (field == VERSION_LINE)) /* it comes first */
            return ERR_MALFORMED;
        seen |= 1u << field;
        enum err e = read_field(field, field == UNKNOWN ? line : words, &rest, out);
        if (e)
            return e;
        if (field != SIGNATURE)
            continue;
        out->signed_part = (struct span){text.data, (size_t)(line.data - text.data)};
        bool has_all = (seen & ((1u << UNKNOWN) - 1)) == (1u << UNKNOWN) - 1;
        return has_all && rest.length == 0 ? ERR_OK : ERR_MALFORMED;
    }
    return ERR_TRUNCATED;
}

bool onion_key_parse(struct span rest, uint8_t out[static ONION_KEY_LEN]) {
    return rest.length == ONION_KEY_TEXT_LEN && text_base64_decode_exact(rest, out, ONION_KEY_LEN);
}
