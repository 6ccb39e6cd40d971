#include "sim/sim_server.h"

#include <string.h>

#include "base/bytes.h"
#include "sim/sim_config.h"
#include "support/test.h"

/* That it answers is seen in sim_world_test.c and tests/sim. */
static void test_names_are_numbers(void **state) {
    (void)state;
    static const uint32_t servers[] = {0, 9, 10, 65535};
    char name[SIM_SERVER_NAME_MAX];
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        uint32_t server = 77;
        sim_server_name(servers[i], name);
        assert_true(sim_server_of(name, &server));
        assert_int_equal(server, servers[i]);
    }
    assert_string_equal(name, "s65535");
}

static void test_other_names_are_of_no_server(void **state) {
    (void)state;
    static const char *const names[] = {
        "", "s", "17", "s1x", "S1", "s-1", "www.example.com", "s99999999999999"};
    uint32_t server;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_false(sim_server_of(names[i], &server));
}

static void test_a_request_says_its_length_and_what_it_wants(void **state) {
    (void)state;
    uint8_t head[SIM_REQUEST_HEAD_LEN];
    sim_request_write(1000, UINT64_C(5) << 33, head);
    struct bytes_in bytes = bytes_in(head, sizeof head);
    assert_int_equal(bytes_u64(&bytes), 1000);
    assert_int_equal(bytes_u64(&bytes), UINT64_C(5) << 33);
    assert_true(bytes_done(&bytes));
}

static void test_an_upload_says_whose_it_is(void **state) {
    (void)state;
    static const struct sim_upload uploads[] = {
        {.client = 0, .session = 0, .number = 0},
        {.client = 1499, .session = 9, .number = 1},
        {.client = SIM_CLIENTS_MAX - 1, .session = SIM_SESSIONS_MAX - 1, .number = UINT16_MAX}};
    for (size_t i = 0; i < sizeof uploads / sizeof uploads[0]; i++) {
        uint8_t head[SIM_REQUEST_HEAD_LEN];
        struct sim_upload upload;
        sim_upload_write(10485760, &uploads[i], head);
        struct bytes_in bytes = bytes_in(head, sizeof head);
        assert_int_equal(bytes_u64(&bytes), 10485760);
        assert_true(sim_upload_of(bytes_u64(&bytes), &upload));
        assert_int_equal(upload.client, uploads[i].client);
        assert_int_equal(upload.session, uploads[i].session);
        assert_int_equal(upload.number, uploads[i].number);
        assert_true(upload.first_byte == NSEC_NEVER && upload.last_byte == NSEC_NEVER);
    }
    struct sim_upload none;
    assert_false(sim_upload_of(UINT64_C(1) << 40, &none)); /* a terabyte is wanted */
}

static void test_a_request_may_say_who_is_observed(void **state) {
    (void)state;
    static const struct {
        uint64_t length;
        uint32_t client;
        uint16_t session;
    } cases[] = {{16, 0, 0}, {1000000, 1499, 9}, {(1u << 24) - 1, SIM_CLIENTS_MAX - 1, SIM_SESSIONS_MAX - 1}};
    uint64_t length;
    uint32_t client;
    uint16_t session;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t word = sim_observed_word(cases[i].length, cases[i].client, cases[i].session);
        assert_true(sim_observed_of(word, &length, &client, &session));
        assert_int_equal(length, cases[i].length);
        assert_int_equal(client, cases[i].client);
        assert_int_equal(session, cases[i].session);
    }
    assert_false(sim_observed_of(SIM_UNENDING, &length, &client, &session));
    assert_true(length == SIM_UNENDING);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_numbers),
        cmocka_unit_test(test_other_names_are_of_no_server),
        cmocka_unit_test(test_a_request_says_its_length_and_what_it_wants),
        cmocka_unit_test(test_an_upload_says_whose_it_is),
        cmocka_unit_test(test_a_request_may_say_who_is_observed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
