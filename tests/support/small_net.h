/* small_net - a few hosts with equal paths whose users write bulk data and read at once: what the tests of the network use.
 * Header only; for tests. */
#ifndef LOOM_SUPPORT_SMALL_NET_H
#define LOOM_SUPPORT_SMALL_NET_H

#include "des/net_state.h"
#include "support/test.h"
#include "support/test_memory.h"

#define SMALL_HOSTS   16u
#define SMALL_LATENCY (10 * NSEC_PER_MS)

struct small_message {
    struct tcp_message message;
    uint64_t number;
    struct small_message *next; /* of its flow */
    bool came_back;             /* read or discarded */
};

#define SEGMENTS(n) ((uint64_t)(n)*TCP_MSS)

/* One connection of a sender. Its messages are numbered from 1. */
struct small_flow {
    struct tcp *tcp; /* NULL once it has ended */
    struct small_net *net;
    uint64_t left; /* bytes to write, from connected on */
    uint32_t chunk;
    uint64_t written;  /* messages */
    unsigned writable; /* how often it was told so */
    nsec connected_at;
    nsec closed_at;
    enum tcp_end end;
    bool close_at_end;
    struct small_message *messages; /* all there were: freed by small_fini */
    struct small_flow *next;
};

/* What a host received, over all of its connections. */
struct small_sink {
    uint64_t bytes;
    uint64_t messages;
    uint64_t hash;
    nsec last_at;
    bool stopped; /* does not read */
    bool refuses;
    struct tcp *tcp; /* last accepted, while it is there */
    uint32_t ended;
};

struct small_net {
    struct test_memory memory;
    const struct memory *used;
    struct engine *engine;
    struct net *net;
    uint32_t loss;
    struct small_sink sinks[SMALL_HOSTS];
    uint64_t discarded[SMALL_HOSTS];
    struct small_flow *flows;
    bool may_lose_messages; /* a run that stops without memory loses what it had in hand */
};

static inline struct small_net *small_of(struct host *host) {
    return host_user(host);
}

static inline struct net_path small_path(const void *context, host_id from, host_id to) {
    const struct small_net *s = context;
    return (struct net_path){.latency = SMALL_LATENCY + (from == to), .loss = s->loss};
}

static inline void small_fill(struct small_flow *flow, nsec now) {
    struct tcp *tcp = flow->tcp;
    while (flow->left > 0 && tcp_room(tcp) > 0) {
        struct small_message *message = calloc(1, sizeof(*message));
        message->message.length = flow->left < flow->chunk ? (uint32_t)flow->left : flow->chunk;
        message->number = ++flow->written;
        message->next = flow->messages;
        flow->messages = message;
        flow->left -= message->message.length;
        tcp_write(tcp, &message->message);
    }
    tcp_flush(tcp, now);
    if (flow->left > 0) {
        tcp_want_write(tcp);
    } else if (flow->close_at_end) {
        flow->tcp = NULL;
        flow->closed_at = now;
        tcp_close(tcp, now);
    }
}

static inline bool small_accept(struct host *host, nsec now, struct tcp *tcp, uint16_t port) {
    struct small_sink *sink = &small_of(host)->sinks[host_number(host)];
    (void)now;
    if (sink->refuses || port != 9001)
        return false;
    sink->tcp = tcp;
    return true;
}

static inline void small_connected(struct host *host, nsec now, struct tcp *tcp) {
    struct small_flow *flow = tcp_user(tcp);
    (void)host;
    flow->connected_at = now;
    small_fill(flow, now);
}

static inline void small_read(struct host *host, nsec now, struct tcp *tcp) {
    struct small_sink *sink = &small_of(host)->sinks[host_number(host)];
    struct tcp_message *message;
    while (!sink->stopped && (message = tcp_read(tcp, now))) {
        struct small_message *m = (struct small_message *)(void *)message;
        sink->bytes += message->length;
        sink->messages++;
        sink->last_at = now;
        sink->hash = (sink->hash ^ now ^ m->number ^ tcp_peer(tcp)) * UINT64_C(0x100000001b3);
        assert_false(m->came_back);
        m->came_back = true;
    }
}

