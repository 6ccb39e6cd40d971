/* Families by key: which keys are taken, and what they certify in the descriptor. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "native/folder.h"
#include "native/key_files.h"
#include "native/keys.h"
#include "native/openssl_provider.h"
#include "support/test.h"
#include "support/test_bytes.h"
#include "wire/descriptor.h"
#include "wire/text.h"

#define NOW_S UINT64_C(1800000000)
#define TAG   "== ed25519v1-secret: fmly-id =="

/* As tor 0.4.9.11 --keygen-family has made them, for this test. */
static const char tors_key[] =
    "9821aea2499106d14237648af44a0cf864544e660ba27fcfb6b78cae2182605bcb0edd360f0d218513c11b5cb978e3ea"
    "202fb2792633f6be91dcb792d53c94b3";
static const char tors_id[] = "NoSoOVYzQVQVAHE0IUUYm7vIqsWEx+fzmpgK9lCArRQ";

static char data[64], key_folder[80], other_folder[80];
static uint8_t ids[2][32];

static int set_up(void **state) {
    (void)state;
    snprintf(data, sizeof data, "/tmp/loom-family-XXXXXX");
    if (!mkdtemp(data))
        return -1;
    snprintf(key_folder, sizeof key_folder, "%s/keys", data);
    snprintf(other_folder, sizeof other_folder, "%s/families", data);
    return text_base64_decode_exact(span_of(tors_id), ids[0], 32) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    return folder_remove(data) ? 0 : -1;
}

static void write_key(const char *folder, const char *name, size_t length) {
    struct complaint complaint;
    uint8_t secret[64];
    test_hex(tors_key, secret, sizeof secret);
    assert_true(key_folder_make(folder, &complaint));
    assert_true(key_file_write_tagged(folder, name, TAG, (struct span){secret, length}, &complaint));
}

static struct keys_place place_with(uint32_t ids_count, bool has_any, const char *folder) {
    return (struct keys_place){.data_directory = data,
                               .key_directory = key_folder,
                               .nickname = "loom",
                               .signing_lifetime_s = 30 * 86400,
                               .family_directory = folder,
                               .family_ids = ids,
                               .family_id_count = ids_count,
                               .has_any_family = has_any};
}

/* The certificates in the descriptor: each of a family that asked for itself, and as proposal 321 has them. */
static void expect_families(const struct keys_place *place, uint8_t count) {
    struct complaint complaint = {""};
    struct descriptor_keys d;
    struct keys *keys = keys_open(place, openssl_provider(), NOW_S, &complaint);
    if (!keys)
        fail_msg("%s", complaint.text);
    assert_true(keys_descriptor(keys, NOW_S, &d, &complaint));
    assert_int_equal(d.family_cert_count, count);
    for (unsigned i = 0; i < count; i++) {
        struct ed_cert cert;
        assert_int_equal(ed_cert_decode((struct span){d.family_certs[i], d.family_cert_lengths[i]}, &cert),
                         ERR_OK);
        assert_int_equal(cert.type, 12);
        assert_int_equal(cert.key_type, ED_CERT_KEY_ED25519);
        assert_memory_equal(cert.key, d.ed_id, 32);
        assert_true(cert.has_signer);
        assert_memory_equal(cert.signer, ids[0], 32);
        assert_int_equal(cert.expires_hours, NOW_S / 3600 + 30 * 24);
        assert_true(openssl_provider()->ed25519_verify(cert.signer, cert.signed_part, cert.signature));
    }
    keys_close(keys);
}

static void expect_complaint(const struct keys_place *place, const char *text) {
    struct complaint complaint = {""};
    assert_null(keys_open(place, openssl_provider(), NOW_S, &complaint));
    if (!strstr(complaint.text, text))
        fail_msg("%s", complaint.text);
}

static void keys_of_named_families_are_taken(void **state) {
    (void)state;
    const struct keys_place none = place_with(0, false, NULL), named = place_with(1, false, NULL),
                            any = place_with(0, true, NULL);
    expect_families(&none, 0);
    expect_families(&any, 0); /* no key yet */
    expect_complaint(&named, tors_id);
    write_key(key_folder, "a.secret_family_key", 64);
    expect_families(&none, 0);
    expect_families(&named, 1);
    expect_families(&any, 1);
    write_key(key_folder, "b.secret_family_key", 64); /* the same again */
    write_key(key_folder, "c.secret_key", 10);        /* none of a family */
    expect_families(&any, 1);
}

static void a_key_of_another_family_is_left_alone(void **state) {
    (void)state;
    uint8_t before = ids[0][0];
    const struct keys_place named = place_with(1, false, NULL);
    write_key(key_folder, "a.secret_family_key", 64);
    ids[0][0] ^= 1;
    expect_complaint(&named, "expected its key");
    ids[0][0] = before;
}

static void they_may_be_in_a_folder_of_their_own(void **state) {
    (void)state;
    const struct keys_place there = place_with(1, false, other_folder);
    expect_complaint(&there, other_folder);
    write_key(other_folder, "a.secret_family_key", 64);
    expect_families(&there, 1);
}

static void a_broken_key_is_said(void **state) {
    (void)state;
    const struct keys_place any = place_with(0, true, NULL);
    write_key(key_folder, "a.secret_family_key", 63);
    expect_complaint(&any, "a.secret_family_key");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_of_named_families_are_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_of_another_family_is_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(they_may_be_in_a_folder_of_their_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_broken_key_is_said, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
