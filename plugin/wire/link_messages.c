#include "wire/link_messages.h"

#include <assert.h>
#include <string.h>

#include "base/check.h"

static enum err whole(const struct bytes_in *in) {
    return bytes_ok(in) ? ERR_OK : ERR_TRUNCATED;
}

/* VERSIONS, tor-spec 4.1 */

enum err versions_decode(struct span body, struct versions_message *out) {
    struct bytes_in in = bytes_in(body.data, body.length);
    memset(out, 0, sizeof(*out));
    if (body.length % 2 != 0)
        return ERR_MALFORMED;
    while (bytes_left(&in) > 0 && out->count < LINK_VERSIONS_MAX)
        out->versions[out->count++] = bytes_u16(&in);
    return whole(&in);
}

void versions_encode(struct bytes_out *out, const struct versions_message *m) {
    CHECK(m->count <= LINK_VERSIONS_MAX);
    for (unsigned i = 0; i < m->count; i++)
        bytes_put_u16(out, m->versions[i]);
}

uint16_t versions_highest_common(const struct versions_message *a, const struct versions_message *b) {
    uint16_t highest = 0;
    for (unsigned i = 0; i < a->count; i++)
        for (unsigned j = 0; j < b->count; j++)
            if (a->versions[i] == b->versions[j] && a->versions[i] > highest)
                highest = a->versions[i];
    return highest;
}

/* CERTS, tor-spec 4.2 */

enum err certs_decode(struct span body, struct certs_message *out) {
    struct bytes_in in = bytes_in(body.data, body.length);
    uint32_t types_seen = 0;
    memset(out, 0, sizeof(*out));
    for (unsigned n = bytes_u8(&in); n > 0; n--) {
        uint8_t type = bytes_u8(&in);
        struct span certificate = bytes_span(&in, bytes_u16(&in));
        if (!bytes_ok(&in))
            return ERR_TRUNCATED;
        if (type == 0 || type >= LINK_CERT_TYPES)
            continue;
        if (types_seen & 1u << type)
            return ERR_PROTOCOL;
        types_seen |= 1u << type;
        out->by_type[type] = certificate;
    }
    return whole(&in);
}

void certs_encode(struct bytes_out *out, const struct certs_message *m) {
    uint8_t count = 0;
    for (unsigned type = 1; type < LINK_CERT_TYPES; type++)
        count += m->by_type[type].length > 0;
    bytes_put_u8(out, count);
    for (unsigned type = 1; type < LINK_CERT_TYPES; type++) {
        struct span certificate = m->by_type[type];
        if (certificate.length == 0)
            continue;
        CHECK(certificate.length <= UINT16_MAX);
        bytes_put_u8(out, (uint8_t)type);
        bytes_put_u16(out, (uint16_t)certificate.length);
        bytes_put(out, certificate.data, certificate.length);
    }
}

/* AUTH_CHALLENGE, tor-spec 4.3 */

enum err auth_challenge_decode(struct span body, struct auth_challenge_message *out) {
    struct bytes_in in = bytes_in(body.data, body.length);
    memset(out, 0, sizeof(*out));
    bytes_copy(&in, out->challenge, sizeof(out->challenge));
    for (unsigned n = bytes_u16(&in); n > 0 && bytes_ok(&in); n--)
        if (bytes_u16(&in) == AUTH_METHOD_ED25519_SHA256_RFC5705)
            out->offers_method_3 = true;
    return whole(&in);
}

void auth_challenge_encode(struct bytes_out *out, const struct auth_challenge_message *m) {
    bytes_put(out, m->challenge, sizeof(m->challenge));
    bytes_put_u16(out, m->offers_method_3 ? 1 : 0);
    if (m->offers_method_3)
        bytes_put_u16(out, AUTH_METHOD_ED25519_SHA256_RFC5705);
}

/* AUTHENTICATE, tor-spec 4.4.2 */

static const uint8_t authenticate_type[8] = {'A', 'U', 'T', 'H', '0', '0', '0', '3'};
static_assert(sizeof(authenticate_type) + (size_t)8 * 32 + 24 == AUTHENTICATE_SIGNED_LEN, "TYPE up to RAND");
static_assert(AUTHENTICATE_SIGNED_LEN + 64 == AUTHENTICATE_BODY_LEN, "and SIG");

enum err authenticate_decode(struct span body, struct authenticate_message *out) {
    struct bytes_in in = bytes_in(body.data, body.length);
    memset(out, 0, sizeof(*out));
    uint16_t method = bytes_u16(&in);
    uint16_t length = bytes_u16(&in);
    const uint8_t *type = bytes_take(&in, sizeof(authenticate_type));
    bytes_copy(&in, out->initiator_rsa, 32);
    bytes_copy(&in, out->responder_rsa, 32);
    bytes_copy(&in, out->initiator_ed, 32);
    bytes_copy(&in, out->responder_ed, 32);
    bytes_copy(&in, out->responder_log, 32);
    bytes_copy(&in, out->initiator_log, 32);
    bytes_copy(&in, out->tls_certificate, 32);
    bytes_copy(&in, out->tls_secrets, 32);
    bytes_copy(&in, out->random, sizeof(out->random));
    bytes_copy(&in, out->signature, sizeof(out->signature));
    if (!bytes_ok(&in))
        return ERR_TRUNCATED;
    if (method != AUTH_METHOD_ED25519_SHA256_RFC5705)
        return ERR_UNSUPPORTED;
    bool is_type_right = memcmp(type, authenticate_type, sizeof(authenticate_type)) == 0;
    return length == AUTHENTICATE_BODY_LEN && is_type_right ? ERR_OK : ERR_MALFORMED;
}

