/* compression - the content encodings of directory documents (dir-spec 6.1), whole documents at a time: zlib, gzip, zstd, and
 * the old form of LZMA ("x-tor-lzma").
 *
 * Thread: any. What is packed is meant to be packed once and sent often, on the CPU workers: a consensus takes some tenths
 * of a second with LZMA.
 * Bound: unpacking gives up at bytes_max bytes and at UNPACK_MEMORY_MAX of working memory, so that a few bytes from
 * elsewhere cannot become many here. */
#ifndef LOOM_NATIVE_COMPRESSION_H
#define LOOM_NATIVE_COMPRESSION_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "wire/http_request.h"

#define UNPACK_MEMORY_MAX (16u << 20) /* tor's decoder has no more, so its encoder asks for no more */

struct document;

/* One reference, the caller's. NULL without memory. */
MUST_USE struct document *compression_pack(enum http_encoding how, struct span text);
/* NULL when it is damaged, does not end where text ends, or becomes longer than bytes_max; or without memory. */
MUST_USE struct document *compression_unpack(enum http_encoding how, struct span text, size_t bytes_max);

/* The text of what zlib has packed, piece by piece: for who sends it slowly. */
#define UNPACKING_MEMORY (56u << 10) /* of one: zlib's window and state, a piece */
struct unpacking;
/* Borrows packed. NULL without memory. */
MUST_USE struct unpacking *unpacking_new(struct span packed);
/* The next bytes, valid until the next call; empty at the end, and where packed is damaged. */
struct span unpacking_next(struct unpacking *unpacking);
/* NULL is fine. */
void unpacking_free(struct unpacking *unpacking);

#endif
