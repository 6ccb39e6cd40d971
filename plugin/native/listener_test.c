#include "native/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "native/log.h"
#include "native/socket_address.h"
#include "support/dial.h"
#include "support/test.h"

struct seen {
    unsigned count;
    struct endpoint peer;
};

static void on_accepted(void *context, int fd, const struct endpoint *peer) {
    struct seen *seen = context;
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    seen->count++;
    seen->peer = *peer;
    close(fd);
}

static struct endpoint address_of(const struct listener *listener) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    struct endpoint out;
    assert_int_equal(getsockname(listener->fd, (struct sockaddr *)&address, &length), 0);
    assert_true(socket_address_to((const struct sockaddr *)&address, &out));
    return out;
}

static void hands_connections_on(void **state) {
    const struct config_port ports[] = {
        {.endpoint = {{ADDRESS_IPV4, {127, 0, 0, 1}}, 0}, .listen = true},
        {.endpoint = {{ADDRESS_IPV6, {[15] = 1}}, 0}, .listen = true, .is_optional = true},
        {.endpoint = {{ADDRESS_IPV4, {1, 2, 3, 4}}, 80}, .advertise = true},
    };
    struct complaint complaint = {""};
    struct event_base *base = event_base_new();
    struct listeners listeners;
    struct seen seen = {.count = 0};
    (void)state;
    assert_true(listeners_open(&listeners, "ORPort", ports, COUNT(ports), &complaint));
    assert_true(listeners.count >= 1);
    listeners_start(&listeners, base, on_accepted, &seen);
    for (unsigned i = 0; i < listeners.count; i++) {
        struct endpoint at = address_of(&listeners.each[i]);
        assert_true(at.port != 0 && listeners.each[i].at.port == at.port && listeners.each[i].index == i);
        int fd = socket_connect(&at);
        while (seen.count == i)
            event_base_loop(base, EVLOOP_ONCE);
        assert_true(address_equal(&seen.peer.address, &at.address));
        close(fd);
    }
    listeners_close(&listeners);
    listeners_close(&listeners);
    event_base_free(base);
}

static void says_which_port_is_in_use(void **state) {
    struct config_port ports[2] = {{.endpoint = {{ADDRESS_IPV4, {127, 0, 0, 1}}, 0}, .listen = true}};
    struct complaint complaint = {""};
    struct listeners first, second;
    (void)state;
    assert_true(listeners_open(&first, "ORPort", ports, 1, &complaint));
    ports[1] = ports[0];
    ports[1].endpoint = address_of(&first.each[0]);
    assert_false(listeners_open(&second, "ORPort", ports, 2, &complaint));
    assert_non_null(strstr(complaint.text,
                           "ORPort: expected an address of this machine and a free port, got 127.0.0.1:"));
    assert_non_null(strstr(complaint.text, "in use"));
    assert_int_equal(second.count, 0);
    ports[1].is_optional = true;
    assert_true(listeners_open(&second, "ORPort", ports, 2, &complaint));
    assert_int_equal(second.count, 1);
    listeners_close(&first);
    listeners_close(&second);
}

/* Both a port that was asked for by its number and one that the system chose are the same afterwards. */
static void rests_and_resumes(void **state) {
    (void)state;
    struct complaint complaint = {""};
    struct event_base *base = event_base_new();
    struct config_port port = {.endpoint = {{ADDRESS_IPV4, {127, 0, 0, 1}}, 0}, .listen = true};
    for (unsigned is_asked_for = 0; is_asked_for < 2; is_asked_for++) {
        struct listeners listeners;
        struct seen seen = {.count = 0};
        assert_true(listeners_open(&listeners, "ORPort", &port, 1, &complaint));
        const struct endpoint at = listeners.each[0].at;
        listeners_start(&listeners, base, on_accepted, &seen);
        for (unsigned turn = 0; turn < 3; turn++) {
            seen.count = 0;
            assert_int_equal(dial(&at), 0);
            listeners_rest(&listeners);
            listeners_rest(&listeners);
            assert_int_equal(dial(&at), ECONNREFUSED);
            event_base_loop(base, EVLOOP_NONBLOCK);
            assert_int_equal(seen.count, 0); /* who had come before nobody looked was reset */
            listeners_resume(&listeners);
            listeners_resume(&listeners);
            assert_int_equal(dial(&at), 0);
            while (seen.count == 0)
                event_base_loop(base, EVLOOP_ONCE);
            struct endpoint again = address_of(&listeners.each[0]);
            assert_int_equal(again.port, at.port);
        }
        listeners_close(&listeners);
        port.endpoint.port = at.port;
    }
    event_base_free(base);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_connections_on),
        cmocka_unit_test(says_which_port_is_in_use),
        cmocka_unit_test(rests_and_resumes),
    };
    log_start_silent();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
