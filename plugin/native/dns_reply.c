#include "native/dns_reply.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#define QUESTION_OFFSET 12 /* of the question in a DNS message (RFC 1035, 4.1) */
/* Half of each answer's room for each family. */
#define ADDRESSES_MAX (NAME_ANSWERS_MAX / 2)

static void least(uint32_t *ttl_s, int other_s) {
    if (other_s >= 0 && (uint32_t)other_s < *ttl_s)
        *ttl_s = (uint32_t)other_s;
}

static int parse_ipv4(const uint8_t *bytes, int length, struct name_answer *out, uint32_t *ttl_s) {
    struct ares_addrttl found[ADDRESSES_MAX];
    int count = ADDRESSES_MAX;
    int status = ares_parse_a_reply(bytes, length, NULL, found, &count);
    for (int i = 0; status == ARES_SUCCESS && i < count; i++) {
        struct address *address = &out->addresses[out->count++];
        address->family = ADDRESS_IPV4;
        memcpy(address->bytes, &found[i].ipaddr, 4);
        least(ttl_s, found[i].ttl);
    }
    return status;
}

static int parse_ipv6(const uint8_t *bytes, int length, struct name_answer *out, uint32_t *ttl_s) {
    struct ares_addr6ttl found[ADDRESSES_MAX];
    int count = ADDRESSES_MAX;
    int status = ares_parse_aaaa_reply(bytes, length, NULL, found, &count);
    for (int i = 0; status == ARES_SUCCESS && i < count; i++) {
        struct address *address = &out->addresses[out->count++];
        address->family = ADDRESS_IPV6;
        memcpy(address->bytes, &found[i].ip6addr, 16);
        least(ttl_s, found[i].ttl);
    }
    return status;
}

bool dns_is_host_name(const char *text) {
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    return length > 0 && length <= BEGIN_HOST_MAX && text[length] == '\0';
}

static int parse_name(const uint8_t *bytes, int length, struct name_answer *out) {
    struct hostent *host = NULL;
    int status = ares_parse_ptr_reply(bytes, length, NULL, 0, AF_INET, &host);
    if (status == ARES_SUCCESS && host->h_name != NULL && dns_is_host_name(host->h_name))
        memcpy(out->host, host->h_name, strlen(host->h_name) + 1);
    if (host != NULL)
        ares_free_hostent(host);
    return status;
}

bool dns_reply_is_spelt(const uint8_t *bytes, size_t length, const char *sent) {
    size_t at = QUESTION_OFFSET;
    for (const char *label = sent; *label != '\0';) {
        size_t size = strcspn(label, ".");
        if (at + 1 + size > length || bytes[at] != size || memcmp(bytes + at + 1, label, size) != 0)
            return false;
        at += 1 + size;
        label += size + (label[size] == '.');
    }
    return at < length && bytes[at] == 0;
}

enum name_status dns_reply_status(int ares_status) {
    switch (ares_status) {
    case ARES_SUCCESS: return NAME_FOUND;
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
    case ARES_EBADNAME: return NAME_NONTRANSIENT;
    default: return NAME_TRANSIENT;
    }
}

static int parse(const uint8_t *bytes, int length, enum name_kind kind, struct name_answer *out,
                 uint32_t *ttl_s) {
    switch (kind) {
    case NAME_OF_IPV4: return parse_ipv4(bytes, length, out, ttl_s);
    case NAME_OF_IPV6: return parse_ipv6(bytes, length, out, ttl_s);
    case NAME_OF_ADDRESS: return parse_name(bytes, length, out);
    }
    return ARES_EBADRESP;
}

void dns_reply_parse(const uint8_t *bytes, size_t length, enum name_kind kind, struct name_answer *out,
                     uint32_t *ttl_s_out) {
    uint32_t ttl_s = UINT32_MAX;
    *out = (struct name_answer){.count = 0};
    out->status = (uint8_t)dns_reply_status(parse(bytes, (int)length, kind, out, &ttl_s));
    if (out->status == NAME_FOUND && out->count == 0 && out->host[0] == '\0')
        out->status = NAME_NONTRANSIENT;
    *ttl_s_out = ttl_s == UINT32_MAX ? 0 : ttl_s;
}
