/* Messages of ntor-v3, as tor 0.4.9 writes them and as others might. */
#include "wire/handshake_extensions.h"

#include "support/test.h"

struct request_case {
    const char *hex;
    enum err expected;
    bool congestion_control, cgo;
};
static const struct request_case requests[] = {
    {"00", ERR_OK, false, false},
    {"010100", ERR_OK, true, false},
    {"020100"
     "03020206",
     ERR_OK, true, true},
    {"02"
     "03020206"
     "0100",
     ERR_OK, true, true}, /* any order */
    {"01"
     "03020206",
     ERR_UNSUPPORTED, false, true}, /* CGO needs congestion control */
    {"020100"
     "03020207",
     ERR_UNSUPPORTED, true, false}, /* a version that we do not know */
    {"020100"
     "0304"
     "0201"
     "0206",
     ERR_UNSUPPORTED, true, false},
    {"020100"
     "0304"
     "0206"
     "0206",
     ERR_MALFORMED, true, true}, /* twice */
    {"020100"
     "0304"
     "0206"
     "0106",
     ERR_MALFORMED, true, true}, /* not in order */
    {"020100"
     "0301"
     "02",
     ERR_MALFORMED, true, false},
    {"020100"
     "0300",
     ERR_OK, true, false}, /* asks for nothing */
    {"030100"
     "0300"
     "03020209",
     ERR_OK, true, false}, /* the first counts */
    {"02"
     "7f03aabbcc"
     "0100",
     ERR_OK, true, false},             /* unknown types are passed over */
    {"010101ff", ERR_OK, true, false}, /* a request with a body */
    {"00ffff", ERR_OK, false, false},  /* what follows the list */
    {"", ERR_TRUNCATED, false, false},
    {"01", ERR_TRUNCATED, false, false},
    {"0101", ERR_TRUNCATED, false, false},
    {"010102aa", ERR_TRUNCATED, false, false},
    {"020100", ERR_TRUNCATED, true, false},
};

static void test_requests(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(requests); i++) {
        uint8_t bytes[64];
        struct handshake_request m;
        size_t length = test_hex(requests[i].hex, bytes, sizeof bytes);
        assert_int_equal(handshake_request_decode((struct span){bytes, length}, &m), requests[i].expected);
        if (requests[i].expected)
            continue;
        assert_int_equal(m.wants_congestion_control, requests[i].congestion_control);
        assert_int_equal(m.wants_cgo, requests[i].cgo);
    }
}

struct reply_case {
    const char *hex;
    enum err expected;
    uint8_t sendme_inc;
};
static const struct reply_case replies[] = {
    {"00", ERR_OK, 0},
    {"0102011f", ERR_OK, 31},
    {"02"
     "0900"
     "02011f",
     ERR_OK, 31},
    {"02"
     "02011f"
     "020100",
     ERR_OK, 31},
    {"01020100", ERR_PROTOCOL, 0},
    {"010200", ERR_TRUNCATED, 0},
    {"010201", ERR_TRUNCATED, 0},
    {"", ERR_TRUNCATED, 0},
};

static void test_replies(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(replies); i++) {
        uint8_t bytes[64];
        struct handshake_reply m;
        size_t length = test_hex(replies[i].hex, bytes, sizeof bytes);
        assert_int_equal(handshake_reply_decode((struct span){bytes, length}, &m), replies[i].expected);
        if (!replies[i].expected)
            assert_int_equal(m.sendme_inc, replies[i].sendme_inc);
    }
}

static void assert_encodes(const struct bytes_out *out, const uint8_t *room, const char *hex) {
    uint8_t expected[HANDSHAKE_MESSAGE_MAX];
    size_t length = test_hex(hex, expected, sizeof expected);
    assert_true(bytes_out_ok(out));
    assert_int_equal(bytes_written(out), length);
    assert_memory_equal(room, expected, length);
}

static void test_encoding_is_that_of_tor(void **state) {
    (void)state;
    uint8_t room[HANDSHAKE_MESSAGE_MAX];
    struct bytes_out out = bytes_out(room, sizeof room);
    handshake_request_encode(&out, &(struct handshake_request){false, false});
    assert_encodes(&out, room, "00");
    out = bytes_out(room, sizeof room);
    handshake_request_encode(&out, &(struct handshake_request){true, true});
    assert_encodes(&out, room, "02010003020206");
    out = bytes_out(room, sizeof room);
    handshake_reply_encode(&out, &(struct handshake_reply){31});
    assert_encodes(&out, room, "0102011f");
    out = bytes_out(room, sizeof room);
    handshake_reply_encode(&out, &(struct handshake_reply){0});
    assert_encodes(&out, room, "00");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_replies),
        cmocka_unit_test(test_encoding_is_that_of_tor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
