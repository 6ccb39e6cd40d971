/* directory - our dealings with the authorities: the descriptor goes to each of them; certificates, the microdesc consensus
 * and, for a cache, the other flavour and all descriptors come from one of them, over their DirPorts. Composes
 * descriptor_upload, consensus_fetch, document_fetch and directory_store.
 *
 * The last good documents are kept in the data directory under tor's names. What an authority answers is bounded in size and
 * time, and believed only when more than half of the authorities signed, or when its digest is the one that they signed.
 * Owner and thread: main, the thread of the event base. */
#ifndef LOOM_NATIVE_DIRECTORY_H
#define LOOM_NATIVE_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "native/complaint.h"
#include "native/task.h"

struct archive;
struct config;
struct consensus;
struct crypt_provider;
struct directory;
struct event_base;

#define DIRECTORY_REPUBLISH_S \
    (18u * 3600u) /* dir-spec 2.1: a descriptor is uploaded again at least this often */

struct directory_callbacks {
    void *context;
    /* A consensus that enough authorities signed. Valid during the call: copy what is needed (consensus_views.h). */
    void (*consensus)(void *context, const struct consensus *consensus);
    /* The published descriptor is DIRECTORY_REPUBLISH_S old: make a new one and publish it. */
    void (*renew_descriptor)(void *context);
    /* There is something new to serve. Hands over a reference. Only for a cache. */
    void (*archive)(void *context, struct archive *archive);
    /* Once: an authority took the descriptor, and a consensus is there. */
    void (*bootstrapped)(void *context);
};

struct directory_options {
    const struct config *config;        /* borrowed */
    const struct crypt_provider *crypt; /* borrowed */
    const struct memory *memory;        /* borrowed; of any thread */
    struct event_base *base;            /* borrowed */
    struct task_queue tasks;            /* of work that takes long */
    struct directory_callbacks callbacks;
};

/* Reads what the data directory has kept; calls nothing back yet. NULL without memory. */
MUST_USE struct directory *directory_new(const struct directory_options *options);
/* Not from within a callback. NULL is fine. */
/* Fetch and upload nothing until it is told otherwise; what is under way goes on. */
void directory_rest(struct directory *directory, bool rests);
/* Add the bytes of all fetches and uploads to totals. */
void directory_bytes(const struct directory *directory, uint64_t *read, uint64_t *written);
void directory_free(struct directory *directory);
/* Begin: a consensus that was kept is called back on the next turn of the loop, and fetching starts. */
void directory_start(struct directory *directory);
/* The wall clock was set: what is fresh is judged anew. */
void directory_clock_jumped(struct directory *directory);
/* Upload this descriptor, with the extra-info document behind it, to all authorities, unless PublishServerDescriptor
 * is 0. Copies text: length bytes, of which the first descriptor_length are the descriptor. */
void directory_publish(struct directory *directory, const char *text, size_t descriptor_length,
                       size_t length);

/* For metrics and the heartbeat. */
struct directory_status {
    uint32_t authorities; /* that we upload to */
    uint32_t accepted;    /* that took the current descriptor */
    bool has_consensus;
    uint64_t valid_after_s, fresh_until_s, valid_until_s;
    uint32_t relays;
    uint64_t fetch_failures;
    uint64_t diffs_applied; /* consensuses that came as diffs */
    uint32_t microdescriptors_missing, servers_missing;
    bool is_stale;  /* it lists an old descriptor of ours (StaleDesc) */
    bool is_listed; /* our identity is in the consensus: set by directory_set_identity */
};
void directory_status(const struct directory *directory, struct directory_status *out);
/* Whom to look for in consensuses. */
void directory_set_identity(struct directory *directory, const uint8_t rsa_id[static 20]);

#endif
