#include "des/codel.h"

#include <math.h>

#include "base/attributes.h"
#include "support/test.h"

#define MS     NSEC_PER_MS
#define PLENTY 100000u

static void the_spacing_is_the_inverse_root(UNUSED void **state) {
    for (uint32_t drops = 1; drops < 3000; drops++)
        assert_int_equal(codel_spacing(drops), llround(1e8 / sqrt((double)drops)));
    assert_int_equal(codel_spacing(1000000), 100000);
}

/* RFC 8289, section 3 and 5.3: the times at which a queue that always waits 20 ms loses a packet. */
static void a_standing_queue_loses_packets_at_the_times_of_the_law(UNUSED void **state) {
    struct codel codel = {0};
    const nsec begin = 1000 * MS;
    nsec dropped[8];
    unsigned n = 0;
    for (nsec now = begin; n < COUNT(dropped); now += MS / 4)
        while (n < COUNT(dropped) && !codel_keeps(&codel, now, 20 * MS, PLENTY))
            dropped[n++] = now;
    /* After a whole interval; then one more after interval / sqrt(1), / sqrt(2), ... on the grid of a quarter. */
    nsec expected = begin + 100 * MS;
    for (unsigned i = 0; i < n; i++) {
        nsec on_grid = (expected + MS / 4 - 1) / (MS / 4) * (MS / 4);
        assert_int_equal(dropped[i], on_grid);
        expected += codel_spacing(i + 1);
    }
}

static void a_wait_below_target_ends_it(UNUSED void **state) {
    struct codel codel = {0};
    assert_true(codel_keeps(&codel, 0, 20 * MS, PLENTY));
    assert_true(codel_keeps(&codel, 99 * MS, 20 * MS, PLENTY));
    assert_true(codel_keeps(&codel, 100 * MS - 1, 9 * MS, PLENTY)); /* good again just in time */
    assert_true(codel_keeps(&codel, 100 * MS, 20 * MS, PLENTY));
    assert_true(codel_keeps(&codel, 199 * MS, 20 * MS, PLENTY));
    assert_false(codel_keeps(&codel, 200 * MS, 10 * MS, PLENTY));
    assert_true(codel.dropping);
    assert_true(
        codel_keeps(&codel, 200 * MS, 20 * MS, PLENTY)); /* the one after the first drop always passes */
    assert_true(codel_keeps(&codel, 201 * MS, 10 * MS - 1, PLENTY));
    assert_false(codel.dropping);
}

static void one_packet_left_behind_is_no_queue(UNUSED void **state) {
    struct codel codel = {0};
    for (nsec now = 0; now < 1000 * MS; now += 10 * MS)
        assert_true(codel_keeps(&codel, now, 50 * MS, 1500));
}

static void an_empty_queue_forgets_its_past(UNUSED void **state) {
    struct codel codel = {0};
    assert_true(codel_keeps(&codel, 0, 20 * MS, PLENTY));
    codel_ran_empty(&codel);
    assert_true(codel_keeps(&codel, 100 * MS, 20 * MS, PLENTY));
    assert_false(codel_keeps(&codel, 200 * MS, 20 * MS, PLENTY));
}

/* A new episode soon after one begins at the pace that the last one ended with. */
static void the_next_episode_begins_at_the_old_pace(UNUSED void **state) {
    struct codel codel = {0};
    nsec now = 0;
    unsigned dropped = 0;
    for (; dropped < 6; now += MS)
        dropped += !codel_keeps(&codel, now, 20 * MS, PLENTY);
    assert_true(codel_keeps(&codel, now, MS, PLENTY));
    assert_int_equal(codel.drops, 6);
    dropped = 0;
    for (; dropped < 1; now += MS)
        dropped += !codel_keeps(&codel, now, 20 * MS, PLENTY);
    assert_int_equal(codel.drops, 5);
    assert_int_equal(codel.drop_next, now - MS + codel_spacing(5));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_spacing_is_the_inverse_root),
        cmocka_unit_test(a_standing_queue_loses_packets_at_the_times_of_the_law),
        cmocka_unit_test(a_wait_below_target_ends_it),
        cmocka_unit_test(one_packet_left_behind_is_no_queue),
        cmocka_unit_test(an_empty_queue_forgets_its_past),
        cmocka_unit_test(the_next_episode_begins_at_the_old_pace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
