/* scheduler - which circuit of which link writes next: EWMA among circuits, KIST limits among links.
 *
 * EWMA: a circuit's activity is its cells weighted by 2^-(age / half life); the quietest goes first (tor: circuitmux_ewma).
 * Kept in fixed point: values are scaled up as time passes instead of scaling all the others down.
 * KIST (Jansen et al. 2014; tor: scheduler_kist): a link may write what TCP could send now and a little more:
 *   limit = max(0, (cwnd - unacked) * mss) + max(0, cwnd * mss - notsent)
 * The law: a run is never longer than what its link's limit allows; no circuit gets a second run while a quieter one of the
 * same link waits; and after a run a circuit is ahead of the quietest that waits by SCHED_QUANTUM cells at most. Picking
 * for each cell anew (as tor does) the bound would be one cell; cells of one TLS record arrive together, so what is far
 * less than a record changes nobody's delay, and long runs cost less here and in the relay behind the link.
 * Owner: one manager. Entries live inside circuit halves, queues inside links. */
#ifndef LOOM_CORE_SCHEDULER_H
#define LOOM_CORE_SCHEDULER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/ids.h"
#include "base/memory.h"
#include "base/nsec.h"

#define SCHED_QUANTUM 8u /* cells: a quarter of a full record */

/* A circuit half in the scheduler; zeroed, it is quiet and not active. */
struct sched_entry {
    uint64_t activity; /* fixed point (ewma.h), in units of the tick below */
    uint32_t tick;     /* half lives so far, when activity was last scaled */
    uint32_t position; /* 1-based place in its link's heap; 0: not active */
};

/* The active circuit halves of a link, quietest first. */
struct sched_queue {
    struct sched_entry **heap;
    uint32_t count;
    uint32_t room;
};

struct scheduler {
    const struct memory *memory;
    nsec half_life; /* from EWMA_HALF_LIFE_MIN to _MAX, in whole steps */
    nsec since;     /* when half_life was set */
    nsec phase;     /* how far the tick was then: less than half_life */
    uint32_t tick;  /* the tick of that moment; ticks never go back */
    /* Most calls of a turn have the same now: what it comes to. */
    nsec seen; /* NSEC_NEVER: nothing yet */
    uint32_t seen_tick;
    uint64_t seen_weight;
};

/* What KIST asks the kernel (or the simulated TCP) about a link. */
struct tcp_facts {
    link_id link;
    uint32_t cwnd;    /* segments */
    uint32_t unacked; /* segments */
    uint32_t mss;     /* bytes */
    uint32_t notsent; /* bytes in the socket that TCP has not sent yet */
};

void sched_init(struct scheduler *s, const struct memory *memory, nsec half_life);
/* From now on activity halves in this time (the consensus may change it). Entries keep their places. */
void sched_set_half_life(struct scheduler *s, nsec now, nsec half_life);
void sched_queue_init(struct sched_queue *queue);
/* Entries that are still active become inactive. */
void sched_queue_fini(struct scheduler *s, struct sched_queue *queue);

/* The entry has cells to send. No-op when it is active. ERR_LIMIT without memory. */
MUST_USE enum err sched_activate(struct scheduler *s, nsec now, struct sched_queue *queue,
                                 struct sched_entry *entry);
/* It goes from one manager's scheduler to another's, and is as loud there (less than a half life apart). leave: also what
 * sched_deactivate does. */
void sched_leave(struct scheduler *s, nsec now, struct sched_queue *queue, struct sched_entry *entry);
void sched_enter(struct scheduler *s, nsec now, struct sched_entry *entry);
/* The entry has no more cells, or goes away. No-op when it is not active. */
void sched_deactivate(struct sched_queue *queue, struct sched_entry *entry);

/* The quietest active entry, or NULL; *run_out is how many cells it may send (1..max): those for which it is no louder than
 * any other, and up to SCHED_QUANTUM more. */
struct sched_entry *sched_pick(struct scheduler *s, nsec now, struct sched_queue *queue, uint32_t max,
                               uint32_t *run_out);
/* The entry has sent so many cells: move it back. Also counts for an entry that is no longer active. */
void sched_charge(struct scheduler *s, nsec now, struct sched_queue *queue, struct sched_entry *entry,
                  uint32_t cells);
/* Activity of the quietest entry of queue at now, for ranking links; UINT64_MAX when none is active. */
uint64_t sched_quietest(struct scheduler *s, nsec now, const struct sched_queue *queue);

/* Bytes that a link may write now by the law above. */
uint64_t kist_limit(const struct tcp_facts *facts);

/* One link asking for its share of a total. */
struct sched_claim {
    uint64_t quietest; /* sched_quietest of its queue */
    uint32_t want;     /* cells: the smaller of what is queued and what KIST allows */
    uint32_t granted;  /* out */
    uint32_t order;    /* for the use of sched_divide */
};
/* Divide total cells among claims: all of want when it suffices, otherwise runs of at most quantum cells to the quietest
 * first, round by round. Deterministic; ties go to the lower index. */
void sched_divide(struct sched_claim *claims, uint32_t count, uint64_t total, uint32_t quantum);

#endif
