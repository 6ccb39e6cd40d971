#include "native/http_client.h"

#include <event2/event.h>
#include <signal.h>
#include <time.h>

#include "native/compression.h"
#include "native/document.h"
#include "support/fake_server.h"
#include "support/test.h"
#include "wire/text.h"

#define BYTES_MAX 4096u

struct outcome {
    struct event_base *base;
    int calls;
    int status;
    char body[64];
};

static void on_done(void *context, int status, const char *reason, struct span body) {
    struct outcome *o = context;
    assert_non_null(reason);
    o->calls++;
    o->status = status;
    size_t n = body.length < sizeof(o->body) - 1 ? body.length : sizeof(o->body) - 1;
    if (n > 0)
        memcpy(o->body, body.data, n);
    o->body[n] = '\0';
    event_base_loopexit(o->base, NULL);
}

static void echo(void *context, const char *request, struct evbuffer *out) {
    (void)context;
    evbuffer_add_printf(out, "HTTP/1.0 200 [None]\r\n\r\n<%s>", request);
}

static struct http_order make_order(uint16_t port, struct outcome *outcome) {
    return (struct http_order){.to = {{ADDRESS_IPV4, {127, 0, 0, 1}}, port},
                               .path = "/tor/x",
                               .bytes_max = BYTES_MAX,
                               .timeout_s = 1,
                               .done = on_done,
                               .context = outcome};
}

static void every_request_ends(void **state) {
    (void)state;
    static const struct {
        enum fake_mood mood;
        int status;
    } cases[] = {{FAKE_GOOD, 200},  {FAKE_SILENT, 0}, {FAKE_CLOSING, 0}, {FAKE_RUBBISH, 0},
                 {FAKE_ENDLESS, 0}, {FAKE_SLOW, 0},   {FAKE_LYING, 0}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct event_base *base = event_base_new();
        struct http_client client;
        struct fake_server server;
        struct outcome outcome = {.base = base};
        fake_server_init(&server, base);
        server.mood = cases[i].mood;
        server.answer = echo;
        http_client_init(&client, base);
        struct http_order order = make_order(server.port, &outcome);
        assert_true(http_send(&client, &order));
        assert_int_equal(outcome.calls, 0);
        time_t before = time(NULL);
        event_base_dispatch(base);
        assert_int_equal(outcome.calls, 1);
        assert_int_equal(outcome.status, cases[i].status);
        assert_true(time(NULL) - before <= 3);
        http_client_fini(&client);
        fake_server_fini(&server);
        event_base_free(base);
    }
}

