/* Names: RESOLVE and its answers, and what a BEGIN's host may be. */
#include "support/exit_bench.h"
#include "wire/exit_policy.h"

static void expect_resolved(struct exit_bench *f, uint16_t stream, const struct name_answer *answer) {
    uint8_t room[RELAY_DATA_MAX];
    struct bytes_out body = bytes_out(room, sizeof room);
    resolved_encode(&body, answer);
    exit_expect(f, RELAY_RESOLVED, stream, room, bytes_written(&body));
}

/* --- RESOLVE --------------------------------------------------------------------------------------------------------- */

static void a_name_is_asked_for_and_answered(UNUSED void **state) {
    static const struct name_answer answers[] = {
        {.count = 2, .addresses = {{ADDRESS_IPV4, {1, 2, 3, 4}}, {ADDRESS_IPV6, {0x20, 1}}}},
        {.status = NAME_TRANSIENT},
        {.status = NAME_NONTRANSIENT},
    };
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct exit_bench f;
        struct fake_request request;
        exit_bench_init(&f);
        circuit_tell(&f.c, RELAY_RESOLVE, STREAM, "Example.com", 12);
        exit_take_question(&f, &request);
        assert_string_equal(request.query.host, "example.com");
        assert_true(request.query.wants_ipv4 && !request.query.wants_ipv6);
        exit_resolved(&f, &answers[i]);
        expect_resolved(&f, STREAM, &answers[i]);
        exit_expect_edge_closed(&f);
        exit_open_stream(&f, STREAM); /* the id is free again */
        exit_bench_fini(&f);
    }
}

static void a_numbers_name_is_asked_for(UNUSED void **state) {
    static const struct name_answer answer = {.host = "one.example"};
    struct exit_bench f;
    struct fake_request request;
    exit_bench_init(&f);
    circuit_tell(&f.c, RELAY_RESOLVE, STREAM, "4.3.2.1.in-addr.arpa", 21);
    exit_take_question(&f, &request);
    assert_string_equal(request.query.host, "");
    assert_true(address_equal(&request.query.address, &exit_destination));
    exit_resolved(&f, &answer);
    expect_resolved(&f, STREAM, &answer);
    exit_bench_fini(&f);
}

static void nobody_is_asked_about_numbers_and_rubbish(UNUSED void **state) {
    static const struct name_answer itself = {.count = 1, .addresses = {{ADDRESS_IPV4, {1, 2, 3, 4}}}},
                                    refusal = {.status = NAME_NONTRANSIENT};
    struct exit_bench f;
    struct fake_request request;
    exit_bench_init(&f);
    circuit_tell(&f.c, RELAY_RESOLVE, STREAM, "1.2.3.4", 8);
    expect_resolved(&f, STREAM, &itself);
    circuit_tell(&f.c, RELAY_RESOLVE, STREAM, "a b", 4);
    expect_resolved(&f, STREAM, &refusal);
    circuit_tell(&f.c, RELAY_RESOLVE, STREAM, "", 0);
    expect_resolved(&f, STREAM, &refusal);
    assert_false(exit_take_request(&f, FAKE_EDGE_RESOLVE, &request));
    circuit_tell(&f.c, RELAY_RESOLVE, 0, "a.com", 6);
    exit_expect_destroyed(&f, DESTROY_PROTOCOL);
    exit_bench_fini(&f);
}

static void who_is_no_exit_or_meets_a_client_asks_nobody(UNUSED void **state) {
    static const struct name_answer refusal = {.status = NAME_NONTRANSIENT};
    struct exit_bench f;
    exit_bench_init_with(&f, NULL, false);
    circuit_tell(&f.c, RELAY_RESOLVE, STREAM, "a.com", 6);
    expect_resolved(&f, STREAM, &refusal);
    exit_bench_fini(&f);
    exit_bench_init_with(&f, exit_here, true);
    circuit_tell(&f.c, RELAY_RESOLVE, STREAM, "a.com", 6);
    exit_expect_end(&f, STREAM, END_TORPROTOCOL);
    exit_bench_fini(&f);
}

static void an_answer_that_nobody_waits_for_is_dropped(UNUSED void **state) {
    static const struct name_answer answer = {.status = NAME_TRANSIENT};
    struct exit_bench f;
    struct fake_request request;
    exit_bench_init(&f);
    circuit_tell(&f.c, RELAY_RESOLVE, STREAM, "a.com", 6);
    exit_take_question(&f, &request);
    circuit_tell(&f.c, RELAY_END, STREAM, "\1", 1);
    f.edge_station = object_station(f.edge);
    exit_expect_edge_closed(&f);
    f.edge_station = object_station(f.edge);
    exit_resolved(&f, &answer);
    assert_null(peer_read(&f.origin));
    exit_bench_fini(&f);
}