static inline void small_writable(struct host *host, nsec now, struct tcp *tcp) {
    (void)host;
    ((struct small_flow *)tcp_user(tcp))->writable++;
    small_fill(tcp_user(tcp), now);
}

static inline void small_closed(struct host *host, nsec now, struct tcp *tcp, enum tcp_end end) {
    struct small_flow *flow = tcp_user(tcp);
    struct small_sink *sink = &small_of(host)->sinks[host_number(host)];
    if (flow) {
        flow->tcp = NULL;
        flow->closed_at = now;
        flow->end = end;
    } else {
        sink->ended++;
        sink->tcp = sink->tcp == tcp ? NULL : sink->tcp;
    }
}

static inline void small_discard(struct host *host, struct tcp_message *message) {
    struct small_message *m = (struct small_message *)(void *)message;
    small_of(host)->discarded[host_number(host)]++;
    assert_false(m->came_back);
    m->came_back = true;
}

static const struct net_calls small_calls = {small_accept,   small_connected, small_read,
                                             small_writable, small_closed,    small_discard};

/* memory NULL: a test_memory, for one thread. */
static inline void small_init_with(struct small_net *s, const struct memory *memory, uint32_t partitions,
                                   uint32_t loss) {
    *s = (struct small_net){.loss = loss};
    test_memory_init(&s->memory);
    s->used = memory ? memory : &s->memory.memory;
    s->engine = engine_new(&(struct engine_config){.memory = s->used,
                                                   .hosts = SMALL_HOSTS,
                                                   .partitions = partitions,
                                                   .lookahead_within = SMALL_LATENCY,
                                                   .lookahead_across = SMALL_LATENCY,
                                                   .seed = 77,
                                                   .object_size = net_object_size()});
    assert_non_null(s->engine);
    s->net = net_new(&(struct net_config){.memory = s->used,
                                          .engine = s->engine,
                                          .calls = &small_calls,
                                          .path = small_path,
                                          .context = s,
                                          .hosts = SMALL_HOSTS,
                                          .cwnd_first = NET_CWND_LINUX});
    assert_non_null(s->net);
    for (host_id id = 0; id < SMALL_HOSTS; id++)
        host_set_user(engine_host(s->engine, id), s);
}

static inline void small_init(struct small_net *s) {
    small_init_with(s, NULL, 1, 0);
}

/* Every message came back once. */
static inline void small_fini(struct small_net *s) {
    net_free(s->net);
    engine_free(s->engine);
    for (struct small_flow *flow = s->flows; flow; flow = flow->next)
        for (struct small_message *m = flow->messages, *next; m; m = next) {
            next = m->next;
            assert_true(m->came_back || s->may_lose_messages);
            free(m);
        }
    test_memory_fini(&s->memory);
}

static inline void small_run(struct small_net *s, nsec until) {
    assert_int_equal(engine_run(s->engine, until), ERR_OK);
}

/* Connect now, and write bytes in messages of chunk. */
static inline void small_start(struct small_net *s, struct small_flow *flow, host_id from, host_id to,
                               uint64_t bytes, uint32_t chunk) {
    struct host *host = engine_host(s->engine, from);
    *flow = (struct small_flow){.net = s, .left = bytes, .chunk = chunk, .next = s->flows};
    s->flows = flow;
    flow->tcp = tcp_open(host, host_now(host), to, 9001, flow);
    assert_non_null(flow->tcp);
}

/* Write more on a connection that stands, at the time that its host has reached. */
static inline void small_write(struct small_flow *flow, uint64_t bytes, uint32_t chunk) {
    flow->left += bytes;
    flow->chunk = chunk;
    small_fill(flow, host_now(flow->tcp->interface->host));
}

#endif
