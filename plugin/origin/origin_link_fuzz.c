/* Arbitrary bytes from a guard, at once or in pieces, after none, some or all of the handshake. */
#include "origin/origin_link.h"

#include <string.h>

#include "support/fuzz.h"
#include "support/guard_bench.h"

#define CIRCUITS 3u

static void begin_circuits(struct guard_bench *g) {
    struct origin_target target;
    origin_bench_target(&g->b, 0, &target);
    for (unsigned i = 0; i < CIRCUITS; i++) {
        struct origin_circuit *c = origin_link_circuit(g->link, 0, &target);
        CHECK((c != NULL) == (g->link->state == ORIGIN_LINK_OPEN));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct guard_bench g;
    struct bytes_in in = bytes_in(data, size);
    uint8_t begin = bytes_u8(&in);
    size_t piece = 1 + (size_t)bytes_u8(&in) * 4;
    guard_bench_init(&g, 0);
    guard_bench_write(&g, UINT32_MAX);
    if (begin & 1)
        guard_bench_run(&g, GUARD_BYTES_MAX);
    if (begin & 2)
        begin_circuits(&g);
    if (begin & 4)
        guard_bench_run(&g, GUARD_BYTES_MAX);
    size_t length = bytes_left(&in) < GUARD_BYTES_MAX / 2 ? bytes_left(&in) : GUARD_BYTES_MAX / 2;
    g.to_origin_length = 0;
    guard_put(&g, in.next, length);
    guard_bench_deliver(&g, piece);
    CHECK(g.link->state != ORIGIN_LINK_CLOSED || !g.link->handshake);
    origin_bench_listen(&g.b, UINT32_MAX);
    guard_bench_write(&g, 50);
    guard_bench_fini(&g);
    return 0;
}
