#include "native/torrc_options.h"

#include <strings.h>

#include "native/config.h"
#include "support/test.h"

static void every_carried_out_option_is_found_and_in_order(void **state) {
    (void)state;
    const struct torrc_option *option;
    const struct torrc_option *before = NULL;
    for (size_t i = 0; (option = torrc_option_carried_out(i)) != NULL; i++) {
        assert_ptr_equal(torrc_option_find(option->name), option);
        assert_non_null(option->apply);
        if (before)
            assert_true(strcasecmp(before->name, option->name) < 0);
        before = option;
    }
    assert_non_null(torrc_option_find("hardwareaccel"));
    assert_null(torrc_option_find(""));
    assert_ptr_equal(torrc_option_find("dirserver"), torrc_option_find("DirAuthority")); /* tornettools' */
    assert_ptr_equal(torrc_option_find("MaxMemInCellQueues"), torrc_option_find("MaxMemInQueues"));
}

static const char *apply(struct config *config, const char *name, const char *value) {
    const struct torrc_option *option = torrc_option_find(name);
    assert_non_null(option);
    assert_int_equal(option->class, TORRC_CARRIED_OUT);
    return option->apply(config, option, value);
}

static void values_reach_their_members(void **state) {
    (void)state;
    struct config *c = config_new();
    assert_null(apply(c, "numcpus", "3"));
    assert_int_equal(c->num_cpus, 3);
    assert_null(apply(c, "ConnectionThreads", "7"));
    assert_int_equal(c->connection_threads, 7);
    assert_null(apply(c, "ConnectionThreads", "Auto"));
    assert_int_equal(c->connection_threads, -1);
    assert_null(apply(c, "PinThreads", "1"));
    assert_int_equal(c->link_ciphers, CIPHER_WISH_AUTO);
    assert_null(apply(c, "LinkCiphers", "ChaCha"));
    assert_int_equal(c->link_ciphers, CIPHER_WISH_CHACHA);
    assert_null(apply(c, "LinkCiphers", "aes"));
    assert_int_equal(c->link_ciphers, CIPHER_WISH_AES);
    assert_null(apply(c, "LoadBalancing", "round-robin"));
    assert_int_equal(c->load_balancing, BALANCE_ROUND_ROBIN);
    assert_null(apply(c, "LoadBalancing", "Least-Busy"));
    assert_int_equal(c->load_balancing, BALANCE_LEAST_BUSY);
    assert_null(apply(c, "LoadBalancing", "moving"));
    assert_int_equal(c->load_balancing, BALANCE_MOVING);
    assert_int_equal(c->pin_threads, CONFIG_YES);
    assert_null(apply(c, "ShutdownWaitLength", "2 minutes"));
    assert_int_equal(c->shutdown_wait_s, 120);
    assert_null(apply(c, "TestingMoveLinksInterval", "100 msec"));
    assert_int_equal(c->testing_move_links_ms, 100);
    assert_non_null(apply(c, "TestingMoveLinksInterval", "2 hours"));
    assert_null(apply(c, "CircuitPriorityHalflife", "-1"));
    assert_int_equal(c->priority_halflife_ms, -1);
    assert_null(apply(c, "Address", "relay.example.org"));
    assert_string_equal(c->address_host, "relay.example.org");
    assert_null(apply(c, "Address", "[2001:db8::1]"));
    assert_int_equal(c->address6.family, ADDRESS_IPV6);
    assert_null(apply(c, "PublishServerDescriptor", "0"));
    assert_false(c->publish_descriptor);
    assert_null(apply(c, "AssumeReachable", "1"));
    assert_int_equal(c->assume_reachable, CONFIG_YES);
    assert_int_equal(c->accounting_max, 0);
    assert_int_equal(c->accounting_rule, ACCOUNTING_MAX);
    assert_int_equal(c->accounting_period.unit, ACCOUNTING_MONTH);
    assert_int_equal(c->accounting_period.day, 1);
    assert_null(apply(c, "AccountingMax", "1.5 TBytes"));
    assert_int_equal(c->accounting_max, UINT64_C(3) << 39);
    assert_null(apply(c, "AccountingMax", "8 GBits"));
    assert_int_equal(c->accounting_max, UINT64_C(1) << 30);
    assert_null(apply(c, "AccountingRule", "sum"));
    assert_int_equal(c->accounting_rule, ACCOUNTING_SUM);
    assert_null(apply(c, "AccountingStart", "week 2 04:30"));
    assert_int_equal(c->accounting_period.unit, ACCOUNTING_WEEK);
    assert_int_equal(c->accounting_period.minute, 30);
    assert_null(apply(c, "AssumeReachableIPv6", "auto"));
    assert_int_equal(c->assume_reachable_ipv6, CONFIG_AUTO);
    config_free(c);
}

