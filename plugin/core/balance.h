/* balance - on which connection thread a new link goes, and which link moves from the busiest thread to the least busy.
 *
 * A thread's load is the share of its time in which it had something to do, averaged with a half life of two seconds;
 * BALANCE_ONE is always. Threads report it; nothing here costs a cell anything. Threads are numbered from 0.
 *
 * Where a link goes. Round-robin: one after the other. Otherwise: the least busy one, where a link that was just placed
 * counts as an average one until reports tell more; among those that are equally busy (within BALANCE_STEP) that with the
 * fewest links, and among those the next in turn. So without load it is round-robin.
 *
 * What moves. With a and b the loads of the busiest and the least busy thread, a link of load w may move when
 *     a >= BALANCE_BUSY                   (else nobody waits for the thread)
 *     a - b >= BALANCE_GAP                (else it is noise)
 *     min(w, a - b - w) >= BALANCE_GAIN   (the busier of the two then is less busy by that; a move is paid back soon)
 * and the one that moves is that with the greatest min(w, a - b - w): the nearest to half the difference. Threads' loads are
 * taken to be a - w and b + w from then on, until reports tell more.
 * The laws: the sum of the squares of the loads falls with each move, by 2 w (a - b - w); so while links' loads stay what they
 * are there is an end of moves, no link goes back and forth, and no thread becomes busier than the busiest was. However loads
 * change, a relay makes at most one move in BALANCE_ROUND, and who has moved rests for BALANCE_REST (the controller sees to it).
 *
 * Owner: the relay controller. Memory: an array, for as many threads as it was made for. */
#ifndef LOOM_CORE_BALANCE_H
#define LOOM_CORE_BALANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/ids.h"
#include "base/memory.h"
#include "base/nsec.h"
#include "core/balance_policy.h"

#define BALANCE_HALF_LIFE (2 * NSEC_PER_S)
#define BALANCE_STEP      (BALANCE_ONE / 64)
#define BALANCE_BUSY      (BALANCE_ONE * 3 / 4)
#define BALANCE_GAP       (BALANCE_ONE / 8)
#define BALANCE_GAIN      (BALANCE_ONE / 50)
#define BALANCE_ROUND     NSEC_PER_S        /* between two looks: as long as links' loads are measured */
#define BALANCE_REST      (60 * NSEC_PER_S) /* of a link that has moved */

struct balance_thread {
    nsec reported_at;
    uint32_t load;  /* at reported_at */
    uint32_t links; /* that it has, or that are on the way to it */
};

struct balance {
    const struct memory *memory;
    struct balance_thread *threads; /* [count] */
    nsec look_at;                   /* not before; NSEC_NEVER: when a report comes */
    uint32_t links;                 /* of all threads */
    uint16_t count;
    uint16_t turn; /* round-robin: who is next */
    uint16_t asked, target;
    bool is_asking;
    enum balance_policy policy;
};

/* Which links of thread could move: those with less load than most. */
struct balance_question {
    uint16_t thread;
    uint32_t most;
};

struct balance_move {
    link_id link;
    uint16_t from, to;
    uint32_t load;
};

/* False without memory. */
MUST_USE bool balance_init(struct balance *b, const struct memory *memory, uint16_t threads,
                           enum balance_policy policy);
void balance_fini(struct balance *b);

/* The thread of a new link, which is counted there. */
uint16_t balance_place(struct balance *b, nsec now);
/* A link of thread has gone. */
void balance_unplace(struct balance *b, uint16_t thread);
/* A link begins to move: its load is expected to go with it. */
void balance_expect(struct balance *b, nsec now, const struct balance_move *move);
/* It has moved. */
void balance_moved(struct balance *b, uint16_t from, uint16_t to);
/* thread was busy for so much of the last span. */
void balance_report(struct balance *b, nsec now, uint16_t thread, nsec busy, nsec span);
uint32_t balance_load(const struct balance *b, nsec now, uint16_t thread);

/* When to look again; NSEC_NEVER: only reports can change anything. */
nsec balance_next(const struct balance *b);
/* True when a link should move: ask the thread for its links, and hand the answer to balance_choose. */
MUST_USE bool balance_look(struct balance *b, nsec now, struct balance_question *question_out);
/* links of what was asked for, which may move, with their loads. False: none is worth it. */
MUST_USE bool balance_choose(struct balance *b, nsec now, const struct link_load *links, uint32_t count,
                             struct balance_move *move_out);

#endif
