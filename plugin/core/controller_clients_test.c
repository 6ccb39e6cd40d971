/* Which connections and circuits of clients a controller refuses, and whom it tells. */
#include "core/consensus_view.h"
#include "support/controller_bench.h"

#define DEFENCE_LEAST ((nsec)11 * NSEC_PER_S) /* of the ten seconds below; at most half as long again */
#define DEFENCE_MOST  ((nsec)17 * NSEC_PER_S)

static const struct wish nobody = {0, 0, 0};

/* All defences are on; relay 5 at 10.0.0.50 is the consensus. */
static struct dos_params all_on(void) {
    struct dos_params dos = dos_params_default;
    dos.connection_enabled = 1;
    dos.connections_max = 2;
    dos.connect_burst = 5;
    dos.connect_rate = 1;
    dos.connect_defense_s = 10;
    dos.circuit_enabled = 1;
    dos.circuit_connections_min = 1;
    dos.circuit_burst = 5;
    dos.circuit_rate = 1;
    dos.circuit_defense_s = 10;
    dos.queues_full_max = 2;
    return dos;
}

static void set_consensus(struct controller_bench *f, struct dos_params dos) {
    struct consensus_params params = consensus_params_default;
    params.dos = dos;
    struct relay_entry relay = {.ipv4 = {{ADDRESS_IPV4, {10, 0, 0, relay_5.host}}, 9001}};
    fill_id(relay.rsa_id, relay.ed_id, &relay_5);
    struct consensus_view *view = consensus_view_new(&f->memory.memory, &params, &relay, 1);
    assert_non_null(view);
    controller_set_consensus(f->c, f->now, view);
    consensus_view_drop(view);
}

static void begin(struct controller_bench *f) {
    controller_bench_init(f);
    f->now = 100 * NSEC_PER_S;
    set_consensus(f, all_on());
}

static enum err try_from(struct controller_bench *f, uint8_t host) {
    const struct endpoint peer = {{ADDRESS_IPV4, {10, 0, 0, host}}, 50000};
    station_id manager;
    link_id link;
    return controller_accept(f->c, f->now, &peer, &link, &manager);
}

static link_id open_from(struct controller_bench *f, uint8_t host, station_id *manager) {
    link_id link = accept_from(f, host, manager);
    tell_open(f, *manager, link, nobody, false);
    return link;
}

static void tell_creates(struct controller_bench *f, station_id from, link_id link, uint32_t count) {
    struct control *message = new_message(f, CONTROL_CREATES, link);
    message->count = count;
    tell(f, from, message);
}

static nsec expect_refuse(struct controller_bench *f, station_id at, link_id link) {
    struct control *message = take(f, at, CONTROL_LINK_REFUSE);
    assert_int_equal(message->link, link);
    nsec until = message->u.refused_until;
    control_free(&f->memory.memory, message);
    return until;
}

/* --- connections ---------------------------------------------------------------------------------------------------------- */

static void without_a_defence_nobody_is_counted(UNUSED void **state) {
    struct controller_bench f;
    controller_bench_init(&f);
    set_consensus(&f, dos_params_default);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(try_from(&f, 60), ERR_OK);
    controller_bench_fini(&f);
}

static void an_address_has_so_many_connections_at_once(UNUSED void **state) {
    struct controller_bench f;
    station_id manager;
    begin(&f);
    link_id link = accept_from(&f, 60, &manager);
    assert_int_equal(try_from(&f, 60), ERR_OK);
    assert_int_equal(try_from(&f, 60), ERR_REFUSED);
    assert_int_equal(controller_refused(f.c)->concurrent_conn_rejected, 1);
    assert_int_equal(try_from(&f, 61), ERR_OK); /* somebody else */
    controller_accept_failed(f.c, f.now, link);
    link = accept_from(&f, 60, &manager); /* in its place */
    assert_int_equal(try_from(&f, 60), ERR_REFUSED);
    tell_open(&f, manager, link, nobody, false);
    tell_closed(&f, manager, link, 0);
    assert_int_equal(try_from(&f, 60), ERR_OK);
    controller_bench_fini(&f);
}

