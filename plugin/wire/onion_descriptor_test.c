#include "wire/onion_descriptor.h"

#include <stdio.h>
#include <string.h>

#include "support/test.h"
#include "support/test_bytes.h"
#include "wire/text.h"

#define CERTIFICATE "-----BEGIN ED25519 CERT-----\nAQgABggh\n-----END ED25519 CERT-----\n"
#define LINE        "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB\n"
#define SEALED      "-----BEGIN MESSAGE-----\n" LINE LINE "-----END MESSAGE-----\n"
#define SIGNATURE   "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQg"

#define VERSION_LINE   "hs-descriptor 3\n"
#define LIFETIME_LINE  "descriptor-lifetime 180\n"
#define CERT_LINES     "descriptor-signing-key-cert\n" CERTIFICATE
#define REVISION_LINE  "revision-counter 42\n"
#define SEALED_LINES   "superencrypted\n" SEALED
#define SIGNATURE_LINE "signature " SIGNATURE "\n"
#define GOOD           VERSION_LINE LIFETIME_LINE CERT_LINES REVISION_LINE SEALED_LINES SIGNATURE_LINE

static void what_a_directory_reads(UNUSED void **state) {
    struct onion_descriptor d;
    struct span text = span_of(GOOD);
    assert_int_equal(onion_descriptor_parse(text, &d), ERR_OK);
    assert_int_equal(d.lifetime_s, 180 * 60);
    assert_int_equal(d.revision, 42);
    assert_true(span_is(d.certificate, "AQgABggh\n"));
    assert_true(span_is(d.sealed, LINE LINE));
    assert_true(d.signed_part.data == text.data);
    assert_int_equal(d.signed_part.length, text.length - strlen(SIGNATURE_LINE));
    for (size_t i = 0; i < sizeof d.signature; i++)
        assert_int_equal(d.signature[i], 'B');
}

static void forms_that_are_read_too(UNUSED void **state) {
    static const char *const texts[] = {
        VERSION_LINE LIFETIME_LINE CERT_LINES REVISION_LINE SEALED_LINES
        "signature " SIGNATURE, /* no newline */
        VERSION_LINE REVISION_LINE SEALED_LINES CERT_LINES LIFETIME_LINE SIGNATURE_LINE,
        VERSION_LINE
        "new-line of a later version\n" LIFETIME_LINE CERT_LINES REVISION_LINE SEALED_LINES SIGNATURE_LINE,
        VERSION_LINE "descriptor-lifetime 720\n" CERT_LINES
                     "revision-counter 18446744073709551615\n" SEALED_LINES SIGNATURE_LINE,
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct onion_descriptor d;
        assert_int_equal(onion_descriptor_parse(span_of(texts[i]), &d), ERR_OK);
    }
}

static void what_is_refused(UNUSED void **state) {
    static const struct {
        const char *text;
        enum err e;
    } rows[] = {
        {"", ERR_TRUNCATED},
        {"hs-descriptor 2\n", ERR_UNSUPPORTED},
        {"hs-descriptor x\n", ERR_MALFORMED},
        {LIFETIME_LINE VERSION_LINE, ERR_MALFORMED},
        {VERSION_LINE GOOD, ERR_MALFORMED},
        {VERSION_LINE LIFETIME_LINE LIFETIME_LINE, ERR_MALFORMED},
        {VERSION_LINE LIFETIME_LINE CERT_LINES REVISION_LINE SEALED_LINES, ERR_TRUNCATED},
        {VERSION_LINE CERT_LINES REVISION_LINE SEALED_LINES SIGNATURE_LINE, ERR_MALFORMED},
        {VERSION_LINE LIFETIME_LINE REVISION_LINE SEALED_LINES SIGNATURE_LINE, ERR_MALFORMED},
        {VERSION_LINE LIFETIME_LINE CERT_LINES SEALED_LINES SIGNATURE_LINE, ERR_MALFORMED},
        {VERSION_LINE LIFETIME_LINE CERT_LINES REVISION_LINE SIGNATURE_LINE, ERR_MALFORMED},
        {VERSION_LINE "descriptor-lifetime 721\n", ERR_MALFORMED},
        {VERSION_LINE "descriptor-lifetime -1\n", ERR_MALFORMED},
        {VERSION_LINE "descriptor-lifetime\n", ERR_MALFORMED},
        {VERSION_LINE "revision-counter 18446744073709551616\n", ERR_MALFORMED},
        {VERSION_LINE "descriptor-signing-key-cert\n" SEALED, ERR_MALFORMED},
        {VERSION_LINE "descriptor-signing-key-cert\n-----BEGIN ED25519 CERT-----\nAQ", ERR_MALFORMED},
        {VERSION_LINE "superencrypted\n-----BEGIN MESSAGE-----\n" LINE "-----END MESSAGE-----\n",
         ERR_MALFORMED}, /* 48 bytes: only salt and MAC */
        {VERSION_LINE "unknown\n" SEALED, ERR_MALFORMED},
        {GOOD "\n", ERR_MALFORMED},
        {GOOD "more\n", ERR_MALFORMED},
        {VERSION_LINE LIFETIME_LINE CERT_LINES REVISION_LINE SEALED_LINES "signature QkJC\n", ERR_MALFORMED},
        {VERSION_LINE LIFETIME_LINE CERT_LINES REVISION_LINE SEALED_LINES "signature " SIGNATURE "QQ\n",
         ERR_MALFORMED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct onion_descriptor d;
        assert_int_equal(onion_descriptor_parse(span_of(rows[i].text), &d), rows[i].e);
    }
}

static void a_zero_byte_is_refused(UNUSED void **state) {
    static const char text[] =
        VERSION_LINE "x\0y\n" LIFETIME_LINE CERT_LINES REVISION_LINE SEALED_LINES SIGNATURE_LINE;
    struct onion_descriptor d;
    assert_int_equal(onion_descriptor_parse((struct span){(const uint8_t *)text, sizeof text - 1}, &d),
                     ERR_MALFORMED);
}

static void keys_are_43_characters(UNUSED void **state) {
    uint8_t key[ONION_KEY_LEN];
    assert_true(onion_key_parse(span_of("QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI"), key));
    assert_int_equal(key[31], 'B');
    assert_false(onion_key_parse(span_of("QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="), key));
    assert_false(onion_key_parse(span_of("QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk"), key));
    assert_false(onion_key_parse(span_of("QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQ*I"), key));
    assert_false(onion_key_parse(span_of(""), key));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_directory_reads), cmocka_unit_test(forms_that_are_read_too),
        cmocka_unit_test(what_is_refused),        cmocka_unit_test(a_zero_byte_is_refused),
        cmocka_unit_test(keys_are_43_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
