/* address - IPv4 and IPv6 addresses and ports as values; no name resolution. */
#ifndef LOOM_WIRE_ADDRESS_H
#define LOOM_WIRE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

enum address_family { ADDRESS_NONE = 0, ADDRESS_IPV4 = 4, ADDRESS_IPV6 = 6 };

struct address {
    uint8_t family;    /* enum address_family */
    uint8_t bytes[16]; /* IPv4 in the first four */
};

struct endpoint {
    struct address address;
    uint16_t port;
};

#define ENDPOINT_TEXT_MAX 56u /* "[ipv6]:port" and its NUL */

bool address_equal(const struct address *a, const struct address *b);
/* Loopback, private, link-local, unspecified, multicast and the like: not for the public network. */
bool address_is_internal(const struct address *a);
/* "1.2.3.4:9001" or "[::1]:9001"; "?:9001" of family NONE. */
void endpoint_format(const struct endpoint *e, char text_out[static ENDPOINT_TEXT_MAX]);
/* Dotted quad or IPv6 text (without brackets) of length bytes. */
MUST_USE bool address_parse(const char *text, size_t length, struct address *out);
/* "1.2.3.4:9001" or "[::1]:9001". */
MUST_USE bool endpoint_parse(const char *text, size_t length, struct endpoint *out);

#endif
