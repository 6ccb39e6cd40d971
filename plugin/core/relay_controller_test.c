/* The controller alone; the test is its two managers, at their ends of the mailroom. */
#include "core/relay_controller.h"

#include "core/control.h"
#include "core/mailroom.h"
#include "support/fake_port.h"
#include "support/test.h"
#include "support/test_memory.h"

#define CONTROLLER 3u
#define STATIONS   4u

struct fixture {
    struct test_memory memory;
    struct relay_config config;
    struct fake_port port;
    bool woken[STATIONS];
    struct mailroom *room;
    struct controller *c;
    struct work work;
    nsec now;
};

static void set_up(struct fixture *f) {
    static const uint16_t thread_of[STATIONS] = {0, 1, 2, 0};
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    relay_config_default(&f->config);
    f->config.memory = &f->memory.memory;
    f->config.connection_threads = 2;
    f->config.links_max = 6;
    fake_port_init(&f->port, f->woken);
    f->room = mailroom_new(&f->memory.memory, STATIONS, thread_of, 100);
    f->c = controller_new(&f->config, f->now, CONTROLLER, &f->port.port, f->room);
    assert_non_null(f->room);
    assert_non_null(f->c);
}

static void tear_down(struct fixture *f) {
    controller_free(f->c);
    mailroom_free(f->room);
    test_memory_fini(&f->memory);
}

static void no_wake(void *context, station_id to) {
    struct fixture *f = context;
    f->woken[to] = true;
}

/* A message from a manager, and what the controller does about it. */
static void tell(struct fixture *f, station_id from, struct control *message) {
    mailroom_post_control(f->room, from, CONTROLLER, message, &f->work);
    mailroom_flush(f->room, from, &f->work, no_wake, f);
    assert_false(controller_drain(f->c, f->now, 100));
    controller_flush(f->c, f->now);
}

static struct control *new_message(struct fixture *f, enum control_kind kind, link_id link) {
    struct control *message = control_new(&f->memory.memory, kind);
    assert_non_null(message);
    message->link = link;
    return message;
}

/* The relay `number` at 10.0.0.host:9001. */
struct wish {
    uint8_t number, ed, host;
};

static void fill_id(uint8_t *rsa_id, uint8_t *ed_id, const struct wish *wish) {
    memset(rsa_id, wish->number, RSA_ID_LEN);
    memset(ed_id, wish->ed, ED_ID_LEN);
}

static half_id half_of(station_id station, uint32_t slot) {
    return object_id_make(station, OBJECT_HALF, slot, 1);
}

/* Half number slot of manager 1 asks to be extended; ed 0: it names no Ed25519 id. */
static void ask(struct fixture *f, uint32_t slot, struct wish wish) {
    struct control *message = new_message(f, CONTROL_EXTEND, 0);
    message->from = half_of(1, slot);
    message->serial = slot + 100;
    struct control_extend *extend = &message->u.extend;
    fill_id(extend->rsa_id, extend->ed_id, &wish);
    extend->has_ed_id = wish.ed != 0;
    extend->ipv4 = (struct endpoint){{ADDRESS_IPV4, {10, 0, 0, wish.host}}, 9001};
    extend->handshake_type = 2;
    extend->data_length = 3;
    memcpy(extend->data, "abc", 3);
    tell(f, 1, message);
}

static void tell_open(struct fixture *f, station_id from, link_id link, struct wish wish, bool is_canonical) {
    struct control *message = new_message(f, CONTROL_LINK_OPEN, link);
    struct control_link_open *open = &message->u.link_open;
    fill_id(open->rsa_id, open->ed_id, &wish);
    open->is_authenticated = wish.number != 0;
    open->is_canonical = is_canonical;
    tell(f, from, message);
}

static void tell_closed(struct fixture *f, station_id from, link_id link, uint8_t reason) {
    struct control *message = new_message(f, CONTROL_LINK_CLOSED, link);
    message->reason = reason;
    tell(f, from, message);
}

/* The next message for a manager, which must be the only one; kind is checked. Free it with control_free. */
static struct control *take(struct fixture *f, station_id at, enum control_kind kind) {
    mailroom_collect_begin(f->room, at);
    struct control *message = mailroom_collect_controls(f->room, at);
    assert_non_null(message);
    assert_int_equal(message->kind, kind);
    assert_null(message->next);
    return message;
}

static void expect_nothing(struct fixture *f) {
    for (station_id at = 0; at < CONTROLLER; at++) {
        mailroom_collect_begin(f->room, at);
        assert_null(mailroom_collect_controls(f->room, at));
    }
}

