/* one_server - a loop, a configuration whose one authority is a fake server, and a client that asks it. */
#ifndef LOOM_SUPPORT_ONE_SERVER_H
#define LOOM_SUPPORT_ONE_SERVER_H

#include <event2/event.h>

#include "native/config.h"
#include "native/http_client.h"
#include "support/fake_server.h"
#include "support/test.h"

struct one_server {
    struct event_base *base;
    struct config *config;
    struct http_client http;
    struct fake_server server;
};

/* answer and context as in fake_server.h. */
static inline void one_server_init(struct one_server *s,
                                   void (*answer)(void *context, const char *request, struct evbuffer *out),
                                   void *context) {
    *s = (struct one_server){.base = event_base_new(), .config = config_new()};
    assert_true(s->base && s->config);
    fake_server_init(&s->server, s->base);
    s->server.answer = answer;
    s->server.context = context;
    s->config->testing_network = true;
    s->config->authority_count = 1;
    s->config->authorities[0].dir_port = (struct endpoint){{ADDRESS_IPV4, {127, 0, 0, 1}}, s->server.port};
    http_client_init(&s->http, s->base);
}

/* First: what is on its way ends, and its users hear so. */
static inline void one_server_stop(struct one_server *s) {
    http_client_fini(&s->http);
}

static inline void one_server_fini(struct one_server *s) {
    fake_server_fini(&s->server);
    config_free(s->config);
    event_base_free(s->base);
}

/* One short turn of the loop. */
static inline void one_server_turn(struct one_server *s) {
    const struct timeval step = {0, 20000};
    event_base_loopexit(s->base, &step);
    event_base_dispatch(s->base);
}

#endif
