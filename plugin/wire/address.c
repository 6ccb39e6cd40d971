#include "wire/address.h"

#include <string.h>

#include "base/bytes.h"

#define WORDS        8u          /* of 16 bits in an IPv6 address */
#define WORDS_NO_GAP (WORDS + 1) /* where the "::" is when there is none */

static size_t address_length(const struct address *a) {
    switch ((enum address_family)a->family) {
    case ADDRESS_NONE: return 0;
    case ADDRESS_IPV4: return 4;
    case ADDRESS_IPV6: return 16;
    }
    return 0;
}

bool address_equal(const struct address *a, const struct address *b) {
    return a->family == b->family && memcmp(a->bytes, b->bytes, address_length(a)) == 0;
}

struct prefix {
    uint8_t bits;
    uint8_t bytes[4];
};

static bool has_prefix(const uint8_t *bytes, const struct prefix *prefix) {
    uint32_t mask = prefix->bits ? ~UINT32_C(0) << (32 - prefix->bits) : 0;
    return ((load_u32(bytes) ^ load_u32(prefix->bytes)) & mask) == 0;
}

static bool ipv4_is_internal(const uint8_t *bytes) {
    static const struct prefix internal[] = {
        {8, {0}},         /* this network */
        {8, {10}},        /* private, RFC 1918 */
        {10, {100, 64}},  /* carrier's, RFC 6598 */
        {8, {127}},       /* loopback */
        {16, {169, 254}}, /* link-local */
        {12, {172, 16}},  /* private */
        {16, {192, 168}}, /* private */
        {4, {224}},       /* multicast */
        {4, {240}},       /* reserved, and broadcast */
    };
    for (size_t i = 0; i < sizeof(internal) / sizeof(internal[0]); i++)
        if (has_prefix(bytes, &internal[i]))
            return true;
    return false;
}

static bool ipv6_is_internal(const uint8_t *bytes) {
    static const struct prefix internal[] = {
        {7, {0xfc}},        /* unique local, RFC 4193 */
        {10, {0xfe, 0x80}}, /* link-local */
        {10, {0xfe, 0xc0}}, /* site-local, RFC 3879 */
        {8, {0xff}},        /* multicast */
    };
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t zeros[15] = {0};
    if (memcmp(bytes, mapped, sizeof(mapped)) == 0)
        return ipv4_is_internal(bytes + 12);
    if (memcmp(bytes, zeros, sizeof(zeros)) == 0 && bytes[15] <= 1)
        return true; /* unspecified and loopback */
    for (size_t i = 0; i < sizeof(internal) / sizeof(internal[0]); i++)
        if (has_prefix(bytes, &internal[i]))
            return true;
    return false;
}

bool address_is_internal(const struct address *a) {
    switch ((enum address_family)a->family) {
    case ADDRESS_NONE: return true;
    case ADDRESS_IPV4: return ipv4_is_internal(a->bytes);
    case ADDRESS_IPV6: return ipv6_is_internal(a->bytes);
    }
    return true;
}

static char *put_number(char *text, unsigned value, unsigned base) {
    if (value >= base)
        text = put_number(text, value / base, base);
    *text++ = "0123456789abcdef"[value % base];
    return text;
}

static char *put_ipv4(char *text, const uint8_t *bytes) {
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0)
            *text++ = '.';
        text = put_number(text, bytes[i], 10);
    }
    return text;
}

/* First longest run of two or more zero words: what RFC 5952 shortens to "::". */
static unsigned longest_gap(const uint8_t *bytes, unsigned *length_out) {
    unsigned best = WORDS_NO_GAP, best_length = 1, length = 0;
    for (unsigned i = 0; i < WORDS; i++) {
        length = load_u16(bytes + (size_t)2 * i) == 0 ? length + 1 : 0;
        if (length > best_length) {
            best_length = length;
            best = i + 1 - length;
        }
    }
    *length_out = best == WORDS_NO_GAP ? 0 : best_length;
    return best;
}

static char *put_ipv6(char *text, const uint8_t *bytes) {
    unsigned gap_length;
    unsigned gap = longest_gap(bytes, &gap_length);
    for (unsigned i = 0; i < WORDS; i++) {
        if (i == gap) {
            *text++ = ':';
            if (i + gap_length == WORDS)
                *text++ = ':';
            i += gap_length - 1;
            continue;
        }
        if (i > 0)
            *text++ = ':';
        text = put_number(text, load_u16(bytes + (size_t)2 * i), 16);
    }
    return text;
}

void endpoint_format(const struct endpoint *e, char text_out[static ENDPOINT_TEXT_MAX]) {
    char *text = text_out;
    switch ((enum address_family)e->address.family) {
    case ADDRESS_NONE: *text++ = '?'; break;
    case ADDRESS_IPV4: text = put_ipv4(text, e->address.bytes); break;
    case ADDRESS_IPV6:
        *text++ = '[';
        text = put_ipv6(text, e->address.bytes);
        *text++ = ']';
        break;
    }
    *text++ = ':';
    text = put_number(text, e->port, 10);
    *text = '\0';
}

