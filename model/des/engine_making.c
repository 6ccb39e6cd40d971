#include "base/check.h"
#include "des/engine_state.h"

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
    p->block_next = memory_allocate(memory, partition_blocks(host_count) * sizeof(*p->block_next) + 1);
    for (unsigned i = 0; i < 2; i++)
        p->boxes[i] = memory_allocate(memory, engine->config.partitions * sizeof(struct outbox));
    p->host_count = host_count;
    bool made = p->hosts && p->next_at && p->block_next && p->boxes[0] && p->boxes[1];
    for (uint32_t i = 0; made && i < partition_blocks(host_count); i++)
        p->block_next[i] = NSEC_NEVER;
    return made;
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
    memory_release(memory, p->block_next, partition_blocks(p->host_count) * sizeof(*p->block_next) + 1);
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

event_kind engine_add_kind(struct engine *engine, event_handler *handler) {
    CHECK(engine->kind_count < ENGINE_KINDS_MAX);
    engine->handlers[engine->kind_count] = handler;
    return (event_kind)engine->kind_count++;
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
