/* Measure the engine: events, bytes through simulated TCP, threads, and memory.
 *
 *   loom-engine-bench [--threads N] [--json]
 *
 * Rates are per second of CPU time of one thread, but for the last one, which is per second of wall clock with N. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "des/engine.h"
#include "des/net.h"
#include "des/rate_bucket.h"
#include "des/tcp.h"
#include "des_threads/engine_threads.h"

#define LATENCY (20 * NSEC_PER_MS)

/* --- memory that is counted -------------------------------------------------------------------------------------- */

static void *allocate(void *context, size_t size) {
    atomic_fetch_add_explicit((atomic_size_t *)context, size, memory_order_relaxed);
    return calloc(1, size);
}

static void release(void *context, void *object, size_t size) {
    if (object)
        atomic_fetch_sub_explicit((atomic_size_t *)context, size, memory_order_relaxed);
    free(object);
}

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run(struct engine *engine, nsec until, uint32_t threads) {
    enum err e = threads == 1 ? engine_run(engine, until) : engine_run_threads(engine, until, threads);
    if (e != ERR_OK) {
        fprintf(stderr, "loom-engine-bench: %s\n", err_text(e));
        exit(1);
    }
}

/* --- events: a token passed on from host to host ------------------------------------------------------------------ */

static void pass_on(struct host *host, nsec now, uint32_t hosts, void *object) {
    host_id to = (host_number(host) + 1 + (host_id)rng_below(host_rng(host), hosts - 1)) % hosts;
    host_send(host, to, now + LATENCY + rng_below(host_rng(host), LATENCY), 0, hosts, object);
}

static double events_per_second(const struct memory *memory, uint32_t hosts, uint32_t tokens) {
    struct engine *engine = engine_new(&(struct engine_config){.memory = memory,
                                                               .hosts = hosts,
                                                               .partitions = 1,
                                                               .lookahead_within = LATENCY,
                                                               .lookahead_across = LATENCY,
                                                               .object_size = 16});
    CHECK(engine);
    engine_add_kind(engine, pass_on);
    for (uint32_t i = 0; i < hosts * tokens; i++)
        host_at(engine_host(engine, i % hosts), 0, 0, hosts, NULL);
    double begin = seconds(CLOCK_PROCESS_CPUTIME_ID);
    run(engine, (nsec)(3000000 / (hosts * tokens) + 1) * LATENCY * 3 / 2, 1);
    double rate = (double)engine_events(engine) / (seconds(CLOCK_PROCESS_CPUTIME_ID) - begin);
    engine_free(engine);
    return rate;
}

/* --- TCP: every host sends to some others, without end ------------------------------------------------------------- */

struct load {
    struct net *net;
    uint32_t hosts;
    uint32_t message_size;
    uint64_t received; /* of all hosts, at the end */
};

struct bench_host {
    struct load *load;
    uint64_t received;
};

static struct net_path path(const void *context, host_id from, host_id to) {
    (void)context;
    return (struct net_path){.latency = LATENCY + (from * 7 + to * 13) % 64 * NSEC_PER_MS};
}

static void fill(struct tcp *tcp, nsec now, uint32_t size) {
    while (size > 0 && tcp_room(tcp) > 0) {
        struct tcp_message *message = malloc(sizeof(*message));
        CHECK(message);
        message->length = size;
        tcp_write(tcp, message);
    }
    tcp_flush(tcp, now);
    tcp_want_write(tcp);
}

static bool on_accept(struct host *host, nsec now, struct tcp *tcp, uint16_t port) {
    (void)host, (void)now, (void)tcp;
    return port > 0;
}

static void on_writable(struct host *host, nsec now, struct tcp *tcp) {
    const struct bench_host *own = host_user(host);
    fill(tcp, now, own->load->message_size);
}

static void on_readable(struct host *host, nsec now, struct tcp *tcp) {
    struct bench_host *own = host_user(host);
    struct tcp_message *message;
    while ((message = tcp_read(tcp, now))) {
        own->received += message->length;
        free(message);
    }
}

static void on_closed(struct host *host, nsec now, struct tcp *tcp, enum tcp_end end) {
    (void)host, (void)now, (void)tcp, (void)end;
}

static void on_discard(struct host *host, struct tcp_message *message) {
    (void)host;
    free(message);
}

static const struct net_calls calls = {on_accept,   on_writable, on_readable,
                                       on_writable, on_closed,   on_discard};

static struct engine *network(struct load *load, struct bench_host *own, const struct memory *memory,
                              uint32_t partitions, uint64_t rate) {
    struct engine *engine = engine_new(&(struct engine_config){.memory = memory,
                                                               .hosts = load->hosts,
                                                               .partitions = partitions,
                                                               .lookahead_within = LATENCY,
                                                               .lookahead_across = LATENCY,
                                                               .object_size = net_object_size()});
    CHECK(engine);
    load->net = net_new(&(struct net_config){.memory = memory,
                                             .engine = engine,
                                             .calls = &calls,
                                             .path = path,
                                             .hosts = load->hosts,
                                             .cwnd_first = NET_CWND_LINUX});
    CHECK(load->net);
    for (host_id id = 0; id < load->hosts; id++) {
        own[id] = (struct bench_host){.load = load};
        host_set_user(engine_host(engine, id), &own[id]);
        net_set_rates(load->net, id, rate, rate);
    }
    return engine;
}

