/* consensus_fetch - one flavour of the consensus, fetched from the authorities whenever the last one is no longer fresh, and
 * believed when more than half of them have signed; and the certificates that this needs.
 *
 * When: at once, then in the first half of the interval after it stopped being fresh (dir-spec 5.1); after failures with a
 * growing pause, from the next authority. With a consensus in hand a diff is asked for.
 * Owner and thread: main, the thread of the event base. Bound: one request at a time, CONSENSUS_BYTES_MAX. */
#ifndef LOOM_NATIVE_CONSENSUS_FETCH_H
#define LOOM_NATIVE_CONSENSUS_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "wire/consensus.h"

struct authority_keys;
struct config;
struct consensus_fetch;
struct crypt_provider;
struct document;
struct event;
struct event_base;
struct http_client;

#define CERTIFICATES_BYTES_MAX (1u << 20) /* nine authorities with tens of certificates each */

/* What the fetches of both flavours share; borrowed throughout. */
struct consensus_fetch_shared {
    const struct config *config;
    const struct crypt_provider *crypt;
    const struct memory *memory;
    struct event_base *base;
    struct http_client *http;
    struct authority_keys *keys;
    void *context;
    /* A consensus that enough authorities signed, and its text. Valid during the call. */
    void (*consensus)(void *context, const struct consensus *consensus, struct span text);
    /* Certificates, some of them new and good. */
    void (*certificates)(void *context, struct span text);
};

struct consensus_fetch {
    const struct consensus_fetch_shared *shared;
    enum consensus_flavour flavour;
    struct event *timer;
    uint32_t authority; /* whose turn it is */
    uint32_t failures;  /* in a row */
    uint64_t failures_ever;
    uint64_t diffs; /* that were applied */
    bool needs_keys;
    bool has_consensus;
    uint64_t valid_after_s, fresh_until_s, valid_until_s;
    struct document *packed; /* the consensus, what diffs begin with, by zstd */
    uint8_t signed_digest[32];
};

/* False without memory; fini is right in both cases. */
MUST_USE bool consensus_fetch_init(struct consensus_fetch *fetch, const struct consensus_fetch_shared *shared,
                                   enum consensus_flavour flavour);
void consensus_fetch_fini(struct consensus_fetch *fetch);
/* Take a text that was kept from the last run: it is judged as any other. True when it is good. */
bool consensus_fetch_offer(struct consensus_fetch *fetch, struct span text);
/* Begin: now, or when the consensus in hand gets old. */
void consensus_fetch_start(struct consensus_fetch *fetch);
/* The wall clock was set: when to ask next is worked out anew. */
void consensus_fetch_clock_jumped(struct consensus_fetch *fetch);

#endif
