#include "load/load_connection.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "load/load_discard.h"
#include "native/heap.h"
#include "native/socket_address.h"
#include "native/tls_identity.h"

#define DISCARDS_A_TURN 64u /* records; then it is the turn of others */

enum connection_state { CONNECTION_SECURING, CONNECTION_OPEN, CONNECTION_DISCARDING, CONNECTION_OVER };

struct load_connection {
    struct load_net *net;
    const struct load_connection_events *events;
    void *owner;
    struct tls_session session;
    struct event *readable, *writable;
    struct load_records records;
    enum connection_state state;
    int fd;
    bool is_client;
    uint8_t *rest,
        *unsent; /* plaintext that the owner did not use; ciphertext that the socket did not take */
    size_t rest_length, unsent_length, unsent_offset, unsent_room;
};

/* --- what all share ---------------------------------------------------------------------------------------------- */

static bool has_only(const struct tls_identity *identity, const char *cipher) {
    return SSL_CTX_set_ciphersuites(identity->client, cipher) == 1 &&
           SSL_CTX_set_ciphersuites(identity->server, cipher) == 1;
}

struct load_net *load_net_new(const char *cipher) {
    struct load_net *net = heap_new(sizeof *net);
    net->base = event_base_new();
    CHECK(net->base);
    net->identity = tls_identity_new((uint64_t)time(NULL), CIPHER_ORDER_AES);
    if (*cipher && !has_only(net->identity, cipher)) {
        load_net_free(net);
        return NULL;
    }
    net->pipe = (struct tls_pipe){.out = net->out, .out_room = sizeof net->out};
    return net;
}

void load_net_free(struct load_net *net) {
    if (!net)
        return;
    tls_identity_drop(net->identity);
    event_base_free(net->base);
    free(net);
}

/* --- life -------------------------------------------------------------------------------------------------------- */

static void on_readable(evutil_socket_t fd, short what, void *argument);
static void on_writable(evutil_socket_t fd, short what, void *argument);

static struct load_connection *connection_new(struct load_net *net, int fd, bool is_client,
                                              const struct load_connection_events *events, void *owner) {
    struct load_connection *c = heap_new(sizeof *c);
    *c = (struct load_connection){
        .net = net, .events = events, .owner = owner, .fd = fd, .is_client = is_client};
    CHECK(tls_session_init(&c->session, net->identity, !is_client, &net->pipe));
    c->readable = event_new(net->base, fd, EV_READ | EV_PERSIST, on_readable, c);
    c->writable = event_new(net->base, fd, EV_WRITE | EV_PERSIST, on_writable, c);
    CHECK(c->readable && c->writable);
    CHECK(event_add(c->readable, NULL) == 0);
    if (is_client)
        CHECK(event_add(c->writable, NULL) == 0); /* connected: say hello */
    return c;
}

struct load_connection *load_connection_dial(struct load_net *net, const struct endpoint *to,
                                             const struct load_connection_events *events, void *owner) {
    int fd = socket_connect(to);
    return fd < 0 ? NULL : connection_new(net, fd, true, events, owner);
}

struct load_connection *load_connection_dial_over(struct load_net *net, int fd,
                                                  const struct load_connection_events *events, void *owner) {
    return connection_new(net, fd, true, events, owner);
}

struct load_connection *load_connection_accept(struct load_net *net, int fd,
                                               const struct load_connection_events *events, void *owner) {
    CHECK(evutil_make_socket_nonblocking(fd) == 0);
    socket_send_at_once(fd);
    return connection_new(net, fd, false, events, owner);
}

void load_connection_free(struct load_connection *c) {
    if (!c)
        return;
    event_free(c->readable);
    event_free(c->writable);
    tls_session_fini(&c->session);
    close(c->fd);
    free(c->rest);
    free(c->unsent);
    free(c);
}