static void expect_failed(struct fixture *f, uint32_t slot, uint8_t reason) {
    struct control *message = take(f, 1, CONTROL_EXTEND_FAILED);
    assert_true(message->to == half_of(1, slot));
    assert_int_equal(message->serial, slot + 100);
    assert_int_equal(message->reason, reason);
    control_free(&f->memory.memory, message);
}

static void expect_attach(struct fixture *f, station_id at, link_id link, uint32_t slot) {
    struct control *message = take(f, at, CONTROL_ATTACH);
    assert_int_equal(message->link, link);
    assert_true(message->from == half_of(1, slot));
    assert_int_equal(message->serial, slot + 100);
    assert_int_equal(message->u.extend.data_length, 3);
    assert_memory_equal(message->u.extend.data, "abc", 3);
    control_free(&f->memory.memory, message);
}

static link_id expect_dial(struct fixture *f, station_id at, struct wish wish) {
    struct control *message = take(f, at, CONTROL_DIAL);
    link_id link = message->link;
    assert_int_equal(message->u.dial.endpoint.address.bytes[3], wish.host);
    assert_int_equal(message->u.dial.endpoint.port, 9001);
    assert_int_equal(message->u.dial.rsa_id[19], wish.number);
    assert_true(message->u.dial.has_ed_id == (wish.ed != 0));
    assert_int_equal(message->u.dial.ed_id[31], wish.ed);
    control_free(&f->memory.memory, message);
    return link;
}

static link_id accept_from(struct fixture *f, uint8_t host, station_id *manager) {
    const struct endpoint peer = {{ADDRESS_IPV4, {10, 0, 0, host}}, 50000};
    link_id link;
    assert_int_equal(controller_accept(f->c, f->now, &peer, &link, manager), ERR_OK);
    return link;
}

/* --- stories ------------------------------------------------------------------------------------------------------- */

static const struct wish relay_5 = {5, 55, 50};

static void connections_go_to_the_managers_in_turn(UNUSED void **state) {
    struct fixture f;
    station_id manager;
    set_up(&f);
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
    tear_down(&f);
}

static void an_extend_is_dialled_and_attached_when_the_link_is_open(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    ask(&f, 1, relay_5);
    link_id link = expect_dial(&f, 1, relay_5);
    ask(&f, 2, relay_5); /* waits for the same */
    expect_nothing(&f);
    tell_open(&f, 1, link, relay_5, true);
    mailroom_collect_begin(f.room, 1);
    struct control *first = mailroom_collect_controls(f.room, 1), *second = first->next;
    assert_true(first->kind == CONTROL_ATTACH && first->from == half_of(1, 1));
    assert_true(second->kind == CONTROL_ATTACH && second->from == half_of(1, 2));
    assert_null(second->next);
    control_free(&f.memory.memory, first);
    control_free(&f.memory.memory, second);
    ask(&f, 3, relay_5);
    expect_attach(&f, 1, link, 3);
    tell_closed(&f, 1, link, DESTROY_CONNECTFAILED);
    expect_nothing(&f); /* its circuits hear of it from their halves */
    ask(&f, 4, relay_5);
    (void)expect_dial(&f, 2, relay_5);
    tear_down(&f);
}

static void who_waits_for_a_dial_that_fails_is_told_why(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    ask(&f, 1, relay_5);
    link_id link = expect_dial(&f, 1, relay_5);
    tell_closed(&f, 1, link, DESTROY_OR_IDENTITY);
    expect_failed(&f, 1, DESTROY_OR_IDENTITY);
    tell_closed(&f, 1, link, DESTROY_OR_IDENTITY); /* stale: ignored */
    tell_open(&f, 1, link, relay_5, true);
    expect_nothing(&f);
    tear_down(&f);
}

static void a_relay_that_dialled_us_is_extended_to(UNUSED void **state) {
    struct fixture f;
    station_id manager;
    set_up(&f);
    link_id link = accept_from(&f, 50, &manager);
    ask(&f, 1, relay_5); /* it may be the one, but has not said so */
    (void)expect_dial(&f, 2, relay_5);
    tell_open(&f, manager, link, relay_5, true);
    ask(&f, 2, relay_5);
    expect_attach(&f, manager, link, 2); /* open before dialled */
    tear_down(&f);
}

static void nobody_extends_to_a_client(UNUSED void **state) {
    struct fixture f;
    station_id manager;
    set_up(&f);
    link_id link = accept_from(&f, 50, &manager);
    tell_open(&f, manager, link, (struct wish){0, 0, 0}, false);
    ask(&f, 1, (struct wish){0, 0, 50});
    (void)expect_dial(&f, 2, (struct wish){0, 0, 50});
    tear_down(&f);
}

static void canonical_links_come_first(UNUSED void **state) {
    struct fixture f;
    station_id manager[3];
    link_id links[3];
    set_up(&f);
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
    tear_down(&f);
}

