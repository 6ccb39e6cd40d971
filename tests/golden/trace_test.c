/* Short stories whose traces are committed, each told with real and with symbolic cryptography: the traces are the same,
 * byte for byte. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "golden/golden_file.h"
#include "memnet/journey.h"
#include "memnet/memnet.h"
#include "support/test.h"

#define RELAYS 3u

/* What the stories share: three relays with 1, 3 and 1 managers, a server, and a journey to it. */
struct stage {
    struct memnet *net;
    struct memnet_relay *relays[RELAYS];
    struct memnet_server server;
    struct journey journey;
};

static void set_up(struct stage *stage, bool is_symbolic) {
    static const uint16_t threads[RELAYS] = {1, 3, 1};
    *stage = (struct stage){0};
    struct memnet_options options;
    memnet_options_default(&options);
    options.is_symbolic = is_symbolic;
    stage->net = memnet_new(&options);
    memnet_trace_start(stage->net, true);
    for (unsigned i = 0; i < RELAYS; i++) {
        struct relay_config config;
        memnet_relay_config(stage->net, &config);
        config.connection_threads = threads[i];
        stage->relays[i] = memnet_relay_add(stage->net, &config);
        assert_non_null(stage->relays[i]);
    }
    stage->server = (struct memnet_server){.host = "server.test",
                                           .port = 80,
                                           .sends = 1500,
                                           .sends_seed = 1,
                                           .expects = 1200,
                                           .expects_seed = 2,
                                           .closes = true};
    memnet_server_add(stage->net, &stage->server);
    stage->journey = (struct journey){.host = "server.test",
                                      .port = 80,
                                      .sends = 1200,
                                      .sends_seed = 2,
                                      .expects = 1500,
                                      .expects_seed = 1};
}

static void run_for(struct stage *stage, nsec duration, const char *note) {
    memnet_run_for(stage->net, duration);
    memnet_trace_note(stage->net, note);
}

/* --- the stories -------------------------------------------------------------------------------------------------- */

static void tell_transfer(struct stage *stage) {
    struct journey *j = &stage->journey;
    assert_true(journey_begin(j, stage->net, stage->relays, 3));
    run_for(stage, 2 * NSEC_PER_S, "all is quiet");
    assert_true(j->is_over);
    assert_int_equal(j->received, 1500);
    assert_int_equal(stage->server.bytes_in, 1200);
    assert_false(j->has_mismatch || stage->server.has_mismatch);
}

/* The second relay drops the third; then the circuit grows again, to the same relay, and carries a stream. */
static void tell_truncate(struct stage *stage) {
    struct journey *j = &stage->journey;
    j->host = NULL;
    assert_true(journey_begin(j, stage->net, stage->relays, 3));
    assert_true(memnet_run_until_set(stage->net, &j->is_built, 2 * NSEC_PER_S));
    memnet_trace_note(stage->net, "truncate at the second hop");
    assert_int_equal(origin_circuit_truncate(j->circuit, memnet_now(stage->net), 1), ERR_OK);
    memnet_client_turn(j->client);
    run_for(stage, NSEC_PER_S, "extend again");
    assert_true(j->is_truncated);
    assert_int_equal(j->circuit->path.hop_count, 2);
    j->host = "server.test";
    assert_int_equal(origin_circuit_extend(j->circuit, memnet_now(stage->net), &j->path[2]), ERR_OK);
    memnet_client_turn(j->client);
    run_for(stage, 2 * NSEC_PER_S, "all is quiet");
    assert_true(j->is_over);
    assert_int_equal(j->received, 1500);
}

static void tell_unreachable(struct stage *stage) {
    struct journey *j = &stage->journey;
    memnet_relay_stop_listening(stage->relays[2]);
    assert_true(journey_begin(j, stage->net, stage->relays, 3));
    run_for(stage, 2 * NSEC_PER_S, "all is quiet");
    assert_true(j->is_closed);
    assert_false(j->is_built);
    assert_int_equal(j->close_reason, DESTROY_DESTROYED);
}

/* The origin has enough after 1500 bytes and ends the stream; the server would have gone on. */
static void tell_origin_ends(struct stage *stage) {
    struct journey *j = &stage->journey;
    stage->server = (struct memnet_server){.host = "server.test", .port = 80, .sends = 2100, .sends_seed = 1};
    j->sends = 0;
    j->is_optimistic = true;
    j->keeps_circuit = true;
    assert_true(journey_begin(j, stage->net, stage->relays, 3));
    run_for(stage, NSEC_PER_S, "the stream is over, the circuit goes");
    assert_true(j->is_over);
    assert_int_equal(stage->server.closed, 1);
    journey_finish(j);
    run_for(stage, NSEC_PER_S, "all is quiet");
}

