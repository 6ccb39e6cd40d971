#include "native/socket_address.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"

socklen_t socket_address_from(const struct endpoint *endpoint, struct sockaddr_storage *out) {
    memset(out, 0, sizeof *out);
    if (endpoint->address.family == ADDRESS_IPV4) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;
        in->sin_family = AF_INET;
        in->sin_port = htons(endpoint->port);
        memcpy(&in->sin_addr, endpoint->address.bytes, 4);
        return sizeof *in;
    }
    CHECK(endpoint->address.family == ADDRESS_IPV6);
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(endpoint->port);
    memcpy(&in6->sin6_addr, endpoint->address.bytes, 16);
    return sizeof *in6;
}

bool socket_address_to(const struct sockaddr *address, struct endpoint *out) {
    memset(out, 0, sizeof *out);
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        out->address.family = ADDRESS_IPV4;
        out->port = ntohs(in.sin_port);
        memcpy(out->address.bytes, &in.sin_addr, 4);
        return true;
    }
    if (address->sa_family != AF_INET6)
        return false;
    struct sockaddr_in6 in6;
    memcpy(&in6, address, sizeof in6);
    out->port = ntohs(in6.sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
        out->address.family = ADDRESS_IPV4;
        memcpy(out->address.bytes, &in6.sin6_addr.s6_addr[12], 4);
    } else {
        out->address.family = ADDRESS_IPV6;
        memcpy(out->address.bytes, &in6.sin6_addr, 16);
    }
    return true;
}

void socket_send_at_once(int fd) {
    int one = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

int socket_connect(const struct endpoint *to) {
    struct sockaddr_storage address;
    socklen_t length = socket_address_from(to, &address);
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    socket_send_at_once(fd);
    if (connect(fd, (const struct sockaddr *)&address, length) == 0 || errno == EINPROGRESS)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}
