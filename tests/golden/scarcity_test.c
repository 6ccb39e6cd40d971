/* Memory that fails: after each number of allocations, for one, for a few, or from then on. Nothing crashes or leaks, and
 * what could not be done shows as a circuit or link that is closed. */
#include "memnet/journey.h"
#include "memnet/memnet.h"
#include "support/test.h"

#define ALLOCATIONS_MAX 700u /* the story makes fewer */
#define TRANSFER_BYTES  60000u

struct scarcity {
    uint64_t fail_at, fail_count;
    uint64_t allocations; /* out */
    bool arrived;         /* out */
};

static bool add_relays(struct memnet *net, struct memnet_relay **relays) {
    static const uint16_t threads[] = {0, 2, 1};
    for (unsigned i = 0; i < 3; i++) {
        struct relay_config config;
        memnet_relay_config(net, &config);
        config.connection_threads = threads[i];
        relays[i] = memnet_relay_add(net, &config);
        if (!relays[i])
            return false;
    }
    return true;
}

static void run_story(struct scarcity *s) {
    struct memnet_options options;
    memnet_options_default(&options);
    options.is_symbolic = true;
    struct memnet *net = memnet_new(&options);
    memnet_heap(net)->fail_at = s->fail_at;
    memnet_heap(net)->fail_count = s->fail_count;
    struct memnet_server server = {.host = "server.test",
                                   .port = 80,
                                   .sends = TRANSFER_BYTES,
                                   .sends_seed = 1,
                                   .expects = TRANSFER_BYTES,
                                   .expects_seed = 2,
                                   .closes = true};
    struct journey j = {.host = "server.test",
                        .port = 80,
                        .sends = TRANSFER_BYTES,
                        .sends_seed = 2,
                        .expects = TRANSFER_BYTES,
                        .expects_seed = 1};
    struct memnet_relay *relays[3];
    memnet_server_add(net, &server);
    if (add_relays(net, relays) && journey_begin(&j, net, relays, 3)) {
        bool is_over = memnet_run_until_set(net, &j.is_over, 200 * NSEC_PER_S);
        /* No link: the relay or the origin had no memory for it. */
        bool no_link = !memnet_client_link(j.client);
        if (!is_over && !no_link)
            fail_msg(
                "allocation %llu, %llu fail: nobody noticed (built %d, connected %d, received %llu, sent %llu)",
                (unsigned long long)s->fail_at, (unsigned long long)s->fail_count, j.is_built, j.is_connected,
                (unsigned long long)j.received, (unsigned long long)j.sent);
        assert_false(j.has_mismatch || server.has_mismatch);
        s->arrived = j.received == TRANSFER_BYTES && server.bytes_in == TRANSFER_BYTES;
        if (!no_link)
            memnet_client_turn(j.client);
        memnet_run_for(net, 5 * NSEC_PER_S);
        for (unsigned i = 0; i < 3; i++)
            assert_int_equal(memnet_relay_load(relays[i]).halves, 0);
        assert_int_equal(server.connections, server.closed);
    }
    s->allocations = memnet_heap(net)->allocations;
    if (!memnet_free(net))
        fail_msg("allocation %llu, %llu fail: a leak", (unsigned long long)s->fail_at,
                 (unsigned long long)s->fail_count);
}

static void each_allocation_fails(uint64_t count) {
    struct scarcity s = {.fail_at = 0, .fail_count = count};
    do {
        run_story(&s);
        s.fail_at++;
    } while (s.allocations >= s.fail_at && s.fail_at < ALLOCATIONS_MAX);
    assert_true(s.arrived); /* the last story had all that it asked for */
}

static void one_allocation_fails(void **state) {
    (void)state;
    each_allocation_fails(1);
}

static void five_allocations_fail(void **state) {
    (void)state;
    each_allocation_fails(5);
}

static void all_further_allocations_fail(void **state) {
    (void)state;
    each_allocation_fails(UINT64_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_allocation_fails),
        cmocka_unit_test(five_allocations_fail),
        cmocka_unit_test(all_further_allocations_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
