/* The in-memory network as a whole, and its time. */
#include <stdlib.h>

#include "base/check.h"
#include "memnet/memnet_state.h"
#include "native/openssl_provider.h"

void memnet_options_default(struct memnet_options *options_out) {
    *options_out = (struct memnet_options){
        .seed = 1,
        .link_latency = 10 * NSEC_PER_MS,
        .edge_latency = 5 * NSEC_PER_MS,
        .job_delay = 200 * NSEC_PER_US,
        .wake_delay = 20 * NSEC_PER_US,
        .window = (size_t)256 * 1024,
    };
}

void *memnet_take(size_t size) {
    void *object = calloc(1, size);
    CHECK(object);
    return object;
}

struct memnet *memnet_new(const struct memnet_options *options) {
    struct memnet *net = memnet_take(sizeof(*net));
    net->options = *options;
    heap_init(&net->heap);
    net->crypt = options->is_symbolic ? symbolic_provider(&net->symbolic, options->seed) : openssl_provider();
    list_init(&net->pipes);
    list_init(&net->clients);
    list_init(&net->raws);
    list_init(&net->edges);
    return net;
}

bool memnet_free(struct memnet *net) {
    event_queue_fini(&net->events);
    memnet_clients_free(net);
    for (unsigned i = 0; i < net->relay_count; i++)
        memnet_relay_free(net->relays[i]);
    edge_connections_free(net);
    struct list *next;
    for (struct list *entry = net->pipes.next; entry != &net->pipes; entry = next) {
        next = entry->next;
        pipe_free(LIST_ENTRY(entry, struct pipe, entry));
    }
    memnet_trace_free(net);
    bool is_clean = net->heap.live_objects == 0 && net->heap.live_bytes == 0;
    free(net);
    return is_clean;
}

struct heap *memnet_heap(struct memnet *net) {
    return &net->heap;
}

nsec memnet_now(const struct memnet *net) {
    return net->now;
}

const struct crypt_provider *memnet_crypt(const struct memnet *net) {
    return net->crypt;
}

void memnet_plan(struct memnet *net, nsec at, void (*run)(void *, uint64_t, void *), void *subject,
                 uint64_t argument, void *payload) {
    CHECK(at >= net->now);
    event_queue_add(&net->events, at, run, subject, argument, payload);
}

static void step(struct memnet *net) {
    struct event event = event_queue_take(&net->events);
    CHECK(event.at >= net->now);
    net->now = event.at;
    event.run(event.subject, event.argument, event.payload);
    free(event.payload);
}

void memnet_run_until(struct memnet *net, nsec until) {
    while (event_queue_next(&net->events) <= until)
        step(net);
    net->now = until;
}

void memnet_run_for(struct memnet *net, nsec duration) {
    memnet_run_until(net, net->now + duration);
}

bool memnet_run_until_set(struct memnet *net, const bool *flag, nsec duration_max) {
    nsec until = net->now + duration_max;
    while (!*flag && event_queue_next(&net->events) <= until)
        step(net);
    return *flag;
}

void memnet_server_add(struct memnet *net, struct memnet_server *server) {
    CHECK(net->server_count < sizeof(net->servers) / sizeof(net->servers[0]));
    net->servers[net->server_count++] = server;
}
