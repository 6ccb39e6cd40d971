#include "native/torrc_values.h"

#include <string.h>

#include "native/config.h"
#include "wire/text.h"

#define FRACTION_DIGITS_MAX 6
#define FRACTION_UNIT       1000000u

struct unit {
    const char *name;
    uint64_t factor;
};

#define UNITS_OF(letter, word, shift)                                                            \
    {letter "b", UINT64_C(1) << (shift)}, {letter "byte", UINT64_C(1) << (shift)},               \
        {letter "bytes", UINT64_C(1) << (shift)}, {word "byte", UINT64_C(1) << (shift)},         \
        {word "bytes", UINT64_C(1) << (shift)}, {letter "bit", UINT64_C(1) << ((shift)-3)},      \
        {letter "bits", UINT64_C(1) << ((shift)-3)}, {word "bit", UINT64_C(1) << ((shift)-3)}, { \
        word "bits", UINT64_C(1) << ((shift)-3)                                                  \
    }

static const struct unit byte_units[] = {
    {"", 1},
    {"b", 1},
    {"byte", 1},
    {"bytes", 1},
    UNITS_OF("k", "kilo", 10),
    {"m", 1 << 20},
    UNITS_OF("m", "mega", 20),
    UNITS_OF("g", "giga", 30),
    UNITS_OF("t", "tera", 40),
    {NULL, 0},
};

static const struct unit second_units[] = {
    {"", 1},           {"second", 1},      {"seconds", 1},      {"minute", 60},  {"minutes", 60},
    {"hour", 3600},    {"hours", 3600},    {"day", 86400},      {"days", 86400}, {"week", 604800},
    {"weeks", 604800}, {"month", 2629728}, {"months", 2629728}, {NULL, 0},
};

static const struct unit millisecond_units[] = {
    {"", 1},           {"msec", 1},        {"millisecond", 1},  {"milliseconds", 1},  {"second", 1000},
    {"seconds", 1000}, {"minute", 60000},  {"minutes", 60000},  {"hour", 3600000},    {"hours", 3600000},
    {"day", 86400000}, {"days", 86400000}, {"week", 604800000}, {"weeks", 604800000}, {NULL, 0},
};

/* Leading digits of s, at most max of them. */
static struct span take_digits(struct span *s, size_t max) {
    struct span digits = {s->data, 0};
    while (s->length > 0 && digits.length < max && s->data[0] >= '0' && s->data[0] <= '9') {
        digits.length++;
        s->data++;
        s->length--;
    }
    return digits;
}

/* ".25" as millionths. */
static bool take_fraction(struct span *s, uint64_t *millionths_out) {
    *millionths_out = 0;
    if (s->length == 0 || s->data[0] != '.')
        return true;
    s->data++;
    s->length--;
    struct span digits = take_digits(s, FRACTION_DIGITS_MAX);
    if (!text_u64(digits, FRACTION_UNIT, millionths_out))
        return false;
    for (size_t i = digits.length; i < FRACTION_DIGITS_MAX; i++)
        *millionths_out *= 10;
    return true;
}

static bool parse_with_unit(const char *value, const struct unit *units, uint64_t *out) {
    struct span rest = span_of(value);
    uint64_t whole, millionths;
    if (!text_u64(take_digits(&rest, 20), UINT64_MAX, &whole) || !take_fraction(&rest, &millionths))
        return false;
    struct span name = text_word(&rest);
    if (text_word(&rest).length > 0)
        return false;
    for (; units->name; units++) {
        if (!span_is_nocase(name, units->name))
            continue;
        if (whole > (uint64_t)INT64_MAX / units->factor)
            return false;
        *out = whole * units->factor + millionths * units->factor / FRACTION_UNIT;
        return true;
    }
    return false;
}

const char *torrc_value_bytes(const char *value, uint64_t *out) {
    return parse_with_unit(value, byte_units, out)
               ? NULL
               : "a number and a unit (bytes, KBytes, MBits, GBytes, ...)";
}

const char *torrc_value_seconds(const char *value, uint64_t *out) {
    return parse_with_unit(value, second_units, out)
               ? NULL
               : "a number and a unit (seconds, minutes, hours, days, weeks)";
}

const char *torrc_value_milliseconds(const char *value, uint64_t *out) {
    return parse_with_unit(value, millisecond_units, out)
               ? NULL
               : "a number and a unit (msec, seconds, minutes, ...)";
}

const char *torrc_value_decimal_ms(const char *value, uint64_t *out) {
    static const struct unit units[] = {{"", 1000}, {NULL, 0}};
    return parse_with_unit(value, units, out) ? NULL : "seconds";
}

const char *torrc_value_bool(const char *value, bool *out) {
    if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
        return "0 or 1";
    *out = value[0] == '1';
    return NULL;
}

const char *torrc_value_tristate(const char *value, int *out) {
    bool yes;
    if (span_is_nocase(span_of(value), "auto"))
        *out = CONFIG_AUTO;
    else if (torrc_value_bool(value, &yes))
        return "0, 1 or auto";
    else
        *out = yes ? CONFIG_YES : CONFIG_NO;
    return NULL;
}

