#include "load/load_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/list.h"
#include "load/load_discard.h"
#include "native/heap.h"

#define BACKLOG 4096
#define PIECE   (64u * 1024u)

struct guest {
    struct load_server *server;
    struct list entry;
    struct event *event;
    int fd;
};

struct load_server {
    struct event_base *base;
    struct evconnlistener *listener;
    struct list guests;
    uint64_t taken, losses;
    uint16_t port;
    bool gives, has_begun;
};

/* With a reset, or the ports of the loopback would run out: each waits a minute where its connection was closed first. */
static void leave(struct guest *guest) {
    const struct linger at_once = {.l_onoff = 1};
    (void)setsockopt(guest->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    list_remove(&guest->entry);
    event_free(guest->event);
    close(guest->fd);
    free(guest);
}

static void on_event(evutil_socket_t fd, short what, void *argument) {
    static uint8_t piece[PIECE];
    struct guest *guest = argument;
    struct load_server *server = guest->server;
    bool gives = (what & EV_WRITE) != 0;
    ssize_t n = gives ? send(fd, piece, sizeof piece, MSG_NOSIGNAL) : load_discard(fd, LOAD_DISCARD_MAX);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        server->losses++;
        leave(guest);
    } else if (!gives) {
        server->taken += (uint64_t)n;
    }
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int length,
                      void *argument) {
    struct load_server *server = argument;
    struct guest *guest = heap_new(sizeof *guest);
    (void)listener;
    (void)from;
    (void)length;
    CHECK(evutil_make_socket_nonblocking(fd) == 0);
    *guest = (struct guest){.server = server, .fd = fd};
    guest->event =
        event_new(server->base, fd, (server->gives ? EV_WRITE : EV_READ) | EV_PERSIST, on_event, guest);
    CHECK(guest->event);
    if (server->has_begun)
        CHECK(event_add(guest->event, NULL) == 0);
    list_append(&server->guests, &guest->entry);
}

static bool start_listening(struct load_server *server) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof at;
    const int room = LOAD_SERVER_ROOM / 2; /* the kernel doubles it */
    server->listener = evconnlistener_new_bind(server->base, on_accept, server,
                                               LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, BACKLOG,
                                               (const struct sockaddr *)&at, sizeof at);
    if (!server->listener)
        return false;
    int fd = evconnlistener_get_fd(server->listener);
    if (server->gives && setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room) != 0)
        return false;
    if (getsockname(fd, (struct sockaddr *)&at, &length) != 0)
        return false;
    server->port = ntohs(at.sin_port);
    return true;
}

struct load_server *load_server_new(struct event_base *base, bool gives) {
    struct load_server *server = heap_new(sizeof *server);
    *server = (struct load_server){.base = base, .gives = gives};
    list_init(&server->guests);
    if (start_listening(server))
        return server;
    load_server_free(server);
    return NULL;
}

void load_server_free(struct load_server *server) {
    if (!server)
        return;
    while (!list_is_empty(&server->guests))
        leave(LIST_ENTRY(server->guests.next, struct guest, entry));
    if (server->listener)
        evconnlistener_free(server->listener);
    free(server);
}

uint16_t load_server_port(const struct load_server *server) {
    return server->port;
}

void load_server_begin(struct load_server *server) {
    server->has_begun = true;
    for (struct list *at = server->guests.next; at != &server->guests; at = at->next)
        CHECK(event_add(LIST_ENTRY(at, struct guest, entry)->event, NULL) == 0);
}

void load_server_end(struct load_server *server) {
    server->has_begun = false;
    for (struct list *at = server->guests.next; at != &server->guests; at = at->next)
        CHECK(event_del(LIST_ENTRY(at, struct guest, entry)->event) == 0);
}

uint64_t load_server_taken(const struct load_server *server) {
    return server->taken;
}

uint64_t load_server_losses(const struct load_server *server) {
    return server->losses;
}
