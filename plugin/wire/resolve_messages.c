#include "wire/resolve_messages.h"

#include <string.h>

#include "base/check.h"
#include "wire/text.h"

enum resolved_type {
    TYPE_HOST = 0,
    TYPE_IPV4 = 4,
    TYPE_IPV6 = 6,
    TYPE_TRANSIENT = 0xf0,
    TYPE_NONTRANSIENT = 0xf1
};

static const char failure_text[] = "no answer";

/* --- RESOLVE ------------------------------------------------------------------------------------------------------- */

static bool host_copy(struct span text, char *host_out) {
    if (text.length == 0 || text.length > BEGIN_HOST_MAX)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        char c = (char)text.data[i];
        if (c <= ' ' || c > '~')
            return false;
        host_out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    host_out[text.length] = '\0';
    return true;
}

/* The part of text before its ending, when it ends so. */
static bool cut_ending(struct span *text, const char *ending) {
    size_t length = strlen(ending);
    if (text->length <= length || memcmp(text->data + text->length - length, ending, length) != 0)
        return false;
    text->length -= length;
    return true;
}

/* "4.3.2.1" */
static bool reverse_ipv4(struct span text, struct address *out) {
    struct address backwards;
    if (!address_parse((const char *)text.data, text.length, &backwards) || backwards.family != ADDRESS_IPV4)
        return false;
    *out = (struct address){.family = ADDRESS_IPV4};
    for (unsigned i = 0; i < 4; i++)
        out->bytes[i] = backwards.bytes[3 - i];
    return true;
}

/* 32 digits with dots between, the last first. */
static bool reverse_ipv6(struct span text, struct address *out) {
    *out = (struct address){.family = ADDRESS_IPV6};
    if (text.length != 63)
        return false;
    for (unsigned i = 0; i < 32; i++) {
        uint8_t c = text.data[2 * i], digit;
        if (c >= '0' && c <= '9')
            digit = (uint8_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (uint8_t)(c - 'a' + 10);
        else
            return false;
        if (i < 31 && text.data[2 * i + 1] != '.')
            return false;
        out->bytes[15 - i / 2] |= (uint8_t)(i % 2 ? digit << 4 : digit);
    }
    return true;
}

enum err resolve_decode(struct span body, struct name_query *out) {
    memset(out, 0, sizeof(*out));
    out->wants_ipv4 = out->wants_ipv6 = true;
    const uint8_t *nul = body.length > 0 ? memchr(body.data, 0, body.length) : NULL;
    if (!host_copy((struct span){body.data, nul ? (size_t)(nul - body.data) : body.length}, out->host))
        return ERR_MALFORMED;
    struct span text = span_of(out->host);
    if (address_parse(out->host, text.length, &out->address))
        return ERR_OK;
    out->address = (struct address){.family = ADDRESS_NONE}; /* what was tried is not what it is */
    bool is_ipv4 = cut_ending(&text, ".in-addr.arpa");
    if (!is_ipv4 && !cut_ending(&text, ".ip6.arpa"))
        return ERR_OK;
    if (!(is_ipv4 ? reverse_ipv4(text, &out->address) : reverse_ipv6(text, &out->address)))
        return ERR_MALFORMED;
    memset(out->host, 0, sizeof(out->host));
    return ERR_OK;
}

/* --- RESOLVED ------------------------------------------------------------------------------------------------------ */

static size_t room_of(const struct bytes_out *out) {
    return (size_t)(out->end - out->next);
}

static void put_answer(struct bytes_out *out, uint8_t type, const void *value, size_t length) {
    if (room_of(out) < 2 + length + 4)
        return;
    bytes_put_u8(out, type);
    bytes_put_u8(out, (uint8_t)length);
    bytes_put(out, value, length);
    bytes_put_u32(out, CONNECTED_TTL_MAX_S);
}

void resolved_encode(struct bytes_out *out, const struct name_answer *answer) {
    switch ((enum name_status)answer->status) {
    case NAME_TRANSIENT: put_answer(out, TYPE_TRANSIENT, failure_text, strlen(failure_text)); return;
    case NAME_NONTRANSIENT: put_answer(out, TYPE_NONTRANSIENT, failure_text, strlen(failure_text)); return;
    case NAME_FOUND: break;
    }
    CHECK(answer->count <= NAME_ANSWERS_MAX);
    if (answer->host[0])
        put_answer(out, TYPE_HOST, answer->host, strlen(answer->host));
    for (uint8_t i = 0; i < answer->count; i++) {
        bool is_ipv4 = answer->addresses[i].family == ADDRESS_IPV4;
        put_answer(out, is_ipv4 ? TYPE_IPV4 : TYPE_IPV6, answer->addresses[i].bytes, is_ipv4 ? 4 : 16);
    }
}

static void take_address(struct span value, uint8_t family, struct name_answer *out) {
    if (value.length != (family == ADDRESS_IPV4 ? 4 : 16) || out->count == NAME_ANSWERS_MAX)
        return;
    struct address *address = &out->addresses[out->count++];
    address->family = family;
    memcpy(address->bytes, value.data, value.length);
}

enum err resolved_decode(struct span body, struct name_answer *out) {
    struct bytes_in in = bytes_in(body.data, body.length);
    memset(out, 0, sizeof(*out));
    while (bytes_ok(&in) && bytes_left(&in) > 0) {
        uint8_t type = bytes_u8(&in);
        struct span value = bytes_span(&in, bytes_u8(&in));
        (void)bytes_u32(&in);
        if (!bytes_ok(&in))
            return ERR_TRUNCATED;
        switch (type) {
        case TYPE_HOST:
            if (!out->host[0] && !host_copy(value, out->host))
                memset(out->host, 0, sizeof(out->host));
            break;
        case TYPE_IPV4:
        case TYPE_IPV6: take_address(value, type, out); break;
        case TYPE_TRANSIENT: out->status = NAME_TRANSIENT; break;
        case TYPE_NONTRANSIENT: out->status = NAME_NONTRANSIENT; break;
        default: break;
        }
    }
    return ERR_OK;
}

/* --- END ----------------------------------------------------------------------------------------------------------- */

void end_policy_encode(struct bytes_out *out, const struct address *address) {
    bytes_put_u8(out, END_EXITPOLICY);
    if (address->family == ADDRESS_NONE)
        return;
    bytes_put(out, address->bytes, address->family == ADDRESS_IPV4 ? 4 : 16);
    bytes_put_u32(out, CONNECTED_TTL_MAX_S);
}
