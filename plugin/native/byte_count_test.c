#include "native/byte_count.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/test.h"

static void both_ways(void **state) {
    (void)state;
    struct event_base *base = event_base_new();
    struct byte_count count = {0, 0};
    uint64_t read = 100, written = 200;
    char bytes[16];
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    struct bufferevent *stream = bufferevent_socket_new(base, ends[0], BEV_OPT_CLOSE_ON_FREE);
    assert_non_null(stream);
    byte_count_watch(&count, stream);
    assert_int_equal(bufferevent_enable(stream, EV_READ | EV_WRITE), 0);
    assert_int_equal(send(ends[1], "seven..", 7, 0), 7);
    assert_int_equal(bufferevent_write(stream, "three", 3), 0);
    while (count.read < 7 || count.written < 3)
        event_base_loop(base, EVLOOP_ONCE);
    assert_int_equal(recv(ends[1], bytes, sizeof bytes, 0), 3);
    assert_int_equal(bufferevent_read(stream, bytes, sizeof bytes), 7); /* is not counted again */
    byte_count_add(&count, &read, &written);
    assert_int_equal(read, 107);
    assert_int_equal(written, 203);
    bufferevent_free(stream);
    close(ends[1]);
    event_base_free(base);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_ways)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
