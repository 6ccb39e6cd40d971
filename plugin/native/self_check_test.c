#include "native/self_check.h"

#include <event2/event.h>
#include <sys/socket.h>

#include "native/log.h"
#include "support/native_bench.h"
#include "support/test.h"
#include "wire/consensus.h"
#include "wire/text.h"

/* Two relays and, to be asked through one of them, the other's self-test. The relays are new for each test, their keys are
 * not. */
struct rig {
    struct native_bench *other, *us;
    struct endpoint other_at, us_at;
    int other_fd, us_fd;
    struct self_check test;
};

static struct native_bench benches[2];

static int make_keys(UNUSED void **state) {
    bench_make_keys(&benches[0]);
    bench_make_keys(&benches[1]);
    return 0;
}

static int drop_keys(UNUSED void **state) {
    bench_drop_keys(&benches[0]);
    bench_drop_keys(&benches[1]);
    return 0;
}

static void accept_waiting(struct native_bench *bench, int listening) {
    struct sockaddr_storage in;
    socklen_t length = sizeof in;
    struct event_thread *thread = bench_main(bench);
    struct endpoint peer;
    link_id link;
    station_id station;
    int fd = accept4(listening, (struct sockaddr *)&in, &length, SOCK_NONBLOCK);
    if (fd < 0)
        return;
    assert_true(socket_address_to((const struct sockaddr *)&in, &peer));
    assert_int_equal(controller_accept(thread->controller, event_thread_now(thread), &peer, &link, &station),
                     ERR_OK);
    event_team_accept(&bench->team, station, link, fd, &peer);
}

static void turn(struct rig *rig) {
    accept_waiting(rig->other, rig->other_fd);
    if (rig->us_fd >= 0)
        accept_waiting(rig->us, rig->us_fd);
    bench_turn(rig->other);
    bench_turn(rig->us);
    usleep(200);
}

static void let_private(struct native_bench *bench) {
    relay_free(bench->relay);
    bench->relay_config.allow_private_addresses = true;
    bench_start_relay(bench);
}

static void open_rig_at(struct rig *rig, int assume_reachable, int (*listen_for_us)(struct endpoint *),
                        bool measures) {
    *rig = (struct rig){.other = &benches[0], .us = &benches[1]};
    rig->us_fd = listen_for_us(&rig->us_at);
    rig->other_fd = bench_listen(&rig->other_at);
    bench_start(rig->other, 0);
    bench_start(rig->us, 0);
    let_private(rig->other);
    let_private(rig->us);
    rig->us->config->assume_reachable = assume_reachable;
    const struct self_check_options options = {.config = rig->us->config,
                                               .crypt = openssl_provider(),
                                               .base = bench_main(rig->us)->base,
                                               .keys = rig->us->keys,
                                               .us = rig->us_at,
                                               .measures = measures,
                                               .seed = 7};
    self_check_init(&rig->test, &options);
}

static void open_rig(struct rig *rig, int assume_reachable) {
    open_rig_at(rig, assume_reachable, bench_listen, true);
}

/* Our port over IPv6. */
static int listen_ipv6(struct endpoint *at_out) {
    struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t length = sizeof in;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&in, length) != 0)
        skip(); /* no IPv6 here */
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &length), 0);
    assert_true(socket_address_to((const struct sockaddr *)&in, at_out));
    return fd;
}

static void open_rig_ipv6(struct rig *rig, int assume_reachable) {
    open_rig_at(rig, assume_reachable, listen_ipv6, false);
}

static void close_rig(struct rig *rig) {
    self_check_fini(&rig->test);
    close(rig->other_fd);
    if (rig->us_fd >= 0)
        close(rig->us_fd);
    bench_stop(rig->other);
    bench_stop(rig->us);
}

/* A consensus of the two: only the other may be asked. */
static void tell_consensus(struct rig *rig) {
    struct consensus_relay relays[3] = {
        {.flags = RELAY_RUNNING | RELAY_VALID, .ipv4 = rig->us_at},
        {.flags = RELAY_VALID, .ipv4 = rig->us_at}, /* not running */
        {.flags = RELAY_RUNNING | RELAY_VALID, .ipv4 = rig->other_at},
    };
    const struct consensus consensus = {.relays = relays, .relay_count = 3};
    memcpy(relays[0].rsa_id, keys_rsa_id(rig->us->keys), sizeof relays[0].rsa_id);
    memcpy(relays[2].rsa_id, keys_rsa_id(rig->other->keys), sizeof relays[2].rsa_id);
    self_check_set_consensus(&rig->test, &consensus);
    assert_int_equal(rig->test.candidate_count, 1);
}

