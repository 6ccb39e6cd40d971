#include "native/exit_edge.h"

#include "native/edge_hub.h"
#include "support/native_bench.h"
#include "support/test.h"

/* The edges of these tests are unknown to the manager, which ignores what it is told of them: what shows is whether a
 * connection is made. */
static struct native_bench bench;

static int set_up(void **state) {
    (void)state;
    bench_init(&bench, 0);
    assert_int_equal(exit_policy_parse(&bench.config->exit_policy, "reject 127.0.0.2:*,accept *:*"),
                     EXIT_POLICY_OK);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    bench_fini(&bench);
    return 0;
}

static struct edge_hub *edges(void) {
    return &bench_main(&bench)->edges;
}

static int accept_one(int listening) {
    int fd = -1;
    for (int i = 0; i < 1000 && fd < 0; i++) {
        bench_turn(&bench);
        fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
    }
    return fd;
}

static struct begin_message begin_to(const char *host, uint16_t port) {
    struct begin_message to = {.port = port};
    snprintf(to.host, sizeof to.host, "%s", host);
    return to;
}

static void connects_where_the_policy_lets_it(void **state) {
    struct endpoint at;
    (void)state;
    int listening = bench_listen(&at);
    struct begin_message to = begin_to("127.0.0.1", at.port);
    edge_hub_open(edges(), 1, &to);
    int fd = accept_one(listening);
    assert_true(fd >= 0);
    assert_int_equal(edges()->by_id.count, 1);
    edge_hub_close(edges(), 1);
    bench_turn(&bench);
    assert_int_equal(edges()->by_id.count, 0);
    close(fd);
    close(listening);
}

static void does_not_connect_where_the_policy_forbids_it(void **state) {
    static const struct {
        const char *host;
        uint32_t flags;
    } forbidden[] = {{"127.0.0.2", 0}, {"::1", BEGIN_IPV6_OK}};
    (void)state;
    for (unsigned i = 0; i < COUNT(forbidden); i++) {
        struct begin_message to = begin_to(forbidden[i].host, 80);
        to.flags = forbidden[i].flags;
        edge_hub_open(edges(), 10 + i, &to);
        assert_int_equal(edges()->by_id.count, 1);
        bench_turn(&bench);
        assert_int_equal(edges()->by_id.count, 0);
    }
}

static void a_refused_connection_ends_the_edge(void **state) {
    struct endpoint at;
    (void)state;
    close(bench_listen(&at));
    struct begin_message to = begin_to("127.0.0.1", at.port);
    edge_hub_open(edges(), 20, &to);
    for (int i = 0; i < 1000 && edges()->by_id.count != 0; i++)
        bench_turn(&bench);
    assert_int_equal(edges()->by_id.count, 0);
}

static void names_of_this_machine_are_resolved(void **state) {
    struct endpoint at;
    (void)state;
    int listening = bench_listen(&at);
    struct begin_message to = begin_to("localhost", at.port);
    edge_hub_open(edges(), 30, &to);
    int fd = accept_one(listening);
    if (fd < 0)
        skip(); /* no /etc/hosts or no resolver here */
    edge_hub_close(edges(), 30);
    bench_turn(&bench);
    close(fd);
    close(listening);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connects_where_the_policy_lets_it),
        cmocka_unit_test(does_not_connect_where_the_policy_forbids_it),
        cmocka_unit_test(a_refused_connection_ends_the_edge),
        cmocka_unit_test(names_of_this_machine_are_resolved),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
