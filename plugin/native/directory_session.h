/* directory_session - one request of a directory client and its answer, as bytes in and bytes out: over a BEGIN_DIR stream or
 * a connection to the DirPort. HTTP/1.0: one request, then the end.
 *
 * Owner and thread: whose client it is. Memory: the request, at most HTTP_HEAD_MAX and DIRECTORY_POST_MAX bytes, until it is
 * answered; then the archive that the answer is from, and the text of one of its documents. */
#ifndef LOOM_NATIVE_DIRECTORY_SESSION_H
#define LOOM_NATIVE_DIRECTORY_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "native/directory_answer.h"
#include "native/directory_packing.h"

#define DIRECTORY_POST_MAX (64u << 10) /* onion service descriptors: HSV3MaxDescriptorSize is 50000 */

struct archive;
struct document;
struct onion_store;
struct unpacking;

enum directory_session_state {
    SESSION_ASKING,    /* the request is not whole */
    SESSION_PACKING,   /* somebody has yet to pack the parts: directory_session_give_parts, then _packed */
    SESSION_ANSWERING, /* bytes go out */
    SESSION_OVER       /* all have gone */
};

struct directory_session {
    enum directory_session_state state;
    struct address from;
    bool is_anonymous;
    struct onion_store *onions; /* borrowed; NULL: we are no hidden service directory */
    bool may_pack;              /* the owner sees to SESSION_PACKING; otherwise parts are sent as they are */
    uint8_t *request;           /* grows; NULL once it is answered */
    size_t request_length, request_room;
    size_t looked_at;        /* of the request, for the end of its head */
    bool line_has_text;      /* the line there is not empty so far */
    size_t request_wanted;   /* head and body; 0: the head is not whole */
    struct archive *archive; /* that the answer borrows */
    struct directory_answer answer;
    struct document *packed;     /* all parts in one, or NULL */
    uint8_t *unpacked;           /* the text of the part that is being sent, when it is a small document */
    struct unpacking *unpacking; /* of the part, when it is sent inflated */
    uint8_t head[DIRECTORY_HEAD_ROOM];
    size_t head_length, head_sent;
    uint32_t part;     /* that comes next */
    struct span piece; /* of the one before, not yet sent */
};

void directory_session_init(struct directory_session *session, const struct address *from, bool is_anonymous,
                            struct onion_store *onions);
void directory_session_fini(struct directory_session *session);
/* Bytes of the client. When the request is whole, its answer is begun, from archive (kept; NULL: 503). What comes after a
 * whole request is passed over. */
void directory_session_receive(struct directory_session *session, struct archive *archive, uint64_t now_s,
                               const uint8_t *bytes, size_t length);
/* In SESSION_PACKING: what is to be packed. Hands it over, with the archive. */
void directory_session_give_parts(struct directory_session *session, struct directory_packing *packing_out);
/* It is done, with this result (handed over), or, packed NULL, it could not be done. Takes packing back. */
void directory_session_packed(struct directory_session *session, uint64_t now_s,
                              struct directory_packing *packing, struct document *packed);
/* The next bytes for the client; empty when there are none now. */
struct span directory_session_output(const struct directory_session *session);
/* length of them have gone, at most as many as output gave. */
void directory_session_sent(struct directory_session *session, size_t length);

#endif
