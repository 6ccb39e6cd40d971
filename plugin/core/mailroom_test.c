#include "core/mailroom.h"

#include "support/test.h"
#include "support/test_memory.h"

#define STATIONS      3u
#define IN_FLIGHT_MAX 100u

/* Stations 0 and 2 share a thread. Here all are called from one; mailroom_threads_test.c has the real thing. */
static const uint16_t thread_of[STATIONS] = {0, 1, 0};

struct fixture {
    struct test_memory memory;
    struct mailroom *room;
    struct cell_pool pools[STATIONS];
    struct work work;
    char wakes[100]; /* one digit for each wake, in order */
    size_t wake_count;
};

static void set_up(struct fixture *f, uint32_t slots) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    f->room = mailroom_new_with_slots(&f->memory.memory, STATIONS, thread_of, IN_FLIGHT_MAX, slots);
    assert_non_null(f->room);
    for (station_id i = 0; i < STATIONS; i++)
        cell_pool_init(&f->pools[i], &f->memory.memory, i, 16, 1000);
}

static void tear_down(struct fixture *f) {
    mailroom_free(f->room);
    for (station_id i = 0; i < STATIONS; i++) {
        assert_int_equal(f->pools[i].slab.taken, 0);
        cell_pool_fini(&f->pools[i]);
    }
    test_memory_fini(&f->memory);
}

static void wake(void *context, station_id to) {
    struct fixture *f = context;
    assert_true(f->wake_count + 1 < sizeof f->wakes);
    f->wakes[f->wake_count++] = (char)('0' + to);
}

static void flush(struct fixture *f, station_id from) {
    mailroom_flush(f->room, from, &f->work, wake, f);
}

static void post_cells(struct fixture *f, station_id from, station_id to, uint32_t first, uint32_t count) {
    struct cell_run run = {0};
    for (uint32_t i = 0; i < count; i++) {
        struct cell *cell = cell_pool_take(&f->pools[from], CELL_MUST);
        assert_non_null(cell);
        cell->circ_id = first + i;
        cell_run_append(&run, cell);
    }
    mailroom_post_cells(f->room, from, to, &run, &f->work);
    assert_true(cell_run_is_empty(&run));
}

static void post_control(struct fixture *f, station_id from, station_id to, uint32_t number) {
    struct control *message = control_new(&f->memory.memory, CONTROL_DESTROY);
    assert_non_null(message);
    message->count = number;
    mailroom_post_control(f->room, from, to, message, &f->work);
}

static void expect_cells(struct fixture *f, struct cell_run run, uint32_t first, uint32_t count) {
    assert_int_equal(run.count, count);
    for (uint32_t i = 0; i < count; i++) {
        struct cell *cell = cell_run_shift(&run);
        assert_int_equal(cell->circ_id, first + i);
        cell_pool_put(&f->pools[cell->home], cell);
    }
}

static void expect_controls(struct fixture *f, station_id at, const char *numbers) {
    struct control *message = mailroom_collect_controls(f->room, at);
    for (; message != NULL; numbers++) {
        struct control *next = message->next;
        assert_int_equal('0' + message->count, *numbers);
        control_free(&f->memory.memory, message);
        message = next;
    }
    assert_int_equal(*numbers, 0);
}

static struct cell_run collect(struct fixture *f, station_id at, uint32_t max) {
    bool left_out;
    struct cell_run run = mailroom_collect_cells(f->room, at, max, &left_out);
    assert_false(left_out);
    return run;
}

static void messages_arrive_in_order_with_one_wake(UNUSED void **state) {
    static const station_id pairs[][2] = {{0, 1}, {1, 0}, {0, 2}, {2, 0}, {1, 1}};
    for (size_t i = 0; i < COUNT(pairs); i++) {
        struct fixture f;
        set_up(&f, 4);
        station_id from = pairs[i][0];
        station_id to = pairs[i][1];

        post_cells(&f, from, to, 0, 3);
        post_control(&f, from, to, 1);
        post_cells(&f, from, to, 3, 2);
        post_control(&f, from, to, 2);
        assert_int_equal(f.wake_count, 0);
        flush(&f, from);
        post_control(&f, from, to, 3);
        flush(&f, from);
        flush(&f, from);
        assert_int_equal(f.wake_count, 1);
        assert_int_equal(f.wakes[0], '0' + to);
        assert_int_equal(f.work.wakes, 1);
        assert_int_equal(f.work.mailbox_flushes, 3);
        assert_int_equal(f.work.cells_crossed, from == to ? 0 : 5);
        assert_int_equal(f.work.controls_posted, from == to ? 0 : 3);

        mailroom_collect_begin(f.room, to);
        expect_controls(&f, to, "123");
        expect_cells(&f, collect(&f, to, 100), 0, 5);
        post_control(&f, from, to, 4);
        flush(&f, from);
        assert_int_equal(f.wake_count, 2); /* because it has begun to collect in between */
        tear_down(&f);
    }
}

