#include "native/metrics.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "native/config.h"

#define HEADER_BYTES_MAX 4096
#define BODY_BYTES_MAX   1024

struct metrics {
    const struct config *config;
    struct evhttp *http;
    void (*fill)(void *context, struct evbuffer *out);
    void *context;
};

/* evhttp says the peer's address as text. */
static bool is_allowed(const struct metrics *m, struct evhttp_request *request) {
    char *text = NULL;
    ev_uint16_t port = 0;
    struct address address;
    evhttp_connection_get_peer(evhttp_request_get_connection(request), &text, &port);
    return text && address_parse(text, strlen(text), &address) &&
           exit_policy_allows(&m->config->metrics_policy, &address, port);
}

static void on_request(struct evhttp_request *request, void *context) {
    struct metrics *m = context;
    if (!is_allowed(m, request)) {
        evhttp_send_error(request, 403, "Forbidden");
        return;
    }
    struct evbuffer *out = evbuffer_new();
    if (!out) {
        evhttp_send_error(request, 503, "Out of memory");
        return;
    }
    m->fill(m->context, out);
    evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
                      "text/plain; version=0.0.4");
    evhttp_send_reply(request, 200, "OK", out);
    evbuffer_free(out);
}

static bool bind_port(struct metrics *m, const struct endpoint *endpoint, struct complaint *complaint) {
    char host[ENDPOINT_TEXT_MAX];
    char address[ENDPOINT_TEXT_MAX];
    endpoint_format(endpoint, host);
    bool in_brackets = host[0] == '[';
    snprintf(address, sizeof(address), "%s", host + in_brackets);
    char *end = strrchr(address, in_brackets ? ']' : ':');
    if (end)
        *end = '\0';
    errno = 0;
    if (evhttp_bind_socket_with_handle(m->http, address, endpoint->port))
        return true;
    return complain(complaint, "MetricsPort: expected a port that can be bound, got %s: %s", host,
                    strerror(errno));
}

struct metrics *metrics_new(const struct config *config, struct event_base *base,
                            void (*fill)(void *context, struct evbuffer *out), void *context,
                            struct complaint *complaint) {
    struct metrics *m = calloc(1, sizeof(*m));
    bool good = m != NULL;
    if (m) {
        *m = (struct metrics){config, evhttp_new(base), fill, context};
        good = m->http != NULL;
    }
    if (!good) {
        complain(complaint, "no memory");
        free(m);
        return NULL;
    }
    evhttp_set_allowed_methods(m->http, EVHTTP_REQ_GET);
    evhttp_set_max_headers_size(m->http, HEADER_BYTES_MAX);
    evhttp_set_max_body_size(m->http, BODY_BYTES_MAX);
    evhttp_set_timeout(m->http, METRICS_TIMEOUT_S);
    evhttp_set_cb(m->http, "/metrics", on_request, m);
    for (uint32_t i = 0; good && i < config->metrics_port_count; i++)
        good = bind_port(m, &config->metrics_ports[i].endpoint, complaint);
    if (good)
        return m;
    metrics_free(m);
    return NULL;
}

void metrics_free(struct metrics *m) {
    if (!m)
        return;
    evhttp_free(m->http);
    free(m);
}
