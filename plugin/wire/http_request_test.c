#include "wire/http_request.h"

#include <string.h>

#include "support/test.h"
#include "wire/text.h"

static enum err parse(const char *text, struct http_request *out) {
    return http_request_parse(span_of(text), out);
}

static void a_request_of_tor_is_read(UNUSED void **state) {
    static const char text[] = "GET /tor/status-vote/current/consensus-microdesc.z HTTP/1.0\r\n"
                               "Host: 127.0.0.1\r\n"
                               "Accept-Encoding: x-tor-lzma, x-zstd, deflate, gzip;q=0, identity\r\n"
                               "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                               "X-Or-Diff-From-Consensus: AB, CD\r\n\r\nbody";
    struct http_request r;
    assert_int_equal(parse(text, &r), ERR_OK);
    assert_int_equal(r.method, HTTP_GET);
    assert_true(span_is(r.path, "/tor/status-vote/current/consensus-microdesc.z"));
    assert_int_equal(r.encodings, 1 << HTTP_LZMA | 1 << HTTP_ZSTD | 1 << HTTP_DEFLATE | 1 << HTTP_IDENTITY);
    assert_int_equal(r.if_modified_since_s, 784111777);
    assert_true(span_is(r.diff_from, "AB, CD"));
    assert_int_equal(r.head_length, strlen(text) - 4);
    for (size_t n = 0; n < r.head_length; n++)
        assert_int_equal(
            http_request_parse((struct span){(const uint8_t *)text, n}, &(struct http_request){0}),
            ERR_TRUNCATED);
}

static void what_is_left_out_is_plain(UNUSED void **state) {
    struct http_request r;
    assert_int_equal(parse("POST http://host:9030/tor/ HTTP/1.1\ncontent-length:  12 \nX: y\n\n", &r),
                     ERR_OK);
    assert_int_equal(r.method, HTTP_POST);
    assert_true(span_is(r.path, "/tor/"));
    assert_int_equal(r.encodings, 1 << HTTP_IDENTITY);
    assert_int_equal(r.content_length, 12);
    assert_int_equal(r.if_modified_since_s, 0);
    assert_int_equal(r.diff_from.length, 0);
    assert_int_equal(parse("HEAD / HTTP/1.0\r\nIf-Modified-Since: soon\r\n\r\n", &r), ERR_OK);
    assert_int_equal(r.method, HTTP_OTHER);
    assert_int_equal(r.if_modified_since_s, 0);
}

static void what_is_no_request_is_refused(UNUSED void **state) {
    static const char *const texts[] = {
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET /\r\n\r\n",
        "GET tor HTTP/1.0\r\n\r\n",
        "GET / SPDY\r\n\r\n",
        "GET http://host HTTP/1.0\r\n\r\n",
        "POST / HTTP/1.0\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.0\r\nContent-Length: 99999999999999999999\r\n\r\n",
    };
    static uint8_t endless[HTTP_HEAD_MAX + 1];
    struct http_request r;
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_int_equal(parse(texts[i], &r), ERR_MALFORMED);
    memset(endless, 'a', sizeof endless);
    memcpy(endless, "GET / HTTP/1.0\n", 15);
    assert_int_equal(http_request_parse((struct span){endless, HTTP_HEAD_MAX - 1}, &r), ERR_TRUNCATED);
    assert_int_equal(http_request_parse((struct span){endless, sizeof endless}, &r), ERR_LIMIT);
}

static void dates_go_both_ways(UNUSED void **state) {
    static const uint64_t times[] = {0, 784111777, 951782400, 1700000000, 4102444799};
    for (size_t i = 0; i < COUNT(times); i++) {
        uint8_t room[64];
        uint64_t back = 1;
        struct bytes_out out = bytes_out(room, sizeof room);
        http_put_date(&out, times[i]);
        assert_int_equal(bytes_written(&out), HTTP_DATE_LEN);
        assert_true(http_date_parse((struct span){room, HTTP_DATE_LEN}, &back));
        assert_int_equal(back, times[i]);
    }
    uint8_t room[64];
    struct bytes_out out = bytes_out(room, sizeof room);
    http_put_date(&out, 784111777);
    assert_memory_equal(room, "Sun, 06 Nov 1994 08:49:37 GMT", HTTP_DATE_LEN);
    uint64_t ignored;
    assert_false(http_date_parse(span_of("Sun, 06 Nix 1994 08:49:37 GMT"), &ignored));
    assert_false(http_date_parse(span_of("Sun, 6 Nov 1994 08:49:37 GMT"), &ignored));
    assert_false(http_date_parse(span_of(""), &ignored));
}

static void encodings_have_names(UNUSED void **state) {
    for (unsigned i = 0; i < HTTP_ENCODINGS; i++) {
        enum http_encoding back;
        assert_true(http_encoding_parse(span_of(http_encoding_name((enum http_encoding)i)), &back));
        assert_int_equal(back, i);
    }
    enum http_encoding none;
    assert_false(http_encoding_parse(span_of("br"), &none));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_of_tor_is_read),      cmocka_unit_test(what_is_left_out_is_plain),
        cmocka_unit_test(what_is_no_request_is_refused), cmocka_unit_test(dates_go_both_ways),
        cmocka_unit_test(encodings_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
