/* fuzz_message - what must hold of a message that a decoder accepts: encoded and decoded again, it is the same. */
#ifndef LOOM_SUPPORT_FUZZ_MESSAGE_H
#define LOOM_SUPPORT_FUZZ_MESSAGE_H

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "support/fuzz.h"

#define FUZZ_MESSAGE_MAX 65536u

static inline bool fuzz_span_equal(struct span a, struct span b) {
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static inline bool fuzz_bytes_equal(const void *a, const void *b, size_t length) {
    return memcmp(a, b, length) == 0;
}

/* For structs without spans: decoders fill them with zeros first, so that padding is equal too. */
#define FUZZ_MEMORY_EQUAL(a, b) fuzz_bytes_equal((a), (b), sizeof(*(a)))

/* decode(span, type *), encode(bytes_out *, const type *), is_equal(const type *, const type *). */
#define FUZZ_ROUND_TRIP(type, decode, encode, is_equal, bytes)                           \
    do {                                                                                 \
        type first_, second_;                                                            \
        uint8_t buffer_[FUZZ_MESSAGE_MAX];                                               \
        if (decode((bytes), &first_) != ERR_OK)                                          \
            break;                                                                       \
        struct bytes_out out_ = bytes_out(buffer_, sizeof(buffer_));                     \
        encode(&out_, &first_);                                                          \
        CHECK(bytes_out_ok(&out_));                                                      \
        CHECK(decode((struct span){buffer_, bytes_written(&out_)}, &second_) == ERR_OK); \
        CHECK(is_equal(&first_, &second_));                                              \
    } while (0)

#endif