static unsigned second(struct rig *rig) {
    return self_check_second(&rig->test, rig->us->identity, 0);
}

/* Turn until the circuit is as far. */
static void await(struct rig *rig, enum self_circuit_state state) {
    for (int i = 0; self_circuit_state(rig->test.circuit) != state; i++) {
        assert_true(i < BENCH_TURNS_MAX);
        turn(rig);
    }
}

static void reaches_itself_and_measures(void **state) {
    struct rig rig;
    uint64_t received = 0, sent = 0;
    (void)state;
    open_rig(&rig, CONFIG_NO);
    assert_int_equal(second(&rig), 0); /* nobody to ask yet */
    assert_null(rig.test.circuit);
    tell_consensus(&rig);
    assert_int_equal(second(&rig), 0);
    assert_true(self_check_is_measuring(&rig.test));
    assert_false(self_check_is_reachable(&rig.test));
    await(&rig, SELF_CIRCUIT_SENT);
    assert_int_equal(second(&rig), SELF_CHECK_REACHABLE);
    assert_true(self_check_is_reachable(&rig.test));
    const struct work *work = manager_work(bench_main(rig.us)->manager);
    for (int i = 0; work->bytes_received < SELF_CHECK_CELLS * CELL_LEN; i++) {
        assert_true(i < BENCH_TURNS_MAX); /* every DROP comes back to us */
        turn(&rig);
    }
    for (unsigned i = 1; i < SELF_CHECK_SETTLE_S; i++)
        assert_int_equal(second(&rig), 0);
    assert_int_equal(second(&rig), SELF_CHECK_MEASURED);
    assert_false(self_check_is_measuring(&rig.test));
    self_check_bytes(&rig.test, &received, &sent);
    assert_in_range(sent, SELF_CHECK_CELLS * CELL_LEN, (SELF_CHECK_CELLS + 4) * CELL_LEN);
    assert_int_equal(second(&rig), 0);
    assert_false(self_check_is_measuring(&rig.test)); /* not again so soon */
    rig.test.seconds += SELF_CHECK_AGAIN_S;
    assert_int_equal(self_check_second(&rig.test, rig.us->identity, SELF_CHECK_LOW), 0);
    assert_null(rig.test.circuit); /* enough is known */
    assert_int_equal(second(&rig), 0);
    assert_non_null(rig.test.circuit);
    close_rig(&rig);
}

/* Our port is shut: attempts follow at growing distances, and nobody is told that we are reachable. */
static void a_shut_port_is_tried_again(void **state) {
    struct rig rig;
    unsigned attempts = 0;
    (void)state;
    open_rig(&rig, CONFIG_NO);
    close(rig.us_fd);
    rig.us_fd = -1;
    tell_consensus(&rig);
    for (unsigned i = 0; i < 16; i++) {
        bool was_idle = rig.test.circuit == NULL;
        assert_int_equal(second(&rig), 0);
        if (rig.test.circuit == NULL || !was_idle)
            continue;
        attempts++;
        await(&rig, SELF_CIRCUIT_FAILED);
        assert_string_equal(self_circuit_failure(rig.test.circuit), "the first relay did not reach us");
    }
    assert_int_equal(attempts, 4); /* seconds 1, 3, 6, 11 */
    assert_false(self_check_is_reachable(&rig.test));
    close_rig(&rig);
}

static void what_is_assumed_needs_no_test(void **state) {
    struct rig rig;
    (void)state;
    open_rig(&rig, CONFIG_YES);
    assert_true(self_check_is_reachable(&rig.test));
    tell_consensus(&rig);
    assert_int_equal(second(&rig), 0);
    await(&rig, SELF_CIRCUIT_REACHED);
    assert_int_equal(second(&rig), 0); /* no news */
    close_rig(&rig);
}

/* What relays say they speak decides who is asked: to extend over IPv6 needs an address of it, and Relay=3. */
static void over_ipv6_only_some_may_be_asked(void **state) {
    struct rig rig;
    (void)state;
    open_rig_ipv6(&rig, CONFIG_NO);
    const struct endpoint at6 = {{ADDRESS_IPV6, {[15] = 1}}, 9001};
    struct consensus_relay relays[4] = {
        {.protocols = span_of("Relay=1-4"), .rsa_id = {1}}, /* no IPv6 */
        {.protocols = span_of("Link=3 Relay=1-2"), .ipv6 = at6, .rsa_id = {2}},
        {.ipv6 = at6, .rsa_id = {3}},
        {.protocols = span_of("Link=3 Relay=1-4"), .ipv6 = at6, .rsa_id = {4}},
    };
    for (unsigned i = 0; i < COUNT(relays); i++) {
        relays[i].flags = RELAY_RUNNING | RELAY_VALID;
        relays[i].ipv4 = rig.other_at;
    }
    const struct consensus consensus = {.relays = relays, .relay_count = COUNT(relays)};
    self_check_set_consensus(&rig.test, &consensus);
    assert_int_equal(rig.test.candidate_count, 1);
    assert_int_equal(rig.test.candidates[0].rsa_id[0], 4);
    close_rig(&rig);
}

