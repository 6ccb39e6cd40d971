#include "native/link_hub.h"

#include "core/connection_manager.h"
#include "support/native_bench.h"
#include "support/test.h"

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

static struct link_shared *shared(void) {
    return &bench_main(&bench)->links.shared;
}

static void a_half_open_link_is_ended_after_a_while(void **state) {
    link_id link;
    (void)state;
    struct bench_peer *peer = peer_new(&bench, &link);
    bench_turn(&bench);
    assert_int_equal(shared()->half_open, 1);
    bench_pass(&bench, LINK_YOUNG_NS - NSEC_PER_S);
    assert_int_equal(shared()->half_open, 1);
    bench_pass(&bench, 2 * NSEC_PER_S);
    assert_int_equal(shared()->half_open, 0);
    assert_true(peer_sees_close(&bench, peer));
    peer_free(peer);
}

static void the_oldest_half_open_link_gives_way(void **state) {
    link_id first, second;
    (void)state;
    struct bench_peer *old = peer_new(&bench, &first);
    bench_turn(&bench);
    shared()->half_open += LINK_HALF_OPEN_MAX - 1; /* as if there were so many */
    struct bench_peer *young = peer_new(&bench, &second);
    shared()->half_open -= LINK_HALF_OPEN_MAX - 1;
    assert_true(peer_sees_close(&bench, old));
    peer_secure(&bench, young);
    peer_free(old);
    peer_free(young);
    bench_turn(&bench);
    assert_int_equal(shared()->by_id.count, 0);
}

static void an_idle_link_gives_its_buffers_back(void **state) {
    link_id link;
    (void)state;
    struct bench_peer *peer = peer_new(&bench, &link);
    peer_secure(&bench, peer);
    peer_greet(&bench, peer, 4096);
    assert_false(list_is_empty(&shared()->warm));
    bench_pass(&bench, LINK_WARM_NS + NSEC_PER_S);
    assert_true(list_is_empty(&shared()->warm));
    peer_write(peer, (const uint8_t[514]){0}, 514); /* PADDING: it works as before */
    bench_turn(&bench);
    assert_false(list_is_empty(&shared()->warm));
    assert_int_equal(shared()->by_id.count, 1);
    peer_free(peer);
    bench_turn(&bench);
}

static void what_the_core_names_and_is_gone_is_ignored(void **state) {
    struct link_hub *hub = &bench_main(&bench)->links;
    (void)state;
    link_hub_hangup(hub, 999);
    link_hub_want_write(hub, 999);
    link_hub_want_read(hub, 999, false);
    assert_false(link_hub_carry_out(hub));
}

static void paused_reading_leaves_bytes_in_the_socket(void **state) {
    link_id link;
    (void)state;
    struct bench_peer *peer = peer_new(&bench, &link);
    peer_secure(&bench, peer);
    peer_greet(&bench, peer, 4096);
    uint64_t before = manager_work(bench_main(&bench)->manager)->cells_received;
    link_hub_want_read(&bench_main(&bench)->links, link, false);
    bench_turn(&bench);
    peer_write(peer, (const uint8_t[514]){0}, 514);
    bench_turn(&bench);
    assert_int_equal(manager_work(bench_main(&bench)->manager)->cells_received, before);
    link_hub_want_read(&bench_main(&bench)->links, link, true);
    bench_turn(&bench);
    assert_int_equal(manager_work(bench_main(&bench)->manager)->cells_received, before + 1);
    peer_free(peer);
    bench_turn(&bench);
}

/* Cells for a link whose socket is full do not keep the thread busy; they go when there is room again. */
static void a_blocked_link_waits_without_a_spin(void **state) {
    uint8_t create[514] = {0x80,         0,    0,   1,
                           CELL_CREATE2, 0xff, 0xff}; /* a handshake that nobody knows: DESTROY */
    struct link_hub *hub = &bench_main(&bench)->links;
    link_id id;
    (void)state;
    struct bench_peer *peer = peer_new(&bench, &id);
    peer_secure(&bench, peer);
    peer_greet(&bench, peer, 4096);
    peer_turn(peer);
    size_t before = peer->plain_length;
    struct tls_link *link = table_get(&shared()->by_id, id);
    link->unsent_length = 1; /* as if a byte were left over */
    peer_write(peer, create, sizeof create);
    bench_turn(&bench);
    assert_true(manager_schedule_at(bench_main(&bench)->manager) != NSEC_NEVER);
    assert_true(link_hub_schedule_at(hub) > event_thread_now(bench_main(&bench)));
    link->unsent_length = 0;
    bench_pass(&bench, NSEC_PER_S);
    peer_turn(peer);
    assert_int_equal(peer->plain_length, before + 514);
    assert_int_equal(peer->plain[before + 4], CELL_DESTROY);
    peer_free(peer);
    bench_turn(&bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_half_open_link_is_ended_after_a_while),
        cmocka_unit_test(the_oldest_half_open_link_gives_way),
        cmocka_unit_test(an_idle_link_gives_its_buffers_back),
        cmocka_unit_test(what_the_core_names_and_is_gone_is_ignored),
        cmocka_unit_test(paused_reading_leaves_bytes_in_the_socket),
        cmocka_unit_test(a_blocked_link_waits_without_a_spin),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
