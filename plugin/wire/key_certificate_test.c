#include "wire/key_certificate.h"

#include "support/test.h"
#include "wire/text.h"

#define CERT_WITH(fingerprint, extra)                                                           \
    "dir-key-certificate-version 3\n"                                                           \
    "dir-address 127.0.0.1:7000\n"                                                              \
    "fingerprint " fingerprint "\n" extra "dir-key-published 2024-05-17 17:00:00\n"             \
    "dir-key-expires 2025-05-17 17:00:00\n"                                                     \
    "dir-identity-key\n-----BEGIN RSA PUBLIC KEY-----\nAQID\n-----END RSA PUBLIC KEY-----\n"    \
    "dir-signing-key\n-----BEGIN RSA PUBLIC KEY-----\nBAUGBw==\n-----END RSA PUBLIC KEY-----\n" \
    "dir-key-crosscert\n-----BEGIN ID SIGNATURE-----\nCAk=\n-----END ID SIGNATURE-----\n"       \
    "dir-key-certification\n"
#define SIGNATURE "-----BEGIN SIGNATURE-----\nCg==\n-----END SIGNATURE-----\n"
#define ID        "0232AF901C31A04EE9848595AF9BB7620D4C5B2E"

static void reads_one_after_the_other(void **state) {
    (void)state;
    static const char text[] = "rubbish\n" CERT_WITH(ID, "new thing\n") SIGNATURE CERT_WITH("00", "")
        SIGNATURE CERT_WITH(ID, "") SIGNATURE;
    struct span rest = span_of(text);
    struct key_certificate c;
    assert_int_equal(key_certificate_parse(&rest, &c), ERR_OK);
    assert_int_equal(c.fingerprint[0], 2);
    assert_int_equal(c.published_s, 1715965200);
    assert_int_equal(c.identity_der_length, 3);
    assert_int_equal(c.signing_der_length, 4);
    assert_int_equal(c.crosscert_length, 2);
    assert_int_equal(c.certification_length, 1);
    assert_true(span_starts(c.signed_part, "dir-key-certificate-version 3\n"));
    assert_int_equal(c.signed_part.length, strlen(CERT_WITH(ID, "new thing\n")));
    assert_int_equal(key_certificate_parse(&rest, &c), ERR_MALFORMED);
    assert_int_equal(key_certificate_parse(&rest, &c), ERR_OK);
    assert_int_equal(key_certificate_parse(&rest, &c), ERR_TRUNCATED);
}

static void refuses_what_is_wrong(void **state) {
    (void)state;
    static const char *const bad[] = {
        CERT_WITH(ID, ""),
        (CERT_WITH(ID, "fingerprint " ID "\n") SIGNATURE),
        "dir-key-certificate-version 3\nfingerprint " ID "\ndir-key-certification\n" SIGNATURE,
        ("dir-key-certificate-version 3\ndir-identity-key\n" SIGNATURE),
    };
    struct key_certificate c;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct span rest = span_of(bad[i]);
        assert_int_equal(key_certificate_parse(&rest, &c), ERR_MALFORMED);
    }
    struct span rest = span_of("dir-key-certificate-version 2\n");
    assert_int_equal(key_certificate_parse(&rest, &c), ERR_UNSUPPORTED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_one_after_the_other),
        cmocka_unit_test(refuses_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
