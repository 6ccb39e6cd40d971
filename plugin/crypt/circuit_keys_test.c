/* A key stream that counts its bytes, cut for each kind of cryptography. */
#include "crypt/circuit_keys.h"

#include "support/test.h"

static void assert_counts_from(const uint8_t *bytes, size_t length, unsigned first) {
    for (size_t i = 0; i < length; i++)
        assert_int_equal(bytes[i], (uint8_t)(first + i));
}

static void test_cut(void **state) {
    (void)state;
    uint8_t stream[CIRCUIT_KEYS_LENGTH_MAX];
    struct circuit_keys keys;
    for (unsigned i = 0; i < sizeof stream; i++)
        stream[i] = (uint8_t)i;

    assert_int_equal(circuit_keys_length(LAYER_TOR1), 92);
    circuit_keys_cut(LAYER_TOR1, stream, &keys);
    assert_int_equal(keys.forward.kind, LAYER_TOR1);
    assert_int_equal(keys.backward.kind, LAYER_TOR1);
    assert_counts_from(keys.forward.digest, 20, 0);
    assert_counts_from(keys.backward.digest, 20, 20);
    assert_counts_from(keys.forward.cipher, 16, 40);
    assert_counts_from(keys.backward.cipher, 16, 56);
    assert_counts_from(keys.kh, 20, 72);

    assert_int_equal(circuit_keys_length(LAYER_CGO), 180);
    circuit_keys_cut(LAYER_CGO, stream, &keys);
    assert_int_equal(keys.forward.kind, LAYER_CGO);
    assert_int_equal(keys.backward.kind, LAYER_CGO);
    assert_counts_from(keys.forward.cgo, 80, 0);
    assert_counts_from(keys.backward.cgo, 80, 80);
    assert_counts_from(keys.kh, 20, 160);
}

static void test_wipe(void **state) {
    (void)state;
    uint8_t secret[33], zeros[32] = {0};
    memset(secret, 7, sizeof secret);
    crypt_wipe(secret, 32);
    assert_memory_equal(secret, zeros, 32);
    assert_int_equal(secret[32], 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cut), cmocka_unit_test(test_wipe)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
