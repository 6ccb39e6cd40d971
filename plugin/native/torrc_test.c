#include "native/torrc.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "native/command_line.h"
#include "native/config.h"
#include "support/test.h"

static struct config *load(const char *text, struct complaint *complaint) {
    struct config *config = config_new();
    assert_non_null(config);
    if (torrc_load_text("torrc", text, strlen(text), config, complaint))
        return config;
    config_free(config);
    return NULL;
}

static struct config *load_good(const char *text) {
    struct complaint complaint = {""};
    struct config *config = load(text, &complaint);
    if (!config)
        fail_msg("%s", complaint.text);
    return config;
}

static void a_relay_torrc_is_carried_out(void **state) {
    (void)state;
    struct complaint complaint;
    struct config *c =
        load_good("TestingTorNetwork 1\n"
                  "nickname r1\nADDRESS 127.0.0.1\nORPort 127.0.0.1:29021\nContactInfo r1@test.test\n"
                  "DataDirectory /tmp/x\nPidFile /tmp/x/pid\nLog notice file /tmp/x/no tice.log\n"
                  "Log info-notice stderr\nConnectionThreads 3\nNumCPUs 2\n"
                  "BandwidthRate 20 MBytes\nBandwidthBurst 40 MB\nRelayBandwidthRate 1 GBits\n"
                  "MaxMemInQueues 0.5 GB\nKISTSchedRunInterval 5 msec\nCircuitPriorityHalflife 0.25\n"
                  "MetricsPort 29521\nMetricsPortPolicy accept 127.0.0.1\n"
                  "MyFamily $00112233445566778899AABBCCDDEEFF00112233, "
                  "00112233445566778899aabbccddeeff00112234\n"
                  "FamilyId NoSoOVYzQVQVAHE0IUUYm7vIqsWEx+fzmpgK9lCArRQ\nFamilyId *\n"
                  "FamilyKeyDirectory /tmp/x/families\n"
                  "SocksPort 0\nControlPort 0\nDirPort 0\nPathsNeededToBuildCircuits 0.67\n"
                  "DirAuthority a1 orport=29001 no-v2 v3ident=00112233445566778899AABBCCDDEEFF00112233 "
                  "127.0.0.1:29101 FFFF EEEE DDDD CCCC BBBB AAAA 9999 8888 7777 6666\n");
    if (!config_check(c, true, &complaint))
        fail_msg("%s", complaint.text);
    assert_string_equal(c->nickname, "r1");
    assert_int_equal(c->or_port_count, 1);
    assert_int_equal(c->or_ports[0].endpoint.port, 29021);
    assert_string_equal(c->key_directory, "/tmp/x/keys");
    assert_int_equal(c->log_count, 2);
    assert_string_equal(c->logs[0].path, "/tmp/x/no tice.log");
    assert_int_equal(c->logs[1].most, LOG_LEVEL_NOTICE);
    assert_int_equal(c->connection_threads, 3);
    assert_int_equal(config_rate(c), 20 << 20);
    assert_int_equal(config_burst(c), 40 << 20);
    assert_int_equal(c->relay_bandwidth_rate, 1 << 27);
    assert_int_equal(c->max_mem_in_queues, 1 << 29);
    assert_int_equal(c->kist_interval_ms, 5);
    assert_int_equal(c->priority_halflife_ms, 250);
    assert_int_equal(c->family_count, 2);
    assert_int_equal(c->family_id_count, 1);
    assert_int_equal(c->family_ids[0][31], 0x14);
    assert_true(c->has_any_family);
    assert_string_equal(c->family_key_directory, "/tmp/x/families");
    assert_int_equal(c->authority_count, 1);
    assert_int_equal(c->authorities[0].or_port.port, 29001);
    assert_int_equal(c->authorities[0].rsa_id[19], 0x66);
    assert_true(c->authorities[0].has_v3_identity);
    assert_true(c->extend_allow_private);
    assert_false(c->exit_relay);
    assert_int_equal(c->ignored_count, 2);
    assert_string_equal(c->ignored[0], "torrc:25: ControlPort");
    config_free(c);
}