void authenticate_encode_signed(struct bytes_out *out, const struct authenticate_message *m) {
    bytes_put(out, authenticate_type, sizeof(authenticate_type));
    bytes_put(out, m->initiator_rsa, 32);
    bytes_put(out, m->responder_rsa, 32);
    bytes_put(out, m->initiator_ed, 32);
    bytes_put(out, m->responder_ed, 32);
    bytes_put(out, m->responder_log, 32);
    bytes_put(out, m->initiator_log, 32);
    bytes_put(out, m->tls_certificate, 32);
    bytes_put(out, m->tls_secrets, 32);
    bytes_put(out, m->random, sizeof(m->random));
}

void authenticate_encode(struct bytes_out *out, const struct authenticate_message *m) {
    bytes_put_u16(out, AUTH_METHOD_ED25519_SHA256_RFC5705);
    bytes_put_u16(out, AUTHENTICATE_BODY_LEN);
    authenticate_encode_signed(out, m);
    bytes_put(out, m->signature, sizeof(m->signature));
}

/* NETINFO, tor-spec 4.5 */

/* An address of another type, or with the wrong length for its type, is passed over: family NONE. */
static struct address netinfo_address_decode(struct bytes_in *in) {
    struct address address = {0};
    uint8_t type = bytes_u8(in);
    struct span value = bytes_span(in, bytes_u8(in));
    if ((type == ADDRESS_IPV4 && value.length == 4) || (type == ADDRESS_IPV6 && value.length == 16)) {
        address.family = type;
        memcpy(address.bytes, value.data, value.length);
    }
    return address;
}

static void netinfo_address_encode(struct bytes_out *out, const struct address *a) {
    uint8_t length = a->family == ADDRESS_IPV6 ? 16 : 4;
    CHECK(a->family == ADDRESS_IPV4 || a->family == ADDRESS_IPV6);
    bytes_put_u8(out, a->family);
    bytes_put_u8(out, length);
    bytes_put(out, a->bytes, length);
}

enum err netinfo_decode(struct span body, struct netinfo_message *out) {
    struct bytes_in in = bytes_in(body.data, body.length);
    memset(out, 0, sizeof(*out));
    out->time = bytes_u32(&in);
    out->other = netinfo_address_decode(&in);
    for (unsigned n = bytes_u8(&in); n > 0 && bytes_ok(&in); n--) {
        struct address mine = netinfo_address_decode(&in);
        if (mine.family != ADDRESS_NONE && out->mine_count < NETINFO_ADDRESSES_MAX)
            out->mine[out->mine_count++] = mine;
    }
    return whole(&in);
}

void netinfo_encode(struct bytes_out *out, const struct netinfo_message *m) {
    /* tor closes a link whose NETINFO has another type here, so nothing known is 0.0.0.0. */
    const struct address unspecified = {.family = ADDRESS_IPV4};
    CHECK(m->mine_count <= NETINFO_ADDRESSES_MAX);
    bytes_put_u32(out, m->time);
    netinfo_address_encode(out, m->other.family == ADDRESS_NONE ? &unspecified : &m->other);
    bytes_put_u8(out, m->mine_count);
    for (unsigned i = 0; i < m->mine_count; i++)
        netinfo_address_encode(out, &m->mine[i]);
}

/* PADDING_NEGOTIATE, padding-spec 2.2 */

enum padding_command { PADDING_STOP = 1, PADDING_START = 2 };

enum err padding_negotiate_decode(struct span body, struct padding_negotiate_message *out) {
    struct bytes_in in = bytes_in(body.data, body.length);
    memset(out, 0, sizeof(*out));
    uint8_t version = bytes_u8(&in);
    uint8_t command = bytes_u8(&in);
    out->start = command == PADDING_START;
    out->timeout_low_ms = bytes_u16(&in);
    out->timeout_high_ms = bytes_u16(&in);
    if (!bytes_ok(&in))
        return ERR_TRUNCATED;
    if (version != 0)
        return ERR_UNSUPPORTED;
    return command == PADDING_START || command == PADDING_STOP ? ERR_OK : ERR_MALFORMED;
}

void padding_negotiate_encode(struct bytes_out *out, const struct padding_negotiate_message *m) {
    bytes_put_u8(out, 0);
    bytes_put_u8(out, m->start ? PADDING_START : PADDING_STOP);
    bytes_put_u16(out, m->timeout_low_ms);
    bytes_put_u16(out, m->timeout_high_ms);
}
