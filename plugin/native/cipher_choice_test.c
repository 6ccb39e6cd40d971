#include "native/cipher_choice.h"

#include <stdbool.h>
#include <stdlib.h>

#include "native/cpu_features.h"
#include "support/test.h"

static void hardware_is_what_openssl_may_use(void **state) {
    (void)state;
    static const struct {
        const char *settings;
        enum cipher_hardware expected;
    } cases[] = {
        {"OPENSSL_ia32cap=0xfffa32034f8bffff:0x1a415f46f1bf2ffb", CIPHER_HARDWARE_AES},
        {"OPENSSL_ia32cap=0xfdfa32014f8bffff:0x0 env:~0x200000200000000", CIPHER_HARDWARE_NONE},
        {"OPENSSL_ia32cap=0xfdfa32034f8bffff:0x0", CIPHER_HARDWARE_NONE}, /* no rounds of AES */
        {"OPENSSL_ia32cap=0xfffa32014f8bffff:0x0", CIPHER_HARDWARE_NONE}, /* no multiplication */
        {"OPENSSL_armcap=0x7d", CIPHER_HARDWARE_AES},
        {"OPENSSL_armcap=0x81", CIPHER_HARDWARE_NONE}, /* Raspberry Pi 4: NEON, and it can count cycles */
        {"OPENSSL_armcap=0x1 env:1", CIPHER_HARDWARE_NONE},
        {"OPENSSL_armcap=0x5", CIPHER_HARDWARE_NONE},
        {"OPENSSL_armcap=", CIPHER_HARDWARE_UNKNOWN},
        {"OPENSSL_s390xcap=stfle:0xffffffffffffffff", CIPHER_HARDWARE_UNKNOWN},
        {"N/A", CIPHER_HARDWARE_UNKNOWN},
        {NULL, CIPHER_HARDWARE_UNKNOWN},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(cipher_hardware_of(cases[i].settings), cases[i].expected);
}

static void a_wish_goes_before_the_hardware(void **state) {
    (void)state;
    static const struct {
        enum cipher_wish wish;
        enum cipher_hardware hardware;
        enum cipher_order expected;
    } cases[] = {
        {CIPHER_WISH_AUTO, CIPHER_HARDWARE_AES, CIPHER_ORDER_AES},
        {CIPHER_WISH_AUTO, CIPHER_HARDWARE_NONE, CIPHER_ORDER_CHACHA},
        {CIPHER_WISH_AUTO, CIPHER_HARDWARE_UNKNOWN, CIPHER_ORDER_AES},
        {CIPHER_WISH_AES, CIPHER_HARDWARE_NONE, CIPHER_ORDER_AES},
        {CIPHER_WISH_CHACHA, CIPHER_HARDWARE_AES, CIPHER_ORDER_CHACHA},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cipher_choice choice = cipher_choose(cases[i].wish, cases[i].hardware);
        assert_int_equal(choice.order, cases[i].expected);
        assert_non_null(choice.why);
    }
}

/* OpenSSL and the compiler's runtime ask the same CPU. */
static void this_machine_is_seen_as_it_is(void **state) {
    (void)state;
#if defined(__x86_64__)
    bool is_masked = getenv("OPENSSL_ia32cap") != NULL;
    bool has_both = cpu_has_aes() && cpu_has_carryless();
    if (!is_masked)
        assert_int_equal(cipher_choose_here(CIPHER_WISH_AUTO).order,
                         has_both ? CIPHER_ORDER_AES : CIPHER_ORDER_CHACHA);
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hardware_is_what_openssl_may_use),
        cmocka_unit_test(a_wish_goes_before_the_hardware),
        cmocka_unit_test(this_machine_is_seen_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
