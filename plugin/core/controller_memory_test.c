/* A manager runs out of cells: whom the controller asks, and which circuits have to go. */
#include "support/controller_bench.h"

#define MANAGERS 3u /* the one of the main thread, and two with links */
#define TIMEOUT  (50 * NSEC_PER_MS)
#define OLD      8u /* classes of ages */
#define YOUNG    2u

static void tell_alarm(struct controller_bench *f, station_id from, bool is_short) {
    struct control *message = new_message(f, CONTROL_MEMORY_ALARM, 0);
    message->count = is_short;
    tell(f, from, message);
}

static void tell_low(struct controller_bench *f, station_id from, uint32_t cells) {
    struct control *message = new_message(f, CONTROL_MEMORY_LOW, 0);
    message->reply_to = from;
    message->count = cells;
    tell(f, from, message);
}

static void expect_watch(struct controller_bench *f, bool is_watched) {
    for (station_id at = 0; at < MANAGERS; at++) {
        struct control *message = take(f, at, CONTROL_MEMORY_WATCH);
        assert_int_equal(message->count, is_watched);
        control_free(&f->memory.memory, message);
    }
}

/* Each manager is asked for cells of home; returns the number of the question. */
static uint32_t expect_question(struct controller_bench *f, station_id home) {
    uint32_t serial = 0;
    for (station_id at = 0; at < MANAGERS; at++) {
        struct control *message = take(f, at, CONTROL_MEMORY_COUNT);
        assert_int_equal(message->count, home);
        assert_true(at == 0 || message->serial == serial);
        serial = message->serial;
        control_free(&f->memory.memory, message);
    }
    return serial;
}

static void answer(struct controller_bench *f, station_id from, uint32_t serial, uint32_t young,
                   uint32_t old) {
    struct control *message = new_message(f, CONTROL_MEMORY_COUNTED, 0);
    message->reply_to = from;
    message->serial = serial;
    message->u.hoards.cells[YOUNG] = young;
    message->u.hoards.cells[OLD] = old;
    tell(f, from, message);
}

static void expect_verdict(struct controller_bench *f, station_id at, station_id home, uint32_t class,
                           uint32_t cells) {
    struct control *message = take(f, at, CONTROL_MEMORY_FREE);
    assert_int_equal(message->count, home);
    assert_int_equal(message->u.hoard_verdict.class, class);
    assert_int_equal(message->u.hoard_verdict.cells, cells);
    control_free(&f->memory.memory, message);
}

static void all_watch_while_one_is_short(UNUSED void **state) {
    struct controller_bench f;
    controller_bench_init(&f);
    tell_alarm(&f, 1, true);
    expect_watch(&f, true);
    tell_alarm(&f, 2, true); /* they look already */
    tell_alarm(&f, 1, false);
    expect_nothing(&f);
    tell_alarm(&f, 2, false);
    expect_watch(&f, false);
    controller_bench_fini(&f);
}

static void the_oldest_go_wherever_they_are(UNUSED void **state) {
    struct controller_bench f;
    controller_bench_init(&f);
    tell_low(&f, 1, 150);
    uint32_t serial = expect_question(&f, 1);
    answer(&f, 0, serial, 0, 0);
    answer(&f, 1, serial, 500, 10);
    expect_nothing(&f); /* not before all have said something */
    answer(&f, 2, serial, 500, 400);
    expect_verdict(&f, 0, 1, OLD, 0);
    expect_verdict(&f, 1, 1, OLD, 10);
    expect_verdict(&f, 2, 1, OLD, 140); /* and no more than is missing */
    controller_bench_fini(&f);
}

static void younger_ones_go_when_the_old_are_not_enough(UNUSED void **state) {
    struct controller_bench f;
    controller_bench_init(&f);
    tell_low(&f, 2, 100);
    uint32_t serial = expect_question(&f, 2);
    answer(&f, 2, serial, 50, 20);
    answer(&f, 1, serial, 40, 30);
    answer(&f, 0, serial, 0, 0);
    expect_verdict(&f, 0, 2, YOUNG, 0);
    expect_verdict(&f, 1, 2, YOUNG, 40); /* beside all 50 old ones */
    expect_verdict(&f, 2, 2, YOUNG, 10);
    controller_bench_fini(&f);
}

static void one_question_at_a_time(UNUSED void **state) {
    struct controller_bench f;
    controller_bench_init(&f);
    tell_low(&f, 1, 10);
    uint32_t serial = expect_question(&f, 1);
    tell_low(&f, 2, 10);
    f.now += TIMEOUT - 1;
    tell_low(&f, 1, 10);
    expect_nothing(&f);
    for (station_id at = 0; at < MANAGERS; at++)
        answer(&f, at, serial, 0, 10);
    expect_verdict(&f, 0, 1, OLD, 10);
    expect_verdict(&f, 1, 1, OLD, 0);
    expect_verdict(&f, 2, 1, OLD, 0);
    tell_low(&f, 2, 10); /* it may ask at once */
    assert_true(expect_question(&f, 2) != serial);
    controller_bench_fini(&f);
}

/* One of them had no memory to answer. What it says later, or twice, is of no use any more. */
static void a_question_without_answer_is_given_up(UNUSED void **state) {
    struct controller_bench f;
    controller_bench_init(&f);
    tell_low(&f, 1, 10);
    uint32_t first = expect_question(&f, 1);
    f.now += TIMEOUT;
    tell_low(&f, 2, 10);
    uint32_t second = expect_question(&f, 2);
    answer(&f, 1, first, 0, 99);
    answer(&f, 2, first, 0, 99);
    for (station_id at = 0; at < MANAGERS; at++)
        answer(&f, at, second, 5, 0);
    expect_verdict(&f, 0, 2, YOUNG, 5);
    expect_verdict(&f, 1, 2, YOUNG, 5);
    expect_verdict(&f, 2, 2, YOUNG, 0);
    answer(&f, 1, second, 0, 99);
    expect_nothing(&f);
    controller_bench_fini(&f);
}

/* Nor does what it said to an earlier question count. */
static void who_cannot_be_asked_is_not_waited_for(UNUSED void **state) {
    struct controller_bench f;
    controller_bench_init(&f);
    tell_low(&f, 1, 10);
    answer(&f, 2, expect_question(&f, 1), 0, 99);
    f.now += TIMEOUT;
    struct control *message = new_message(&f, CONTROL_MEMORY_LOW, 0);
    message->reply_to = 2;
    message->count = 30;
    test_memory_fail_after(&f.memory, 2);
    tell(&f, 2, message);
    f.memory.allocations_max = UINT32_MAX;
    uint32_t serial = 0;
    for (station_id at = 0; at < 2; at++) {
        message = take(&f, at, CONTROL_MEMORY_COUNT);
        serial = message->serial;
        control_free(&f.memory.memory, message);
    }
    answer(&f, 0, serial, 0, 6);
    answer(&f, 1, serial, 0, 6);
    for (station_id at = 0; at < MANAGERS; at++)
        expect_verdict(&f, at, 2, 0, 0); /* 30 are wanted and 12 are there: all of them */
    controller_bench_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_watch_while_one_is_short),
        cmocka_unit_test(the_oldest_go_wherever_they_are),
        cmocka_unit_test(younger_ones_go_when_the_old_are_not_enough),
        cmocka_unit_test(one_question_at_a_time),
        cmocka_unit_test(a_question_without_answer_is_given_up),
        cmocka_unit_test(who_cannot_be_asked_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
