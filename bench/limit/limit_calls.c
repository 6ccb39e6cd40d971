#include "limit/limit_calls.h"

#include <stdarg.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* libevent finds these before libc's: the program exports them. */
#define BEFORE_LIBC __attribute__((visibility("default")))

static _Thread_local struct limit_calls *here;

void limit_calls_count_here(struct limit_calls *calls) {
    here = calls;
}

void limit_calls_add(uint64_t calls) {
    if (here)
        atomic_store_explicit(&here->count, atomic_load_explicit(&here->count, memory_order_relaxed) + calls,
                              memory_order_relaxed);
}

uint64_t limit_calls_so_far(const struct limit_calls *calls) {
    return atomic_load_explicit(&calls->count, memory_order_relaxed);
}

#ifndef LOOM_LIMIT_UNCOUNTED /* sanitizers stand there themselves */

BEFORE_LIBC ssize_t recv(int fd, void *bytes, size_t length, int flags) {
    limit_calls_add(1);
    return syscall(SYS_recvfrom, fd, bytes, length, flags, NULL, NULL);
}

BEFORE_LIBC ssize_t send(int fd, const void *bytes, size_t length, int flags) {
    limit_calls_add(1);
    return syscall(SYS_sendto, fd, bytes, length, flags, NULL, 0);
}

BEFORE_LIBC ssize_t readv(int fd, const struct iovec *pieces, int count) {
    limit_calls_add(1);
    return syscall(SYS_readv, fd, pieces, count);
}

BEFORE_LIBC ssize_t writev(int fd, const struct iovec *pieces, int count) {
    limit_calls_add(1);
    return syscall(SYS_writev, fd, pieces, count);
}

BEFORE_LIBC int ioctl(int fd, unsigned long request, ...) {
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    limit_calls_add(1);
    return (int)syscall(SYS_ioctl, fd, request, argument);
}

BEFORE_LIBC int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event) {
    limit_calls_add(1);
    return (int)syscall(SYS_epoll_ctl, epoll, operation, fd, event);
}

BEFORE_LIBC int epoll_wait(int epoll, struct epoll_event *events, int max, int timeout_ms) {
    limit_calls_add(1);
    return (int)syscall(SYS_epoll_pwait, epoll, events, max, timeout_ms, NULL, 0);
}

#endif
