/* tor_calls - what an unmodified tor has done, as far as its calls of OpenSSL and libevent tell it.
 *
 * The same kinds of work that the engine counts for a relay that behaves as tor. What is inferred:
 *   cells               plaintext of links, 514 bytes each: cells of varying length are taken for as many
 *   circuit switches    two for a layer of relay encryption that is not the one before: of the halves that its cells come by
 *                       and leave by
 *   working set         layers used in a second, each of one direction of a circuit, and so one half each
 *   scheduling runs     writing to a link in a callback that had not written yet; KIST asks TCP once about each link that is
 *                       written to
 *   waiting cells       those that came and have not gone. A digest of a cell's payload says that one ended or began here: it
 *                       takes one away, so that streams make the count too small and never let it grow without end
 * What it cannot tell is left out: circuits that close, streams of exits, wakes, conflux.
 * Owner and thread: tor's main thread. */
#ifndef LOOM_SHADOW_TOR_CALLS_H
#define LOOM_SHADOW_TOR_CALLS_H

#include <stddef.h>
#include <stdint.h>

#include "base/depth.h"
#include "base/link_cipher.h"
#include "base/nsec.h"
#include "base/work.h"

#define TOR_LAYERS 65536u /* of which the working set is counted; more are not seen */
#define TOR_LINKS  16384u /* that are written to in a run; of more, each write counts as the first */
#define TOR_TRIES  16u

/* Something that was used. */
struct tor_use {
    const void *of;
    uint64_t when; /* last: a second or a run, from 1 on */
};

struct tor_calls {
    struct work work;
    uint64_t plain_in, plain_out;      /* bytes that are no whole cell yet */
    nsec now;                          /* when this callback began */
    uint32_t cells_waiting;            /* in the relay */
    struct depth cells_depth;          /* as those see it that leave */
    const void *layer;                 /* of the last call */
    uint64_t run;                      /* callbacks so far */
    bool has_written;                  /* in this one */
    uint64_t second;                   /* now, from 1 on */
    uint32_t active, active_before;    /* layers in this second, and in the one before */
    struct tor_use layers[TOR_LAYERS]; /* by second */
    struct tor_use links[TOR_LINKS];   /* by run */
};

/* A callback of the loop begins; slept says that the loop had waited for it. */
void tor_calls_begin(struct tor_calls *calls, nsec now, bool slept);
void tor_calls_layer(struct tor_calls *calls, const void *context, size_t bytes);
void tor_calls_digest(struct tor_calls *calls, size_t bytes);
/* A read() or write() of a link, of which moved bytes came about; is_header: it asked for the head of a record. */
void tor_calls_socket_read(struct tor_calls *calls, enum link_cipher cipher, size_t moved, bool is_header);
void tor_calls_socket_write(struct tor_calls *calls, enum link_cipher cipher, size_t moved);
void tor_calls_plain_in(struct tor_calls *calls, size_t bytes);
/* A record was written to the link. */
void tor_calls_plain_out(struct tor_calls *calls, const void *link, size_t bytes);
/* Take what has been counted since the last time. */
void tor_calls_take(struct tor_calls *calls, struct work *work_out, struct working_set *set_out);

#endif
