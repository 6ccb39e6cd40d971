/* What Vegas does that windows cannot: fill a path with much room and a long way. */
#include <stdio.h>

#include "sim/small_world.h"
#include "support/test.h"
#include "wire/relay_cell.h"

#define FILE_BYTES UINT64_C(16777216)
#define FETCHES    3u
#define WINDOW     500u /* cells of a stream on their way (tor-spec 7.4) */
/* There and back: client to guard, guard to middle and middle to exit are each 40 ms, or nothing like it comes. */
#define ROUND_TRIP (2 * 3 * 40 * NSEC_PER_MS)

/* Bytes a second of the fetches, one after the other: all bytes over all the time from the first byte to the last. */
static uint64_t goodput(enum sim_congestion congestion_control, bool wants_cgo) {
    static const uint32_t path[3] = {0, 1, 4};
    struct small_world small;
    small_world_set_up(&small);
    small.config.congestion_control = congestion_control;
    small.config.wants_cgo = wants_cgo;
    small.config.client_count = 1;
    small.clients[0].sessions = 1;
    small.clients[0].country = 1;
    small.clients[0].path = path;
    small.files[0] = (struct sim_file){.bytes = FILE_BYTES, .weight = 1};
    small.loads[0].file_count = 1;
    small.loads[0].circuit_age_max = 0;
    small.config.end = 100 * NSEC_PER_S;
    small_world_start(&small);
    small_world_run(&small, 1);
    struct sim_client_measure m = sim_world_client(small.world, 0);
    assert_true(m.transfer_count >= FETCHES);
    nsec took = 0;
    for (unsigned i = 0; i < FETCHES; i++) {
        assert_int_equal(m.transfers[i].outcome, SIM_OUTCOME_DONE);
        assert_int_equal(m.transfers[i].bytes, FILE_BYTES);
        took += m.transfers[i].last_byte - m.transfers[i].first_byte;
    }
    small_world_tear_down(&small);
    return FETCHES * FILE_BYTES * 1000 / (took / NSEC_PER_MS);
}

/* With windows no more than 500 cells are on their way, whatever the path has room for; Vegas asks the path. The simulation is
 * the same each time, so these are facts of the core, not measurements. */
static void vegas_fills_a_long_path(void **state) {
    (void)state;
    const uint64_t law = WINDOW * RELAY_DATA_MAX * NSEC_PER_S / ROUND_TRIP;
    uint64_t windows = goodput(SIM_CONGESTION_WINDOWS, false);
    uint64_t vegas = goodput(SIM_CONGESTION_VEGAS, false);
    uint64_t cgo = goodput(SIM_CONGESTION_VEGAS, true);
    printf("kB/s of a 16 MiB file over 240 ms: windows %ju, vegas %ju, vegas and CGO %ju\n",
           (uintmax_t)(windows / 1000), (uintmax_t)(vegas / 1000), (uintmax_t)(cgo / 1000));
    assert_in_range(windows, law * 8 / 10, law * 101 / 100);
    assert_true(vegas > windows);
    assert_true(cgo > windows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vegas_fills_a_long_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