static void get_and_post(void **state) {
    (void)state;
    static const struct {
        const char *post;
        const char *body;
    } cases[] = {{NULL, "<GET /tor/x HTTP/1.1>"}, {"descriptor", "<POST /tor/x HTTP/1.1>"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct event_base *base = event_base_new();
        struct http_client client;
        struct fake_server server;
        struct outcome outcome = {.base = base};
        fake_server_init(&server, base);
        server.answer = echo;
        http_client_init(&client, base);
        struct http_order order = make_order(server.port, &outcome);
        if (cases[i].post)
            order.post = span_of(cases[i].post);
        assert_true(http_send(&client, &order));
        event_base_dispatch(base);
        assert_int_equal(outcome.status, 200);
        assert_string_equal(outcome.body, cases[i].body);
        http_client_fini(&client);
        fake_server_fini(&server);
        event_base_free(base);
    }
}

/* The path says how: /packed/KIND, and whether the bytes are what they are said to be. */
static void answer_packed(void *context, const char *request, struct evbuffer *out) {
    static uint8_t text[BYTES_MAX];
    const size_t *length = context;
    const char *name = strstr(request, "/packed/") + 8;
    size_t name_length = strcspn(name, " ");
    enum http_encoding encoding = HTTP_IDENTITY;
    (void)!http_encoding_parse((struct span){(const uint8_t *)name, name_length}, &encoding);
    memset(text, 'p', sizeof text);
    struct document *packed = compression_pack(encoding, (struct span){text, *length});
    evbuffer_add_printf(out, "HTTP/1.0 200 OK\r\nContent-Encoding: %.*s\r\n\r\n", (int)name_length, name);
    evbuffer_add(out, packed->bytes, packed->length);
    document_drop(packed);
}

static void packed_answers_are_unpacked_within_bounds(void **state) {
    (void)state;
    static const struct {
        const char *path;
        size_t length;
        int status;
    } cases[] = {
        {"/packed/deflate", 60, 200},    {"/packed/gzip", 60, 200},     {"/packed/x-zstd", 60, 200},
        {"/packed/x-tor-lzma", 60, 200}, {"/packed/identity", 60, 200}, {"/packed/br", 60, 0},
        {"/packed/deflate", 2000, 0}, /* a little that becomes too much */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct event_base *base = event_base_new();
        struct http_client client;
        struct fake_server server;
        struct outcome outcome = {.base = base};
        size_t length = cases[i].length;
        fake_server_init(&server, base);
        server.answer = answer_packed;
        server.context = &length;
        http_client_init(&client, base);
        struct http_order order = make_order(server.port, &outcome);
        order.path = cases[i].path;
        order.bytes_max = 1000;
        assert_true(http_send(&client, &order));
        event_base_dispatch(base);
        assert_int_equal(outcome.status, cases[i].status);
        assert_int_equal(strlen(outcome.body), cases[i].status ? 60 : 0);
        assert_true(cases[i].status == 0 || outcome.body[59] == 'p');
        http_client_fini(&client);
        fake_server_fini(&server);
        event_base_free(base);
    }
}

static void a_closed_port_is_no_answer(void **state) {
    (void)state;
    struct event_base *base = event_base_new();
    struct http_client client;
    struct fake_server server;
    struct outcome outcome = {.base = base};
    fake_server_init(&server, base);
    fake_server_fini(&server); /* its port is free again */
    http_client_init(&client, base);
    struct http_order order = make_order(server.port, &outcome);
    assert_true(http_send(&client, &order));
    event_base_dispatch(base);
    assert_int_equal(outcome.calls, 1);
    assert_int_equal(outcome.status, 0);
    http_client_fini(&client);
    event_base_free(base);
}

static void stopping_calls_nobody(void **state) {
    (void)state;
    struct event_base *base = event_base_new();
    struct http_client client;
    struct fake_server server;
    struct outcome outcome = {.base = base};
    fake_server_init(&server, base);
    server.mood = FAKE_SILENT;
    http_client_init(&client, base);
    for (int i = 0; i < 5; i++) {
        struct http_order order = make_order(server.port, &outcome);
        assert_true(http_send(&client, &order));
    }
    event_base_loop(base, EVLOOP_NONBLOCK);
    http_client_fini(&client);
    event_base_loop(base, EVLOOP_NONBLOCK);
    assert_int_equal(outcome.calls, 0);
    fake_server_fini(&server);
    event_base_free(base);
}

/* Nothing is sent while it rests; what is asked for ends when it is over. */
static void asleep_nothing_is_sent(void **state) {
    (void)state;
    const struct timeval soon = {0, 50000};
    struct event_base *base = event_base_new();
    struct http_client client;
    struct fake_server server;
    struct outcome outcome = {.base = base, .status = -1};
    fake_server_init(&server, base);
    server.answer = echo;
    http_client_init(&client, base);
    struct http_order order = make_order(server.port, &outcome);
    http_client_rest(&client, true);
    assert_true(http_send(&client, &order));
    event_base_loopexit(base, &soon);
    event_base_dispatch(base);
    assert_int_equal(outcome.calls, 0);
    http_client_rest(&client, false);
    assert_int_equal(outcome.calls, 0);
    event_base_dispatch(base);
    assert_int_equal(outcome.calls, 1);
    assert_int_equal(outcome.status, 0);
    assert_int_equal(client.bytes.read + client.bytes.written, 0);
    assert_true(http_send(&client, &order));
    http_client_rest(&client, true); /* what is under way goes on */
    event_base_dispatch(base);
    assert_int_equal(outcome.status, 200);
    assert_true(client.bytes.written > strlen("GET /tor/x HTTP/1.1") &&
                client.bytes.read > strlen(outcome.body));
    http_client_fini(&client);
    fake_server_fini(&server);
    event_base_free(base);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN); /* as the relay does */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_ends),
        cmocka_unit_test(get_and_post),
        cmocka_unit_test(packed_answers_are_unpacked_within_bounds),
        cmocka_unit_test(a_closed_port_is_no_answer),
        cmocka_unit_test(stopping_calls_nobody),
        cmocka_unit_test(asleep_nothing_is_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