struct port_flags {
    bool no_listen, no_advertise, ipv4_only, ipv6_only;
    bool is_auto;
};

static bool parse_port_flags(struct span rest, struct port_flags *flags) {
    struct span word;
    while ((word = text_word(&rest)).length > 0) {
        if (span_is_nocase(word, "NoListen"))
            flags->no_listen = true;
        else if (span_is_nocase(word, "NoAdvertise"))
            flags->no_advertise = true;
        else if (span_is_nocase(word, "IPv4Only"))
            flags->ipv4_only = true;
        else if (span_is_nocase(word, "IPv6Only"))
            flags->ipv6_only = true;
        else
            return false;
    }
    return !(flags->ipv4_only && flags->ipv6_only) && !(flags->no_listen && flags->no_advertise);
}

/* "auto", or "address:auto": as parse_port, with port 0. */
static bool parse_auto(struct span word, struct endpoint *out) {
    static const char any[] = ":1"; /* in the place of ":auto" */
    char text[ENDPOINT_TEXT_MAX];
    *out = (struct endpoint){.address.family = ADDRESS_NONE};
    if (span_is_nocase(word, "auto"))
        return true;
    if (word.length < 6 || word.length - 5 + sizeof any > sizeof text ||
        !span_is_nocase((struct span){word.data + word.length - 5, 5}, ":auto"))
        return false;
    size_t length = word.length - 5;
    memcpy(text, word.data, length);
    memcpy(text + length, any, sizeof any);
    if (!endpoint_parse(text, length + 2, out))
        return false;
    out->port = 0;
    return true;
}

/* "port", or "address:port". Family NONE stands for no address. Port 0 only without an address. */
static bool parse_port(struct span word, struct endpoint *out) {
    uint64_t port;
    *out = (struct endpoint){.address.family = ADDRESS_NONE};
    if (text_u64(word, UINT16_MAX, &port)) {
        out->port = (uint16_t)port;
        return true;
    }
    return endpoint_parse((const char *)word.data, word.length, out) && out->port != 0;
}

/* The port and what follows it. One that is to be any needs a listener to get it. */
static bool parse_or_port(struct span rest, struct endpoint *out, struct port_flags *flags) {
    struct span word = text_word(&rest);
    flags->is_auto = parse_auto(word, out);
    return (flags->is_auto || parse_port(word, out)) && parse_port_flags(rest, flags) &&
           !(flags->is_auto && flags->no_listen);
}

static struct config_port make_port(const struct endpoint *endpoint, enum address_family family,
                                    const struct port_flags *flags) {
    struct config_port port = {
        .endpoint = *endpoint, .listen = !flags->no_listen, .advertise = !flags->no_advertise};
    port.endpoint.address.family = (uint8_t)family;
    return port;
}

const char *torrc_value_or_port(const char *value, struct config_port *out, uint32_t *count_out) {
    struct port_flags flags = {0};
    struct endpoint endpoint;
    static const char *const expected =
        "[address:]port or auto, and flags of NoListen, NoAdvertise, IPv4Only, IPv6Only";
    *count_out = 0;
    if (!parse_or_port(span_of(value), &endpoint, &flags))
        return expected;
    if (endpoint.port == 0 && !flags.is_auto)
        return NULL;
    if (endpoint.address.family != ADDRESS_NONE) {
        bool is_ipv4 = endpoint.address.family == ADDRESS_IPV4;
        if (is_ipv4 ? flags.ipv6_only : flags.ipv4_only)
            return expected;
        out[(*count_out)++] = make_port(&endpoint, is_ipv4 ? ADDRESS_IPV4 : ADDRESS_IPV6, &flags);
        return NULL;
    }
    if (!flags.ipv6_only)
        out[(*count_out)++] = make_port(&endpoint, ADDRESS_IPV4, &flags);
    if (!flags.ipv4_only) {
        out[*count_out] = make_port(&endpoint, ADDRESS_IPV6, &flags);
        out[(*count_out)++].is_optional = !flags.ipv6_only;
    }
    return NULL;
}

const char *torrc_value_metrics_port(const char *value, struct config_port *out, uint32_t *count_out) {
    struct span rest = span_of(value);
    struct endpoint endpoint;
    *count_out = 0;
    bool is_port = parse_port(text_word(&rest), &endpoint);
    struct span format = text_word(&rest);
    if (!is_port || (format.length > 0 && !span_is_nocase(format, "prometheus")) ||
        text_word(&rest).length > 0)
        return "[address:]port, and nothing or prometheus behind it";
    if (endpoint.port == 0)
        return NULL;
    if (endpoint.address.family == ADDRESS_NONE)
        endpoint.address = (struct address){ADDRESS_IPV4, {127, 0, 0, 1}};
    *out = (struct config_port){.endpoint = endpoint, .listen = true};
    *count_out = 1;
    return NULL;
}

