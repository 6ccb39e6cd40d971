/* link_hub - all TLS links of a thread: what the manager asks of them, their timeouts, and the scheduling round.
 *
 * The functions named after calls of the port only record; link_hub_carry_out acts, after the call into the core has
 * returned. Links that the core names and that are gone already are ignored.
 * Owner and thread: one event thread. Memory: the thread's buffers (about 600 kB) and its links. */
#ifndef LOOM_NATIVE_LINK_HUB_H
#define LOOM_NATIVE_LINK_HUB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/nsec.h"
#include "core/scheduler.h"
#include "native/link_shared.h"

struct grant;

struct link_hub {
    struct link_shared shared;
    struct tcp_facts *facts; /* of one scheduling round, and the grants for them */
    struct grant *grants;
    struct tls_link **round;
    uint32_t round_room;
};

/* Borrows base, clock and seed; keeps identity. The manager is set by link_hub_bind before anything else is called. */
void link_hub_init(struct link_hub *hub, struct event_base *base, struct turn_clock *clock,
                   struct tls_identity *identity, uint64_t seed);
void link_hub_bind(struct link_hub *hub, struct manager *manager,
                   void (*accept_failed)(void *context, link_id link), void *context);
/* Closes everything and tells nobody. */
void link_hub_fini(struct link_hub *hub);
/* New links show this one. Hands over identity. */
void link_hub_set_identity(struct link_hub *hub, struct tls_identity *identity);

/* Take over an accepted connection. Hands over fd. */
void link_hub_accept(struct link_hub *hub, link_id id, int fd, const struct endpoint *peer);

/* What the port is asked for. */
void link_hub_dial(struct link_hub *hub, link_id id, const struct endpoint *to);
void link_hub_hangup(struct link_hub *hub, link_id id);
void link_hub_want_write(struct link_hub *hub, link_id id);
void link_hub_want_read(struct link_hub *hub, link_id id, bool on);
void link_hub_release(struct link_hub *hub, link_id id);
/* A link that came from another thread's hub, where manager_link_released was given it. At once, as what follows names it. */
void link_hub_adopt(struct link_hub *hub, link_id id, struct tls_link *link);

/* Write links for which enough waits, before the round (manager_next_ripe). */
void link_hub_write_ripe(struct link_hub *hub);
/* Do what was asked for since the last time. True when something was done. */
bool link_hub_carry_out(struct link_hub *hub);
/* Let the manager divide what may be written now, and write it. False when it is not time for a round yet. */
bool link_hub_schedule(struct link_hub *hub, nsec now);
/* When the next scheduling round is due: to the millisecond, or streams slow down. */
nsec link_hub_schedule_at(const struct link_hub *hub);
/* When link_hub_tick or link_hub_carry_out have something to do. */
nsec link_hub_next_wake(const struct link_hub *hub);
void link_hub_tick(struct link_hub *hub, nsec now);

/* Links that hung up and still have bytes to send. */
static inline uint32_t link_hub_closing(const struct link_hub *hub) {
    return hub->shared.closing_count;
}

#endif
