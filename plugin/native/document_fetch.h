/* document_fetch - descriptors by their digests, fetched from the authorities: microdescriptors or server descriptors, some
 * tens in a request. What comes is what was asked for, because its digest is.
 *
 * Owner and thread: main, the thread of the event base. Bound: DOCUMENT_REQUESTS_MAX requests at a time; a document that
 * was not to be had DOCUMENT_TRIES_MAX times is left until it is asked for anew. */
#ifndef LOOM_NATIVE_DOCUMENT_FETCH_H
#define LOOM_NATIVE_DOCUMENT_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"

#define DOCUMENT_BATCH_MAX    92u /* as tor: what a request line of some kilobytes holds */
#define DOCUMENT_REQUESTS_MAX 3u
#define DOCUMENT_TRIES_MAX    8u

struct config;
struct crypt_provider;
struct event;
struct event_base;
struct http_client;

enum document_kind { DOCUMENT_MICRODESCRIPTOR, DOCUMENT_SERVER, DOCUMENT_KINDS };

/* A digest: SHA256, or SHA1 and zeros. */
struct document_id {
    uint8_t bytes[32];
};

struct document_fetch_shared {
    const struct config *config;
    const struct crypt_provider *crypt;
    struct event_base *base;
    struct http_client *http;
    void *context;
    /* One that was wanted. Valid during the call. */
    void (*take)(void *context, enum document_kind kind, const struct document_id *id, struct span text);
    /* Nothing is under way any more, and something has come since the last time. */
    void (*rest)(void *context, enum document_kind kind);
};

struct document_wanted {
    struct document_id id;
    uint8_t tries;
    bool is_asked; /* in a request, or given up, or here */
};

struct document_fetch;
struct document_batch {
    struct document_fetch *fetch;
    uint32_t count; /* 0: free */
    struct document_id ids[DOCUMENT_BATCH_MAX];
};

struct document_fetch {
    const struct document_fetch_shared *shared;
    enum document_kind kind;
    struct event *timer;
    uint32_t authority, failures;
    struct document_wanted *wanted; /* by id */
    uint32_t count, next;           /* next: before it all are asked */
    bool has_news;
    struct document_batch batches[DOCUMENT_REQUESTS_MAX];
};

/* False without memory; fini is right in both cases. */
MUST_USE bool document_fetch_init(struct document_fetch *fetch, const struct document_fetch_shared *shared,
                                  enum document_kind kind);
void document_fetch_fini(struct document_fetch *fetch);
/* Fetch these from now on, and nothing else. Copies ids. */
void document_fetch_want(struct document_fetch *fetch, const struct document_id *ids, uint32_t count);
/* What text is the digest of, as this kind is digested: signed_part is text for microdescriptors. */
void document_digest(const struct crypt_provider *crypt, enum document_kind kind, struct span signed_part,
                     struct document_id *out);
/* Take the next document of this kind off rest. False when there is none. */
MUST_USE bool document_cut(enum document_kind kind, struct span *rest, struct span *text_out,
                           struct span *signed_out);

#endif
