/* Managers report what they have sent, and the controller posts loans: to whom, how much, when. */
#include "support/controller_bench.h"

#define RATE  1000000u
#define BURST 1048576u
#define MUCH  (100u * BURST)

static void begin(struct controller_bench *f) {
    controller_bench_init(f);
    controller_free(f->c);
    f->config.bandwidth_rate = RATE;
    f->config.bandwidth_burst = BURST;
    f->now = 5 * NSEC_PER_S;
    f->c = controller_new(&f->config, f->now, CONTROLLER, &f->port.port, f->room);
    assert_non_null(f->c);
}

static struct control *report_of(struct controller_bench *f, station_id from, uint64_t sent, uint64_t want) {
    struct control *message = new_message(f, CONTROL_BANDWIDTH_REPORT, 0);
    message->reply_to = from;
    message->u.bandwidth.sent = sent;
    message->u.bandwidth.want = want;
    return message;
}

static void report(struct controller_bench *f, station_id from, uint64_t sent, uint64_t want) {
    tell(f, from, report_of(f, from, sent, want));
}

/* 0: nothing has come. */
static uint64_t loan_of(struct controller_bench *f, station_id at) {
    mailroom_collect_begin(f->room, at);
    struct control *message = mailroom_collect_controls(f->room, at);
    if (!message)
        return 0;
    assert_int_equal(message->kind, CONTROL_BANDWIDTH_LOAN);
    assert_null(message->next);
    uint64_t lent = message->u.bandwidth.lent;
    assert_true(lent > 0);
    control_free(&f->memory.memory, message);
    return lent;
}

static void wait_and_tick(struct controller_bench *f) {
    f->now = nsec_max(f->now, controller_next_wake(f->c));
    controller_tick(f->c, f->now);
    controller_flush(f->c, f->now);
}

static void who_wants_little_has_it_at_once(UNUSED void **state) {
    struct controller_bench f;
    begin(&f);
    assert_true(controller_next_wake(f.c) == NSEC_NEVER);
    f.woken[1] = f.woken[2] = false;
    report(&f, 2, 0, 100000);
    assert_int_equal(loan_of(&f, 2), 100000);
    assert_true(f.woken[2]);
    assert_false(f.woken[1]);
    expect_nothing(&f);
    assert_true(controller_next_wake(f.c) == NSEC_NEVER);
    controller_bench_fini(&f);
}

/* Both are there when it looks. */
static void both_want_all(struct controller_bench *f) {
    mailroom_post_control(f->room, 1, CONTROLLER, report_of(f, 1, 0, MUCH), &f->work);
    mailroom_flush(f->room, 1, &f->work, note_wake, f);
    report(f, 2, 0, MUCH);
}

static void both_have_as_much_when_both_want_all(UNUSED void **state) {
    struct controller_bench f;
    begin(&f);
    both_want_all(&f);
    uint64_t first = loan_of(&f, 1), second = loan_of(&f, 2);
    assert_int_equal(first, second);
    assert_in_range(first + second, BURST * 3 / 4, BURST);
    report(&f, 1, first, MUCH);
    controller_tick(f.c, f.now); /* nothing has come in since */
    controller_flush(f.c, f.now);
    expect_nothing(&f);
    assert_true(controller_next_wake(f.c) > f.now && controller_next_wake(f.c) < f.now + NSEC_PER_S);
    wait_and_tick(&f);
    assert_true(loan_of(&f, 1) + loan_of(&f, 2) > 0);
    controller_bench_fini(&f);
}

/* The law of the pool (bandwidth_pool.h), seen at the managers' ends. */
static void the_limit_is_kept_over_time_and_shared(UNUSED void **state) {
    struct controller_bench f;
    begin(&f);
    uint64_t sent[3] = {0};
    nsec start = f.now, end = start + 10 * NSEC_PER_S;
    both_want_all(&f);
    while (f.now < end) {
        for (station_id i = 1; i <= 2; i++) {
            uint64_t lent = loan_of(&f, i);
            sent[i] += lent;
            if (lent > 0)
                report(&f, i, lent, MUCH);
        }
        assert_true(sent[1] + sent[2] <= BURST + RATE * (f.now - start) / NSEC_PER_S);
        wait_and_tick(&f);
    }
    uint64_t least = BURST * 3 / 4 + (uint64_t)RATE * 10 * 97 / 100;
    assert_true(sent[1] + sent[2] >= least);
    assert_in_range(sent[1] * 1000 / (sent[1] + sent[2]), 490, 510);
    controller_bench_fini(&f);
}

static void a_loan_that_could_not_be_told_is_told_later(UNUSED void **state) {
    struct controller_bench f;
    begin(&f);
    struct control *message = report_of(&f, 1, 0, 100000);
    test_memory_fail_after(&f.memory, 0);
    tell(&f, 1, message);
    expect_nothing(&f);
    f.memory.allocations_max = UINT32_MAX;
    assert_true(controller_next_wake(f.c) > f.now && controller_next_wake(f.c) != NSEC_NEVER);
    wait_and_tick(&f);
    assert_int_equal(loan_of(&f, 1), 100000); /* all of it, once */
    wait_and_tick(&f);
    expect_nothing(&f);
    controller_bench_fini(&f);
}

static void what_is_returned_is_there_for_the_other(UNUSED void **state) {
    struct controller_bench f;
    begin(&f);
    report(&f, 1, 0, MUCH);
    uint64_t lent = loan_of(&f, 1);
    assert_true(lent > BURST / 2);
    struct control *message = report_of(&f, 1, 0, 0);
    message->u.bandwidth.returned = lent;
    tell(&f, 1, message);
    report(&f, 2, 0, lent);
    assert_int_equal(loan_of(&f, 2), lent);
    expect_nothing(&f);
    controller_bench_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_wants_little_has_it_at_once),
        cmocka_unit_test(both_have_as_much_when_both_want_all),
        cmocka_unit_test(the_limit_is_kept_over_time_and_shared),
        cmocka_unit_test(a_loan_that_could_not_be_told_is_told_later),
        cmocka_unit_test(what_is_returned_is_there_for_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
