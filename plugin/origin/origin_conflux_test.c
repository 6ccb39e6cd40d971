#include "origin/origin_conflux.h"

#include "support/origin_bench.h"
#include "support/test.h"

#define LEGS 2u

/* Two paths of one hop each, whose far ends nobody plays: what they say is said by the test. */
struct pair {
    struct origin_bench bench;
    struct list outbox;
    struct origin_path paths[LEGS];
    struct origin_conflux *set;
};

static void set_up(struct pair *p) {
    static const struct circuit_terms terms = {.sendme_inc = 31};
    struct circuit_keys keys = {.forward.kind = LAYER_TOR1, .backward.kind = LAYER_TOR1};
    struct origin_path *paths[LEGS];
    origin_bench_init(&p->bench, 0);
    list_init(&p->outbox);
    for (unsigned i = 0; i < LEGS; i++) {
        keys.forward.cipher[0] = keys.backward.cipher[0] = (uint8_t)(i + 1);
        origin_path_init(paths[i] = &p->paths[i], p->bench.origin, &p->outbox, i + 1);
        assert_int_equal(origin_path_add(paths[i], &keys, &terms), ERR_OK);
    }
    p->set = origin_conflux_new(p->bench.origin, paths, LEGS);
    assert_non_null(p->set);
    assert_int_equal(origin_conflux_ask(p->set, 100, CONFLUX_HIGH_THROUGHPUT), ERR_OK);
}

static void tear_down(struct pair *p) {
    for (unsigned i = 0; i < LEGS; i++) {
        bool is_member = p->set->members[0].path == &p->paths[i] || p->set->members[1].path == &p->paths[i];
        if (is_member && origin_conflux_leave(p->set, &p->paths[i]))
            assert_true(p->set->is_over);
        origin_cells_drop(p->bench.origin, &p->paths[i].queue);
        origin_path_cut(&p->paths[i], 0);
        origin_path_want_no_write(&p->paths[i]);
    }
    origin_conflux_free(p->set);
    origin_bench_fini(&p->bench);
}

static enum err linked(struct pair *p, unsigned leg, const struct conflux_link_message *link) {
    uint8_t room[64];
    struct bytes_out out = bytes_out(room, sizeof room);
    conflux_link_encode(&out, link);
    return origin_conflux_linked(p->set, 107, &p->paths[leg], (struct span){room, bytes_written(&out)});
}

static void link_both(struct pair *p) {
    struct conflux_link_message link = {.wish = CONFLUX_NO_WISH};
    memcpy(link.nonce, p->set->nonce, sizeof link.nonce);
    for (unsigned i = 0; i < LEGS; i++)
        assert_int_equal(linked(p, i, &link), ERR_OK);
}

static enum err comes(struct pair *p, unsigned leg, uint8_t mark) {
    struct cell *cell = cell_pool_take(&p->bench.origin->cells, CELL_MAY_FAIL);
    cell->body[0] = mark;
    enum err e = origin_conflux_received(p->set, &p->paths[leg], cell);
    if (e)
        cell_pool_put(&p->bench.origin->cells, cell);
    return e;
}

static enum err switches(struct pair *p, unsigned leg, uint32_t skipped) {
    uint8_t room[8];
    struct bytes_out out = bytes_out(room, sizeof room);
    conflux_switch_encode(&out, &(struct conflux_switch_message){skipped});
    return origin_conflux_switched(p->set, &p->paths[leg], (struct span){room, bytes_written(&out)});
}

/* The mark of the next one; 0: it has not come. */
static uint8_t next(struct pair *p) {
    struct cell *cell = origin_conflux_next(p->set);
    uint8_t mark = cell ? cell->body[0] : 0;
    if (cell)
        cell_pool_put(&p->bench.origin->cells, cell);
    return mark;
}

static void only_what_was_asked_for_is_linked(void **state) {
    (void)state;
    struct pair p;
    set_up(&p);
    struct conflux_link_message link = {.wish = CONFLUX_MIN_LATENCY};
    memcpy(link.nonce, p.set->nonce, sizeof link.nonce);
    struct conflux_link_message other = link, later = link;
    other.nonce[31] ^= 1;
    later.last_sent = 1;
    assert_int_equal(linked(&p, 0, &other), ERR_PROTOCOL);
    assert_int_equal(linked(&p, 0, &later), ERR_PROTOCOL);
    assert_int_equal(switches(&p, 0, 1), ERR_PROTOCOL);
    assert_int_equal(linked(&p, 0, &link), ERR_OK);
    assert_int_equal(linked(&p, 0, &link), ERR_PROTOCOL);
    assert_false(origin_conflux_is_linked(p.set));
    assert_int_equal(comes(&p, 0, 1), ERR_PROTOCOL);
    assert_int_equal(linked(&p, 1, &link), ERR_OK);
    assert_true(origin_conflux_is_linked(p.set));
    assert_int_equal(p.set->members[1].rtt, 7);
    assert_int_equal(p.paths[0].queue.count, 2); /* LINK, LINKED_ACK */
    tear_down(&p);
}

static void messages_come_out_in_order(void **state) {
    (void)state;
    struct pair p;
    set_up(&p);
    link_both(&p);
    assert_int_equal(switches(&p, 1, 2), ERR_OK);
    assert_int_equal(comes(&p, 1, 3), ERR_OK);
    assert_int_equal(next(&p), 0);
    assert_int_equal(comes(&p, 0, 1), ERR_OK);
    assert_int_equal(next(&p), 1);
    assert_int_equal(next(&p), 0);
    assert_int_equal(comes(&p, 0, 2), ERR_OK);
    assert_int_equal(next(&p), 2);
    assert_int_equal(next(&p), 3);
    assert_int_equal(comes(&p, 0, 3), ERR_PROTOCOL); /* it was given out */
    assert_true(origin_conflux_leave(p.set, &p.paths[0]));
    tear_down(&p);
}

/* The nearer leg's window first, then a SWITCH and the other's. */
static void data_fill_both_windows(void **state) {
    (void)state;
    static const uint8_t bytes[400 * RELAY_DATA_MAX];
    struct pair p;
    bool is_starved, is_lost;
    set_up(&p);
    link_both(&p);
    p.set->members[1].rtt = 1;
    p.bench.origin->config.queue_cells_max = 1000;
    uint32_t window = circuit_flow_room(&origin_path_last(&p.paths[0])->flow);
    size_t used =
        origin_conflux_package(p.set, 200, 1, (struct span){bytes, sizeof bytes}, &is_starved, &is_lost);
    assert_int_equal(used, 2 * window * RELAY_DATA_MAX);
    assert_false(is_starved || is_lost);
    assert_int_equal(p.paths[1].queue.count, 2 + window);
    assert_int_equal(p.paths[0].queue.count, 2 + 1 + window); /* with a SWITCH */
    tear_down(&p);
}

static void a_leg_that_was_not_used_leaves_the_other(void **state) {
    (void)state;
    struct pair p;
    set_up(&p);
    link_both(&p);
    assert_false(origin_conflux_leave(p.set, &p.paths[0]));
    assert_true(origin_conflux_is_linked(p.set));
    assert_int_equal(comes(&p, 1, 1), ERR_OK);
    assert_int_equal(next(&p), 1);
    tear_down(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_was_asked_for_is_linked),
        cmocka_unit_test(messages_come_out_in_order),
        cmocka_unit_test(data_fill_both_windows),
        cmocka_unit_test(a_leg_that_was_not_used_leaves_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
