#include "limit/limit_keys.h"

#include "support/test.h"

#define RANDOM "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* RFC 8448 3: the server's application traffic secret, and what comes of it. */
#define SERVER_SECRET "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643"
#define SERVER_KEY    "9f02283b6c9c07efc26bb9f2ac92e356"
#define SERVER_IV     "cf782b88dd83549aadf1e984"

static void a_key_is_that_of_the_rfc(UNUSED void **state) {
    struct limit_secrets secrets = {0};
    struct limit_traffic_key key;
    uint8_t wanted_key[16], wanted_iv[LIMIT_IV_LEN];
    limit_secrets_take(&secrets, "SERVER_TRAFFIC_SECRET_0 " RANDOM " " SERVER_SECRET);
    assert_int_equal(secrets.of_server.length, 32);
    limit_traffic_key_make(&secrets.of_server, sizeof wanted_key, &key);
    test_hex(SERVER_KEY, wanted_key, sizeof wanted_key);
    test_hex(SERVER_IV, wanted_iv, sizeof wanted_iv);
    assert_memory_equal(key.key, wanted_key, sizeof wanted_key);
    assert_memory_equal(key.iv, wanted_iv, sizeof wanted_iv);
}

static void other_lines_are_passed_over(UNUSED void **state) {
    struct limit_secrets secrets = {0};
    limit_secrets_take(&secrets, "SERVER_HANDSHAKE_TRAFFIC_SECRET " RANDOM " " SERVER_SECRET);
    limit_secrets_take(&secrets, "CLIENT_TRAFFIC_SECRET_0 " RANDOM);
    limit_secrets_take(&secrets, "SERVER_TRAFFIC_SECRET_0 " RANDOM " " SERVER_SECRET);
    assert_false(limit_secrets_complete(&secrets));
    limit_secrets_take(&secrets, "CLIENT_TRAFFIC_SECRET_0 " RANDOM " " SERVER_SECRET);
    assert_true(limit_secrets_complete(&secrets));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_that_of_the_rfc),
        cmocka_unit_test(other_lines_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