/* An open link that is not canonical and comes from elsewhere may be a relay in the middle (tor-spec 5.3.1). */
static void a_link_from_elsewhere_must_be_canonical(UNUSED void **state) {
    for (unsigned is_canonical = 0; is_canonical < 2; is_canonical++) {
        struct fixture f;
        station_id manager;
        set_up(&f);
        link_id link = accept_from(&f, 66, &manager);
        tell_open(&f, manager, link, relay_5, is_canonical);
        ask(&f, 1, relay_5);
        if (is_canonical)
            expect_attach(&f, manager, link, 1);
        else
            (void)expect_dial(&f, 2, relay_5);
        tear_down(&f);
    }
}

/* Somebody names a wrong address for a relay: those who know the right one do not wait for him. */
static void a_wrong_address_holds_nobody_up(UNUSED void **state) {
    static const struct wish wrong = {5, 55, 99};
    struct fixture f;
    set_up(&f);
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
    tear_down(&f);
}

static void an_ed25519_identity_must_fit(UNUSED void **state) {
    static const struct wish other = {5, 56, 50}, unnamed = {5, 0, 50};
    struct fixture f;
    set_up(&f);
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
    tear_down(&f);
}

static void the_consensus_fills_in_an_ed25519_identity(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    struct relay_entry entries[2] = {{.rsa_id = {0}}, {.rsa_id = {0}}};
    memset(entries[0].rsa_id, 5, 20);
    memset(entries[0].ed_id, 55, 32);
    memset(entries[1].rsa_id, 6, 20); /* a flavour without Ed25519 ids */
    struct consensus_view *view =
        consensus_view_new(&f.memory.memory, &consensus_params_default, entries, COUNT(entries));
    controller_set_consensus(f.c, f.now, view);
    consensus_view_drop(view);
    ask(&f, 1, (struct wish){5, 0, 50});
    (void)expect_dial(&f, 1, relay_5);
    ask(&f, 2, (struct wish){6, 0, 60});
    (void)expect_dial(&f, 2, (struct wish){6, 0, 60});
    ask(&f, 3, (struct wish){7, 0, 70});
    (void)expect_dial(&f, 1, (struct wish){7, 0, 70});
    controller_set_consensus(f.c, f.now, NULL);
    tear_down(&f);
}

static void an_extend_by_ipv6_is_dialled_there(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    struct control *message = new_message(&f, CONTROL_EXTEND, 0);
    message->from = half_of(1, 1);
    message->u.extend.rsa_id[0] = 9;
    message->u.extend.ipv6 = (struct endpoint){{ADDRESS_IPV6, {0x20, 1}}, 443};
    tell(&f, 1, message);
    message = take(&f, 1, CONTROL_DIAL);
    assert_int_equal(message->u.dial.endpoint.address.family, ADDRESS_IPV6);
    assert_int_equal(message->u.dial.endpoint.port, 443);
    control_free(&f.memory.memory, message);
    tear_down(&f);
}

/* The address that half number slot is led to; its family. */
static uint8_t family_dialled(struct fixture *f, uint8_t slot) {
    uint8_t family = ADDRESS_NONE;
    struct control *message = new_message(f, CONTROL_EXTEND, 0);
    message->from = half_of(1, slot);
    message->u.extend.rsa_id[0] = slot;
    message->u.extend.ipv4 = (struct endpoint){{ADDRESS_IPV4, {1, 2, 3, slot}}, 443};
    message->u.extend.ipv6 = (struct endpoint){{ADDRESS_IPV6, {0x20, slot}}, 443};
    tell(f, 1, message);
    for (station_id at = 0; at < CONTROLLER; at++) {
        mailroom_collect_begin(f->room, at);
        message = mailroom_collect_controls(f->room, at);
        if (!message)
            continue;
        assert_int_equal(message->kind, CONTROL_DIAL);
        family = message->u.dial.endpoint.address.family;
        control_free(&f->memory.memory, message);
    }
    return family;
}

static void who_has_two_addresses_is_dialled_by_either(UNUSED void **state) {
    for (unsigned has_ipv6 = 0; has_ipv6 < 2; has_ipv6++) {
        struct fixture f;
        unsigned over_ipv6 = 0;
        set_up(&f);
        f.config.extends_over_ipv6 = has_ipv6;
        for (uint8_t slot = 1; slot <= f.config.links_max; slot++)
            over_ipv6 += family_dialled(&f, slot) == ADDRESS_IPV6;
        assert_in_range(over_ipv6, has_ipv6, has_ipv6 ? f.config.links_max - 1 : 0);
        tear_down(&f);
    }
}

