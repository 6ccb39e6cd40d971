/* Socket calls over loopback, by bytes of one call, and TCP's facts as KIST asks for them. One thread has both ends: what is
 * sent is received in the same batch, so a receive finds all that it can take. As loopback's receiver does part of its work
 * within the sender's call, the two are apart no better than the kernel's own accounting. */
#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "native/heap.h"
#include "primitives/primitive.h"

#define BUFFER_BYTES (4 << 20) /* asked for; the kernel may give less */
#define BURST_BYTES  131072u   /* sent before they are received */

struct rig {
    const struct primitive *primitive;
    int ends[2];
    uint8_t bytes[BURST_BYTES];
};

static bool connect_ends(int ends[static 2]) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof at;
    int one = 1, room = BUFFER_BYTES, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = listener >= 0 && ends[0] >= 0 && bind(listener, (struct sockaddr *)&at, sizeof at) == 0 &&
              listen(listener, 1) == 0 && getsockname(listener, (struct sockaddr *)&at, &length) == 0 &&
              connect(ends[0], (struct sockaddr *)&at, sizeof at) == 0;
    ends[1] = ok ? accept4(listener, NULL, NULL, SOCK_CLOEXEC) : -1;
    if (listener >= 0)
        close(listener);
    for (int i = 0; ok && i < 2; i++) {
        (void)setsockopt(ends[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        (void)setsockopt(ends[i], SOL_SOCKET, i ? SO_RCVBUF : SO_SNDBUF, &room, sizeof room);
    }
    return ok && ends[1] >= 0;
}

static void end(void *state) {
    struct rig *rig = state;
    for (int i = 0; i < 2; i++)
        if (rig->ends[i] >= 0)
            close(rig->ends[i]);
    free(rig);
}

static void *begin(const struct primitive *primitive, const char **reason_out) {
    struct rig *rig = heap_new(sizeof *rig);
    rig->primitive = primitive;
    rig->ends[0] = rig->ends[1] = -1;
    if (!connect_ends(rig->ends)) {
        *reason_out = "no connection over 127.0.0.1";
        end(rig);
        return NULL;
    }
    return rig;
}

/* A burst in calls of size bytes, each way; returns the time of the calls of one kind. */
static nsec burst(struct rig *rig, uint32_t calls, bool is_send) {
    uint32_t size = rig->primitive->size;
    nsec start = cpu_now();
    for (uint32_t i = 0; i < calls; i++)
        CHECK(send(rig->ends[0], rig->bytes, size, MSG_NOSIGNAL) == (ssize_t)size);
    nsec sent = cpu_now();
    for (uint32_t i = 0; i < calls; i++)
        CHECK(recv(rig->ends[1], rig->bytes, size, MSG_WAITALL) == (ssize_t)size);
    return is_send ? sent - start : cpu_now() - sent;
}

static nsec run(struct rig *rig, uint64_t units, uint64_t *units_done_out, bool is_send) {
    uint32_t size = rig->primitive->size, calls = size * 32 <= BURST_BYTES ? 32 : BURST_BYTES / size;
    uint64_t bursts = units / calls + 1;
    nsec took = 0;
    for (uint64_t i = 0; i < bursts; i++)
        took += burst(rig, calls, is_send);
    *units_done_out = bursts * calls;
    return took;
}

static nsec run_send(void *state, uint64_t units, uint64_t *units_done_out) {
    return run(state, units, units_done_out, true);
}

static nsec run_receive(void *state, uint64_t units, uint64_t *units_done_out) {
    return run(state, units, units_done_out, false);
}

static nsec run_again(void *state, uint64_t units, uint64_t *units_done_out) {
    struct rig *rig = state;
    nsec from = cpu_now();
    for (uint64_t i = 0; i < units; i++)
        CHECK(recv(rig->ends[1], rig->bytes, sizeof rig->bytes, MSG_DONTWAIT) == -1);
    *units_done_out = units;
    return cpu_now() - from;
}

static nsec run_facts(void *state, uint64_t units, uint64_t *units_done_out) {
    struct rig *rig = state;
    nsec from = cpu_now();
    for (uint64_t i = 0; i < units; i++) {
        struct tcp_info info;
        socklen_t length = sizeof info;
        int unsent;
        CHECK(getsockopt(rig->ends[0], IPPROTO_TCP, TCP_INFO, &info, &length) == 0);
        CHECK(ioctl(rig->ends[0], SIOCOUTQNSD, &unsent) == 0);
    }
    *units_done_out = units;
    return cpu_now() - from;
}

#define BOTH(n)                                                    \
    {"send", "", "bytes", n, "call", begin, run_send, end}, {      \
        "receive", "", "bytes", n, "call", begin, run_receive, end \
    }

static const struct primitive all[] = {
    BOTH(536),
    BOTH(4096),
    BOTH(16384),
    BOTH(65536),
    BOTH(131072),
    {"receive", "nothing there", "", 0, "call", begin, run_again, end},
    {"tcp_facts", "TCP_INFO and SIOCOUTQNSD", "", 0, "link", begin, run_facts, end},
};

struct primitive_list primitive_sockets(void) {
    return (struct primitive_list){all, sizeof all / sizeof all[0]};
}
