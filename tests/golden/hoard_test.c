/* Memory under attack: clients who download and do not read, beside others who do, over a relay with few cells. The
 * circuits of the first close, the others' bytes arrive, and the relay never has more cells than it may. */
#include "base/attributes.h"
#include "memnet/journey.h"
#include "memnet/memnet.h"
#include "support/test.h"

#define HOGS        40u
#define INNOCENTS   20u
#define GUARD_CELLS 4000u        /* of each of two managers; a hog's windows are 500 cells */
#define WINDOW      (32u * 1024) /* bursts are small beside the pool */
#define HOG_BYTES   (UINT64_C(100) << 20)
#define FAIR_BYTES  UINT64_C(300000)

struct story {
    struct memnet *net;
    struct memnet_relay *relays[3];
    struct memnet_server big, fair;
    struct journey hogs[HOGS], innocents[INNOCENTS];
};

static void set_up(struct story *s) {
    struct memnet_options options;
    memnet_options_default(&options);
    options.is_symbolic = true;
    options.window = WINDOW;
    *s = (struct story){.net = memnet_new(&options)};
    for (unsigned i = 0; i < 3; i++) {
        struct relay_config config;
        memnet_relay_config(s->net, &config);
        config.connection_threads = 2;
        if (i == 0)
            config.cells_max_per_manager = GUARD_CELLS;
        s->relays[i] = memnet_relay_add(s->net, &config);
        assert_non_null(s->relays[i]);
    }
    s->big = (struct memnet_server){.host = "big.test", .port = 80, .sends = HOG_BYTES, .sends_seed = 1};
    s->fair = (struct memnet_server){
        .host = "fair.test", .port = 80, .sends = FAIR_BYTES, .sends_seed = 2, .closes = true};
    memnet_server_add(s->net, &s->big);
    memnet_server_add(s->net, &s->fair);
}

static void begin(struct story *s, struct journey *j, unsigned count, const struct memnet_server *server) {
    for (unsigned i = 0; i < count; i++) {
        j[i] = (struct journey){.host = server->host,
                                .port = server->port,
                                .expects = server->sends,
                                .expects_seed = server->sends_seed};
        assert_true(journey_begin(&j[i], s->net, s->relays, 3));
    }
}

static void who_does_not_read_makes_room_for_who_does(UNUSED void **state) {
    struct story s;
    set_up(&s);
    begin(&s, s.hogs, HOGS, &s.big);
    for (unsigned i = 0; i < HOGS; i++)
        assert_true(memnet_run_until_set(s.net, &s.hogs[i].is_connected, 10 * NSEC_PER_S));
    begin(&s, s.innocents, INNOCENTS, &s.fair);
    for (unsigned i = 0; i < INNOCENTS; i++)
        assert_true(memnet_run_until_set(s.net, &s.innocents[i].link_is_open, 10 * NSEC_PER_S));
    for (unsigned i = 0; i < HOGS; i++)
        memnet_client_stall(s.hogs[i].client, true);
    for (unsigned i = 0; i < INNOCENTS; i++) {
        assert_true(memnet_run_until_set(s.net, &s.innocents[i].is_over, 60 * NSEC_PER_S));
        assert_false(s.innocents[i].is_closed);
        assert_int_equal(s.innocents[i].received, FAIR_BYTES);
    }
    assert_true(memnet_relay_load(s.relays[0]).cells_reclaimed > GUARD_CELLS / 8);
    unsigned closed = 0;
    for (unsigned i = 0; i < HOGS; i++) {
        memnet_client_stall(s.hogs[i].client, false);
        memnet_run_for(s.net, NSEC_PER_MS);
    }
    memnet_run_for(s.net, NSEC_PER_S);
    for (unsigned i = 0; i < HOGS; i++) {
        closed += s.hogs[i].is_closed;
        journey_finish(&s.hogs[i]);
    }
    assert_in_range(closed, HOGS / 4, HOGS); /* 40 * 500 cells where 2 * 3000 may wait */
    memnet_run_for(s.net, 10 * NSEC_PER_S);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(memnet_relay_load(s.relays[i]).halves, 0);
    assert_true(memnet_free(s.net));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_does_not_read_makes_room_for_who_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
