#include "native/directory_port.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attributes.h"
#include "native/archive.h"
#include "native/http_client.h"
#include "native/listener.h"
#include "support/test.h"

#define LONG_BYTES 500000u /* more than is buffered */

struct world {
    struct event_base *base;
    struct listeners listeners;
    struct directory_port *port;
    struct endpoint at;
    struct http_client http;
    int status;
    size_t length;
};

static void set_up(struct world *w) {
    const struct config_port any = {.endpoint = {{ADDRESS_IPV4, {127, 0, 0, 1}}, 0}, .listen = true};
    struct complaint complaint;
    struct sockaddr_in in;
    socklen_t length = sizeof in;
    *w = (struct world){.base = event_base_new(), .status = -1};
    assert_true(listeners_open(&w->listeners, "DirPort", &any, 1, &complaint));
    assert_int_equal(getsockname(w->listeners.each[0].fd, (struct sockaddr *)&in, &length), 0);
    w->at = (struct endpoint){{ADDRESS_IPV4, {127, 0, 0, 1}}, ntohs(in.sin_port)};
    w->port = directory_port_new(w->base, &w->listeners);
    http_client_init(&w->http, w->base);
}

static void tear_down(struct world *w) {
    http_client_fini(&w->http);
    directory_port_free(w->port);
    event_base_free(w->base);
}

static void on_done(void *context, int status, const char *reason, struct span body) {
    struct world *w = context;
    (void)reason;
    w->status = status;
    w->length = body.length;
    event_base_loopexit(w->base, NULL);
}

static int ask(struct world *w, const char *path) {
    const struct http_order order = {
        .to = w->at, .path = path, .bytes_max = LONG_BYTES, .timeout_s = 5, .done = on_done, .context = w};
    assert_true(http_send(&w->http, &order));
    event_base_dispatch(w->base);
    return w->status;
}

static void documents_are_given_over_tcp(UNUSED void **state) {
    struct world w;
    set_up(&w);
    assert_int_equal(ask(&w, "/tor/robots.txt"), 503); /* nothing is known yet */
    struct archive *archive = archive_copy(NULL);
    struct document *document = document_reserve(LONG_BYTES);
    memset(document->bytes, 'd', LONG_BYTES);
    archive_set_own_descriptor(archive, document);
    directory_port_set_archive(w.port, archive);
    assert_int_equal(ask(&w, "/tor/server/authority"), 200);
    assert_int_equal(w.length, LONG_BYTES);
    assert_int_equal(ask(&w, "/tor/nothing"), 404);
    tear_down(&w);
}

static int dial(struct world *w) {
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(w->at.port)};
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&in, sizeof in), 0);
    for (int i = 0; i < 10; i++)
        event_base_loop(w->base, EVLOOP_NONBLOCK);
    return fd;
}

static void too_many_connections_are_closed(UNUSED void **state) {
    static int fds[DIRECTORY_PORT_CONNECTIONS_MAX + 1];
    struct world w;
    char byte;
    set_up(&w);
    for (size_t i = 0; i < COUNT(fds); i++)
        fds[i] = dial(&w);
    assert_int_equal(recv(fds[COUNT(fds) - 1], &byte, 1, MSG_DONTWAIT), 0);
    assert_int_equal(recv(fds[0], &byte, 1, MSG_DONTWAIT), -1);
    for (size_t i = 0; i < COUNT(fds); i++)
        close(fds[i]);
    for (int i = 0; i < 10; i++)
        event_base_loop(w.base, EVLOOP_NONBLOCK);
    assert_int_equal(ask(&w, "/"), 503); /* there is room again */
    tear_down(&w);
}

/* Otherwise who goes on talking is never idle, and who is silent while a long answer comes slowly is. */
static void nothing_is_read_behind_the_request(UNUSED void **state) {
    static const char request[] = "GET /tor/server/authority HTTP/1.0\r\n\r\n";
    static const char more[65536];
    const size_t most = (size_t)32 << 20; /* sockets do not hold as much */
    struct world w;
    size_t sent = 0;
    set_up(&w);
    struct archive *archive = archive_copy(NULL);
    struct document *document = document_reserve(most);
    memset(document->bytes, 'd', most);
    archive_set_own_descriptor(archive, document);
    directory_port_set_archive(w.port, archive);
    int fd = dial(&w);
    assert_int_equal(send(fd, request, sizeof request - 1, 0), sizeof request - 1);
    for (int idle = 0; idle < 200 && sent < most; idle++) {
        ssize_t length = send(fd, more, sizeof more, MSG_DONTWAIT);
        if (length > 0) {
            sent += (size_t)length;
            idle = 0;
        }
        event_base_loop(w.base, EVLOOP_NONBLOCK);
    }
    assert_true(sent < most);
    close(fd);
    tear_down(&w);
}

static void sleeps_and_wakes_up(UNUSED void **state) {
    struct world w;
    char byte;
    uint64_t read = 0, written = 0;
    set_up(&w);
    assert_int_equal(ask(&w, "/"), 503);
    directory_port_bytes(w.port, &read, &written);
    assert_true(read > 0 && written > 0);
    int fd = dial(&w);
    directory_port_hibernate(w.port, HIBERNATION_SOFT);
    assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1); /* it may stay */
    assert_int_equal(ask(&w, "/"), 0);                      /* nobody else may come */
    directory_port_hibernate(w.port, HIBERNATION_DORMANT);
    event_base_loop(w.base, EVLOOP_NONBLOCK);
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    directory_port_hibernate(w.port, HIBERNATION_NONE);
    assert_int_equal(ask(&w, "/"), 503);
    close(fd);
    tear_down(&w);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN); /* as the relay does */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_given_over_tcp),
        cmocka_unit_test(sleeps_and_wakes_up),
        cmocka_unit_test(too_many_connections_are_closed),
        cmocka_unit_test(nothing_is_read_behind_the_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