static void connect_all(struct engine *engine, const struct load *load, uint32_t connections) {
    for (uint32_t i = 0; i < connections; i++) {
        host_id from = i % load->hosts, to = (from + 1 + i / load->hosts) % load->hosts;
        struct tcp *tcp = to == from ? NULL : tcp_open(engine_host(engine, from), i, to, 1, NULL);
        (void)tcp;
    }
}

struct tcp_result {
    double bytes;    /* per second */
    double segments; /* per second, acks included */
    double events;
    double load; /* how many times real time, for orientation */
};

/* 100 Mbit/s for each host; connections over, 10 seconds after one of warm-up. */
static struct tcp_result tcp_run(const struct memory *memory, uint32_t hosts, uint32_t connections,
                                 uint32_t message_size, uint32_t threads, clockid_t clock) {
    struct load load = {.hosts = hosts, .message_size = message_size};
    struct bench_host *own = calloc(hosts, sizeof(*own));
    CHECK(own);
    struct engine *engine = network(&load, own, memory, threads, 12500000);
    connect_all(engine, &load, connections);
    run(engine, NSEC_PER_S, threads);
    uint64_t bytes = 0, segments = 0, events = engine_events(engine);
    for (host_id id = 0; id < hosts; id++) {
        bytes -= own[id].received;
        segments -= net_counters(load.net, id)->segments_sent;
    }
    double begin = seconds(clock);
    run(engine, 11 * NSEC_PER_S, threads);
    double took = seconds(clock) - begin;
    for (host_id id = 0; id < hosts; id++) {
        bytes += own[id].received;
        segments += net_counters(load.net, id)->segments_sent;
    }
    events = engine_events(engine) - events;
    net_free(load.net);
    engine_free(engine);
    free(own);
    return (struct tcp_result){(double)bytes / took, (double)segments / took, (double)events / took,
                               10 / took};
}

/* --- memory: connections that were opened and said nothing --------------------------------------------------------- */

static void idle_memory(const struct memory *memory, uint32_t hosts, uint32_t connections, double *host_out,
                        double *side_out) {
    const atomic_size_t *live = memory->context;
    size_t before = atomic_load(live);
    struct load load = {.hosts = hosts};
    struct bench_host *own = calloc(hosts, sizeof(*own));
    CHECK(own);
    struct engine *engine = network(&load, own, memory, 1, RATE_UNLIMITED);
    *host_out = (double)(atomic_load(live) - before) / hosts;
    before = atomic_load(live);
    connect_all(engine, &load, connections);
    run(engine, 10 * NSEC_PER_S, 1);
    *side_out = (double)(atomic_load(live) - before) / connections / 2;
    net_free(load.net);
    engine_free(engine);
    free(own);
}

/* --- all of it ----------------------------------------------------------------------------------------------------- */

static void print(bool json, const char *name, double value, const char *unit) {
    if (json)
        printf("{\"name\": \"%s\", \"value\": %.0f, \"unit\": \"%s\"}\n", name, value, unit);
    else
        printf("%-32s %16.0f %s\n", name, value, unit);
}

static void print_tcp(bool json, const char *name, struct tcp_result result) {
    char line[64];
    const struct {
        const char *what;
        double value;
        const char *unit;
    } rows[] = {{"bytes", result.bytes, "B/s"},
                {"cells", result.bytes / 514, "514 B/s"},
                {"segments", result.segments, "1/s"},
                {"events", result.events, "1/s"}};
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(line, sizeof(line), "%s %s", name, rows[i].what);
        print(json, line, rows[i].value, rows[i].unit);
    }
}

int main(int argc, char **argv) {
    static atomic_size_t live;
    const struct memory memory = {allocate, release, &live};
    uint32_t threads = 2;
    bool json = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc)
            threads = (uint32_t)strtoul(argv[++i], NULL, 10);
        else {
            fprintf(stderr, "usage: loom-engine-bench [--threads N] [--json]\n");
            return 2;
        }
    }
    if (threads < 1 || threads > ENGINE_THREADS_MAX) {
        fprintf(stderr, "loom-engine-bench: --threads must be from 1 to %u\n", ENGINE_THREADS_MAX);
        return 2;
    }
    print(json, "events, 1000 hosts, 10 each", events_per_second(&memory, 1000, 10), "1/s");
    print(json, "events, 10000 hosts, 100 each", events_per_second(&memory, 10000, 100), "1/s");
    clockid_t cpu = CLOCK_PROCESS_CPUTIME_ID;
    print_tcp(json, "tcp bulk (4112 B):", tcp_run(&memory, 100, 500, 4112, 1, cpu));
    print_tcp(json, "tcp thin (514 B, 5000 flows):", tcp_run(&memory, 100, 5000, 514, 1, cpu));
    print_tcp(json, "tcp bulk, 1 thread, wall:", tcp_run(&memory, 100, 500, 4112, 1, CLOCK_MONOTONIC));
    print_tcp(json, "tcp bulk, threads, wall:", tcp_run(&memory, 100, 500, 4112, threads, CLOCK_MONOTONIC));
    double host, side;
    idle_memory(&memory, 10000, 500000, &host, &side);
    print(json, "memory of a host", host, "B");
    print(json, "memory of an idle side", side, "B");
    return 0;
}
