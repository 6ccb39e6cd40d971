/* dns_channel - c-ares on an event loop: its sockets and timers are the loop's.
 *
 * Owner and thread: one event loop's. A channel asks with the patience that it was made with; who wants another makes another. */
#ifndef LOOM_NATIVE_DNS_CHANNEL_H
#define LOOM_NATIVE_DNS_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "native/complaint.h"
#include "native/name_records.h"

struct event_base;
struct dns_channel;

/* How long name servers are waited for: of each try, from the first on each is given more. */
struct dns_patience {
    uint32_t timeout_ms;
    uint32_t tries;
};

/* A reply (c-ares' callback): status ARES_SUCCESS with a message; ARES_EDESTRUCTION: the channel is gone. */
typedef void dns_replied(void *argument, int status, int timeouts, unsigned char *bytes, int length);

/* resolv_conf NULL: the system's. Borrows base. NULL with a complaint when there is no usable configuration. */
MUST_USE struct dns_channel *dns_channel_new(struct event_base *base, const char *resolv_conf,
                                             struct dns_patience patience, struct complaint *complaint);
/* Ends every question that is open. NULL is fine. */
void dns_channel_free(struct dns_channel *channel);
/* replied is called once, perhaps before this returns. searches: the domains of resolv.conf are tried too. */
void dns_channel_ask(struct dns_channel *channel, const char *name, enum name_kind kind, bool searches,
                     dns_replied *replied, void *argument);

#endif
