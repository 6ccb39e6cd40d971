#include "native/metrics.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <signal.h>

#include "native/config.h"
#include "native/http_client.h"
#include "support/fake_server.h"
#include "support/test.h"

struct outcome {
    struct event_base *base;
    int status;
    char body[64];
};

static void fill(void *context, struct evbuffer *out) {
    (void)context;
    evbuffer_add_printf(out, "loom_x 1\n");
}

static void on_done(void *context, int status, const char *reason, struct span body) {
    struct outcome *o = context;
    (void)reason;
    o->status = status;
    snprintf(o->body, sizeof(o->body), "%.*s", (int)body.length, body.data ? (const char *)body.data : "");
    event_base_loopexit(o->base, NULL);
}

static uint16_t free_port(struct event_base *base) {
    struct fake_server server;
    fake_server_init(&server, base);
    fake_server_fini(&server);
    return server.port;
}

static void asks(const char *policy, const char *path, int status, const char *body) {
    struct complaint complaint = {""};
    struct event_base *base = event_base_new();
    struct config *config = config_new();
    struct http_client client;
    struct outcome outcome = {.base = base};
    if (policy)
        assert_int_equal(exit_policy_parse(&config->metrics_policy, policy), EXIT_POLICY_OK);
    config->metrics_ports[0].endpoint = (struct endpoint){{ADDRESS_IPV4, {127, 0, 0, 1}}, free_port(base)};
    config->metrics_port_count = 1;
    struct metrics *metrics = metrics_new(config, base, fill, NULL, &complaint);
    assert_non_null(metrics);
    http_client_init(&client, base);
    const struct http_order order = {.to = config->metrics_ports[0].endpoint,
                                     .path = path,
                                     .bytes_max = 4096,
                                     .timeout_s = 5,
                                     .done = on_done,
                                     .context = &outcome};
    assert_true(http_send(&client, &order));
    event_base_dispatch(base);
    assert_int_equal(outcome.status, status);
    if (body)
        assert_string_equal(outcome.body, body);
    http_client_fini(&client);
    metrics_free(metrics);
    config_free(config);
    event_base_free(base);
}

static void the_policy_decides(void **state) {
    (void)state;
    asks("accept 127.0.0.1", "/metrics", 200, "loom_x 1\n");
    asks("reject 127.0.0.1, accept *", "/metrics", 403, NULL);
    asks(NULL, "/metrics", 403, NULL);
    asks("accept 127.0.0.1", "/other", 404, NULL);
}

static void a_port_in_use_is_named(void **state) {
    (void)state;
    struct complaint complaint = {""};
    struct fake_server server;
    struct event_base *base = event_base_new();
    struct config *config = config_new();
    fake_server_init(&server, base);
    config->metrics_ports[0].endpoint = (struct endpoint){{ADDRESS_IPV4, {127, 0, 0, 1}}, server.port};
    config->metrics_port_count = 1;
    assert_null(metrics_new(config, base, fill, NULL, &complaint));
    assert_non_null(strstr(complaint.text, "MetricsPort: expected a port that can be bound, got 127.0.0.1:"));
    assert_non_null(strstr(complaint.text, "Address already in use"));
    fake_server_fini(&server);
    config_free(config);
    event_base_free(base);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_policy_decides),
        cmocka_unit_test(a_port_in_use_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
