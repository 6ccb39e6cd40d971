/* dial - is anybody listening there? for tests. */
#ifndef LOOM_SUPPORT_DIAL_H
#define LOOM_SUPPORT_DIAL_H

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "native/socket_address.h"

/* 0 or an errno. */
static inline int dial(const struct endpoint *to) {
    struct sockaddr_storage address;
    socklen_t length = socket_address_from(to, &address);
    int fd = socket(address.ss_family, SOCK_STREAM, 0);
    int error = connect(fd, (const struct sockaddr *)&address, length) == 0 ? 0 : errno;
    close(fd);
    return error;
}

#endif
