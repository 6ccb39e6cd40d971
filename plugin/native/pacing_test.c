#include "native/pacing.h"

#include "core/connection_manager.h"
#include "support/native_bench.h"
#include "support/test.h"

/* Takes no time, and notes who asked for how much. */
struct noting {
    struct pacing pacing;
    struct work charged;
    unsigned charges, wakes;
    nsec queued_at;
    uint32_t thread;
};

static void note_charge(struct pacing *pacing, uint32_t thread, const struct work *work,
                        const struct working_set *set) {
    struct noting *noting = (struct noting *)pacing;
    (void)set;
    noting->charges++;
    noting->thread = thread;
    work_add(&noting->charged, work);
}

/* The CPU goes on with it for a second. */
static nsec note_queued(struct pacing *pacing, uint32_t thread, const struct work *work,
                        const struct working_set *set) {
    struct noting *noting = (struct noting *)pacing;
    note_charge(pacing, thread, work, set);
    noting->queued_at = monotonic_read();
    return noting->queued_at + NSEC_PER_S;
}

static void note_waking(struct pacing *pacing, uint32_t thread, nsec since) {
    struct noting *noting = (struct noting *)pacing;
    (void)thread;
    assert_int_equal(since, noting->queued_at + NSEC_PER_S);
    noting->wakes++;
}

static struct noting new_noting(void) {
    return (struct noting){.pacing = {.charge = note_charge, .queue = note_queued, .woken = note_waking}};
}

static struct work all_work(struct native_bench *bench) {
    struct work sum = *manager_work(bench_main(bench)->manager);
    work_add(&sum, controller_work(bench_main(bench)->controller));
    return sum;
}

/* A bench whose thread is paced, and a peer on a link to it. */
static struct bench_peer *paced_peer(struct native_bench *bench, struct noting *noting) {
    link_id link;
    bench_init(bench, 0);
    bench_main(bench)->pacer.pacing = &noting->pacing;
    struct bench_peer *peer = peer_new(bench, &link);
    peer_secure(bench, peer);
    return peer;
}

/* All that the thread did is paid for by the time that it looks for more: nothing twice, and nothing left out. */
static void all_work_is_paid_for_once(void **state) {
    struct native_bench bench;
    struct noting noting = new_noting();
    (void)state;
    struct bench_peer *peer = paced_peer(&bench, &noting);
    event_thread_tell(bench_main(&bench), message_new(MESSAGE_ACCEPT_FAILED)); /* wakes it */
    event_thread_turn(bench_main(&bench), true);
    const struct work before = all_work(&bench);
    event_thread_turn(bench_main(&bench), false);
    assert_true(before.writes > 0 && before.reads > 0);
    assert_int_equal(noting.charged.reads, before.reads);
    assert_int_equal(noting.charged.tls_bytes_read, before.tls_bytes_read);
    assert_true(noting.charged.loop_turns <= before.loop_turns + 1);
    assert_true(noting.charged.loop_turns >= before.loop_turns);
    assert_int_equal(noting.wakes, 1); /* of the one turn that might have waited */
    peer_free(peer);
    bench_fini(&bench);
}

/* What happens in a turn happens when it has waited, not before. */
static void a_turn_has_the_time_after_its_wait(void **state) {
    struct native_bench bench;
    struct noting noting = new_noting();
    (void)state;
    struct bench_peer *peer = paced_peer(&bench, &noting);
    struct event_thread *thread = bench_main(&bench);
    event_thread_tell(thread, message_new(MESSAGE_ACCEPT_FAILED)); /* wakes it */
    event_thread_turn(thread, true);
    assert_true(thread->clock.start + event_thread_now(thread) >= noting.queued_at);
    peer_free(peer);
    bench_fini(&bench);
}

/* What a record contains has been paid for before the record is sent. */
static void work_is_paid_for_before_it_is_seen(void **state) {
    struct native_bench bench;
    struct noting noting = new_noting();
    (void)state;
    struct bench_peer *peer = paced_peer(&bench, &noting);
    peer_greet(&bench, peer, 4096);
    const struct work seen = all_work(&bench);
    assert_true(seen.tls_records_written > 0);
    assert_int_equal(noting.charged.tls_records_written, seen.tls_records_written);
    peer_free(peer);
    bench_fini(&bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_work_is_paid_for_once),
        cmocka_unit_test(a_turn_has_the_time_after_its_wait),
        cmocka_unit_test(work_is_paid_for_before_it_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
