#include "des/engine.h"

#include <string.h>

#include "base/check.h"
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

struct partition {
    struct engine *engine;
    uint32_t number;
    uint32_t host_count;
    struct host **hosts;
    nsec *next_at;     /* first event of each host */
    nsec low;          /* nothing of this partition is earlier, after a scan */
    nsec end;          /* of the window that hosts run to now */
    nsec round_end;    /* what other partitions may be sent lies behind it */
    uint64_t round;    /* last begun */
    nsec sent_low;     /* earliest parcel of this round */
    nsec published[2]; /* by round: the earliest event known here */
    bool stopped[2];   /* by round: a host of this partition failed */
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
    bool owned[ENGINE_KINDS_MAX];
    uint32_t kind_count;
    uint64_t round;
};

/* --- making and ending ------------------------------------------------------------------------------------------ */

static uint32_t partition_for(const struct engine_config *config, host_id id) {
    return config->partition_of ? config->partition_of[id] : id % config->partitions;
}

static bool partition_make(struct engine *engine, uint32_t number, uint32_t host_count) {
    const struct memory *memory = engine->config.memory;
    struct partition *p = &engine->partitions[number];
    *p = (struct partition){.engine = engine, .number = number, .low = NSEC_NEVER, .sent_low = NSEC_NEVER};
    pool_init(&p->pool, memory, engine->config.object_size ? engine->config.object_size : 16);
    p->hosts = memory_allocate(memory, host_count * sizeof(*p->hosts) + 1);
    p->next_at = memory_allocate(memory, host_count * sizeof(*p->next_at) + 1);
    for (unsigned i = 0; i < 2; i++)
        p->boxes[i] = memory_allocate(memory, engine->config.partitions * sizeof(struct outbox));
    p->host_count = host_count;
    return p->hosts && p->next_at && p->boxes[0] && p->boxes[1];
}

static bool partitions_make(struct engine *engine) {
    uint32_t counts[ENGINE_PARTITIONS_MAX] = {0};
    for (host_id id = 0; id < engine->config.hosts; id++) {
        uint32_t number = partition_for(&engine->config, id);
        CHECK(number < engine->config.partitions);
        counts[number]++;
    }
    bool made = true;
    for (uint32_t i = 0; i < engine->config.partitions; i++)
        made = partition_make(engine, i, counts[i]) && made;
    return made;
}

/* Numbers are spread by two multipliers, so that neither neighbouring hosts nor seeds share a sequence. */
static void hosts_make(struct engine *engine) {
    uint32_t counts[ENGINE_PARTITIONS_MAX] = {0};
    for (host_id id = 0; id < engine->config.hosts; id++) {
        uint32_t number = partition_for(&engine->config, id);
        struct partition *p = &engine->partitions[number];
        struct host *host = &engine->hosts[id];
        host->partition = p;
        host->id = id;
        host->place = counts[number]++;
        rng_seed(&host->rng,
                 engine->config.seed * UINT64_C(0xd1342543de82ef95) + id * UINT64_C(0x9e3779b97f4a7c15));
        p->hosts[host->place] = host;
        p->next_at[host->place] = NSEC_NEVER;
    }
}

struct engine *engine_new(const struct engine_config *config) {
    CHECK(config->hosts > 0 && config->hosts <= ENGINE_HOSTS_MAX);
    CHECK(config->partitions > 0 && config->partitions <= ENGINE_PARTITIONS_MAX);
    CHECK(config->lookahead_within > 0);
    CHECK(config->lookahead_across > 0);
    struct engine *engine = memory_allocate(config->memory, sizeof(*engine));
    if (!engine)
        return NULL;
    engine->config = *config;
    engine->hosts = memory_allocate(config->memory, config->hosts * sizeof(*engine->hosts));
    engine->partitions = memory_allocate(config->memory, config->partitions * sizeof(*engine->partitions));
    if (!engine->hosts || !engine->partitions || !partitions_make(engine)) {
        engine_free(engine);
        return NULL;
    }
    hosts_make(engine);
    engine->config.partition_of = NULL; /* was the caller's */
    return engine;
}

