/* A relay in the middle with two threads, where all that is heavy has come to one of them: in turn, it stays so; moving, both
 * come to work, and nothing is lost on the way. */
#include <inttypes.h>

#include "sim/one_middle.h"
#include "support/test.h"

/* Two flows at a time: the light one's link comes before the heavy one's circuit goes on. So, in turn, links of heavy ones have
 * one thread, into the relay and out of it, and links of light ones the other. */
#define NEXT       (100 * NSEC_PER_US)
#define LIGHT_RATE 20000u
#define PRICE      (50 * NSEC_PER_US) /* of a cell in, and of a cell out */
#define WARM_UP    (14 * NSEC_PER_S)  /* loads become known, and links move, one a second */
#define LENGTH     (4 * NSEC_PER_S)

static const struct cost_table prices = {
    .ps = {.cells_received = PRICE * COST_PS_PER_NS, .cells_sent = PRICE * COST_PS_PER_NS},
    .smt_permille = 1000};
static void set_up(struct one_middle *plant, enum balance_policy policy) {
    one_middle_init(plant, 3, &prices, WARM_UP, LENGTH);
    plant->relays[MIDDLE].connection_threads = 2;
    plant->relays[MIDDLE].balancing = policy;
    for (uint32_t i = 0; i < FLOWS; i++) {
        plant->clients[i].start = i / 2 * (100 * NSEC_PER_MS) + i % 2 * NEXT;
        if (i % 2)
            plant->clients[i].line_rate = LIGHT_RATE;
    }
}

struct outcome {
    uint64_t cells; /* relayed in LENGTH */
    uint64_t moves;
    uint64_t bytes; /* that clients have received */
};

static struct outcome run(enum balance_policy policy, uint32_t threads) {
    struct one_middle plant;
    struct outcome outcome = {0};
    set_up(&plant, policy);
    struct sim_world *world = sim_world_new(&plant.config);
    assert_non_null(world);
    uint64_t before = one_middle_cells_handled(world, WARM_UP, threads);
    outcome.cells = (one_middle_cells_handled(world, WARM_UP + LENGTH, threads) - before) / 2;
    outcome.moves = sim_world_relay(world, MIDDLE).moves;
    for (uint32_t i = 0; i < FLOWS; i++)
        outcome.bytes += sim_world_client(world, i).bytes_received;
    assert_int_equal(sim_world_totals(world).circuits_failed, 0);
    assert_int_equal(sim_world_totals(world).transfers_failed, 0);
    print_message("policy %d: %" PRIu64 " cells, %" PRIu64 " moves\n", policy, outcome.cells, outcome.moves);
    sim_world_free(world);
    assert_int_equal(atomic_load(&plant.heap.live_bytes), 0);
    return outcome;
}

static void test_moving_sets_both_threads_to_work(UNUSED void **state) {
    const uint64_t one_thread = LENGTH / (2 * PRICE);
    struct outcome in_turn = run(BALANCE_ROUND_ROBIN, 1), moving = run(BALANCE_MOVING, 1);
    assert_true(in_turn.cells < one_thread * 15 / 10);
    assert_int_equal(in_turn.moves, 0);
    assert_true(moving.cells > one_thread * 18 / 10);
    assert_in_range(moving.moves, 1, 12);
}

/* The light links are few cells: what came before the heavy ones were known is not undone. */
static void test_links_that_are_there_stay_without_moves(UNUSED void **state) {
    struct outcome in_turn = run(BALANCE_ROUND_ROBIN, 1), least_busy = run(BALANCE_LEAST_BUSY, 1);
    assert_in_range(least_busy.cells, in_turn.cells * 9 / 10, in_turn.cells * 11 / 10);
}

static void test_the_same_whatever_the_threads_of_the_engine(UNUSED void **state) {
    struct outcome one = run(BALANCE_MOVING, 1), two = run(BALANCE_MOVING, 2);
    assert_memory_equal(&one, &two, sizeof one);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moving_sets_both_threads_to_work),
        cmocka_unit_test(test_links_that_are_there_stay_without_moves),
        cmocka_unit_test(test_the_same_whatever_the_threads_of_the_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
