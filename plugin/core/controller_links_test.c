/* Which link a controller chooses for an EXTEND, and where new ones go. */
#include "support/controller_bench.h"

static void connections_go_to_the_managers_in_turn(UNUSED void **state) {
    struct controller_bench f;
    station_id manager;
    controller_bench_init(&f);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(accept_from(&f, 1, &manager), i + 1);
        assert_int_equal(manager, i % 2 + 1);
    }
    const struct endpoint peer = {{ADDRESS_IPV4, {1, 2, 3, 4}}, 5};
    link_id link;
    assert_int_equal(controller_accept(f.c, f.now, &peer, &link, &manager), ERR_LIMIT);
    controller_accept_failed(f.c, f.now, 3);
    controller_accept_failed(f.c, f.now, 3);           /* a second time: ignored */
    assert_int_equal(accept_from(&f, 1, &manager), 7); /* ids are never used again */
    controller_bench_fini(&f);
}

static void open_links_are_walked_by_number(UNUSED void **state) {
    struct controller_bench f;
    station_id manager[3], found;
    link_id links[3];
    controller_bench_init(&f);
    for (unsigned i = 0; i < 3; i++)
        links[i] = accept_from(&f, 50, &manager[i]);
    assert_int_equal(controller_next_link(f.c, 0, &found), 0); /* none is open */
    tell_open(&f, manager[0], links[0], relay_5, true);
    tell_open(&f, manager[2], links[2], relay_5, true);
    assert_int_equal(controller_next_link(f.c, 0, &found), links[0]);
    assert_int_equal(found, manager[0]);
    assert_int_equal(controller_next_link(f.c, links[0], &found), links[2]);
    assert_int_equal(found, manager[2]);
    assert_int_equal(controller_next_link(f.c, links[2], &found), 0);
    controller_bench_fini(&f);
}

static void a_relay_that_dialled_us_is_extended_to(UNUSED void **state) {
    struct controller_bench f;
    station_id manager;
    controller_bench_init(&f);
    link_id link = accept_from(&f, 50, &manager);
    ask(&f, 1, relay_5); /* it may be the one, but has not said so */
    (void)expect_dial(&f, 2, relay_5);
    tell_open(&f, manager, link, relay_5, true);
    ask(&f, 2, relay_5);
    expect_attach(&f, manager, link, 2); /* open before dialled */
    controller_bench_fini(&f);
}

static void nobody_extends_to_a_client(UNUSED void **state) {
    struct controller_bench f;
    station_id manager;
    controller_bench_init(&f);
    link_id link = accept_from(&f, 50, &manager);
    tell_open(&f, manager, link, (struct wish){0, 0, 0}, false);
    ask(&f, 1, (struct wish){0, 0, 50});
    (void)expect_dial(&f, 2, (struct wish){0, 0, 50});
    controller_bench_fini(&f);
}

static void canonical_links_come_first(UNUSED void **state) {
    struct controller_bench f;
    station_id manager[3];
    link_id links[3];
    controller_bench_init(&f);
    for (unsigned i = 0; i < 3; i++) {
        links[i] = accept_from(&f, 50, &manager[i]);
        tell_open(&f, manager[i], links[i], relay_5, i > 0);
    }
    ask(&f, 1, relay_5);
    expect_attach(&f, manager[1], links[1], 1); /* of two, the older */
    tell_closed(&f, manager[1], links[1], 0);
    ask(&f, 2, relay_5);
    expect_attach(&f, manager[2], links[2], 2);
    tell_closed(&f, manager[2], links[2], 0);
    ask(&f, 3, relay_5);
    expect_attach(&f, manager[0], links[0], 3); /* not canonical, but the address that is wanted */
    controller_bench_fini(&f);
}

/* An open link that is not canonical and comes from elsewhere may be a relay in the middle (tor-spec 5.3.1). */
static void a_link_from_elsewhere_must_be_canonical(UNUSED void **state) {
    for (unsigned is_canonical = 0; is_canonical < 2; is_canonical++) {
        struct controller_bench f;
        station_id manager;
        controller_bench_init(&f);
        link_id link = accept_from(&f, 66, &manager);
        tell_open(&f, manager, link, relay_5, is_canonical);
        ask(&f, 1, relay_5);
        if (is_canonical)
            expect_attach(&f, manager, link, 1);
        else
            (void)expect_dial(&f, 2, relay_5);
        controller_bench_fini(&f);
    }
}

/* Somebody names a wrong address for a relay: those who know the right one do not wait for him. */
static void a_wrong_address_holds_nobody_up(UNUSED void **state) {
    static const struct wish wrong = {5, 55, 99};
    struct controller_bench f;
    controller_bench_init(&f);
    ask(&f, 1, wrong);
    link_id link = expect_dial(&f, 1, wrong);
    ask(&f, 2, relay_5);
    link_id good = expect_dial(&f, 2, relay_5);
    tell_open(&f, 2, good, relay_5, true);
    expect_attach(&f, 2, good, 2);
    tell_closed(&f, 1, link, DESTROY_CONNECTFAILED);
    expect_failed(&f, 1, DESTROY_CONNECTFAILED);
    ask(&f, 3, wrong);
    expect_attach(&f, 2, good, 3); /* canonical: the address does not matter any more */
    controller_bench_fini(&f);
}

static void an_ed25519_identity_must_fit(UNUSED void **state) {
    static const struct wish other = {5, 56, 50}, unnamed = {5, 0, 50};
    struct controller_bench f;
    controller_bench_init(&f);
    ask(&f, 1, unnamed);
    link_id link = expect_dial(&f, 1, unnamed);
    ask(&f, 2, other); /* may be the same relay: waits */
    expect_nothing(&f);
    tell_open(&f, 1, link, relay_5, true);
    mailroom_collect_begin(f.room, 1);
    struct control *first = mailroom_collect_controls(f.room, 1), *second = first->next;
    assert_true(first->kind == CONTROL_ATTACH && first->from == half_of(1, 1));
    assert_true(second->kind == CONTROL_EXTEND_FAILED && second->to == half_of(1, 2));
    assert_int_equal(second->reason, DESTROY_OR_IDENTITY);
    control_free(&f.memory.memory, first);
    control_free(&f.memory.memory, second);
    ask(&f, 3, other);
    (void)expect_dial(&f, 2, other); /* open, but not that one */
    controller_bench_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_links_are_walked_by_number),
        cmocka_unit_test(connections_go_to_the_managers_in_turn),
        cmocka_unit_test(a_relay_that_dialled_us_is_extended_to),
        cmocka_unit_test(nobody_extends_to_a_client),
        cmocka_unit_test(canonical_links_come_first),
        cmocka_unit_test(a_link_from_elsewhere_must_be_canonical),
        cmocka_unit_test(a_wrong_address_holds_nobody_up),
        cmocka_unit_test(an_ed25519_identity_must_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
