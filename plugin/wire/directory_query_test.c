#include "wire/directory_query.h"

#include <string.h>

#include "support/test.h"
#include "wire/text.h"

#define FP_A "0102030405060708090A0B0C0D0E0F1011121314"
#define FP_B "A102030405060708090a0b0c0d0e0f10111213a4"
#define HASH "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF"
#define MD   "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

static struct directory_query parse(const char *path) {
    struct directory_query query;
    directory_query_parse(span_of(path), &query);
    return query;
}

static void every_path_has_its_resource(UNUSED void **state) {
    static const struct {
        const char *path;
        enum directory_resource resource;
        bool is_packed;
    } cases[] = {
        {"/", DIRECTORY_FRONT_PAGE, false},
        {"/tor/robots.txt", DIRECTORY_ROBOTS, false},
        {"/tor/status-vote/current/consensus", DIRECTORY_CONSENSUS, false},
        {"/tor/status-vote/current/consensus.z", DIRECTORY_CONSENSUS, true},
        {"/tor/status-vote/current/consensus-ns/" FP_A ".z", DIRECTORY_CONSENSUS, true},
        {"/tor/status-vote/current/consensus-microdesc", DIRECTORY_CONSENSUS, false},
        {"/tor/status-vote/current/consensus-other", DIRECTORY_UNKNOWN, false},
        {"/tor/status-vote/current/consensus/diff/12", DIRECTORY_UNKNOWN, false},
        {"/tor/status-vote/next/consensus", DIRECTORY_UNKNOWN, false},
        {"/tor/keys/all.z", DIRECTORY_KEYS_ALL, true},
        {"/tor/keys/authority", DIRECTORY_KEYS_AUTHORITY, false},
        {"/tor/keys/fp/" FP_A, DIRECTORY_KEYS_FP, false},
        {"/tor/keys/sk/" FP_A, DIRECTORY_KEYS_SK, false},
        {"/tor/keys/fp-sk/" FP_A "-" FP_B, DIRECTORY_KEYS_FP_SK, false},
        {"/tor/micro/d/" MD, DIRECTORY_MICRODESCRIPTORS, false},
        {"/tor/server/all", DIRECTORY_SERVERS_ALL, false},
        {"/tor/server/authority.z", DIRECTORY_SERVERS_AUTHORITY, true},
        {"/tor/server/fp/" FP_A, DIRECTORY_SERVERS_FP, false},
        {"/tor/server/d/" FP_A, DIRECTORY_SERVERS_D, false},
        {"/tor/extra/all", DIRECTORY_EXTRA, false},
        {"/tor/hs/3/publish", DIRECTORY_HS, false},
        {"/tor/server/allnonsense", DIRECTORY_UNKNOWN, false},
        {"/tor/", DIRECTORY_UNKNOWN, false},
        {"/etc/passwd", DIRECTORY_UNKNOWN, false},
        {".z", DIRECTORY_UNKNOWN, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct directory_query query = parse(cases[i].path);
        assert_int_equal(query.resource, cases[i].resource);
        assert_int_equal(query.is_packed, cases[i].is_packed);
    }
}

static void a_consensus_may_be_asked_for_by_flavour_base_and_signers(UNUSED void **state) {
    struct directory_id id;
    struct directory_query query =
        parse("/tor/status-vote/current/consensus-microdesc/diff/" HASH "/A1b2+" FP_A "+xy.z");
    assert_true(query.is_microdesc && query.is_packed && query.has_base);
    assert_int_equal(query.base[1], 0x11);
    assert_true(directory_query_next(&query, &id));
    assert_int_equal(id.length, 2);
    assert_int_equal(id.bytes[1], 0xB2);
    assert_true(directory_query_next(&query, &id));
    assert_int_equal(id.length, 20);
    assert_false(directory_query_next(&query, &id));
    query = parse("/tor/status-vote/current/consensus/diff/" HASH);
    assert_true(query.has_base && !query.is_microdesc && query.resource == DIRECTORY_CONSENSUS);
}

static void identifiers_that_are_none_are_passed_over(UNUSED void **state) {
    struct directory_id id;
    struct directory_query query = parse("/tor/server/d/" FP_A "+12++nonsense+" FP_B);
    assert_true(directory_query_next(&query, &id));
    assert_int_equal(id.bytes[0], 1);
    assert_true(directory_query_next(&query, &id));
    assert_int_equal(id.bytes[0], 0xA1);
    assert_false(directory_query_next(&query, &id));
    query = parse("/tor/micro/d/-x-" MD "-" MD);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(directory_query_next(&query, &id));
        assert_int_equal(id.length, 32);
        assert_int_equal(id.bytes[31], 31);
    }
    assert_false(directory_query_next(&query, &id));
    query = parse("/tor/keys/fp-sk/" FP_A "+" FP_A "-" FP_B);
    assert_true(directory_query_next(&query, &id));
    assert_int_equal(id.length, 40);
    assert_int_equal(id.bytes[20], 0xA1);
    query = parse("/tor/server/all");
    assert_false(directory_query_next(&query, &id));
}

static void bases_are_read_from_the_header(UNUSED void **state) {
    uint8_t base[32];
    struct span rest = span_of("AB, " HASH "," HASH " ");
    assert_true(directory_base_next(&rest, base));
    assert_int_equal(base[31], 0xFF);
    assert_true(directory_base_next(&rest, base));
    assert_false(directory_base_next(&rest, base));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_has_its_resource),
        cmocka_unit_test(a_consensus_may_be_asked_for_by_flavour_base_and_signers),
        cmocka_unit_test(identifiers_that_are_none_are_passed_over),
        cmocka_unit_test(bases_are_read_from_the_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