static void partition_free(struct partition *p, const struct engine_config *config) {
    const struct memory *memory = config->memory;
    if (!p->engine)
        return;
    for (unsigned i = 0; i < 2; i++) {
        for (uint32_t to = 0; p->boxes[i] && to < config->partitions; to++)
            memory_release(memory, p->boxes[i][to].parcels, p->boxes[i][to].room * sizeof(struct parcel));
        memory_release(memory, p->boxes[i], config->partitions * sizeof(struct outbox));
    }
    memory_release(memory, p->next_at, p->host_count * sizeof(*p->next_at) + 1);
    memory_release(memory, p->hosts, p->host_count * sizeof(*p->hosts) + 1);
    pool_fini(&p->pool);
}

void engine_free(struct engine *engine) {
    if (!engine)
        return;
    struct engine_config config = engine->config;
    for (host_id id = 0; engine->hosts && id < config.hosts; id++)
        event_queue_fini(&engine->hosts[id].queue, config.memory);
    for (uint32_t i = 0; engine->partitions && i < config.partitions; i++)
        partition_free(&engine->partitions[i], &config);
    memory_release(config.memory, engine->partitions, config.partitions * sizeof(*engine->partitions));
    memory_release(config.memory, engine->hosts, config.hosts * sizeof(*engine->hosts));
    memory_release(config.memory, engine, sizeof(*engine));
}

event_kind engine_add_kind(struct engine *engine, event_handler *handler, bool owned) {
    CHECK(engine->kind_count < ENGINE_KINDS_MAX);
    engine->handlers[engine->kind_count] = handler;
    engine->owned[engine->kind_count] = owned;
    return (event_kind)engine->kind_count++;
}

/* --- hosts ------------------------------------------------------------------------------------------------------ */

struct host *engine_host(struct engine *engine, host_id id) {
    CHECK(id < engine->config.hosts);
    return &engine->hosts[id];
}

host_id host_number(const struct host *host) {
    return host->id;
}

nsec host_now(const struct host *host) {
    return host->now;
}

struct rng *host_rng(struct host *host) {
    return &host->rng;
}

const struct memory *host_memory(const struct host *host) {
    return host->partition->engine->config.memory;
}

struct engine *host_engine(const struct host *host) {
    return host->partition->engine;
}

void host_set_user(struct host *host, void *user) {
    host->user = user;
}

void *host_user(const struct host *host) {
    return host->user;
}

void host_set_network(struct host *host, void *network) {
    host->network = network;
}

void *host_network(const struct host *host) {
    return host->network;
}

void host_fail(struct host *host) {
    host->partition->failed = true;
}

void *host_take(struct host *host) {
    void *object = pool_take(&host->partition->pool);
    if (!object)
        host_fail(host);
    return object;
}

void host_put(struct host *host, void *object) {
    pool_put(&host->partition->pool, object);
}

/* Put an event into the queue of a host of this partition. */
static void partition_add(struct partition *p, host_id to, const struct event *event) {
    struct host *host = &p->engine->hosts[to];
    CHECK(host->partition == p);
    if (event_queue_add(&host->queue, p->engine->config.memory, event) != ERR_OK)
        p->failed = true;
    if (host == p->running) /* host_run looks at the queue itself when it is done */
        return;
    p->next_at[host->place] = nsec_min(p->next_at[host->place], event->at);
    p->low = nsec_min(p->low, event->at);
}

static struct event event_of(struct host *host, nsec at, event_kind kind, uint32_t arg, void *object) {
    CHECK(kind < host->partition->engine->kind_count);
    CHECK(host->counter < EVENT_COUNTER_MAX);
    uint64_t order = event_order(host->id, host->counter++);
    return (struct event){.at = at, .order = order, .kind = kind, .arg = arg, .object = object};
}

void host_at(struct host *host, nsec at, event_kind kind, uint32_t arg, void *object) {
    CHECK(at >= host->now);
    struct event event = event_of(host, at, kind, arg, object);
    partition_add(host->partition, host->id, &event);
}

static bool outbox_grow(struct outbox *box, const struct memory *memory) {
    uint32_t room = box->room ? 2 * box->room : 64;
    struct parcel *parcels = memory_allocate(memory, room * sizeof(*parcels));
    if (!parcels)
        return false;
    if (box->count)
        memcpy(parcels, box->parcels, box->count * sizeof(*parcels));
    memory_release(memory, box->parcels, box->room * sizeof(*parcels));
    box->parcels = parcels;
    box->room = room;
    return true;
}

static void partition_post(struct partition *p, uint32_t receiver, host_id to, const struct event *event) {
    struct outbox *box = &p->boxes[p->round & 1][receiver];
    if (box->count == box->room && !outbox_grow(box, p->engine->config.memory)) {
        p->failed = true;
        return;
    }
    box->parcels[box->count++] = (struct parcel){.event = *event, .to = to};
    p->sent_low = nsec_min(p->sent_low, event->at);
}

