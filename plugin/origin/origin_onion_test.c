#include "origin/origin_onion.h"

#include "crypt/intro_auth.h"
#include "crypt/symbolic.h"
#include "support/origin_bench.h"
#include "support/test.h"

#define LAST 2u /* of three hops */

static void messages_go_to_the_last_hop_and_come_from_it(UNUSED void **state) {
    static const uint8_t cookie[REND_COOKIE_LEN] = "a cookie";
    struct origin_bench b;
    origin_bench_init(&b, 0);
    origin_bench_build(&b, LAST + 1);
    assert_int_equal(
        origin_onion_tell(b.circuit, 0, RELAY_ESTABLISH_RENDEZVOUS, (struct span){cookie, sizeof cookie}),
        ERR_OK);
    origin_bench_turn(&b, UINT32_MAX);
    assert_int_equal(b.heard[RELAY_ESTABLISH_RENDEZVOUS], 1);
    assert_int_equal(b.heard_at, LAST);
    assert_int_equal(b.heard_length, sizeof cookie);
    assert_memory_equal(b.heard_data, cookie, sizeof cookie);
    origin_bench_say(&b, LAST, RELAY_RENDEZVOUS_ESTABLISHED, 0, NULL, 0);
    origin_bench_say(&b, LAST, RELAY_RENDEZVOUS2, 0, "handshake", 9);
    struct origin_event event;
    assert_true(origin_next_event(b.origin, 0, &event));
    assert_int_equal(event.kind, ORIGIN_EVENT_CIRCUIT_MESSAGE);
    assert_int_equal(event.command, RELAY_RENDEZVOUS_ESTABLISHED);
    assert_int_equal(event.data.length, 0);
    assert_true(origin_next_event(b.origin, 0, &event));
    assert_int_equal(event.command, RELAY_RENDEZVOUS2);
    assert_memory_equal(event.data.data, "handshake", 9);
    assert_false(origin_next_event(b.origin, 0, &event));
    origin_bench_fini(&b);
}

static void another_hop_has_nothing_to_say(UNUSED void **state) {
    struct origin_bench b;
    origin_bench_init(&b, 0);
    origin_bench_build(&b, LAST + 1);
    origin_bench_say(&b, LAST - 1, RELAY_RENDEZVOUS2, 0, "handshake", 9);
    origin_bench_listen(&b, UINT32_MAX);
    assert_int_equal(b.circuit->state, ORIGIN_CIRCUIT_CLOSED);
    assert_int_equal(b.circuit->error, ERR_PROTOCOL);
    assert_int_equal(b.told[ORIGIN_EVENT_CIRCUIT_MESSAGE], 0);
    origin_bench_fini(&b);
}

static void who_establishes_proves_both(UNUSED void **state) {
    static const uint8_t seed[32] = {7};
    static const struct intro_limit limit = {INTRO_LIMIT_SET, 3, 9};
    struct origin_bench b;
    struct establish_intro_message m;
    uint8_t key[32];
    origin_bench_init(&b, 0);
    origin_bench_build(&b, LAST + 1);
    symbolic_ed25519_public(seed, key);
    assert_int_equal(origin_onion_establish_intro(b.circuit, 0, seed, key, &limit), ERR_OK);
    origin_bench_turn(&b, UINT32_MAX);
    assert_int_equal(b.heard[RELAY_ESTABLISH_INTRO], 1);
    assert_int_equal(establish_intro_decode((struct span){b.heard_data, b.heard_length}, &m), ERR_OK);
    assert_memory_equal(m.auth_key, key, sizeof key);
    assert_int_equal(m.limit.burst, 9);
    assert_true(intro_auth_has_mac(b.far.crypt, &m, b.circuit->path.hops[LAST]->kh));
    assert_false(intro_auth_has_mac(b.far.crypt, &m, b.circuit->path.hops[LAST - 1]->kh));
    assert_true(intro_auth_is_signed(b.far.crypt, &m));
    origin_bench_fini(&b);
}

static void messages_that_nobody_hears_are_bounded(UNUSED void **state) {
    struct origin_bench b;
    origin_bench_init(&b, 0);
    origin_bench_build(&b, LAST + 1);
    for (unsigned i = 0; i <= ORIGIN_MESSAGES_MAX; i++) {
        assert_int_equal(b.circuit->state, ORIGIN_CIRCUIT_OPEN);
        origin_bench_say(&b, LAST, RELAY_INTRODUCE2, 0, "hello", 5);
    }
    assert_int_equal(b.circuit->state, ORIGIN_CIRCUIT_CLOSED);
    assert_int_equal(b.circuit->error, ERR_LIMIT);
    origin_bench_listen(&b, UINT32_MAX);
    assert_int_equal(b.told[ORIGIN_EVENT_CIRCUIT_MESSAGE], 0); /* they are gone with it */
    assert_int_equal(b.told[ORIGIN_EVENT_CIRCUIT_CLOSED], 1);
    origin_bench_fini(&b);
}

static void a_joined_circuit_has_a_hop_more(UNUSED void **state) {
    static const struct circuit_keys keys = {.forward.kind = LAYER_TOR1, .backward.kind = LAYER_TOR1};
    struct origin_bench b;
    origin_bench_init(&b, 0);
    origin_bench_build(&b, LAST + 1);
    for (unsigned hops = LAST + 2; hops <= ORIGIN_HOPS_MAX; hops++) {
        assert_int_equal(origin_onion_join(b.circuit, 0, &keys, hops % 2), ERR_OK);
        assert_int_equal(b.circuit->path.hop_count, hops);
    }
    assert_int_equal(origin_onion_join(b.circuit, 0, &keys, true), ERR_LIMIT);
    origin_bench_fini(&b);
}

static void a_circuit_that_is_not_open_is_told_nothing(UNUSED void **state) {
    static const struct circuit_keys keys = {.forward.kind = LAYER_TOR1, .backward.kind = LAYER_TOR1};
    static const struct intro_limit limit = {.kind = INTRO_LIMIT_NONE};
    static const uint8_t key[32];
    struct origin_bench b;
    origin_bench_init(&b, 0);
    origin_bench_build(&b, LAST + 1);
    assert_int_equal(origin_circuit_truncate(b.circuit, 0, 0), ERR_OK);
    assert_int_equal(origin_onion_tell(b.circuit, 0, RELAY_RENDEZVOUS1, (struct span){key, 20}), ERR_REFUSED);
    assert_int_equal(origin_onion_establish_intro(b.circuit, 0, key, key, &limit), ERR_REFUSED);
    assert_int_equal(origin_onion_join(b.circuit, 0, &keys, true), ERR_REFUSED);
    origin_bench_fini(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_go_to_the_last_hop_and_come_from_it),
        cmocka_unit_test(another_hop_has_nothing_to_say),
        cmocka_unit_test(who_establishes_proves_both),
        cmocka_unit_test(messages_that_nobody_hears_are_bounded),
        cmocka_unit_test(a_joined_circuit_has_a_hop_more),
        cmocka_unit_test(a_circuit_that_is_not_open_is_told_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
