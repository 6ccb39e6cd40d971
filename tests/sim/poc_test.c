/* Relays that work as the published prototype does: sockets and TLS on connection threads, cells on the main thread. What they
 * relay is right, is what the closed form of the two stages says, and depends on nothing but the configuration. */
#include <inttypes.h>

#include "cost/price.h"
#include "sim/one_middle.h"
#include "sim/small_world.h"
#include "support/test.h"

/* --- a small network --------------------------------------------------------------------------------------------------- */

struct result {
    uint64_t hash;
    struct sim_totals totals;
    struct work work; /* of all relays */
};

/* All relays are prototypes with so many connection threads, every second one cutting its traffic as Loom does. */
static void set_up(struct small_world *small, uint16_t threads, const struct cost_table *prices) {
    small_world_set_up(small);
    for (unsigned i = 0; i < 2; i++) {
        small->cpus[i].mapping = COST_POC;
        small->cpus[i].prices = prices;
    }
    for (unsigned i = 0; i < SMALL_RELAYS; i++)
        small->relays[i].connection_threads = threads;
}

static void run(struct small_world *small, uint32_t engine_threads, struct result *result_out) {
    small_world_start(small);
    small_world_run(small, engine_threads);
    *result_out = (struct result){.hash = small_world_hash(small->world, &small->config),
                                  .totals = sim_world_totals(small->world)};
    for (uint32_t i = 0; i < SMALL_RELAYS; i++) {
        struct sim_relay_measure m = sim_world_relay(small->world, i);
        work_add(&result_out->work, &m.work);
    }
    small_world_tear_down(small);
}

/* What a cell costs about as tor does; crossing costs as much as that of Loom. */
static const struct cost_table some_prices = {.ps = {.cells_received = 300000,
                                                     .cells_sent = 300000,
                                                     .cells_crossed = 100000,
                                                     .aes_bytes = 400,
                                                     .wakes = 4000000,
                                                     .mailbox_flushes = 300000,
                                                     .tls_records_read = 600000,
                                                     .tls_records_written = 600000,
                                                     .tls_bytes_read = 400,
                                                     .tls_bytes_written = 400,
                                                     .handshakes_link = 800000000,
                                                     .reads = 1500000,
                                                     .writes = 1500000,
                                                     .loop_turns = 300000},
                                              .smt_permille = 1000};

static void test_files_come_whole(void **state) {
    (void)state;
    struct small_world small;
    struct result result;
    set_up(&small, 3, &some_prices);
    small_world_start(&small);
    small_world_run(&small, 1);
    for (uint32_t i = 0; i < small.config.client_count; i++) {
        struct sim_client_measure m = sim_world_client(small.world, i);
        for (uint64_t j = 0; j < m.transfer_count; j++)
            if (m.transfers[j].outcome == SIM_OUTCOME_DONE)
                assert_int_equal(m.transfers[j].bytes, small.files[m.transfers[j].file].bytes);
    }
    small_world_tear_down(&small);
    set_up(&small, 3, &some_prices);
    run(&small, 1, &result);
    assert_true(result.totals.transfers_done > 50);
    assert_int_equal(result.totals.transfers_failed, 0);
    assert_int_equal(result.totals.circuits_failed, 0);
}

/* Each cell crosses to the main thread when it has come from a link, and from there when it goes to one. */
static void test_each_cell_crosses_twice(void **state) {
    (void)state;
    struct small_world small;
    struct result result;
    set_up(&small, 3, NULL);
    run(&small, 1, &result);
    const struct work *work = &result.work;
    const uint64_t cells = work->cells_received + work->cells_sent;
    assert_in_range(work->cells_crossed, cells * 99 / 100,
                    cells * 101 / 100); /* link handshakes cross as bytes */
    assert_true(work->wakes > 0 && work->wakes < work->mailbox_flushes + work->controls_posted);
    assert_true(work->mailbox_flushes < cells); /* a batch has more than a cell */
    set_up(&small, 0, NULL);
    run(&small, 1, &result);
    assert_int_equal(result.work.cells_crossed, 0);
}

