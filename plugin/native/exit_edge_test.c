#include "native/exit_edge.h"

#include <fcntl.h>
#include <sys/resource.h>

#include "native/edge_hub.h"
#include "support/native_bench.h"
#include "support/test.h"

/* The edges of these tests are unknown to the manager, which ignores what it is told of them: what shows is whether a
 * connection is made. */
static struct native_bench bench;

static int set_up(void **state) {
    (void)state;
    bench_init(&bench, 0);
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

static void connects_where_it_is_told(void **state) {
    struct endpoint at;
    (void)state;
    int listening = bench_listen(&at);
    edge_hub_connect(edges(), 1, &at);
    int fd = accept_one(listening);
    assert_true(fd >= 0);
    assert_int_equal(edges()->by_id.count, 1);
    edge_hub_close(edges(), 1);
    bench_turn(&bench);
    assert_int_equal(edges()->by_id.count, 0);
    close(fd);
    close(listening);
}

static void a_refused_connection_ends_the_edge(void **state) {
    struct endpoint at;
    (void)state;
    close(bench_listen(&at));
    edge_hub_connect(edges(), 20, &at);
    for (int i = 0; i < 1000 && edges()->by_id.count != 0; i++)
        bench_turn(&bench);
    assert_int_equal(edges()->by_id.count, 0);
}

/* Clients choose how many streams there are; links, files and listeners need descriptors, too. */
static void the_last_descriptors_are_not_for_edges(void **state) {
    struct rlimit limit, before;
    struct endpoint at;
    (void)state;
    int listening = bench_listen(&at);
    int next = fcntl(listening, F_DUPFD_CLOEXEC, 0);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = (rlim_t)next + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    edge_hub_connect(edges(), 30, &at);
    bench_turn(&bench);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(edges()->by_id.count, 0);
    close(listening);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connects_where_it_is_told),
        cmocka_unit_test(a_refused_connection_ends_the_edge),
        cmocka_unit_test(the_last_descriptors_are_not_for_edges),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
