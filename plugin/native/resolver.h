/* resolver - names asked of name servers, through c-ares, with a memory of what they said (name_records).
 *
 * Questions about one name are asked once, however many wait for the answer. When name servers do not answer, a question
 * ends as a transient failure after RESOLVER_TRIES tries of RESOLVER_TIMEOUT_MS and more, or what resolver_set_patience said.
 * Owner and thread: one event loop's. Bound: RESOLVER_RECORDS_MAX answers and questions, RESOLVER_PENDING_MAX questions, of which
 * nobody has more open than there is room for (fair_shares); beyond them, transient failures at once. */
#ifndef LOOM_NATIVE_RESOLVER_H
#define LOOM_NATIVE_RESOLVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "native/complaint.h"
#include "native/dns_channel.h"
#include "wire/resolve_messages.h"

#define RESOLVER_TIMEOUT_MS \
    1000 /* of the first try; the second has twice as long (tor 0.4.7.7 and later: 1 s each) */
#define RESOLVER_TRIES       2
#define RESOLVER_RECORDS_MAX 8192u /* 7 MB */
#define RESOLVER_PENDING_MAX 2048u

struct event_base;
struct resolver;

struct resolver_options {
    const char *resolv_conf; /* NULL: the system's */
    bool randomize_case;     /* and the case of answers must match: they are harder to forge */
    bool search_domains;
    bool allow_any_characters;
};

/* done is called once for each question, perhaps before resolver_ask returns. Borrows base and context. NULL with a
 * complaint when there is no usable configuration. */
MUST_USE struct resolver *resolver_new(struct event_base *base, const struct resolver_options *options,
                                       void (*done)(void *context, void *user,
                                                    const struct name_answer *answer),
                                       void *context, struct complaint *complaint);
/* Questions that are still open are done with NAME_TRANSIENT. NULL is fine. */
void resolver_free(struct resolver *resolver);
/* Ask for who, one of those who share the places for open questions. */
void resolver_ask(struct resolver *resolver, uint64_t who, const struct name_query *query, void *user);
/* From now on name servers are given so much time; questions that are open are asked anew. False with a complaint when their
 * configuration cannot be read any more; then nothing changes. */
MUST_USE bool resolver_set_patience(struct resolver *resolver, struct dns_patience patience,
                                    struct complaint *complaint);

#endif
