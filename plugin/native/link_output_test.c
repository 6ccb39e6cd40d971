#include "native/link_output.h"

#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/syscall.h>

#include "core/scheduler.h"
#include "native/heap.h"
#include "native/link_shared.h"
#include "support/native_bench.h"
#include "support/test.h"

/* A link without TLS between a socket and a pipe: what the output needs of one. */
struct rig {
    struct work work;
    struct link_shared shared;
    struct tls_link link;
    int far;
};

static void ignore(evutil_socket_t fd, short what, void *argument) {
    (void)fd, (void)what, (void)argument;
}

static int set_up(void **state) {
    struct rig *rig = heap_new(sizeof *rig);
    struct endpoint peer;
    int ends[2], small = 32768;
    bench_connect(ends, &peer);
    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    setsockopt(ends[1], SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    rig->far = ends[1];
    rig->shared.base = event_base_new();
    rig->shared.work = &rig->work;
    rig->shared.pipe.out = heap_new(LINK_SEND_ROOM);
    rig->shared.pipe.out_room = LINK_SEND_ROOM;
    list_init(&rig->shared.changed);
    rig->link.shared = &rig->shared;
    rig->link.fd = ends[0];
    rig->link.write_event = event_new(rig->shared.base, ends[0], EV_WRITE | EV_PERSIST, ignore, NULL);
    list_init(&rig->link.change_node);
    *state = rig;
    return 0;
}

static int tear_down(void **state) {
    struct rig *rig = *state;
    event_free(rig->link.write_event);
    event_base_free(rig->shared.base);
    close(rig->link.fd);
    close(rig->far);
    free(rig->link.unsent);
    free(rig->shared.pipe.out);
    free(rig);
    return 0;
}

/* Bytes that tell where they belong. */
static void fill(struct rig *rig, size_t from, size_t length) {
    for (size_t i = 0; i < length; i++)
        rig->shared.pipe.out[i] = (uint8_t)((from + i) * 2654435761u >> 24);
    rig->shared.pipe.out_length = length;
}

static size_t drain(struct rig *rig, size_t from) {
    uint8_t bytes[8192];
    ssize_t length = recv(rig->far, bytes, sizeof bytes, 0);
    for (ssize_t i = 0; i < length; i++)
        assert_int_equal(bytes[i], (uint8_t)((from + (size_t)i) * 2654435761u >> 24));
    return length > 0 ? (size_t)length : 0;
}

static void what_a_short_send_leaves_over_goes_later_in_order(void **state) {
    struct rig *rig = *state;
    size_t total = LINK_SEND_ROOM, received = 0;
    fill(rig, 0, total);
    link_output_flush(&rig->link);
    assert_int_equal(rig->shared.pipe.out_length, 0);
    assert_true(tls_link_is_blocked(&rig->link));
    fill(rig, total, 100); /* TLS has something to say meanwhile: it waits behind the rest */
    link_output_flush(&rig->link);
    total += 100;
    while (received < total) {
        received += drain(rig, received);
        if (tls_link_is_blocked(&rig->link))
            link_output_resume(&rig->link);
    }
    assert_false(tls_link_is_blocked(&rig->link));
    assert_int_equal(event_pending(rig->link.write_event, EV_WRITE, NULL), 0);
    assert_int_equal(rig->work.tls_bytes_written, total);
}

static void more_than_the_bound_breaks_the_link(void **state) {
    struct rig *rig = *state;
    for (int i = 0; i < 2; i++) {
        fill(rig, 0, LINK_SEND_ROOM);
        link_output_flush(&rig->link);
    }
    assert_true(rig->link.is_broken);
    assert_true(list_is_linked(&rig->link.change_node));
    assert_true(rig->link.unsent_length <= LINK_UNSENT_MAX);
}

static void a_closed_peer_breaks_the_link(void **state) {
    struct rig *rig = *state;
    close(rig->far);
    for (int i = 0; i < 1000 && !rig->link.is_broken; i++) {
        fill(rig, 0, 1000);
        link_output_flush(&rig->link);
    }
    assert_true(rig->link.is_broken);
    rig->far = dup(rig->link.fd);
}

static void tcp_tells_its_facts(void **state) {
    struct rig *rig = *state;
    struct tcp_facts facts;
    fill(rig, 0, LINK_SEND_ROOM);
    link_output_flush(&rig->link);
    link_output_tcp_facts(&rig->link, &facts);
    assert_true(facts.cwnd > 0);
    assert_true(facts.mss > 0);
}

/* Of TCP_INFO the kernel tells no more than so many bytes. */
static socklen_t told_max = UINT32_MAX;

/* Instead of the library's: who stands in for the kernel may know an older, shorter struct tcp_info. */
int getsockopt(int fd, int level, int name, void *value, socklen_t *length) {
    if (level == IPPROTO_TCP && name == TCP_INFO && *length > told_max)
        *length = told_max;
    return (int)syscall(SYS_getsockopt, fd, level, name, value, length);
}

/* A congestion window that nobody told is not one of zero, with which nothing would ever be sent. */
static void what_the_kernel_leaves_out_is_assumed(void **state) {
    struct rig *rig = *state;
    struct tcp_facts whole, cut;
    link_output_tcp_facts(&rig->link, &whole);

    told_max = 24;
    link_output_tcp_facts(&rig->link, &cut);
    told_max = UINT32_MAX;

    assert_int_not_equal(whole.cwnd, 0);
    assert_int_equal(cut.cwnd, 10);
    assert_int_equal(cut.mss, 1448);
    assert_int_equal(cut.unacked, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_short_send_leaves_over_goes_later_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_than_the_bound_breaks_the_link, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_closed_peer_breaks_the_link, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tcp_tells_its_facts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_kernel_leaves_out_is_assumed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
