#include "core/client_counts.h"

#include <string.h>

#include "base/check.h"

void client_counts_init(struct client_counts *counts, const struct memory *memory, uint32_t connections_max,
                        uint64_t seed) {
    rng_seed(&counts->rng, seed);
    counts->factors[0] = rng_u64(&counts->rng) | 1;
    counts->factors[1] = rng_u64(&counts->rng) | 1;
    counts->idle_count = 0;
    slab_init(&counts->slab, memory, sizeof(struct client), 64, connections_max + CLIENTS_IDLE_MAX);
    table_init(&counts->table, memory, rng_u64(&counts->rng));
    list_init(&counts->idle);
}

void client_counts_fini(struct client_counts *counts) {
    uint32_t cursor = 0;
    struct client *client;
    while ((client = table_take(&counts->table, &cursor)) != NULL)
        slab_put(&counts->slab, client);
    table_fini(&counts->table);
    slab_fini(&counts->slab);
}

/* Two addresses have the same key once in 2^64 pairs, and nobody can say which: then they are counted as one. */
static uint64_t key_of(const struct client_counts *counts, const struct address *address) {
    uint64_t words[2] = {0, 0};
    memcpy(words, address->bytes, address->family == ADDRESS_IPV4 ? 4 : sizeof words);
    uint64_t mixed = (words[0] + address->family) * counts->factors[0];
    mixed = (mixed ^ mixed >> 32) + words[1];
    return (mixed ^ mixed >> 29) * counts->factors[1];
}

static void forget(struct client_counts *counts, struct client *client) {
    CHECK(client->connections == 0);
    list_remove(&client->idle);
    counts->idle_count--;
    table_remove(&counts->table, client->key);
    slab_put(&counts->slab, client);
}

static void make_idle(struct client_counts *counts, struct client *client) {
    list_append(&counts->idle, &client->idle);
    counts->idle_count++;
    if (counts->idle_count > CLIENTS_IDLE_MAX)
        forget(counts, LIST_ENTRY(counts->idle.next, struct client, idle));
}

/* A client that is new has its bursts before it. It is idle until its connection is counted. */
static struct client *client_new(struct client_counts *counts, nsec now, const struct dos_params *params,
                                 uint64_t key) {
    struct client *client = slab_take(&counts->slab);
    if (!client)
        return NULL;
    *client = (struct client){.key = key};
    list_init(&client->links);
    list_init(&client->idle);
    token_bucket_init(&client->circuits, now, (uint64_t)params->circuit_rate,
                      (uint64_t)params->circuit_burst);
    token_bucket_init(&client->connects, now, (uint64_t)params->connect_rate,
                      (uint64_t)params->connect_burst);
    if (table_set(&counts->table, key, client)) {
        slab_put(&counts->slab, client);
        return NULL;
    }
    make_idle(counts, client);
    return client;
}

/* Take n tokens, and no more than are there. True when none is left. The consensus may have changed the rate. */
static bool exhausts(struct token_bucket *bucket, nsec now, int32_t rate, int32_t burst, uint32_t n) {
    bucket->rate = (uint64_t)rate;
    bucket->burst = (uint64_t)burst;
    if (bucket->level > burst)
        bucket->level = burst;
    uint64_t there = token_bucket_available(bucket, now);
    token_bucket_take(bucket, now, n < there ? n : there);
    return there <= n;
}

static nsec refused_until(struct client_counts *counts, nsec now, int32_t period_s) {
    uint64_t half = (uint64_t)period_s / 2;
    return now + ((uint64_t)period_s + 1 + rng_below(&counts->rng, half ? half : 1)) * NSEC_PER_S;
}

enum client_answer client_counts_connect(struct client_counts *counts, nsec now,
                                         const struct dos_params *params, const struct address *address,
                                         struct client **client_out) {
    bool is_defended = params->connection_enabled && params->connection_defense == DOS_DEFENSE_REFUSE;
    uint64_t key = key_of(counts, address);
    struct client *client = table_get(&counts->table, key);
    if (!client)
        client = client_new(counts, now, params, key);
    *client_out = NULL;
    if (!client)
        return CLIENT_MAY;
    if (is_defended && now < client->connects_refused_until)
        return CLIENT_CONNECTS_TOO_OFTEN;
    if (is_defended && client->connections >= (uint32_t)params->connections_max)
        return CLIENT_HAS_TOO_MANY;
    if (exhausts(&client->connects, now, params->connect_rate, params->connect_burst, 1))
        client->connects_refused_until = refused_until(counts, now, params->connect_defense_s);
    if (client->connections++ == 0) {
        list_remove(&client->idle);
        counts->idle_count--;
    }
    *client_out = client;
    return CLIENT_MAY;
}

void client_counts_disconnect(struct client_counts *counts, nsec now, struct client *client, bool is_relay) {
    CHECK(client->connections > 0);
    if (is_relay) {
        if (token_bucket_available(&client->connects, now) < client->connects.burst)
            client->connects.level++;
        client->connects_refused_until = 0;
    }
    if (--client->connections == 0)
        make_idle(counts, client);
}

bool client_counts_create(struct client_counts *counts, nsec now, const struct dos_params *params,
                          struct client *client, uint32_t circuits) {
    if (!exhausts(&client->circuits, now, params->circuit_rate, params->circuit_burst, circuits) ||
        client->connections < (uint32_t)params->circuit_connections_min)
        return false;
    client->circuits_refused_until = refused_until(counts, now, params->circuit_defense_s);
    return true;
}

bool client_counts_queue_full(struct client_counts *counts, nsec now, const struct dos_params *params,
                              struct client *client) {
    if (params->queues_full_max == 0 || now < client->circuits_refused_until ||
        ++client->queues_full < (uint32_t)params->queues_full_max)
        return false;
    client->queues_full = 0;
    client->circuits_refused_until = refused_until(counts, now, params->circuit_defense_s);
    return true;
}
