/* 10 MB each way over three relays, every byte verified, for several numbers of threads and kinds of relay cryptography; at
 * the end nothing is left. */
#include <stdio.h>

#include "memnet/journey.h"
#include "memnet/memnet.h"
#include "support/test.h"

#define MEGABYTE UINT64_C(1000000)

/* What the client asks the hops for: windows and tor1, or congestion control and CGO as well. */
enum asked { OLD, V3, CGO };

struct mix {
    const char *name;
    uint16_t threads[3];
    bool is_symbolic;
    enum asked asked[3];
};

static const struct mix mixes[] = {
    {"1 3 1, real", {1, 3, 1}, false, {OLD, OLD, OLD}},
    {"0 0 0, real", {0, 0, 0}, false, {OLD, OLD, OLD}},
    {"1 3 1, symbolic", {1, 3, 1}, true, {OLD, OLD, OLD}},
    {"3 3 3, symbolic", {3, 3, 3}, true, {OLD, OLD, OLD}},
    {"0 2 5, symbolic", {0, 2, 5}, true, {OLD, OLD, OLD}},
    {"1 3 1, real, CGO at the end as tor has it", {1, 3, 1}, false, {OLD, V3, CGO}},
    {"1 3 1, symbolic, CGO at the end", {1, 3, 1}, true, {OLD, V3, CGO}},
    {"0 2 5, real, CGO everywhere", {0, 2, 5}, false, {CGO, CGO, CGO}},
    {"0 2 5, symbolic, CGO in the middle", {0, 2, 5}, true, {OLD, CGO, V3}},
};

static void ask(struct journey *j, const enum asked *asked) {
    for (unsigned i = 0; i < 3; i++) {
        if (asked[i] == OLD)
            continue;
        j->path[i].handshake = ORIGIN_HANDSHAKE_NTOR_V3;
        j->path[i].request =
            (struct handshake_request){.wants_congestion_control = true, .wants_cgo = asked[i] == CGO};
    }
}

static void assert_idle(struct memnet_relay *relay) {
    struct memnet_load load = memnet_relay_load(relay);
    assert_int_equal(load.halves, 0);
}

static void run_mix(const struct mix *mix) {
    struct memnet_options options;
    memnet_options_default(&options);
    options.is_symbolic = mix->is_symbolic;
    struct memnet *net = memnet_new(&options);
    struct memnet_relay *relays[3];
    for (unsigned i = 0; i < 3; i++) {
        struct relay_config config;
        memnet_relay_config(net, &config);
        config.connection_threads = mix->threads[i];
        relays[i] = memnet_relay_add(net, &config);
        assert_non_null(relays[i]);
    }
    struct memnet_server server = {
        .host = "server.test",
        .port = 80,
        .sends = 10 * MEGABYTE,
        .sends_seed = 5,
        .expects = 10 * MEGABYTE,
        .expects_seed = 6,
        .closes = true,
    };
    memnet_server_add(net, &server);
    struct journey j = {
        .host = server.host,
        .port = server.port,
        .sends = 10 * MEGABYTE,
        .sends_seed = 6,
        .expects = 10 * MEGABYTE,
        .expects_seed = 5,
    };
    assert_true(journey_begin(&j, net, relays, 3));
    ask(&j, mix->asked);
    assert_true(memnet_run_until_set(net, &j.is_over, 600 * NSEC_PER_S));
    assert_true(j.is_built);
    assert_false(j.is_closed);
    assert_int_equal(j.received, 10 * MEGABYTE);
    assert_int_equal(server.bytes_in, 10 * MEGABYTE);
    assert_false(j.has_mismatch);
    assert_false(server.has_mismatch);
    assert_int_equal(j.end_reason, END_DONE);
    memnet_client_turn(j.client);
    memnet_run_for(net, 2 * NSEC_PER_S);
    for (unsigned i = 0; i < 3; i++)
        assert_idle(relays[i]);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(memnet_relay_load(relays[i]).halves_cgo, mix->asked[i] == CGO);
    assert_int_equal(server.connections, 1);
    assert_int_equal(server.closed, 1);
    assert_true(memnet_free(net));
}

static void each_mix_carries_10_megabytes_each_way(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(mixes); i++) {
        printf("%s\n", mixes[i].name);
        fflush(stdout);
        run_mix(&mixes[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_mix_carries_10_megabytes_each_way)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
