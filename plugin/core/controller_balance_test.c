/* Where a controller puts links, given what managers report; and which links it asks for. */
#include "support/controller_bench.h"

#define PERCENT (BALANCE_ONE / 100)

static void least_busy(struct relay_config *config) {
    config->balancing = BALANCE_LEAST_BUSY;
}

static void moving(struct relay_config *config) {
    config->balancing = BALANCE_MOVING;
}

static void report(struct controller_bench *f, station_id from, unsigned percent) {
    struct control *message = new_message(f, CONTROL_LOAD_REPORT, 0);
    message->reply_to = from;
    message->u.busy = (struct control_busy){.busy = percent * NSEC_PER_S, .span = 100 * NSEC_PER_S};
    tell(f, from, message);
}

static void links_go_to_the_least_busy_manager(UNUSED void **state) {
    struct controller_bench f;
    station_id manager;
    controller_bench_init_with(&f, least_busy);
    f.now = 200 * NSEC_PER_S;
    (void)accept_from(&f, 1, &manager);
    assert_int_equal(manager, 1);
    report(&f, 1, 40);
    for (unsigned i = 0; i < 3; i++) { /* that one link is all of the load: two of them weigh less than it */
        (void)accept_from(&f, 1, &manager);
        assert_int_equal(manager, 2);
    }
    ask(&f, 1, relay_5); /* dialled ones too */
    (void)expect_dial(&f, 2, relay_5);
    controller_bench_fini(&f);
}

static void a_link_that_goes_makes_room(UNUSED void **state) {
    struct controller_bench f;
    station_id manager;
    link_id links[4];
    controller_bench_init_with(&f, least_busy);
    for (unsigned i = 0; i < 4; i++)
        links[i] = accept_from(&f, 1, &manager);
    tell_closed(&f, 2, links[1], 0);
    controller_accept_failed(f.c, f.now, links[3]);
    for (unsigned i = 0; i < 2; i++) {
        (void)accept_from(&f, 1, &manager);
        assert_int_equal(manager, 2);
    }
    (void)accept_from(&f, 1, &manager);
    assert_int_equal(manager, 1);
    controller_bench_fini(&f);
}

/* Manager 1 has links 1, 3 and 5, of so many percent of a core. */
static void answer(struct controller_bench *f, const unsigned *percent) {
    struct control *message = new_message(f, CONTROL_LINK_LOADS, 0);
    message->reply_to = 1;
    for (unsigned i = 0; i < 3; i++)
        message->u.link_loads.links[message->u.link_loads.count++] =
            (struct link_load){.link = 2 * i + 1, .load = percent[i] * PERCENT};
    tell(f, 1, message);
}

/* A round later, with the first manager busy: it is asked for its links. */
static void expect_question(struct controller_bench *f, unsigned percent) {
    f->now += 100 * NSEC_PER_S;
    report(f, 2, 10);
    report(f, 1, percent);
    struct control *message = take(f, 1, CONTROL_ASK_LINKS);
    assert_in_range(message->count, (percent - 11) * PERCENT, (percent - 9) * PERCENT);
    control_free(&f->memory.memory, message);
}

static void expect_move(struct controller_bench *f, link_id link) {
    struct control *message = take(f, 1, CONTROL_LINK_MOVE);
    assert_int_equal(message->link, link);
    assert_int_equal(message->count, 2);
    control_free(&f->memory.memory, message);
    message = new_message(f, CONTROL_LINK_MOVED, link);
    message->reply_to = 2;
    message->serial = 1;
    tell(f, 2, message);
    control_free(&f->memory.memory, take(f, 1, CONTROL_LINK_SETTLED));
}

static void a_link_moves_to_the_least_busy_manager(UNUSED void **state) {
    static const unsigned first[] = {70, 25, 1}, second[] = {45, 40, 5};
    struct controller_bench f;
    station_id manager;
    controller_bench_init_with(&f, moving);
    for (unsigned i = 0; i < 6; i++)
        tell_open(&f, (station_id)(i % 2 + 1), accept_from(&f, 1, &manager), (struct wish){0}, false);
    f.now = 200 * NSEC_PER_S;
    expect_question(&f, 96); /* half the difference is 43: 25 is nearer than 70 */
    answer(&f, first);
    expect_move(&f, 3);
    expect_question(&f, 90); /* 3 is not the first one's any more; half the difference is 40 */
    answer(&f, second);
    expect_move(&f, 1);
    expect_question(&f, 90);
    answer(&f, (const unsigned[]){0, 0, 0}); /* nothing is worth it */
    expect_nothing(&f);
    controller_bench_fini(&f);
}

static void who_has_moved_rests(UNUSED void **state) {
    static const unsigned loads[] = {40, 0, 0};
    struct controller_bench f;
    station_id manager;
    controller_bench_init_with(&f, moving);
    for (unsigned i = 0; i < 2; i++)
        tell_open(&f, (station_id)(i + 1), accept_from(&f, 1, &manager), (struct wish){0}, false);
    f.now = 200 * NSEC_PER_S;
    expect_question(&f, 96);
    answer(&f, loads);
    struct control *move = take(&f, 1, CONTROL_LINK_MOVE);
    struct control *stays = new_message(&f, CONTROL_LINK_STAYS, 1);
    control_free(&f.memory.memory, move);
    stays->reply_to = 1;
    tell(&f, 1, stays);
    for (unsigned i = 0; i < 2; i++) { /* it was not moved, and is not asked again so soon */
        f.now += (i == 0 ? 2 : 60) * NSEC_PER_S;
        report(&f, 1, 100);
        report(&f, 1, 100);
        report(&f, 1, 100);
        struct control *message = take(&f, 1, CONTROL_ASK_LINKS);
        control_free(&f.memory.memory, message);
        answer(&f, loads);
        if (i == 0)
            expect_nothing(&f);
        else
            control_free(&f.memory.memory, take(&f, 1, CONTROL_LINK_MOVE));
    }
    controller_bench_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_go_to_the_least_busy_manager),
        cmocka_unit_test(a_link_that_goes_makes_room),
        cmocka_unit_test(a_link_moves_to_the_least_busy_manager),
        cmocka_unit_test(who_has_moved_rests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
