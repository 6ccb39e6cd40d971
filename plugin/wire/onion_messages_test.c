#include "wire/onion_messages.h"

#include <stdio.h>

#include "support/test.h"
#include "support/test_bytes.h"

#define KEY   "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define MAC   "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
#define SIG   MAC MAC
#define HEAD  "020020" KEY
#define TAIL  MAC "0040" SIG
#define ZEROS "0000000000000000000000000000000000000000" /* where version 2 had a key's digest */

/* --- ESTABLISH_INTRO -------------------------------------------------------------------------------------------------- */

static void limits_are_read_as_proposal_305_says(UNUSED void **state) {
    static const struct {
        const char *extensions;
        struct intro_limit limit;
    } rows[] = {
        {"00", {INTRO_LIMIT_CONSENSUS, 0, 0}},
        {"01 09 02 abcd", {INTRO_LIMIT_CONSENSUS, 0, 0}}, /* somebody else's */
        {"01 01 13 02 01 0000000000000019 02 00000000000000c8", {INTRO_LIMIT_SET, 25, 200}},
        {"01 01 13 02 02 00000000000000c8 01 0000000000000019", {INTRO_LIMIT_SET, 25, 200}},
        {"02 09 00 01 13 02 01 0000000000000001 02 0000000000000001", {INTRO_LIMIT_SET, 1, 1}},
        {"01 01 13 02 01 000000007fffffff 02 000000007fffffff",
         {INTRO_LIMIT_SET, INTRO_LIMIT_MAX, INTRO_LIMIT_MAX}},
        {"01 01 13 02 01 0000000000000001 02 0000000080000000", {INTRO_LIMIT_NONE, 0, 0}}, /* too large */
        {"01 01 13 02 01 0000000000000003 02 0000000000000002", {INTRO_LIMIT_NONE, 0, 0}}, /* burst < rate */
        {"01 01 13 02 01 0000000000000000 02 0000000000000002", {INTRO_LIMIT_NONE, 0, 0}},
        {"01 01 0a 01 01 0000000000000009", {INTRO_LIMIT_NONE, 0, 0}},      /* no burst */
        {"01 01 0a 01 07 0000000000000009", {INTRO_LIMIT_CONSENSUS, 0, 0}}, /* unknown */
        {"01 01 05 01 01 000000", {INTRO_LIMIT_CONSENSUS, 0, 0}},           /* cut */
        {"02 01 13 02 01 0000000000000019 02 00000000000000c8 01 00", {INTRO_LIMIT_SET, 25, 200}}, /* twice */
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct test_bytes place;
        struct establish_intro_message m;
        char hex[1024];
        (void)snprintf(hex, sizeof hex, "%s%s%s", HEAD, rows[i].extensions, TAIL);
        struct span body = test_span(&place, hex);
        assert_int_equal(establish_intro_decode(body, &m), ERR_OK);
        assert_int_equal(m.limit.kind, rows[i].limit.kind);
        assert_int_equal(m.limit.rate, rows[i].limit.rate);
        assert_int_equal(m.limit.burst, rows[i].limit.burst);
        assert_int_equal(m.maced.length, body.length - INTRO_AFTER_MACED);
        assert_int_equal(m.signed_part.length, body.length - INTRO_AFTER_SIGNED);
        assert_beginnings_refused(establish_intro_decode, struct establish_intro_message, body, 0);
    }
}

static void establish_intro_round_trip(UNUSED void **state) {
    static const struct intro_limit limits[] = {
        {INTRO_LIMIT_CONSENSUS, 0, 0}, {INTRO_LIMIT_NONE, 0, 0}, {INTRO_LIMIT_SET, 25, 200}};
    static const char *const hex[] = {
        HEAD "00" TAIL,
        HEAD "01 01 13 02 01 0000000000000000 02 0000000000000000" TAIL,
        HEAD "01 01 13 02 01 0000000000000019 02 00000000000000c8" TAIL,
    };
    for (unsigned i = 0; i < COUNT(limits); i++) {
        struct test_bytes place, written;
        struct establish_intro_message m, again;
        struct bytes_out out = test_out(&written);
        assert_int_equal(establish_intro_decode(test_span(&place, hex[i]), &m), ERR_OK);
        assert_int_equal(m.auth_key[31], 0x1f);
        assert_int_equal(m.mac[0], 0xa0);
        assert_int_equal(m.signature[63], 0xbf);
        assert_int_equal(m.limit.kind, limits[i].kind);
        establish_intro_encode(&out, &m);
        assert_span_hex(test_written(&out), hex[i]);
        assert_int_equal(establish_intro_decode(test_written(&out), &again), ERR_OK);
        assert_int_equal(again.limit.burst, limits[i].burst);
    }
}

static void keys_of_version_2_are_not_supported(UNUSED void **state) {
    struct test_bytes place;
    struct establish_intro_message m;
    assert_int_equal(establish_intro_decode(test_span(&place, "000020" KEY "00" TAIL), &m), ERR_UNSUPPORTED);
    assert_int_equal(establish_intro_decode(test_span(&place, "02001f" KEY "00" TAIL), &m), ERR_MALFORMED);
    assert_int_equal(establish_intro_decode(test_span(&place, HEAD "00" MAC "003f" SIG), &m), ERR_MALFORMED);
}