static void an_address_that_connects_too_often_waits(UNUSED void **state) {
    struct controller_bench f;
    station_id manager;
    begin(&f);
    for (unsigned i = 0; i < 5; i++)
        controller_accept_failed(f.c, f.now, accept_from(&f, 60, &manager));
    assert_int_equal(try_from(&f, 60), ERR_REFUSED);
    assert_int_equal(controller_refused(f.c)->conn_rejected, 1);
    f.now += DEFENCE_LEAST - 1;
    assert_int_equal(try_from(&f, 60), ERR_REFUSED);
    f.now += DEFENCE_MOST - DEFENCE_LEAST;
    assert_int_equal(try_from(&f, 60), ERR_OK);
    controller_bench_fini(&f);
}

static void a_refusal_for_want_of_links_counts_for_nobody(UNUSED void **state) {
    struct controller_bench f;
    station_id manager;
    begin(&f);
    link_id links[6];
    for (uint8_t i = 0; i < 6; i++)
        links[i] = accept_from(&f, (uint8_t)(70 + i), &manager);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(try_from(&f, 60), ERR_LIMIT);
    controller_accept_failed(f.c, f.now, links[0]);
    controller_accept_failed(f.c, f.now, links[1]);
    assert_int_equal(try_from(&f, 60), ERR_OK);
    assert_int_equal(try_from(&f, 60), ERR_OK); /* the first two that it has */
    controller_bench_fini(&f);
}

static void addresses_of_relays_are_not_counted(UNUSED void **state) {
    struct controller_bench f;
    begin(&f);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(try_from(&f, relay_5.host), ERR_OK);
    controller_bench_fini(&f);
}

static void an_address_that_is_no_relays_any_more_is_counted(UNUSED void **state) {
    struct controller_bench f;
    begin(&f);
    struct consensus_params params = consensus_params_default;
    params.dos = all_on();
    struct consensus_view *without = consensus_view_new(&f.memory.memory, &params, NULL, 0);
    controller_set_consensus(f.c, f.now, without);
    consensus_view_drop(without);
    assert_int_equal(try_from(&f, relay_5.host), ERR_OK);
    assert_int_equal(try_from(&f, relay_5.host), ERR_OK);
    assert_int_equal(try_from(&f, relay_5.host), ERR_REFUSED);
    controller_bench_fini(&f);
}

/* From an address that the consensus does not name. */
static void a_relay_counts_as_a_client_until_it_has_proved_itself(UNUSED void **state) {
    static const struct wish unlisted = {7, 77, 60};
    struct controller_bench f;
    station_id manager[2];
    link_id links[2];
    begin(&f);
    for (unsigned i = 0; i < 2; i++)
        links[i] = accept_from(&f, 60, &manager[i]);
    assert_int_equal(try_from(&f, 60), ERR_REFUSED);
    tell_open(&f, manager[0], links[0], unlisted, true);
    assert_int_equal(try_from(&f, 60), ERR_REFUSED); /* nobody knows that one */
    tell_open(&f, manager[1], links[1], relay_5, true);
    assert_int_equal(try_from(&f, 60), ERR_OK);
    controller_bench_fini(&f);
}

/* It did not count when it connected, either. */
static void a_relay_may_connect_often(UNUSED void **state) {
    struct controller_bench f;
    station_id manager;
    begin(&f);
    for (unsigned i = 0; i < 12; i++) {
        link_id link = accept_from(&f, 60, &manager);
        tell_open(&f, manager, link, relay_5, true);
        tell_closed(&f, manager, link, 0);
    }
    assert_int_equal(controller_refused(f.c)->conn_rejected, 0);
    controller_bench_fini(&f);
}

