/* http_request - the head of an HTTP request as directory clients send it (HTTP/1.0 and 1.1), and dates of HTTP.
 *
 * Pure. Memory: spans borrow the bytes. Bound: HTTP_HEAD_MAX bytes of head; headers that we have no use for are passed over. */
#ifndef LOOM_WIRE_HTTP_REQUEST_H
#define LOOM_WIRE_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"

#define HTTP_HEAD_MAX 16384u /* more than 350 microdescriptors asked for at once; tor asks for 92 */
#define HTTP_DATE_LEN 29u    /* "Sun, 06 Nov 1994 08:49:37 GMT" */

enum http_method { HTTP_GET, HTTP_POST, HTTP_OTHER };

/* Content encodings (dir-spec 6.1), best for the wire first. */
enum http_encoding {
    HTTP_LZMA,    /* x-tor-lzma */
    HTTP_ZSTD,    /* x-zstd */
    HTTP_DEFLATE, /* zlib's format, not raw deflate */
    HTTP_GZIP,
    HTTP_IDENTITY, /* always acceptable */
    HTTP_ENCODINGS
};

struct http_request {
    enum http_method method;
    struct span path;        /* as sent: a path, without scheme and host */
    uint8_t encodings;       /* bit 1 << enum http_encoding for each in Accept-Encoding; identity always */
    uint64_t content_length; /* 0 when absent */
    uint64_t if_modified_since_s; /* seconds since 1970; 0 when absent, or when it is no date */
    struct span
        diff_from;      /* X-Or-Diff-From-Consensus: words of 64 hex digits, separated by commas or spaces */
    size_t head_length; /* through the empty line: behind it begins the body */
};

/* ERR_TRUNCATED: the empty line is not there yet. ERR_LIMIT: it is not within HTTP_HEAD_MAX. */
MUST_USE enum err http_request_parse(struct span bytes, struct http_request *out);
/* The encoding of that name; false when there is none. */
MUST_USE bool http_encoding_parse(struct span name, enum http_encoding *out);
/* As in Content-Encoding. */
const char *http_encoding_name(enum http_encoding encoding);
/* Dates from 1970 to 9999, in the form of RFC 1123. */
MUST_USE bool http_date_parse(struct span text, uint64_t *unix_s_out);
void http_put_date(struct bytes_out *out, uint64_t unix_s);

#endif
