#include "native/tls_traffic.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/check.h"

/* RFC 8446, 6: those that we send. */
enum alert {
    ALERT_CLOSE_NOTIFY = 0,
    ALERT_UNEXPECTED_MESSAGE = 10,
    ALERT_BAD_RECORD_MAC = 20,
    ALERT_RECORD_OVERFLOW = 22,
    ALERT_ILLEGAL_PARAMETER = 47,
    ALERT_DECODE_ERROR = 50,
    ALERT_USER_CANCELED = 90, /* and this one we pass over */
    ALERT_NONE = 256,
};
enum alert_level { LEVEL_WARNING = 1, LEVEL_FATAL = 2 };
enum message { MESSAGE_NEW_SESSION_TICKET = 4, MESSAGE_KEY_UPDATE = 24 };

#define HEAD_LEN       4u     /* of a message: type and length */
#define TICKET_MAX     16384u /* as OpenSSL has it; we read none of it */
#define KEY_UPDATE_LEN (HEAD_LEN + 1u)

static_assert(TLS_RECORD_ROOM >= TLS_PROTECTED_MAX + KEY_UPDATE_LEN + TLS_OVERHEAD, "an update goes first");
static_assert(TLS_RECORD_ROOM >= TLS_INNER_MAX, "of plaintext: type and padding too");

struct tls_traffic *tls_traffic_new(const struct tls_suite *suite, bool is_client,
                                    const struct tls_secret *client_secret,
                                    const struct tls_secret *server_secret) {
    struct tls_traffic *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->is_client = is_client;
    if (tls_records_init(&t->in, suite, is_client ? server_secret : client_secret, false,
                         TLS_CRYPTO_FASTEST) &&
        tls_records_init(&t->out, suite, is_client ? client_secret : server_secret, true, TLS_CRYPTO_FASTEST))
        return t;
    tls_traffic_free(t);
    return NULL;
}

void tls_traffic_free(struct tls_traffic *t) {
    if (t == NULL)
        return;
    tls_records_fini(&t->in);
    tls_records_fini(&t->out);
    free(t->partial);
    free(t);
}

void tls_traffic_release_buffers(struct tls_traffic *t) {
    if (t->partial_length != 0)
        return;
    free(t->partial);
    t->partial = NULL;
}

/* --- writing ------------------------------------------------------------------------------------------------------- */

static size_t room_left(const struct tls_pipe *pipe) {
    return pipe->out_room - pipe->out_length;
}

static void seal(struct tls_traffic *t, struct tls_pipe *pipe, enum tls_content type, const uint8_t *bytes,
                 size_t length) {
    pipe->out_length += tls_records_seal(&t->out, type, bytes, length, pipe->out + pipe->out_length);
}

static void tell(struct tls_traffic *t, struct tls_pipe *pipe, enum alert_level level, enum alert alert) {
    const uint8_t bytes[2] = {(uint8_t)level, (uint8_t)alert};
    if (room_left(pipe) >= sizeof bytes + TLS_OVERHEAD)
        seal(t, pipe, TLS_ALERT, bytes, sizeof bytes);
}

/* RFC 8446, 4.6.3: what follows is under the next keys. Without room it is done another time. */
static void update_keys_if_due(struct tls_traffic *t, struct tls_pipe *pipe) {
    static const uint8_t not_requested[KEY_UPDATE_LEN] = {MESSAGE_KEY_UPDATE, 0, 0, 1, 0};
    bool is_due = t->owes_update || t->out.sequence >= TLS_RECORDS_A_KEY;
    if (!is_due || room_left(pipe) < KEY_UPDATE_LEN + TLS_OVERHEAD)
        return;
    seal(t, pipe, TLS_HANDSHAKE, not_requested, KEY_UPDATE_LEN);
    tls_records_update(&t->out);
    t->owes_update = false;
}

uint8_t *tls_traffic_place(struct tls_traffic *t, struct tls_pipe *pipe) {
    update_keys_if_due(t, pipe);
    return pipe->out + pipe->out_length + TLS_HEADER_LEN;
}

bool tls_traffic_write(struct tls_traffic *t, struct tls_pipe *pipe, const uint8_t *bytes, size_t length) {
    update_keys_if_due(t, pipe); /* not if bytes are at the place: then it has been done */
    if (t->is_over || room_left(pipe) < length + TLS_OVERHEAD)
        return false;
    seal(t, pipe, TLS_APPLICATION_DATA, bytes, length);
    return true;
}

