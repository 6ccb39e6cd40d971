/* directory_answer - what the directory server says to a request: the router of paths (dir-spec 4, 6, B). A pure function of
 * the archive and the request.
 *
 * A further resource is a line in wire/directory_query.c and a case in directory_answer_make.
 * Memory: parts borrow the archive, which must outlive the answer; their array is the answer's own.
 * Thread: any. */
#ifndef LOOM_NATIVE_DIRECTORY_ANSWER_H
#define LOOM_NATIVE_DIRECTORY_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "wire/address.h"
#include "wire/http_request.h"

#define DIRECTORY_HEAD_ROOM 512u /* of an answer's head: lines of known length */

struct archive;
struct document;
struct onion_store;

struct directory_question {
    struct http_request head;
    struct span body;           /* of a POST, whole */
    struct address from;        /* who asks, as far as we see; or family NONE */
    bool is_anonymous;          /* over a circuit that has hops before us */
    struct onion_store *onions; /* NULL: we are no hidden service directory */
};

struct directory_answer {
    uint16_t status; /* 200, or without parts: 304, 400, 404, 503 */
    const char *reason;
    const char *type;            /* Content-Type */
    enum http_encoding encoding; /* that parts are in */
    enum http_encoding pack_as;  /* better than encoding, if somebody packs the parts, all together */
    bool must_pack;    /* the client does not take encoding: the part goes out as pack_as or not at all */
    bool must_inflate; /* the part is deflated, and goes out as the text that it is: length bytes */
    bool is_diff;
    bool varies;                   /* with X-Or-Diff-From-Consensus */
    uint64_t cache_s;              /* how long it may be kept; 0: not at all */
    struct span text;              /* in the place of parts: of this program's own */
    const struct document **parts; /* one after the other */
    uint32_t count, room;
    struct document *own; /* the part that is no part of the archive: our reference, or NULL */
    size_t length;        /* of text or of all parts, small documents unpacked */
};

/* No answer needs memory but those with parts; without it the status is 503. */
void directory_answer_make(const struct archive *archive, const struct directory_question *question,
                           uint64_t now_s, struct directory_answer *out);
/* An answer without content: status and reason. */
void directory_answer_refuse(struct directory_answer *out, uint16_t status, const char *reason);
void directory_answer_fini(struct directory_answer *answer);
/* The head, down to the empty line; length bytes in this encoding follow. */
void directory_answer_put_head(const struct directory_answer *answer, const struct address *from,
                               uint64_t now_s, struct bytes_out *out);

#endif
