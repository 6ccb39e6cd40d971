/* Both kinds of flow control, by the same calls. */
#include "core/circuit_flow.h"

#include "support/test.h"
#include "support/test_memory.h"

struct fixture {
    struct test_memory memory;
    struct circuit_flow flow;
    nsec now;
    uint8_t next; /* tag */
};

static void set_up(struct fixture *f, uint8_t sendme_inc) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    circuit_flow_init(&f->flow, &congestion_params_default, sendme_inc);
    f->now = NSEC_PER_S;
}

static void tear_down(struct fixture *f) {
    circuit_flow_fini(&f->flow, &f->memory.memory);
    test_memory_fini(&f->memory);
}

static void send(struct fixture *f, unsigned cells) {
    uint8_t tag[FLOW_TAG_LEN] = {0};
    while (cells-- > 0) {
        tag[0] = ++f->next;
        assert_int_equal(circuit_flow_sent(&f->flow, &f->memory.memory, f->now, tag), ERR_OK);
    }
}

static enum err answer(struct fixture *f, uint8_t version, uint8_t first, uint8_t length) {
    struct sendme_message m = {.version = version, .tag_length = version ? length : 0, .tag = {first}};
    f->now += 50 * NSEC_PER_MS;
    return circuit_flow_answered(&f->flow, &congestion_params_default, f->now, &m, 20,
                                 (struct circuit_pressure){0, false});
}

static void a_window_of_old(UNUSED void **state) {
    struct fixture f;
    set_up(&f, 0);
    assert_int_equal(circuit_flow_room(&f.flow), 1000);
    send(&f, 99);
    assert_int_equal(answer(&f, 1, 99, 20), ERR_PROTOCOL); /* nothing is due */
    send(&f, 1);
    assert_int_equal(circuit_flow_room(&f.flow), 900);
    assert_int_equal(answer(&f, 1, 100, 20), ERR_OK);
    assert_int_equal(circuit_flow_room(&f.flow), 1000);
    send(&f, 100);
    assert_int_equal(answer(&f, 0, 0, 0), ERR_OK); /* version 0 shows no tag */
    send(&f, 100);
    assert_int_equal(answer(&f, 1, 1, 20), ERR_PROTOCOL);
    tear_down(&f);
}

static void congestion_control(UNUSED void **state) {
    struct fixture f;
    set_up(&f, 31);
    assert_int_equal(circuit_flow_room(&f.flow), 124);
    send(&f, 124);
    assert_int_equal(circuit_flow_room(&f.flow), 0);
    assert_int_equal(answer(&f, 1, 31, 20), ERR_OK);
    assert_int_equal(circuit_flow_room(&f.flow), 62);    /* 31 answered, and 31 more in slow start */
    assert_int_equal(answer(&f, 0, 0, 0), ERR_PROTOCOL); /* version 0 is of another time */
    tear_down(&f);
    set_up(&f, 31);
    send(&f, 31);
    assert_int_equal(answer(&f, 1, 31, 16), ERR_PROTOCOL);
    tear_down(&f);
}

static void each_increment_is_answered(UNUSED void **state) {
    static const struct {
        uint8_t sendme_inc;
        unsigned increment;
    } rows[] = {{0, 100}, {31, 31}, {1, 1}, {254, 254}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        set_up(&f, rows[i].sendme_inc);
        for (unsigned n = 1; n < 5000; n++) {
            bool owes;
            assert_int_equal(circuit_flow_received(&f.flow, &owes), ERR_OK);
            assert_int_equal(owes, n % rows[i].increment == 0);
        }
        tear_down(&f);
    }
}

static void an_increment_has_a_cell_that_nobody_can_foresee(UNUSED void **state) {
    struct fixture f;
    set_up(&f, 31);
    send(&f, 15);
    assert_true(circuit_flow_wants_unforeseen(&f.flow));
    assert_false(circuit_flow_needs_unforeseen(&f.flow));
    send(&f, 15);
    assert_true(circuit_flow_needs_unforeseen(&f.flow));
    circuit_flow_made_unforeseen(&f.flow);
    assert_false(circuit_flow_needs_unforeseen(&f.flow));
    send(&f, 1 + 15);
    assert_true(circuit_flow_wants_unforeseen(&f.flow));
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_of_old),
        cmocka_unit_test(congestion_control),
        cmocka_unit_test(each_increment_is_answered),
        cmocka_unit_test(an_increment_has_a_cell_that_nobody_can_foresee),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
