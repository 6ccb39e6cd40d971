#include "native/torrc_values.h"

#include "native/config.h"
#include "support/test.h"

static void bytes_have_units(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {
        {"0", 0},
        {"4096", 4096},
        {"20 MBytes", 20 << 20},
        {"20MB", 20 << 20},
        {"10 KB", 10 << 10},
        {"1 GBits", 1 << 27},
        {"1.5 gigabytes", 3 << 29},
        {"100 kilobits", 100 << 7},
        {"2 terabytes", UINT64_C(2) << 40},
        {"0.000001 MB", 1},
        {"8 m", 8 << 20},
    };
    static const char *const bad[] = {
        "", "x", "1 apple", "-1", "1 KB KB", "9999999999 TB", "1e3", "99999999999999999999"};
    uint64_t value;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_null(torrc_value_bytes(good[i].text, &value));
        assert_int_equal(value, good[i].bytes);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_non_null(torrc_value_bytes(bad[i], &value));
}

static void times_have_units(void **state) {
    (void)state;
    uint64_t value;
    assert_null(torrc_value_seconds("18 hours", &value));
    assert_int_equal(value, 18 * 3600);
    assert_null(torrc_value_seconds("2 weeks", &value));
    assert_int_equal(value, 14 * 86400);
    assert_non_null(torrc_value_seconds("10 msec", &value));
    assert_null(torrc_value_milliseconds("10 msec", &value));
    assert_int_equal(value, 10);
    assert_null(torrc_value_milliseconds("1 second", &value));
    assert_int_equal(value, 1000);
    assert_null(torrc_value_decimal_ms("0.25", &value));
    assert_int_equal(value, 250);
    assert_non_null(torrc_value_decimal_ms("1 hour", &value));
}

static void switches(void **state) {
    (void)state;
    bool yes;
    int tristate;
    assert_null(torrc_value_bool("1", &yes));
    assert_true(yes);
    assert_non_null(torrc_value_bool("yes", &yes));
    assert_non_null(torrc_value_bool("", &yes));
    assert_null(torrc_value_tristate("Auto", &tristate));
    assert_int_equal(tristate, CONFIG_AUTO);
    assert_non_null(torrc_value_tristate("2", &tristate));
}

static void or_ports(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "x",
                                      "autos",
                                      "auto NoListen",
                                      ":auto",
                                      "x:auto",
                                      "1.2.3.4:auto:auto",
                                      "[0123:4567:89ab:cdef:0123:4567:89ab:cdef:0123:4567:89ab]:auto",
                                      "65536",
                                      "1.2.3.4:0",
                                      "1.2.3.4",
                                      "9001 Fast",
                                      "9001 NoListen NoAdvertise",
                                      "9001 IPv4Only IPv6Only",
                                      "1.2.3.4:1 IPv6Only"};
    struct config_port ports[2];
    uint32_t count;
    assert_null(torrc_value_or_port("9001", ports, &count));
    assert_int_equal(count, 2);
    assert_true(ports[0].listen && ports[0].advertise && !ports[0].is_optional && ports[1].is_optional);
    assert_null(torrc_value_or_port("9001 IPv4Only NoListen", ports, &count));
    assert_int_equal(count, 1);
    assert_false(ports[0].listen);
    assert_null(torrc_value_or_port("[::1]:9001 noadvertise", ports, &count));
    assert_int_equal(ports[0].endpoint.address.family, ADDRESS_IPV6);
    assert_false(ports[0].advertise);
    assert_null(torrc_value_or_port("0", ports, &count));
    assert_int_equal(count, 0);
    assert_null(torrc_value_or_port("auto IPv4Only", ports, &count));
    assert_int_equal(count, 1);
    assert_true(ports[0].listen && ports[0].endpoint.port == 0);
    assert_null(torrc_value_or_port("127.0.0.1:Auto", ports, &count));
    assert_int_equal(count, 1);
    assert_true(ports[0].endpoint.port == 0 && ports[0].endpoint.address.bytes[0] == 127);
    assert_null(torrc_value_or_port("[::1]:auto", ports, &count));
    assert_int_equal(ports[0].endpoint.address.family, ADDRESS_IPV6);
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_non_null(torrc_value_or_port(bad[i], ports, &count));
}

