#include "core/control.h"

#include "support/test.h"
#include "support/test_memory.h"

/* The memory sanitizers see every byte of the part that the kind uses, and not one more. */
static void kinds_have_room_for_their_part(UNUSED void **state) {
    static const struct {
        enum control_kind kind;
        size_t size;
    } cases[] = {
        {CONTROL_EXTEND, sizeof(struct control_extend)},
        {CONTROL_DIAL, sizeof(struct control_dial)},
        {CONTROL_ATTACH, sizeof(struct control_extend)},
        {CONTROL_ATTACHED, sizeof(object_id)},
        {CONTROL_EXTENDED, sizeof(struct control_extended)},
        {CONTROL_EXTEND_FAILED, 0},
        {CONTROL_DESTROY, 0},
        {CONTROL_EDGE_OPEN, sizeof(struct begin_message)},
        {CONTROL_EDGE_RESOLVE, sizeof(struct name_query)},
        {CONTROL_EDGE_RESOLVED, sizeof(struct name_answer)},
        {CONTROL_EDGE_REFUSED, sizeof(struct address)},
        {CONTROL_EDGE_OPENED, 0},
        {CONTROL_EDGE_CONNECTED, sizeof(struct connected_message)},
        {CONTROL_EDGE_FAILED, 0},
        {CONTROL_EDGE_CREDIT, 0},
        {CONTROL_EDGE_FLUSHED, 0},
        {CONTROL_EDGE_CLOSE, 0},
        {CONTROL_LINK_OPEN, sizeof(struct control_link_open)},
        {CONTROL_LINK_CLOSED, 0},
        {CONTROL_LINK_CLOSE, 0},
        {CONTROL_BANDWIDTH_REPORT, sizeof(struct control_bandwidth)},
        {CONTROL_BANDWIDTH_LOAN, sizeof(struct control_bandwidth)},
        {CONTROL_ONION_CLAIM, sizeof(struct onion_name)},
        {CONTROL_ONION_FORGET, sizeof(struct onion_name)},
        {CONTROL_INTRODUCE, sizeof(struct control_onion)},
        {CONTROL_RENDEZVOUS, sizeof(struct control_onion)},
        {CONTROL_ONION_CLAIMED, 0},
        {CONTROL_ONION_REPLACED, 0},
        {CONTROL_INTRODUCTION, sizeof(struct control_onion)},
        {CONTROL_JOIN, sizeof(struct control_onion)},
        {CONTROL_ONION_REFUSED, 0},
        {CONTROL_INTRODUCED, 0},
        {CONTROL_JOINED, 0},
        {CONTROL_ONION_RENAMED, sizeof(struct control_onion_renamed)},
        {CONTROL_LINK_MOVE, 0},
        {CONTROL_LINK_STAYS, 0},
        {CONTROL_LINK_PARCEL, sizeof(struct link_move *)},
        {CONTROL_LINK_MOVED, 0},
        {CONTROL_LINK_SETTLED, 0},
        {CONTROL_MOVING, sizeof(object_id)},
        {CONTROL_MOVED, sizeof(object_id)},
        {CONTROL_PARKING_FAILED, sizeof(object_id)},
    };
    struct test_memory m;
    test_memory_init(&m);

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct control *message = control_new(&m.memory, cases[i].kind);
        assert_non_null(message);
        assert_int_equal(message->kind, cases[i].kind);
        assert_int_equal(message->to, 0);
        assert_null(message->next);
        assert_int_equal(message->size, offsetof(struct control, u) + cases[i].size);
        memset((uint8_t *)message + offsetof(struct control, u), 0xff, cases[i].size);
        control_free(&m.memory, message);
    }

    control_free(&m.memory, NULL);
    test_memory_fini(&m);
}

static void no_memory_is_no_message(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    test_memory_fail_after(&m, 0);

    assert_null(control_new(&m.memory, CONTROL_DESTROY));

    test_memory_fini(&m);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_have_room_for_their_part),
        cmocka_unit_test(no_memory_is_no_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
