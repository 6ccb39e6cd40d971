#include "cost/mapping.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"

/* What the published prototype does on connection threads: each socket call, each TLS record, its event loop, and the
 * wakes by which it tells the main thread of cells. */
#define POC_OWN(X)         \
    X(handshakes_link)     \
    X(tls_records_read)    \
    X(tls_records_written) \
    X(tls_bytes_read)      \
    X(tls_bytes_written)   \
    X(tls_aes256_bytes)    \
    X(tls_aes128_bytes)    \
    X(tls_chacha_bytes)    \
    X(reads)               \
    X(writes)              \
    X(edge_bytes_in)       \
    X(edge_bytes_out)      \
    X(wakes)               \
    X(mailbox_flushes)     \
    X(loop_turns)

static void take_sockets(struct work *from, struct work *to) {
#define X(name)            \
    to->name = from->name; \
    from->name = 0;
    POC_OWN(X)
#undef X
}

void cost_mapping_split(enum cost_mapping mapping, const struct work *delta, struct work *own_out,
                        struct work *main_out) {
    const struct work all = *delta;
    memset(own_out, 0, sizeof(*own_out));
    memset(main_out, 0, sizeof(*main_out));
    switch (mapping) {
    case COST_VANILLA: *main_out = all; return;
    case COST_FULL: *own_out = all; return;
    case COST_POC:
        *main_out = all;
        take_sockets(main_out, own_out);
        return;
    }
    CHECK(false);
}

const char *cost_mapping_name(enum cost_mapping mapping) {
    switch (mapping) {
    case COST_VANILLA: return "vanilla";
    case COST_POC: return "poc";
    case COST_FULL: return "full";
    }
    CHECK(false);
    return "";
}
