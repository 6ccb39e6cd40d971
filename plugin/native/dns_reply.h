/* dns_reply - what a name server's message says: c-ares reads it, and what goes on from here is checked. */
#ifndef LOOM_NATIVE_DNS_REPLY_H
#define LOOM_NATIVE_DNS_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "native/name_records.h"
#include "wire/resolve_messages.h"

/* Nothing but what host names have: they are text that goes to name servers and to clients as it is. */
MUST_USE bool dns_is_host_name(const char *text);
/* Does the reply repeat the question as we spelt it? */
MUST_USE bool dns_reply_is_spelt(const uint8_t *bytes, size_t length, const char *sent);
/* The reply to a question of kind: addresses of one family, or a name. *ttl_s_out: the least time to live in it, 0 without any. */
void dns_reply_parse(const uint8_t *bytes, size_t length, enum name_kind kind, struct name_answer *out,
                     uint32_t *ttl_s_out);
/* What c-ares' status means for a name. */
enum name_status dns_reply_status(int ares_status);

#endif
