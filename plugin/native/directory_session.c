#include "native/directory_session.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "native/archive.h"
#include "native/compression.h"
#include "native/small_document.h"

#define REQUEST_ROOM_FIRST 512u /* a usual request fits */

void directory_session_init(struct directory_session *session, const struct address *from, bool is_anonymous,
                            struct onion_store *onions) {
    memset(session, 0, sizeof *session);
    session->from = *from;
    session->is_anonymous = is_anonymous;
    session->onions = onions;
}

static void forget_request(struct directory_session *s) {
    free(s->request);
    s->request = NULL;
    s->request_length = s->request_room = 0;
}

void directory_session_fini(struct directory_session *session) {
    forget_request(session);
    directory_answer_fini(&session->answer);
    document_drop(session->packed);
    archive_drop(session->archive);
    free(session->unpacked);
    session->unpacked = NULL;
    unpacking_free(session->unpacking);
    session->unpacking = NULL;
    session->piece = (struct span){NULL, 0};
    session->packed = NULL;
    session->archive = NULL;
    session->state = SESSION_OVER;
}

/* --- the request ------------------------------------------------------------------------------------------------ */

static bool append(struct directory_session *s, const uint8_t *bytes, size_t length) {
    size_t needed = s->request_length + length;
    size_t room = s->request_room ? s->request_room : REQUEST_ROOM_FIRST;
    while (room < needed)
        room *= 2;
    if (room > s->request_room) {
        uint8_t *request = realloc(s->request, room);
        if (!request)
            return false;
        s->request = request;
        s->request_room = room;
    }
    memcpy(s->request + s->request_length, bytes, length);
    s->request_length = needed;
    return true;
}

static struct span unpack(struct directory_session *s, const struct document *part) {
    free(s->unpacked);
    s->unpacked = malloc(part->text_length);
    CHECK(s->unpacked);
    small_document_read(part, s->unpacked);
    return (struct span){s->unpacked, part->text_length};
}

/* What comes next of the body, which may be empty; false at its end. */
static bool take_piece(struct directory_session *s, struct span *out) {
    bool is_one = s->packed || s->answer.text.length > 0;
    if (s->unpacking)
        *out = unpacking_next(s->unpacking);
    if (s->unpacking)
        return out->length > 0;
    if (s->part == (is_one ? 1 : s->answer.count))
        return false;
    if (is_one) {
        *out = s->packed ? document_span(s->packed) : s->answer.text;
    } else {
        const struct document *part = s->answer.parts[s->part];
        *out = part->text_length > 0 ? unpack(s, part) : document_span(part);
    }
    s->part++;
    return true;
}

static void fill_piece(struct directory_session *s) {
    while (s->piece.length == 0 && take_piece(s, &s->piece))
        ;
}

static void begin_answer(struct directory_session *s, uint64_t now_s) {
    if (s->answer.must_inflate) {
        s->unpacking = unpacking_new(document_span(s->answer.parts[0]));
        if (!s->unpacking)
            directory_answer_refuse(&s->answer, 503, "Directory busy, try again later");
    }
    struct bytes_out out = bytes_out(s->head, sizeof s->head);
    directory_answer_put_head(&s->answer, &s->from, now_s, &out);
    CHECK(bytes_out_ok(&out));
    s->head_length = bytes_written(&out);
    s->state = SESSION_ANSWERING;
    forget_request(s);
    fill_piece(s);
}

static void refuse(struct directory_session *s, uint64_t now_s, uint16_t status, const char *reason) {
    directory_answer_refuse(&s->answer, status, reason);
    begin_answer(s, now_s);
}

/* Nobody else does it. */
static void pack_here(struct directory_session *s, uint64_t now_s) {
    struct directory_packing packing;
    directory_session_give_parts(s, &packing);
    directory_session_packed(s, now_s, &packing, directory_packing_run(&packing));
}

