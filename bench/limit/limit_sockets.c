#include "limit/limit_sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/check.h"
#include "native/heap.h"

static bool can_write(void *context, uint32_t link) {
    const struct limit_sockets *s = context;
    return s->sockets[link].unsent_length == 0;
}

static uint8_t *reserve(void *context, uint32_t link, size_t length) {
    struct limit_sockets *s = context;
    (void)link;
    CHECK(length <= sizeof s->out);
    return s->out;
}

static size_t send_now(struct limit_sockets *s, int fd, const uint8_t *bytes, size_t length) {
    ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        s->is_broken = true;
    return sent < 0 ? 0 : (size_t)sent;
}

static void commit(void *context, uint32_t link, size_t length) {
    struct limit_sockets *s = context;
    struct limit_socket *socket = &s->sockets[link];
    size_t sent = send_now(s, socket->fd, s->out, length);
    if (sent == length)
        return;
    if (!socket->unsent)
        socket->unsent = heap_new(LIMIT_SEND_ROOM);
    memcpy(socket->unsent, s->out + sent, length - sent);
    socket->unsent_from = 0;
    socket->unsent_length = length - sent;
    s->want_writable(s->context, link, true);
}

void limit_sockets_writable(struct limit_sockets *s, uint32_t link) {
    struct limit_socket *socket = &s->sockets[link];
    size_t sent = send_now(s, socket->fd, socket->unsent + socket->unsent_from, socket->unsent_length);
    socket->unsent_from += sent;
    socket->unsent_length -= sent;
    if (socket->unsent_length == 0)
        s->want_writable(s->context, link, false);
}

/* The rest of the last time lies right before what comes now. */
void limit_sockets_readable(struct limit_sockets *s, uint32_t link) {
    struct limit_socket *socket = &s->sockets[link];
    uint8_t *from = s->in + LIMIT_RECORD_MAX - socket->rest_length;
    ssize_t got = recv(socket->fd, s->in + LIMIT_RECORD_MAX, LIMIT_RECEIVE_ROOM, 0);
    if (got <= 0) {
        s->is_broken = s->is_broken || got == 0 || (errno != EAGAIN && errno != EINTR);
        return;
    }
    memcpy(from, socket->rest, socket->rest_length);
    size_t length = socket->rest_length + (size_t)got;
    size_t used = limit_relay_receive(s->relay, link, from, length);
    if (used == SIZE_MAX || length - used > LIMIT_RECORD_MAX) {
        s->is_broken = true;
        return;
    }
    socket->rest_length = (uint32_t)(length - used);
    memcpy(socket->rest, from + used, socket->rest_length);
}

struct limit_sockets *limit_sockets_new(struct limit_relay *relay, const int *fds, uint32_t count,
                                        void (*want_writable)(void *, uint32_t, bool), void *context) {
    struct limit_sockets *s = heap_new(sizeof *s);
    s->relay = relay;
    s->count = count;
    s->want_writable = want_writable;
    s->context = context;
    s->sockets = heap_new(count * sizeof *s->sockets);
    for (uint32_t i = 0; i < count; i++)
        s->sockets[i] = (struct limit_socket){.fd = fds[i], .rest = heap_new(LIMIT_RECORD_MAX)};
    s->output = (struct limit_output){can_write, reserve, commit, s};
    relay->output = &s->output;
    return s;
}

void limit_sockets_free(struct limit_sockets *s) {
    for (uint32_t i = 0; i < s->count; i++) {
        free(s->sockets[i].rest);
        free(s->sockets[i].unsent);
    }
    free(s->sockets);
    free(s);
}