static void mistakes_name_line_option_and_what_was_expected(void **state) {
    (void)state;
    static const struct {
        const char *text, *line;
    } cases[] = {
        {"\nFoo 1\n", "torrc:2: Foo: expected an option that tor or Loom knows (see --list-torrc-options)"},
        {"ORPort x\n",
         "torrc:1: ORPort: expected [address:]port or auto, and flags of NoListen, NoAdvertise, IPv4Only, "
         "IPv6Only, got \"x\""},
        {"ORPort 70000",
         "torrc:1: ORPort: expected [address:]port or auto, and flags of NoListen, NoAdvertise, IPv4Only, "
         "IPv6Only, got \"70000\""},
        {"Nickname a-b", "torrc:1: Nickname: expected 1 to 19 letters and digits, got \"a-b\""},
        {"SocksPort 9050", "torrc:1: SocksPort: expected 0: Loom is no client, got \"9050\""},
        {"BridgeRelay 1", "torrc:1: BridgeRelay: expected no value but 0 (Loom is no bridge), got \"1\""},
        {"ContactInfo \"a",
         "torrc:1: ContactInfo: expected a quoted value with C escapes that ends on its line"},
        {"ContactInfo \"a\" b",
         "torrc:1: ContactInfo: expected nothing but a comment after the quoted value"},
        {"BandwidthRate 5 apples",
         "torrc:1: BandwidthRate: expected a number and a unit (bytes, KBytes, MBits, "
         "GBytes, ...), got \"5 apples\""},
        {"ConnectionThreads 255",
         "torrc:1: ConnectionThreads: expected auto, or a number from 0 (all in the main thread) to "
         "254, got \"255\""},
        {"%include /nowhere", "torrc:1: %include: expected files inside each other at most 0 deep"},
        {"ExitPolicy maybe *:*",
         "torrc:1: ExitPolicy: expected rules as accept|reject address[/bits][:ports], with "
         "commas between, got \"maybe *:*\""},
        {"DirAuthority x 127.0.0.1:1 zz",
         "torrc:1: DirAuthority: expected [nickname] [orport=PORT] [v3ident=40 HEX "
         "DIGITS] address:port and a fingerprint of 40 hex digits, got \"x "
         "127.0.0.1:1 zz\""},
        {"Log loud",
         "torrc:1: Log: expected level[-level] of debug, info, notice, warn, err, and stdout, stderr, "
         "syslog or file PATH, got \"loud\""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct complaint complaint = {""};
        assert_null(load(cases[i].text, &complaint));
        assert_string_equal(complaint.text, cases[i].line);
    }
}

static void options_that_ask_for_nothing_pass(void **state) {
    (void)state;
    config_free(load_good("BridgeRelay 0\nAuthoritativeDirectory 0\nSandbox 0\nHiddenServiceStatistics 0\n"));
}

static void a_bare_port_is_for_both_families(void **state) {
    (void)state;
    struct config *c = load_good("ORPort 9001\nORPort [::1]:9002 NoAdvertise\n");
    assert_int_equal(c->or_port_count, 3);
    assert_int_equal(c->or_ports[0].endpoint.address.family, ADDRESS_IPV4);
    assert_false(c->or_ports[0].is_optional);
    assert_int_equal(c->or_ports[1].endpoint.address.family, ADDRESS_IPV6);
    assert_true(c->or_ports[1].is_optional);
    assert_false(c->or_ports[2].advertise);
    assert_ptr_equal(config_advertised_port(c, ADDRESS_IPV6), &c->or_ports[1]);
    config_free(c);
}

static void exit_policies(void **state) {
    (void)state;
    struct complaint complaint;
    struct address private_address = {ADDRESS_IPV4, {10, 1, 2, 3}};
    struct address public_address = {ADDRESS_IPV4, {93, 184, 216, 34}};
    struct config *c = load_good("ExitPolicy accept *:80, reject *:*\n");
    assert_true(config_check(c, false, &complaint));
    assert_true(exit_policy_allows(&c->exit_policy, &public_address, 80));
    assert_false(exit_policy_allows(&c->exit_policy, &public_address, 81));
    assert_false(exit_policy_allows(&c->exit_policy, &private_address, 80));
    config_free(c);
    c = load_good("TestingTorNetwork 1\nExitRelay 1\nExitPolicy accept *:*\n");
    assert_true(config_check(c, false, &complaint));
    assert_true(exit_policy_allows(&c->exit_policy, &private_address, 25));
    assert_int_equal(c->exit_policy.count, 2);
    config_free(c);
    c = load_good("ExitRelay 0\nExitPolicy accept *:*\n");
    assert_true(config_check(c, false, &complaint));
    assert_false(exit_policy_allows(&c->exit_policy, &public_address, 80));
    config_free(c);
    c = load_good("ExitPolicy reject *:*\n");
    assert_true(config_check(c, false, &complaint));
    assert_int_equal(c->exit_policy.count, 1);
    assert_false(c->exit_relay);
    config_free(c);
}

static void write_file(const char *folder, const char *name, const char *text) {
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static bool load_command_line(const char *const *words, int count, struct config *config,
                              struct complaint *complaint) {
    struct command_line command_line;
    char *argv[16] = {strdup("loom-relay")};
    for (int i = 0; i < count; i++)
        argv[i + 1] = strdup(words[i]);
    bool good = command_line_parse(count + 1, argv, &command_line, complaint) &&
                torrc_load(&command_line, config, complaint);
    for (int i = 0; i <= count; i++)
        free(argv[i]);
    return good;
}

static void files_include_and_command_line_overrides(void **state) {
    (void)state;
    struct complaint complaint = {""};
    char folder[] = "/tmp/loom-torrc-test-XXXXXX";
    char path[256], defaults[256], text[512];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/torrc", folder);
    snprintf(defaults, sizeof(defaults), "%s/defaults", folder);
    snprintf(text, sizeof(text), "%%include %s/*.conf\nNickname two\nORPort 2\n+ORPort 3\n", folder);
    write_file(folder, "torrc", text);
    write_file(folder, "a.conf", "ContactInfo me\nNickname one\n");
    write_file(folder, "b.conf", "# nothing\n");
    write_file(folder, "defaults",
               "ORPort 1\nContactInfo nobody\nMyFamily 00112233445566778899aabbccddeeff00112233\n");

    struct config *c = config_new();
    const char *words[] = {"-f", path, "--defaults-torrc", defaults, "--nickname", "three", "--+ORPort", "4"};
    if (!load_command_line(words, COUNT(words), c, &complaint))
        fail_msg("%s", complaint.text);
    assert_string_equal(c->nickname, "three");
    assert_string_equal(c->contact, "me");
    assert_int_equal(c->or_port_count, 6);
    assert_int_equal(c->or_ports[0].endpoint.port, 2);
    assert_int_equal(c->or_ports[4].endpoint.port, 4);
    assert_int_equal(c->family_count, 1);
    config_free(c);

    c = config_new();
    const char *replacing[] = {"-f", path, "--ORPort", "127.0.0.1:9"};
    assert_true(load_command_line(replacing, COUNT(replacing), c, &complaint));
    assert_int_equal(c->or_port_count, 1);
    config_free(c);

    c = config_new();
    const char *missing[] = {"-f", "/nowhere/torrc"};
    assert_false(load_command_line(missing, COUNT(missing), c, &complaint));
    assert_string_equal(complaint.text,
                        "/nowhere/torrc:0: torrc: expected a text file that can be read: No such file "
                        "or directory");
    config_free(c);
    c = config_new();
    const char *ignored[] = {"--ignore-missing-torrc", "-f", "/nowhere/torrc", "--orport", "1"};
    assert_true(load_command_line(ignored, COUNT(ignored), c, &complaint));
    config_free(c);
    c = config_new();
    const char *wrong[] = {"-f", path, "--Nickname", "a b"};
    assert_false(load_command_line(wrong, COUNT(wrong), c, &complaint));
    assert_string_equal(complaint.text,
                        "command line: Nickname: expected 1 to 19 letters and digits, got \"a b\"");
    config_free(c);

    static const char *const names[] = {"torrc", "a.conf", "b.conf", "defaults"};
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relay_torrc_is_carried_out),
        cmocka_unit_test(mistakes_name_line_option_and_what_was_expected),
        cmocka_unit_test(options_that_ask_for_nothing_pass),
        cmocka_unit_test(a_bare_port_is_for_both_families),
        cmocka_unit_test(exit_policies),
        cmocka_unit_test(files_include_and_command_line_overrides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
