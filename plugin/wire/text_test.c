#include "wire/text.h"

#include "support/test.h"

static void lines_and_words(void **state) {
    (void)state;
    struct span rest = span_of("one  two\tthree\n\nlast");
    struct span line;
    assert_true(text_line(&rest, &line));
    assert_true(span_is(text_word(&line), "one"));
    assert_true(span_is(text_word(&line), "two"));
    assert_true(span_is(text_word(&line), "three"));
    assert_int_equal(text_word(&line).length, 0);
    assert_true(text_line(&rest, &line));
    assert_int_equal(line.length, 0);
    assert_true(text_line(&rest, &line));
    assert_true(span_is(line, "last"));
    assert_false(text_line(&rest, &line));
    assert_true(span_is_nocase(span_of("ORPort"), "orport"));
    assert_false(span_is_nocase(span_of("ORPort"), "orport "));
}

static void objects(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"-----BEGIN X Y-----\nAAAA\nBB==\n-----END X Y-----\nrest", true},
        {"-----BEGIN X Y-----\n-----END X Y-----", true},
        {"-----BEGIN X-----\nAAAA\n-----END X Y-----\n", false},
        {"-----BEGIN X Y-----\nAAAA\n-----END X-----\n", false},
        {"-----BEGIN X Y-----\nAAAA\n", false},
        {"\n-----BEGIN X Y-----\nAAAA\n-----END X Y-----\n", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct span rest = span_of(cases[i].text);
        struct span body;
        assert_int_equal(text_object(&rest, "X Y", &body), cases[i].good);
        if (!cases[i].good)
            assert_ptr_equal(rest.data, cases[i].text);
    }
    struct span rest = span_of(cases[0].text);
    struct span body;
    assert_true(text_object(&rest, "X Y", &body));
    assert_true(span_is(body, "AAAA\nBB==\n"));
    assert_true(span_is(rest, "rest"));
}

static void numbers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t max;
        bool good;
        uint64_t value;
    } cases[] = {
        {"0", 0, true, 0},
        {"65535", UINT16_MAX, true, 65535},
        {"65536", UINT16_MAX, false, 0},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, false, 0},
        {"", 9, false, 0},
        {"1a", 99, false, 0},
        {"-1", 99, false, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t value = 0;
        assert_int_equal(text_u64(span_of(cases[i].text), cases[i].max, &value), cases[i].good);
        if (cases[i].good)
            assert_true(value == cases[i].value);
    }
    int32_t n;
    assert_true(text_i32(span_of("-2147483648"), &n) && n == INT32_MIN);
    assert_true(text_i32(span_of("+2147483647"), &n) && n == INT32_MAX);
    assert_false(text_i32(span_of("2147483648"), &n));
    assert_false(text_i32(span_of("-"), &n));
}

static void base64_round_trip(void **state) {
    (void)state;
    uint8_t in[70], out[70];
    for (size_t i = 0; i < sizeof(in); i++)
        in[i] = (uint8_t)(i * 37 + 11);
    for (size_t length = 0; length <= sizeof(in); length++) {
        for (int padding = BASE64_PADDED; padding <= BASE64_UNPADDED; padding++) {
            char text[128];
            struct bytes_out writer = bytes_out(text, sizeof(text));
            text_put_base64(&writer, in, length, (enum base64_padding)padding);
            assert_true(bytes_out_ok(&writer));
            struct span s = {(const uint8_t *)text, bytes_written(&writer)};
            assert_true(text_base64_decode_exact(s, out, length));
            assert_memory_equal(in, out, length);
            assert_int_equal(text_base64_decode_exact(s, out, length + 1), false);
        }
    }
}

static void base64_rejects(void **state) {
    (void)state;
    static const char *const bad[] = {"A", "AAAAA", "AA=A", "AA===", "A===", "AA A", "AA-_", "AAA==", "="};
    uint8_t out[16];
    size_t length;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(text_base64_decode(span_of(bad[i]), out, sizeof(out), &length));
    assert_false(text_base64_decode(span_of("AAAAAAAA"), out, 5, &length));
}

static void hex(void **state) {
    (void)state;
    uint8_t bytes[3];
    char text[7];
    assert_true(text_hex_decode(span_of("00aBfF"), bytes, 3));
    text_hex_encode(bytes, 3, text);
    assert_string_equal(text, "00ABFF");
    assert_false(text_hex_decode(span_of("00aBf"), bytes, 3));
    assert_false(text_hex_decode(span_of("00aBfg"), bytes, 3));
}

static void times(void **state) {
    (void)state;
    static const struct {
        const char *date, *time;
        uint64_t unix_s;
    } good[] = {
        {"1970-01-01", "00:00:00", 0},
        {"2000-02-29", "23:59:59", 951868799},
        {"2024-05-17", "17:00:00", 1715965200},
        {"2038-01-19", "03:14:08", UINT64_C(2147483648)},
        {"2100-03-01", "00:00:00", UINT64_C(4107542400)},
    };
    static const char *const bad[][2] = {
        {"2023-02-29", "00:00:00"}, {"2024-13-01", "00:00:00"},  {"2024-00-01", "00:00:00"},
        {"2024-04-31", "00:00:00"}, {"2024-01-00", "00:00:00"},  {"2024-01-01", "24:00:00"},
        {"2024-01-01", "00:60:00"}, {"1969-12-31", "00:00:00"},  {"2024-1-01", "00:00:00"},
        {"2024-01-01", "00:00:0"},  {"2024-01-011", "00:00:00"}, {"", ""}};
    uint64_t value;
    for (size_t i = 0; i < COUNT(good); i++) {
        char text[32] = "";
        struct bytes_out out = bytes_out(text, sizeof(text) - 1);
        assert_true(text_time(span_of(good[i].date), span_of(good[i].time), &value));
        assert_true(value == good[i].unix_s);
        text_put_time(&out, value);
        assert_memory_equal(text, good[i].date, 10);
        assert_string_equal(text + 11, good[i].time);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(text_time(span_of(bad[i][0]), span_of(bad[i][1]), &value));
    /* Every day for 130 years, both ways. */
    for (uint64_t day = 0; day < 47500; day++) {
        char text[32];
        struct bytes_out out = bytes_out(text, sizeof(text));
        text_put_time(&out, day * 86400 + 3661);
        const struct span date = {(const uint8_t *)text, 10};
        const struct span time = {(const uint8_t *)text + 11, 8};
        assert_true(text_time(date, time, &value));
        assert_true(value == day * 86400 + 3661);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_words), cmocka_unit_test(objects),
        cmocka_unit_test(numbers),         cmocka_unit_test(base64_round_trip),
        cmocka_unit_test(base64_rejects),  cmocka_unit_test(hex),
        cmocka_unit_test(times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
