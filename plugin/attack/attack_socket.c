#include "attack/attack_socket.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "native/socket_address.h"

#define SMALL_BUFFER 4096
#define FILLERS      4 /* a queue of 0 takes one or two */
#define FILL_MS      50

static bool begin(int fd, const struct endpoint *from, const struct endpoint *to, bool has_small_buffers) {
    const int size = SMALL_BUFFER;
    struct sockaddr_storage address;
    if (has_small_buffers)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    socklen_t length = socket_address_from(from, &address);
    if (bind(fd, (const struct sockaddr *)&address, length) != 0)
        return false;
    length = socket_address_from(to, &address);
    return connect(fd, (const struct sockaddr *)&address, length) == 0 || errno == EINPROGRESS;
}

int attack_socket_connect(const struct endpoint *from, const struct endpoint *to, bool has_small_buffers) {
    int family = to->address.family == ADDRESS_IPV6 ? AF_INET6 : AF_INET;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    socket_send_at_once(fd);
    if (begin(fd, from, to, has_small_buffers))
        return fd;
    close(fd);
    return -1;
}

bool attack_socket_silent(struct endpoint *out) {
    struct sockaddr_storage address;
    struct endpoint loopback = {.address = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}}};
    socklen_t length = socket_address_from(&loopback, &address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool ok = bind(fd, (const struct sockaddr *)&address, length) == 0 && listen(fd, 0) == 0 &&
              getsockname(fd, (struct sockaddr *)&address, &length) == 0 &&
              socket_address_to((const struct sockaddr *)&address, out);
    for (int i = 0; ok && i < FILLERS; i++) {
        struct pollfd filler = {.fd = socket_connect(out), .events = POLLOUT};
        ok = filler.fd >= 0 && poll(&filler, 1, FILL_MS) >= 0;
    }
    if (!ok)
        close(fd);
    return ok;
}