static void who_only_says_that_he_is_a_relay_is_counted(UNUSED void **state) {
    struct controller_bench f;
    station_id manager;
    begin(&f);
    struct control *message = new_message(&f, CONTROL_LINK_OPEN, accept_from(&f, 60, &manager));
    fill_id(message->u.link_open.rsa_id, message->u.link_open.ed_id, &relay_5);
    tell(&f, manager, message);
    assert_int_equal(try_from(&f, 60), ERR_OK);
    assert_int_equal(try_from(&f, 60), ERR_REFUSED);
    controller_bench_fini(&f);
}

/* --- circuits ------------------------------------------------------------------------------------------------------------- */

static void all_links_of_a_client_with_too_many_circuits_are_told(UNUSED void **state) {
    struct controller_bench f;
    station_id manager[2];
    link_id links[2];
    begin(&f);
    for (unsigned i = 0; i < 2; i++)
        links[i] = open_from(&f, 60, &manager[i]);
    tell_creates(&f, manager[0], links[0], 4);
    expect_nothing(&f);
    tell_creates(&f, manager[1], links[1], 1); /* the fifth: of either link */
    for (unsigned i = 0; i < 2; i++) {
        nsec until = expect_refuse(&f, manager[i], links[i]);
        assert_true(until >= f.now + DEFENCE_LEAST && until <= f.now + DEFENCE_MOST);
    }
    assert_int_equal(controller_refused(f.c)->marked_address, 1);
    controller_bench_fini(&f);
}

static void a_link_is_told_once_it_is_open(UNUSED void **state) {
    struct controller_bench f;
    station_id manager[2];
    link_id links[2];
    begin(&f);
    links[0] = open_from(&f, 60, &manager[0]);
    links[1] = accept_from(&f, 60, &manager[1]);
    tell_creates(&f, manager[0], links[0], 5);
    nsec until = expect_refuse(&f, manager[0], links[0]);
    expect_nothing(&f);
    tell_open(&f, manager[1], links[1], nobody, false);
    assert_true(expect_refuse(&f, manager[1], links[1]) == until);
    controller_bench_fini(&f);
}

static void circuits_of_others_do_not_count(UNUSED void **state) {
    struct controller_bench f;
    station_id manager, other;
    begin(&f);
    link_id link = open_from(&f, 60, &manager), others = open_from(&f, 61, &other);
    tell_creates(&f, manager, link, 4);
    tell_creates(&f, other, others, 4);
    expect_nothing(&f);
    f.now += 10 * NSEC_PER_S; /* the bucket is full again */
    tell_creates(&f, manager, link, 4);
    expect_nothing(&f);
    link_id relay = accept_from(&f, relay_5.host, &manager);
    tell_open(&f, manager, relay, relay_5, true);
    tell_creates(&f, manager, relay, 1000);
    tell_creates(&f, manager, 12345, 1000); /* a link that has gone meanwhile */
    expect_nothing(&f);
    assert_int_equal(controller_refused(f.c)->marked_address, 0);
    controller_bench_fini(&f);
}

static void circuits_that_a_link_made_before_it_closed_count(UNUSED void **state) {
    struct controller_bench f;
    station_id manager, second;
    begin(&f);
    link_id link = open_from(&f, 60, &manager), stays = open_from(&f, 60, &second);
    struct control *message = new_message(&f, CONTROL_LINK_CLOSED, link);
    message->count = 5;
    tell(&f, manager, message);
    assert_true(expect_refuse(&f, second, stays) > f.now);
    (void)expect_refuse(&f, manager, link); /* whose manager knows it no more */
    controller_bench_fini(&f);
}

static void who_is_refused_is_told_as_he_comes_back(UNUSED void **state) {
    struct controller_bench f;
    station_id manager;
    begin(&f);
    link_id link = open_from(&f, 60, &manager);
    tell_creates(&f, manager, link, 5);
    nsec until = expect_refuse(&f, manager, link);
    tell_closed(&f, manager, link, 0);
    link = open_from(&f, 60, &manager);
    assert_true(expect_refuse(&f, manager, link) == until);
    tell_closed(&f, manager, link, 0);
    f.now = until;
    (void)open_from(&f, 60, &manager);
    expect_nothing(&f);
    controller_bench_fini(&f);
}