static void over(struct load_connection *c) {
    if (c->state == CONNECTION_OVER)
        return;
    c->state = CONNECTION_OVER;
    event_del(c->readable);
    event_del(c->writable);
    c->events->closed(c->owner);
}

const struct tls_session *load_connection_tls(const struct load_connection *c) {
    return &c->session;
}

struct tls_session *load_connection_tls_change(struct load_connection *c) {
    return &c->session;
}

/* --- writing ----------------------------------------------------------------------------------------------------- */

bool load_connection_can_write(const struct load_connection *c) {
    return c->unsent_length == 0 && (c->state == CONNECTION_OPEN || c->state == CONNECTION_DISCARDING);
}

bool load_connection_seal(struct load_connection *c, const uint8_t *bytes, size_t length) {
    c->net->work.tls_records_written++;
    return tls_session_write(&c->session, bytes, length);
}

static ssize_t send_some(const struct load_connection *c, const uint8_t *bytes, size_t length) {
    ssize_t sent = send(c->fd, bytes, length, MSG_NOSIGNAL);
    c->net->work.writes++;
    c->net->work.tls_bytes_written += sent > 0 ? (uint64_t)sent : 0;
    return sent < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : sent;
}

/* Behind what is left over already, if there is anything. */
static bool keep_unsent(struct load_connection *c, const uint8_t *bytes, size_t length) {
    bool is_first = c->unsent_length == 0;
    if (c->unsent_offset + c->unsent_length + length > c->unsent_room) {
        size_t room =
            c->unsent_length + length < LOAD_SEND_ROOM ? LOAD_SEND_ROOM : 2 * (c->unsent_length + length);
        uint8_t *bigger = heap_new(room);
        if (c->unsent_length > 0)
            memcpy(bigger, c->unsent + c->unsent_offset, c->unsent_length);
        free(c->unsent);
        c->unsent = bigger;
        c->unsent_room = room;
        c->unsent_offset = 0;
    }
    memcpy(c->unsent + c->unsent_offset + c->unsent_length, bytes, length);
    c->unsent_length += length;
    return !is_first || event_add(c->writable, NULL) == 0;
}

bool load_connection_send(struct load_connection *c) {
    struct tls_pipe *pipe = &c->net->pipe;
    size_t length = pipe->out_length;
    pipe->out_length = 0;
    if (length == 0)
        return true;
    if (c->unsent_length > 0)
        return keep_unsent(c, pipe->out, length);
    ssize_t sent = send_some(c, pipe->out, length);
    if (sent < 0)
        return false;
    return (size_t)sent == length || keep_unsent(c, pipe->out + sent, length - (size_t)sent);
}

bool load_connection_write(struct load_connection *c, const uint8_t *bytes, size_t length) {
    while (length > 0) {
        size_t part = length < TLS_RECORD_MAX ? length : TLS_RECORD_MAX;
        if (!load_connection_seal(c, bytes, part))
            return false;
        bytes += part;
        length -= part;
    }
    return load_connection_send(c);
}

static bool send_rest(struct load_connection *c) {
    ssize_t sent = send_some(c, c->unsent + c->unsent_offset, c->unsent_length);
    if (sent < 0)
        return false;
    c->unsent_offset += (size_t)sent;
    c->unsent_length -= (size_t)sent;
    if (c->unsent_length == 0)
        c->unsent_offset = 0;
    return c->unsent_length > 0 || event_del(c->writable) == 0;
}

/* --- TLS --------------------------------------------------------------------------------------------------------- */

/* Go on with the handshake; false when it cannot. */
static bool secure(struct load_connection *c) {
    enum tls_result result = tls_session_handshake(&c->session);
    if (!load_connection_send(c) || (result != TLS_DONE && result != TLS_AGAIN))
        return false;
    if (result == TLS_DONE) {
        c->state = CONNECTION_OPEN;
        c->events->secured(c->owner);
    }
    return true;
}

