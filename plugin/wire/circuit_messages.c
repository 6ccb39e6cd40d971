#include "wire/circuit_messages.h"

#include <string.h>

#include "base/check.h"
#include "wire/cell.h"

#define REPLY_DATA_MAX (CELL_BODY_LEN - 2u)

enum link_specifier { SPECIFIER_IPV4 = 0, SPECIFIER_IPV6 = 1, SPECIFIER_RSA_ID = 2, SPECIFIER_ED_ID = 3 };

/* CREATE2 and CREATED2, tor-spec 5.1 */

static enum err create2_read(struct bytes_in *in, struct create2_message *out) {
    out->type = bytes_u16(in);
    out->data = bytes_span(in, bytes_u16(in));
    if (!bytes_ok(in))
        return ERR_TRUNCATED;
    return out->data.length <= HANDSHAKE_DATA_MAX ? ERR_OK : ERR_MALFORMED;
}

enum err create2_decode(struct span body, struct create2_message *out) {
    struct bytes_in in = bytes_in(body.data, body.length);
    memset(out, 0, sizeof(*out));
    return create2_read(&in, out);
}

void create2_encode(struct bytes_out *out, const struct create2_message *m) {
    CHECK(m->data.length <= HANDSHAKE_DATA_MAX);
    bytes_put_u16(out, m->type);
    bytes_put_u16(out, (uint16_t)m->data.length);
    bytes_put(out, m->data.data, m->data.length);
}

enum err created2_decode(struct span body, struct span *data_out) {
    struct bytes_in in = bytes_in(body.data, body.length);
    *data_out = bytes_span(&in, bytes_u16(&in));
    if (!bytes_ok(&in))
        return ERR_TRUNCATED;
    return data_out->length <= REPLY_DATA_MAX ? ERR_OK : ERR_MALFORMED;
}

void created2_encode(struct bytes_out *out, struct span data) {
    CHECK(data.length <= REPLY_DATA_MAX);
    bytes_put_u16(out, (uint16_t)data.length);
    bytes_put(out, data.data, data.length);
}

/* EXTEND2, tor-spec 5.1.2 */

static bool is_zero(const uint8_t *bytes, size_t length) {
    uint8_t any = 0;
    for (size_t i = 0; i < length; i++)
        any |= bytes[i];
    return any == 0;
}

/* Only the first of each family counts; one that nobody can connect to counts as absent. */
static void specified_endpoint(struct span value, enum address_family family, bool is_first,
                               struct endpoint *out) {
    size_t length = value.length - 2;
    uint16_t port = load_u16(value.data + length);
    if (!is_first || port == 0 || is_zero(value.data, length))
        return;
    out->address.family = (uint8_t)family;
    memcpy(out->address.bytes, value.data, length);
    out->port = port;
}

static size_t specifier_length(uint8_t type, size_t given) {
    switch ((enum link_specifier)type) {
    case SPECIFIER_IPV4: return 4 + 2;
    case SPECIFIER_IPV6: return 16 + 2;
    case SPECIFIER_RSA_ID: return RSA_ID_LEN;
    case SPECIFIER_ED_ID: return ED_ID_LEN;
    }
    return given;
}

static enum err specifier_apply(uint8_t type, struct span value, unsigned *types_seen,
                                struct extend2_message *out) {
    if (value.length != specifier_length(type, value.length))
        return ERR_MALFORMED;
    if (type > SPECIFIER_ED_ID)
        return ERR_OK;
    bool is_first = (*types_seen & 1u << type) == 0;
    *types_seen |= 1u << type;
    switch ((enum link_specifier)type) {
    case SPECIFIER_IPV4: specified_endpoint(value, ADDRESS_IPV4, is_first, &out->ipv4); return ERR_OK;
    case SPECIFIER_IPV6: specified_endpoint(value, ADDRESS_IPV6, is_first, &out->ipv6); return ERR_OK;
    case SPECIFIER_RSA_ID: memcpy(out->rsa_id, value.data, RSA_ID_LEN); break;
    case SPECIFIER_ED_ID:
        memcpy(out->ed_id, value.data, ED_ID_LEN);
        out->has_ed_id = !is_zero(value.data, ED_ID_LEN);
        break;
    }
    return is_first ? ERR_OK : ERR_PROTOCOL;
}

enum err extend2_decode(struct span body, struct extend2_message *out) {
    struct bytes_in in = bytes_in(body.data, body.length);
    unsigned types_seen = 0;
    enum err e;
    memset(out, 0, sizeof(*out));
    for (unsigned n = bytes_u8(&in); n > 0; n--) {
        uint8_t type = bytes_u8(&in);
        struct span value = bytes_span(&in, bytes_u8(&in));
        if (!bytes_ok(&in))
            return ERR_TRUNCATED;
        if ((e = specifier_apply(type, value, &types_seen, out)) != ERR_OK)
            return e;
    }
    if ((e = create2_read(&in, &out->create)) != ERR_OK)
        return e;
    bool has_address = out->ipv4.address.family != ADDRESS_NONE || out->ipv6.address.family != ADDRESS_NONE;
    return has_address && !is_zero(out->rsa_id, RSA_ID_LEN) ? ERR_OK : ERR_PROTOCOL;
}

static void specifier_put(struct bytes_out *out, enum link_specifier type, size_t length,
                          const uint8_t *value) {
    bytes_put_u8(out, (uint8_t)type);
    bytes_put_u8(out, (uint8_t)specifier_length((uint8_t)type, length));
    bytes_put(out, value, length);
}

/* tor-spec 5.1.2: senders of one order cannot be told apart by it. */
void extend2_encode(struct bytes_out *out, const struct extend2_message *m) {
    bool has_ipv4 = m->ipv4.address.family != ADDRESS_NONE, has_ipv6 = m->ipv6.address.family != ADDRESS_NONE;
    CHECK(!has_ipv4 || m->ipv4.address.family == ADDRESS_IPV4);
    CHECK(!has_ipv6 || m->ipv6.address.family == ADDRESS_IPV6);
    bytes_put_u8(out, (uint8_t)(1 + has_ipv4 + has_ipv6 + m->has_ed_id));
    if (has_ipv4) {
        specifier_put(out, SPECIFIER_IPV4, 4, m->ipv4.address.bytes);
        bytes_put_u16(out, m->ipv4.port);
    }
    specifier_put(out, SPECIFIER_RSA_ID, RSA_ID_LEN, m->rsa_id);
    if (m->has_ed_id)
        specifier_put(out, SPECIFIER_ED_ID, ED_ID_LEN, m->ed_id);
    if (has_ipv6) {
        specifier_put(out, SPECIFIER_IPV6, 16, m->ipv6.address.bytes);
        bytes_put_u16(out, m->ipv6.port);
    }
    create2_encode(out, &m->create);
}

/* DESTROY, TRUNCATE and TRUNCATED, tor-spec 5.4 */

uint8_t reason_decode(struct span body) {
    return body.length > 0 ? body.data[0] : DESTROY_NONE;
}
