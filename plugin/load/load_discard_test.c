#include "load/load_discard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attributes.h"
#include "support/test.h"

static int flags_known;

/* libc's, of a kernel that knows these flags alone. */
ssize_t recv(int fd, void *buffer, size_t length, int flags) {
    return recvfrom(fd, buffer, length, flags & flags_known, NULL, NULL);
}

struct pair {
    int from, to;
};

/* TCP, as only there MSG_TRUNC throws away what it reads. */
static struct pair pair_new(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof at;
    struct pair pair;
    int door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(door, (const struct sockaddr *)&at, length), 0);
    assert_int_equal(listen(door, 1), 0);
    assert_int_equal(getsockname(door, (struct sockaddr *)&at, &length), 0);
    pair.from = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(pair.from, (const struct sockaddr *)&at, length), 0);
    pair.to = accept(door, NULL, NULL);
    assert_true(pair.to >= 0);
    close(door);
    return pair;
}

/* Each kind of kernel. */
static void bytes_go_up_to_the_end(int flags) {
    static const uint8_t bytes[5000];
    struct pair pair = pair_new();
    flags_known = flags;
    assert_int_equal(send(pair.from, bytes, sizeof bytes, 0), sizeof bytes);
    assert_int_equal(load_discard(pair.to, 3000), 3000);
    assert_int_equal(load_discard(pair.to, 2 * LOAD_DISCARD_MAX), 2000);
    close(pair.from);
    assert_int_equal(load_discard(pair.to, 1), 0);
    close(pair.to);
    assert_int_equal(load_discard(pair.to, 1), -1);
    assert_int_equal(errno, EBADF);
}

static void they_are_thrown_away(UNUSED void **state) {
    bytes_go_up_to_the_end(MSG_TRUNC);
}

static void a_kernel_may_copy_them_all_the_same(UNUSED void **state) {
    bytes_go_up_to_the_end(0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_thrown_away),
        cmocka_unit_test(a_kernel_may_copy_them_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
