#include "native/descriptor_upload.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#include "support/one_server.h"

struct world {
    struct one_server place;
    struct descriptor_upload upload;
    int status; /* that the authority answers with */
    unsigned posts, accepted;
};

static void answer(void *context, const char *request, struct evbuffer *out) {
    struct world *w = context;
    w->posts += strncmp(request, "POST /tor/ ", 11) == 0;
    evbuffer_add_printf(out, "HTTP/1.0 %d [None]\r\n\r\n", w->status);
}

static void on_accepted(void *context) {
    struct world *w = context;
    w->accepted++;
}

static void set_up(struct world *w) {
    *w = (struct world){.status = 200};
    one_server_init(&w->place, answer, w);
    assert_true(descriptor_upload_init(&w->upload, w->place.config, w->place.base, &w->place.http));
    w->upload.accepted = on_accepted;
    w->upload.context = w;
}

static void tear_down(struct world *w) {
    one_server_stop(&w->place);
    descriptor_upload_fini(&w->upload);
    one_server_fini(&w->place);
}

/* Turn until there were so many posts, at most some seconds. */
static void run(struct world *w, unsigned posts) {
    const time_t end = time(NULL) + 10;
    while ((w->posts < posts || !w->upload.places[0].failures) && w->accepted < posts && time(NULL) < end)
        one_server_turn(&w->place);
    assert_int_equal(w->posts, posts);
}

static void each_descriptor_is_uploaded_once(UNUSED void **state) {
    struct world w;
    set_up(&w);
    for (unsigned i = 1; i <= 2; i++) {
        descriptor_upload_begin(&w.upload, "descriptor", 10);
        assert_int_equal(descriptor_upload_accepted(&w.upload), 0);
        run(&w, i);
        assert_int_equal(w.accepted, i);
        assert_int_equal(descriptor_upload_accepted(&w.upload), 1);
    }
    tear_down(&w);
}

static void what_failed_is_tried_again(UNUSED void **state) {
    struct world w;
    set_up(&w);
    w.status = 503;
    descriptor_upload_begin(&w.upload, "descriptor", 10);
    run(&w, 1);
    assert_int_equal(w.accepted, 0);
    w.status = 200;
    w.upload.places[0].failures = 0;
    w.accepted = 0;
    const time_t end = time(NULL) + 10;
    while (!w.accepted && time(NULL) < end)
        event_base_loop(w.place.base, EVLOOP_ONCE);
    assert_int_equal(w.accepted, 1);
    assert_int_equal(w.posts, 2);
    tear_down(&w);
}

static void a_rejected_one_waits(UNUSED void **state) {
    struct world w;
    struct timeval at, now;
    set_up(&w);
    w.status = 400;
    descriptor_upload_begin(&w.upload, "descriptor", 10);
    run(&w, 1);
    assert_true(event_pending(w.upload.places[0].timer, EV_TIMEOUT, &at));
    event_base_gettimeofday_cached(w.place.base, &now);
    assert_true(at.tv_sec - now.tv_sec > 3000);
    tear_down(&w);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN); /* as the relay does */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_descriptor_is_uploaded_once),
        cmocka_unit_test(what_failed_is_tried_again),
        cmocka_unit_test(a_rejected_one_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