/* It goes on: its links are not told with each circuit, but again before what they know is over. */
static void a_client_that_goes_on_is_refused_on(UNUSED void **state) {
    struct controller_bench f;
    station_id manager;
    begin(&f);
    link_id link = open_from(&f, 60, &manager);
    tell_creates(&f, manager, link, 5);
    nsec until = expect_refuse(&f, manager, link);
    unsigned told = 0;
    for (unsigned i = 0; i < 40; i++) {
        f.now += NSEC_PER_S;
        assert_true(f.now < until);
        tell_creates(&f, manager, link, 10);
        mailroom_collect_begin(f.room, manager);
        struct control *message = mailroom_collect_controls(f.room, manager);
        if (!message)
            continue;
        told++;
        assert_true(message->u.refused_until > until);
        until = message->u.refused_until;
        control_free(&f.memory.memory, message);
    }
    assert_true(told >= 2 && told <= 12);
    assert_int_equal(controller_refused(f.c)->marked_address, 1); /* the same time still */
    controller_bench_fini(&f);
}

static void queues_that_a_client_fills_are_counted(UNUSED void **state) {
    struct controller_bench f;
    station_id manager;
    begin(&f);
    link_id link = open_from(&f, 60, &manager);
    tell(&f, manager, new_message(&f, CONTROL_QUEUE_FULL, link));
    tell(&f, manager, new_message(&f, CONTROL_QUEUE_FULL, 12345)); /* has gone */
    expect_nothing(&f);
    tell(&f, manager, new_message(&f, CONTROL_QUEUE_FULL, link));
    assert_true(expect_refuse(&f, manager, link) >= f.now + DEFENCE_LEAST);
    assert_int_equal(controller_refused(f.c)->marked_address_maxq, 1);
    assert_int_equal(controller_refused(f.c)->marked_address, 0);
    controller_bench_fini(&f);
}

static void without_memory_for_a_message_it_is_refused_later(UNUSED void **state) {
    struct controller_bench f;
    station_id manager;
    begin(&f);
    link_id link = open_from(&f, 60, &manager);
    struct control *message = new_message(&f, CONTROL_CREATES, link);
    message->count = 5;
    test_memory_fail_after(&f.memory, 0);
    tell(&f, manager, message);
    expect_nothing(&f);
    f.memory.allocations_max = UINT32_MAX;
    f.now += 10 * NSEC_PER_S; /* less than half of the time is left */
    tell_creates(&f, manager, link, 20);
    assert_true(expect_refuse(&f, manager, link) >= f.now + DEFENCE_LEAST);
    controller_bench_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_defence_nobody_is_counted),
        cmocka_unit_test(an_address_has_so_many_connections_at_once),
        cmocka_unit_test(an_address_that_connects_too_often_waits),
        cmocka_unit_test(a_refusal_for_want_of_links_counts_for_nobody),
        cmocka_unit_test(addresses_of_relays_are_not_counted),
        cmocka_unit_test(an_address_that_is_no_relays_any_more_is_counted),
        cmocka_unit_test(a_relay_counts_as_a_client_until_it_has_proved_itself),
        cmocka_unit_test(a_relay_may_connect_often),
        cmocka_unit_test(who_only_says_that_he_is_a_relay_is_counted),
        cmocka_unit_test(a_link_is_told_once_it_is_open),
        cmocka_unit_test(all_links_of_a_client_with_too_many_circuits_are_told),
        cmocka_unit_test(circuits_of_others_do_not_count),
        cmocka_unit_test(circuits_that_a_link_made_before_it_closed_count),
        cmocka_unit_test(who_is_refused_is_told_as_he_comes_back),
        cmocka_unit_test(a_client_that_goes_on_is_refused_on),
        cmocka_unit_test(queues_that_a_client_fills_are_counted),
        cmocka_unit_test(without_memory_for_a_message_it_is_refused_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