static void test_threads_and_partitions_are_not_seen(void **state) {
    (void)state;
    static const struct { uint32_t threads, partitions; } cases[] = {{2, 0}, {4, 0}, {1, 1}};
    struct small_world small;
    struct result first, other;
    set_up(&small, 3, &some_prices);
    run(&small, 1, &first);
    for (unsigned i = 0; i < COUNT(cases); i++) {
        set_up(&small, 3, &some_prices);
        small.config.partitions = cases[i].partitions;
        run(&small, cases[i].threads, &other);
        assert_memory_equal(&other.totals, &first.totals, sizeof first.totals);
        assert_true(other.hash == first.hash);
    }
}

static void test_without_connection_threads_it_is_any_relay_with_one(void **state) {
    (void)state;
    struct small_world small;
    struct result prototype, full;
    set_up(&small, 0, &some_prices);
    run(&small, 1, &prototype);
    set_up(&small, 0, &some_prices);
    small.cpus[0].mapping = small.cpus[1].mapping = COST_FULL;
    run(&small, 1, &full);
    assert_true(prototype.hash == full.hash);
}

/* Each fetch has circuits and links of its own, that close long before the next. */
static void test_links_come_and_go(void **state) {
    (void)state;
    struct small_world small;
    set_up(&small, 3, &some_prices);
    small.loads[0].pause = 400 * NSEC_PER_S;
    small.loads[0].circuit_age_max = 0;
    small.loads[0].file_count = 1;
    small.loads[0].is_exponential = false;
    small.config.end = 1200 * NSEC_PER_S;
    small_world_start(&small);
    small_world_run(&small, 1);
    struct sim_totals totals = sim_world_totals(small.world);
    struct work work = {0};
    for (uint32_t i = 0; i < SMALL_RELAYS; i++) {
        struct sim_relay_measure m = sim_world_relay(small.world, i);
        work_add(&work, &m.work);
    }
    assert_true(totals.transfers_done > 10);
    assert_int_equal(totals.transfers_failed, 0);
    assert_true(work.handshakes_link > totals.links);
    small_world_tear_down(&small);
}

/* Wherever memory runs out: no world, or a run that says so; and everything is given back. */
static void test_out_of_memory(void **state) {
    (void)state;
    struct small_world small;
    unsigned stopped = 0;
    for (size_t allowed = 100; allowed < 20000; allowed += allowed / 8) {
        set_up(&small, 3, &some_prices);
        small.config.end = 3 * NSEC_PER_S;
        atomic_store(&small.heap.allocations_left, allowed);
        small.world = sim_world_new(&small.config);
        if (small.world)
            stopped += sim_world_run(small.world, small.config.end, 1) == ERR_LIMIT;
        small_world_tear_down(&small);
    }
    assert_true(stopped > 5);
}

static void test_prices_of_nothing_are_no_prices(void **state) {
    (void)state;
    static const struct cost_table free_of_charge = {.smt_permille = 1000};
    struct small_world small;
    struct result without, with;
    set_up(&small, 3, NULL);
    run(&small, 1, &without);
    set_up(&small, 3, &free_of_charge);
    run(&small, 1, &with);
    assert_true(without.hash == with.hash);
}

/* --- one relay that is busy -------------------------------------------------------------------------------------------- */

/* What a cell takes of the main thread and of connection threads. */
struct prices {
    nsec main_ns, socket_ns;
};

/* Time that the threads of the relay in the middle worked in its second second, and in all, and what they did in all. */
struct busy {
    nsec main, sockets;
    nsec main_in_all, sockets_in_all;
    struct work work;
};

static struct busy sum_up(const struct sim_relay_measure *m, uint16_t threads) {
    struct busy busy = {.main = m->thread_busy[m->thread_count], .work = m->work};
    busy.main_in_all = m->threads[0].busy;
    for (uint16_t i = 1; i <= threads; i++) {
        busy.sockets += m->thread_busy[m->thread_count + i];
        busy.sockets_in_all += m->threads[i].busy;
    }
    return busy;
}