/* --- BEGIN ----------------------------------------------------------------------------------------------------------- */

static struct exit_policy policy;

static void no_web(struct relay_config *config) {
    policy.count = 0;
    assert_int_equal(exit_policy_parse(&policy, "reject *:80, accept *:*"), EXIT_POLICY_OK);
    config->is_exit = true;
    config->exit_policy = &policy;
}

static void the_policy_is_asked_when_the_name_is_known(UNUSED void **state) {
    static const uint8_t expected[] = {END_EXITPOLICY, 1, 2, 3, 4, 0, 0, 0, 60};
    const struct name_answer answer = {.count = 1, .addresses = {exit_destination}};
    struct exit_bench f;
    struct fake_request request;
    exit_bench_init_with(&f, no_web, false);
    exit_begin(&f, STREAM);
    exit_take_question(&f, &request);
    exit_resolved(&f, &answer);
    exit_expect(&f, RELAY_END, STREAM, expected, sizeof expected);
    exit_expect_edge_closed(&f);

    circuit_tell(&f.c, RELAY_BEGIN, STREAM, "1.2.3.4:80", 11);
    exit_expect(&f, RELAY_END, STREAM, expected, sizeof expected);
    circuit_tell(&f.c, RELAY_BEGIN, STREAM, "1.2.3.4:81", 11);
    assert_true(exit_take_request(&f, FAKE_EDGE_CONNECT, &request));
    assert_int_equal(request.to.port, 81);
    circuit_tell(&f.c, RELAY_BEGIN, STREAM + 1, "[2001::1]:81", 13);
    exit_expect(&f, RELAY_END, STREAM + 1, expected, 1); /* no IPv6 here: nothing to tell */
    exit_bench_fini(&f);
}

static void a_name_without_an_address_ends_the_stream(UNUSED void **state) {
    static const enum name_status failures[] = {NAME_TRANSIENT, NAME_NONTRANSIENT};
    for (size_t i = 0; i < COUNT(failures); i++) {
        const struct name_answer answer = {.status = (uint8_t)failures[i]};
        struct exit_bench f;
        struct fake_request request;
        exit_bench_init(&f);
        exit_begin(&f, STREAM);
        exit_take_question(&f, &request);
        exit_resolved(&f, &answer);
        exit_expect_end(&f, STREAM, END_RESOLVEFAILED);
        exit_bench_fini(&f);
    }
}

static void ipv6_here(struct relay_config *config) {
    config->is_exit = true;
    config->ipv6_exit = true;
}

static void the_flags_say_which_family(UNUSED void **state) {
    static const uint8_t v6_only[] = "a.com:80\0\0\0\0\3", nothing[] = "a.com:80\0\0\0\0\2";
    static const struct address v6 = {ADDRESS_IPV6, {0x20, 1}};
    static const uint8_t connected[] = {0, 0, 0, 0, 6, 0x20, 1, 0, 0, 0, 0, 0, 0,
                                        0, 0, 0, 0, 0, 0,    0, 0, 0, 0, 0, 60};
    const struct name_answer answer = {.count = 2, .addresses = {exit_destination, v6}};
    struct exit_bench f;
    struct fake_request request;
    exit_bench_init_with(&f, ipv6_here, false);
    circuit_tell(&f.c, RELAY_BEGIN, STREAM, v6_only, sizeof v6_only - 1);
    exit_take_question(&f, &request);
    assert_true(request.query.wants_ipv6 && !request.query.wants_ipv4);
    exit_resolved(&f, &answer);
    assert_true(exit_take_request(&f, FAKE_EDGE_CONNECT, &request));
    assert_true(address_equal(&request.to.address, &v6));
    manager_edge_connected(exit_edge_manager(&f), f.b.now, f.edge, &v6);
    bench_run(&f.b);
    exit_expect(&f, RELAY_CONNECTED, STREAM, connected, sizeof connected);
    circuit_tell(&f.c, RELAY_BEGIN, STREAM + 1, nothing, sizeof nothing - 1);
    exit_expect_end(&f, STREAM + 1, END_EXITPOLICY);
    exit_bench_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_asked_for_and_answered),
        cmocka_unit_test(a_numbers_name_is_asked_for),
        cmocka_unit_test(nobody_is_asked_about_numbers_and_rubbish),
        cmocka_unit_test(who_is_no_exit_or_meets_a_client_asks_nobody),
        cmocka_unit_test(an_answer_that_nobody_waits_for_is_dropped),
        cmocka_unit_test(the_policy_is_asked_when_the_name_is_known),
        cmocka_unit_test(a_name_without_an_address_ends_the_stream),
        cmocka_unit_test(the_flags_say_which_family),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
