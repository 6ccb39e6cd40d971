#include "wire/stream_messages.h"

#include <string.h>

#include "base/check.h"

/* BEGIN, tor-spec 6.2 */

#define BEGIN_FLAGS_KNOWN ((uint32_t)(BEGIN_IPV6_OK | BEGIN_IPV4_NOT_OK | BEGIN_IPV6_PREFERRED))

/* Only digits, at most five of them; 0 when it is not a port. */
static uint16_t port_parse(const char *text, size_t length) {
    uint32_t value = 0;
    if (length > 5)
        return 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        value = value * 10 + (uint32_t)(text[i] - '0');
    }
    return value <= UINT16_MAX ? (uint16_t)value : 0;
}

/* Printable characters but space, in lower case; colons only in the text of an IPv6 address. */
static bool host_copy(const char *text, size_t length, bool is_ipv6, char *host_out) {
    struct address address;
    if (length == 0 || length > BEGIN_HOST_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c <= ' ' || c > '~' || c == '[' || c == ']')
            return false;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        host_out[i] = c;
    }
    host_out[length] = '\0';
    return is_ipv6 == (memchr(text, ':', length) != NULL) &&
           (!is_ipv6 || address_parse(text, length, &address));
}

static enum err address_port_parse(const char *text, size_t length, struct begin_message *out) {
    size_t colon = length;
    while (colon > 0 && text[colon - 1] != ':')
        colon--;
    if (colon == 0)
        return ERR_MALFORMED;
    out->port = port_parse(text + colon, length - colon);
    size_t host_length = colon - 1;
    bool in_brackets = host_length >= 2 && text[0] == '[' && text[host_length - 1] == ']';
    bool is_host_good = in_brackets ? host_copy(text + 1, host_length - 2, true, out->host)
                                    : host_copy(text, host_length, false, out->host);
    return is_host_good && out->port != 0 ? ERR_OK : ERR_MALFORMED;
}

enum err begin_decode(struct span body, struct begin_message *out) {
    memset(out, 0, sizeof(*out));
    const uint8_t *nul = body.length > 0 ? memchr(body.data, 0, body.length) : NULL;
    if (!nul)
        return ERR_MALFORMED;
    size_t text_length = (size_t)(nul - body.data);
    enum err e = address_port_parse((const char *)body.data, text_length, out);
    if (e)
        return e;
    struct bytes_in in = bytes_in(nul + 1, body.length - text_length - 1);
    out->flags = bytes_u32(&in) & BEGIN_FLAGS_KNOWN; /* 0 when they are absent or cut off */
    return ERR_OK;
}

static void put_port(struct bytes_out *out, uint16_t port) {
    uint32_t divisor = 1;
    while (port / divisor >= 10)
        divisor *= 10;
    for (; divisor > 0; divisor /= 10)
        bytes_put_u8(out, (uint8_t)('0' + port / divisor % 10));
}

void begin_encode(struct bytes_out *out, const struct begin_message *m) {
    size_t length = strlen(m->host);
    CHECK(length > 0 && length <= BEGIN_HOST_MAX);
    CHECK(m->port != 0);
    bool in_brackets = memchr(m->host, ':', length) != NULL;
    if (in_brackets)
        bytes_put_u8(out, '[');
    bytes_put(out, m->host, length);
    if (in_brackets)
        bytes_put_u8(out, ']');
    bytes_put_u8(out, ':');
    put_port(out, m->port);
    bytes_put_u8(out, 0);
    if (m->flags != 0)
        bytes_put_u32(out, m->flags);
}

/* CONNECTED, tor-spec 6.2 */

enum err connected_decode(struct span body, struct connected_message *out) {
    struct bytes_in in = bytes_in(body.data, body.length);
    memset(out, 0, sizeof(*out));
    if (body.length == 0)
        return ERR_OK;
    bytes_copy(&in, out->address.bytes, 4);
    out->address.family = ADDRESS_IPV4;
    bool is_ipv4 = load_u32(out->address.bytes) != 0;
    if (!is_ipv4) {
        out->address.family = bytes_u8(&in);
        bytes_copy(&in, out->address.bytes, 16);
    }
    if (!is_ipv4 || bytes_left(&in) >= 4) /* old exits send an IPv4 address alone */
        out->ttl_s = bytes_u32(&in);
    if (!bytes_ok(&in))
        return ERR_TRUNCATED;
    return is_ipv4 || out->address.family == ADDRESS_IPV6 ? ERR_OK : ERR_MALFORMED;
}

void connected_encode(struct bytes_out *out, const struct connected_message *m) {
    uint32_t ttl_s = m->ttl_s < CONNECTED_TTL_MAX_S ? m->ttl_s : CONNECTED_TTL_MAX_S;
    switch ((enum address_family)m->address.family) {
    case ADDRESS_NONE: return;
    case ADDRESS_IPV4:
        if (load_u32(m->address.bytes) == 0)
            return; /* would read as the start of an IPv6 address */
        bytes_put(out, m->address.bytes, 4);
        break;
    case ADDRESS_IPV6:
        bytes_put_u32(out, 0);
        bytes_put_u8(out, ADDRESS_IPV6);
        bytes_put(out, m->address.bytes, 16);
        break;
    }
    bytes_put_u32(out, ttl_s);
}

/* END, tor-spec 6.3 */

uint8_t end_reason_decode(struct span body) {
    return body.length > 0 ? body.data[0] : END_MISC;
}

/* SENDME, tor-spec 7.3.1 */

#define TAG_LEN_TOR1 20u
#define TAG_LEN_CGO  16u

enum err sendme_decode(struct span body, struct sendme_message *out) {
    struct bytes_in in = bytes_in(body.data, body.length);
    memset(out, 0, sizeof(*out));
    out->version = body.length > 0 ? bytes_u8(&in) : 0;
    if (out->version == 0)
        return ERR_OK;
    if (out->version != 1)
        return ERR_UNSUPPORTED;
    struct span tag = bytes_span(&in, bytes_u16(&in));
    if (!bytes_ok(&in))
        return ERR_TRUNCATED;
    if (tag.length != TAG_LEN_CGO && tag.length < TAG_LEN_TOR1)
        return ERR_MALFORMED;
    out->tag_length = tag.length == TAG_LEN_CGO ? TAG_LEN_CGO : TAG_LEN_TOR1;
    memcpy(out->tag, tag.data, out->tag_length);
    return ERR_OK;
}

void sendme_encode(struct bytes_out *out, const struct sendme_message *m) {
    if (m->version == 0)
        return;
    CHECK(m->version == 1);
    CHECK(m->tag_length == TAG_LEN_TOR1 || m->tag_length == TAG_LEN_CGO);
    bytes_put_u8(out, m->version);
    bytes_put_u16(out, m->tag_length);
    bytes_put(out, m->tag, m->tag_length);
}