static void metrics_ports(void **state) {
    (void)state;
    struct config_port port;
    uint32_t count;
    assert_null(torrc_value_metrics_port("9035", &port, &count));
    assert_int_equal(port.endpoint.address.bytes[0], 127);
    assert_null(torrc_value_metrics_port("10.0.0.1:9035 prometheus", &port, &count));
    assert_int_equal(port.endpoint.address.bytes[0], 10);
    assert_non_null(torrc_value_metrics_port("9035 xml", &port, &count));
}

static void log_lines(void **state) {
    (void)state;
    static const char *const bad[] = {
        "", "loud", "notice-info", "notice file", "notice stdout x", "[net]info", "info screen"};
    struct log_sink sink;
    const char *path;
    assert_null(torrc_value_log("notice", &sink, &path));
    assert_int_equal(sink.kind, LOG_SINK_STDOUT);
    assert_int_equal(sink.most, LOG_LEVEL_ERR);
    assert_null(torrc_value_log("Info-Notice File  /a b/c", &sink, &path));
    assert_int_equal(sink.least, LOG_LEVEL_INFO);
    assert_int_equal(sink.most, LOG_LEVEL_NOTICE);
    assert_string_equal(path, "/a b/c");
    assert_null(torrc_value_log("warn syslog", &sink, &path));
    assert_int_equal(sink.kind, LOG_SINK_SYSLOG);
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_non_null(torrc_value_log(bad[i], &sink, &path));
}

static void authorities(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "a1",
                                      "a1 127.0.0.1:80",
                                      "a1 127.0.0.1 FFFFEEEEDDDDCCCCBBBBAAAA9999888877776666",
                                      "a1 orport=x 127.0.0.1:80 FFFFEEEEDDDDCCCCBBBBAAAA9999888877776666",
                                      "a1 v3ident=12 127.0.0.1:80 FFFFEEEEDDDDCCCCBBBBAAAA9999888877776666",
                                      "a1 127.0.0.1:80 FFFFEEEEDDDDCCCCBBBBAAAA99998888777766667"};
    struct config_authority a;
    assert_null(
        torrc_value_authority("a1 orport=9001 no-v2 v3ident=00112233445566778899AABBCCDDEEFF00112233 bridge "
                              "127.0.0.1:80 FFFF EEEE DDDD CCCC BBBB AAAA 9999 8888 7777 6666",
                              &a));
    assert_string_equal(a.nickname, "a1");
    assert_int_equal(a.or_port.port, 9001);
    assert_int_equal(a.dir_port.port, 80);
    assert_true(a.has_v3_identity);
    assert_int_equal(a.v3_identity[1], 0x11);
    assert_int_equal(a.rsa_id[0], 0xff);
    assert_null(torrc_value_authority("127.0.0.1:80 FFFFEEEEDDDDCCCCBBBBAAAA9999888877776666", &a));
    assert_string_equal(a.nickname, "");
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_non_null(torrc_value_authority(bad[i], &a));
}

static void fingerprints(void **state) {
    (void)state;
    static const char id[] = "$00112233445566778899AABBCCDDEEFF00112233~nick";
    uint8_t out[20];
    assert_null(torrc_value_fingerprint(id, strlen(id), out));
    assert_null(torrc_value_fingerprint(id + 1, 40, out));
    assert_int_equal(out[19], 0x33);
    assert_non_null(torrc_value_fingerprint(id, 40, out));
    assert_non_null(torrc_value_fingerprint("nick", 4, out));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_have_units), cmocka_unit_test(times_have_units), cmocka_unit_test(switches),
        cmocka_unit_test(or_ports),         cmocka_unit_test(metrics_ports),    cmocka_unit_test(log_lines),
        cmocka_unit_test(authorities),      cmocka_unit_test(fingerprints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
