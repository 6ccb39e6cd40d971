#include "attack/attack_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/list.h"
#include "native/heap.h"

#define BACKLOG 4096
#define BLOCK   65536u

struct guest {
    struct attack_server *server;
    struct list entry;
    struct event *event;
    int fd;
};

struct attack_server {
    struct event_base *base;
    struct evconnlistener *listener;
    struct list guests;
    uint64_t closed;
    uint16_t port;
    bool gives;
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
    static uint8_t block[BLOCK];
    struct guest *guest = argument;
    ssize_t n =
        what & EV_WRITE ? send(fd, block, sizeof block, MSG_NOSIGNAL) : recv(fd, block, sizeof block, 0);
    if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
        return;
    guest->server->closed++;
    leave(guest);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int length,
                      void *argument) {
    struct attack_server *server = argument;
    struct guest *guest = heap_new(sizeof *guest);
    (void)listener;
    (void)from;
    (void)length;
    CHECK(evutil_make_socket_nonblocking(fd) == 0);
    *guest = (struct guest){.server = server, .fd = fd};
    guest->event =
        event_new(server->base, fd, (server->gives ? EV_WRITE : EV_READ) | EV_PERSIST, on_event, guest);
    CHECK(guest->event && event_add(guest->event, NULL) == 0);
    list_append(&server->guests, &guest->entry);
}

struct attack_server *attack_server_new(struct event_base *base, bool gives) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof at;
    struct attack_server *server = heap_new(sizeof *server);
    *server = (struct attack_server){.base = base, .gives = gives};
    list_init(&server->guests);
    server->listener =
        evconnlistener_new_bind(base, on_accept, server, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC,
                                BACKLOG, (const struct sockaddr *)&at, sizeof at);
    if (!server->listener ||
        getsockname(evconnlistener_get_fd(server->listener), (struct sockaddr *)&at, &length) != 0) {
        attack_server_free(server);
        return NULL;
    }
    server->port = ntohs(at.sin_port);
    return server;
}

void attack_server_free(struct attack_server *server) {
    if (!server)
        return;
    while (!list_is_empty(&server->guests))
        leave(LIST_ENTRY(server->guests.next, struct guest, entry));
    if (server->listener)
        evconnlistener_free(server->listener);
    free(server);
}

uint16_t attack_server_port(const struct attack_server *server) {
    return server->port;
}

uint64_t attack_server_closed(const struct attack_server *server) {
    return server->closed;
}
