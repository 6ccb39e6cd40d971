/* Two circuits of one client to one exit, through different middles, are a conflux set: some megabytes each way arrive whole and in
 * order over both, for several numbers of threads; real and symbolic cryptography leave the same trace. A leg that breaks
 * takes the set with it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "memnet/memnet.h"
#include "memnet/pattern.h"
#include "support/test.h"

#define RELAYS   4u /* the guard, two middles, the exit */
#define HOPS     3u
#define LEGS     2u
#define MEGABYTE UINT64_C(1000000)
#define PIECE    16384u

struct party {
    struct memnet *net;
    struct memnet_relay *relays[RELAYS];
    struct memnet_client *client;
    struct memnet_server server;
    struct origin_circuit *legs[LEGS];
    struct origin_target paths[LEGS][HOPS];
    struct origin_stream *stream;
    enum conflux_wish wish;
    uint64_t sent, received, amount;
    struct crypt_provider crypt; /* the net's, but for known random numbers */
    unsigned built, linked, closed;
    bool is_linked, has_ended, has_mismatch;
};

static nsec now_of(const struct party *p) {
    return memnet_now(p->net);
}

/* The nonce says which thread of the exit keeps the set, so a trace depends on it. */
static void known_bytes(void *context, void *out, size_t length) {
    (void)context;
    uint8_t *bytes = out;
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)(i * 7 + 1);
}

static void send_more(struct party *p) {
    while (p->stream && p->sent < p->amount) {
        uint8_t piece[PIECE];
        uint64_t left = p->amount - p->sent;
        size_t length = left < sizeof piece ? (size_t)left : sizeof piece;
        pattern_fill(6, p->sent, piece, length);
        size_t used = origin_circuit_send(p->stream->circuit, now_of(p), p->stream, piece, length);
        p->sent += used;
        if (used < length)
            return;
    }
}

static void begin_stream(struct party *p) {
    struct begin_message to = {.port = p->server.port};
    p->is_linked = true;
    snprintf(to.host, sizeof to.host, "%s", p->server.host);
    p->stream = origin_circuit_begin(p->legs[0], now_of(p), &to);
    assert_non_null(p->stream);
}

static void start_legs(struct party *p) {
    for (unsigned i = 0; i < LEGS; i++) {
        p->legs[i] = origin_link_circuit(memnet_client_link(p->client), now_of(p), &p->paths[i][0]);
        assert_non_null(p->legs[i]);
    }
}

static void grow(struct party *p, struct origin_circuit *c) {
    unsigned leg = c == p->legs[1], have = c->path.hop_count;
    if (have < HOPS) {
        assert_int_equal(origin_circuit_extend(c, now_of(p), &p->paths[leg][have]), ERR_OK);
        return;
    }
    if (++p->built == LEGS) {
        assert_int_equal(origin_circuit_link(p->legs, LEGS, now_of(p), p->wish), ERR_OK);
        assert_int_equal(origin_circuit_extend(p->legs[0], now_of(p), &p->paths[0][0]), ERR_REFUSED);
    }
}

static void receive(struct party *p, struct span data) {
    p->has_mismatch |= !pattern_matches(5, p->received, data.data, data.length);
    p->received += data.length;
}

static void on_event(void *context, const struct origin_event *event) {
    struct party *p = context;
    switch (event->kind) {
    case ORIGIN_EVENT_LINK_OPENED: start_legs(p); break;
    case ORIGIN_EVENT_CIRCUIT_OPENED:
    case ORIGIN_EVENT_CIRCUIT_EXTENDED: grow(p, event->circuit); break;
    case ORIGIN_EVENT_CIRCUIT_LINKED:
        if (++p->linked == LEGS)
            begin_stream(p);
        break;
    case ORIGIN_EVENT_STREAM_CONNECTED:
    case ORIGIN_EVENT_STREAM_WRITABLE: send_more(p); break;
    case ORIGIN_EVENT_STREAM_DATA: receive(p, event->data); break;
    case ORIGIN_EVENT_STREAM_ENDED: p->has_ended = true; break;
    case ORIGIN_EVENT_CIRCUIT_CLOSED: p->closed++; break;
    case ORIGIN_EVENT_LINK_CLOSED:
    case ORIGIN_EVENT_CIRCUIT_MESSAGE:
    case ORIGIN_EVENT_CIRCUIT_TRUNCATED: break;
    }
}

