#include "base/bytes.h"

#include <string.h>

struct bytes_in bytes_in(const void *data, size_t length) {
    const uint8_t *start = data;
    return (struct bytes_in){start, length ? start + length : start, false};
}

const uint8_t *bytes_take(struct bytes_in *in, size_t length) {
    if (in->failed || length > bytes_left(in)) {
        in->failed = true;
        return NULL;
    }
    const uint8_t *taken = in->next;
    if (length)
        in->next += length;
    return taken;
}

struct span bytes_span(struct bytes_in *in, size_t length) {
    const uint8_t *taken = bytes_take(in, length);
    return (struct span){taken, in->failed ? 0 : length};
}

uint8_t bytes_u8(struct bytes_in *in) {
    const uint8_t *p = bytes_take(in, 1);
    return p ? *p : 0;
}

uint16_t bytes_u16(struct bytes_in *in) {
    const uint8_t *p = bytes_take(in, 2);
    return p ? load_u16(p) : 0;
}

uint32_t bytes_u32(struct bytes_in *in) {
    const uint8_t *p = bytes_take(in, 4);
    return p ? load_u32(p) : 0;
}

uint64_t bytes_u64(struct bytes_in *in) {
    const uint8_t *p = bytes_take(in, 8);
    return p ? (uint64_t)load_u32(p) << 32 | load_u32(p + 4) : 0;
}

void bytes_copy(struct bytes_in *in, void *destination, size_t length) {
    const uint8_t *p = bytes_take(in, length);
    if (p && length)
        memcpy(destination, p, length);
    else if (length)
        memset(destination, 0, length);
}

size_t bytes_left(const struct bytes_in *in) {
    return (size_t)(in->end - in->next);
}

bool bytes_ok(const struct bytes_in *in) {
    return !in->failed;
}

bool bytes_done(const struct bytes_in *in) {
    return !in->failed && in->next == in->end;
}

struct bytes_out bytes_out(void *data, size_t room) {
    uint8_t *start = data;
    return (struct bytes_out){start, start, room ? start + room : start, false};
}

uint8_t *bytes_reserve(struct bytes_out *out, size_t length) {
    if (out->failed || length > (size_t)(out->end - out->next)) {
        out->failed = true;
        return NULL;
    }
    uint8_t *reserved = out->next;
    if (length)
        out->next += length;
    return reserved;
}

void bytes_put(struct bytes_out *out, const void *data, size_t length) {
    uint8_t *p = bytes_reserve(out, length);
    if (p && length)
        memcpy(p, data, length);
}

void bytes_put_u8(struct bytes_out *out, uint8_t value) {
    uint8_t *p = bytes_reserve(out, 1);
    if (p)
        *p = value;
}

void bytes_put_u16(struct bytes_out *out, uint16_t value) {
    uint8_t *p = bytes_reserve(out, 2);
    if (p)
        store_u16(p, value);
}

void bytes_put_u32(struct bytes_out *out, uint32_t value) {
    uint8_t *p = bytes_reserve(out, 4);
    if (p)
        store_u32(p, value);
}

void bytes_put_u64(struct bytes_out *out, uint64_t value) {
    bytes_put_u32(out, (uint32_t)(value >> 32));
    bytes_put_u32(out, (uint32_t)value);
}

size_t bytes_written(const struct bytes_out *out) {
    return (size_t)(out->next - out->start);
}

bool bytes_out_ok(const struct bytes_out *out) {
    return !out->failed;
}

bool bytes_equal_const_time(const void *a, const void *b, size_t length) {
    const uint8_t *x = a;
    const uint8_t *y = b;
    uint8_t difference = 0;
    for (size_t i = 0; i < length; i++)
        difference |= x[i] ^ y[i];
    return difference == 0;
}