static void answer(struct directory_session *s, struct archive *archive, uint64_t now_s,
                   const struct http_request *head) {
    struct directory_question question = {.head = *head, .from = s->from, .is_anonymous = s->is_anonymous};
    question.onions = s->onions;
    question.body = (struct span){s->request + head->head_length, (size_t)head->content_length};
    s->archive = archive_keep(archive);
    directory_answer_make(archive, &question, now_s, &s->answer);
    if (s->answer.must_pack || (s->may_pack && s->answer.pack_as != HTTP_IDENTITY))
        s->state = SESSION_PACKING;
    else
        begin_answer(s, now_s);
    if (s->state == SESSION_PACKING && !s->may_pack)
        pack_here(s, now_s);
}

/* An empty line, or too much. Each byte is looked at once, however small the pieces are in which they come. */
static bool head_has_ended(struct directory_session *s) {
    while (s->looked_at < s->request_length) {
        uint8_t c = s->request[s->looked_at++];
        if (c == '\n' && !s->line_has_text)
            return true;
        s->line_has_text = c != '\n' && (s->line_has_text || (c != ' ' && c != '\t' && c != '\r'));
    }
    return s->request_length >= HTTP_HEAD_MAX;
}

void directory_session_receive(struct directory_session *session, struct archive *archive, uint64_t now_s,
                               const uint8_t *bytes, size_t length) {
    struct http_request head;
    if (session->state != SESSION_ASKING || length == 0)
        return;
    if (length > HTTP_HEAD_MAX + DIRECTORY_POST_MAX - session->request_length)
        length = HTTP_HEAD_MAX + DIRECTORY_POST_MAX - session->request_length;
    if (!append(session, bytes, length) || !archive) {
        refuse(session, now_s, 503, "Directory busy, try again later");
        return;
    }
    if (session->request_wanted ? session->request_length < session->request_wanted
                                : !head_has_ended(session))
        return;
    enum err e = http_request_parse((struct span){session->request, session->request_length}, &head);
    session->request_wanted = head.head_length + head.content_length;
    if (e != ERR_OK || (head.method == HTTP_GET && head.content_length > 0))
        refuse(session, now_s, 400, "Bad request");
    else if (head.content_length > DIRECTORY_POST_MAX)
        refuse(session, now_s, 413, "Request too large");
    else if (session->request_length >= session->request_wanted)
        answer(session, archive, now_s, &head);
}

/* --- packing ---------------------------------------------------------------------------------------------------- */

void directory_session_give_parts(struct directory_session *session, struct directory_packing *packing_out) {
    struct directory_answer *a = &session->answer;
    CHECK(session->state == SESSION_PACKING);
    *packing_out = (struct directory_packing){.archive = session->archive,
                                              .parts = a->parts,
                                              .count = a->count,
                                              .length = a->length,
                                              .is = a->encoding,
                                              .how = a->pack_as};
    session->archive = NULL;
    a->parts = NULL;
    a->count = a->room = 0;
    forget_request(session);
}

void directory_session_packed(struct directory_session *session, uint64_t now_s,
                              struct directory_packing *packing, struct document *packed) {
    struct directory_answer *a = &session->answer;
    CHECK(session->state == SESSION_PACKING);
    if (packed) {
        session->packed = packed;
        a->encoding = packing->how;
        a->length = packed->length;
        directory_packing_fini(packing);
    } else if (a->must_pack) {
        directory_packing_fini(packing);
        directory_answer_refuse(a, 503, "Directory busy, try again later");
    } else {
        session->archive = packing->archive;
        a->parts = packing->parts;
        a->count = a->room = packing->count;
        *packing = (struct directory_packing){.parts = NULL};
    }
    begin_answer(session, now_s);
}

/* --- the answer ------------------------------------------------------------------------------------------------- */

struct span directory_session_output(const struct directory_session *session) {
    if (session->state != SESSION_ANSWERING)
        return (struct span){NULL, 0};
    if (session->head_sent < session->head_length)
        return (struct span){session->head + session->head_sent, session->head_length - session->head_sent};
    return session->piece;
}

void directory_session_sent(struct directory_session *session, size_t length) {
    CHECK(session->state == SESSION_ANSWERING);
    if (session->head_sent < session->head_length) {
        session->head_sent += length;
    } else {
        CHECK(length <= session->piece.length);
        session->piece.data += length;
        session->piece.length -= length;
    }
    CHECK(session->head_sent <= session->head_length);
    fill_piece(session);
    if (session->head_sent == session->head_length && session->piece.length == 0)
        directory_session_fini(session);
}
