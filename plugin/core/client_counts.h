/* client_counts - what each client address does at once and a second: connections and circuits.
 *
 * The laws (C tor's): an address that has connections_max connections gets no more; one that connects more than
 * connect_burst + connect_rate * t times in t seconds gets none for connect_defense_s to half as long again; one that has
 * circuit_connections_min connections and makes more circuits than circuit_burst + circuit_rate * t, or fills the queues of
 * queues_full_max circuits, gets none for circuit_defense_s to half as long again. Each begins anew when it goes on.
 * Addresses are whole ones, of both families, as in tor.
 * Owner: the relay controller. Bound: CLIENTS_IDLE_MAX addresses without a connection, of which the one that left first is
 * forgotten first; the others are no more than connections. */
#ifndef LOOM_CORE_CLIENT_COUNTS_H
#define LOOM_CORE_CLIENT_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/nsec.h"
#include "base/rng.h"
#include "base/slab.h"
#include "base/table.h"
#include "core/dos_params.h"
#include "core/token_bucket.h"
#include "wire/address.h"

#define CLIENTS_IDLE_MAX \
    65536u /* 12 MB: more than half a minute of one-time addresses at a connection each 0.5 ms */

struct client {
    struct list links; /* the owner's: of this address */
    struct list idle;  /* while it has no connection: the first is forgotten first */
    uint64_t key;
    uint32_t connections;
    uint32_t queues_full;
    struct token_bucket circuits, connects;
    nsec circuits_refused_until, connects_refused_until; /* 0: they are not */
};

struct client_counts {
    struct slab slab;
    struct table table;
    struct list idle;
    uint32_t idle_count;
    uint64_t factors[2]; /* secret: what addresses are hashed with */
    struct rng rng;
};

enum client_answer { CLIENT_MAY, CLIENT_HAS_TOO_MANY, CLIENT_CONNECTS_TOO_OFTEN };

void client_counts_init(struct client_counts *counts, const struct memory *memory, uint32_t connections_max,
                        uint64_t seed);
void client_counts_fini(struct client_counts *counts);
/* Somebody connects from address. When he may, *client_out is his address, or NULL without memory: then it is not counted. */
enum client_answer client_counts_connect(struct client_counts *counts, nsec now,
                                         const struct dos_params *params, const struct address *address,
                                         struct client **client_out);
/* One of client's connections has gone, or turned out to be a relay's (is_relay): then it never counted. */
void client_counts_disconnect(struct client_counts *counts, nsec now, struct client *client, bool is_relay);
/* client has made so many circuits more. True when they are refused from now on, or for longer than before. */
MUST_USE bool client_counts_create(struct client_counts *counts, nsec now, const struct dos_params *params,
                                   struct client *client, uint32_t circuits);
/* One of its circuits was closed because it had filled a queue. True as above. */
MUST_USE bool client_counts_queue_full(struct client_counts *counts, nsec now,
                                       const struct dos_params *params, struct client *client);

#endif
