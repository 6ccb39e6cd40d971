/* What a manager says of its load: its thread's, and its links'. */
#include "core/connection_manager.h"
#include "core/manager_state.h"
#include "support/relay_bench.h"
#include "support/test.h"
#include "support/test_memory.h"

#define PEERS   12u
#define PERCENT (BALANCE_ONE / 100)
#define MS      NSEC_PER_MS

struct busy_relay {
    struct test_memory memory;
    struct bench b;
    struct bench_peer peers[PEERS];
    struct manager *m; /* of station 1: it has every second link */
};

static void set_up(struct busy_relay *f, enum balance_policy policy) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    bench_init(&f->b, &f->memory.memory, 2);
    f->b.config.balancing = policy;
    assert_true(bench_start(&f->b));
    f->m = bench_manager(&f->b, 1);
}

static void connect(struct busy_relay *f, unsigned peers) {
    for (unsigned i = 0; i < peers; i++)
        peer_connect(&f->peers[i], &f->b, NULL);
}

static void tear_down(struct busy_relay *f) {
    for (unsigned i = 0; i < PEERS; i++)
        peer_free(&f->peers[i]);
    bench_stop(&f->b);
    test_memory_fini(&f->memory);
}

/* What station 1 tells the controller next; false: nothing. */
static bool take(struct busy_relay *f, struct control *out) {
    manager_flush(f->m, f->b.now);
    mailroom_collect_begin(f->m->room, f->m->controller);
    struct control *message = mailroom_collect_controls(f->m->room, f->m->controller);
    if (!message)
        return false;
    assert_null(message->next);
    assert_int_equal(message->reply_to, 1);
    memcpy(out, message, message->size);
    control_free(&f->memory.memory, message);
    return true;
}

static void nobody_reports_when_links_go_in_turn(UNUSED void **state) {
    struct busy_relay f;
    struct control message;
    set_up(&f, BALANCE_ROUND_ROBIN);
    assert_true(manager_load_due(f.m) == NSEC_NEVER);
    manager_note_busy(f.m, f.b.now + NSEC_PER_S, NSEC_PER_S);
    assert_false(take(&f, &message));
    tear_down(&f);
    set_up(&f, BALANCE_MOVING);
    assert_true(manager_load_due(bench_manager(&f.b, 0)) == NSEC_NEVER); /* it has no links */
    tear_down(&f);
}

/* The thread has been busy for so long; what is told of that? */
static void a_busy_thread_says_so_and_an_idle_one_only_once(UNUSED void **state) {
    static const struct {
        nsec after, busy;
        nsec told, span; /* 0: nothing */
    } steps[] = {
        {250 * MS, 0, 0, 0}, /* it is known to be idle */
        {250 * MS, 100 * MS, 100 * MS, 250 * MS},
        {100 * MS, 50 * MS, 0, 0}, /* too early: it is told with the next */
        {150 * MS, 50 * MS, 100 * MS, 250 * MS},
        {250 * MS, 2 * MS, 2 * MS, 250 * MS}, /* idle */
        {250 * MS, 1 * MS, 0, 0},             /* still */
        {100 * NSEC_PER_S, 1 * MS, 0, 0},
        {250 * MS, 240 * MS, 240 * MS, 250 * MS},
    };
    struct busy_relay f;
    nsec busy = 0;
    set_up(&f, BALANCE_LEAST_BUSY);
    for (size_t i = 0; i < COUNT(steps); i++) {
        struct control message = {.kind = 0};
        f.b.now += steps[i].after;
        busy += steps[i].busy;
        manager_note_busy(f.m, f.b.now, busy);
        assert_int_equal(take(&f, &message), steps[i].span != 0);
        assert_true(steps[i].span == 0 || message.kind == CONTROL_LOAD_REPORT);
        assert_int_equal(steps[i].span == 0 ? 0 : message.u.busy.busy, steps[i].told);
        assert_int_equal(steps[i].span == 0 ? 0 : message.u.busy.span, steps[i].span);
    }
    tear_down(&f);
}

