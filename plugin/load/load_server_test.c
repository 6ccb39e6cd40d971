#include "load/load_server.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/test.h"

#define TURNS_MAX 100000u

static int connected(struct event_base *base, const struct load_server *server) {
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr = {htonl(INADDR_LOOPBACK)},
                             .sin_port = htons(load_server_port(server))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    event_base_loop(base, EVLOOP_ONCE); /* it accepts */
    return fd;
}

static void it_gives_once_it_has_begun(UNUSED void **state) {
    static uint8_t bytes[1000000];
    struct event_base *base = event_base_new();
    struct load_server *server = load_server_new(base, true);
    assert_non_null(server);
    int fd = connected(base, server);
    event_base_loop(base, EVLOOP_NONBLOCK);
    assert_true(recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) < 0);
    load_server_begin(server);
    size_t got = 0;
    for (unsigned turn = 0; got < sizeof bytes && turn < TURNS_MAX; turn++) {
        event_base_loop(base, EVLOOP_NONBLOCK);
        ssize_t n = recv(fd, bytes, sizeof bytes - got, MSG_DONTWAIT);
        got += n > 0 ? (size_t)n : 0;
    }
    assert_int_equal(got, sizeof bytes);
    assert_int_equal(load_server_losses(server), 0);
    close(fd);
    load_server_free(server);
    event_base_free(base);
}

static void it_counts_what_it_takes(UNUSED void **state) {
    static const uint8_t bytes[5000];
    struct event_base *base = event_base_new();
    struct load_server *server = load_server_new(base, false);
    assert_non_null(server);
    int fd = connected(base, server);
    load_server_begin(server);
    assert_int_equal(send(fd, bytes, sizeof bytes, 0), sizeof bytes);
    for (unsigned turn = 0; load_server_taken(server) < sizeof bytes && turn < TURNS_MAX; turn++)
        event_base_loop(base, EVLOOP_NONBLOCK);
    assert_int_equal(load_server_taken(server), sizeof bytes);
    assert_int_equal(load_server_losses(server), 0);
    close(fd);
    for (unsigned turn = 0; load_server_losses(server) == 0 && turn < TURNS_MAX; turn++)
        event_base_loop(base, EVLOOP_NONBLOCK);
    assert_int_equal(load_server_losses(server), 1);
    load_server_free(server);
    event_base_free(base);
}

static void who_comes_later_is_served_at_once(UNUSED void **state) {
    uint8_t byte;
    struct event_base *base = event_base_new();
    struct load_server *server = load_server_new(base, true);
    assert_non_null(server);
    load_server_begin(server);
    int fd = connected(base, server);
    event_base_loop(base, EVLOOP_ONCE); /* it gives */
    assert_int_equal(recv(fd, &byte, sizeof byte, 0), sizeof byte);
    close(fd);
    while (load_server_losses(server) == 0)
        event_base_loop(base, EVLOOP_ONCE);
    load_server_free(server);
    event_base_free(base);
}

static void who_takes_says_nothing_and_hangs_up_in_the_end(UNUSED void **state) {
    struct event_base *base = event_base_new();
    struct load_server *server = load_server_new(base, false);
    assert_non_null(server);
    load_server_begin(server);
    struct pollfd guest = {.fd = connected(base, server), .events = POLLIN};
    event_base_loop(base, EVLOOP_NONBLOCK);
    assert_int_equal(poll(&guest, 1, 50), 0);
    load_server_free(server);
    assert_int_equal(poll(&guest, 1, -1), 1);
    close(guest.fd);
    event_base_free(base);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_gives_once_it_has_begun),
        cmocka_unit_test(it_counts_what_it_takes),
        cmocka_unit_test(who_comes_later_is_served_at_once),
        cmocka_unit_test(who_takes_says_nothing_and_hangs_up_in_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
