#include "wire/exit_policy_summary.h"

#include <string.h>

#include "base/check.h"
#include "wire/text.h"

/* Addresses are counted in units of one for IPv4, and of a /64 for IPv6. */
#define IPV4_FEW (UINT64_C(1) << (32 - 7))
#define IPV6_FEW (UINT64_C(1) << (64 - 16))

static uint64_t addresses_of(const struct exit_policy_rule *rule, enum address_family family) {
    unsigned bits = family == ADDRESS_IPV4 ? 32 : 64;
    return rule->prefix_bits >= bits ? 1 : UINT64_C(1) << (bits - rule->prefix_bits);
}

/* Is port allowed in short? last_out is the last port for which every rule decides the same. */
static bool port_is_allowed(const struct exit_policy *policy, enum address_family family, uint32_t port,
                            uint32_t *last_out) {
    uint64_t few = family == ADDRESS_IPV4 ? IPV4_FEW : IPV6_FEW, rejected = 0;
    *last_out = UINT16_MAX;
    for (uint32_t i = 0; i < policy->count; i++) {
        const struct exit_policy_rule *rule = &policy->rules[i];
        if (rule->address.family != ADDRESS_NONE && rule->address.family != family)
            continue;
        if (port < rule->port_first && rule->port_first - 1u < *last_out)
            *last_out = rule->port_first - 1u;
        if (port < rule->port_first || port > rule->port_last)
            continue;
        if (rule->port_last < *last_out)
            *last_out = rule->port_last;
        if (rule->prefix_bits == 0)
            return rule->accept && rejected < few;
        if (!rule->accept && !exit_policy_rule_is_private(rule) && rejected < few)
            rejected += addresses_of(rule, family);
    }
    return false;
}

static void put_range(struct bytes_out *out, uint32_t first, uint32_t last, bool is_first) {
    text_put(out, is_first ? " " : ",");
    text_put_u64(out, first);
    if (first < last) {
        text_put(out, "-");
        text_put_u64(out, last);
    }
}

/* All ports that are (or are not) allowed; false when they do not fit, or there are none. */
static bool put_ports(const struct exit_policy *policy, enum address_family family, bool allowed,
                      struct bytes_out *out) {
    uint32_t first = 0; /* of the range that is open; 0: none is */
    bool is_first = true;
    text_put(out, allowed ? "accept" : "reject");
    for (uint32_t port = 1, last; port <= UINT16_MAX; port = last + 1) {
        bool listed = port_is_allowed(policy, family, port, &last) == allowed;
        if (listed && !first)
            first = port;
        if (first && (!listed || last == UINT16_MAX)) {
            put_range(out, first, listed ? last : port - 1, is_first);
            is_first = false;
            first = 0;
        }
    }
    bytes_put_u8(out, '\0');
    return !is_first && bytes_out_ok(out);
}

void exit_policy_summary(const struct exit_policy *policy, enum address_family family,
                         char out[static EXIT_POLICY_SUMMARY_MAX + 1]) {
    uint8_t rooms[2][EXIT_POLICY_SUMMARY_MAX + 1];
    struct bytes_out lists[2];
    const struct bytes_out *best = NULL;
    for (unsigned i = 0; i < 2; i++) {
        lists[i] = bytes_out(rooms[i], sizeof(rooms[i]));
        if (put_ports(policy, family, i == 0, &lists[i]) &&
            (!best || bytes_written(&lists[i]) < bytes_written(best)))
            best = &lists[i];
    }
    struct bytes_out whole = bytes_out(out, EXIT_POLICY_SUMMARY_MAX + 1);
    if (best)
        bytes_put(&whole, best->start, bytes_written(best));
    else
        bytes_put(&whole, "reject 1-65535", sizeof("reject 1-65535"));
    CHECK(bytes_out_ok(&whole));
}
