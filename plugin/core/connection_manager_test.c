/* Turns of a manager: what it does with messages of other stations, in what portions, and how it starts and stops. */
#include "core/connection_manager.h"

#include "core/control.h"
#include "core/mailroom.h"
#include "support/fake_port.h"
#include "support/symbolic_identity.h"
#include "support/test.h"
#include "support/test_memory.h"

#define MANAGER    1u
#define OTHER      2u /* played by the test, as is the controller */
#define CONTROLLER 3u
#define STATIONS   4u

struct fixture {
    struct test_memory memory;
    struct symbolic symbolic;
    struct relay_config config;
    struct fake_port port;
    bool woken[STATIONS];
    struct mailroom *room;
    struct manager *m;
    struct cell_pool others_cells;
    struct work work;
    nsec now;
};

static void set_up(struct fixture *f) {
    static const uint16_t thread_of[STATIONS] = {0, 1, 2, 0};
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    relay_config_default(&f->config);
    f->config.memory = &f->memory.memory;
    f->config.crypt = symbolic_provider(&f->symbolic, 1);
    f->config.connection_threads = 2;
    f->config.cells_max_per_manager = 1000;
    f->config.circuits_max_per_manager = 10;
    f->config.links_max = 10;
    f->config.bandwidth_rate = f->config.bandwidth_burst = 1000000;
    fake_port_init(&f->port, f->woken);
    f->room = mailroom_new(&f->memory.memory, STATIONS, thread_of, 100);
    assert_non_null(f->room);
    f->m = manager_new(&f->config, f->now, MANAGER, &f->port.port, f->room);
    assert_non_null(f->m);
    cell_pool_init(&f->others_cells, &f->memory.memory, OTHER, CELL_BODY_LEN, 500);
}

static void note_wake(void *context, station_id to) {
    struct fixture *f = context;
    f->woken[to] = true;
}

static void publish(struct fixture *f, station_id from) {
    mailroom_flush(f->room, from, &f->work, note_wake, f);
}

/* Cells of the other station that came home. */
static uint32_t come_home(struct fixture *f) {
    manager_flush(f->m, f->now);
    mailroom_collect_begin(f->room, OTHER);
    uint32_t count = cell_pool_put_trays(&f->others_cells, mailroom_collect_returned(f->room, OTHER));
    publish(f, OTHER);
    return count;
}

static void tear_down(struct fixture *f) {
    manager_stop(f->m);
    while (manager_settle(f->m))
        come_home(f);
    come_home(f);
    manager_free(f->m);
    mailroom_free(f->room);
    assert_int_equal(f->others_cells.slab.taken, 0);
    cell_pool_fini(&f->others_cells);
    test_memory_fini(&f->memory);
}

static void post_cells(struct fixture *f, object_id to, uint32_t count) {
    struct cell_run run = {0};
    for (uint32_t i = 0; i < count; i++) {
        struct cell *cell = cell_pool_take(&f->others_cells, CELL_MUST);
        assert_non_null(cell);
        cell->kind = CELL_KIND_CELL;
        cell->to = to;
        cell_run_append(&run, cell);
    }
    mailroom_post_cells(f->room, OTHER, MANAGER, &run, &f->work);
    publish(f, OTHER);
}

static struct control *post(struct fixture *f, station_id from, enum control_kind kind) {
    struct control *message = control_new(&f->memory.memory, kind);
    assert_non_null(message);
    mailroom_post_control(f->room, from, MANAGER, message, &f->work);
    return message;
}

/* What the manager has sent to a station: the kind of the one message, which is freed. */
static struct control answer_at(struct fixture *f, station_id at, enum control_kind kind) {
    mailroom_collect_begin(f->room, at);
    struct control *message = mailroom_collect_controls(f->room, at);
    assert_non_null(message);
    assert_int_equal(message->kind, kind);
    assert_null(message->next);
    struct control copy = {.to = message->to,
                           .from = message->from,
                           .link = message->link,
                           .serial = message->serial,
                           .stream = message->stream,
                           .reason = message->reason};
    control_free(&f->memory.memory, message);
    return copy;
}

static bool drain(struct fixture *f, uint32_t max) {
    bool left = manager_drain(f->m, f->now, max);
    manager_flush(f->m, f->now);
    return left;
}

/* --- stories ------------------------------------------------------------------------------------------------------- */

