#include "native/self_descriptor.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "crypt/provider.h"
#include "native/config.h"
#include "native/folder.h"
#include "native/keys.h"
#include "native/openssl_provider.h"
#include "support/test.h"
#include "wire/text.h"

#define NOW_S UINT64_C(1800000000)

static char folder[64];
static char key_folder[80];
static struct config *config;
static struct keys *keys;

static int set_up(void **state) {
    (void)state;
    struct complaint complaint;
    static struct keys_place place = {.data_directory = folder,
                                      .key_directory = key_folder,
                                      .nickname = "loom",
                                      .signing_lifetime_s = 30 * 86400};
    snprintf(folder, sizeof(folder), "/tmp/loom-descriptor-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(key_folder, sizeof(key_folder), "%s/keys", folder);
    keys = keys_open(&place, openssl_provider(), NOW_S, &complaint);
    config = config_new();
    config->testing_network = true;
    config->address = (struct address){ADDRESS_IPV4, {127, 0, 0, 1}};
    config->or_ports[0] =
        (struct config_port){.endpoint = {{ADDRESS_IPV4, {0}}, 9001}, .listen = true, .advertise = true};
    config->or_port_count = 1;
    return keys && config_check(config, false, &complaint) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    keys_close(keys);
    config_free(config);
    return folder_remove(folder) ? 0 : -1;
}

/* Check both signatures of the document at the front of rest, and take it off; sha1_out is what the RSA one signs. */
static void check_signatures(struct span *rest, uint8_t sha1_out[static SHA1_LEN]) {
    const struct crypt_provider *crypt = openssl_provider();
    const uint8_t *start = rest->data;
    struct complaint complaint = {""};
    struct ed_cert cert;
    struct descriptor_keys descriptor_keys;
    uint8_t digest[SHA256_LEN];
    uint8_t signature[128];
    struct span line = {NULL, 0};
    while (text_line(rest, &line) && !span_starts(line, "router-sig-ed25519 "))
        continue;
    /* Ed25519: the line's value, by the key that the type 4 certificate names. */
    struct span value = line;
    (void)text_word(&value);
    assert_true(text_base64_decode_exact(text_word(&value), signature, 64));
    assert_true(keys_descriptor(keys, NOW_S, &descriptor_keys, &complaint));
    assert_int_equal(
        ed_cert_decode((struct span){descriptor_keys.signing_cert, descriptor_keys.signing_cert_length},
                       &cert),
        ERR_OK);
    const struct span parts[] = {span_of(DESCRIPTOR_ED_PREFIX),
                                 {start, (size_t)(line.data - start) + strlen("router-sig-ed25519 ")}};
    crypt->sha256(parts, 2, digest);
    assert_true(crypt->ed25519_verify(cert.key, (struct span){digest, SHA256_LEN}, signature));
    /* RSA: over everything up to and including the line router-signature. */
    assert_true(text_line(rest, &line));
    assert_true(span_is(line, "router-signature"));
    const struct span whole = {start, (size_t)(rest->data - start)};
    struct span object;
    assert_true(text_object(rest, "SIGNATURE", &object));
    assert_true(text_base64_decode_exact(object, signature, 128));
    crypt->sha1(&whole, 1, sha1_out);
    assert_true(crypt->rsa_verify_raw(keys_rsa_der(keys), (struct span){sha1_out, SHA1_LEN},
                                      (struct span){signature, 128}));
}

static void the_signatures_of_both_documents_verify(void **state) {
    (void)state;
    static struct self_descriptor d;
    struct self_facts facts = {.now_s = NOW_S, .uptime_s = 5, .observed_rate = 1000};
    struct complaint complaint = {""};
    uint8_t sha1[SHA1_LEN], sha256[SHA256_LEN];
    char expected[200];
    facts.history =
        (struct extra_info_history){.ended_s = NOW_S - 9, .count = 1, .read = {7}, .written = {8}};
    assert_true(self_endpoints(config, facts.endpoints, &complaint));
    assert_true(self_descriptor_make(config, keys, &facts, &d, &complaint));
    struct span rest = {(const uint8_t *)d.text, d.length};
    check_signatures(&rest, sha1);
    assert_ptr_equal(rest.data, d.text + d.descriptor_length);
    const struct span extra = rest;
    assert_true(span_starts(extra, "extra-info "));
    check_signatures(&rest, sha1);
    assert_int_equal(rest.length, 0);
    openssl_provider()->sha256(&extra, 1, sha256);
    struct bytes_out out = bytes_out(expected, sizeof(expected) - 1);
    text_put(&out, "\nextra-info-digest ");
    text_put_hex(&out, sha1, sizeof(sha1));
    text_put(&out, " ");
    text_put_base64(&out, sha256, sizeof(sha256), BASE64_UNPADDED);
    text_put(&out, "\n");
    assert_non_null(memmem(d.text, d.descriptor_length, expected, bytes_written(&out)));
}

static bool says(const struct self_facts *facts, const char *line) {
    static struct self_descriptor d;
    struct complaint complaint = {""};
    assert_true(self_descriptor_make(config, keys, facts, &d, &complaint));
    return memmem(d.text, d.descriptor_length, line, strlen(line)) != NULL;
}

static void who_hibernates_says_so(void **state) {
    (void)state;
    struct complaint complaint = {""};
    struct self_facts facts = {.now_s = NOW_S, .observed_rate = 1000};
    assert_true(self_endpoints(config, facts.endpoints, &complaint));
    assert_false(says(&facts, "\nhibernating"));
    assert_true(says(&facts, " 1000\n"));
    assert_true(says(&facts, "\ntunnelled-dir-server\n"));
    facts.is_hibernating = facts.hides_directory = true;
    assert_true(says(&facts, " 0\nhibernating 1\n"));
    assert_false(says(&facts, "\ntunnelled-dir-server"));
    assert_true(says(&facts, "\nhidden-service-dir\n")); /* as in tor */
}

static void endpoints_come_from_the_configuration(void **state) {
    (void)state;
    struct complaint complaint = {""};
    struct endpoint endpoints[2];
    assert_true(self_endpoints(config, endpoints, &complaint));
    assert_int_equal(endpoints[0].port, 9001);
    assert_int_equal(endpoints[0].address.bytes[0], 127);
    assert_int_equal(endpoints[1].address.family, ADDRESS_NONE);

    config->or_ports[1] = (struct config_port){.endpoint = {{ADDRESS_IPV6, {[15] = 1}}, 9002},
                                               .listen = true,
                                               .advertise = true,
                                               .is_optional = true};
    config->or_port_count = 2;
    assert_true(self_endpoints(config, endpoints, &complaint));
    assert_int_equal(endpoints[1].port, 9002);

    config->extend_allow_private = CONFIG_NO;
    assert_false(self_endpoints(config, endpoints, &complaint));
    assert_non_null(strstr(complaint.text, "Address: expected an address of the public network"));
    config->extend_allow_private = CONFIG_YES;
    config->or_port_count = 1;
}

/* As tor writes it: with ourselves, sorted, each once; and nothing when nobody else is in it. */
static void a_family_includes_ourselves(void **state) {
    (void)state;
    struct complaint complaint = {""};
    static struct self_descriptor descriptor;
    struct self_facts facts = {.now_s = NOW_S};
    char line[160], own[41];
    text_hex_encode(keys_rsa_id(keys), 20, own);
    assert_true(self_endpoints(config, facts.endpoints, &complaint));
    for (unsigned i = 0; i < 2; i++)
        memset(config->family[i], 0, 20); /* the same one twice */
    config->family_count = 2;
    assert_true(self_descriptor_make(config, keys, &facts, &descriptor, &complaint));
    snprintf(line, sizeof line, "\nfamily $0000000000000000000000000000000000000000 $%s\n", own);
    assert_non_null(memmem(descriptor.text, descriptor.descriptor_length, line, strlen(line)));
    struct self_facts hidden = facts;
    hidden.hides_family = true;
    assert_true(self_descriptor_make(config, keys, &hidden, &descriptor, &complaint));
    assert_null(memmem(descriptor.text, descriptor.descriptor_length, "\nfamily ", 8));
    memcpy(config->family[0], keys_rsa_id(keys), 20);
    config->family_count = 1;
    assert_true(self_descriptor_make(config, keys, &facts, &descriptor, &complaint));
    assert_null(memmem(descriptor.text, descriptor.descriptor_length, "\nfamily ", 8));
    config->family_count = 0;
}

static void a_family_that_is_too_long_is_said(void **state) {
    (void)state;
    static struct self_descriptor d;
    struct complaint complaint = {""};
    struct self_facts facts = {.now_s = NOW_S};
    assert_true(self_endpoints(config, facts.endpoints, &complaint));
    config->family_count = CONFIG_FAMILY_MAX;
    for (uint32_t i = 0; i < CONFIG_FAMILY_MAX; i++) {
        config->family[i][0] = (uint8_t)(i >> 8);
        config->family[i][1] = (uint8_t)i;
    }
    assert_false(self_descriptor_make(config, keys, &facts, &d, &complaint));
    assert_non_null(strstr(complaint.text, "does not fit"));
    config->family_count = 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_signatures_of_both_documents_verify),
        cmocka_unit_test(who_hibernates_says_so),
        cmocka_unit_test(endpoints_come_from_the_configuration),
        cmocka_unit_test(a_family_includes_ourselves),
        cmocka_unit_test(a_family_that_is_too_long_is_said),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
