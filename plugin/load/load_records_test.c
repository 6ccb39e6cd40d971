#include "load/load_records.h"

#include <string.h>

#include "support/test.h"

/* Feed a stream in pieces of at most `piece` bytes; true when it was understood to its end. */
static bool feed(struct load_records *r, const uint8_t *stream, size_t length, size_t piece) {
    while (length > 0) {
        size_t n = load_records_wanted(r);
        n = n < piece ? n : piece;
        n = n < length ? n : length;
        if (!load_records_in_body(r))
            memcpy(r->header + r->header_length, stream, n);
        if (!load_records_got(r, n))
            return false;
        stream += n;
        length -= n;
    }
    return true;
}

static size_t put_record(uint8_t *out, uint8_t type, uint16_t plain) {
    uint16_t length = (uint16_t)(plain + LOAD_RECORD_EXTRA);
    memset(out, 0xee, LOAD_RECORD_HEADER_LEN + length);
    memcpy(out, (uint8_t[]){type, 3, 3, (uint8_t)(length >> 8), (uint8_t)length}, LOAD_RECORD_HEADER_LEN);
    return LOAD_RECORD_HEADER_LEN + length;
}

static void plaintext_is_counted_however_it_comes(UNUSED void **state) {
    uint8_t stream[40000];
    size_t length = put_record(stream, 23, 31 * 514);
    length += put_record(stream + length, 23, 1);
    length += put_record(stream + length, 23, 8 * 514);
    for (size_t piece = 1; piece < 20000; piece = piece * 3 + 1) {
        struct load_records r = {.plain_bytes = 0};
        assert_true(feed(&r, stream, length, piece));
        assert_int_equal(r.plain_bytes, 39 * 514 + 1);
        assert_int_equal(r.records, 3);
        assert_false(load_records_in_body(&r));
    }
}

static void other_records_are_refused(UNUSED void **state) {
    uint8_t stream[100];
    struct load_records alert = {.plain_bytes = 0}, empty = {.plain_bytes = 0};
    assert_false(feed(&alert, stream, put_record(stream, 21, 2), 100));
    assert_false(feed(&empty, stream, put_record(stream, 23, 0), 100));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plaintext_is_counted_however_it_comes),
        cmocka_unit_test(other_records_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
