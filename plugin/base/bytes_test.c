#include "base/bytes.h"

#include "support/test.h"

static const uint8_t counting[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
                                   0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10};

static void integers_are_read_big_endian(UNUSED void **state) {
    struct bytes_in in = bytes_in(counting, 16);

    assert_int_equal(bytes_u8(&in), 0x01);
    assert_int_equal(bytes_u16(&in), 0x0203);
    assert_int_equal(bytes_u32(&in), 0x04050607);
    assert_true(bytes_u64(&in) == UINT64_C(0x08090a0b0c0d0e0f));

    assert_int_equal(bytes_left(&in), 1);
    assert_true(bytes_ok(&in));
    assert_false(bytes_done(&in));
    assert_int_equal(bytes_u8(&in), 0x10);
    assert_true(bytes_done(&in));
}

static void a_reader_that_failed_keeps_failing(UNUSED void **state) {
    struct bytes_in in = bytes_in(counting, 3);
    uint8_t copied[4] = {9, 9, 9, 9};

    assert_int_equal(bytes_u32(&in), 0);

    assert_false(bytes_ok(&in));
    assert_int_equal(bytes_u8(&in), 0); /* though three bytes are there */
    assert_int_equal(bytes_u16(&in), 0);
    assert_true(bytes_u64(&in) == 0);
    assert_null(bytes_take(&in, 1));
    assert_int_equal(bytes_span(&in, 1).length, 0);
    bytes_copy(&in, copied, 4);
    assert_memory_equal(copied, "\0\0\0\0", 4);
    assert_false(bytes_done(&in));
}

static void lengths_up_to_the_end_are_granted_and_none_above(UNUSED void **state) {
    for (size_t room = 0; room <= 16; room++) {
        for (size_t length = 0; length <= 20; length++) {
            struct bytes_in in = bytes_in(counting, room);
            struct span span = bytes_span(&in, length);
            assert_int_equal(bytes_ok(&in), length <= room);
            assert_int_equal(span.length, length <= room ? length : 0);
            if (length > 0 && length <= room)
                assert_ptr_equal(span.data, counting);
        }
    }
    struct bytes_in in = bytes_in(counting, 16);
    assert_null(bytes_take(&in, SIZE_MAX));
}

static void nothing_at_all_can_be_read_and_written(UNUSED void **state) {
    struct bytes_in in = bytes_in(NULL, 0);
    assert_true(bytes_done(&in));
    bytes_copy(&in, NULL, 0);
    assert_int_equal(bytes_span(&in, 0).length, 0);
    assert_true(bytes_done(&in));

    struct bytes_out out = bytes_out(NULL, 0);
    bytes_put(&out, NULL, 0);
    assert_true(bytes_out_ok(&out));
    assert_int_equal(bytes_written(&out), 0);
    bytes_put_u8(&out, 1);
    assert_false(bytes_out_ok(&out));
}

static void what_is_written_is_what_is_read(UNUSED void **state) {
    uint8_t buffer[18];
    struct bytes_out out = bytes_out(buffer, sizeof(buffer));

    bytes_put_u8(&out, 0x01);
    bytes_put_u16(&out, 0x0203);
    bytes_put_u32(&out, 0x04050607);
    bytes_put_u64(&out, UINT64_C(0x08090a0b0c0d0e0f));
    bytes_put(&out, "\x10", 1);
    uint8_t *reserved = bytes_reserve(&out, 2);

    assert_true(bytes_out_ok(&out));
    assert_int_equal(bytes_written(&out), 18);
    assert_ptr_equal(reserved, buffer + 16);
    assert_memory_equal(buffer, counting, 16);
}

static void a_writer_without_room_writes_nothing_more(UNUSED void **state) {
    uint8_t buffer[4] = {0, 0, 0, 0xee};
    struct bytes_out out = bytes_out(buffer, 3);

    bytes_put_u16(&out, 0x1122);
    bytes_put_u16(&out, 0x3344);
    bytes_put_u8(&out, 0x55); /* would fit, but the message is broken already */

    assert_false(bytes_out_ok(&out));
    assert_int_equal(bytes_written(&out), 2);
    assert_null(bytes_reserve(&out, 1));
    assert_memory_equal(buffer, "\x11\x22\x00\xee", 4);
}

static void loads_mirror_stores(UNUSED void **state) {
    uint8_t p[4];
    store_u16(p, 0xfedc);
    assert_memory_equal(p, "\xfe\xdc", 2);
    assert_int_equal(load_u16(p), 0xfedc);
    store_u32(p, 0xfedcba98);
    assert_memory_equal(p, "\xfe\xdc\xba\x98", 4);
    assert_true(load_u32(p) == 0xfedcba98);
}

static void equality_sees_every_bit(UNUSED void **state) {
    uint8_t other[16];
    memcpy(other, counting, 16);
    assert_true(bytes_equal_const_time(counting, other, 16));
    assert_true(bytes_equal_const_time(counting, NULL, 0));
    for (unsigned bit = 0; bit < 128; bit++) {
        other[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(bytes_equal_const_time(counting, other, 16));
        other[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_read_big_endian),
        cmocka_unit_test(a_reader_that_failed_keeps_failing),
        cmocka_unit_test(lengths_up_to_the_end_are_granted_and_none_above),
        cmocka_unit_test(nothing_at_all_can_be_read_and_written),
        cmocka_unit_test(what_is_written_is_what_is_read),
        cmocka_unit_test(a_writer_without_room_writes_nothing_more),
        cmocka_unit_test(loads_mirror_stores),
        cmocka_unit_test(equality_sees_every_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
