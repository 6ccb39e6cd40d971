#include "core/exit_choice.h"

#include <string.h>

#include "wire/exit_policy.h"

/* How much the stream likes an address of this family: 0 not at all. */
static unsigned family_rank(const struct exit_wish *wish, bool ipv6_exit, uint8_t family) {
    if (family == ADDRESS_IPV4)
        return wish->flags & BEGIN_IPV4_NOT_OK && !wish->is_literal ? 0 : 2;
    if (!ipv6_exit || family != ADDRESS_IPV6)
        return 0;
    if (!wish->is_literal && !(wish->flags & BEGIN_IPV6_OK))
        return 0;
    return wish->flags & BEGIN_IPV6_PREFERRED ? 3 : 1;
}

bool exit_wish_take(const struct begin_message *to, bool ipv6_exit, struct exit_wish *wish_out,
                    struct name_query *query_out, struct name_answer *answer_out) {
    memset(query_out, 0, sizeof(*query_out));
    memset(answer_out, 0, sizeof(*answer_out));
    *wish_out = (struct exit_wish){.port = to->port, .flags = (uint8_t)to->flags};
    wish_out->is_literal = address_parse(to->host, strlen(to->host), &answer_out->addresses[0]);
    if (wish_out->is_literal) {
        answer_out->count = 1;
        return true;
    }
    memcpy(query_out->host, to->host, sizeof(query_out->host));
    query_out->wants_ipv4 = family_rank(wish_out, ipv6_exit, ADDRESS_IPV4) > 0;
    query_out->wants_ipv6 = family_rank(wish_out, ipv6_exit, ADDRESS_IPV6) > 0;
    return false;
}

uint8_t exit_choose(const struct exit_policy *policy, bool ipv6_exit, const struct exit_wish *wish,
                    const struct name_answer *answer, struct endpoint *endpoint_out) {
    unsigned allowed_rank = 0, refused_rank = 0;
    struct address refused = {.family = ADDRESS_NONE};
    *endpoint_out = (struct endpoint){.port = wish->port};
    if (answer->status != NAME_FOUND || answer->count == 0)
        return END_RESOLVEFAILED;
    for (uint8_t i = 0; i < answer->count; i++) {
        const struct address *address = &answer->addresses[i];
        unsigned rank = family_rank(wish, ipv6_exit, address->family);
        bool is_allowed = !policy || exit_policy_allows(policy, address, wish->port);
        if (is_allowed && rank > allowed_rank) {
            allowed_rank = rank;
            endpoint_out->address = *address;
        } else if (!is_allowed && rank > refused_rank) {
            refused_rank = rank;
            refused = *address;
        }
    }
    if (allowed_rank > 0)
        return 0;
    endpoint_out->address = refused;
    return END_EXITPOLICY;
}
