#include "native/openssl_x25519.h"

#include <pthread.h>
#include <string.h>

#include "support/test.h"

static const uint8_t base_point[32] = {9};

static void assert_hex(const uint8_t bytes[static 32], const char *hex) {
    uint8_t expected[32];
    assert_int_equal(test_hex(hex, expected, sizeof expected), sizeof expected);
    assert_memory_equal(bytes, expected, sizeof expected);
}

/* RFC 7748, section 5.2: the product becomes the secret, and the secret the point. */
static bool iterate(unsigned times, uint8_t k_out[static 32]) {
    uint8_t u[32], product[32];
    memcpy(k_out, base_point, 32);
    memcpy(u, base_point, 32);
    for (unsigned i = 0; i < times; i++) {
        if (!openssl_x25519(k_out, u, product))
            return false;
        memcpy(u, k_out, 32);
        memcpy(k_out, product, 32);
    }
    return true;
}

static const char after_1000[] = "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51";

static void products_of_the_rfc(UNUSED void **state) {
    uint8_t k[32];
    assert_true(iterate(1, k));
    assert_hex(k, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
    assert_true(iterate(1000, k));
    assert_hex(k, after_1000);
}

static void public_halves_are_products_with_the_base_point(UNUSED void **state) {
    uint8_t secret[32], public[32], product[32];
    for (unsigned i = 0; i < 10; i++) {
        openssl_x25519_keypair(NULL, secret, public);
        assert_true(openssl_x25519(secret, base_point, product));
        assert_memory_equal(public, product, 32);
    }
}

static void both_sides_of_an_exchange_agree(UNUSED void **state) {
    uint8_t secret[32], public[32], theirs[32], shared[32], expected[32];
    openssl_x25519_keypair(NULL, secret, public);
    assert_true(openssl_x25519_exchange(NULL, public, theirs, shared));
    assert_true(openssl_x25519(secret, theirs, expected));
    assert_memory_equal(shared, expected, 32);
}

/* What a thread keeps must not carry over from a point that fails. */
static void a_point_of_small_order_yields_zeros_and_no_more(UNUSED void **state) {
    static const uint8_t zero[32], one[32] = {1};
    const uint8_t *const points[] = {zero, one};
    uint8_t k[32], public[32], out[32];
    for (unsigned i = 0; i < 2; i++) {
        memset(out, 0xaa, sizeof out);
        assert_false(openssl_x25519(base_point, points[i], out));
        assert_memory_equal(out, zero, 32);
        memset(out, 0xaa, sizeof out);
        assert_false(openssl_x25519_exchange(NULL, points[i], public, out));
        assert_memory_equal(out, zero, 32);
        assert_memory_not_equal(public, zero, 32);
        assert_true(iterate(1, k));
        assert_hex(k, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
    }
}

static void *iterate_apart(void *k_out) {
    return iterate(1000, k_out) ? k_out : NULL;
}

static void threads_keep_apart(UNUSED void **state) {
    pthread_t threads[2];
    uint8_t k[2][32];
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, iterate_apart, k[i]), 0);
    for (unsigned i = 0; i < 2; i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, k[i]);
        assert_hex(k[i], after_1000);
    }
}

static int setup(UNUSED void **state) {
    openssl_x25519_setup();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_of_the_rfc),
        cmocka_unit_test(public_halves_are_products_with_the_base_point),
        cmocka_unit_test(both_sides_of_an_exchange_agree),
        cmocka_unit_test(a_point_of_small_order_yields_zeros_and_no_more),
        cmocka_unit_test(threads_keep_apart),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