void host_send(struct host *host, host_id to, nsec at, event_kind kind, uint32_t arg, void *object) {
    struct partition *p = host->partition;
    CHECK(to < p->engine->config.hosts);
    CHECK(to != host->id);
    struct event event = event_of(host, at, kind, arg, object);
    struct partition *receiver = p->engine->hosts[to].partition;
    if (receiver == p) {
        CHECK(at >= p->end && at >= host->now + p->engine->config.lookahead_within);
        partition_add(p, to, &event);
    } else {
        CHECK(at >= p->round_end && at >= host->now + p->engine->config.lookahead_across);
        partition_post(p, receiver->number, to, &event);
    }
}

/* --- running ---------------------------------------------------------------------------------------------------- */

/* Run one host to the end of the window. */
static void host_run(struct host *host, nsec end) {
    struct partition *p = host->partition;
    struct event event;
    p->running = host;
    while (event_queue_next(&host->queue) < end && !p->failed) {
        event_queue_take(&host->queue, &event);
        CHECK(event.at >= host->now);
        host->now = event.at;
        p->events++;
        p->engine->handlers[event.kind](host, event.at, event.arg, event.object);
    }
    p->running = NULL;
    p->next_at[host->place] = event_queue_next(&host->queue);
}

/* Run every host that has something before end; say in p->low what comes next. */
static void partition_scan(struct partition *p, nsec end) {
    nsec low = NSEC_NEVER;
    p->end = end;
    p->low = NSEC_NEVER;
    for (uint32_t i = 0; i < p->host_count; i++) {
        if (p->next_at[i] < end)
            host_run(p->hosts[i], end);
        low = nsec_min(low, p->next_at[i]);
    }
    p->low = nsec_min(low, p->low);
}

/* What others have sent in the round before. As many objects as came with it go back. */
static void partition_drain(struct partition *p) {
    struct engine *engine = p->engine;
    for (uint32_t from = 0; from < engine->config.partitions; from++) {
        struct outbox *box = &engine->partitions[from].boxes[(p->round - 1) & 1][p->number];
        uint64_t owned = 0;
        for (uint32_t i = 0; i < box->count; i++) {
            partition_add(p, box->parcels[i].to, &box->parcels[i].event);
            owned += engine->owned[box->parcels[i].event.kind];
        }
        box->count = 0;
        pool_accept(&p->pool, &box->returned);
        pool_give(&p->pool, owned, &p->boxes[p->round & 1][from].returned);
    }
}

static void partition_publish(struct partition *p) {
    p->published[p->round & 1] = nsec_min(p->low, p->sent_low);
    p->stopped[p->round & 1] = p->failed;
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

static void visit_boxes(struct engine *engine, struct partition *p,
                        void (*visit)(struct host *host, event_kind kind, void *object)) {
    for (unsigned i = 0; i < 2; i++)
        for (uint32_t to = 0; to < engine->config.partitions; to++)
            for (uint32_t n = 0; n < p->boxes[i][to].count; n++) {
                const struct parcel *parcel = &p->boxes[i][to].parcels[n];
                visit(&engine->hosts[parcel->to], (event_kind)parcel->event.kind, parcel->event.object);
            }
}

void engine_visit(struct engine *engine, void (*visit)(struct host *host, event_kind kind, void *object)) {
    for (host_id id = 0; id < engine->config.hosts; id++) {
        struct host *host = &engine->hosts[id];
        for (uint32_t n = 0; n < host->queue.count; n++)
            visit(host, (event_kind)host->queue.heap[n].kind, host->queue.heap[n].object);
    }
    for (uint32_t i = 0; i < engine->config.partitions; i++)
        visit_boxes(engine, &engine->partitions[i], visit);
}

uint32_t engine_partitions(const struct engine *engine) {
    return engine->config.partitions;
}

uint64_t engine_round(const struct engine *engine) {
    return engine->round;
}

uint64_t engine_events(const struct engine *engine) {
    uint64_t events = 0;
    for (uint32_t i = 0; i < engine->config.partitions; i++)
        events += engine->partitions[i].events;
    return events;
}

uint64_t engine_object_bytes(const struct engine *engine) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < engine->config.partitions; i++)
        bytes += engine->partitions[i].pool.bytes;
    return bytes;
}
