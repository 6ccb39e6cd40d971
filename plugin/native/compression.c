#include "native/compression.h"

#define ZLIB_CONST /* next_in is const */
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "native/document.h"

#define ZLIB_LEVEL      9
#define GZIP_WINDOW     (15 + 16) /* deflateInit2: a gzip head and end */
#define ZLIB_WINDOW     15
#define ZSTD_LEVEL      9
#define ZSTD_WINDOW     23 /* of others: 8 MB, within UNPACK_MEMORY_MAX */
#define ZSTD_WINDOW_OWN 19 /* 7 MB of working memory for 13; a consensus gets 2 % longer */
#define LZMA_PRESET     6
#define LZMA_DICTIONARY (512u << 10) /* 6 MB of working memory for 46; a consensus gets 2 % longer */
#define UNPACKING_PIECE 8192u
#define FIRST_ROOM      4096u

/* tor knows LZMA by 0x5D and two zeros, the low bytes of the dictionary's size; otherwise it warns, and tries all. */
#define LZMA_DICTIONARY_LEAST 65536u

/* Output that grows up to max: a document from the start, so that nothing long is ever there twice. */
struct output {
    struct document *document; /* NULL before the first byte, or without memory */
    size_t length, room, max;
};

/* False without memory; what is there stays. */
static bool output_set_room(struct output *o, size_t room) {
    struct document *document = document_resize(o->document, room);
    if (!document)
        return false;
    o->document = document;
    o->room = room;
    return true;
}

/* False at the bound, or without memory. */
static bool output_grow(struct output *o) {
    size_t room = o->room ? o->room * 2 : FIRST_ROOM;
    if (room > o->max)
        room = o->max;
    return room > o->room && output_set_room(o, room);
}

static uint8_t *output_end(const struct output *o) {
    return o->document->bytes + o->length;
}

static struct document *output_finish(struct output *o, bool is_good) {
    if (is_good && output_set_room(o, o->length))
        return o->document;
    document_drop(o->document);
    return NULL;
}

/* --- zlib and gzip ---------------------------------------------------------------------------------------------- */

/* zlib counts in unsigned int: a document is far smaller (CONSENSUS_BYTES_MAX). */
static struct document *zlib_pack(struct span text, int window) {
    z_stream z = {0};
    struct output o = {.max = SIZE_MAX};
    if (text.length > UINT32_MAX ||
        deflateInit2(&z, ZLIB_LEVEL, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    bool is_good = output_set_room(&o, deflateBound(&z, text.length));
    z.next_in = text.data;
    z.avail_in = (uInt)text.length;
    z.next_out = is_good ? output_end(&o) : NULL;
    z.avail_out = (uInt)o.room;
    is_good = is_good && deflate(&z, Z_FINISH) == Z_STREAM_END;
    o.length = o.room - z.avail_out;
    deflateEnd(&z);
    return output_finish(&o, is_good);
}

static struct document *zlib_unpack(struct span text, int window, size_t bytes_max) {
    z_stream z = {0};
    struct output o = {.max = bytes_max};
    int status = Z_OK;
    if (text.length > UINT32_MAX || inflateInit2(&z, window) != Z_OK)
        return NULL;
    z.next_in = text.data;
    z.avail_in = (uInt)text.length;
    while (status == Z_OK && (o.length < o.room || output_grow(&o))) {
        z.next_out = output_end(&o);
        z.avail_out = (uInt)(o.room - o.length);
        status = inflate(&z, Z_NO_FLUSH);
        o.length = o.room - z.avail_out;
    }
    bool is_good = status == Z_STREAM_END && z.avail_in == 0;
    inflateEnd(&z);
    return output_finish(&o, is_good);
}

struct unpacking {
    z_stream z;
    uint8_t piece[UNPACKING_PIECE];
};

struct unpacking *unpacking_new(struct span packed) {
    struct unpacking *u = calloc(1, sizeof *u);
    if (!u)
        return NULL;
    u->z.next_in = packed.data;
    u->z.avail_in = (uInt)packed.length;
    if (packed.length <= UINT32_MAX && inflateInit2(&u->z, ZLIB_WINDOW) == Z_OK)
        return u;
    free(u);
    return NULL;
}

struct span unpacking_next(struct unpacking *unpacking) {
    unpacking->z.next_out = unpacking->piece;
    unpacking->z.avail_out = sizeof unpacking->piece;
    int status = inflate(&unpacking->z, Z_NO_FLUSH);
    bool is_good = status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR;
    return (struct span){unpacking->piece, is_good ? sizeof unpacking->piece - unpacking->z.avail_out : 0};
}

void unpacking_free(struct unpacking *unpacking) {
    if (!unpacking)
        return;
    inflateEnd(&unpacking->z);
    free(unpacking);
}

/* --- zstd ------------------------------------------------------------------------------------------------------- */

static struct document *zstd_pack(struct span text) {
    struct output o = {.max = SIZE_MAX};
    ZSTD_CCtx *context = ZSTD_createCCtx();
    bool is_good = context && output_set_room(&o, ZSTD_compressBound(text.length)) &&
                   !ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, ZSTD_LEVEL)) &&
                   !ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, ZSTD_WINDOW_OWN));
    if (is_good) {
        o.length = ZSTD_compress2(context, output_end(&o), o.room, text.data, text.length);
        is_good = !ZSTD_isError(o.length);
    }
    ZSTD_freeCCtx(context);
    return output_finish(&o, is_good);
}

