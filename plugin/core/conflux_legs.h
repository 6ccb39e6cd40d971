/* conflux_legs - several circuits of one origin as the legs of one stream of messages (proposal 329): their order when they
 * come, and the choice of a leg when they go.
 *
 * The law: messages are given out in the order of their sequence numbers, each once, none left out; those of a leg come in
 * order, so the ones that wait for others stand in a run for each leg. A leg is chosen only while it has said that it has
 * room, and before the first message on another leg than the last goes a SWITCH.
 *
 * Owner: one manager (the legs may be on others). Bound: CONFLUX_LEGS_MAX legs, CONFLUX_WAITING_MAX cells that wait. */
#ifndef LOOM_CORE_CONFLUX_LEGS_H
#define LOOM_CORE_CONFLUX_LEGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/ids.h"
#include "base/nsec.h"
#include "core/cell_pool.h"
#include "wire/multipath_messages.h"

#define CONFLUX_LEGS_MAX    8u     /* as in tor */
#define CONFLUX_WAITING_MAX 16384u /* 8 MB: more than the windows of legs whose delays differ by a second */

struct conflux_leg {
    half_id half;    /* 0: no leg */
    uint32_t number; /* never used again in the set */
    struct cell_run
        waiting;        /* came, but not their turn; cell.serial is the lower half of the sequence number */
    uint64_t received;  /* sequence number of the last message that came */
    uint64_t sent;      /* of the last that went */
    uint32_t data_sent; /* DATA messages, in all */
    uint32_t data_allowed; /* and how many the leg takes */
    nsec rtt;              /* 0: not known yet */
    bool is_used;          /* anything went or came */
};

struct conflux_legs {
    struct conflux_leg legs[CONFLUX_LEGS_MAX];
    struct conflux_leg *current; /* the last that something was sent on */
    uint64_t given;              /* sequence number of the last message given out */
    uint64_t sent;               /* and of the last sent, on any leg */
    uint32_t waiting;            /* cells, of all legs */
    uint32_t numbers;
    uint8_t count;
    uint8_t wish; /* enum conflux_wish of the origin */
};

/* Messages of this enum relay_command have sequence numbers: their order matters to streams. */
bool conflux_is_numbered(uint8_t command);

/* A circuit joins. NULL when there are too many. */
MUST_USE struct conflux_leg *conflux_legs_join(struct conflux_legs *l, half_id half,
                                               const struct conflux_link_message *link);
struct conflux_leg *conflux_legs_by_half(struct conflux_legs *l, half_id half);
struct conflux_leg *conflux_legs_by_number(struct conflux_legs *l, uint32_t number);
/* It has nothing waiting. */
void conflux_legs_leave(struct conflux_legs *l, struct conflux_leg *leg);

/* A message came on this leg. Hands over cell unless there is an error: ERR_PROTOCOL when its number has been given out
 * already or is not above the last one's, ERR_LIMIT when too many wait. */
MUST_USE enum err conflux_legs_received(struct conflux_legs *l, struct conflux_leg *leg, struct cell *cell);
/* The next message in order; NULL when it has not come yet. */
MUST_USE struct cell *conflux_legs_next(struct conflux_legs *l);

/* The leg for a DATA message; NULL when none has room. */
MUST_USE struct conflux_leg *conflux_legs_with_room(struct conflux_legs *l);
/* The leg for another message, which needs no room: there is at least one leg. */
struct conflux_leg *conflux_legs_any(struct conflux_legs *l);
/* A message goes on leg. True: a SWITCH with *skipped_out goes first. */
MUST_USE bool conflux_legs_send(struct conflux_legs *l, struct conflux_leg *leg, bool is_data,
                                uint32_t *skipped_out);

#endif