void tls_traffic_goodbye(struct tls_traffic *t, struct tls_pipe *pipe) {
    tell(t, pipe, LEVEL_WARNING, ALERT_CLOSE_NOTIFY);
}

/* --- records from the pipe ----------------------------------------------------------------------------------------- */

static enum alert check_header(const uint8_t *header, size_t *length_out) {
    size_t body = load_u16(header + 3);
    if (header[0] != TLS_APPLICATION_DATA)
        return ALERT_UNEXPECTED_MESSAGE;
    if (body > TLS_PROTECTED_MAX - TLS_HEADER_LEN)
        return ALERT_RECORD_OVERFLOW; /* 5.4: whatever is in it */
    if (body < TLS_OVERHEAD - TLS_HEADER_LEN)
        return ALERT_DECODE_ERROR;
    *length_out = TLS_HEADER_LEN + body;
    return ALERT_NONE;
}

static void skip(struct tls_pipe *pipe, size_t length) {
    pipe->in += length;
    pipe->in_length -= length;
}

/* Move bytes of the pipe behind the partial record until it has wanted ones. True: it has. */
static bool gather(struct tls_traffic *t, struct tls_pipe *pipe, size_t wanted) {
    if (t->partial_length >= wanted)
        return true;
    if (t->partial == NULL) {
        t->partial = malloc(TLS_PROTECTED_MAX);
        CHECK(t->partial != NULL);
    }
    size_t missing = wanted - t->partial_length;
    size_t length = missing < pipe->in_length ? missing : pipe->in_length;
    if (length != 0)
        memcpy(t->partial + t->partial_length, pipe->in, length);
    t->partial_length += length;
    skip(pipe, length);
    return length == missing;
}

/* The next whole record, valid until the pipe or the session is used again; NULL in record_out when there is none yet. */
static enum alert next_record(struct tls_traffic *t, struct tls_pipe *pipe, const uint8_t **record_out,
                              size_t *length_out) {
    enum alert alert;
    *record_out = NULL;
    if (t->partial_length == 0 && pipe->in_length >= TLS_HEADER_LEN) {
        if ((alert = check_header(pipe->in, length_out)) != ALERT_NONE)
            return alert;
        if (pipe->in_length >= *length_out) {
            *record_out = pipe->in;
            skip(pipe, *length_out);
            return ALERT_NONE;
        }
    }
    if (!gather(t, pipe, TLS_HEADER_LEN))
        return ALERT_NONE;
    if ((alert = check_header(t->partial, length_out)) != ALERT_NONE)
        return alert;
    if (gather(t, pipe, *length_out)) {
        t->partial_length = 0;
        *record_out = t->partial;
    }
    return ALERT_NONE;
}

/* --- what is in them ----------------------------------------------------------------------------------------------- */

/* 4.6: the head of a message is whole. */
static enum alert begin_message(struct tls_traffic *t) {
    t->body_left = (uint32_t)t->head[1] << 16 | load_u16(t->head + 2);
    if (t->head[0] == MESSAGE_KEY_UPDATE)
        return t->body_left == 1 ? ALERT_NONE : ALERT_DECODE_ERROR;
    if (t->head[0] != MESSAGE_NEW_SESSION_TICKET || !t->is_client)
        return ALERT_UNEXPECTED_MESSAGE;
    return t->body_left > 0 && t->body_left <= TICKET_MAX ? ALERT_NONE : ALERT_DECODE_ERROR;
}

static enum alert receive_key_update(struct tls_traffic *t, uint8_t request, size_t left_in_record) {
    if (request > 1)
        return ALERT_ILLEGAL_PARAMETER;
    if (left_in_record != 0)
        return ALERT_UNEXPECTED_MESSAGE; /* 5.1: no message goes over a change of keys */
    if (++t->updates > TLS_UPDATES_FREE + t->data_records / TLS_UPDATE_EVERY)
        return ALERT_UNEXPECTED_MESSAGE;
    tls_records_update(&t->in);
    t->owes_update |= request == 1;
    return ALERT_NONE;
}

