/* exit_policy_summary - the ports of an exit policy in one line, as descriptors have it for IPv6 (dir-spec 2.1.1,
 * "ipv6-policy"; how it is made: 3.8.2).
 *
 * A port counts as allowed when the policy allows it for the whole family but for few addresses: private networks, and
 * less than a /7 of IPv4 or a /16 of IPv6 in all. */
#ifndef LOOM_WIRE_EXIT_POLICY_SUMMARY_H
#define LOOM_WIRE_EXIT_POLICY_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "wire/exit_policy.h"

#define EXIT_POLICY_SUMMARY_MAX 1000u /* what authorities take */

/* Write "accept 80,443" or "reject 25,119-135" and a NUL. What does not fit is "reject 1-65535". */
void exit_policy_summary(const struct exit_policy *policy, enum address_family family,
                         char out[static EXIT_POLICY_SUMMARY_MAX + 1]);

#endif
