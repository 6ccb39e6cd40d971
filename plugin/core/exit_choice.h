/* exit_choice - what an exit asks about the host of a BEGIN, and which of its addresses it connects to (tor-spec 6.2).
 *
 * The policy is asked of the address that is connected to, after the name is resolved, so that a name cannot lead past
 * it. Of the addresses that are allowed, one of the family that the BEGIN prefers is taken. */
#ifndef LOOM_CORE_EXIT_CHOICE_H
#define LOOM_CORE_EXIT_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "wire/address.h"
#include "wire/resolve_messages.h"
#include "wire/stream_messages.h"

struct exit_policy;

/* What a BEGIN asks for, without the host. */
struct exit_wish {
    uint16_t port;
    uint8_t flags;   /* enum begin_flag bits */
    bool is_literal; /* the host is a number: the flags say nothing about it */
};

/* True when to->host is a number: then answer_out has it, and nobody has to be asked. Otherwise query_out is what to
 * ask. */
MUST_USE bool exit_wish_take(const struct begin_message *to, bool ipv6_exit, struct exit_wish *wish_out,
                             struct name_query *query_out, struct name_answer *answer_out);

/* Where to connect to: endpoint_out, and 0. Otherwise the reason to end the stream with; with END_EXITPOLICY,
 * endpoint_out->address is what would have been taken (family NONE: nothing). policy NULL allows everything. */
uint8_t exit_choose(const struct exit_policy *policy, bool ipv6_exit, const struct exit_wish *wish,
                    const struct name_answer *answer, struct endpoint *endpoint_out);

#endif