static void tell_link_dies(struct stage *stage) {
    struct journey *j = &stage->journey;
    stage->server.sends = j->expects = 10000;
    assert_true(journey_begin(j, stage->net, stage->relays, 3));
    run_for(stage, 280 * NSEC_PER_MS, "the link between the second and the third relay breaks");
    assert_int_equal(stage->server.connections, 1);
    memnet_cut(stage->net, stage->relays[1], stage->relays[2]);
    run_for(stage, 2 * NSEC_PER_S, "all is quiet");
    assert_true(j->is_closed);
    assert_int_equal(stage->server.closed, 1);
}

/* The link of the second relay to the first moves to another thread while bytes are under way, and later back. */
static void tell_move(struct stage *stage) {
    struct journey *j = &stage->journey;
    stage->server.sends = j->expects = 10000;
    assert_true(journey_begin(j, stage->net, stage->relays, 3));
    run_for(stage, 285870 * NSEC_PER_US, "a link of the second relay moves");
    assert_true(memnet_relay_move(stage->relays[1], 0, 1));
    assert_false(memnet_relay_move(stage->relays[1], 0, 1)); /* one at a time */
    run_for(stage, 10 * NSEC_PER_MS, "and on to another thread");
    assert_true(memnet_relay_move(stage->relays[1], 0, 1));
    run_for(stage, 2 * NSEC_PER_S, "all is quiet");
    assert_true(j->is_over);
    assert_int_equal(j->received, 10000);
    assert_false(j->has_mismatch || stage->server.has_mismatch);
    assert_int_equal(memnet_relay_moves(stage->relays[1])->moved, 2);
}

/* 10 MB each way: too long to read, so its hash and its length are kept. */
static void tell_long_transfer(struct stage *stage) {
    struct journey *j = &stage->journey;
    stage->server.sends = j->expects = 10000000;
    stage->server.expects = j->sends = 10000000;
    assert_true(journey_begin(j, stage->net, stage->relays, 3));
    assert_true(memnet_run_until_set(stage->net, &j->is_over, 600 * NSEC_PER_S));
    run_for(stage, 2 * NSEC_PER_S, "all is quiet");
    assert_int_equal(j->received, 10000000);
    assert_int_equal(stage->server.bytes_in, 10000000);
}

/* --- telling them ------------------------------------------------------------------------------------------------- */

static char *tell(void (*story)(struct stage *), bool is_symbolic, bool as_hash) {
    struct stage stage;
    set_up(&stage, is_symbolic);
    story(&stage);
    for (unsigned i = 0; i < RELAYS; i++)
        assert_int_equal(memnet_relay_load(stage.relays[i]).halves, 0);
    char hash[80];
    snprintf(hash, sizeof(hash), "%" PRIu64 " lines, FNV-1a %016" PRIx64 "\n", memnet_trace_lines(stage.net),
             memnet_trace_fnv(stage.net));
    char *text = strdup(as_hash ? hash : memnet_trace_text(stage.net));
    assert_non_null(text);
    assert_true(memnet_free(stage.net));
    return text;
}

static void check(const char *file, void (*story)(struct stage *), bool as_hash) {
    char *real = tell(story, false, as_hash);
    char *symbolic = tell(story, true, as_hash);
    golden_assert_equal("real cryptography", real, "symbolic cryptography", symbolic);
    golden_assert(file, real);
    free(real);
    free(symbolic);
}

static void transfer(void **state) {
    (void)state;
    check("transfer.trace", tell_transfer, false);
}

static void origin_ends(void **state) {
    (void)state;
    check("origin_ends.trace", tell_origin_ends, false);
}

static void truncate_and_extend(void **state) {
    (void)state;
    check("truncate.trace", tell_truncate, false);
}

static void unreachable(void **state) {
    (void)state;
    check("unreachable.trace", tell_unreachable, false);
}

static void link_dies(void **state) {
    (void)state;
    check("link_dies.trace", tell_link_dies, false);
}

static void move(void **state) {
    (void)state;
    check("move.trace", tell_move, false);
}

static void long_transfer(void **state) {
    (void)state;
    check("long_transfer.trace", tell_long_transfer, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transfer),    cmocka_unit_test(origin_ends), cmocka_unit_test(truncate_and_extend),
        cmocka_unit_test(unreachable), cmocka_unit_test(link_dies),   cmocka_unit_test(long_transfer),
        cmocka_unit_test(move),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
