/* Records of TLS 1.3 as the relay makes and takes them (tls_traffic), by cells in a record and by suite. As many are sealed
 * before they are opened as a burst has, so both work on what the nearer caches still have. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "native/heap.h"
#include "native/tls_traffic.h"
#include "primitives/primitive.h"
#include "wire/cell.h"

#define BURST_BYTES ((size_t)128 * 1024)
#define PIPE_ROOM   (BURST_BYTES + (size_t)256 * 64) /* and what records of one cell add */

struct rig {
    const struct primitive *primitive;
    struct tls_traffic *writer, *reader;
    struct tls_pipe out, in;
    uint32_t burst; /* records */
    uint8_t sent[PIPE_ROOM + TLS_RECORD_ROOM], plain[PIPE_ROOM + TLS_RECORD_ROOM];
};

static void *begin(const struct primitive *primitive, const char **reason_out) {
    static const struct tls_secret client = {.bytes = {1}, .length = 32},
                                   server = {.bytes = {2}, .length = 32};
    static const struct tls_secret client_long = {.bytes = {1}, .length = 48},
                                   server_long = {.bytes = {2}, .length = 48};
    const struct tls_suite *suite = tls_suite_find(primitive->variant);
    if (!suite) {
        *reason_out = "the relay has no such suite";
        return NULL;
    }
    bool is_long = suite->secret_length == 48;
    struct rig *rig = heap_new(sizeof *rig);
    rig->primitive = primitive;
    rig->burst = (uint32_t)(BURST_BYTES / (primitive->size * CELL_LEN));
    rig->writer =
        tls_traffic_new(suite, true, is_long ? &client_long : &client, is_long ? &server_long : &server);
    rig->reader =
        tls_traffic_new(suite, false, is_long ? &client_long : &client, is_long ? &server_long : &server);
    CHECK(rig->writer && rig->reader);
    return rig;
}

static void end(void *state) {
    struct rig *rig = state;
    tls_traffic_free(rig->writer);
    tls_traffic_free(rig->reader);
    free(rig);
}

static nsec seal_burst(struct rig *rig) {
    size_t length = (size_t)rig->primitive->size * CELL_LEN;
    rig->out = (struct tls_pipe){.out = rig->sent, .out_room = sizeof rig->sent};
    nsec from = cpu_now();
    for (uint32_t i = 0; i < rig->burst; i++)
        CHECK(tls_traffic_write(rig->writer, &rig->out, tls_traffic_place(rig->writer, &rig->out), length));
    return cpu_now() - from;
}

static nsec open_burst(struct rig *rig) {
    size_t length;
    uint64_t records = 0;
    rig->in = (struct tls_pipe){.in = rig->sent, .in_length = rig->out.out_length};
    nsec from = cpu_now();
    enum tls_result result =
        tls_traffic_read(rig->reader, &rig->in, rig->plain, sizeof rig->plain, &length, &records);
    nsec took = cpu_now() - from;
    CHECK(result == TLS_AGAIN && records == rig->burst);
    return took;
}

static nsec run(struct rig *rig, uint64_t units, uint64_t *units_done_out, bool is_seal) {
    nsec took = 0;
    uint64_t bursts = units / rig->burst + 1;
    for (uint64_t i = 0; i < bursts; i++) {
        nsec sealed = seal_burst(rig), opened = open_burst(rig);
        took += is_seal ? sealed : opened;
    }
    *units_done_out = bursts * rig->burst;
    return took;
}

static nsec run_seal(void *state, uint64_t units, uint64_t *units_done_out) {
    return run(state, units, units_done_out, true);
}

static nsec run_open(void *state, uint64_t units, uint64_t *units_done_out) {
    return run(state, units, units_done_out, false);
}

#define SEAL_OPEN(suite, cells)                                        \
    {"seal", suite, "cells", cells, "record", begin, run_seal, end}, { \
        "open", suite, "cells", cells, "record", begin, run_open, end  \
    }
#define SUITE(suite) SEAL_OPEN(suite, 1), SEAL_OPEN(suite, 8), SEAL_OPEN(suite, 31)

static const struct primitive all[] = {
    SUITE("TLS_AES_256_GCM_SHA384"),
    SUITE("TLS_AES_128_GCM_SHA256"),
    SUITE("TLS_CHACHA20_POLY1305_SHA256"),
};

struct primitive_list primitive_records(void) {
    return (struct primitive_list){all, sizeof all / sizeof all[0]};
}
