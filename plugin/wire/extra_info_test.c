#include "wire/extra_info.h"

#include "support/test.h"
#include "support/test_bytes.h"

static const struct descriptor_keys keys = {.rsa_id = {0xab, 0xcd}, .signing_cert_length = 3};

static void says_who_and_when_and_how_much(UNUSED void **state) {
    struct test_bytes place;
    struct bytes_out out = test_out(&place);
    const struct extra_info e = {
        .nickname = "loom",
        .published_s = 1800000000,
        .history = {.ended_s = 1799999000, .count = 2, .read = {1, 20}, .written = {300, UINT64_MAX}},
        .keys = &keys};
    assert_int_equal(extra_info_put(&out, &e), ERR_OK);
    static const char expected[] =
        "extra-info loom ABCD000000000000000000000000000000000000\n"
        "identity-ed25519\n-----BEGIN ED25519 CERT-----\nAAAA\n-----END ED25519 CERT-----\n"
        "published 2027-01-15 08:00:00\n"
        "write-history 2027-01-15 07:43:20 (86400 s) 300,18446744073709551615\n"
        "read-history 2027-01-15 07:43:20 (86400 s) 1,20\n"
        "router-sig-ed25519 ";
    assert_int_equal(bytes_written(&out), strlen(expected));
    assert_memory_equal(place.data, expected, strlen(expected));
}

static void tells_no_history_before_there_is_one(UNUSED void **state) {
    struct test_bytes place = {{0}};
    struct bytes_out out = test_out(&place);
    const struct extra_info e = {.nickname = "loom", .keys = &keys};
    assert_int_equal(extra_info_put(&out, &e), ERR_OK);
    assert_null(strstr((const char *)place.data, "history"));
}

static void does_not_fit_everywhere(UNUSED void **state) {
    uint8_t room[100];
    struct bytes_out out = bytes_out(room, sizeof(room));
    const struct extra_info e = {.nickname = "loom", .keys = &keys};
    assert_int_equal(extra_info_put(&out, &e), ERR_LIMIT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_who_and_when_and_how_much),
        cmocka_unit_test(tells_no_history_before_there_is_one),
        cmocka_unit_test(does_not_fit_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
