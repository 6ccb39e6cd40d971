#include "wire/descriptor.h"

#include "support/test.h"
#include "wire/text.h"

static const struct descriptor_keys keys = {.rsa_id = {0xab, 0xcd, 0x01},
                                            .rsa_der = {1, 2, 3},
                                            .rsa_der_length = 3,
                                            .signing_cert = {4, 5},
                                            .signing_cert_length = 2,
                                            .tap_der = {6},
                                            .tap_der_length = 1,
                                            .ntor_crosscert = {7},
                                            .ntor_crosscert_length = 1,
                                            .ntor_crosscert_sign = 1};

static struct descriptor make(void) {
    static const char *const policy[] = {"accept *:80", "reject *:*"};
    static const uint8_t family[1][20] = {{0xff}};
    return (struct descriptor){
        .nickname = "loom",
        .ipv4 = {{ADDRESS_IPV4, {127, 0, 0, 1}}, 9001},
        .ipv6 = {{ADDRESS_IPV6, {0x20, 0x01, 0x0d, 0xb8}}, 9002},
        .platform = "Loom on Linux",
        .protocols = "Link=4-5",
        .published_s = 1715965200,
        .uptime_s = 12,
        .rate = UINT64_MAX,
        .burst = 2000,
        .observed = 1000,
        .contact = "me\nrouter you",
        .family = family,
        .family_count = 1,
        .policy = policy,
        .is_directory = true,
        .is_onion_directory = true,
        .policy_count = COUNT(policy),
        .keys = &keys,
    };
}

/* dir-spec 2.1.1: what must stand where. Objects are left out. */
static void lines_in_order(void **state) {
    (void)state;
    static const char *const lines[] = {
        "router loom 127.0.0.1 9001 0 0",
        "identity-ed25519",
        "master-key-ed25519 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "or-address [2001:db8::]:9002",
        "platform Loom on Linux",
        "proto Link=4-5",
        "published 2024-05-17 17:00:00",
        "fingerprint ABCD 0100 0000 0000 0000 0000 0000 0000 0000 0000",
        "uptime 12",
        "bandwidth 2147483647 2000 1000",
        "onion-key",
        "signing-key",
        "onion-key-crosscert",
        "ntor-onion-key-crosscert 1",
        "family $FF00000000000000000000000000000000000000",
        "contact me router you",
        "ntor-onion-key AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "accept *:80",
        "reject *:*",
        "tunnelled-dir-server",
        "hidden-service-dir",
        "router-sig-ed25519 ",
    };
    static char text[DESCRIPTOR_LEN_MAX];
    struct descriptor d = make();
    struct bytes_out out = bytes_out(text, sizeof(text));
    assert_int_equal(descriptor_put(&out, &d), ERR_OK);
    struct span rest = {(const uint8_t *)text, bytes_written(&out)};
    struct span line;
    size_t i = 0;
    while (text_line(&rest, &line)) {
        if (span_starts(line, "-----BEGIN ")) {
            while (text_line(&rest, &line) && !span_starts(line, "-----END "))
                continue;
            continue;
        }
        assert_true(i < COUNT(lines));
        if (!span_is(line, lines[i]))
            fail_msg("%.*s, not %s", (int)line.length, (const char *)line.data, lines[i]);
        i++;
    }
    assert_int_equal(i, COUNT(lines));
}

static void signatures_follow(void **state) {
    (void)state;
    static const char ending[] =
        "router-sig-ed25519 AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "AAAAAAAAAAAAAAAAAA\nrouter-signature\n-----BEGIN SIGNATURE-----\nAg==\n"
        "-----END SIGNATURE-----\n";
    static char text[DESCRIPTOR_LEN_MAX];
    struct descriptor d = make();
    struct bytes_out out = bytes_out(text, sizeof(text));
    assert_int_equal(descriptor_put(&out, &d), ERR_OK);
    assert_int_equal(descriptor_put_ed_signature(&out, (const uint8_t[64]){1}), ERR_OK);
    assert_int_equal(descriptor_put_rsa_signature(&out, (struct span){(const uint8_t[]){2}, 1}), ERR_OK);
    assert_memory_equal(text + bytes_written(&out) - strlen(ending), ending, strlen(ending));
}

static void too_small_a_room_is_a_limit(void **state) {
    (void)state;
    static char text[DESCRIPTOR_LEN_MAX];
    struct descriptor d = make();
    struct bytes_out whole = bytes_out(text, sizeof(text));
    assert_int_equal(descriptor_put(&whole, &d), ERR_OK);
    for (size_t room = 0; room < bytes_written(&whole); room += 7) {
        struct bytes_out out = bytes_out(text, room);
        assert_int_equal(descriptor_put(&out, &d), ERR_LIMIT);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_in_order),
        cmocka_unit_test(signatures_follow),
        cmocka_unit_test(too_small_a_room_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
