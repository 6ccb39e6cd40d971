#define _POSIX_C_SOURCE 200809L /* popen */

#include "wire/consensus.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/test.h"
#include "support/test_memory.h"
#include "wire/text.h"

#define REAL "/work/shared/data/network-2024-05/consensus-microdesc.xz"

#define HEAD                                          \
    "network-status-version 3 microdesc\n"            \
    "vote-status consensus\n"                         \
    "consensus-method 33\n"                           \
    "valid-after 2024-05-17 17:00:00\n"               \
    "fresh-until 2024-05-17 18:00:00\n"               \
    "valid-until 2024-05-17 20:00:00\n"               \
    "params a=1 circ_max_cell_queue_size=1250 c=-7\n" \
    "surprise of the future\n"                        \
    "-----BEGIN THING-----\nr\n-----END THING-----\n"

#define RELAY_1                                                                     \
    "r one AAoQ1DAR6kkoo19hBAX5K0QztNw 2038-01-01 00:00:00 104.53.221.159 9001 0\n" \
    "a [2a01:4f8::1]:9001\n"                                                        \
    "m kusfs5Uj8tVEA9CcwkKq9nJ4YkcVIj1iDjzBUY1mPTA\n"                               \
    "s Fast Running Stable V2Dir Valid Shiny\n"                                     \
    "pr Link=1-5 Relay=1-4\n"                                                       \
    "w Bandwidth=570 Unmeasured=1\n"
#define RELAY_2 "r two AAw1H4YDNlSoLZ/WrDsXj0TiNr4 2038-01-01 00:00:00 5.196.8.113 443 0\ns Exit\n"
#define FOOT                                                                                                         \
    "directory-footer\nbandwidth-weights Wbd=0\n"                                                                    \
    "directory-signature sha256 0232AF901C31A04EE9848595AF9BB7620D4C5B2E 0DAB4EDFD58B4E02DFA879D1164183D19DAFB5C2\n" \
    "-----BEGIN SIGNATURE-----\nAQIDBA==\n-----END SIGNATURE-----\n"                                                 \
    "directory-signature E8A9C45EDE6D711294FADF8E7951F4DE6CA56B58 0DAB4EDFD58B4E02DFA879D1164183D19DAFB5C2\n"        \
    "-----BEGIN SIGNATURE-----\nBQYH\n-----END SIGNATURE-----\n"

static void reads_what_it_needs(void **state) {
    (void)state;
    static const char text[] = HEAD RELAY_1 RELAY_2 FOOT;
    struct test_memory memory;
    struct consensus c;
    test_memory_init(&memory);
    assert_int_equal(consensus_parse(span_of(text), &memory.memory, &c), ERR_OK);
    assert_int_equal(c.flavour, CONSENSUS_MICRODESC);
    assert_int_equal(c.valid_after_s, 1715965200);
    assert_int_equal(c.fresh_until_s, 1715965200 + 3600);
    assert_int_equal(c.valid_until_s, 1715965200 + 3 * 3600);
    assert_int_equal(consensus_param(&c, "circ_max_cell_queue_size", 2500, 50, 10000), 1250);
    assert_int_equal(consensus_param(&c, "c", 0, -5, 5), -5);
    assert_int_equal(consensus_param(&c, "none", 3, 0, 5), 3);
    assert_int_equal(c.relay_count, 2);
    assert_string_equal(c.relays[0].nickname, "one");
    assert_int_equal(c.relays[0].ipv4.port, 9001);
    assert_int_equal(c.relays[0].ipv6.address.family, ADDRESS_IPV6);
    assert_int_equal(c.relays[0].flags,
                     RELAY_FAST | RELAY_RUNNING | RELAY_STABLE | RELAY_V2DIR | RELAY_VALID);
    assert_int_equal(c.relays[0].bandwidth, 570);
    assert_true(span_is(c.relays[0].protocols, "Link=1-5 Relay=1-4"));
    assert_ptr_equal(consensus_find(&c, c.relays[1].rsa_id), &c.relays[1]);
    assert_null(consensus_find(&c, (const uint8_t[20]){1}));
    assert_int_equal(c.signature_count, 2);
    assert_int_equal(c.signatures[0].digest, CONSENSUS_SHA256);
    assert_int_equal(c.signatures[1].digest, CONSENSUS_SHA1);
    assert_int_equal(c.signatures[1].length, 3);
    assert_ptr_equal(c.signed_part.data, text);
    assert_memory_equal(text + c.signed_part.length - 20, "directory-signature ", 20);
    assert_memory_equal(text + c.signed_part.length, "sha256", 6);
    consensus_fini(&c);
    assert_int_equal(memory.bytes_live, 0);
}

