#include "native/config.h"

#include "support/test.h"

static struct config *make(void) {
    struct config *c = config_new();
    assert_non_null(c);
    c->authorities[0] = (struct config_authority){.has_v3_identity = true};
    c->authority_count = 1;
    c->or_ports[0] = (struct config_port){
        .endpoint = {{ADDRESS_IPV4, {127, 0, 0, 1}}, 9001}, .listen = true, .advertise = true};
    c->or_port_count = 1;
    return c;
}

static void defaults_make_a_relay(void **state) {
    (void)state;
    struct complaint complaint;
    struct config *c = make();
    assert_true(config_check(c, true, &complaint));
    assert_string_equal(c->nickname, "Unnamed");
    assert_int_equal(c->log_count, 1);
    assert_true(c->max_mem_in_queues >= UINT64_C(64) << 20);
    assert_int_equal(c->exit_policy.count, 1);
    assert_false(c->extend_allow_private);
    assert_non_null(strstr(c->key_directory, "/keys"));
    config_free(c);
}

static void links_are_moved_in_testing_networks_only(void **state) {
    (void)state;
    struct complaint complaint = {""};
    struct config *c = make();
    c->testing_move_links_ms = 100;
    assert_false(config_check(c, true, &complaint));
    assert_non_null(strstr(complaint.text, "TestingMoveLinksInterval: expected TestingTorNetwork 1"));
    c->testing_network = true;
    assert_true(config_check(c, true, &complaint));
    config_free(c);
}

static void what_a_relay_needs(void **state) {
    (void)state;
    struct complaint complaint = {""};
    struct config *c = make();
    c->authority_count = 0;
    assert_true(config_check(c, false, &complaint));
    assert_false(config_check(c, true, &complaint));
    assert_non_null(strstr(complaint.text, "DirAuthority: expected"));
    config_free(c);
    c = make();
    c->or_ports[0].advertise = false;
    assert_false(config_check(c, true, &complaint));
    assert_non_null(strstr(complaint.text, "ORPort: expected"));
    config_free(c);
}

static void rates_are_settled_and_checked(void **state) {
    (void)state;
    static const struct {
        uint64_t rate, burst, relay_rate, relay_burst;
        bool good;
        uint64_t effective_rate, effective_burst;
    } cases[] = {
        {1 << 30, 1 << 30, 0, 0, true, 1 << 30, 1 << 30},
        {UINT64_C(2) << 30, 1 << 30, 0, 0, true, UINT64_C(2) << 30, UINT64_C(2) << 30},
        {1 << 30, 1 << 30, 1 << 20, 0, true, 1 << 20, 1 << 20},
        {1 << 30, 1 << 30, 1 << 20, 4 << 20, true, 1 << 20, 4 << 20},
        {1 << 30, 1 << 30, 4 << 20, 1 << 20, false, 0, 0},
        {1 << 20, 1 << 19, 0, 0, false, 0, 0},
        {50 << 10, 1 << 30, 0, 0, false, 0, 0},
        {1 << 30, 1 << 30, 50 << 10, 0, false, 0, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct complaint complaint;
        struct config *c = make();
        c->bandwidth_rate = cases[i].rate;
        c->bandwidth_burst = cases[i].burst;
        c->relay_bandwidth_rate = cases[i].relay_rate;
        c->relay_bandwidth_burst = cases[i].relay_burst;
        assert_int_equal(config_check(c, true, &complaint), cases[i].good);
        if (cases[i].good) {
            assert_int_equal(config_rate(c), cases[i].effective_rate);
            assert_int_equal(config_burst(c), cases[i].effective_burst);
        }
        config_free(c);
    }
}

static void testing_network_implies(void **state) {
    (void)state;
    struct complaint complaint;
    struct config *c = make();
    c->testing_network = true;
    c->extend_allow_private = CONFIG_NO;
    assert_true(config_check(c, true, &complaint));
    assert_int_equal(c->assume_reachable, CONFIG_YES);
    assert_int_equal(c->extend_allow_private, CONFIG_NO); /* what is said counts */
    config_free(c);
}

static void a_directory_port_needs_a_directory(void **state) {
    (void)state;
    for (unsigned is_cache = 0; is_cache < 2; is_cache++) {
        struct complaint complaint;
        struct config *c = make();
        c->dir_port_count = 1;
        c->dir_cache = is_cache;
        assert_int_equal(config_check(c, true, &complaint), is_cache);
        config_free(c);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_make_a_relay),   cmocka_unit_test(links_are_moved_in_testing_networks_only),
        cmocka_unit_test(what_a_relay_needs),      cmocka_unit_test(rates_are_settled_and_checked),
        cmocka_unit_test(testing_network_implies), cmocka_unit_test(a_directory_port_needs_a_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