static unsigned digit_value(char c) {
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A') + 10;
    return UINT32_MAX;
}

/* Read digits from *at on, at most digits_max of them; false when there is none or too many. */
static bool take_number(const char **at, const char *end, unsigned base, unsigned digits_max, uint32_t *out) {
    const char *start = *at;
    *out = 0;
    while (*at < end && digit_value(**at) < base) {
        if (*at - start == (ptrdiff_t)digits_max)
            return false;
        *out = *out * base + digit_value(*(*at)++);
    }
    return *at > start;
}

/* Four numbers up to 255 without leading zeros, which some would read as octal. */
static bool parse_ipv4(const char *at, const char *end, uint8_t *out) {
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0 && (at == end || *at++ != '.'))
            return false;
        const char *start = at;
        uint32_t value;
        if (!take_number(&at, end, 10, 3, &value) || value > 255 || (*start == '0' && at - start > 1))
            return false;
        out[i] = (uint8_t)value;
    }
    return at == end;
}

/* Where the last colon is, when what follows it looks like a dotted quad; end otherwise. */
static const char *find_dotted_tail(const char *at, const char *end) {
    const char *tail = end;
    while (tail > at && tail[-1] != ':')
        tail--;
    bool has_dot = memchr(tail, '.', (size_t)(end - tail)) != NULL;
    return tail > at && has_dot ? tail : end;
}

/* Words up to end, with at most one "::"; *gap_out is the index of the word before which it stands. */
static bool parse_words(const char *at, const char *end, unsigned words_max, uint8_t *out,
                        unsigned *count_out, unsigned *gap_out) {
    unsigned n = 0;
    *gap_out = WORDS_NO_GAP;
    if (end - at >= 2 && at[0] == ':' && at[1] == ':') {
        *gap_out = 0;
        at += 2;
    }
    while (at < end) {
        uint32_t value;
        if (n == words_max || !take_number(&at, end, 16, 4, &value))
            return false;
        store_u16(out + (size_t)2 * n++, (uint16_t)value);
        if (at == end)
            break;
        if (*at++ != ':' || at == end)
            return false;
        if (*at == ':') {
            if (*gap_out != WORDS_NO_GAP)
                return false;
            *gap_out = n;
            at++;
        }
    }
    *count_out = n;
    return true;
}

static bool parse_ipv6(const char *at, const char *end, uint8_t *out) {
    const char *tail = find_dotted_tail(at, end);
    unsigned tail_words = tail < end ? 2 : 0;
    uint8_t quad[4] = {0};
    if (tail_words && !parse_ipv4(tail, end, quad))
        return false;
    /* The colon before the quad belongs to it, unless it is half of a "::". */
    const char *words_end = tail_words && !(tail - at >= 2 && tail[-2] == ':') ? tail - 1 : tail;
    unsigned n, gap;
    uint8_t words[16] = {0};
    if (!parse_words(at, words_end, WORDS - tail_words, words, &n, &gap))
        return false;
    memcpy(words + 2 * (size_t)n, quad, 2 * (size_t)tail_words);
    n += tail_words;
    if ((gap == WORDS_NO_GAP) != (n == WORDS))
        return false;
    if (gap == WORDS_NO_GAP)
        gap = n;
    memset(out, 0, 16);
    memcpy(out, words, 2 * (size_t)gap);
    memcpy(out + 16 - 2 * (size_t)(n - gap), words + 2 * (size_t)gap, 2 * (size_t)(n - gap));
    return true;
}

bool address_parse(const char *text, size_t length, struct address *out) {
    memset(out, 0, sizeof(*out));
    if (length == 0)
        return false;
    if (memchr(text, ':', length)) {
        out->family = ADDRESS_IPV6;
        return parse_ipv6(text, text + length, out->bytes);
    }
    out->family = ADDRESS_IPV4;
    return parse_ipv4(text, text + length, out->bytes);
}

bool endpoint_parse(const char *text, size_t length, struct endpoint *out) {
    memset(out, 0, sizeof(*out));
    size_t port_at = length;
    while (port_at > 0 && text[port_at - 1] != ':')
        port_at--;
    if (port_at == 0)
        return false;
    const char *colon = text + port_at - 1, *at = colon + 1, *end = text + length;
    uint32_t port;
    if (!take_number(&at, end, 10, 5, &port) || at != end || port > UINT16_MAX)
        return false;
    out->port = (uint16_t)port;
    size_t host_length = (size_t)(colon - text);
    bool in_brackets = host_length >= 2 && text[0] == '[' && colon[-1] == ']';
    if (in_brackets)
        return address_parse(text + 1, host_length - 2, &out->address) && out->address.family == ADDRESS_IPV6;
    return address_parse(text, host_length, &out->address) && out->address.family == ADDRESS_IPV4;
}
