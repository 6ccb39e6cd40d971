/* name_service - the resolver on a thread of its own: a flood of questions, or name servers that are slow to answer, cost
 * the threads that relay nothing but two messages.
 *
 * Questions and answers go through inboxes: name_service_ask from any thread, the answer as MESSAGE_NAMES to the asker's.
 * Owner: the runtime. It outlives no inbox that an answer is due to: free it when the askers have stopped. */
#ifndef LOOM_NATIVE_NAME_SERVICE_H
#define LOOM_NATIVE_NAME_SERVICE_H

#include <time.h>

#include "base/attributes.h"
#include "base/ids.h"
#include "native/complaint.h"
#include "wire/resolve_messages.h"

struct dns_patience;
struct inbox;
struct name_service;
struct resolver_options;

/* A question on its way to the service, and back with its answer; belongs to the message that it is in. */
struct name_exchange {
    struct inbox *reply_to;
    edge_id edge;
    half_id circuit; /* of the edge */
    struct name_query query;
    struct name_answer answer;
};

/* Starts the thread. NULL with a complaint when there is no configuration of name servers, or no thread. */
MUST_USE struct name_service *name_service_new(const struct resolver_options *options,
                                               struct complaint *complaint);
/* Stops the thread; what was not answered is not answered any more. NULL is fine. */
void name_service_free(struct name_service *service);
/* Circuits share the places for open questions (resolver.h). service NULL: there is none, and the answer is a transient failure. */
void name_service_ask(struct name_service *service, struct inbox *reply_to, edge_id edge, half_id circuit,
                      const struct name_query *query);
/* How long name servers are waited for from now on. */
void name_service_set_patience(struct name_service *service, const struct dns_patience *patience);
/* The clock of its CPU time. */
MUST_USE bool name_service_clock(const struct name_service *service, clockid_t *clock_out);

#endif
