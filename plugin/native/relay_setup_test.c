#include "native/relay_setup.h"

#include "native/config.h"
#include "native/cpu_workers.h"
#include "native/openssl_provider.h"
#include "support/test.h"

static const uint8_t rsa_id[20] = {9};

static const struct core_places eight = {.count = 16, .cores = 8, .nodes = 1};

static struct relay_config made_of(const struct config *config, uint32_t files) {
    struct relay_config out;
    setup_relay_config(config, &eight, openssl_provider(), rsa_id, files, 1000, &out);
    return out;
}

static void the_machine_decides_what_is_left_open(void **state) {
    struct config *config = config_new();
    (void)state;
    assert_int_equal(setup_connection_threads(config, &eight), 7);
    assert_int_equal(setup_cpu_workers(config, &eight), 8);
    assert_int_equal(setup_binding(config, &eight), CORE_BINDING_NONE);
    config->pin_threads = CONFIG_YES;
    assert_int_equal(setup_binding(config, &eight), CORE_BINDING_CORE);
    assert_true(machine_raise_files() > 0);
    config_free(config);
}

static void options_reach_the_core(void **state) {
    struct config *config = config_new();
    (void)state;
    config->connection_threads = 3;
    config->num_cpus = 1000;
    config->max_mem_in_queues = UINT64_C(1) << 30;
    config->bandwidth_rate = 5000000;
    config->extend_allow_private = CONFIG_YES;
    config->exit_relay = CONFIG_YES;
    config->refuse_unknown_exits = CONFIG_NO;
    struct relay_config core = made_of(config, 500);
    assert_int_equal(setup_cpu_workers(config, &eight), CPU_WORKERS_MAX);
    assert_int_equal(core.connection_threads, 3);
    assert_true(core.cells_max_per_manager > 500000 && core.cells_max_per_manager < 700000);
    assert_int_equal(core.circuits_max_per_manager, (UINT32_C(1) << 30) / 4 / 1024 / 3);
    assert_in_range(core.circuits_max_per_link, 1, core.circuits_max_per_manager / 2);
    assert_true(core.links_max < 500);
    assert_int_equal(core.bandwidth_rate, 5000000);
    assert_int_equal(core.unix_s_at_zero, 1000);
    assert_true(core.allow_private_addresses && core.is_exit && core.refuse_unknown_exits == 0);
    assert_memory_equal(core.rsa_id, rsa_id, 20);
    config_free(config);
}

static void a_relay_is_careful_unless_told_otherwise(void **state) {
    struct config *config = config_new();
    (void)state;
    struct relay_config core = made_of(config, 1000000);
    assert_true(!core.allow_private_addresses && !core.is_exit && core.refuse_unknown_exits == -1);
    assert_true(core.links_max >= 10000);
    assert_true(made_of(config, 1000).seed != core.seed);
    config_free(config);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_machine_decides_what_is_left_open),
        cmocka_unit_test(options_reach_the_core),
        cmocka_unit_test(a_relay_is_careful_unless_told_otherwise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
