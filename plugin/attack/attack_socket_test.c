#include "attack/attack_socket.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "native/socket_address.h"
#include "support/test.h"

#define A_MOMENT_MS 100

static const struct endpoint somewhere = {.address = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 66}}};
static const struct endpoint loopback = {.address = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}}};

static int listener(struct endpoint *out) {
    struct sockaddr_storage at;
    socklen_t length = socket_address_from(&loopback, &at);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, length), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &length), 0);
    assert_true(socket_address_to((const struct sockaddr *)&at, out));
    return fd;
}

static void the_attacker_comes_from_where_he_says(UNUSED void **state) {
    struct endpoint at, peer;
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    int server = listener(&at), client = attack_socket_connect(&somewhere, &at, true);
    assert_true(client >= 0);
    int accepted = accept(server, (struct sockaddr *)&from, &length);
    assert_true(accepted >= 0);
    assert_true(socket_address_to((const struct sockaddr *)&from, &peer));
    assert_true(address_equal(&peer.address, &somewhere.address));
    close(accepted);
    close(client);
    close(server);
}

static void who_is_silent_answers_nobody(UNUSED void **state) {
    struct endpoint at;
    assert_true(attack_socket_silent(&at));
    struct pollfd client = {.fd = socket_connect(&at), .events = POLLOUT};
    assert_true(client.fd >= 0);
    assert_int_equal(poll(&client, 1, A_MOMENT_MS), 0); /* neither connected nor refused */
    close(client.fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_attacker_comes_from_where_he_says),
        cmocka_unit_test(who_is_silent_answers_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