/* What the operator leaves out, or gives as auto or 0, the consensus says. */
static void bounds_of_clients_reach_their_members(void **state) {
    (void)state;
    static const struct {
        const char *name, *value;
        size_t offset;
        int32_t expected;
    } cases[] = {
        {"DoSCircuitCreationEnabled", "1", offsetof(struct dos_params, circuit_enabled), 1},
        {"DoSCircuitCreationEnabled", "auto", offsetof(struct dos_params, circuit_enabled), -1},
        {"DoSCircuitCreationBurst", "7", offsetof(struct dos_params, circuit_burst), 7},
        {"DoSCircuitCreationBurst", "0", offsetof(struct dos_params, circuit_burst), -1},
        {"DoSCircuitCreationDefenseTimePeriod", "2 minutes", offsetof(struct dos_params, circuit_defense_s),
         120},
        {"DoSCircuitCreationDefenseTimePeriod", "0", offsetof(struct dos_params, circuit_defense_s), -1},
        {"DoSConnectionMaxConcurrentCount", "50", offsetof(struct dos_params, connections_max), 50},
        {"DoSStreamCreationDefenseType", "3", offsetof(struct dos_params, stream_defense), 3},
        {"DoSRefuseSingleHopClientRendezvous", "0", offsetof(struct dos_params, refuse_single_hop), 0},
    };
    struct config *c = config_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        int32_t got;
        assert_null(apply(c, cases[i].name, cases[i].value));
        memcpy(&got, (const char *)&c->dos + cases[i].offset, sizeof got);
        assert_int_equal(got, cases[i].expected);
    }
    assert_int_equal(c->dos.circuit_rate, DOS_THE_CONSENSUS_SAYS);
    assert_null(apply(c, "PerConnBWRate", "20 KBytes"));
    assert_int_equal(c->per_connection_rate, 20480);
    config_free(c);
}

static void limits_are_said(void **state) {
    (void)state;
    static const char *const wrong[][2] = {
        {"NumCPUs", "129"},
        {"NumCPUs", "-1"},
        {"ConnectionThreads", "255"},
        {"ConnectionThreads", "-1"},
        {"ConnectionThreads", "automatic"},
        {"PinThreads", "yes"},
        {"LinkCiphers", "rc4"},
        {"LoadBalancing", "fair"},
        {"Nickname", ""},
        {"Nickname", "12345678901234567890"},
        {"SigningKeyLifetime", "1 day"},
        {"KISTSchedRunInterval", "1 second"},
        {"BandwidthRate", "3 TBytes"},
        {"AccountingMax", "1 month"},
        {"AccountingMax", "-1 GB"},
        {"AccountingMax", ""},
        {"AccountingRule", "both"},
        {"AccountingRule", "Sum"},
        {"AccountingRule", ""},
        {"AccountingStart", "month 29 0:00"},
        {"AccountingStart", ""},
        {"DirPort", "nine"},
        {"DoSCircuitCreationDefenseType", "3"},
        {"DoSConnectionEnabled", "2"},
        {"DoSConnectionConnectRate", "-1"},
        {"DoSConnectionConnectDefenseTimePeriod", "8 days"},
        {"Address", "two words"},
        {"PublishServerDescriptor", "bridge"},
        {"LogTimeGranularity", "0"},
        {"CircuitPriorityHalflife", "x"},
        {"DataDirectory", ""},
        {"MyFamily", "nickname"},
        {"FamilyId", "NoSoOVYz"},
        {"FamilyId", ""},
    };
    struct config *c = config_new();
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_non_null(apply(c, wrong[i][0], wrong[i][1]));
    config_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_carried_out_option_is_found_and_in_order),
        cmocka_unit_test(values_reach_their_members),
        cmocka_unit_test(bounds_of_clients_reach_their_members),
        cmocka_unit_test(limits_are_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
