#include "native/event_thread.h"

#include "core/connection_manager.h"
#include "core/consensus_view.h"
#include "support/native_bench.h"
#include "support/test.h"

static void *run(void *argument) {
    event_thread_run(argument);
    return NULL;
}

static void sleep_ms(long ms) {
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* It does not turn to say that nothing happens; who asks can tell by the time. */
static void a_thread_that_sleeps_has_no_active_links(void **state) {
    struct native_bench bench;
    struct thread_figures figures;
    (void)state;
    bench_init(&bench, 0);
    bench_main(&bench)->figures = (struct thread_figures){
        .set = {.links = 5, .links_active = 3, .halves = 8, .halves_active = 2, .cells_waiting = 9},
        .at = 7 * NSEC_PER_S + 1};
    event_thread_figures(bench_main(&bench), 9 * NSEC_PER_S - 1, &figures);
    assert_int_equal(figures.set.links_active, 3);
    assert_int_equal(figures.set.halves_active, 2);
    event_thread_figures(bench_main(&bench), 9 * NSEC_PER_S, &figures);
    assert_int_equal(figures.set.links_active, 0);
    assert_int_equal(figures.set.halves_active, 0);
    assert_int_equal(figures.set.cells_waiting, 0);
    assert_int_equal(figures.set.links, 5);
    assert_int_equal(figures.set.halves, 8);
    bench_fini(&bench);
}

/* A socket goes to the thread that the controller names; the thread serves it alone and says so in its figures. */
static void a_connection_thread_serves_its_links(void **state) {
    struct native_bench bench;
    struct thread_figures figures = {.set.links = 0};
    pthread_t thread;
    link_id link;
    (void)state;
    bench_init(&bench, 1);
    assert_int_equal(pthread_create(&thread, NULL, run, &bench.team.threads[1]), 0);
    struct bench_peer *peer = peer_new(&bench, &link);
    for (int i = 0; i < 2000 && !peer->is_secured; i++) {
        peer_turn(peer);
        sleep_ms(1);
    }
    peer_greet(&bench, peer, 4096);
    for (int i = 0; i < 100 && figures.set.links == 0; i++) {
        sleep_ms(10);
        event_thread_figures(&bench.team.threads[1], event_thread_now(bench_main(&bench)), &figures);
    }
    assert_int_equal(figures.set.links, 1);
    assert_true(figures.manager.reads > 0);
    assert_int_equal(
        manager_working_set(bench_main(&bench)->manager, event_thread_now(bench_main(&bench))).links, 0);
    event_thread_stop(&bench.team.threads[1]);
    assert_int_equal(pthread_join(thread, NULL), 0);
    peer_free(peer);
    bench_fini(&bench);
}

static void news_reach_a_thread(void **state) {
    struct native_bench bench;
    (void)state;
    bench_init(&bench, 0);
    struct message *view = message_new(MESSAGE_CONSENSUS), *identity = message_new(MESSAGE_IDENTITY);
    view->view = consensus_view_new(&heap_memory, &consensus_params_default, NULL, 0);
    identity->identity = tls_identity_new((uint64_t)time(NULL), CIPHER_ORDER_AES);
    const struct tls_identity *expected = identity->identity;
    event_thread_tell(bench_main(&bench), view);
    event_thread_tell(bench_main(&bench), identity);
    bench_turn(&bench);
    assert_ptr_equal(bench_main(&bench)->links.shared.identity, expected);
    event_thread_stop(bench_main(&bench));
    event_thread_run(bench_main(&bench)); /* returns */
    bench_fini(&bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_that_sleeps_has_no_active_links),
        cmocka_unit_test(a_connection_thread_serves_its_links),
        cmocka_unit_test(news_reach_a_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
