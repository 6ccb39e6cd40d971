#include "native/link_input.h"

#include "core/connection_manager.h"
#include "support/native_bench.h"
#include "support/test.h"

/* The handshake opens whatever the pieces are that its bytes come in: what is left of a cell is kept. */
static void cells_may_come_in_any_pieces(void **state) {
    static const size_t pieces[] = {1, 2, 7, 513, 514, 515};
    struct native_bench bench;
    (void)state;
    bench_init(&bench, 0);
    for (unsigned i = 0; i < COUNT(pieces); i++) {
        link_id link;
        struct bench_peer *peer = peer_new(&bench, &link);
        peer_secure(&bench, peer);
        peer_greet(&bench, peer, pieces[i]);
        assert_int_equal(
            manager_working_set(bench_main(&bench)->manager, event_thread_now(bench_main(&bench))).links, 1);
        peer_free(peer);
        bench_turn(&bench);
    }
    assert_true(manager_work(bench_main(&bench)->manager)->tls_records_read > 514);
    bench_fini(&bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(cells_may_come_in_any_pieces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