static struct document *zstd_unpack(struct span text, size_t bytes_max) {
    struct output o = {.max = bytes_max};
    ZSTD_DCtx *context = ZSTD_createDCtx();
    ZSTD_inBuffer in = {text.data, text.length, 0};
    size_t status = 1;
    bool is_good =
        context && !ZSTD_isError(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, ZSTD_WINDOW));
    while (is_good && status != 0) {
        size_t before = in.pos;
        is_good = o.length < o.room || output_grow(&o);
        if (!is_good)
            break;
        ZSTD_outBuffer out = {o.document->bytes, o.room, o.length};
        status = ZSTD_decompressStream(context, &out, &in);
        bool is_stuck = in.pos == before && out.pos == o.length;
        o.length = out.pos;
        is_good = !ZSTD_isError(status) && !is_stuck;
    }
    ZSTD_freeDCtx(context);
    return output_finish(&o, is_good && in.pos == in.size);
}

/* --- LZMA ------------------------------------------------------------------------------------------------------- */

/* Turn until the end of the stream, the bound, or a fault. */
static bool lzma_run(lzma_stream *z, struct span text, struct output *o) {
    lzma_ret status = LZMA_OK;
    z->next_in = text.data;
    z->avail_in = text.length;
    while (status == LZMA_OK && (o->length < o->room || output_grow(o))) {
        z->next_out = output_end(o);
        z->avail_out = o->room - o->length;
        status = lzma_code(z, LZMA_FINISH);
        o->length = o->room - z->avail_out;
    }
    return status == LZMA_STREAM_END && z->avail_in == 0;
}

/* No longer than the text, if that is not short: memory, and the time to clear it, go with the dictionary (8 MB by the
 * preset). */
static uint32_t lzma_dictionary(size_t length, uint32_t most) {
    uint32_t size = LZMA_DICTIONARY_LEAST;
    while (size < length && size < most)
        size *= 2;
    return size;
}

static struct document *lzma_pack(struct span text) {
    lzma_stream z = LZMA_STREAM_INIT;
    lzma_options_lzma options;
    struct output o = {.max = SIZE_MAX};
    if (lzma_lzma_preset(&options, LZMA_PRESET))
        return NULL;
    options.dict_size = lzma_dictionary(text.length, LZMA_DICTIONARY);
    if (lzma_alone_encoder(&z, &options) != LZMA_OK)
        return NULL;
    bool is_good = lzma_run(&z, text, &o);
    lzma_end(&z);
    return output_finish(&o, is_good);
}

static struct document *lzma_unpack(struct span text, size_t bytes_max) {
    lzma_stream z = LZMA_STREAM_INIT;
    struct output o = {.max = bytes_max};
    if (lzma_alone_decoder(&z, UNPACK_MEMORY_MAX) != LZMA_OK)
        return NULL;
    bool is_good = lzma_run(&z, text, &o);
    lzma_end(&z);
    return output_finish(&o, is_good);
}

/* --- all -------------------------------------------------------------------------------------------------------- */

struct document *compression_pack(enum http_encoding how, struct span text) {
    switch (how) {
    case HTTP_LZMA: return lzma_pack(text);
    case HTTP_ZSTD: return zstd_pack(text);
    case HTTP_DEFLATE: return zlib_pack(text, ZLIB_WINDOW);
    case HTTP_GZIP: return zlib_pack(text, GZIP_WINDOW);
    case HTTP_IDENTITY: return document_new(text);
    case HTTP_ENCODINGS: break;
    }
    return NULL;
}

struct document *compression_unpack(enum http_encoding how, struct span text, size_t bytes_max) {
    switch (how) {
    case HTTP_LZMA: return lzma_unpack(text, bytes_max);
    case HTTP_ZSTD: return zstd_unpack(text, bytes_max);
    case HTTP_DEFLATE: return zlib_unpack(text, ZLIB_WINDOW, bytes_max);
    case HTTP_GZIP: return zlib_unpack(text, GZIP_WINDOW, bytes_max);
    case HTTP_IDENTITY: return text.length <= bytes_max ? document_new(text) : NULL;
    case HTTP_ENCODINGS: break;
    }
    return NULL;
}
