/* A small network: what it does, and that nothing but its configuration decides that. */
#include "sim/small_world.h"

#include <string.h>

#include "cost/price.h"
#include "memnet/relay_identity.h"
#include "native/openssl_provider.h"
#include "sim/sim_identity.h"
#include "support/test.h"

/* What a run left behind. */
struct result {
    uint64_t hash;
    uint64_t traces[SMALL_RELAYS];
    struct sim_totals totals;
    struct work work; /* of all relays */
};

/* What clients ask for. */
static const struct asked {
    enum sim_congestion congestion_control;
    bool wants_cgo;
} asked[] = {{SIM_CONGESTION_WINDOWS, false}, {SIM_CONGESTION_VEGAS, false}, {SIM_CONGESTION_VEGAS, true}};

static void ask(struct small_world *small, const struct asked *what) {
    small->config.congestion_control = what->congestion_control;
    small->config.wants_cgo = what->wants_cgo;
}

/* A transfer that is done has brought all bytes of its file, and no transfer more. */
static void expect_whole_files(const struct small_world *small) {
    for (uint32_t i = 0; i < small->config.client_count; i++) {
        struct sim_client_measure m = sim_world_client(small->world, i);
        for (uint64_t j = 0; j < m.transfer_count; j++) {
            uint64_t length = small->files[m.transfers[j].file].bytes;
            if (m.transfers[j].outcome == SIM_OUTCOME_DONE)
                assert_int_equal(m.transfers[j].bytes, length);
            else
                assert_true(m.transfers[j].bytes < length);
        }
    }
}

static void run(struct small_world *small, uint32_t threads, struct result *result_out) {
    small_world_start(small);
    small_world_run(small, threads);
    result_out->hash = small_world_hash(small->world, &small->config);
    memcpy(result_out->traces, small->traces, sizeof small->traces);
    result_out->totals = sim_world_totals(small->world);
    result_out->work = (struct work){0};
    for (uint32_t i = 0; i < small->config.relay_count; i++) {
        struct sim_relay_measure m = sim_world_relay(small->world, i);
        work_add(&result_out->work, &m.work);
    }
    expect_whole_files(small);
    small_world_tear_down(small);
}

static void expect_same_trace(const struct result *a, const struct result *b) {
    assert_memory_equal(&a->totals, &b->totals, sizeof a->totals);
    assert_memory_equal(a->traces, b->traces, sizeof a->traces);
}

static void expect_same(const struct result *a, const struct result *b) {
    expect_same_trace(a, b);
    assert_true(a->hash == b->hash);
}

static void clients_fetch_files(const struct asked *what) {
    struct small_world small;
    struct result result;
    small_world_set_up(&small);
    ask(&small, what);
    run(&small, 1, &result);
    assert_true(result.totals.transfers_done > 50);
    assert_int_equal(result.totals.transfers_failed, 0);
    assert_int_equal(result.totals.circuits_failed, 0);
    assert_true(result.totals.circuits_built > 10);
    assert_true(result.totals.cells_relayed > 100000);
    for (unsigned i = 0; i < SMALL_RELAYS; i++)
        assert_true(small.trace_lines[i] > 100);
    const uint64_t circuits = result.totals.circuits_built;
    const bool is_vegas = what->congestion_control == SIM_CONGESTION_VEGAS;
    assert_int_equal(result.work.circuits_congestion_control, is_vegas ? circuits : 0);
    assert_int_equal(result.work.circuits_cgo, what->wants_cgo ? circuits : 0);
}

static void test_clients_fetch_files(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(asked); i++)
        clients_fetch_files(&asked[i]);
}

/* Time of all threads when a handshake of each kind costs so much. */
static nsec busy_with(const struct asked *what, uint64_t ntor_ps, uint64_t ntor_v3_ps) {
    const struct cost_table prices = {.ps = {.handshakes_ntor = ntor_ps, .handshakes_ntor_v3 = ntor_v3_ps},
                                      .smt_permille = 1000};
    struct small_world small;
    nsec busy = 0;
    small_world_set_up(&small);
    ask(&small, what);
    small.cpus[0].prices = small.cpus[1].prices = &prices;
    small_world_start(&small);
    small_world_run(&small, 1);
    for (uint32_t i = 0; i < small.config.relay_count; i++) {
        struct sim_relay_measure m = sim_world_relay(small.world, i);
        for (uint32_t j = 0; j < m.thread_count; j++)
            busy += m.threads[j].busy;
    }
    assert_true(busy == 0 || busy >= 3 * sim_world_totals(small.world).circuits_built * NSEC_PER_US);
    small_world_tear_down(&small);
    return busy;
}

/* With windows each hop is asked by ntor, with Vegas each by ntor-v3; relays pay for the one and not for the other. */
static void test_each_hop_is_asked_in_the_same_way(void **state) {
    (void)state;
    const uint64_t a_microsecond = NSEC_PER_US * COST_PS_PER_NS;
    for (size_t i = 0; i < COUNT(asked); i++) {
        const bool is_vegas = asked[i].congestion_control == SIM_CONGESTION_VEGAS;
        assert_int_equal(busy_with(&asked[i], a_microsecond, 0) > 0, !is_vegas);
        assert_int_equal(busy_with(&asked[i], 0, a_microsecond) > 0, is_vegas);
    }
}

