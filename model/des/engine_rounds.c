#include "base/check.h"
#include "des/engine_state.h"

#define FREE_APART \
    64u /* objects that pools may differ by: 12 kB of the simulated network's, and few are moved for nothing */

/* Run one host to the end of the window. */
static void host_run(struct host *host, nsec end) {
    struct partition *p = host->partition;
    struct event event;
    p->running = host;
    while (event_queue_next(&host->queue) < end && !p->failed) {
        event_queue_take(&host->queue, p->engine->config.memory, &event);
        CHECK(event.at >= host->now);
        if (host->queue.count) /* the object of the next one, while this one is handled */
            __builtin_prefetch(host->queue.heap[0].object);
        host->now = event.at;
        p->events++;
        p->engine->handlers[event.kind](host, event.at, event.arg, event.object);
    }
    p->running = NULL;
    p->next_at[host->place] = event_queue_next(&host->queue);
}

static void block_run(struct partition *p, uint32_t block, nsec end) {
    const uint32_t first = block * BLOCK_HOSTS;
    const uint32_t behind = first + BLOCK_HOSTS < p->host_count ? first + BLOCK_HOSTS : p->host_count;
    nsec rest = NSEC_NEVER;
    p->block_next[block] = NSEC_NEVER;
    for (uint32_t i = first; i < behind; i++) {
        if (p->next_at[i] < end)
            host_run(p->hosts[i], end);
        rest = nsec_min(rest, p->next_at[i]);
    }
    p->block_next[block] =
        nsec_min(rest, p->block_next[block]); /* which the later may have sent the earlier */
}

/* Run every host that has something before end; say in p->low what comes next. */
static void partition_scan(struct partition *p, nsec end) {
    nsec low = NSEC_NEVER;
    p->end = end;
    p->low = NSEC_NEVER;
    for (uint32_t block = 0; block < partition_blocks(p->host_count); block++) {
        if (p->block_next[block] < end)
            block_run(p, block, end);
        low = nsec_min(low, p->block_next[block]);
    }
    p->low = nsec_min(low, p->low);
}

/* Objects wander with the events that carry them, mostly one way: from servers to clients. Who has many more to spare than
 * another gives him part of them; all together give him no more than what they have more. */
static void give_objects(struct partition *p, uint32_t to) {
    uint64_t own = p->pool.free_count, theirs = p->engine->partitions[to].free[(p->round - 1) & 1];
    if (own > theirs + FREE_APART)
        pool_give(&p->pool, (own - theirs) / p->engine->config.partitions,
                  &p->boxes[p->round & 1][to].returned);
}

/* What others have sent in the round before. */
static void partition_drain(struct partition *p) {
    struct engine *engine = p->engine;
    for (uint32_t from = 0; from < engine->config.partitions; from++) {
        struct outbox *box = &engine->partitions[from].boxes[(p->round - 1) & 1][p->number];
        for (uint32_t i = 0; i < box->count; i++)
            partition_add(p, box->parcels[i].to, &box->parcels[i].event);
        box->count = 0;
        pool_accept(&p->pool, &box->returned);
        give_objects(p, from);
    }
}

static void partition_publish(struct partition *p) {
    p->published[p->round & 1] = nsec_min(p->low, p->sent_low);
    p->stopped[p->round & 1] = p->failed;
    p->free[p->round & 1] = p->pool.free_count;
}

void engine_begin(struct engine *engine) {
    for (uint32_t i = 0; i < engine->config.partitions; i++)
        partition_publish(&engine->partitions[i]);
}

nsec engine_round_end(const struct engine *engine, uint64_t round, nsec until) {
    CHECK(until < NSEC_NEVER / 2);
    nsec first = NSEC_NEVER;
    for (uint32_t i = 0; i < engine->config.partitions; i++) {
        if (engine->partitions[i].stopped[round & 1])
            return NSEC_NEVER;
        first = nsec_min(first, engine->partitions[i].published[round & 1]);
    }
    if (first > until)
        return NSEC_NEVER;
    return nsec_min(first + engine->config.lookahead_across, until + 1);
}

void engine_run_partition(struct engine *engine, uint32_t partition, uint64_t round, nsec end) {
    struct partition *p = &engine->partitions[partition];
    CHECK(p->round == round);
    p->round++;
    p->sent_low = NSEC_NEVER;
    p->round_end = engine->config.partitions > 1 ? end : 0;
    partition_drain(p);
    while (p->low < end && !p->failed)
        partition_scan(p, nsec_min(p->low + engine->config.lookahead_within, end));
    partition_publish(p);
}

enum err engine_end(struct engine *engine, uint64_t round, nsec until) {
    engine->round = round;
    bool failed = false;
    for (uint32_t i = 0; i < engine->config.partitions; i++) {
        struct partition *p = &engine->partitions[i];
        failed = failed || p->failed;
        p->end = p->round_end = 0; /* between runs anything may be sent that is not in the past */
    }
    for (host_id id = 0; id < engine->config.hosts && !failed; id++)
        engine->hosts[id].now = until > engine->hosts[id].now ? until : engine->hosts[id].now;
    return failed ? ERR_LIMIT : ERR_OK;
}

enum err engine_run(struct engine *engine, nsec until) {
    uint64_t round = engine->round;
    engine_begin(engine);
    nsec end;
    while ((end = engine_round_end(engine, round, until)) != NSEC_NEVER) {
        for (uint32_t i = 0; i < engine->config.partitions; i++)
            engine_run_partition(engine, i, round, end);
        round++;
    }
    return engine_end(engine, round, until);
}