static void cells_for_the_dead_go_home(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    post_cells(&f, object_id_make(MANAGER, OBJECT_HALF, 3, 1), 5);
    post_cells(&f, object_id_make(MANAGER, OBJECT_EDGE, 3, 1), 5);
    post_cells(&f, object_id_make(OTHER, OBJECT_HALF, 0, 1), 5); /* not even ours */
    assert_true(f.woken[MANAGER]);
    assert_false(drain(&f, 1000));
    assert_int_equal(come_home(&f), 15);
    tear_down(&f);
}

static void a_drain_takes_about_as_much_as_it_is_told(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    for (unsigned i = 0; i < 10; i++)
        post_cells(&f, object_id_make(MANAGER, OBJECT_HALF, 3, 1), 10);
    assert_true(drain(&f, 30));
    assert_int_equal(come_home(&f), 30);
    assert_true(drain(&f, 35)); /* whole batches */
    assert_in_range(come_home(&f), 35, 44);
    assert_false(drain(&f, 1000));
    tear_down(&f);
}

static void controls_for_the_dead_are_dropped(UNUSED void **state) {
    static const enum control_kind kinds[] = {
        CONTROL_EXTENDED,     CONTROL_EXTEND_FAILED, CONTROL_DESTROY,       CONTROL_EDGE_CONNECTED,
        CONTROL_EDGE_FAILED,  CONTROL_EDGE_REFUSED,  CONTROL_EDGE_RESOLVED, CONTROL_EDGE_CREDIT,
        CONTROL_EDGE_FLUSHED, CONTROL_EDGE_CLOSE,    CONTROL_LINK_CLOSE};
    struct fixture f;
    set_up(&f);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct control *message = post(&f, OTHER, kinds[i]);
        message->to = object_id_make(MANAGER, OBJECT_HALF, 1, 1);
        message->link = 77;
    }
    publish(&f, OTHER);
    assert_false(drain(&f, 100));
    assert_int_equal(f.port.count, 0);
    for (station_id at = 0; at < STATIONS; at++) {
        mailroom_collect_begin(f.room, at);
        assert_null(mailroom_collect_controls(f.room, at));
    }
    tear_down(&f);
}

/* Who has made something for a half that is gone is told to undo it. */
static void what_was_made_for_the_dead_is_undone(UNUSED void **state) {
    struct fixture f;
    half_id gone = object_id_make(MANAGER, OBJECT_HALF, 1, 1), far = object_id_make(OTHER, OBJECT_HALF, 2, 1);
    edge_id edge = object_id_make(OTHER, OBJECT_EDGE, 2, 1);
    set_up(&f);
    struct control *message = post(&f, OTHER, CONTROL_ATTACHED);
    message->to = gone;
    message->from = far;
    publish(&f, OTHER);
    assert_false(drain(&f, 100));
    struct control answer = answer_at(&f, OTHER, CONTROL_DESTROY);
    assert_true(answer.to == far && answer.from == gone);

    message = post(&f, OTHER, CONTROL_EDGE_OPENED);
    message->to = gone;
    message->from = edge;
    publish(&f, OTHER);
    assert_false(drain(&f, 100));
    answer = answer_at(&f, OTHER, CONTROL_EDGE_CLOSE);
    assert_true(answer.to == edge);
    tear_down(&f);
}

static void an_attach_to_a_link_that_is_gone_fails(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    struct control *message = post(&f, CONTROLLER, CONTROL_ATTACH);
    message->link = 5;
    message->from = object_id_make(OTHER, OBJECT_HALF, 2, 1);
    message->serial = 9;
    publish(&f, CONTROLLER);
    assert_false(drain(&f, 100));
    struct control answer = answer_at(&f, OTHER, CONTROL_EXTEND_FAILED);
    assert_int_equal(answer.serial, 9);
    assert_int_equal(answer.reason, DESTROY_CHANNEL_CLOSED);
    tear_down(&f);
}

