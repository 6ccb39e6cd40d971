/* one_link - a relay without threads of its own, and a peer that has a link to it (or two). */
#ifndef LOOM_SUPPORT_ONE_LINK_H
#define LOOM_SUPPORT_ONE_LINK_H

#include "support/relay_bench.h"
#include "support/test.h"
#include "support/test_memory.h"

#define CIRC 0x80000001u /* the peer dialled us: its ids have the high bit */

struct one_link {
    struct test_memory memory;
    struct bench b;
    struct symbolic_identity id;
    struct bench_peer peer, other;
};

/* Everything in the main thread: manager 0 has the links. */
static inline void one_link_init_with(struct one_link *f, void (*adjust)(struct relay_config *config)) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    bench_init(&f->b, &f->memory.memory, 0);
    if (adjust)
        adjust(&f->b.config);
    assert_true(bench_start(&f->b));
    symbolic_identity_make(&f->id, f->b.crypt, 2);
}

static inline void one_link_init(struct one_link *f) {
    one_link_init_with(f, NULL);
    peer_connect(&f->peer, &f->b, &f->id);
}

static inline void one_link_fini(struct one_link *f) {
    peer_free(&f->peer);
    peer_free(&f->other);
    bench_stop(&f->b);
    test_memory_fini(&f->memory);
}

static inline struct manager *one_link_manager(struct one_link *f) {
    return bench_manager(&f->b, 0);
}

#endif