/* Part of a message, or several: a message may begin and end anywhere. */
static enum alert receive_messages(struct tls_traffic *t, const uint8_t *bytes, size_t length) {
    enum alert alert = length == 0 ? ALERT_UNEXPECTED_MESSAGE : ALERT_NONE; /* 5.1 */
    while (alert == ALERT_NONE && length > 0) {
        if (t->head_length < HEAD_LEN) {
            t->head[t->head_length++] = *bytes++;
            length--;
            if (t->head_length == HEAD_LEN)
                alert = begin_message(t);
            continue;
        }
        size_t part = length < t->body_left ? length : t->body_left;
        if (t->head[0] == MESSAGE_KEY_UPDATE)
            alert = receive_key_update(t, *bytes, length - 1);
        bytes += part;
        length -= part;
        t->body_left -= (uint32_t)part;
        if (t->body_left == 0)
            t->head_length = 0;
    }
    return alert;
}

/* An opened record, at out. Its data stay there; *data_out says how much that is. */
static enum alert receive_content(struct tls_traffic *t, uint8_t type, const uint8_t *out, size_t length,
                                  size_t *data_out) {
    bool is_data = type == TLS_APPLICATION_DATA && length != 0;
    t->quiet = is_data ? 0 : (uint8_t)(t->quiet + 1);
    if (t->quiet > TLS_QUIET_MAX)
        return ALERT_UNEXPECTED_MESSAGE;
    if (type == TLS_HANDSHAKE)
        return receive_messages(t, out, length);
    if (type != TLS_APPLICATION_DATA || t->head_length != 0)
        return ALERT_UNEXPECTED_MESSAGE; /* or in the middle of one: 5.1 */
    t->data_records += is_data;
    *data_out = length;
    return ALERT_NONE;
}

/* --- reading ------------------------------------------------------------------------------------------------------- */

static enum tls_result break_off(struct tls_traffic *t, struct tls_pipe *pipe, enum alert alert) {
    t->is_over = true;
    tell(t, pipe, LEVEL_FATAL, alert);
    return TLS_BROKEN;
}

/* 6: the level says nothing any more. */
static enum tls_result receive_alert(struct tls_traffic *t, struct tls_pipe *pipe, const uint8_t *bytes,
                                     size_t length) {
    if (length != 2)
        return break_off(t, pipe, ALERT_DECODE_ERROR);
    if (bytes[1] == ALERT_USER_CANCELED && ++t->quiet <= TLS_QUIET_MAX)
        return TLS_DONE;
    t->is_over = true;
    return bytes[1] == ALERT_CLOSE_NOTIFY ? TLS_CLOSED : TLS_BROKEN;
}

/* One record. TLS_DONE: go on. */
static enum tls_result read_record(struct tls_traffic *t, struct tls_pipe *pipe, uint8_t *out,
                                   size_t *data_out) {
    const uint8_t *record;
    size_t length;
    uint8_t type;
    enum alert alert = next_record(t, pipe, &record, &length);
    *data_out = 0;
    if (alert != ALERT_NONE)
        return break_off(t, pipe, alert);
    if (record == NULL)
        return TLS_AGAIN;
    if (!tls_records_open(&t->in, record, length, out, &length, &type))
        return break_off(t, pipe, ALERT_BAD_RECORD_MAC);
    if (type == TLS_ALERT)
        return receive_alert(t, pipe, out, length);
    alert = receive_content(t, type, out, length, data_out);
    return alert == ALERT_NONE ? TLS_DONE : break_off(t, pipe, alert);
}

enum tls_result tls_traffic_read(struct tls_traffic *t, struct tls_pipe *pipe, uint8_t *out, size_t room,
                                 size_t *length_out, uint64_t *records_out) {
    enum tls_result result = t->is_over ? TLS_BROKEN : TLS_DONE;
    size_t length = 0, got;
    CHECK(room >= TLS_RECORD_ROOM);
    while (result == TLS_DONE && room - length >= TLS_RECORD_ROOM) {
        result = read_record(t, pipe, out + length, &got);
        length += got;
        *records_out += got != 0;
    }
    *length_out = length;
    if (!t->is_over)
        update_keys_if_due(t, pipe);
    return result == TLS_DONE && pipe->in_length == 0 ? TLS_AGAIN : result;
}
