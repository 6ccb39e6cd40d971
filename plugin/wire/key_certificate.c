#include "wire/key_certificate.h"

#include <string.h>

#include "wire/text.h"

#define FIRST_KEYWORD "dir-key-certificate-version"

enum part {
    PART_FINGERPRINT,
    PART_PUBLISHED,
    PART_EXPIRES,
    PART_IDENTITY,
    PART_SIGNING,
    PART_CROSSCERT,
    PARTS
};

struct parsing {
    struct key_certificate *c;
    struct span rest;
    bool has[PARTS];
};

static bool is_first_line(struct span line) {
    return span_is(text_word(&line), FIRST_KEYWORD);
}

/* Cut the text of the first certificate off rest: up to the next one's first line. */
static bool cut(struct span *rest, struct span *one_out) {
    struct span line;
    const uint8_t *start = NULL;
    while (text_line(rest, &line)) {
        if (!is_first_line(line))
            continue;
        if (start) {
            *one_out = (struct span){start, (size_t)(line.data - start)};
            *rest = (struct span){line.data, (size_t)(rest->data + rest->length - line.data)};
            return true;
        }
        start = line.data;
    }
    if (start)
        *one_out = (struct span){start, (size_t)(rest->data - start)};
    return start != NULL;
}

static bool take_object(struct parsing *p, const char *label, uint8_t *out, size_t room,
                        uint16_t *length_out) {
    struct span body;
    size_t length;
    if (!text_object(&p->rest, label, &body) || !text_base64_decode(body, out, room, &length) || length == 0)
        return false;
    *length_out = (uint16_t)length;
    return true;
}

static bool parse_time(struct span rest, uint64_t *out) {
    struct span date = text_word(&rest);
    return text_time(date, text_word(&rest), out);
}

/* tor writes "ID SIGNATURE"; dir-spec allows both. */
static bool parse_crosscert(struct parsing *p) {
    struct key_certificate *c = p->c;
    return take_object(p, "ID SIGNATURE", c->crosscert, sizeof(c->crosscert), &c->crosscert_length) ||
           take_object(p, "SIGNATURE", c->crosscert, sizeof(c->crosscert), &c->crosscert_length);
}

/* One line other than the first and the last; unknown ones and their objects are passed over. */
static bool parse_line(struct parsing *p, struct span line) {
    static const char *const keywords[PARTS] = {"fingerprint",      "dir-key-published", "dir-key-expires",
                                                "dir-identity-key", "dir-signing-key",   "dir-key-crosscert"};
    struct key_certificate *c = p->c;
    struct span keyword = text_word(&line);
    unsigned part = 0;
    while (part < PARTS && !span_is(keyword, keywords[part]))
        part++;
    if (part == PARTS)
        return true;
    if (p->has[part])
        return false;
    p->has[part] = true;
    switch ((enum part)part) {
    case PART_FINGERPRINT: return text_hex_decode(text_word(&line), c->fingerprint, sizeof(c->fingerprint));
    case PART_PUBLISHED: return parse_time(line, &c->published_s);
    case PART_EXPIRES: return parse_time(line, &c->expires_s);
    case PART_IDENTITY:
        return take_object(p, "RSA PUBLIC KEY", c->identity_der, sizeof(c->identity_der),
                           &c->identity_der_length);
    case PART_SIGNING:
        return take_object(p, "RSA PUBLIC KEY", c->signing_der, sizeof(c->signing_der),
                           &c->signing_der_length);
    case PART_CROSSCERT: return parse_crosscert(p);
    case PARTS: break;
    }
    return false;
}

static bool is_complete(const struct parsing *p) {
    for (unsigned i = 0; i < PARTS; i++)
        if (!p->has[i])
            return false;
    return true;
}

static enum err parse_one(struct span text, struct key_certificate *c) {
    struct parsing p = {.c = c, .rest = text};
    struct span line;
    if (text.length > KEY_CERTIFICATE_BYTES_MAX)
        return ERR_LIMIT;
    if (!text_line(&p.rest, &line))
        return ERR_TRUNCATED;
    (void)text_word(&line);
    if (!span_is(text_word(&line), "3"))
        return ERR_UNSUPPORTED;
    while (text_line(&p.rest, &line)) {
        if (span_is(line, "dir-key-certification")) {
            c->signed_part = (struct span){text.data, (size_t)(p.rest.data - text.data)};
            bool good = take_object(&p, "SIGNATURE", c->certification, sizeof(c->certification),
                                    &c->certification_length);
            return good && is_complete(&p) && c->published_s < c->expires_s ? ERR_OK : ERR_MALFORMED;
        }
        if (!parse_line(&p, line))
            return ERR_MALFORMED;
    }
    return ERR_MALFORMED;
}

enum err key_certificate_parse(struct span *rest, struct key_certificate *out) {
    struct span one;
    memset(out, 0, sizeof(*out));
    if (!cut(rest, &one))
        return ERR_TRUNCATED;
    return parse_one(one, out);
}