static bool parse_level(struct span word, enum log_level *out) {
    static const struct {
        const char *name;
        enum log_level level;
    } levels[] = {{"debug", LOG_LEVEL_DEBUG},
                  {"info", LOG_LEVEL_INFO},
                  {"notice", LOG_LEVEL_NOTICE},
                  {"warn", LOG_LEVEL_WARN},
                  {"err", LOG_LEVEL_ERR}};
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (span_is_nocase(word, levels[i].name)) {
            *out = levels[i].level;
            return true;
        }
    }
    return false;
}

/* "notice" or "info-notice". */
static bool parse_levels(struct span word, struct log_sink *out) {
    size_t dash = 0;
    while (dash < word.length && word.data[dash] != '-')
        dash++;
    out->most = LOG_LEVEL_ERR;
    if (!parse_level((struct span){word.data, dash}, &out->least))
        return false;
    if (dash == word.length)
        return true;
    struct span most = {word.data + dash + 1, word.length - dash - 1};
    return parse_level(most, &out->most) && out->least <= out->most;
}

const char *torrc_value_log(const char *value, struct log_sink *out, const char **path_out) {
    struct span rest = span_of(value);
    struct span levels = text_word(&rest);
    struct span where = text_word(&rest);
    static const char *const expected =
        "level[-level] of debug, info, notice, warn, err, and stdout, stderr, syslog or file PATH";
    *path_out = NULL;
    *out = (struct log_sink){.kind = LOG_SINK_STDOUT};
    if (!parse_levels(levels, out))
        return expected;
    while (rest.length > 0 && (rest.data[0] == ' ' || rest.data[0] == '\t'))
        (void)(rest.data++, rest.length--);
    if (span_is_nocase(where, "file")) {
        out->kind = LOG_SINK_FILE;
        *path_out = (const char *)rest.data;
        return rest.length > 0 ? NULL : expected;
    }
    if (span_is_nocase(where, "stderr"))
        out->kind = LOG_SINK_STDERR;
    else if (span_is_nocase(where, "syslog"))
        out->kind = LOG_SINK_SYSLOG;
    else if (where.length > 0 && !span_is_nocase(where, "stdout"))
        return expected;
    return rest.length == 0 ? NULL : expected;
}

static bool is_nickname(struct span word) {
    if (word.length == 0 || word.length > NICKNAME_MAX)
        return false;
    for (size_t i = 0; i < word.length; i++) {
        uint8_t c = word.data[i];
        uint8_t letter = (uint8_t)(c | 0x20);
        if (!(c >= '0' && c <= '9') && !(letter >= 'a' && letter <= 'z'))
            return false;
    }
    return true;
}

/* A word before the address: "orport=9001", "v3ident=HEX"; others (no-v2, hs, bridge, weight=, ipv6=) mean nothing to us. */
static bool parse_authority_flag(struct span word, struct config_authority *out, uint64_t *or_port) {
    if (span_starts(word, "orport="))
        return text_u64((struct span){word.data + 7, word.length - 7}, UINT16_MAX, or_port);
    if (span_starts(word, "v3ident=")) {
        out->has_v3_identity = true;
        return text_hex_decode((struct span){word.data + 8, word.length - 8}, out->v3_identity, 20);
    }
    return true;
}

/* Forty digits in one word or in groups. */
static bool parse_grouped_fingerprint(struct span rest, uint8_t out[static 20]) {
    char digits[40];
    size_t n = 0;
    struct span word;
    while ((word = text_word(&rest)).length > 0) {
        if (word.length > sizeof(digits) - n)
            return false;
        memcpy(digits + n, word.data, word.length);
        n += word.length;
    }
    return text_hex_decode((struct span){(const uint8_t *)digits, n}, out, 20);
}

const char *torrc_value_authority(const char *value, struct config_authority *out) {
    struct span rest = span_of(value);
    struct span word = text_word(&rest);
    uint64_t or_port = 0;
    static const char *const expected =
        "[nickname] [orport=PORT] [v3ident=40 HEX DIGITS] address:port and a fingerprint of 40 hex digits";
    *out = (struct config_authority){.has_v3_identity = false};
    if (is_nickname(word)) {
        memcpy(out->nickname, word.data, word.length);
        word = text_word(&rest);
    }
    while (word.length > 0 && !endpoint_parse((const char *)word.data, word.length, &out->dir_port)) {
        if (!parse_authority_flag(word, out, &or_port))
            return expected;
        word = text_word(&rest);
    }
    if (word.length == 0 || out->dir_port.port == 0 || !parse_grouped_fingerprint(rest, out->rsa_id))
        return expected;
    out->or_port = out->dir_port;
    out->or_port.port = (uint16_t)or_port;
    return NULL;
}

const char *torrc_value_fingerprint(const char *word, uint64_t length, uint8_t out[static 20]) {
    struct span s = {(const uint8_t *)word, length};
    if (s.length > 0 && s.data[0] == '$')
        s = (struct span){s.data + 1, s.length - 1};
    if (s.length > 40 && (s.data[40] == '~' || s.data[40] == '='))
        s.length = 40;
    return text_hex_decode(s, out, 20) ? NULL : "fingerprints of 40 hex digits, with commas between";
}
