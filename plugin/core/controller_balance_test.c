/* Where a controller puts links, given what managers report; and which links it asks for. */
#include "support/controller_bench.h"

#define PERCENT (BALANCE_ONE / 100)

static void least_busy(struct relay_config *config) {
    config->balancing = BALANCE_LEAST_BUSY;
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_go_to_the_least_busy_manager),
        cmocka_unit_test(a_link_that_goes_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
