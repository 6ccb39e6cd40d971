#include "wire/exit_policy.h"

#include <string.h>

#include "base/check.h"
#include "wire/text.h"

#define LINE_BYTES_MAX 65536u

/* What the keyword "private" stands for (tor's manual, ExitPolicy). */
static const struct {
    struct address address;
    uint8_t prefix_bits;
} private_networks[] = {
    {{ADDRESS_IPV4, {0}}, 8},           {{ADDRESS_IPV4, {169, 254}}, 16}, {{ADDRESS_IPV4, {127}}, 8},
    {{ADDRESS_IPV4, {192, 168}}, 16},   {{ADDRESS_IPV4, {10}}, 8},        {{ADDRESS_IPV4, {172, 16}}, 12},
    {{ADDRESS_IPV6, {0}}, 8},           {{ADDRESS_IPV6, {0xfc}}, 7},      {{ADDRESS_IPV6, {0xfe, 0x80}}, 10},
    {{ADDRESS_IPV6, {0xfe, 0xc0}}, 10}, {{ADDRESS_IPV6, {0xff}}, 8},
};

static uint8_t address_bits(uint8_t family) {
    return family == ADDRESS_IPV4 ? 32 : 128;
}

static bool prefix_matches(const struct address *a, const struct address *b, uint8_t bits) {
    uint8_t rest = bits % 8;
    if (memcmp(a->bytes, b->bytes, bits / 8) != 0)
        return false;
    return rest == 0 || ((a->bytes[bits / 8] ^ b->bytes[bits / 8]) >> (8 - rest)) == 0;
}

static bool rule_matches(const struct exit_policy_rule *rule, const struct address *address, uint16_t port) {
    if (port < rule->port_first || port > rule->port_last)
        return false;
    if (rule->address.family == ADDRESS_NONE)
        return true;
    return rule->address.family == address->family &&
           prefix_matches(&rule->address, address, rule->prefix_bits);
}

bool exit_policy_allows(const struct exit_policy *policy, const struct address *address, uint16_t port) {
    for (uint32_t i = 0; i < policy->count; i++)
        if (rule_matches(&policy->rules[i], address, port))
            return policy->rules[i].accept;
    return false;
}

bool exit_policy_allows_any(const struct exit_policy *policy, enum address_family family) {
    for (uint32_t i = 0; i < policy->count; i++) {
        const struct exit_policy_rule *rule = &policy->rules[i];
        if (rule->address.family != ADDRESS_NONE && rule->address.family != family)
            continue;
        if (rule->accept)
            return true;
        if (rule->prefix_bits == 0 && rule->port_first <= 1 && rule->port_last == UINT16_MAX)
            return false;
    }
    return false;
}

bool exit_policy_add(struct exit_policy *policy, const struct exit_policy_rule *rule) {
    if (policy->count == EXIT_POLICY_RULES_MAX)
        return false;
    policy->rules[policy->count++] = *rule;
    return true;
}

static bool add_private(struct exit_policy *policy, const struct exit_policy_rule *like) {
    for (size_t i = 0; i < sizeof(private_networks) / sizeof(private_networks[0]); i++) {
        struct exit_policy_rule rule = *like;
        if (like->address.family != ADDRESS_NONE &&
            like->address.family != private_networks[i].address.family)
            continue;
        rule.address = private_networks[i].address;
        rule.prefix_bits = private_networks[i].prefix_bits;
        if (!exit_policy_add(policy, &rule))
            return false;
    }
    return true;
}

bool exit_policy_rule_is_private(const struct exit_policy_rule *rule) {
    for (size_t i = 0; i < sizeof(private_networks) / sizeof(private_networks[0]); i++) {
        if (rule->prefix_bits == private_networks[i].prefix_bits &&
            address_equal(&rule->address, &private_networks[i].address))
            return true;
    }
    return false;
}

static bool matches_all(const struct exit_policy_rule *rule, enum address_family family) {
    return (rule->address.family == ADDRESS_NONE || rule->address.family == family) &&
           rule->prefix_bits == 0 && rule->port_first <= 1 && rule->port_last == UINT16_MAX;
}

void exit_policy_trim(struct exit_policy *policy) {
    bool ipv4_is_decided = false, ipv6_is_decided = false;
    for (uint32_t i = 0; i < policy->count; i++) {
        ipv4_is_decided |= matches_all(&policy->rules[i], ADDRESS_IPV4);
        ipv6_is_decided |= matches_all(&policy->rules[i], ADDRESS_IPV6);
        if (ipv4_is_decided && ipv6_is_decided)
            policy->count = i + 1;
    }
}

static bool parse_ports(struct span s, struct exit_policy_rule *rule) {
    uint64_t first, last;
    size_t dash = 0;
    if (span_is(s, "*")) {
        rule->port_first = 1;
        rule->port_last = UINT16_MAX;
        return true;
    }
    while (dash < s.length && s.data[dash] != '-')
        dash++;
    if (!text_u64((struct span){s.data, dash}, UINT16_MAX, &first))
        return false;
    last = first;
    if (dash < s.length &&
        !text_u64((struct span){s.data + dash + 1, s.length - dash - 1}, UINT16_MAX, &last))
        return false;
    rule->port_first = (uint16_t)first;
    rule->port_last = (uint16_t)last;
    return first <= last;
}