static void on_writable(evutil_socket_t fd, short what, void *argument) {
    struct load_connection *c = argument;
    (void)fd;
    (void)what;
    bool ok = true;
    if (c->unsent_length > 0)
        ok = send_rest(c);
    else if (event_del(c->writable) == 0 && c->state == CONNECTION_SECURING && c->is_client)
        ok = secure(c);
    if (!ok)
        over(c);
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

static void keep_rest(struct load_connection *c, const uint8_t *bytes, size_t length) {
    CHECK(length <= TLS_RECORD_MAX); /* less than a cell, or an owner that wants no more */
    if (length > 0 && !c->rest)
        c->rest = heap_new(TLS_RECORD_MAX);
    if (length > 0)
        memcpy(c->rest, bytes, length);
    c->rest_length = length;
}

/* Open the records that have come, behind what was left over last time. */
static bool read_plain(struct load_connection *c) {
    uint8_t *plain = c->net->plain;
    for (enum tls_result result = TLS_DONE; result == TLS_DONE;) {
        size_t length = c->rest_length, got;
        uint64_t records = 0;
        if (length > 0)
            memcpy(plain, c->rest, length);
        c->rest_length = 0;
        result = tls_session_read(&c->session, plain + length, sizeof c->net->plain - length, &got, &records);
        size_t used = c->events->bytes(c->owner, plain, length + got);
        keep_rest(c, plain + used, length + got - used);
        if (result != TLS_DONE && result != TLS_AGAIN)
            return false;
    }
    return true;
}

/* As recv; a socket that has nothing costs a call, too. */
static ssize_t counted(struct load_connection *c, ssize_t got) {
    c->net->work.reads++;
    c->net->work.tls_bytes_read += got > 0 ? (uint64_t)got : 0;
    return got;
}

static bool read_burst(struct load_connection *c) {
    struct load_net *net = c->net;
    ssize_t got = counted(c, recv(c->fd, net->in, sizeof net->in, 0));
    if (got <= 0)
        return got < 0 && (errno == EAGAIN || errno == EINTR);
    net->pipe.in = net->in;
    net->pipe.in_length = (size_t)got;
    bool ok = c->state != CONNECTION_SECURING || secure(c);
    ok = ok && (c->state != CONNECTION_OPEN || net->pipe.in_length == 0 || read_plain(c));
    net->pipe.in_length = 0;
    return ok;
}

static bool discard_burst(struct load_connection *c) {
    struct load_records *r = &c->records;
    uint64_t before = r->plain_bytes;
    bool ok = true;
    for (unsigned i = 0; ok && i < 2 * DISCARDS_A_TURN; i++) {
        size_t wanted = load_records_wanted(r);
        ssize_t got =
            counted(c, load_records_in_body(r) ? load_discard(c->fd, wanted)
                                               : recv(c->fd, r->header + r->header_length, wanted, 0));
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        ok = got > 0 && load_records_got(r, (size_t)got);
    }
    if (r->plain_bytes > before)
        c->events->discarded(c->owner, r->plain_bytes - before);
    return ok;
}

static void on_readable(evutil_socket_t fd, short what, void *argument) {
    struct load_connection *c = argument;
    (void)fd;
    (void)what;
    if (!(c->state == CONNECTION_DISCARDING ? discard_burst(c) : read_burst(c)))
        over(c);
}

void load_connection_listen(struct load_connection *c, bool listens) {
    if (c->state != CONNECTION_OVER)
        CHECK((listens ? event_add(c->readable, NULL) : event_del(c->readable)) == 0);
}

void load_connection_sip(struct load_connection *c, size_t bytes_max) {
    ssize_t got = c->state == CONNECTION_OVER ? -1 : load_discard(c->fd, bytes_max);
    if (got == 0)
        over(c);
}

bool load_connection_discard(struct load_connection *c) {
    if (c->state != CONNECTION_OPEN || c->rest_length > 0 || !tls_session_is_between_records(&c->session))
        return false;
    c->state = CONNECTION_DISCARDING;
    return true;
}
