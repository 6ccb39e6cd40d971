#include "wire/ed_cert.h"

#include "support/test.h"
#include "support/test_bytes.h"

#define KEY    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f "
#define SIGNER "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff "
#define SIGNATURE                                                                      \
    " 5151 5151 5151 5151 5151 5151 5151 5151 5151 5151 5151 5151 5151 5151 5151 5151" \
    " 5151 5151 5151 5151 5151 5151 5151 5151 5151 5151 5151 5151 5151 5151 5151 5252"
#define HEAD        "01 04 00076543 01 " KEY /* version, type, hours, key type, key */
#define SIGNED_WITH "0020 04 00 " SIGNER

static void a_certificate_round_trips(UNUSED void **state) {
    struct test_bytes place, written;
    struct span bytes = test_span(&place, HEAD "01 " SIGNED_WITH SIGNATURE);
    struct ed_cert cert;

    assert_int_equal(ed_cert_decode(bytes, &cert), ERR_OK);

    assert_int_equal(cert.type, ED_CERT_SIGNING);
    assert_int_equal(cert.expires_hours, 0x76543);
    assert_int_equal(cert.key_type, ED_CERT_KEY_ED25519);
    assert_span_hex((struct span){cert.key, 32}, KEY);
    assert_true(cert.has_signer);
    assert_span_hex((struct span){cert.signer, 32}, SIGNER);
    assert_int_equal(cert.signature[0], 0x51);
    assert_int_equal(cert.signature[63], 0x52);
    assert_ptr_equal(cert.signed_part.data, bytes.data);
    assert_int_equal(cert.signed_part.length, bytes.length - 64);
    struct bytes_out out = test_out(&written);
    ed_cert_encode_unsigned(&out, &cert);
    assert_span_equal(test_written(&out), cert.signed_part);
    assert_beginnings_refused(ed_cert_decode, struct ed_cert, bytes, 0);
}

static void a_certificate_without_signer_round_trips(UNUSED void **state) {
    struct test_bytes place, written;
    struct span bytes = test_span(&place, "01 05 00000001 03 " KEY "00" SIGNATURE);
    struct ed_cert cert;

    assert_int_equal(ed_cert_decode(bytes, &cert), ERR_OK);

    assert_false(cert.has_signer);
    assert_int_equal(cert.key_type, ED_CERT_KEY_SHA256_X509);
    struct bytes_out out = test_out(&written);
    ed_cert_encode_unsigned(&out, &cert);
    bytes_put(&out, cert.signature, sizeof(cert.signature));
    assert_span_equal(test_written(&out), bytes);
    assert_beginnings_refused(ed_cert_decode, struct ed_cert, bytes, 0);
}

static void forms_of_certificates(UNUSED void **state) {
    const struct {
        const char *hex;
        enum err expected;
    } rows[] = {
        {HEAD "01 0003 09 00 aabbcc" SIGNATURE, ERR_OK}, /* unknown, does not matter */
        {HEAD "02 0000 09 fe " SIGNED_WITH SIGNATURE, ERR_OK},
        {HEAD "02 " SIGNED_WITH "0000 ff 00" SIGNATURE, ERR_OK},
        {HEAD "01 0020 04 01 " SIGNER SIGNATURE, ERR_OK},              /* matters, and is known */
        {"02 04 00076543 01 " KEY "00" SIGNATURE, ERR_UNSUPPORTED},    /* version 2 */
        {HEAD "01 0003 09 01 aabbcc" SIGNATURE, ERR_UNSUPPORTED},      /* unknown, matters */
        {HEAD "01 001f 04 00 " SIGNER SIGNATURE, ERR_MALFORMED},       /* a signer of 31 bytes */
        {HEAD "02 " SIGNED_WITH SIGNED_WITH SIGNATURE, ERR_MALFORMED}, /* two signers */
        {HEAD "00" SIGNATURE " 00", ERR_MALFORMED},                    /* bytes after the signature */
        {HEAD "01 ffff 09 00 aabbcc" SIGNATURE, ERR_TRUNCATED},
        {HEAD "ff " SIGNED_WITH SIGNATURE, ERR_TRUNCATED},
        {"", ERR_TRUNCATED},
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct test_bytes place;
        struct ed_cert cert;
        assert_int_equal(ed_cert_decode(test_span(&place, rows[i].hex), &cert), rows[i].expected);
    }
}

static void a_cross_certificate_round_trips(UNUSED void **state) {
    struct test_bytes place, written;
    struct span bytes = test_span(&place, KEY "00076543 04 a1a2a3a4");
    struct rsa_ed_cross_cert cert;

    assert_int_equal(rsa_ed_cross_cert_decode(bytes, &cert), ERR_OK);

    assert_span_hex((struct span){cert.ed_id, 32}, KEY);
    assert_int_equal(cert.expires_hours, 0x76543);
    assert_span_hex(cert.signature, "a1a2a3a4");
    struct bytes_out out = test_out(&written);
    rsa_ed_cross_cert_encode(&out, &cert);
    assert_span_equal(test_written(&out), bytes);
    assert_beginnings_refused(rsa_ed_cross_cert_decode, struct rsa_ed_cross_cert, bytes, 0);
    bytes_put_u8(&out, 0);
    assert_int_equal(rsa_ed_cross_cert_decode(test_written(&out), &cert), ERR_MALFORMED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_round_trips),
        cmocka_unit_test(a_certificate_without_signer_round_trips),
        cmocka_unit_test(forms_of_certificates),
        cmocka_unit_test(a_cross_certificate_round_trips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
