#include "origin/origin_stream.h"

#include "support/origin_bench.h"
#include "support/test.h"

struct stream_bench {
    struct origin_bench b;
    struct origin_stream s;
};

static void set_up(struct stream_bench *t, bool is_connected) {
    static const struct connected_message m = {.ttl_s = 60};
    origin_bench_init(&t->b, 0);
    origin_stream_init(&t->s, NULL, 7);
    if (is_connected)
        assert_int_equal(origin_stream_receive_connected(t->b.origin, &t->s, &m), ERR_OK);
}

static void tear_down(struct stream_bench *t) {
    origin_stream_fini(t->b.origin, &t->s);
    assert_true(list_is_empty(&t->b.origin->ready));
    origin_bench_fini(&t->b);
}

static enum err receive(struct stream_bench *t) {
    struct cell *cell = cell_pool_take(&t->b.origin->cells, CELL_MUST);
    struct relay_message m = {.command = RELAY_DATA, .stream = 7, .data = {(const uint8_t *)"data", 4}};
    assert_non_null(cell);
    relay_message_encode(RELAY_V0, cell->body, &m, NULL);
    const struct span data = {cell->body + RELAY_HEADER_LEN, 4};
    enum err e = origin_stream_receive_data(t->b.origin, &t->s, cell, data);
    if (e)
        cell_pool_put(&t->b.origin->cells, cell);
    return e;
}

static void connects_once(void **state) {
    (void)state;
    struct stream_bench t;
    static const struct connected_message m = {.ttl_s = 1};
    set_up(&t, false);
    assert_int_equal(receive(&t), ERR_PROTOCOL); /* before CONNECTED */
    assert_int_equal(origin_stream_receive_connected(t.b.origin, &t.s, &m), ERR_OK);
    assert_int_equal(origin_ready_first(&t.s.ready), ORIGIN_STREAM_NEWS_CONNECTED);
    assert_int_equal(origin_stream_receive_connected(t.b.origin, &t.s, &m), ERR_PROTOCOL);
    tear_down(&t);
}

static void window_opens_when_the_user_has_read(void **state) {
    (void)state;
    struct stream_bench t;
    set_up(&t, true);
    for (unsigned i = 0; i < STREAM_WINDOW_START; i++)
        assert_int_equal(receive(&t), ERR_OK);
    assert_int_equal(receive(&t), ERR_PROTOCOL);
    for (unsigned i = 1; i <= STREAM_WINDOW_INCREMENT; i++) {
        uint16_t due;
        struct cell *cell = origin_stream_read(&t.s, &due);
        assert_non_null(cell);
        assert_int_equal(origin_stream_cell_data(cell).length, 4);
        assert_int_equal(due, i == STREAM_WINDOW_INCREMENT);
        cell_pool_put(&t.b.origin->cells, cell);
    }
    for (unsigned i = 0; i < STREAM_WINDOW_INCREMENT; i++)
        assert_int_equal(receive(&t), ERR_OK);
    assert_int_equal(receive(&t), ERR_PROTOCOL);
    tear_down(&t);
}

static void data_is_told_before_the_end(void **state) {
    (void)state;
    struct stream_bench t;
    set_up(&t, true);
    origin_ready_lower(&t.s.ready, ORIGIN_STREAM_NEWS_CONNECTED);
    assert_int_equal(receive(&t), ERR_OK);
    origin_stream_receive_end(t.b.origin, &t.s, END_DONE);
    origin_stream_receive_end(t.b.origin, &t.s, END_MISC); /* the first says why */
    assert_int_equal(t.s.end_reason, END_DONE);
    assert_int_equal(receive(&t), ERR_PROTOCOL);
    assert_int_equal(origin_ready_first(&t.s.ready), ORIGIN_STREAM_NEWS_DATA);
    uint16_t due;
    struct cell *cell = origin_stream_read(&t.s, &due);
    cell_pool_put(&t.b.origin->cells, cell);
    assert_int_equal(origin_ready_first(&t.s.ready), ORIGIN_STREAM_NEWS_ENDED);
    assert_null(origin_stream_read(&t.s, &due));
    assert_int_equal(due, 0);
    tear_down(&t);
}

static void sendme_is_taken_when_due(void **state) {
    (void)state;
    struct stream_bench t;
    set_up(&t, true);
    assert_int_equal(origin_stream_receive_sendme(t.b.origin, &t.s), ERR_PROTOCOL);
    t.s.window.package = 0;
    origin_stream_block(&t.s);
    assert_int_equal(origin_stream_receive_sendme(t.b.origin, &t.s), ERR_OK);
    assert_int_equal(t.s.window.package, STREAM_WINDOW_INCREMENT);
    assert_true(t.s.ready.pending & ORIGIN_STREAM_NEWS_WRITABLE);
    tear_down(&t);
}

static void the_longest_starved_is_fed_first(void **state) {
    (void)state;
    struct stream_bench t;
    struct origin_stream other;
    set_up(&t, true);
    origin_stream_init(&other, NULL, 8);
    origin_stream_feed(t.b.origin); /* nobody starves */
    origin_stream_starve(t.b.origin, &t.s);
    origin_stream_starve(t.b.origin, &other);
    origin_stream_starve(t.b.origin, &t.s);
    origin_stream_feed(t.b.origin);
    assert_true(t.s.ready.pending & ORIGIN_STREAM_NEWS_WRITABLE);
    assert_false(other.ready.pending & ORIGIN_STREAM_NEWS_WRITABLE);
    origin_stream_receive_end(t.b.origin, &other, END_DONE);
    assert_true(list_is_empty(&t.b.origin->starved));
    origin_stream_fini(t.b.origin, &other);
    tear_down(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connects_once),
        cmocka_unit_test(window_opens_when_the_user_has_read),
        cmocka_unit_test(data_is_told_before_the_end),
        cmocka_unit_test(sendme_is_taken_when_due),
        cmocka_unit_test(the_longest_starved_is_fed_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