static void several_senders_wake_once(UNUSED void **state) {
    struct fixture f;
    set_up(&f, 4);
    post_control(&f, 0, 1, 1);
    post_control(&f, 2, 1, 2);
    post_control(&f, 0, 2, 3);
    flush(&f, 0);
    flush(&f, 2);

    assert_string_equal(f.wakes, "12");
    mailroom_collect_begin(f.room, 1);
    expect_controls(&f, 1, "12");
    mailroom_collect_begin(f.room, 2);
    expect_controls(&f, 2, "3");
    tear_down(&f);
}

static void cells_are_left_out_and_senders_take_turns(UNUSED void **state) {
    struct fixture f;
    set_up(&f, 4);
    bool left_out;
    for (uint32_t i = 0; i < 2; i++) {
        post_cells(&f, 0, 1, 10 * i, 10);
        post_cells(&f, 2, 1, 100 + 10 * i, 10);
        flush(&f, 0);
        flush(&f, 2);
    }
    static const uint32_t first[] = {0, 100, 10, 110};

    mailroom_collect_begin(f.room, 1);
    for (unsigned i = 0; i < 4; i++) {
        struct cell_run run = mailroom_collect_cells(f.room, 1, 5, &left_out);
        expect_cells(&f, run, first[i], 10);
        assert_int_equal(left_out, i < 3);
    }

    post_cells(&f, 2, 0, 0, 10); /* one thread: split exactly */
    flush(&f, 2);
    mailroom_collect_begin(f.room, 0);
    expect_cells(&f, mailroom_collect_cells(f.room, 0, 4, &left_out), 0, 4);
    assert_true(left_out);
    expect_cells(&f, collect(&f, 0, 6), 4, 6);
    tear_down(&f);
}

static void full_ring_wakes_the_sender_later(UNUSED void **state) {
    struct fixture f;
    set_up(&f, 1);
    for (uint32_t i = 0; i < 3; i++) {
        post_cells(&f, 0, 1, 10 * i, 10);
        flush(&f, 0);
    }
    assert_string_equal(f.wakes, "1");

    mailroom_collect_begin(f.room, 1);
    expect_cells(&f, collect(&f, 1, 100), 0, 10);
    assert_string_equal(f.wakes, "1");
    flush(&f, 1);
    assert_string_equal(f.wakes, "10"); /* the receiver has made room */
    mailroom_collect_begin(f.room, 0);
    flush(&f, 0);
    assert_string_equal(f.wakes, "101"); /* the rest is published, in a turn that posted nothing */
    mailroom_collect_begin(f.room, 1);
    expect_cells(&f, collect(&f, 1, 100), 10, 20);
    flush(&f, 1);
    assert_string_equal(f.wakes, "101");
    tear_down(&f);
}

static void full_mailbox_stops_the_sender(UNUSED void **state) {
    static const station_id receivers[] = {1, 2};
    for (size_t i = 0; i < COUNT(receivers); i++) {
        station_id to = receivers[i];
        struct fixture f;
        set_up(&f, 4);
        post_cells(&f, 0, to, 0, IN_FLIGHT_MAX - 1);
        assert_false(mailroom_is_full(f.room, 0));
        post_cells(&f, 0, to, IN_FLIGHT_MAX - 1, 1);
        assert_true(mailroom_is_full(f.room, 0));
        assert_false(mailroom_is_full(f.room, 2));
        flush(&f, 0);
        assert_true(mailroom_is_full(f.room, 0));

        mailroom_collect_begin(f.room, to);
        expect_cells(&f, collect(&f, to, 1000), 0, IN_FLIGHT_MAX);
        flush(&f, to);
        assert_int_equal(f.wake_count, 2);
        assert_int_equal(f.wakes[1], '0');
        assert_false(mailroom_is_full(f.room, 0));
        tear_down(&f);
    }
}