static void intro_established_has_no_extensions(UNUSED void **state) {
    struct test_bytes written;
    struct bytes_out out = test_out(&written);
    intro_established_encode(&out);
    assert_span_hex(test_written(&out), "00");
}

/* --- INTRODUCE1 ------------------------------------------------------------------------------------------------------- */

static void introduce1_round_trip(UNUSED void **state) {
    struct test_bytes place, written;
    struct introduce1_message m;
    struct bytes_out out = test_out(&written);
    struct span body = test_span(&place, ZEROS HEAD "00 c0ffee");
    assert_int_equal(introduce1_decode(body, &m), ERR_OK);
    assert_int_equal(m.auth_key[1], 1);
    assert_span_hex(m.encrypted, "c0ffee");
    introduce1_encode(&out, &m);
    assert_span_equal(test_written(&out), body);
    const struct span shortest = {body.data, body.length - 2};
    assert_beginnings_refused(introduce1_decode, struct introduce1_message, shortest, 0);
    assert_int_equal(introduce1_decode(test_span(&place, ZEROS HEAD "02 0101aa 0200 ee"), &m), ERR_OK);
    assert_span_hex(m.encrypted, "ee");
}

static void introductions_that_are_none(UNUSED void **state) {
    static const struct {
        const char *hex;
        enum err e;
    } rows[] = {
        {"", ERR_TRUNCATED},
        {"0100000000000000000000000000000000000000" HEAD "00 c0ffee", ERR_UNSUPPORTED}, /* version 2 */
        {ZEROS "010020" KEY "00 c0ffee", ERR_UNSUPPORTED},
        {ZEROS "020021" KEY "00 c0ffee", ERR_MALFORMED},
        {ZEROS HEAD "01 01ff c0ffee", ERR_TRUNCATED},
        {ZEROS HEAD "00", ERR_MALFORMED},
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct test_bytes place;
        struct introduce1_message m;
        assert_int_equal(introduce1_decode(test_span(&place, rows[i].hex), &m), rows[i].e);
    }
}

static void introduce_ack_round_trip(UNUSED void **state) {
    struct test_bytes written;
    struct bytes_out out = test_out(&written);
    uint16_t status;
    introduce_ack_encode(&out, INTRODUCE_CANT_RELAY);
    assert_span_hex(test_written(&out), "000300");
    assert_int_equal(introduce_ack_decode(test_written(&out), &status), ERR_OK);
    assert_int_equal(status, INTRODUCE_CANT_RELAY);
    assert_int_equal(introduce_ack_decode((struct span){written.data, 2}, &status), ERR_TRUNCATED);
}

/* --- rendezvous ------------------------------------------------------------------------------------------------------- */

static void a_cookie_is_20_bytes(UNUSED void **state) {
    uint8_t cookie[REND_COOKIE_LEN];
    struct test_bytes place;
    struct span key = test_span(&place, KEY);
    assert_int_equal(establish_rendezvous_decode((struct span){key.data, 20}, cookie), ERR_OK);
    assert_memory_equal(cookie, key.data, 20);
    assert_int_equal(establish_rendezvous_decode((struct span){key.data, 19}, cookie), ERR_TRUNCATED);
    assert_int_equal(establish_rendezvous_decode((struct span){key.data, 21}, cookie), ERR_MALFORMED);
}

static void rendezvous1_round_trip(UNUSED void **state) {
    struct test_bytes place, written;
    struct rendezvous1_message m;
    struct bytes_out out = test_out(&written);
    struct span body = test_span(&place, KEY);
    assert_int_equal(rendezvous1_decode(body, &m), ERR_OK);
    assert_int_equal(m.cookie[19], 19);
    assert_int_equal(m.handshake.length, 12);
    rendezvous1_encode(&out, &m);
    assert_span_equal(test_written(&out), body);
    assert_int_equal(rendezvous1_decode((struct span){body.data, 20}, &m), ERR_OK);
    assert_int_equal(m.handshake.length, 0);
    assert_int_equal(rendezvous1_decode((struct span){body.data, 19}, &m), ERR_TRUNCATED);
}

static void names_of_different_kinds_differ(UNUSED void **state) {
    uint8_t bytes[32] = {1, 2, 3};
    struct onion_name intro = onion_name_intro(bytes), rend = onion_name_rend(bytes);
    assert_memory_equal(intro.bytes, rend.bytes, ONION_NAME_LEN);
    assert_int_not_equal(intro.kind, rend.kind);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_read_as_proposal_305_says),
        cmocka_unit_test(establish_intro_round_trip),
        cmocka_unit_test(keys_of_version_2_are_not_supported),
        cmocka_unit_test(intro_established_has_no_extensions),
        cmocka_unit_test(introduce1_round_trip),
        cmocka_unit_test(introductions_that_are_none),
        cmocka_unit_test(introduce_ack_round_trip),
        cmocka_unit_test(a_cookie_is_20_bytes),
        cmocka_unit_test(rendezvous1_round_trip),
        cmocka_unit_test(names_of_different_kinds_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
