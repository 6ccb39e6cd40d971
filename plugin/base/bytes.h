/* bytes - cursors over byte strings with sticky failure: read and write wire formats without looking past the end.
 *
 * A reader that fails keeps failing: reads return 0 or NULL and bytes_ok() stays false, so a parser checks once at its
 * end. A writer that runs out of room likewise. All integers are big-endian, as in tor-spec.
 * Memory: a cursor borrows the bytes it walks over; pointers returned point into them. */
#ifndef LOOM_BASE_BYTES_H
#define LOOM_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct bytes_in {
    const uint8_t *next;
    const uint8_t *end;
    bool failed;
};

struct bytes_out {
    uint8_t *start;
    uint8_t *next;
    uint8_t *end;
    bool failed;
};

/* A byte string that is borrowed from somewhere. */
struct span {
    const uint8_t *data;
    size_t length;
};

struct bytes_in bytes_in(const void *data, size_t length);
uint8_t bytes_u8(struct bytes_in *in);
uint16_t bytes_u16(struct bytes_in *in);
uint32_t bytes_u32(struct bytes_in *in);
uint64_t bytes_u64(struct bytes_in *in);
/* The next length bytes, or NULL (and failure) when fewer are left. */
const uint8_t *bytes_take(struct bytes_in *in, size_t length);
/* As bytes_take, as a span (empty on failure). */
struct span bytes_span(struct bytes_in *in, size_t length);
/* Copy the next length bytes to destination; zeroes it on failure. */
void bytes_copy(struct bytes_in *in, void *destination, size_t length);
size_t bytes_left(const struct bytes_in *in);
/* Nothing failed so far. */
MUST_USE bool bytes_ok(const struct bytes_in *in);
/* Nothing failed and nothing is left. */
MUST_USE bool bytes_done(const struct bytes_in *in);

struct bytes_out bytes_out(void *data, size_t room);
void bytes_put_u8(struct bytes_out *out, uint8_t value);
void bytes_put_u16(struct bytes_out *out, uint16_t value);
void bytes_put_u32(struct bytes_out *out, uint32_t value);
void bytes_put_u64(struct bytes_out *out, uint64_t value);
void bytes_put(struct bytes_out *out, const void *data, size_t length);
/* Reserve length bytes to be filled later; NULL (and failure) when there is no room. */
uint8_t *bytes_reserve(struct bytes_out *out, size_t length);
size_t bytes_written(const struct bytes_out *out);
MUST_USE bool bytes_out_ok(const struct bytes_out *out);

/* Plain loads and stores for places whose bounds are already known. */
static inline uint16_t load_u16(const uint8_t *p) {
    return (uint16_t)(p[0] << 8 | p[1]);
}
static inline uint32_t load_u32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline void store_u16(uint8_t *p, uint16_t value) {
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}
static inline void store_u32(uint8_t *p, uint32_t value) {
    p[0] = (uint8_t)(value >> 24);
    p[1] = (uint8_t)(value >> 16);
    p[2] = (uint8_t)(value >> 8);
    p[3] = (uint8_t)value;
}

/* Equal, in time that depends on length only. */
MUST_USE bool bytes_equal_const_time(const void *a, const void *b, size_t length);

#endif