static void send(struct busy_relay *f, unsigned peer, unsigned cells) {
    static const uint8_t body[CELL_BODY_LEN];
    for (unsigned i = 0; i < cells; i++)
        peer_send(&f->peers[peer], 0, CELL_PADDING, body, sizeof body);
}

/* A time passes in which the thread was so busy, in percent. */
static void pass(struct busy_relay *f, nsec time, unsigned percent, nsec *busy) {
    struct control message;
    f->b.now += time;
    *busy += time / 100 * percent;
    manager_note_busy(f->m, f->b.now, *busy);
    (void)take(f, &message);
}

static struct link_loads ask(struct busy_relay *f, uint32_t gap) {
    struct control message = {.count = gap};
    manager_ask_links(f->m, f->b.now, &message);
    assert_true(take(f, &message));
    assert_int_equal(message.kind, CONTROL_LINK_LOADS);
    return message.u.link_loads;
}

static void assert_load(const struct link_load *load, const struct bench_peer *peer, unsigned percent) {
    assert_int_equal(load->link, peer->link);
    assert_in_range(load->load, percent * PERCENT - PERCENT, percent * PERCENT + PERCENT);
}

/* Of 80 % that a thread is busy, links have what they have of the cells. */
static void links_share_their_threads_load(UNUSED void **state) {
    struct busy_relay f;
    nsec busy = 0;
    set_up(&f, BALANCE_MOVING);
    connect(&f, 8); /* 0, 2, 4, 6 are ours */
    pass(&f, 20 * NSEC_PER_S, 10, &busy);
    assert_int_equal(ask(&f, BALANCE_ONE).count, 0); /* a long time ago: from now on it is measured */
    send(&f, 0, 10);
    send(&f, 2, 50);
    send(&f, 4, 20);
    send(&f, 1, 99); /* not ours */
    pass(&f, NSEC_PER_S, 80, &busy);
    struct link_loads found = ask(&f, 60 * PERCENT); /* half of that is 30: 20 is nearer than 50 and 10 */
    assert_int_equal(found.count, 3);
    assert_load(&found.links[0], &f.peers[4], 20);
    assert_true(found.links[1].load + found.links[2].load > 58 * PERCENT);
    assert_int_equal(ask(&f, BALANCE_ONE).count, 0); /* at once: too short a time */
    send(&f, 0, 30);
    send(&f, 2, 70);
    pass(&f, NSEC_PER_S, 100, &busy);
    found = ask(&f, 65 * PERCENT);
    assert_int_equal(found.count, 1); /* the other is too heavy */
    assert_load(&found.links[0], &f.peers[0], 30);
    tear_down(&f);
}

static void the_best_of_many_are_named(UNUSED void **state) {
    struct busy_relay f;
    nsec busy = 0;
    memset(&f, 0, sizeof f);
    test_memory_init(&f.memory);
    bench_init(&f.b, &f.memory.memory, 1);
    f.b.config.balancing = BALANCE_MOVING;
    assert_true(bench_start(&f.b));
    f.m = bench_manager(&f.b, 1);
    assert_true(manager_load_due(f.m) == NSEC_NEVER); /* nobody to move them to: but it can be asked */
    connect(&f, PEERS);
    f.m->load.due_at = 0;
    pass(&f, NSEC_PER_S, 0, &busy);
    (void)ask(&f, BALANCE_ONE);
    for (unsigned i = 0; i < PEERS; i++)
        send(&f, (i * 5) % PEERS, i + 1);
    pass(&f, NSEC_PER_S, 78, &busy); /* a cell is one percent */
    struct link_loads found = ask(&f, 40 * PERCENT);
    assert_int_equal(found.count, LINK_LOADS_MAX);
    for (unsigned i = 0; i < LINK_LOADS_MAX; i++)
        assert_load(&found.links[i], &f.peers[(PEERS - 1 - i) * 5 % PEERS], PEERS - i);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_reports_when_links_go_in_turn),
        cmocka_unit_test(a_busy_thread_says_so_and_an_idle_one_only_once),
        cmocka_unit_test(links_share_their_threads_load),
        cmocka_unit_test(the_best_of_many_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
