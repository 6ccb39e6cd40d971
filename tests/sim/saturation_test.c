/* A relay in the middle that does nothing but cells, each for the same price, and more clients than it can serve: it relays
 * what its threads and cores can do, min(threads, cores) / price, and no more. */
#include <inttypes.h>

#include "sim/one_middle.h"
#include "support/test.h"

#define PRICE   (10 * NSEC_PER_US) /* of a cell in, and of a cell out */
#define WARM_UP NSEC_PER_S
#define LENGTH  NSEC_PER_S

static const struct cost_table prices = {
    .ps = {.cells_received = PRICE * COST_PS_PER_NS, .cells_sent = PRICE * COST_PS_PER_NS},
    .smt_permille = 1000};
/* Links go to threads in turn. Together: all guards', then all exits': a circuit stays on its thread. One after the other:
 * guard, exit, guard, exit: each circuit has its halves on two threads, if there are two. */
static void set_up(struct one_middle *plant, uint16_t threads, uint16_t cores, bool together) {
    one_middle_init(plant, cores, &prices, WARM_UP, LENGTH);
    plant->relays[MIDDLE].connection_threads = threads;
    for (uint32_t i = 0; i < FLOWS; i++) {
        plant->clients[i].start = together ? 0 : i * 100 * NSEC_PER_MS;
        plant->clients[i].sessions = 4; /* a thread has work while bursts of the others are on their way */
    }
}

static void check(uint16_t threads, uint16_t cores, bool together) {
    struct one_middle plant;
    set_up(&plant, threads, cores, together);
    struct sim_world *world = sim_world_new(&plant.config);
    assert_non_null(world);
    uint64_t before = one_middle_cells_handled(world, WARM_UP, 1);
    uint64_t cells = (one_middle_cells_handled(world, WARM_UP + LENGTH, 1) - before) / 2;
    uint64_t at_once = threads == 0 ? 1 : threads < cores ? threads : cores;
    uint64_t expected = at_once * LENGTH / (2 * PRICE);
    print_message("%u threads on %u cores%s: %" PRIu64 " cells/s, closed form %" PRIu64 "\n", threads, cores,
                  together ? ", circuits on one thread" : "", cells, expected);
    sim_world_free(world);
    assert_int_equal(atomic_load(&plant.heap.live_bytes), 0);
    assert_in_range(cells, expected * 99 / 100, expected * 101 / 100);
}

static void test_throughput_is_that_of_the_closed_form(void **state) {
    (void)state;
    static const uint16_t threads[] = {0, 1, 2, 4}, cores[] = {1, 2, 4};
    for (unsigned i = 0; i < 4; i++)
        for (unsigned j = 0; j < 3; j++) {
            if (threads[i] > 1)
                check(threads[i], cores[j], true);
            check(threads[i], cores[j], false);
        }
}

/* All links lead to the middle; guards and exits, and their clients, are content with AES. */
static void test_links_have_the_cipher_that_the_middle_wants(void **state) {
    (void)state;
    static const enum link_cipher wanted[] = {LINK_AES256, LINK_CHACHA};
    for (unsigned i = 0; i < 2; i++) {
        struct one_middle plant;
        one_middle_init(&plant, 1, &prices, WARM_UP, LENGTH);
        plant.cpus[1].cipher = wanted[i];
        struct sim_world *world = sim_world_new(&plant.config);
        assert_non_null(world);
        assert_int_equal(sim_world_run(world, WARM_UP, 1), ERR_OK);
        struct work middle = sim_world_relay(world, MIDDLE).work, guard = sim_world_relay(world, 0).work;
        sim_world_free(world);
        uint64_t bytes = middle.tls_bytes_read + middle.tls_bytes_written;
        assert_true(bytes > 0 && guard.tls_aes256_bytes > 0);
        assert_int_equal(wanted[i] == LINK_CHACHA ? middle.tls_chacha_bytes : middle.tls_aes256_bytes, bytes);
        assert_int_equal(middle.tls_chacha_bytes + middle.tls_aes256_bytes, bytes);
        assert_int_equal(guard.tls_chacha_bytes > 0, wanted[i] == LINK_CHACHA);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_throughput_is_that_of_the_closed_form),
        cmocka_unit_test(test_links_have_the_cipher_that_the_middle_wants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
