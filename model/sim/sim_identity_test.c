#include "sim/sim_identity.h"

#include <string.h>

#include "crypt/symbolic.h"
#include "support/test.h"
#include "support/test_memory.h"

static void test_addresses_are_numbers(void **state) {
    (void)state;
    static const uint32_t relays[] = {0, 1, 254, 255, 256, 65535};
    for (size_t i = 0; i < sizeof relays / sizeof relays[0]; i++) {
        struct endpoint endpoint = sim_relay_endpoint(relays[i]);
        uint32_t relay = 77;
        assert_true(sim_relay_of(&endpoint, &relay));
        assert_int_equal(relay, relays[i]);
    }
}

static void test_other_addresses_are_of_no_relay(void **state) {
    (void)state;
    struct endpoint endpoint = sim_relay_endpoint(5);
    uint32_t relay;
    endpoint.port = 80;
    assert_false(sim_relay_of(&endpoint, &relay));
    endpoint = sim_relay_endpoint(5);
    endpoint.address.bytes[0] = 11;
    assert_false(sim_relay_of(&endpoint, &relay));
    memset(endpoint.address.bytes, 0, 4);
    endpoint.address.bytes[0] = 10;
    assert_false(sim_relay_of(&endpoint, &relay));
    endpoint.address.family = ADDRESS_IPV6;
    assert_false(sim_relay_of(&endpoint, &relay));
}

/* Equal seeds and numbers are the same relay; others are not. */
static void test_identities_follow_from_seed_and_number(void **state) {
    (void)state;
    struct test_memory memory;
    struct symbolic symbolic;
    const struct crypt_provider *crypt = symbolic_provider(&symbolic, 1);
    struct sim_identity a, again, b, c;
    test_memory_init(&memory);
    assert_true(sim_identity_make(&a, &memory.memory, crypt, 3, 7));
    assert_true(sim_identity_make(&again, &memory.memory, crypt, 3, 7));
    assert_true(sim_identity_make(&b, &memory.memory, crypt, 3, 8));
    assert_true(sim_identity_make(&c, &memory.memory, crypt, 4, 7));
    assert_memory_equal(a.credentials.rsa_id, again.credentials.rsa_id, RSA_ID_LEN);
    assert_int_equal(a.text_length, again.text_length);
    assert_memory_equal(a.text, again.text, a.text_length);
    assert_memory_not_equal(a.credentials.rsa_id, b.credentials.rsa_id, RSA_ID_LEN);
    assert_memory_not_equal(a.credentials.ed_id, c.credentials.ed_id, ED_ID_LEN);
    sim_identity_fini(&a, &memory.memory);
    sim_identity_fini(&again, &memory.memory);
    sim_identity_fini(&b, &memory.memory);
    sim_identity_fini(&c, &memory.memory);
    test_memory_fini(&memory);
}

static void test_targets_name_the_relay(void **state) {
    (void)state;
    struct test_memory memory;
    struct symbolic symbolic;
    struct sim_identity identity;
    struct origin_target target;
    test_memory_init(&memory);
    assert_true(sim_identity_make(&identity, &memory.memory, symbolic_provider(&symbolic, 1), 3, 7));
    sim_identity_target(&identity, 7, &target);
    assert_memory_equal(target.rsa_id, identity.ntor.rsa_id, RSA_ID_LEN);
    assert_memory_equal(target.onion_key, identity.ntor.onion[0].public, 32);
    assert_true(target.has_ed_id);
    uint32_t relay;
    assert_true(sim_relay_of(&target.ipv4, &relay));
    assert_int_equal(relay, 7);
    sim_identity_fini(&identity, &memory.memory);
    test_memory_fini(&memory);
}

static void test_no_memory(void **state) {
    (void)state;
    struct test_memory memory;
    struct symbolic symbolic;
    struct sim_identity identity;
    test_memory_init(&memory);
    test_memory_fail_after(&memory, 0);
    assert_false(sim_identity_make(&identity, &memory.memory, symbolic_provider(&symbolic, 1), 3, 7));
    sim_identity_fini(&identity, &memory.memory);
    test_memory_fini(&memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_are_numbers),
        cmocka_unit_test(test_other_addresses_are_of_no_relay),
        cmocka_unit_test(test_identities_follow_from_seed_and_number),
        cmocka_unit_test(test_targets_name_the_relay),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
