#include "network/generated_network.h"

#include <stdio.h>
#include <unistd.h>

#include "files/file_text.h"
#include "network/generated_small.h"
#include "support/test.h"

#define REAL "/work/shared/data/reference-runs/shadow2-0.05-1/config.tar.xz"

static void a_network_is_read(void **state) {
    (void)state;
    struct text_archive archive = small_archive();
    struct generated_network network;
    struct mistake m = {""};
    if (!generated_network_read("n", &archive, &network, &m))
        fail_msg("%s", m.text);
    assert_int_equal(network.relay_count, 6);
    assert_string_equal(network.relays[0].name, "relay2exit"); /* the heaviest */
    assert_int_equal(network.relays[0].row.weight, 900);
    assert_int_equal(network.relays[0].row.flags, RELAY_EXIT | RELAY_FAST | RELAY_STABLE);
    assert_int_equal(network.relays[0].row.capacity, 5000000);
    assert_int_equal(network.relays[0].row.rate, 1024000);
    assert_int_equal(network.relays[0].row.burst, 2048000);
    assert_string_equal(network.relays[0].row.country.code, "FR");
    assert_string_equal(network.relays[1].name, "relay1exitguard");
    assert_int_equal(network.relays[1].row.flags, RELAY_EXIT | RELAY_GUARD | RELAY_FAST | RELAY_STABLE);
    assert_int_equal(network.relays[1].row.rate, 10000000);
    assert_int_equal(network.server_count, 1);
    assert_int_equal(network.client_count, 4);
    assert_int_equal(network.periodic.count, 2);
    assert_int_equal(network.periodic.actions.pause, 10 * NSEC_PER_S);
    assert_int_equal(network.periodic.torrc.circuit_age_max, 10 * NSEC_PER_S);
    assert_false(network.periodic.torrc.uses_guards);
    assert_int_equal(network.flowing.count, 2);
    assert_int_equal(network.clients[0].start, 0);
    assert_true(network.clients[2].has_flows);
    assert_int_equal(network.clients[2].start, 3 * NSEC_PER_S);
    assert_int_equal(network.flows.model.count, 2);
    assert_int_equal(network.packets.model.count, 3);
    generated_network_fini(&network);
    text_archive_fini(&archive);
}

static void mistakes_have_places(void **state) {
    (void)state;
    static const struct {
        const char *path, *text, *mistake;
    } cases[] = {
        {"net/shadow.config.yaml", NULL, "n: expected one shadow.config.yaml in it"},
        {"net/shadow.config.yaml", "hosts: {}\n",
         "n: expected relays, servers and clients, found 0, 0 and 0"},
        {"net/shadow.config.yaml", "hosts:\n" SMALL_HOST("box", "DE", "8") SMALL_TOR,
         "n: box: expected an authority, a relay, or a host with tgen"},
        {"net/shadow.config.yaml",
         "hosts:\n" SMALL_HOST("onion", "DE", "8") SMALL_TOR SMALL_TGEN("../../../conf/server.graphml"),
         "n: onion: expected servers behind exits alone, not onion services"},
        {"net/shadow.config.yaml",
         "hosts:\n" SMALL_HOST("c", "DE", "8") SMALL_TGEN("../../../conf/perf.graphml"),
         "n: c: expected a client with a tor"},
        {"net/shadow.config.yaml",
         "hosts:\n" SMALL_HOST("c", "DE", "8") SMALL_TGEN("../../../../../etc/passwd"),
         "n: c: expected a file of the archive, found \"../../../../../etc/passwd\""},
        {"net/conf/perf.graphml", NULL,
         "n: perfclient1: expected a file of the archive, found \"../../../conf/perf.graphml\""},
        {"net/conf/packet.graphml", "<graphml/>", "n: net/conf/packet.graphml:1: expected a graph"},
        {SMALL_HOSTS "markovclient2/torrc-defaults", "",
         "n: markovclient2: expected it to do as the others of its kind, and with the same torrc"},
        {SMALL_HOSTS "bwauthority/v3bw.init.consensus", NULL,
         "n: expected the bandwidth authority's " SMALL_HOSTS "bwauthority/v3bw.init.consensus in it"},
        {SMALL_HOSTS "bwauthority/v3bw.init.consensus", "1\nnode_id=$A bw=-5 nick=x\n",
         "n: " SMALL_HOSTS "bwauthority/v3bw.init.consensus:2: expected bw=NUMBER and nick=NAME"},
        {SMALL_HOSTS "bwauthority/v3bw.init.consensus", "1\n",
         "n: " SMALL_HOSTS
         "bwauthority/v3bw.init.consensus: relay1exitguard: expected a weight above 0 of it"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct text_archive archive = small_archive_but(cases[i].path, cases[i].text);
        struct generated_network network;
        struct mistake m = {""};
        assert_false(generated_network_read("n", &archive, &network, &m));
        assert_string_equal(m.text, cases[i].mistake);
        assert_null(network.relays);
        text_archive_fini(&archive);
    }
}

/* One of the networks that Shadow's results are of, where it is there. */
static void a_real_network_is_read(void **state) {
    (void)state;
    struct file_text text;
    struct text_archive archive;
    struct generated_network network;
    struct mistake m = {""};
    if (access(REAL, R_OK) != 0) {
        printf("skipped: %s is not there\n", REAL);
        skip();
    }
    assert_true(file_text_read(REAL, 64u << 20, &text, &m));
    assert_true(text_archive_parse("n", text.bytes, text.length, &archive, &m));
    if (!generated_network_read("n", &archive, &network, &m))
        fail_msg("%s", m.text);
    assert_int_equal(network.relay_count, 346);
    assert_int_equal(network.server_count, 40);
    assert_int_equal(network.periodic.count, 40);
    assert_int_equal(network.flowing.count, 396);
    assert_int_equal(network.periodic.actions.fetch_count, 3);
    assert_int_equal(network.packets.model.count, 28);
    generated_network_fini(&network);
    text_archive_fini(&archive);
    file_text_fini(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_is_read),
        cmocka_unit_test(mistakes_have_places),
        cmocka_unit_test(a_real_network_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
