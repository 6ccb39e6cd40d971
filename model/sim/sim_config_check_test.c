#include <string.h>

#include "cost/price.h"
#include "des/rate_bucket.h"
#include "sim/sim_config.h"
#include "support/test.h"
#include "support/test_memory.h"

/* The least network that there can be. */
struct least {
    struct test_memory memory;
    struct sim_cpu cpu;
    struct sim_relay_config relay;
    struct sim_server_config server;
    struct sim_file file;
    struct sim_load load;
    struct sim_client_config client;
    uint32_t latency_us;
    uint32_t path[3];
    struct sim_config config;
};

static void set_up(struct least *l) {
    memset(l, 0, sizeof *l);
    test_memory_init(&l->memory);
    l->cpu = (struct sim_cpu){.mapping = COST_FULL, .cores = 1, .threads_per_core = 1, .workers = 1};
    l->relay = (struct sim_relay_config){.weight = 1,
                                         .line_rate = RATE_UNLIMITED,
                                         .bandwidth_rate = RATE_UNLIMITED,
                                         .bandwidth_burst = RATE_UNLIMITED,
                                         .connection_threads = 1};
    l->file = (struct sim_file){.bytes = 1, .weight = 1};
    l->load = (struct sim_load){.files = &l->file, .file_count = 1, .request_bytes = 16};
    l->client = (struct sim_client_config){.line_rate = RATE_UNLIMITED, .sessions = 1};
    l->latency_us = 1000;
    l->config = (struct sim_config){.memory = &l->memory.memory,
                                    .geography = {.countries = 1, .latency_us = &l->latency_us},
                                    .cpus = &l->cpu,
                                    .relays = &l->relay,
                                    .servers = &l->server,
                                    .loads = &l->load,
                                    .clients = &l->client,
                                    .cpu_count = 1,
                                    .relay_count = 1,
                                    .server_count = 1,
                                    .load_count = 1,
                                    .client_count = 1,
                                    .end = NSEC_PER_S};
}

/* what begins with that; "" when nothing is wrong. */
static void expect(const struct least *l, const char *beginning) {
    char what[120] = "";
    bool fine = sim_config_check(&l->config, what, sizeof what);
    assert_int_equal(fine, *beginning == '\0');
    if (strncmp(what, beginning, strlen(beginning)) != 0)
        fail_msg("'%s' does not begin with '%s'", what, beginning);
}

static void test_the_least_network_is_fine(void **state) {
    (void)state;
    struct least l;
    set_up(&l);
    expect(&l, "");
    l.client.path = l.path;
    expect(&l, "");
}

static void test_each_mistake_is_named(void **state) {
    (void)state;
    struct least l;
#define WITH(change, beginning) \
    do {                        \
        set_up(&l);             \
        change;                 \
        expect(&l, beginning);  \
    } while (0)
    WITH(l.config.relay_count = 0, "relays: ");
    WITH(l.config.server_count = 0, "servers: ");
    WITH(l.config.measure_from = 2 * NSEC_PER_S, "measure_from: ");
    WITH(l.config.sample_interval = 1, "sample_interval: ");
    WITH(l.config.partitions = 257, "partitions: ");
    WITH(l.config.wants_cgo = true, "wants_cgo: ");
    WITH(l.config.geography.countries = 0, "geography: ");
    WITH(l.latency_us = 0, "geography.latency_us[0]: ");
    WITH(l.cpu.cores = 0, "cpus[0].cores: ");
    WITH(l.cpu.threads_per_core = 3, "cpus[0].threads_per_core: ");
    WITH(l.cpu.workers = 0, "cpus[0].workers: ");
    WITH(l.cpu.mapping = COST_VANILLA, "relays[0].connection_threads: ");
    WITH(l.relay.country = 1, "relays[0].country: ");
    WITH(l.relay.cpu = 1, "relays[0].cpu: ");
    WITH(l.relay.weight = UINT64_C(1) << 32, "relays[0].weight: ");
    WITH(l.relay.line_rate = 999, "relays[0].line_rate: ");
    WITH(l.relay.bandwidth_rate = 0, "relays[0].bandwidth: ");
    WITH(l.relay.connection_threads = SIM_THREADS_MAX + 1, "relays[0].connection_threads: ");
    WITH(l.server.country = 1, "servers[0].country: ");
    WITH(l.load.request_bytes = 15, "loads[0].request_bytes: ");
    WITH(l.load.file_count = 0, "loads[0].files: ");
    WITH(l.file.bytes = 0, "loads[0].files[0].bytes: ");
    WITH(l.file.weight = 0, "loads[0].files: ");
    WITH(l.client.country = 1, "clients[0].country: ");
    WITH(l.client.load = 1, "clients[0].load: ");
    WITH(l.client.sessions = 0, "clients[0].sessions: ");
    WITH(l.client.line_rate = 0, "clients[0].line_rate: ");
    WITH((l.path[1] = 1, l.client.path = l.path), "clients[0].path: ");
    WITH(l.client.observed = SIM_OBSERVED_FLOWS, "clients[0].observed: without");
    WITH((l.client.observed = SIM_OBSERVED_FLOWS, l.config.observe_bin = 1, l.load.is_upload = true),
         "clients[0].observed: of fetches");
    WITH((l.client.is_probe = true, l.config.observe_bin = 1), "clients[0].is_probe: ");
    WITH((l.client.is_probe = true, l.client.path = l.path), "clients[0].observed: without");
#undef WITH
}

static void test_each_mistake_of_a_generator_is_named(void **state) {
    static const struct sim_generator_config fine = {.links = 4, .circuits = 2, .run = 1, .record_cells = 31};
    struct sim_generator_config generator;
    struct least l;
    (void)state;
#define WITH(change, beginning)          \
    do {                                 \
        set_up(&l);                      \
        generator = fine;                \
        l.config.generator = &generator; \
        change;                          \
        expect(&l, beginning);           \
    } while (0)
    WITH((void)0, "");
    WITH(generator.links = 3, "generator.links: ");
    WITH((generator.is_exit = true, generator.links = 3), "generator.circuits: "); /* three ways in */
    WITH((generator.is_exit = true, generator.links = 0), "generator.links: ");
    WITH(generator.circuits = 1, "generator.circuits: ");
    WITH(generator.run = 0, "generator.run: ");
    WITH(generator.record_cells = 32, "generator.record_cells: ");
    WITH(generator.verified = 3, "generator.verified: ");
    WITH((generator.is_exit = true, generator.links = 2, generator.rate = 1), "generator.rate: ");
    WITH((generator.is_exit = true, generator.links = 2,
          generator.prices = &(struct cost_table){.smt_permille = 1000}),
         "generator.prices: ");
    WITH(generator.lead = 2 * NSEC_PER_S, "generator.lead: ");
#undef WITH
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_least_network_is_fine),
        cmocka_unit_test(test_each_mistake_is_named),
        cmocka_unit_test(test_each_mistake_of_a_generator_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
