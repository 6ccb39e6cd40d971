/* Bounds: whoever does not read is not given more than the bounds say, and memory stays within them. */
#include "golden/village.h"
#include "memnet/journey.h"
#include "memnet/memnet.h"
#include "origin/origin_path.h"
#include "support/test.h"

#define MEGABYTE UINT64_C(1000000)
#define WINDOWS_BYTES \
    ((uint64_t)1300 * RELAY_DATA_MAX)      /* two windows of a stream, and what the edge has cut */
#define QUEUE_BYTES ((uint64_t)3000 * 600) /* the cap of 2500 cells, and a little more */

/* The client's link takes nothing; the exit's server has a lot to say. The window of the circuit is the bound. */
static void stalled_client_is_bounded_by_its_window(void **state) {
    (void)state;
    struct village v;
    village_set_up(&v, NULL);
    v.server.sends = 100 * MEGABYTE;
    village_begin_victim(&v);
    memnet_stall(v.net, v.relays[0], NULL, true);
    uint64_t before = v.victim.received;
    size_t live = memnet_heap(v.net)->live_bytes;
    memnet_run_for(v.net, 20 * NSEC_PER_S);
    /* What was on its way is answered with SENDMEs still: two windows of the stream, and what the edge may have cut. */
    assert_in_range(v.server.bytes_out, 1, before + WINDOWS_BYTES);
    assert_in_range(memnet_heap(v.net)->live_bytes, 0, live + MEGABYTE * 2);
    assert_false(v.victim.is_closed);
    memnet_stall(v.net, v.relays[0], NULL, false);
    memnet_run_for(v.net, 2 * NSEC_PER_S);
    assert_true(v.victim.received > WINDOWS_BYTES); /* and on it goes */
    village_tear_down(&v);
}

/* An exit that knows no windows: cells come for a circuit whose link is stalled until its queue is full. */
static void full_queue_closes_the_circuit(void **state) {
    (void)state;
    struct village v;
    village_set_up(&v, NULL);
    village_begin_victim(&v);
    memnet_stall(v.net, v.relays[0], NULL, true);
    size_t live = memnet_heap(v.net)->live_bytes;
    /* The first relay's circuit id towards the second is the second's towards the first: find it by trying. */
    uint32_t id = memnet_last_circuit(v.net, v.relays[0], v.relays[1]);
    for (unsigned i = 0; i < 4000; i++) {
        uint8_t cell[CELL_LEN];
        village_cell(cell, id, CELL_RELAY, NULL, 0);
        memnet_inject(v.net, v.relays[1], v.relays[0], cell, sizeof(cell));
        if (i % 50 == 0)
            memnet_run_for(v.net, NSEC_PER_MS);
    }
    memnet_run_for(v.net, NSEC_PER_S);
    assert_int_equal(memnet_relay_load(v.relays[0]).halves, 0);
    assert_int_equal(memnet_relay_load(v.relays[1]).halves, 0);
    assert_in_range(memnet_heap(v.net)->live_bytes, 0, live + QUEUE_BYTES);
    memnet_stall(v.net, v.relays[0], NULL, false);
    memnet_run_for(v.net, NSEC_PER_S);
    assert_true(v.victim.is_closed);
    assert_int_equal(v.victim.close_reason, DESTROY_RESOURCELIMIT);
    village_tear_down(&v);
}

/* The destination takes nothing: the origin sends a stream's window, and no more. */
static void stalled_server_is_bounded_by_the_stream_window(void **state) {
    (void)state;
    struct village v;
    village_set_up(&v, NULL);
    v.server.is_stalled = true;
    v.victim.sends = 10 * MEGABYTE;
    village_begin_victim(&v);
    memnet_run_for(v.net, 20 * NSEC_PER_S);
    assert_in_range(v.victim.sent, (uint64_t)490 * RELAY_DATA_MAX,
                    (uint64_t)500 * RELAY_DATA_MAX); /* not every cell is full */
    assert_int_equal(v.server.bytes_in, 0);
    assert_false(v.victim.is_closed);
    village_tear_down(&v);
}

/* Few cells in the pool of the origin: it goes slower, but everything arrives. */
static void small_pool_of_the_origin(void **state) {
    (void)state;
    struct village v;
    village_set_up(&v, NULL);
    struct origin_config config;
    memnet_origin_config(v.net, &config);
    config.cells_max = 40;
    v.server = (struct memnet_server){
        .host = "victim.test", .port = 80, .expects = 300000, .expects_seed = 3, .closes = true};
    v.victim.sends = 300000;
    v.victim.sends_seed = 3;
    assert_true(journey_begin_with(&v.victim, v.net, &config, v.relays, VILLAGE_RELAYS));
    assert_true(memnet_run_until_set(v.net, &v.victim.is_over, 60 * NSEC_PER_S));
    assert_int_equal(v.server.bytes_in, 300000);
    assert_false(v.server.has_mismatch);
    village_tear_down(&v);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stalled_client_is_bounded_by_its_window),
        cmocka_unit_test(full_queue_closes_the_circuit),
        cmocka_unit_test(stalled_server_is_bounded_by_the_stream_window),
        cmocka_unit_test(small_pool_of_the_origin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