/* Country 0 and 1 are 40 ms apart, each 5 ms wide. */
static void test_times_are_those_of_the_path(void **state) {
    (void)state;
    struct small_world small;
    small_world_set_up(&small);
    small.config.client_count = 1;
    for (unsigned i = 0; i < SMALL_RELAYS; i++)
        small.relays[i].country = 0;
    small.clients[0].sessions = 1;
    small.files[0].bytes = 10000; /* one flight of TCP */
    small.loads[0].file_count = 1;
    small_world_start(&small);
    small_world_run(&small, 1);
    struct sim_client_measure m = sim_world_client(small.world, 0);
    assert_true(m.transfer_count > 3);
    const nsec circuit = 2 * 3 * 5 * NSEC_PER_MS, server = 2 * 40 * NSEC_PER_MS;
    for (uint64_t i = 0; i < m.transfer_count; i++) {
        const struct sim_transfer *t = &m.transfers[i];
        if (t->outcome == SIM_OUTCOME_UNFINISHED)
            continue;
        assert_int_equal(t->outcome, SIM_OUTCOME_DONE);
        assert_int_equal(t->bytes, 10000);
        assert_in_range(t->connected - t->asked, circuit + server, circuit + server + NSEC_PER_MS);
        assert_in_range(t->first_byte - t->connected, circuit + server, circuit + server + 2 * NSEC_PER_MS);
    }
    small_world_tear_down(&small);
}

static void threads_and_partitions_are_not_seen(const struct asked *what) {
    static const struct { uint32_t threads, partitions; } cases[] = {{2, 0}, {1, 1}, {2, 2}, {2, 9}};
    struct small_world small;
    struct result first, other;
    small_world_set_up(&small);
    ask(&small, what);
    run(&small, 1, &first);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        small_world_set_up(&small);
        ask(&small, what);
        small.config.partitions = cases[i].partitions;
        run(&small, cases[i].threads, &other);
        expect_same(&first, &other);
    }
}

static void test_threads_and_partitions_are_not_seen(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(asked); i++)
        threads_and_partitions_are_not_seen(&asked[i]);
}

static void test_slices_are_not_seen(void **state) {
    (void)state;
    struct small_world small;
    struct result whole, sliced;
    small_world_set_up(&small);
    run(&small, 1, &whole);
    small_world_set_up(&small);
    small_world_start(&small);
    for (nsec until = 0; until < small.config.end; until += 777 * NSEC_PER_MS)
        assert_int_equal(sim_world_run(small.world, until, 1), ERR_OK);
    small_world_run(&small, 1);
    sliced.hash = small_world_hash(small.world, &small.config);
    sliced.totals = sim_world_totals(small.world);
    memcpy(sliced.traces, small.traces, sizeof small.traces);
    small_world_tear_down(&small);
    expect_same(&whole, &sliced);
}

static void test_another_seed_is_another_run(void **state) {
    (void)state;
    struct small_world small;
    struct result first, other;
    small_world_set_up(&small);
    run(&small, 1, &first);
    small_world_set_up(&small);
    small.config.seed++;
    run(&small, 1, &other);
    assert_true(first.hash != other.hash);
}

/* The model of CPUs with everything for nothing is the engine without it. */
static void test_no_prices_and_prices_of_nothing_are_the_same(void **state) {
    (void)state;
    static const struct cost_table free_of_charge = {.smt_permille = 1000};
    struct small_world small;
    struct result without, with;
    small_world_set_up(&small);
    run(&small, 1, &without);
    small_world_set_up(&small);
    small.cpus[0].prices = small.cpus[1].prices = &free_of_charge;
    small.cpus[0].cores = 1;
    run(&small, 1, &with);
    expect_same(&without, &with);
}

/* Wherever memory runs out: no world, or a run that says so; and everything is given back. */
static void test_out_of_memory(void **state) {
    (void)state;
    struct small_world small;
    unsigned made = 0, stopped = 0;
    for (size_t allowed = 0; allowed < 20000; allowed += allowed / 16 + 1) {
        small_world_set_up(&small);
        small.config.end = 3 * NSEC_PER_S;
        atomic_store(&small.heap.allocations_left, allowed);
        small.world = sim_world_new(&small.config);
        made += small.world != NULL;
        if (small.world)
            stopped += sim_world_run(small.world, small.config.end, 1) == ERR_LIMIT;
        small_world_tear_down(&small);
    }
    assert_true(made > 10);
    assert_true(stopped > 5);
}

/* --- real cryptography ----------------------------------------------------------------------------------------------- */

static struct relay_identity identities[SMALL_RELAYS];

static bool real_identity(void *context, uint32_t relay, struct sim_identity *out) {
    (void)context;
    struct endpoint address = sim_relay_endpoint(relay);
    relay_identity_make(&identities[relay], openssl_provider(), relay, &address);
    out->credentials = identities[relay].credentials;
    out->ntor = identities[relay].ntor;
    return true;
}

/* All but the number of digests: one in 65536 encrypted cells looks recognized, and not the same ones. */
static void real_and_symbolic_cryptography_leave_the_same_trace(const struct asked *what) {
    const struct sim_crypt real = {.provider = openssl_provider(), .make_identity = real_identity};
    struct small_world small;
    struct result symbols, openssl;
    small_world_set_up(&small);
    ask(&small, what);
    run(&small, 1, &symbols);
    small_world_set_up(&small);
    ask(&small, what);
    small.config.crypt = &real;
    run(&small, 1, &openssl);
    expect_same_trace(&symbols, &openssl);
}

static void test_real_and_symbolic_cryptography_leave_the_same_trace(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(asked); i++)
        real_and_symbolic_cryptography_leave_the_same_trace(&asked[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clients_fetch_files),
        cmocka_unit_test(test_each_hop_is_asked_in_the_same_way),
        cmocka_unit_test(test_times_are_those_of_the_path),
        cmocka_unit_test(test_threads_and_partitions_are_not_seen),
        cmocka_unit_test(test_slices_are_not_seen),
        cmocka_unit_test(test_another_seed_is_another_run),
        cmocka_unit_test(test_no_prices_and_prices_of_nothing_are_the_same),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_real_and_symbolic_cryptography_leave_the_same_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
