/* journey - what a client wants: a path, a stream to a server, so many bytes each way, and the end of it.
 *
 * Set up by the test, driven by the events of the client's origin; the client has one journey. Bytes are patterns and
 * every one is checked. */
#ifndef LOOM_MEMNET_JOURNEY_H
#define LOOM_MEMNET_JOURNEY_H

#include <stdbool.h>
#include <stdint.h>

#include "memnet/memnet.h"

#define JOURNEY_HOPS_MAX 8u

struct journey {
    /* what is wanted */
    struct memnet *net;
    struct memnet_client *client;
    struct origin_target path[JOURNEY_HOPS_MAX];
    unsigned hops;
    const char *host; /* NULL: only build */
    uint16_t port;
    uint64_t sends, sends_seed;
    uint64_t expects, expects_seed;
    bool is_optimistic; /* send before CONNECTED */
    bool keeps_circuit; /* when the stream has ended */
    /* what has happened */
    struct origin_circuit *circuit; /* NULL before, and when it is freed */
    struct origin_stream *stream;
    uint64_t sent, received;
    bool link_is_open, link_is_closed;
    bool is_built, is_connected;
    bool has_ended; /* the stream */
    bool is_truncated;
    bool is_closed; /* the circuit, by others */
    bool is_over;   /* done, or nothing more will come of it */
    bool has_mismatch;
    uint8_t end_reason, close_reason;
    enum err error;
};

/* Add a client to net that goes on this journey over the relays given: the first is dialled now. Fills in net, client,
 * path and hops of j; the rest is the caller's. False when the heap fails. */
MUST_USE bool journey_begin(struct journey *j, struct memnet *net, struct memnet_relay *const *relays,
                            unsigned hops);
/* The same with a config of the origin's own. */
MUST_USE bool journey_begin_with(struct journey *j, struct memnet *net, const struct origin_config *config,
                                 struct memnet_relay *const *relays, unsigned hops);
/* Begin the stream (again) on the built circuit. */
void journey_open_stream(struct journey *j);
/* End the stream and close the circuit, as far as there are any. */
void journey_finish(struct journey *j);

#endif