static void an_ipv6_port_is_reached_and_no_more(void **state) {
    struct rig rig;
    uint64_t received = 0, sent = 0;
    (void)state;
    open_rig_ipv6(&rig, CONFIG_NO);
    struct consensus_relay relay = {.flags = RELAY_RUNNING | RELAY_VALID,
                                    .ipv4 = rig.other_at,
                                    .ipv6 = {{ADDRESS_IPV6, {[15] = 1}}, 9001},
                                    .protocols = span_of("Relay=3")};
    memcpy(relay.rsa_id, keys_rsa_id(rig.other->keys), sizeof relay.rsa_id);
    const struct consensus consensus = {.relays = &relay, .relay_count = 1};
    self_check_set_consensus(&rig.test, &consensus);
    const struct manager *manager = bench_main(rig.us)->manager;
    assert_int_equal(second(&rig), 0);
    assert_false(manager_is_reached_over_ipv6(manager));
    for (int i = 0; !manager_is_reached_over_ipv6(manager); i++) {
        assert_true(i < BENCH_TURNS_MAX);
        turn(&rig);
    }
    assert_int_equal(second(&rig), 0);
    assert_false(self_check_is_reachable(&rig.test));
    self_check_prove_ipv6(&rig.test);
    unsigned news = second(&rig);
    assert_int_equal(news, SELF_CHECK_REACHABLE);
    assert_true(self_check_is_reachable(&rig.test));
    assert_null(rig.test.circuit);
    self_check_bytes(&rig.test, &received, &sent);
    assert_in_range(sent, CELL_LEN, 6 * CELL_LEN);
    rig.test.seconds += SELF_CHECK_AGAIN_S;
    assert_int_equal(second(&rig), 0);
    assert_null(rig.test.circuit); /* not again */
    close_rig(&rig);
}

/* The relay that we asked went over IPv4, where we are as well. */
static void a_circuit_over_ipv4_proves_nothing_of_ipv6(void **state) {
    struct rig rig;
    (void)state;
    open_rig(&rig, CONFIG_NO);
    const struct endpoint at6 = {{ADDRESS_IPV6, {[15] = 1}}, rig.us_at.port};
    tell_consensus(&rig);
    assert_int_equal(second(&rig), 0);
    rig.test.options.us = at6; /* the circuit is under way to the other */
    await(&rig, SELF_CIRCUIT_SENT);
    for (unsigned i = 0; i <= SELF_CHECK_PROOF_S; i++)
        assert_int_equal(second(&rig), 0);
    assert_null(rig.test.circuit);
    assert_int_equal(rig.test.failures, 1);
    assert_false(self_check_is_reachable(&rig.test));
    assert_false(manager_is_reached_over_ipv6(bench_main(rig.us)->manager));
    close_rig(&rig);
}

static void ipv6_may_be_assumed_alone(void **state) {
    struct rig rig;
    (void)state;
    open_rig_ipv6(&rig, CONFIG_NO);
    rig.us->config->assume_reachable_ipv6 = CONFIG_YES;
    const struct self_check_options options = rig.test.options;
    self_check_init(&rig.test, &options);
    assert_true(self_check_is_reachable(&rig.test));
    struct self_check_options ipv4 = options;
    ipv4.us = rig.other_at;
    self_check_init(&rig.test, &ipv4);
    assert_false(self_check_is_reachable(&rig.test));
    close_rig(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reaches_itself_and_measures),
        cmocka_unit_test(a_shut_port_is_tried_again),
        cmocka_unit_test(over_ipv6_only_some_may_be_asked),
        cmocka_unit_test(an_ipv6_port_is_reached_and_no_more),
        cmocka_unit_test(a_circuit_over_ipv4_proves_nothing_of_ipv6),
        cmocka_unit_test(ipv6_may_be_assumed_alone),
        cmocka_unit_test(what_is_assumed_needs_no_test),
    };
    log_start_silent();
    return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
