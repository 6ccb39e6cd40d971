#include "core/flow_window.h"

#include "support/test.h"

static struct flow_window circuit_window(void) {
    struct flow_window w;
    flow_window_init(&w, CIRCUIT_WINDOW_START, CIRCUIT_WINDOW_INCREMENT);
    return w;
}

/* The law: never more than start on the way without a SENDME, and each allows increment more. */
static void a_sender_stops_when_the_window_is_used(UNUSED void **state) {
    struct flow_window w = circuit_window();
    for (unsigned sent = 1; sent <= 1000; sent++) {
        assert_true(flow_may_package(&w));
        assert_true(flow_package(&w) == (sent % 100 == 0)); /* each hundredth is answered */
    }
    assert_false(flow_may_package(&w));
    assert_int_equal(flow_sendme_received(&w), ERR_OK);
    for (unsigned sent = 1; sent <= 100; sent++)
        assert_true(flow_package(&w) == (sent == 100));
    assert_false(flow_may_package(&w));
}

static void the_answered_cell_is_found_at_any_filling(UNUSED void **state) {
    struct flow_window w;
    flow_window_init(&w, STREAM_WINDOW_START, STREAM_WINDOW_INCREMENT);
    unsigned answered = 0, sendmes = 0;
    for (unsigned sent = 1; sent <= 5000; sent++) {
        answered += flow_package(&w);
        assert_int_equal(answered, sent / 50);
        if (sent % 70 == 0 && sendmes < answered) {
            assert_int_equal(flow_sendme_received(&w), ERR_OK);
            sendmes++;
        }
        if (!flow_may_package(&w)) {
            assert_int_equal(flow_sendme_received(&w), ERR_OK);
            sendmes++;
        }
    }
}

static void a_sendme_that_is_not_due_breaks_the_protocol(UNUSED void **state) {
    static const struct {
        unsigned sent, sendmes_ok;
    } cases[] = {{0, 0}, {99, 0}, {100, 1}, {199, 1}, {200, 2}, {1000, 10}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct flow_window w = circuit_window();
        for (unsigned sent = 0; sent < cases[i].sent; sent++)
            flow_package(&w);
        for (unsigned n = 0; n < cases[i].sendmes_ok; n++)
            assert_int_equal(flow_sendme_received(&w), ERR_OK);
        uint16_t package = w.package;
        assert_int_equal(flow_sendme_received(&w), ERR_PROTOCOL);
        assert_int_equal(w.package, package);
    }
}

static void a_receiver_allows_what_it_has_answered(UNUSED void **state) {
    struct flow_window w = circuit_window();
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(flow_receive(&w), ERR_OK);
    assert_int_equal(flow_receive(&w), ERR_PROTOCOL);
    assert_int_equal(flow_consume(&w, 99), 0);
    assert_int_equal(flow_receive(&w), ERR_PROTOCOL); /* consumed, but no SENDME was due */
    assert_int_equal(flow_consume(&w, 1), 1);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(flow_receive(&w), ERR_OK);
    assert_int_equal(flow_receive(&w), ERR_PROTOCOL);
    assert_int_equal(flow_consume(&w, 1000), 10); /* several at once */
    assert_int_equal(w.deliver, 1000);
    assert_int_equal(flow_consume(&w, 0), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sender_stops_when_the_window_is_used),
        cmocka_unit_test(the_answered_cell_is_found_at_any_filling),
        cmocka_unit_test(a_sendme_that_is_not_due_breaks_the_protocol),
        cmocka_unit_test(a_receiver_allows_what_it_has_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
