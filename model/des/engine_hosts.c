#include <string.h>

#include "base/check.h"
#include "des/engine_state.h"

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

void partition_add(struct partition *p, host_id to, const struct event *event) {
    struct host *host = &p->engine->hosts[to];
    CHECK(host->partition == p);
    if (event_queue_add(&host->queue, p->engine->config.memory, event) != ERR_OK)
        p->failed = true;
    if (host == p->running) /* host_run looks at the queue itself when it is done */
        return;
    partition_note(p, host->place, event->at);
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