static void set_up(struct party *p, bool is_symbolic, uint16_t threads, enum conflux_wish wish,
                   uint64_t amount) {
    static const unsigned ways[LEGS][HOPS] = {{0, 1, 3}, {0, 2, 3}};
    struct memnet_options options;
    struct origin_config origin;
    memnet_options_default(&options);
    options.is_symbolic = is_symbolic;
    *p = (struct party){.net = memnet_new(&options), .wish = wish, .amount = amount};
    memnet_trace_start(p->net, false);
    for (unsigned i = 0; i < RELAYS; i++) {
        struct relay_config config;
        memnet_relay_config(p->net, &config);
        config.connection_threads = threads;
        p->relays[i] = memnet_relay_add(p->net, &config);
        assert_non_null(p->relays[i]);
    }
    for (unsigned leg = 0; leg < LEGS; leg++)
        for (unsigned hop = 0; hop < HOPS; hop++)
            memnet_relay_target(p->relays[ways[leg][hop]], &p->paths[leg][hop]);
    for (unsigned leg = 0; leg < LEGS; leg++) {
        p->paths[leg][HOPS - 1].handshake = ORIGIN_HANDSHAKE_NTOR_V3;
        p->paths[leg][HOPS - 1].request.wants_congestion_control = true;
    }
    p->server = (struct memnet_server){
        .host = "server.test",
        .port = 80,
        .sends = amount,
        .sends_seed = 5,
        .expects = amount,
        .expects_seed = 6,
        .closes = true,
    };
    memnet_server_add(p->net, &p->server);
    memnet_origin_config(p->net, &origin);
    p->crypt = *memnet_crypt(p->net);
    p->crypt.random = known_bytes;
    origin.crypt = &p->crypt;
    p->client = memnet_client_add(p->net, &origin, on_event, p);
    assert_non_null(p->client);
    memnet_client_dial(p->client, p->relays[0]);
}

/* Legs that the set has closed are the user's until freed, as well. */
static void tear_down(struct party *p) {
    for (unsigned i = 0; i < LEGS; i++)
        origin_circuit_free(p->legs[i], now_of(p), DESTROY_NONE);
    memnet_client_turn(p->client);
    memnet_run_for(p->net, 5 * NSEC_PER_S);
    for (unsigned i = 0; i < RELAYS; i++)
        assert_int_equal(memnet_relay_load(p->relays[i]).halves, 0);
    assert_true(memnet_free(p->net));
}

static uint64_t transfer(bool is_symbolic, uint16_t threads) {
    struct party p;
    set_up(&p, is_symbolic, threads, CONFLUX_HIGH_THROUGHPUT, 3 * MEGABYTE);
    assert_true(memnet_run_until_set(p.net, &p.has_ended, 600 * NSEC_PER_S));
    assert_int_equal(p.received, p.amount);
    assert_int_equal(p.server.bytes_in, p.amount);
    assert_false(p.has_mismatch);
    assert_false(p.server.has_mismatch);
    assert_int_equal(p.server.connections, 1);
    assert_int_equal(p.closed, 0);
    struct origin_conflux *set = p.legs[0]->set;
    assert_ptr_equal(set, p.legs[1]->set);
    for (unsigned i = 0; i < LEGS; i++) {
        uint64_t most = p.amount / RELAY_DATA_MAX, came = set->members[i].came;
        printf("threads %u, leg %u: %u messages went, %llu came\n", threads, i,
               set->members[i].leg->data_sent, (unsigned long long)came);
        assert_true(came > most / 10);
    }
    uint64_t fnv = memnet_trace_fnv(p.net);
    tear_down(&p);
    return fnv;
}

static void both_legs_carry_what_arrives_in_order(void **state) {
    (void)state;
    for (uint16_t threads = 1; threads <= 3; threads++)
        assert_int_equal(transfer(false, threads), transfer(true, threads));
}

/* Links move between threads all the time, those of the legs, too; now and then while they are linked. */
static void run_with_moves(struct party *p, struct rng *rng) {
    for (unsigned turns = 0; !p->has_ended && turns < 100000; turns++) {
        (void)memnet_relay_move(p->relays[rng_below(rng, RELAYS)], rng_u64(rng),
                                (uint16_t)(1 + rng_below(rng, 2)));
        memnet_run_for(p->net, rng_below(rng, 4 * NSEC_PER_MS));
    }
}

static void legs_move(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct party p;
        struct rng rng;
        rng_seed(&rng, seed);
        set_up(&p, true, (uint16_t)(2 + seed % 2), CONFLUX_HIGH_THROUGHPUT, MEGABYTE);
        run_with_moves(&p, &rng);
        assert_true(p.has_ended);
        assert_int_equal(p.received, p.amount);
        assert_int_equal(p.server.bytes_in, p.amount);
        assert_false(p.has_mismatch || p.server.has_mismatch);
        assert_true(memnet_relay_moves(p.relays[3])->moved > 10);
        tear_down(&p);
    }
}

static void a_leg_that_breaks_takes_the_set_with_it(void **state) {
    (void)state;
    struct party p;
    set_up(&p, true, 2, CONFLUX_HIGH_THROUGHPUT, 20 * MEGABYTE);
    assert_true(memnet_run_until_set(p.net, &p.is_linked, 60 * NSEC_PER_S));
    memnet_run_for(p.net, NSEC_PER_S / 2);
    assert_true(p.received > 0);
    assert_false(p.has_ended);
    memnet_cut(p.net, p.relays[1], p.relays[3]);
    memnet_run_for(p.net, 2 * NSEC_PER_S);
    assert_true(p.has_ended);
    assert_int_equal(p.closed, LEGS);
    assert_null(p.legs[0]->set);
    assert_int_equal(p.server.closed, 1);
    tear_down(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_legs_carry_what_arrives_in_order),
                                       cmocka_unit_test(legs_move),
                                       cmocka_unit_test(a_leg_that_breaks_takes_the_set_with_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
