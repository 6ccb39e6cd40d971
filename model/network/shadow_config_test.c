#include "network/shadow_config.h"

#include "support/test.h"

#define HOST(name)                                                                     \
    "  " name ":\n    options: {country_code_hint: DE}\n    bandwidth_up: 8 kilobit\n" \
    "    bandwidth_down: 16 kilobit\n"

static void hosts_are_read(void **state) {
    (void)state;
    static const char text[] =
        "general: {bootstrap_end_time: 300, stop_time: 3600}\n"
        "hosts:\n" HOST(
            "relay1exit") "    processes:\n    - path: ~/.local/bin/tor\n      args: -f torrc\n"
                          "      start_time: 2\n" HOST(
                              "client1") "    processes:\n    - {path: tor, args: x}\n    - {path: /usr/bin/tgen, args: ../c.graphml, start_time: 300}\n"
                                         "  server1:\n    country_code_hint: 'NO'\n    bandwidth_up: 1 gbit\n    bandwidth_down: 1.5 Mbit\n"
                                         "    processes: []\n";
    struct shadow_config config;
    struct mistake m = {""};
    if (!shadow_config_parse("s", text, strlen(text), &config, &m))
        fail_msg("%s", m.text);
    assert_int_equal(config.count, 3);
    assert_string_equal(config.hosts[0].name, "relay1exit");
    assert_int_equal(config.hosts[0].line, 3);
    assert_string_equal(config.hosts[0].country.code, "DE");
    assert_int_equal(config.hosts[0].up, 1000);
    assert_int_equal(config.hosts[0].down, 2000);
    assert_true(config.hosts[0].has_tor);
    assert_false(config.hosts[0].has_tgen);
    assert_true(config.hosts[1].has_tor);
    assert_string_equal(config.hosts[1].tgen, "../c.graphml");
    assert_int_equal(config.hosts[1].tgen_start, 300 * NSEC_PER_S);
    assert_string_equal(config.hosts[2].country.code, "NO");
    assert_int_equal(config.hosts[2].up, 125000000);
    assert_int_equal(config.hosts[2].down, 187500);
    assert_false(config.hosts[2].has_tor);
    shadow_config_fini(&config);
}

static void mistakes_have_lines(void **state) {
    (void)state;
    static const struct {
        const char *text, *mistake;
    } cases[] = {
        {"a: b\n", "s:1: expected a key \"hosts\" with keys and values below it"},
        {"hosts:\n  a_b: {}\n",
         "s:2: hosts.a_b: expected a host's name of at most 63 letters, digits, points and dashes"},
        {"hosts:\n  a: 1\n",
         "s:2: hosts.a: expected a host's name of at most 63 letters, digits, points and dashes"},
        {"hosts:\n  a: {b: c}\n",
         "s:2: hosts.a: expected options.country_code_hint, two capital letters: hosts are placed by it"},
        {"hosts:\n  a: {country_code_hint: DE, bandwidth_up: 5 furlong}\n",
         "s:2: hosts.a.bandwidth_up: expected a rate, as \"1000 kilobit\""},
        {"hosts:\n  a: {country_code_hint: DE, bandwidth_up: 99999999999 gbit}\n",
         "s:2: hosts.a.bandwidth_up: expected a rate, as \"1000 kilobit\""},
        {"hosts:\n" HOST("a") "    processes:\n    - {args: x}\n",
         "s:7: hosts.a.processes[0]: expected a process with its path"},
        {"hosts:\n" HOST("a") "    processes:\n    - {path: tgen, args: x y, start_time: 1}\n",
         "s:7: hosts.a.processes[0]: expected args of tgen: the path of one file"},
        {"hosts:\n" HOST("a") "    processes:\n    - {path: tgen, args: x}\n",
         "s:7: hosts.a.processes[0]: expected start_time of tgen"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct shadow_config config;
        struct mistake m = {""};
        assert_false(shadow_config_parse("s", cases[i].text, strlen(cases[i].text), &config, &m));
        assert_string_equal(m.text, cases[i].mistake);
        assert_null(config.hosts);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(hosts_are_read),
                                       cmocka_unit_test(mistakes_have_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
