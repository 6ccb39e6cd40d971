/* CREATE_FAST: a known exchange, computed in Python with hashlib from tor-spec 5.2.1 (X = 00..13, Y = 80..93), and wrong
 * replies, over both providers. */
#include "crypt/create_fast.h"

#include "crypt/symbolic.h"
#include "native/openssl_provider.h"
#include "support/test.h"

static const char known_kh[] = "3beb2b31bb8c288d05107cb19029ff706cf11900";
static const char known_df[] = "14f59c85ae6ed090014f0617f7c1f1bb082b9629";
static const char known_db[] = "6816191af4430ccbec55a86652e505dfb0a28864";
static const char known_kf[] = "300b390aaa3bd42a8706e92fafcb08c4";
static const char known_kb[] = "ddbf52fbc7a956d124b7e224cbcf4f98";

static struct symbolic symbolic;

static void assert_hex(const uint8_t *bytes, const char *hex) {
    uint8_t expected[32];
    size_t length = test_hex(hex, expected, sizeof(expected));
    assert_memory_equal(bytes, expected, length);
}

/* Counts up from what context points to. */
static void fixed_random(void *context, void *out, size_t length) {
    for (size_t i = 0; i < length; i++)
        ((uint8_t *)out)[i] = (uint8_t)(*(const uint8_t *)context + i);
}

static void assert_known_keys(const struct circuit_keys *keys) {
    assert_int_equal(keys->forward.kind, LAYER_TOR1);
    assert_int_equal(keys->backward.kind, LAYER_TOR1);
    assert_hex(keys->forward.digest, known_df);
    assert_hex(keys->backward.digest, known_db);
    assert_hex(keys->forward.cipher, known_kf);
    assert_hex(keys->backward.cipher, known_kb);
    assert_hex(keys->kh, known_kh);
}

static void test_known_exchange(void **state) {
    (void)state;
    struct crypt_provider crypt = *openssl_provider();
    uint8_t start = 0, x[CREATE_FAST_LEN], reply[CREATED_FAST_LEN];
    struct circuit_keys keys;
    crypt.random = fixed_random;
    crypt.context = &start;
    create_fast_client_create(&crypt, x);
    start = 0x80;
    create_fast_server_answer(&crypt, x, reply, &keys);
    assert_int_equal(reply[0], 0x80);
    assert_hex(reply + 20, known_kh);
    assert_known_keys(&keys);
    memset(&keys, 0, sizeof keys);
    assert_int_equal(create_fast_client_finish(&crypt, x, reply, &keys), ERR_OK);
    assert_known_keys(&keys);
}

static void test_a_changed_byte_is_found(void **state) {
    const struct crypt_provider *providers[] = {openssl_provider(), symbolic_provider(&symbolic, 3)};
    (void)state;
    for (size_t p = 0; p < COUNT(providers); p++) {
        uint8_t x[CREATE_FAST_LEN], reply[CREATED_FAST_LEN];
        struct circuit_keys ours, theirs;
        create_fast_client_create(providers[p], x);
        create_fast_server_answer(providers[p], x, reply, &theirs);
        assert_int_equal(create_fast_client_finish(providers[p], x, reply, &ours), ERR_OK);
        assert_memory_equal(&ours, &theirs, sizeof ours);
        for (unsigned i = 0; i < sizeof reply; i++) {
            reply[i] ^= 1;
            assert_int_equal(create_fast_client_finish(providers[p], x, reply, &ours), ERR_BAD_SIGNATURE);
            reply[i] ^= 1;
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_exchange),
        cmocka_unit_test(test_a_changed_byte_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