/* Control messages are bounded with the cells: who makes others work by messages alone is slowed down too. */
static void control_messages_count_too(UNUSED void **state) {
    static const station_id receivers[] = {1, 2};
    for (size_t i = 0; i < COUNT(receivers); i++) {
        station_id to = receivers[i];
        char numbers[IN_FLIGHT_MAX + 1] = "";
        struct fixture f;
        set_up(&f, 4);
        for (uint32_t k = 0; k < IN_FLIGHT_MAX; k++) {
            assert_false(mailroom_is_full(f.room, 0));
            post_control(&f, 0, to, 0);
            numbers[k] = '0';
        }
        flush(&f, 0);
        assert_true(mailroom_is_full(f.room, 0));

        mailroom_collect_begin(f.room, to);
        expect_controls(&f, to, numbers);
        flush(&f, to);
        assert_int_equal(f.wakes[1], '0');
        assert_false(mailroom_is_full(f.room, 0));
        tear_down(&f);
    }
}

static void return_cells(struct fixture *f, station_id from, struct cell_run *run, uint32_t count) {
    while (count-- > 0)
        mailroom_return_cell(f->room, from, cell_run_shift(run), &f->pools[from]);
}

static void returned_cells_wake_only_who_asked(UNUSED void **state) {
    static const station_id homes[] = {1, 2};
    for (size_t i = 0; i < COUNT(homes); i++) {
        station_id home = homes[i];
        struct fixture f;
        set_up(&f, 4);
        post_cells(&f, home, 0, 0, 11); /* more than a tray has room for */
        flush(&f, home);
        mailroom_collect_begin(f.room, 0);
        struct cell_run run = collect(&f, 0, 100);

        return_cells(&f, 0, &run, 2);
        flush(&f, 0);
        assert_string_equal(f.wakes, "0");
        mailroom_want_returned(f.room, home);
        assert_int_equal(cell_pool_put_trays(&f.pools[home], mailroom_collect_returned(f.room, home)), 2);
        return_cells(&f, 0, &run, 9);
        flush(&f, 0);
        assert_int_equal(f.wake_count, 2);
        assert_int_equal(f.wakes[1], '0' + home);
        mailroom_collect_begin(f.room, home);
        assert_int_equal(cell_pool_put_trays(&f.pools[home], mailroom_collect_returned(f.room, home)), 9);
        tear_down(&f);
    }
}

static void what_is_inside_is_freed(UNUSED void **state) {
    struct fixture f;
    set_up(&f, 1);
    for (station_id from = 0; from < STATIONS; from++) {
        for (station_id to = 0; to < STATIONS; to++) {
            post_control(&f, from, to, 0);
            flush(&f, from);
            post_control(&f, from, to, 1);
            post_control(&f, from, to, 2);
        }
    }
    tear_down(&f);
    mailroom_free(NULL);
}

static void no_memory_no_mailroom(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct mailroom *room = NULL;
    for (uint32_t allocations = 0; room == NULL; allocations++) {
        assert_true(allocations < 100);
        test_memory_fail_after(&m, allocations);
        room = mailroom_new(&m.memory, STATIONS, thread_of, IN_FLIGHT_MAX);
        if (room == NULL)
            assert_int_equal(m.bytes_live, 0);
    }
    mailroom_free(room);
    test_memory_fini(&m);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_arrive_in_order_with_one_wake),
        cmocka_unit_test(several_senders_wake_once),
        cmocka_unit_test(cells_are_left_out_and_senders_take_turns),
        cmocka_unit_test(full_ring_wakes_the_sender_later),
        cmocka_unit_test(full_mailbox_stops_the_sender),
        cmocka_unit_test(control_messages_count_too),
        cmocka_unit_test(returned_cells_wake_only_who_asked),
        cmocka_unit_test(what_is_inside_is_freed),
        cmocka_unit_test(no_memory_no_mailroom),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
