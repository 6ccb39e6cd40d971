/* origin_conflux - several circuits to one exit as the legs of a set that shares their streams (proposal 329), as the origin sees
 * it: their linking, the order of what comes, and the leg for what goes.
 *
 * Knows the paths of circuits, not the circuits (origin_circuit.h): those tell it what came, and close when it says that a
 * message was wrong. There is no resumption: a set ends with a leg that was in use.
 * Owner: the circuits of one origin together; freed by the last that leaves. Memory: of the origin.
 * Bound: CONFLUX_LEGS_MAX legs, CONFLUX_WAITING_MAX cells that wait for others. */
#ifndef LOOM_ORIGIN_ORIGIN_CONFLUX_H
#define LOOM_ORIGIN_ORIGIN_CONFLUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/nsec.h"
#include "core/cell_pool.h"
#include "core/conflux_legs.h"
#include "origin/origin_context.h"
#include "origin/origin_path.h"
#include "wire/multipath_messages.h"
#include "wire/relay_cell.h"

/* A circuit of the set. */
struct origin_conflux_member {
    struct origin_path *path; /* NULL: no member */
    struct conflux_leg *leg;  /* NULL until LINKED has come */
    uint64_t received;        /* number of the last message that came */
    uint64_t came;            /* how many did */
    nsec rtt;                 /* from LINK to LINKED */
};

struct origin_conflux {
    struct origin *origin;
    struct conflux_legs legs; /* a leg's half is its member's number and one */
    struct origin_conflux_member members[CONFLUX_LEGS_MAX];
    nsec asked_at;
    uint16_t stream_next;
    uint8_t count;  /* members */
    uint8_t linked; /* of them */
    bool is_over;
    uint8_t nonce[CONFLUX_NONCE_LEN];
};

/* Borrows the paths, whose last hops are the same relay, with congestion control and relay cells of one kind. NULL without
 * memory. 2 <= n <= CONFLUX_LEGS_MAX. */
MUST_USE struct origin_conflux *origin_conflux_new(struct origin *o, struct origin_path *const *paths,
                                                   unsigned n);
/* Send LINK on every path; wish says how the exit should choose legs. ERR_LIMIT without a cell. */
MUST_USE enum err origin_conflux_ask(struct origin_conflux *set, nsec now, enum conflux_wish wish);
/* The circuit of that path is gone. Says whether the set is over, for this leg was in use: the others have to leave, too. */
MUST_USE bool origin_conflux_leave(struct origin_conflux *set, const struct origin_path *path);
/* The path of a member, 0 to CONFLUX_LEGS_MAX - 1; NULL: no member. */
struct origin_path *origin_conflux_path(const struct origin_conflux *set, unsigned number);
/* Nobody is left. */
void origin_conflux_free(struct origin_conflux *set);

/* All members are linked: streams may begin. */
bool origin_conflux_is_linked(const struct origin_conflux *set);

/* LINKED came on path: answered by LINKED_ACK. ERR_PROTOCOL when it is not what we asked for. */
MUST_USE enum err origin_conflux_linked(struct origin_conflux *set, nsec now, const struct origin_path *path,
                                        struct span body);
MUST_USE enum err origin_conflux_switched(struct origin_conflux *set, const struct origin_path *path,
                                          struct span body);
/* A message with a number (conflux_is_numbered) came. Hands over cell unless there is an error. */
MUST_USE enum err origin_conflux_received(struct origin_conflux *set, const struct origin_path *path,
                                          struct cell *cell);
/* The next message in order; NULL when it has not come yet. Hands over the cell. */
MUST_USE struct cell *origin_conflux_next(struct origin_conflux *set);

/* Send a message of a stream, which is no DATA. ERR_LIMIT without a cell: the set cannot go on. */
MUST_USE enum err origin_conflux_say(struct origin_conflux *set, const struct relay_message *m);
/* BEGIN. */
MUST_USE enum err origin_conflux_begin(struct origin_conflux *set, uint16_t stream,
                                       const struct begin_message *to);
/* Package as much of bytes as the legs allow; returns how much. *starved_out: the pool ran out of cells; *is_lost_out: the
 * set cannot go on for want of memory. */
size_t origin_conflux_package(struct origin_conflux *set, nsec now, uint16_t stream, struct span bytes,
                              bool *starved_out, bool *is_lost_out);

#endif
