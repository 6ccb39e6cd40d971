/* A relay in the middle that does nothing but cells, each for the same price, and more clients than it can serve: it relays
 * what its threads and cores can do, min(threads, cores) / price, and no more. */
#include <inttypes.h>

#include "sim/one_middle.h"
#include "support/test.h"

#define PRICE   (10 * NSEC_PER_US) /* of a cell in, and of a cell out */
#define WARM_UP NSEC_PER_S
#define LENGTH  NSEC_PER_S
#define SMT     1633u /* permille */

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

/* What a machine with hyperthreads, too few cores, or softirqs does in a second, in cores. */
static uint64_t busy_cores_permille(const struct sim_cpu *machine, uint16_t threads,
                                    uint32_t softirq_permille) {
    const uint64_t price_ps = 20 * NSEC_PER_US * COST_PS_PER_NS;
    struct cost_table table = {
        .ps = {.tls_bytes_read = price_ps / CELL_LEN, .tls_bytes_written = price_ps / CELL_LEN},
        .smt_permille = machine->threads_per_core == 2 ? SMT : 1000,
        .softirq_permille = softirq_permille};
    struct one_middle plant;
    one_middle_init(&plant, machine->cores, &table, WARM_UP, LENGTH);
    plant.cpus[1].threads_per_core = machine->threads_per_core;
    plant.cpus[1].placement = machine->placement;
    plant.cpus[1].softirq_queues = machine->softirq_queues;
    plant.relays[MIDDLE].connection_threads = threads;
    for (uint32_t i = 0; i < FLOWS; i++)
        plant.clients[i].sessions = 6; /* so that each thread always has something to do */
    struct sim_world *world = sim_world_new(&plant.config);
    assert_non_null(world);
    assert_int_equal(sim_world_run(world, WARM_UP, 1), ERR_OK);
    struct work before = sim_world_relay(world, MIDDLE).work;
    assert_int_equal(sim_world_run(world, WARM_UP + LENGTH, 1), ERR_OK);
    struct work after = sim_world_relay(world, MIDDLE).work;
    sim_world_free(world);
    assert_int_equal(atomic_load(&plant.heap.live_bytes), 0);
    uint64_t bytes =
        after.tls_bytes_read + after.tls_bytes_written - before.tls_bytes_read - before.tls_bytes_written;
    return bytes * (price_ps / CELL_LEN) / COST_PS_PER_NS * 1000 / LENGTH;
}

static void test_machines_do_what_their_closed_form_says(void **state) {
    (void)state;
    static const struct {
        struct sim_cpu machine;
        uint16_t threads;
        uint32_t softirq_permille;
        uint64_t cores_permille;
    } cases[] = {
        {{.cores = 2, .threads_per_core = 1}, 3, 0, 2000}, /* one thread more than there are cores */
        {{.cores = 4, .threads_per_core = 1}, 5, 0, 4000},
        {{.cores = 1, .threads_per_core = 2}, 2, 0, 2000000 / SMT}, /* a pair of hyperthreads */
        {{.cores = 3, .threads_per_core = 2}, 16, 0, 3 * 2000000 / SMT},
        {{.cores = 3, .threads_per_core = 2, .placement = SIM_PINNED}, 12, 0, 3 * 2000000 / SMT},
        {{.cores = 2, .threads_per_core = 1}, 0, 400, 1000000 / 600}, /* the kernel's part on another core */
        {{.cores = 1, .threads_per_core = 1}, 0, 400, 1000},          /* and on the same */
        {{.cores = 4, .threads_per_core = 1, .softirq_queues = 1}, 4, 400, 2500}, /* one core is full of it */
        {{.cores = 4, .threads_per_core = 1, .softirq_queues = 4}, 4, 400, 4000},
    };
    for (unsigned i = 0; i < COUNT(cases); i++) {
        uint64_t cores = busy_cores_permille(&cases[i].machine, cases[i].threads, cases[i].softirq_permille);
        print_message("%u threads on %u cores of %u: %" PRIu64 " permille of a core, closed form %" PRIu64
                      "\n",
                      cases[i].threads, cases[i].machine.cores, cases[i].machine.threads_per_core, cores,
                      cases[i].cores_permille);
        assert_in_range(cores, cases[i].cores_permille * 99 / 100, cases[i].cores_permille * 101 / 100);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_throughput_is_that_of_the_closed_form),
        cmocka_unit_test(test_links_have_the_cipher_that_the_middle_wants),
        cmocka_unit_test(test_machines_do_what_their_closed_form_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
