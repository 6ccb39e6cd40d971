/* EXTEND: who waits, what is dialled, and why it fails. */
#include "support/controller_bench.h"

static void an_extend_is_dialled_and_attached_when_the_link_is_open(UNUSED void **state) {
    struct controller_bench f;
    controller_bench_init(&f);
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
    controller_bench_fini(&f);
}

static void who_waits_for_a_dial_that_fails_is_told_why(UNUSED void **state) {
    struct controller_bench f;
    controller_bench_init(&f);
    ask(&f, 1, relay_5);
    link_id link = expect_dial(&f, 1, relay_5);
    tell_closed(&f, 1, link, DESTROY_OR_IDENTITY);
    expect_failed(&f, 1, DESTROY_OR_IDENTITY);
    tell_closed(&f, 1, link, DESTROY_OR_IDENTITY); /* stale: ignored */
    tell_open(&f, 1, link, relay_5, true);
    expect_nothing(&f);
    controller_bench_fini(&f);
}

static void the_consensus_fills_in_an_ed25519_identity(UNUSED void **state) {
    struct controller_bench f;
    controller_bench_init(&f);
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
    controller_bench_fini(&f);
}

static void an_extend_by_ipv6_is_dialled_there(UNUSED void **state) {
    struct controller_bench f;
    controller_bench_init(&f);
    struct control *message = new_message(&f, CONTROL_EXTEND, 0);
    message->from = half_of(1, 1);
    message->u.extend.rsa_id[0] = 9;
    message->u.extend.ipv6 = (struct endpoint){{ADDRESS_IPV6, {0x20, 1}}, 443};
    tell(&f, 1, message);
    message = take(&f, 1, CONTROL_DIAL);
    assert_int_equal(message->u.dial.endpoint.address.family, ADDRESS_IPV6);
    assert_int_equal(message->u.dial.endpoint.port, 443);
    control_free(&f.memory.memory, message);
    controller_bench_fini(&f);
}

/* The address that half number slot is led to; its family. */
static uint8_t family_dialled(struct controller_bench *f, uint8_t slot) {
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
        struct controller_bench f;
        unsigned over_ipv6 = 0;
        controller_bench_init(&f);
        f.config.extends_over_ipv6 = has_ipv6;
        for (uint8_t slot = 1; slot <= f.config.links_max; slot++)
            over_ipv6 += family_dialled(&f, slot) == ADDRESS_IPV6;
        assert_in_range(over_ipv6, has_ipv6, has_ipv6 ? f.config.links_max - 1 : 0);
        controller_bench_fini(&f);
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
        struct controller_bench f;
        controller_bench_init(&f);
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
        controller_bench_fini(&f);
    }
}

static void too_many_links_are_a_resource_limit(UNUSED void **state) {
    struct controller_bench f;
    station_id manager;
    controller_bench_init(&f);
    for (unsigned i = 0; i < 6; i++)
        (void)accept_from(&f, 1, &manager);
    ask(&f, 1, relay_5);
    expect_failed(&f, 1, DESTROY_RESOURCELIMIT);
    controller_bench_fini(&f);
}

/* Whichever allocation fails, the half is told when there is memory for that, and nothing is lost or kept. */
static void without_memory_extends_fail(UNUSED void **state) {
    for (uint32_t allowed = 0; allowed < 12; allowed++) {
        struct controller_bench f;
        controller_bench_init(&f);
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
        controller_bench_fini(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_extend_is_dialled_and_attached_when_the_link_is_open),
        cmocka_unit_test(who_waits_for_a_dial_that_fails_is_told_why),
        cmocka_unit_test(the_consensus_fills_in_an_ed25519_identity),
        cmocka_unit_test(an_extend_by_ipv6_is_dialled_there),
        cmocka_unit_test(who_has_two_addresses_is_dialled_by_either),
        cmocka_unit_test(the_consensus_fills_in_an_address),
        cmocka_unit_test(too_many_links_are_a_resource_limit),
        cmocka_unit_test(without_memory_extends_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