static struct busy relay_cells(uint16_t threads, uint16_t cores, struct prices of_cell) {
    const struct cost_table prices = {
        .ps = {.cells_received = of_cell.main_ns * COST_PS_PER_NS / 2,
               .cells_sent = of_cell.main_ns * COST_PS_PER_NS / 2,
               .tls_bytes_read = of_cell.socket_ns * COST_PS_PER_NS / 2 / CELL_LEN,
               .tls_bytes_written = of_cell.socket_ns * COST_PS_PER_NS / 2 / CELL_LEN},
        .smt_permille = 1000};
    struct one_middle plant;
    one_middle_init(&plant, cores, &prices, 0, 2 * NSEC_PER_S);
    plant.cpus[1].mapping = COST_POC;
    plant.relays[MIDDLE].connection_threads = threads;
    for (uint32_t i = 0; i < FLOWS; i++) {
        plant.clients[i].start =
            i / threads * 20 * NSEC_PER_MS; /* both links of a flow are on the same thread */
        plant.clients[i].sessions = 8;      /* enough that a window of one is never all that there is */
    }
    struct sim_world *world = sim_world_new(&plant.config);
    assert_non_null(world);
    assert_int_equal(sim_world_run(world, plant.config.end, 1), ERR_OK);
    struct sim_relay_measure m = sim_world_relay(world, MIDDLE);
    struct busy busy = sum_up(&m, threads);
    sim_world_free(world);
    assert_int_equal(atomic_load(&plant.heap.live_bytes), 0);
    return busy;
}

static void assert_near(uint64_t value, uint64_t expected) {
    assert_in_range(value, expected * 99 / 100, expected * 101 / 100);
}

/* The slowest stage is always busy: the main thread, or all connection threads, or all cores. Each thread pays for what it
 * does, and for no more: so the relay carries busy / price cells in that second, and min(...) / price is the closed form. */
static void test_the_slowest_stage_is_always_busy(void **state) {
    (void)state;
    enum stage { MAIN, SOCKETS, CORES };
    static const struct {
        uint16_t threads, cores;
        struct prices of_cell;
        enum stage slowest;
    } cases[] = {
        {1, 2, {20000, 10000}, MAIN},    {4, 8, {20000, 40000}, MAIN},    {1, 8, {10000, 40000}, SOCKETS},
        {2, 8, {10000, 40000}, SOCKETS}, {8, 8, {10000, 40000}, MAIN},    {4, 1, {10000, 20000}, CORES},
        {8, 2, {4000, 60000}, CORES},    {16, 16, {10000, 100000}, MAIN},
    };
    for (unsigned i = 0; i < COUNT(cases); i++) {
        struct busy busy = relay_cells(cases[i].threads, cases[i].cores, cases[i].of_cell);
        const struct work *work = &busy.work;
        const nsec sum = busy.main + busy.sockets;
        switch (cases[i].slowest) {
        case MAIN: assert_near(busy.main, NSEC_PER_S); break;
        case SOCKETS: assert_near(busy.sockets, cases[i].threads * NSEC_PER_S); break;
        case CORES: assert_near(sum, cases[i].cores * NSEC_PER_S); break;
        }
        assert_near(busy.main_in_all,
                    (work->cells_received + work->cells_sent) * cases[i].of_cell.main_ns / 2);
        assert_near(busy.sockets_in_all, (work->tls_bytes_read + work->tls_bytes_written) *
                                             cases[i].of_cell.socket_ns / 2 / CELL_LEN);
        assert_near(work->cells_received * CELL_LEN, work->bytes_received);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_come_whole),
        cmocka_unit_test(test_each_cell_crosses_twice),
        cmocka_unit_test(test_threads_and_partitions_are_not_seen),
        cmocka_unit_test(test_without_connection_threads_it_is_any_relay_with_one),
        cmocka_unit_test(test_links_come_and_go),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_prices_of_nothing_are_no_prices),
        cmocka_unit_test(test_the_slowest_stage_is_always_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