/* "8", or "255.0.0.0" for IPv4. */
static bool parse_mask(struct span s, struct exit_policy_rule *rule) {
    uint64_t bits;
    struct address mask;
    uint8_t prefix = 0;
    if (text_u64(s, address_bits(rule->address.family), &bits)) {
        rule->prefix_bits = (uint8_t)bits;
        return true;
    }
    if (rule->address.family != ADDRESS_IPV4 || !address_parse((const char *)s.data, s.length, &mask) ||
        mask.family != ADDRESS_IPV4)
        return false;
    while (prefix < 32 && mask.bytes[prefix / 8] & 0x80 >> prefix % 8)
        prefix++;
    for (uint8_t i = prefix; i < 32; i++)
        if (mask.bytes[i / 8] & 0x80 >> i % 8)
            return false;
    rule->prefix_bits = prefix;
    return true;
}

static bool parse_number(struct span s, struct exit_policy_rule *rule) {
    size_t slash = 0;
    while (slash < s.length && s.data[slash] != '/')
        slash++;
    struct span number = {s.data, slash};
    if (number.length >= 2 && number.data[0] == '[' && number.data[slash - 1] == ']')
        number = (struct span){number.data + 1, slash - 2};
    if (!address_parse((const char *)number.data, number.length, &rule->address))
        return false;
    rule->prefix_bits = address_bits(rule->address.family);
    return slash == s.length || parse_mask((struct span){s.data + slash + 1, s.length - slash - 1}, rule);
}

/* Where the ports begin: at the last colon outside of brackets; s.length when there is none. */
static size_t find_port_colon(struct span s) {
    for (size_t i = s.length; i > 0 && s.data[i - 1] != ']'; i--)
        if (s.data[i - 1] == ':')
            return i - 1;
    return s.length;
}

static enum exit_policy_error add_parsed(struct exit_policy *policy, const struct exit_policy_rule *rule,
                                         bool is_private) {
    bool fits = is_private ? add_private(policy, rule) : exit_policy_add(policy, rule);
    return fits ? EXIT_POLICY_OK : EXIT_POLICY_FULL;
}

static enum exit_policy_error parse_rule(struct exit_policy *policy, struct span s) {
    struct exit_policy_rule rule = {.port_first = 1, .port_last = UINT16_MAX};
    struct span action = text_word(&s);
    struct span target = text_word(&s);
    bool only_ipv6 = span_is_nocase(action, "accept6") || span_is_nocase(action, "reject6");
    rule.accept = span_is_nocase(action, "accept") || span_is_nocase(action, "accept6");
    if (!rule.accept && !only_ipv6 && !span_is_nocase(action, "reject"))
        return EXIT_POLICY_MALFORMED;
    if (target.length == 0 || text_word(&s).length > 0)
        return EXIT_POLICY_MALFORMED;

    size_t colon = find_port_colon(target);
    struct span where = {target.data, colon};
    bool is_private = span_is_nocase(where, "private");
    if (colon < target.length &&
        !parse_ports((struct span){target.data + colon + 1, target.length - colon - 1}, &rule))
        return EXIT_POLICY_MALFORMED;
    if (span_is(where, "*4"))
        rule.address.family = ADDRESS_IPV4;
    else if (span_is(where, "*6") || (only_ipv6 && (is_private || span_is(where, "*"))))
        rule.address.family = ADDRESS_IPV6;
    else if (!is_private && !span_is(where, "*") && !parse_number(where, &rule))
        return EXIT_POLICY_MALFORMED;
    if (only_ipv6 && rule.address.family != ADDRESS_IPV6)
        return EXIT_POLICY_MALFORMED;
    return add_parsed(policy, &rule, is_private);
}

enum exit_policy_error exit_policy_parse(struct exit_policy *policy, const char *line) {
    uint32_t count_before = policy->count;
    struct span rest = span_of(line);
    enum exit_policy_error e = rest.length > LINE_BYTES_MAX ? EXIT_POLICY_FULL : EXIT_POLICY_OK;
    while (e == EXIT_POLICY_OK) {
        size_t comma = 0;
        while (comma < rest.length && rest.data[comma] != ',')
            comma++;
        e = parse_rule(policy, (struct span){rest.data, comma});
        if (comma == rest.length)
            break;
        rest = (struct span){rest.data + comma + 1, rest.length - comma - 1};
    }
    if (e != EXIT_POLICY_OK)
        policy->count = count_before;
    return e;
}

static void put_ports(struct bytes_out *out, const struct exit_policy_rule *rule) {
    if (rule->port_first <= 1 && rule->port_last == UINT16_MAX) {
        text_put(out, "*");
        return;
    }
    text_put_u64(out, rule->port_first);
    if (rule->port_first != rule->port_last) {
        text_put(out, "-");
        text_put_u64(out, rule->port_last);
    }
}

static void put_ipv4_prefix(struct bytes_out *out, const uint8_t *bytes, uint8_t prefix_bits) {
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0)
            text_put(out, ".");
        text_put_u64(out, bytes[i]);
    }
    if (prefix_bits < 32) {
        text_put(out, "/");
        text_put_u64(out, prefix_bits);
    }
}

bool exit_policy_rule_format(const struct exit_policy_rule *rule, char out[static EXIT_POLICY_LINE_MAX]) {
    struct bytes_out line = bytes_out((uint8_t *)out, EXIT_POLICY_LINE_MAX);
    if (rule->address.family == ADDRESS_IPV6)
        return false;
    text_put(&line, rule->accept ? "accept " : "reject ");
    if (rule->prefix_bits == 0)
        text_put(&line, "*");
    else
        put_ipv4_prefix(&line, rule->address.bytes, rule->prefix_bits);
    text_put(&line, ":");
    put_ports(&line, rule);
    bytes_put_u8(&line, '\0');
    CHECK(bytes_out_ok(&line));
    return true;
}
