/* engine_state - what the files of the engine share: engine_making.c, engine_hosts.c, engine_rounds.c. Not for others. */
#ifndef LOOM_DES_ENGINE_STATE_H
#define LOOM_DES_ENGINE_STATE_H

#include "des/engine.h"
#include "des/event_queue.h"
#include "des/pool.h"

struct host {
    struct partition *partition;
    host_id id;
    uint32_t place; /* among the hosts of its partition */
    nsec now;
    uint64_t counter;
    struct event_queue queue;
    struct rng rng;
    void *user;
    void *network;
};

struct parcel {
    struct event event;
    host_id to;
};

/* From one partition to another, written in one round and emptied in the next. */
struct outbox {
    struct parcel *parcels;
    uint32_t count;
    uint32_t room;
    struct pool_chain returned;
};

#define BLOCK_HOSTS 16u /* two cache lines of times: a window looks at few of them */

struct partition {
    struct engine *engine;
    uint32_t number;
    uint32_t host_count;
    struct host **hosts;
    nsec *next_at;     /* first event of each host */
    nsec *block_next;  /* the earliest of BLOCK_HOSTS of them, in their order */
    nsec low;          /* nothing of this partition is earlier, after a scan */
    nsec end;          /* of the window that hosts run to now */
    nsec round_end;    /* what other partitions may be sent lies behind it */
    uint64_t round;    /* last begun */
    nsec sent_low;     /* earliest parcel of this round */
    nsec published[2]; /* by round: the earliest event known here */
    bool stopped[2];   /* by round: a host of this partition failed */
    uint64_t free[2];  /* by round: objects in the pool that nobody holds */
    const struct host *running;
    struct outbox *boxes[2]; /* by round, then by receiver */
    struct pool pool;
    uint64_t events;
    bool failed;
};

struct engine {
    struct engine_config config;
    struct host *hosts;
    struct partition *partitions;
    event_handler *handlers[ENGINE_KINDS_MAX];
    uint32_t kind_count;
    uint64_t round;
};

static inline uint32_t partition_blocks(uint32_t host_count) {
    return (host_count + BLOCK_HOSTS - 1) / BLOCK_HOSTS;
}
/* The host at place has something at that time. */
static inline void partition_note(struct partition *p, uint32_t place, nsec at) {
    nsec *block = &p->block_next[place / BLOCK_HOSTS];
    p->next_at[place] = nsec_min(p->next_at[place], at);
    *block = nsec_min(*block, at);
    p->low = nsec_min(p->low, at);
}
/* Put an event into the queue of a host of this partition. */
void partition_add(struct partition *p, host_id to, const struct event *event);

#endif
