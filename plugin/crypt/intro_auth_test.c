/* ESTABLISH_INTRO proved and checked: a known message, and everything that must make it fail.
 *
 * The known message was computed in Python from rend-spec-v3 3.1.1 with hashlib's SHA3-256 and the Ed25519 of `cryptography`:
 * seed 33 * 32, KH = 40..53, limits 25 and 200. */
#include "crypt/intro_auth.h"

#include "crypt/symbolic.h"
#include "native/openssl_provider.h"
#include "support/test.h"

static const char known_key[] = "17cb79fb2b4120f2b1ec65e4198d6e08b28e813feb01e4a400839b85e18080ce";
static const char known_body[] =
    "02002017cb79fb2b4120f2b1ec65e4198d6e08b28e813feb01e4a400839b85e18080ce010113020100000000"
    "000000190200000000000000c8554f2e38eea41adbae8c0f5259fe741018144dfc369053ae442168d0ec99dc"
    "9d004022ce64d18bcf3eaf402758d6453b9e9f41c8ee86137a0ebef3316e6a66bd171ef32f6ebf010bca6f09"
    "f458a3d6cc52f1b95e4be2b5d94ff71d54f6f83ca4870c";

static struct symbolic symbolic;

struct fixture {
    uint8_t seed[32], key[32], kh[NTOR_KH_LEN];
    uint8_t body[ESTABLISH_INTRO_LEN_MAX];
    size_t length;
    struct establish_intro_message m;
};

static const struct intro_limit known_limit = {INTRO_LIMIT_SET, 25, 200};

static void set_up(struct fixture *f, const struct crypt_provider *crypt, const struct intro_limit *limit) {
    memset(f, 0, sizeof *f);
    memset(f->seed, 0x33, sizeof f->seed);
    for (uint8_t i = 0; i < NTOR_KH_LEN; i++)
        f->kh[i] = (uint8_t)(0x40 + i);
    if (crypt == openssl_provider())
        test_hex(known_key, f->key, sizeof f->key);
    else
        symbolic_ed25519_public(f->seed, f->key);
    f->length = intro_auth_write(crypt, f->seed, f->key, limit, f->kh, f->body);
    assert_int_equal(establish_intro_decode((struct span){f->body, f->length}, &f->m), ERR_OK);
}

static void the_known_message(UNUSED void **state) {
    struct fixture f;
    uint8_t expected[ESTABLISH_INTRO_LEN_MAX];
    set_up(&f, openssl_provider(), &known_limit);
    assert_int_equal(f.length, test_hex(known_body, expected, sizeof expected));
    assert_memory_equal(f.body, expected, f.length);
}

static const struct crypt_provider *provider_of(unsigned is_symbolic) {
    return is_symbolic ? symbolic_provider(&symbolic, 1) : openssl_provider();
}

static void what_is_written_is_believed(UNUSED void **state) {
    static const struct intro_limit limits[] = {
        {INTRO_LIMIT_CONSENSUS, 0, 0}, {INTRO_LIMIT_NONE, 0, 0}, {INTRO_LIMIT_SET, 1, INTRO_LIMIT_MAX}};
    for (unsigned i = 0; i < 2 * COUNT(limits); i++) {
        struct fixture f;
        const struct crypt_provider *crypt = provider_of(i % 2);
        set_up(&f, crypt, &limits[i / 2]);
        assert_int_equal(f.m.limit.kind, limits[i / 2].kind);
        assert_true(intro_auth_has_mac(crypt, &f.m, f.kh));
        assert_true(intro_auth_is_signed(crypt, &f.m));
    }
}

/* A changed byte is not read, or not believed. */
static void every_byte_counts(UNUSED void **state) {
    for (unsigned is_symbolic = 0; is_symbolic < 2; is_symbolic++) {
        struct fixture f;
        const struct crypt_provider *crypt = provider_of(is_symbolic);
        set_up(&f, crypt, &known_limit);
        for (size_t i = 0; i < f.length; i++) {
            f.body[i] ^= 1;
            enum err e = establish_intro_decode((struct span){f.body, f.length}, &f.m);
            assert_true(e || !intro_auth_is_signed(crypt, &f.m));
            if (!e && i < f.length - INTRO_AFTER_SIGNED)
                assert_false(intro_auth_has_mac(crypt, &f.m, f.kh));
            f.body[i] ^= 1;
        }
    }
}

static void another_circuit_is_refused(UNUSED void **state) {
    struct fixture f;
    set_up(&f, openssl_provider(), &known_limit);
    f.kh[19] ^= 1;
    assert_false(intro_auth_has_mac(openssl_provider(), &f.m, f.kh));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_known_message),
        cmocka_unit_test(what_is_written_is_believed),
        cmocka_unit_test(every_byte_counts),
        cmocka_unit_test(another_circuit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
