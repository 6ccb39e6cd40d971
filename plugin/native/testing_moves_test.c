/* A client's link goes from thread to thread while the client uses it. */
#include "native/testing_moves.h"

#include "core/connection_manager.h"
#include "support/native_bench.h"
#include "support/test.h"

#define THREADS 2u

static void *run(void *argument) {
    event_thread_run(argument);
    return NULL;
}

static void sleep_ms(long ms) {
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static void turn(struct native_bench *bench, struct bench_peer *peer) {
    bench_turn(bench);
    peer_turn(peer);
    sleep_ms(1);
}

/* A circuit that nobody can make is answered with a DESTROY: the link works both ways. */
static void expect_answer(struct native_bench *bench, struct bench_peer *peer, uint8_t circuit) {
    const uint8_t create[514] = {0x80, 0, 0, circuit, CELL_CREATE2, 0xff, 0xff};
    size_t before = peer->plain_length;
    peer_write(peer, create, sizeof create);
    for (int i = 0; i < BENCH_TURNS_MAX && peer->plain_length < before + 514; i++)
        turn(bench, peer);
    assert_int_equal(peer->plain_length, before + 514);
    assert_int_equal(peer->plain[before + 3], circuit);
    assert_int_equal(peer->plain[before + 4], CELL_DESTROY);
}

static void start(struct native_bench *bench, pthread_t *threads) {
    for (unsigned i = 1; i <= THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run, &bench->team.threads[i]), 0);
}

static void stop(struct native_bench *bench, const pthread_t *threads) {
    for (unsigned i = 1; i <= THREADS; i++)
        event_thread_stop(&bench->team.threads[i]);
    for (unsigned i = 1; i <= THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void links_go_round_while_they_are_used(void **state) {
    struct native_bench bench;
    pthread_t threads[THREADS + 1];
    link_id link;
    uint64_t joined = 0;
    (void)state;
    bench_init(&bench, THREADS);
    start(&bench, threads);
    struct bench_peer *peer = peer_new(&bench, &link);
    for (int i = 0; i < BENCH_TURNS_MAX && !peer->is_secured; i++)
        turn(&bench, peer);
    peer_greet(&bench, peer, 4096);
    struct testing_moves *moves = testing_moves_new(bench_main(&bench), 1);
    const struct move_figures *figures = controller_moves(bench_main(&bench)->controller);
    for (unsigned round = 1; round <= 20; round++) {
        for (int i = 0; i < BENCH_TURNS_MAX && figures->moved < round; i++)
            turn(&bench, peer);
        assert_true(figures->moved >= round);
        expect_answer(&bench, peer, (uint8_t)round);
    }
    testing_moves_free(moves);
    stop(&bench, threads); /* perhaps in the middle of one */
    for (unsigned i = 1; i <= THREADS; i++)
        joined += bench.team.threads[i].links.shared.pauses.links;
    assert_true(joined >= 10);
    peer_free(peer);
    bench_fini(&bench);
}

static void one_thread_has_nowhere_to_move_to(void **state) {
    struct native_bench bench;
    link_id link;
    (void)state;
    bench_init(&bench, 0);
    struct bench_peer *peer = peer_new(&bench, &link);
    peer_secure(&bench, peer);
    peer_greet(&bench, peer, 4096);
    struct testing_moves *moves = testing_moves_new(bench_main(&bench), 1);
    for (int i = 0; i < 20; i++)
        turn(&bench, peer);
    assert_int_equal(controller_moves(bench_main(&bench)->controller)->asked, 0);
    testing_moves_free(moves);
    peer_free(peer);
    bench_fini(&bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_go_round_while_they_are_used),
        cmocka_unit_test(one_thread_has_nowhere_to_move_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
