#include "base/link_cipher.h"

#include "base/attributes.h"
#include "support/test.h"

static void names_lead_to_the_ciphers_that_have_them(UNUSED void **state) {
    for (unsigned i = 0; i < LINK_CIPHERS; i++) {
        enum link_cipher found = (enum link_cipher)(LINK_CIPHERS - 1 - i);
        assert_true(link_cipher_find(link_cipher_name((enum link_cipher)i), &found));
        assert_int_equal(found, i);
    }
    enum link_cipher untouched = LINK_CHACHA;
    assert_false(link_cipher_find("aes", &untouched));
    assert_false(link_cipher_find("", &untouched));
    assert_int_equal(untouched, LINK_CHACHA);
}

static void each_cipher_has_its_own_counter(UNUSED void **state) {
    struct work work = {.tls_aes256_bytes = 1};
    const struct work expected = {.tls_aes256_bytes = 8, .tls_aes128_bytes = 11, .tls_chacha_bytes = 13};
    link_cipher_count(&work, LINK_AES256, 7);
    link_cipher_count(&work, LINK_AES128, 11);
    link_cipher_count(&work, LINK_CHACHA, 13);
    assert_memory_equal(&work, &expected, sizeof work);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_lead_to_the_ciphers_that_have_them),
        cmocka_unit_test(each_cipher_has_its_own_counter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
