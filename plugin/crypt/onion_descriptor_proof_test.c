/* Descriptors are believed when their service wrote them, over both providers, and not otherwise. */
#include "crypt/onion_descriptor_proof.h"

#include <stdlib.h>

#include "crypt/symbolic.h"
#include "native/openssl_provider.h"
#include "support/onion_text.h"
#include "support/test.h"

/* Public keys of the seeds {1, 1} and {1, 2}, computed with the Ed25519 of Python's `cryptography`. */
static const char known_blinded[] = "5ef05da6377ffdb523ea773bd94ae4096c6d7c2c07e845a27fdc961666efc775";
static const char known_signing[] = "d8243b40c7337845183745af4354a901a3daa6136602e01fea1c2ce674dab72b";

static struct symbolic symbolic;
static struct onion_text text;
static uint8_t scratch[ONION_TEXT_MAX + ONION_PROOF_SCRATCH];

static const struct crypt_provider *plan(unsigned is_symbolic, struct onion_text_plan *out) {
    onion_text_plan_init(out, 1);
    test_hex(known_blinded, out->blinded_key, 32);
    test_hex(known_signing, out->signing_key, 32);
    if (!is_symbolic)
        return openssl_provider();
    symbolic_ed25519_public(out->blinded_seed, out->blinded_key);
    symbolic_ed25519_public(out->signing_seed, out->signing_key);
    return symbolic_provider(&symbolic, 1);
}

static enum err prove(const struct crypt_provider *crypt, uint64_t now_s) {
    struct onion_descriptor d;
    enum err e = onion_descriptor_parse(onion_text_span(&text), &d);
    return e ? e : onion_descriptor_prove(crypt, &d, now_s, scratch);
}

static void a_service_is_believed(UNUSED void **state) {
    for (unsigned i = 0; i < 2; i++) {
        struct onion_text_plan p;
        struct onion_descriptor d;
        uint8_t key[ONION_KEY_LEN];
        const struct crypt_provider *crypt = plan(i, &p);
        onion_text_make(crypt, &p, &text);
        assert_int_equal(prove(crypt, ONION_TEXT_NOW_S), ERR_OK);
        assert_int_equal(onion_descriptor_parse(onion_text_span(&text), &d), ERR_OK);
        assert_int_equal(onion_descriptor_key(&d, key), ERR_OK);
        assert_memory_equal(key, p.blinded_key, sizeof key);
    }
}

static void its_certificate_runs_out(UNUSED void **state) {
    struct onion_text_plan p;
    const struct crypt_provider *crypt = plan(0, &p);
    onion_text_make(crypt, &p, &text);
    assert_int_equal(prove(crypt, p.expires_hours * UINT64_C(3600)), ERR_OK);
    assert_int_equal(prove(crypt, p.expires_hours * UINT64_C(3600) + 1), ERR_EXPIRED);
}

static void a_certificate_for_something_else_is_none(UNUSED void **state) {
    struct onion_text_plan p;
    const struct crypt_provider *crypt = plan(0, &p);
    p.certificate_type = ED_CERT_SIGNING;
    onion_text_make(crypt, &p, &text);
    assert_int_equal(prove(crypt, ONION_TEXT_NOW_S), ERR_MALFORMED);
}

static void another_key_is_not_believed(UNUSED void **state) {
    for (unsigned which = 0; which < 2; which++) {
        struct onion_text_plan p;
        const struct crypt_provider *crypt = plan(0, &p);
        (which ? p.signing_seed : p.blinded_seed)[31] = 1;
        onion_text_make(crypt, &p, &text);
        assert_int_equal(prove(crypt, ONION_TEXT_NOW_S), ERR_BAD_SIGNATURE);
    }
}

/* A changed byte is not read, or not believed. */
static void every_byte_counts(UNUSED void **state) {
    struct onion_text_plan p;
    const struct crypt_provider *crypt = plan(1, &p);
    onion_text_make(crypt, &p, &text);
    for (size_t i = 0; i + 1 < text.length; i++) { /* the last newline may be anything that ends a line */
        text.bytes[i] ^= 1;
        assert_int_not_equal(prove(crypt, ONION_TEXT_NOW_S), ERR_OK);
        text.bytes[i] ^= 1;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_is_believed),
        cmocka_unit_test(its_certificate_runs_out),
        cmocka_unit_test(a_certificate_for_something_else_is_none),
        cmocka_unit_test(another_key_is_not_believed),
        cmocka_unit_test(every_byte_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