static void refuses_what_is_wrong(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum err e;
    } cases[] = {
        {"", ERR_MALFORMED},
        {HEAD RELAY_1, ERR_TRUNCATED},
        {RELAY_1 FOOT, ERR_MALFORMED},
        {HEAD RELAY_2 RELAY_1 FOOT, ERR_MALFORMED},
        {HEAD RELAY_1 RELAY_1 FOOT, ERR_MALFORMED},
        {HEAD FOOT RELAY_1, ERR_MALFORMED},
        {HEAD RELAY_1 "params x=1\n" FOOT, ERR_MALFORMED},
        {HEAD "params x=y\n" FOOT, ERR_MALFORMED},
        {HEAD "r toolongnicknamehere20 AAoQ1DAR6kkoo19hBAX5K0QztNw 2038-01-01 00:00:00 1.2.3.4 1 0\n" FOOT,
         ERR_MALFORMED},
        {HEAD "r one AAoQ1DAR6kkoo19hBAX5K0QztN 2038-01-01 00:00:00 1.2.3.4 1 0\n" FOOT, ERR_MALFORMED},
        {HEAD "r one AAoQ1DAR6kkoo19hBAX5K0QztNw 2038-01-01 00:00:00 1.2.3.4 65536 0\n" FOOT, ERR_MALFORMED},
        {HEAD "directory-signature\n", ERR_MALFORMED},
        {HEAD "directory-signature 00 11\n", ERR_MALFORMED},
        {"network-status-version 4 microdesc\n" FOOT, ERR_UNSUPPORTED},
        {"network-status-version 3 colours\n" FOOT, ERR_UNSUPPORTED},
        {"network-status-version 3\nvote-status vote\n" FOOT, ERR_UNSUPPORTED},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct test_memory memory;
        struct consensus c;
        test_memory_init(&memory);
        assert_int_equal(consensus_parse(span_of(cases[i].text), &memory.memory, &c), cases[i].e);
        assert_int_equal(memory.bytes_live, 0);
    }
}

static void survives_without_memory(void **state) {
    (void)state;
    for (uint32_t max = 0; max < 3; max++) {
        struct test_memory memory;
        struct consensus c;
        test_memory_init(&memory);
        memory.allocations_max = max;
        assert_int_equal(consensus_parse(span_of(HEAD RELAY_1 FOOT), &memory.memory, &c), ERR_LIMIT);
        assert_int_equal(memory.bytes_live, 0);
    }
}

static void reads_the_network_of_2024(void **state) {
    (void)state;
    if (access(REAL, R_OK) != 0)
        skip();
    FILE *in = popen("xz -dc " REAL, "r");
    assert_non_null(in);
    char *text = malloc(8 << 20);
    size_t length = fread(text, 1, 8 << 20, in);
    if (pclose(in) != 0) {
        free(text);
        skip();
    }
    struct test_memory memory;
    struct consensus c;
    test_memory_init(&memory);
    assert_int_equal(consensus_parse((struct span){(const uint8_t *)text, length}, &memory.memory, &c),
                     ERR_OK);
    assert_true(c.relay_count > 7000);
    assert_int_equal(c.signature_count, 8);
    assert_int_equal(consensus_param(&c, "cc_sscap_exit", 0, 0, 10000), 600);
    uint64_t weight = 0;
    for (uint32_t i = 0; i < c.relay_count; i++) {
        weight += c.relays[i].bandwidth;
        assert_true(c.relays[i].flags & RELAY_RUNNING);
    }
    assert_true(weight > 10000000);
    consensus_fini(&c);
    assert_int_equal(memory.bytes_live, 0);
    free(text);
}

static void a_failure_has_its_line(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum err e;
        uint32_t line;
    } cases[] = {
        {HEAD RELAY_1 FOOT, ERR_OK, 0},
        {HEAD RELAY_1, ERR_TRUNCATED, 17},
        {HEAD RELAY_1 "r two\n" FOOT, ERR_MALFORMED, 18},
        {"network-status-version 4\n", ERR_UNSUPPORTED, 1},
        {"", ERR_MALFORMED, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct test_memory memory;
        struct consensus c;
        uint32_t line = 99;
        test_memory_init(&memory);
        assert_int_equal(consensus_parse_at(span_of(cases[i].text), &memory.memory, &c, &line), cases[i].e);
        assert_int_equal(line, cases[i].line);
        consensus_fini(&c);
        test_memory_fini(&memory);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_needs),       cmocka_unit_test(refuses_what_is_wrong),
        cmocka_unit_test(a_failure_has_its_line),    cmocka_unit_test(survives_without_memory),
        cmocka_unit_test(reads_the_network_of_2024),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
