/* exit_policy - accept and reject rules as tor writes them; the first rule that matches decides, none means reject.
 *
 * Owner: the configuration; immutable once parsed, so every thread may ask. Bound: EXIT_POLICY_RULES_MAX rules. */
#ifndef LOOM_WIRE_EXIT_POLICY_H
#define LOOM_WIRE_EXIT_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "wire/address.h"

#define EXIT_POLICY_RULES_MAX 512u /* a descriptor of 20000 bytes holds no more */
#define EXIT_POLICY_LINE_MAX  80u

struct exit_policy_rule {
    struct address address; /* family NONE: both families, any address */
    uint8_t prefix_bits;    /* of address that must match */
    uint16_t port_first, port_last;
    bool accept;
};

struct exit_policy {
    struct exit_policy_rule rules[EXIT_POLICY_RULES_MAX];
    uint32_t count;
};

enum exit_policy_error { EXIT_POLICY_OK, EXIT_POLICY_MALFORMED, EXIT_POLICY_FULL };

/* Append the rules of a comma-separated line: "accept 10.0.0.0/8:80-443, reject *:*"; accept6, reject6, *4, *6 and
 * "private" as in tor's manual. On failure policy is unchanged. */
MUST_USE enum exit_policy_error exit_policy_parse(struct exit_policy *policy, const char *line);
/* Append one rule; false when there is no room. */
MUST_USE bool exit_policy_add(struct exit_policy *policy, const struct exit_policy_rule *rule);
/* May a stream go to this address and port? */
MUST_USE bool exit_policy_allows(const struct exit_policy *policy, const struct address *address,
                                 uint16_t port);
/* Is there any address and port of this family that is allowed? (Says yes when it cannot be excluded easily.) */
MUST_USE bool exit_policy_allows_any(const struct exit_policy *policy, enum address_family family);
/* Is it a rule about one of the networks that "private" stands for? */
MUST_USE bool exit_policy_rule_is_private(const struct exit_policy_rule *rule);
/* Forget the rules behind the one that matches everything (of both families): they decide nothing. */
void exit_policy_trim(struct exit_policy *policy);
/* "accept 1.2.3.0/24:80-81", the form of descriptors. Rules for IPv6 have no such line: then false. */
MUST_USE bool exit_policy_rule_format(const struct exit_policy_rule *rule,
                                      char out[static EXIT_POLICY_LINE_MAX]);

#endif