/* By IPv6 alone: dialled by the IPv4 address that the consensus has, unless that is a private one. */
static void the_consensus_fills_in_an_address(UNUSED void **state) {
    static const struct {
        uint8_t first; /* of the IPv4 address that is listed */
        bool allow_private;
        uint8_t dialled;
    } cases[] = {{99, false, ADDRESS_IPV4}, {10, false, ADDRESS_IPV6}, {10, true, ADDRESS_IPV4}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture f;
        set_up(&f);
        f.config.allow_private_addresses = cases[i].allow_private;
        struct relay_entry entry = {.rsa_id = {9}, .ipv4 = {{ADDRESS_IPV4, {cases[i].first, 1, 1, 1}}, 9001}};
        struct consensus_view *view =
            consensus_view_new(&f.memory.memory, &consensus_params_default, &entry, 1);
        controller_set_consensus(f.c, f.now, view);
        consensus_view_drop(view);
        struct control *message = new_message(&f, CONTROL_EXTEND, 0);
        message->from = half_of(1, 1);
        message->u.extend.rsa_id[0] = 9;
        message->u.extend.ipv6 = (struct endpoint){{ADDRESS_IPV6, {0x20, 1}}, 443};
        tell(&f, 1, message);
        message = take(&f, 1, CONTROL_DIAL);
        assert_int_equal(message->u.dial.endpoint.address.family, cases[i].dialled);
        assert_int_equal(message->u.dial.endpoint.port, cases[i].dialled == ADDRESS_IPV4 ? 9001 : 443);
        control_free(&f.memory.memory, message);
        controller_set_consensus(f.c, f.now, NULL);
        tear_down(&f);
    }
}

static void too_many_links_are_a_resource_limit(UNUSED void **state) {
    struct fixture f;
    station_id manager;
    set_up(&f);
    for (unsigned i = 0; i < 6; i++)
        (void)accept_from(&f, 1, &manager);
    ask(&f, 1, relay_5);
    expect_failed(&f, 1, DESTROY_RESOURCELIMIT);
    tear_down(&f);
}

/* Whichever allocation fails, the half is told when there is memory for that, and nothing is lost or kept. */
static void without_memory_extends_fail(UNUSED void **state) {
    for (uint32_t allowed = 0; allowed < 12; allowed++) {
        struct fixture f;
        set_up(&f);
        struct control *message = new_message(&f, CONTROL_EXTEND, 0);
        message->from = half_of(1, 1);
        message->u.extend.rsa_id[0] = 9;
        message->u.extend.ipv4 = (struct endpoint){{ADDRESS_IPV4, {10, 0, 0, 9}}, 9001};
        test_memory_fail_after(&f.memory, allowed);
        tell(&f, 1, message);
        for (station_id at = 0; at < CONTROLLER; at++) {
            mailroom_collect_begin(f.room, at);
            struct control *answer = mailroom_collect_controls(f.room, at);
            assert_true(!answer || answer->kind == CONTROL_DIAL || answer->kind == CONTROL_EXTEND_FAILED);
            while (answer) {
                struct control *next = answer->next;
                control_free(&f.memory.memory, answer);
                answer = next;
            }
        }
        tear_down(&f);
    }
}

static void the_controller_sleeps_until_it_is_told_something(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    assert_true(controller_next_wake(f.c) == NSEC_NEVER);
    controller_tick(f.c, f.now);
    ask(&f, 1, relay_5);
    assert_true(f.woken[CONTROLLER]);
    assert_true(f.woken[1]);
    assert_false(f.woken[2]);
    assert_int_equal(controller_work(f.c)->controls_posted, 1);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_go_to_the_managers_in_turn),
        cmocka_unit_test(an_extend_is_dialled_and_attached_when_the_link_is_open),
        cmocka_unit_test(who_waits_for_a_dial_that_fails_is_told_why),
        cmocka_unit_test(a_relay_that_dialled_us_is_extended_to),
        cmocka_unit_test(nobody_extends_to_a_client),
        cmocka_unit_test(canonical_links_come_first),
        cmocka_unit_test(a_link_from_elsewhere_must_be_canonical),
        cmocka_unit_test(a_wrong_address_holds_nobody_up),
        cmocka_unit_test(an_ed25519_identity_must_fit),
        cmocka_unit_test(the_consensus_fills_in_an_ed25519_identity),
        cmocka_unit_test(an_extend_by_ipv6_is_dialled_there),
        cmocka_unit_test(who_has_two_addresses_is_dialled_by_either),
        cmocka_unit_test(the_consensus_fills_in_an_address),
        cmocka_unit_test(too_many_links_are_a_resource_limit),
        cmocka_unit_test(without_memory_extends_fail),
        cmocka_unit_test(the_controller_sleeps_until_it_is_told_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
