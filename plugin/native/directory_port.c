#include "native/directory_port.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "native/archive.h"
#include "native/byte_count.h"
#include "native/directory_session.h"
#include "native/heap.h"
#include "native/listener.h"

struct directory_port {
    struct event_base *base;
    struct listeners *listeners;
    struct archive *archive; /* NULL before the first */
    struct list connections;
    unsigned count;
    struct byte_count bytes;
};

struct connection {
    struct directory_port *port;
    struct list node;
    struct bufferevent *stream;
    struct directory_session session;
};

static void connection_free(struct connection *c) {
    list_remove(&c->node);
    c->port->count--;
    bufferevent_free(c->stream);
    directory_session_fini(&c->session);
    free(c);
}

/* Fill the buffer; the rest when it has drained. May end the connection. */
static void send_some(struct connection *c) {
    struct evbuffer *out = bufferevent_get_output(c->stream);
    struct span next;
    while (evbuffer_get_length(out) < DIRECTORY_PORT_BUFFER &&
           (next = directory_session_output(&c->session)).length > 0) {
        size_t room = DIRECTORY_PORT_BUFFER - evbuffer_get_length(out);
        size_t length = next.length < room ? next.length : room;
        if (evbuffer_add(out, next.data, length) != 0) {
            connection_free(c);
            return;
        }
        directory_session_sent(&c->session, length);
    }
    if (c->session.state == SESSION_OVER && evbuffer_get_length(out) == 0)
        connection_free(c);
}

static void on_read(struct bufferevent *stream, void *context) {
    struct connection *c = context;
    uint8_t bytes[4096];
    size_t length;
    while ((length = bufferevent_read(stream, bytes, sizeof bytes)) > 0)
        directory_session_receive(&c->session, c->port->archive, (uint64_t)time(NULL), bytes, length);
    if (c->session.state != SESSION_ASKING)
        bufferevent_disable(stream, EV_READ); /* nor is it idle now that only we have something to say */
    send_some(c);
}

static void on_written(struct bufferevent *stream, void *context) {
    (void)stream;
    send_some(context);
}

/* Who has asked may close that side, and still hears the answer: nobody looks there any more. */
static void on_event(struct bufferevent *stream, short what, void *context) {
    (void)stream;
    (void)what;
    connection_free(context);
}

static void on_accepted(void *context, int fd, const struct endpoint *peer) {
    static const struct timeval idle = {DIRECTORY_PORT_IDLE_S, 0};
    struct directory_port *port = context;
    struct bufferevent *stream = port->count < DIRECTORY_PORT_CONNECTIONS_MAX
                                     ? bufferevent_socket_new(port->base, fd, BEV_OPT_CLOSE_ON_FREE)
                                     : NULL;
    if (stream == NULL) {
        close(fd);
        return;
    }
    struct connection *c = heap_new(sizeof *c);
    c->port = port;
    c->stream = stream;
    directory_session_init(&c->session, &peer->address, false, NULL); /* onion services only over circuits */
    list_init(&c->node);
    list_append(&port->connections, &c->node);
    port->count++;
    byte_count_watch(&port->bytes, stream);
    bufferevent_setcb(stream, on_read, on_written, on_event, c);
    bufferevent_set_timeouts(stream, &idle, &idle);
    bufferevent_setwatermark(stream, EV_READ, 0, DIRECTORY_PORT_BUFFER);
    bufferevent_enable(stream, EV_READ | EV_WRITE);
}

struct directory_port *directory_port_new(struct event_base *base, struct listeners *listeners) {
    struct directory_port *port = heap_new(sizeof *port);
    port->base = base;
    port->listeners = listeners;
    list_init(&port->connections);
    listeners_start(listeners, base, on_accepted, port);
    return port;
}

static void close_connections(struct directory_port *port) {
    while (!list_is_empty(&port->connections))
        connection_free(LIST_ENTRY(port->connections.next, struct connection, node));
}

void directory_port_hibernate(struct directory_port *port, enum hibernation hibernation) {
    if (hibernation == HIBERNATION_NONE)
        listeners_resume(port->listeners);
    else
        listeners_rest(port->listeners);
    if (hibernation == HIBERNATION_DORMANT)
        close_connections(port);
}

void directory_port_bytes(const struct directory_port *port, uint64_t *read, uint64_t *written) {
    byte_count_add(&port->bytes, read, written);
}

void directory_port_free(struct directory_port *port) {
    if (port == NULL)
        return;
    listeners_close(port->listeners);
    close_connections(port);
    archive_drop(port->archive);
    free(port);
}

void directory_port_set_archive(struct directory_port *port, struct archive *archive) {
    archive_drop(port->archive);
    port->archive = archive;
}
