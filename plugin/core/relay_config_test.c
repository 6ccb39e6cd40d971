#include "core/relay_config.h"

#include "base/attributes.h"
#include "core/token_bucket.h"
#include "support/test.h"

/* A relay of its own threads, memory and keys needs nothing else to be set. */
static void defaults_bound_everything_but_bandwidth(UNUSED void **state) {
    struct relay_config config;
    memset(&config, 0xff, sizeof config);
    relay_config_default(&config);
    assert_null(config.memory);
    assert_null(config.crypt);
    assert_int_equal(config.connection_threads, 0);
    assert_in_range(config.cells_max_per_manager, 1, 1u << 24);
    assert_in_range(config.circuits_max_per_manager, 1, 1u << 24);
    assert_in_range(config.circuits_max_per_link, 1, config.circuits_max_per_manager / 2);
    assert_in_range(config.links_max, 1, 65535);
    assert_in_range(config.mailbox_cells_max, 1, config.cells_max_per_manager / 2);
    assert_true(config.bandwidth_rate == TOKEN_RATE_UNLIMITED);
    assert_true(config.bandwidth_burst == TOKEN_RATE_UNLIMITED);
}

static void defaults_are_those_of_a_careful_middle(UNUSED void **state) {
    struct relay_config config;
    relay_config_default(&config);
    assert_false(config.is_exit);
    assert_false(config.allow_private_addresses);
    assert_int_equal(config.refuse_unknown_exits, -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_bound_everything_but_bandwidth),
        cmocka_unit_test(defaults_are_those_of_a_careful_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
