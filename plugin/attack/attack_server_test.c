#include "attack/attack_server.h"

#include <event2/event.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "native/socket_address.h"
#include "support/test.h"

static int guest_of(const struct attack_server *server) {
    const struct endpoint at = {{ADDRESS_IPV4, {127, 0, 0, 1}}, attack_server_port(server)};
    int fd = socket_connect(&at);
    assert_true(fd >= 0);
    return fd;
}

static void a_fountain_gives_until_its_guest_leaves(UNUSED void **state) {
    struct event_base *base = event_base_new();
    struct attack_server *server = attack_server_new(base, true);
    assert_non_null(server);
    int guest = guest_of(server);
    uint8_t bytes[65536];
    for (size_t got = 0; got < 1000000;) {
        event_base_loop(base, EVLOOP_NONBLOCK);
        ssize_t n = recv(guest, bytes, sizeof bytes, 0);
        got += n > 0 ? (size_t)n : 0;
    }
    assert_int_equal(attack_server_closed(server), 0);
    close(guest);
    while (attack_server_closed(server) == 0)
        event_base_loop(base, EVLOOP_ONCE);
    attack_server_free(server);
    event_base_free(base);
}

static void who_gives_nothing_says_nothing(UNUSED void **state) {
    struct event_base *base = event_base_new();
    struct attack_server *server = attack_server_new(base, false);
    assert_non_null(server);
    struct pollfd guest = {.fd = guest_of(server), .events = POLLOUT};
    assert_int_equal(poll(&guest, 1, -1), 1);
    event_base_loop(base, EVLOOP_ONCE);
    guest.events = POLLIN;
    assert_int_equal(poll(&guest, 1, 50), 0);
    attack_server_free(server); /* and hangs up on all */
    assert_int_equal(poll(&guest, 1, -1), 1);
    close(guest.fd);
    event_base_free(base);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fountain_gives_until_its_guest_leaves),
        cmocka_unit_test(who_gives_nothing_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