static void a_dial_that_is_closed_is_reported_to_the_controller(UNUSED void **state) {
    for (unsigned by_controller = 0; by_controller < 2; by_controller++) {
        struct fixture f;
        struct fake_request request;
        set_up(&f);
        struct control *message = post(&f, CONTROLLER, CONTROL_DIAL);
        message->link = 5;
        message->u.dial.endpoint = (struct endpoint){{ADDRESS_IPV4, {1, 2, 3, 4}}, 443};
        publish(&f, CONTROLLER);
        assert_false(drain(&f, 100));
        assert_true(fake_take(&f.port, FAKE_DIAL, &request));
        assert_int_equal(request.id, 5);
        assert_int_equal(request.to.port, 443);
        if (by_controller) {
            post(&f, CONTROLLER, CONTROL_LINK_CLOSE)->link = 5;
            publish(&f, CONTROLLER);
            assert_false(drain(&f, 100));
            assert_true(fake_take(&f.port, FAKE_HANGUP, &request));
        } else {
            manager_link_failed(f.m, f.now, 5);
            manager_flush(f.m, f.now);
            assert_false(fake_take(&f.port, FAKE_HANGUP, &request)); /* the runtime knows */
        }
        struct control answer = answer_at(&f, CONTROLLER, CONTROL_LINK_CLOSED);
        assert_int_equal(answer.link, 5);
        assert_int_equal(answer.reason, DESTROY_CONNECTFAILED);
        tear_down(&f);
    }
}

static void an_edge_is_opened_and_named_before_it_is_connected(UNUSED void **state) {
    struct fixture f;
    struct fake_request request;
    half_id half = object_id_make(OTHER, OBJECT_HALF, 2, 1);
    set_up(&f);
    struct control *message = post(&f, OTHER, CONTROL_EDGE_OPEN);
    message->from = half;
    message->stream = 4;
    message->serial = 44;
    memcpy(message->u.edge_open.host, "a.com", 6);
    message->u.edge_open.port = 80;
    publish(&f, OTHER);
    assert_false(drain(&f, 100));
    assert_true(fake_take(&f.port, FAKE_EDGE_RESOLVE, &request));
    assert_string_equal(request.query.host, "a.com");
    struct control answer = answer_at(&f, OTHER, CONTROL_EDGE_OPENED);
    assert_true(answer.to == half && answer.from == request.id);
    assert_int_equal(answer.stream, 4);
    assert_int_equal(answer.serial, 44);

    manager_edge_closed(f.m, f.now, request.id, END_TIMEOUT);
    manager_flush(f.m, f.now);
    answer = answer_at(&f, OTHER, CONTROL_EDGE_FAILED);
    assert_int_equal(answer.reason, END_TIMEOUT);
    tear_down(&f);
}

static void results_for_the_dead_are_dropped(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    struct job_result result = {.half = object_id_make(MANAGER, OBJECT_HALF, 1, 1)};
    manager_job_done(f.m, f.now, &result);
    struct address nowhere = {.family = ADDRESS_NONE};
    edge_id edge = object_id_make(MANAGER, OBJECT_EDGE, 1, 1);
    const struct name_answer answer = {.status = NAME_TRANSIENT};
    manager_edge_resolved(f.m, f.now, edge, &answer);
    manager_edge_connected(f.m, f.now, edge, &nowhere);
    manager_edge_closed(f.m, f.now, edge, END_DONE);
    manager_edge_receive(f.m, f.now, edge, NULL, 0);
    manager_edge_wrote(f.m, f.now, edge, 0);
    assert_int_equal(manager_edge_room(f.m, edge), 0);
    assert_int_equal(manager_edge_take(f.m, edge, NULL, 0), 0);
    tear_down(&f);
}

static void work_is_counted_where_the_runtime_adds_its_own(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    manager_work_mutable(f.m)->reads += 3;
    assert_int_equal(manager_work(f.m)->reads, 3);
    assert_int_equal(manager_working_set(f.m, f.now).halves, 0);
    tear_down(&f);
}

static void without_memory_there_is_no_manager(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    test_memory_fail_after(&f.memory, 0);
    assert_null(manager_new(&f.config, f.now, OTHER, &f.port.port, f.room));
    manager_free(NULL);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_for_the_dead_go_home),
        cmocka_unit_test(a_drain_takes_about_as_much_as_it_is_told),
        cmocka_unit_test(controls_for_the_dead_are_dropped),
        cmocka_unit_test(what_was_made_for_the_dead_is_undone),
        cmocka_unit_test(an_attach_to_a_link_that_is_gone_fails),
        cmocka_unit_test(a_dial_that_is_closed_is_reported_to_the_controller),
        cmocka_unit_test(an_edge_is_opened_and_named_before_it_is_connected),
        cmocka_unit_test(results_for_the_dead_are_dropped),
        cmocka_unit_test(work_is_counted_where_the_runtime_adds_its_own),
        cmocka_unit_test(without_memory_there_is_no_manager),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
