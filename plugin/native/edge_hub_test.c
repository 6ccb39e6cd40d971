#include "native/edge_hub.h"

#include "support/native_bench.h"
#include "support/test.h"

/* The edges of these tests are unknown to the manager, which ignores what it is told of them. */
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

static void an_edge_that_does_not_get_anywhere_times_out(void **state) {
    struct endpoint at;
    (void)state;
    int listening = bench_listen(&at);
    edge_hub_connect(edges(), 40, &at);
    bench_main(&bench)->clock.start -= EDGE_CONNECT_NS + NSEC_PER_S; /* before it is even begun */
    turn_clock_next(&bench_main(&bench)->clock);
    edge_hub_tick(edges(), event_thread_now(bench_main(&bench)));
    assert_int_equal(edges()->by_id.count, 0);
    close(listening);
}

static void what_the_core_names_and_is_gone_is_ignored(void **state) {
    (void)state;
    edge_hub_want_write(edges(), 999);
    edge_hub_want_read(edges(), 999, true);
    edge_hub_close(edges(), 999);
    assert_false(edge_hub_carry_out(edges()));
    assert_int_equal(edge_hub_next_wake(edges()), NSEC_NEVER);
}

static void an_edge_closed_before_it_is_begun_never_connects(void **state) {
    struct endpoint at;
    (void)state;
    int listening = bench_listen(&at);
    edge_hub_connect(edges(), 50, &at);
    edge_hub_close(edges(), 50);
    assert_int_equal(edge_hub_next_wake(edges()), 0);
    bench_turn(&bench);
    assert_int_equal(edges()->by_id.count, 0);
    assert_int_equal(accept4(listening, NULL, NULL, SOCK_NONBLOCK), -1);
    close(listening);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_edge_that_does_not_get_anywhere_times_out),
        cmocka_unit_test(what_the_core_names_and_is_gone_is_ignored),
        cmocka_unit_test(an_edge_closed_before_it_is_begun_never_connects),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
