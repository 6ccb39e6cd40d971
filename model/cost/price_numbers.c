#include "cost/price_numbers.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/check.h"

/* Each counter of struct work once, under the source of its price. */
#define KERNEL(X)        \
    X(edge_bytes_in)     \
    X(edge_bytes_out)    \
    X(wakes)             \
    X(tcp_info_reads)    \
    X(tls_bytes_read)    \
    X(tls_bytes_written) \
    X(reads)             \
    X(writes)            \
    X(edge_reads)        \
    X(edge_writes)       \
    X(loop_turns)        \
    X(loop_sleeps)
#define LINK_CIPHER(X)     \
    X(tls_records_read)    \
    X(tls_records_written) \
    X(tls_aes256_bytes)    \
    X(tls_aes128_bytes)    \
    X(tls_chacha_bytes)
#define RELAY_CIPHER(X) \
    X(aes_bytes)        \
    X(digest_bytes)     \
    X(cgo_bytes)        \
    X(cgo_updates)      \
    X(crypt_runs)
#define PUBLIC_KEYS(X)    \
    X(handshakes_ntor)    \
    X(handshakes_ntor_v3) \
    X(handshakes_fast)    \
    X(handshakes_link)
#define RELAY_CODE(X)              \
    X(cells_received)              \
    X(cells_sent)                  \
    X(cells_crossed)               \
    X(bytes_received)              \
    X(bytes_sent)                  \
    X(circuit_switches)            \
    X(copy_bytes)                  \
    X(controls_posted)             \
    X(mailbox_flushes)             \
    X(scheduler_runs)              \
    X(scheduler_picks)             \
    X(padding_sent)                \
    X(circuits_opened)             \
    X(circuits_closed)             \
    X(circuits_congestion_control) \
    X(circuits_cgo)                \
    X(conflux_legs)                \
    X(conflux_messages)            \
    X(conflux_switches)            \
    X(xoffs_sent)                  \
    X(xons_sent)

struct number {
    const char *name;
    size_t offset, size; /* in struct cost_table */
    enum price_source source;
};

#define PLACE(member) offsetof(struct cost_table, member), sizeof(((struct cost_table *)NULL)->member)
#define WORK(name, source) \
    { #name, PLACE(ps.name), source }

static const struct number numbers[] = {
#define X(name) WORK(name, PRICE_KERNEL),
    KERNEL(X)
#undef X
#define X(name) WORK(name, PRICE_LINK_CIPHER),
        LINK_CIPHER(X)
#undef X
#define X(name) WORK(name, PRICE_RELAY_CIPHER),
            RELAY_CIPHER(X)
#undef X
#define X(name) WORK(name, PRICE_PUBLIC_KEYS),
                PUBLIC_KEYS(X)
#undef X
#define X(name) WORK(name, PRICE_RELAY_CODE),
                    RELAY_CODE(X)
#undef X
                        {"circuit_cold", PLACE(circuit_cold_ps), PRICE_CACHES},
    {"halves_hot", PLACE(halves_hot), PRICE_CACHES},
    {"cell_cold", PLACE(cell_cold_ps), PRICE_CACHES},
    {"edge_cold", PLACE(edge_cold_ps), PRICE_CACHES},
    {"queues_hot", PLACE(queues_hot), PRICE_CACHES},
    {"smt", PLACE(smt_permille), PRICE_SIBLING},
};

#define NUMBERS   ((uint32_t)(sizeof numbers / sizeof numbers[0]))
#define BESIDE_PS 6u /* numbers that are no price of a counter */

static_assert(sizeof numbers / sizeof numbers[0] == sizeof(struct cost_prices) / sizeof(uint64_t) + BESIDE_PS,
              "a number for each counter");

uint32_t price_numbers_count(void) {
    return NUMBERS;
}

const char *price_number_name(uint32_t number) {
    CHECK(number < NUMBERS);
    return numbers[number].name;
}

enum price_source price_number_source(uint32_t number) {
    CHECK(number < NUMBERS);
    return numbers[number].source;
}

const char *price_source_name(enum price_source source) {
    switch (source) {
    case PRICE_KERNEL: return "kernel";
    case PRICE_LINK_CIPHER: return "link cipher";
    case PRICE_RELAY_CIPHER: return "relay cipher";
    case PRICE_PUBLIC_KEYS: return "public keys";
    case PRICE_RELAY_CODE: return "relay code";
    case PRICE_CACHES: return "caches";
    case PRICE_SIBLING: return "hyperthreads";
    }
    CHECK(false);
    return "";
}

uint64_t price_number_get(const struct cost_table *table, uint32_t number) {
    CHECK(number < NUMBERS);
    const char *place = (const char *)table + numbers[number].offset;
    uint32_t small;
    uint64_t large;
    if (numbers[number].size == sizeof small) {
        memcpy(&small, place, sizeof small);
        return small;
    }
    memcpy(&large, place, sizeof large);
    return large;
}

void price_number_set(struct cost_table *table, uint32_t number, uint64_t value) {
    CHECK(number < NUMBERS);
    char *place = (char *)table + numbers[number].offset;
    uint32_t small = (uint32_t)value;
    if (numbers[number].size == sizeof small) {
        CHECK(small == value);
        memcpy(place, &small, sizeof small);
    } else {
        memcpy(place, &value, sizeof value);
    }
}
