/* fake_server - an HTTP server for tests that answers well, badly or never; on a free port of the loopback interface. */
#ifndef LOOM_SUPPORT_FAKE_SERVER_H
#define LOOM_SUPPORT_FAKE_SERVER_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

#include "support/test.h"

#define FAKE_PEERS_MAX 64

enum fake_mood {
    FAKE_GOOD,    /* answer says what to say */
    FAKE_SILENT,  /* accept and say nothing */
    FAKE_CLOSING, /* accept and close */
    FAKE_RUBBISH, /* bytes that are no HTTP */
    FAKE_ENDLESS, /* a body without end */
    FAKE_SLOW,    /* a header byte now and then */
    FAKE_LYING    /* says that there is more than there is */
};

struct fake_server {
    struct event_base *base;
    struct evconnlistener *listener;
    enum fake_mood mood;
    uint16_t port;
    unsigned requests;
    struct bufferevent *peers[FAKE_PEERS_MAX];
    /* FAKE_GOOD: append a whole answer, header and body, for this request line. */
    void (*answer)(void *context, const char *request, struct evbuffer *out);
    void *context;
};

/* Put another in the place of a peer: NULL for one that is there, one that is new for NULL. */
static inline void fake_server_replace(struct fake_server *server, struct bufferevent *old,
                                       struct bufferevent *new) {
    for (int i = 0; i < FAKE_PEERS_MAX; i++) {
        if (server->peers[i] != old)
            continue;
        server->peers[i] = new;
        if (old)
            bufferevent_free(old);
        return;
    }
    fail_msg("more than %d peers", FAKE_PEERS_MAX);
}

static inline void fake_server_send(struct bufferevent *peer, struct fake_server *server,
                                    const char *request) {
    struct evbuffer *out = bufferevent_get_output(peer);
    switch (server->mood) {
    case FAKE_GOOD: server->answer(server->context, request, out); break;
    case FAKE_SILENT: break;
    case FAKE_CLOSING: break;
    case FAKE_RUBBISH: evbuffer_add_printf(out, "%c%c\r\nrubbish\r\n\r\n%0500d", 1, 255, 7); break;
    case FAKE_ENDLESS:
        evbuffer_add_printf(out, "HTTP/1.0 200 OK\r\n\r\n%08000d", 7);
        for (int i = 0; i < 1000; i++)
            evbuffer_add_printf(out, "%08000d", 7);
        break;
    case FAKE_SLOW: evbuffer_add_printf(out, "HTTP/1.0 200 OK\r\nX: "); break;
    case FAKE_LYING:
        evbuffer_add_printf(out, "HTTP/1.0 200 OK\r\nContent-Length: 999999999999\r\n\r\nx");
        break;
    }
}

static inline void fake_server_flushed(struct bufferevent *peer, void *context) {
    struct fake_server *server = context;
    if (server->mood == FAKE_GOOD || server->mood == FAKE_RUBBISH || server->mood == FAKE_ENDLESS)
        fake_server_replace(server, peer, NULL);
}

static inline void fake_server_event(struct bufferevent *peer, short what, void *context) {
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        fake_server_replace(context, peer, NULL);
}

static inline void fake_server_read(struct bufferevent *peer, void *context) {
    struct fake_server *server = context;
    struct evbuffer *in = bufferevent_get_input(peer);
    if (evbuffer_search(in, "\r\n\r\n", 4, NULL).pos < 0)
        return;
    char request[8192] = "";
    evbuffer_copyout(in, request, sizeof(request) - 1);
    request[strcspn(request, "\r")] = '\0';
    evbuffer_drain(in, evbuffer_get_length(in));
    server->requests++;
    bufferevent_setcb(peer, NULL, fake_server_flushed, fake_server_event, server);
    fake_server_send(peer, server, request);
}

static inline void fake_server_accept(struct evconnlistener *listener, evutil_socket_t fd,
                                      struct sockaddr *from, int length, void *context) {
    struct fake_server *server = context;
    (void)listener, (void)from, (void)length;
    if (server->mood == FAKE_CLOSING) {
        server->requests++;
        evutil_closesocket(fd);
        return;
    }
    struct bufferevent *peer = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
    fake_server_replace(server, NULL, peer);
    bufferevent_setcb(peer, fake_server_read, NULL, fake_server_event, server);
    bufferevent_enable(peer, EV_READ | EV_WRITE);
}

/* mood, answer and context are the caller's to set. */
static inline void fake_server_init(struct fake_server *server, struct event_base *base) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    *server = (struct fake_server){.base = base};
    server->listener = evconnlistener_new_bind(base, fake_server_accept, server, LEV_OPT_CLOSE_ON_FREE, 16,
                                               (const struct sockaddr *)&address, sizeof(address));
    assert_non_null(server->listener);
    assert_int_equal(
        getsockname(evconnlistener_get_fd(server->listener), (struct sockaddr *)&address, &length), 0);
    server->port = ntohs(address.sin_port);
}

static inline void fake_server_fini(struct fake_server *server) {
    evconnlistener_free(server->listener);
    for (int i = 0; i < FAKE_PEERS_MAX; i++)
        if (server->peers[i])
            bufferevent_free(server->peers[i]);
}

#endif
