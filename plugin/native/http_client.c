#include "native/http_client.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "native/compression.h"
#include "native/document.h"

#define ACCEPTED "x-zstd, deflate, gzip, identity" /* LZMA gains little more and costs more */

enum request_state {
    REQUEST_SENDING, /* evhttp may call back at once: that counts as no answer, soon */
    REQUEST_REFUSED,
    REQUEST_RESTING, /* never sent */
    REQUEST_WAITING,
    REQUEST_DONE
};

/* evhttp may go on using a connection after it has called back, so it is freed on the next turn of the loop: by the
 * same timer that is the deadline before. */
struct http_exchange {
    struct list link;
    struct evhttp_connection *connection;
    struct event *timer;
    size_t bytes_max;
    void (*done)(void *context, int status, const char *reason, struct span body);
    void *context;
    enum request_state state;
};

void http_client_init(struct http_client *client, struct event_base *base) {
    *client = (struct http_client){.base = base};
    list_init(&client->requests);
}

static void request_free(struct http_exchange *r) {
    list_remove(&r->link);
    if (r->connection)
        evhttp_connection_free(r->connection);
    if (r->timer)
        event_free(r->timer);
    free(r);
}

void http_client_fini(struct http_client *client) {
    while (!list_is_empty(&client->requests))
        request_free(LIST_ENTRY(client->requests.next, struct http_exchange, link));
}

void http_client_rest(struct http_client *client, bool rests) {
    static const struct timeval at_once = {0, 0};
    client->is_resting = rests;
    for (struct list *node = client->requests.next; !rests && node != &client->requests; node = node->next) {
        struct http_exchange *r = LIST_ENTRY(node, struct http_exchange, link);
        if (r->state == REQUEST_RESTING)
            event_add(r->timer, &at_once);
    }
}

static void request_finish(struct http_exchange *r, int status, const char *reason, struct span body) {
    if (r->state == REQUEST_DONE)
        return;
    r->state = REQUEST_DONE;
    r->done(r->context, status, reason, body);
}

static const char *reason_of(enum request_state state) {
    if (state == REQUEST_RESTING)
        return "asleep";
    return state == REQUEST_REFUSED ? "no connection" : "timed out";
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
    struct http_exchange *r = context;
    (void)fd;
    (void)what;
    request_finish(r, 0, reason_of(r->state), (struct span){NULL, 0});
    request_free(r);
}

/* The body as it was before it was packed. Within bytes_max: a small answer cannot become a large one. */
static void finish_with_body(struct http_exchange *r, struct evhttp_request *request, int status,
                             const char *reason) {
    struct evbuffer *body = evhttp_request_get_input_buffer(request);
    const char *name = evhttp_find_header(evhttp_request_get_input_headers(request), "Content-Encoding");
    size_t length = evbuffer_get_length(body);
    const uint8_t *data = length ? evbuffer_pullup(body, -1) : NULL;
    const struct span packed = {data, data ? length : 0};
    enum http_encoding encoding = HTTP_IDENTITY;
    bool is_known =
        !name || http_encoding_parse((struct span){(const uint8_t *)name, strlen(name)}, &encoding);
    if (is_known && encoding == HTTP_IDENTITY) {
        request_finish(r, status, reason, packed);
        return;
    }
    struct document *text = is_known ? compression_unpack(encoding, packed, r->bytes_max) : NULL;
    if (text)
        request_finish(r, status, reason, document_span(text));
    else
        request_finish(r, 0, "cannot be unpacked", (struct span){NULL, 0});
    document_drop(text);
}

static void on_answer(struct evhttp_request *request, void *context) {
    static const struct timeval at_once = {0, 0};
    struct http_exchange *r = context;
    int status = request ? evhttp_request_get_response_code(request) : 0;
    if (r->state == REQUEST_SENDING)
        r->state = REQUEST_REFUSED;
    if (r->state != REQUEST_WAITING)
        return;
    if (status == 0) {
        request_finish(r, 0, "no answer", (struct span){NULL, 0});
    } else {
        char reason[HTTP_REASON_MAX];
        const char *line = evhttp_request_get_response_code_line(request);
        snprintf(reason, sizeof(reason), "%s", line ? line : "");
        finish_with_body(r, request, status, reason);
    }
    event_add(r->timer, &at_once);
}

/* Host and length of text for evhttp: an address without brackets. */
static bool make_connection(struct http_client *client, struct http_exchange *r,
                            const struct http_order *order, char host[static ENDPOINT_TEXT_MAX]) {
    char address[ENDPOINT_TEXT_MAX];
    endpoint_format(&order->to, host);
    bool in_brackets = host[0] == '[';
    snprintf(address, sizeof(address), "%s", host + in_brackets);
    char *end = strrchr(address, in_brackets ? ']' : ':');
    if (end)
        *end = '\0';
    r->connection = evhttp_connection_base_new(client->base, NULL, address, order->to.port);
    if (!r->connection)
        return false;
    byte_count_watch(&client->bytes, evhttp_connection_get_bufferevent(r->connection));
    evhttp_connection_set_timeout(r->connection, (int)order->timeout_s);
    evhttp_connection_set_max_headers_size(r->connection, HTTP_HEADER_BYTES_MAX);
    evhttp_connection_set_max_body_size(r->connection, (ev_ssize_t)order->bytes_max);
    evhttp_connection_set_retries(r->connection, 0);
    return true;
}

static bool make_request(struct http_exchange *r, const struct http_order *order, const char *host) {
    bool is_post = order->post.data != NULL;
    struct evhttp_request *request = evhttp_request_new(on_answer, r);
    if (!request)
        return false;
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    bool good = evhttp_add_header(headers, "Host", host) == 0 &&
                evhttp_add_header(headers, "Connection", "close") == 0 &&
                evhttp_add_header(headers, "Accept-Encoding", ACCEPTED) == 0;
    if (order->diff_from)
        good = good && evhttp_add_header(headers, "X-Or-Diff-From-Consensus", order->diff_from) == 0;
    if (is_post)
        good = good && evbuffer_add(evhttp_request_get_output_buffer(request), order->post.data,
                                    order->post.length) == 0;
    if (!good) {
        evhttp_request_free(request);
        return false;
    }
    /* From here on the request is the connection's, also when this fails. */
    return evhttp_make_request(r->connection, request, is_post ? EVHTTP_REQ_POST : EVHTTP_REQ_GET,
                               order->path) == 0;
}

bool http_send(struct http_client *client, const struct http_order *order) {
    const struct timeval deadline = {(time_t)order->timeout_s, 0};
    static const struct timeval at_once = {0, 0};
    char host[ENDPOINT_TEXT_MAX];
    struct http_exchange *r = calloc(1, sizeof(*r));
    if (!r)
        return false;
    list_init(&r->link);
    list_append(&client->requests, &r->link);
    r->timer = evtimer_new(client->base, on_timer, r);
    r->done = order->done;
    r->context = order->context;
    r->bytes_max = order->bytes_max;
    if (client->is_resting && r->timer) {
        r->state = REQUEST_RESTING;
        return true;
    }
    bool good = r->timer && event_add(r->timer, &deadline) == 0 && make_connection(client, r, order, host) &&
                make_request(r, order, host);
    if (!good) {
        request_free(r);
        return false;
    }
    if (r->state == REQUEST_REFUSED)
        event_add(r->timer, &at_once);
    else
        r->state = REQUEST_WAITING;
    return true;
}
