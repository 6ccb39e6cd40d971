/* Against published vectors. */
#include "native/openssl_sha3.h"

#include "support/test.h"

static void assert_hex(const uint8_t *bytes, const char *hex) {
    uint8_t expected[64];
    size_t length = test_hex(hex, expected, sizeof(expected));
    assert_memory_equal(bytes, expected, length);
}

/* FIPS 202, of NIST's examples: "abc" for the hash, nothing for SHAKE; and a longer output begins as a shorter one. */
static void test_sha3(void **state) {
    (void)state;
    uint8_t out[64], longer[300];
    const struct span abc[] = {{(const uint8_t *)"a", 1}, {NULL, 0}, {(const uint8_t *)"bc", 2}};
    openssl_sha3_256(abc, 3, out);
    assert_hex(out, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
    openssl_shake256(NULL, 0, out, 48);
    assert_hex(out, "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f"
                    "d75dc4ddd8c0f200cb05019d67b592f6");
    openssl_shake256(abc, 3, out, sizeof out);
    openssl_shake256(abc, 3, longer, sizeof longer);
    assert_memory_equal(out, longer, sizeof out);
}

/* NIST AESAVS, appendix E.3: the first key of 256 bits, of a block of zeros, which is the first block of the key stream. */
static void test_aes256(void **state) {
    (void)state;
    uint8_t key[AES256_KEY_LEN] = {0x80}, bytes[100] = {0};
    static const uint8_t zeros[sizeof bytes];
    openssl_aes256_ctr(key, bytes, sizeof bytes);
    assert_hex(bytes, "e35a6dcb19b201a01ebcfa8aa22b5759");
    openssl_aes256_ctr(key, bytes, sizeof bytes);
    assert_memory_equal(bytes, zeros, sizeof bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sha3), cmocka_unit_test(test_aes256)};
    openssl_sha3_setup();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
