/* directory_world - a directory client among three authorities with a server each, for tests: what it asks them, and what it
 * says. */
#ifndef LOOM_SUPPORT_DIRECTORY_WORLD_H
#define LOOM_SUPPORT_DIRECTORY_WORLD_H

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "native/archive.h"
#include "native/directory.h"
#include "native/folder.h"
#include "native/small_document.h"
#include "support/fake_authority.h"
#include "support/fake_server.h"
#include "support/scratch.h"
#include "support/test.h"
#include "support/test_memory.h"
#include "wire/consensus.h"

#define VOTERS 3u
#define YEAR_S UINT64_C(31536000)

/* Three authorities with a server each, and what our directory client has said. */
struct world {
    struct event_base *base;
    struct config *config;
    struct fake_authority authorities[VOTERS];
    struct fake_server servers[VOTERS];
    struct test_memory memory;
    char folder[64];
    uint32_t signers; /* how many sign the consensus */
    uint64_t valid_after_s, interval_s;
    int upload_status;
    unsigned uploads;
    unsigned consensuses;
    unsigned bootstraps;
    struct archive *archive;    /* the last that was published */
    char requests[8192];        /* request lines of GETs, in order */
    bool has_lost_a_descriptor; /* the authorities do not have it */
};

#define MICRODESCRIPTOR "onion-key\nntor-onion-key x\n"
#define SERVER_SIGNED   "router one 1.2.3.4 1 0 0\nrouter-signature\n"
#define SERVER          SERVER_SIGNED "-----BEGIN SIGNATURE-----\nAAAA\n-----END SIGNATURE-----\n"
#define RELAY_ID        "AAoQ1DAR6kkoo19hBAX5K0QztNw"

static inline void world_put_digest(char out[static 64], const char *text, bool is_sha1) {
    const struct span span = span_of(text);
    uint8_t digest[SHA256_LEN];
    struct bytes_out base64 = bytes_out(out, 64);
    if (is_sha1)
        openssl_provider()->sha1(&span, 1, digest);
    else
        openssl_provider()->sha256(&span, 1, digest);
    text_put_base64(&base64, digest, is_sha1 ? SHA1_LEN : SHA256_LEN, BASE64_UNPADDED);
    bytes_put_u8(&base64, 0);
}

/* One relay, with the digests of the two documents above. */
static inline void world_put_consensus(struct world *w, struct bytes_out *body, bool is_microdesc) {
    char relays[512], digest[64];
    if (is_microdesc) {
        world_put_digest(digest, MICRODESCRIPTOR, false);
        snprintf(relays, sizeof(relays), "r one " RELAY_ID " 2038-01-01 00:00:00 1.2.3.4 1 0\nm %s\ns Fast\n",
                 digest);
    } else {
        world_put_digest(digest, SERVER_SIGNED, true);
        snprintf(relays, sizeof(relays), "r one " RELAY_ID " %s 2038-01-01 00:00:00 1.2.3.4 1 0\ns Fast\n",
                 digest);
    }
    fake_put_consensus_of(body, is_microdesc ? " microdesc" : "", w->valid_after_s, w->interval_s, relays);
    size_t whole = bytes_written(body);
    for (uint32_t i = 0; i < w->signers; i++)
        fake_put_consensus_signature(body, whole, &w->authorities[i], is_microdesc);
}

static inline void world_answer(void *context, const char *request, struct evbuffer *out) {
    struct world *w = context;
    char text[32768];
    struct bytes_out body = bytes_out(text, sizeof(text));
    if (strncmp(request, "POST /tor/ ", 11) == 0) {
        w->uploads++;
        evbuffer_add_printf(out, "HTTP/1.0 %d [None]\r\n\r\n", w->upload_status);
        return;
    }
    if (strstr(request, "/tor/keys/all ")) {
        for (uint32_t i = 0; i < VOTERS; i++)
            fake_put_certificate(&body, &w->authorities[i], w->authorities[i].signing, 1000,
                                 (uint64_t)time(NULL) + YEAR_S);
    } else if (strstr(request, "/tor/status-vote/current/consensus")) {
        world_put_consensus(w, &body, strstr(request, "-microdesc ") != NULL);
    } else if (strstr(request, "/tor/micro/d/") && !w->has_lost_a_descriptor) {
        text_put(&body, "onion-key\nanother one\n" MICRODESCRIPTOR);
    } else if (strstr(request, "/tor/server/d/")) {
        text_put(&body, SERVER);
    }
    size_t length = strlen(w->requests);
    snprintf(w->requests + length, sizeof(w->requests) - length, "%s\n", request);
    evbuffer_add_printf(out, "HTTP/1.0 200 OK\r\nContent-Length: %zu\r\n\r\n", bytes_written(&body));
    evbuffer_add(out, text, bytes_written(&body));
}

static inline int world_set_up(void **state) {
    struct world *w = calloc(1, sizeof(*w));
    *state = w;
    if (!scratch_folder("loom-directory", w->folder, sizeof w->folder))
        return -1;
    test_memory_init(&w->memory);
    w->base = event_base_new();
    w->config = config_new();
    w->config->testing_network = true;
    w->config->dir_cache = false;
    w->config->data_directory = strdup(w->folder);
    w->signers = VOTERS;
    w->upload_status = 200;
    w->valid_after_s = (uint64_t)time(NULL);
    w->interval_s = 3600;
    for (uint32_t i = 0; i < VOTERS; i++) {
        fake_authority_init(&w->authorities[i]);
        fake_server_init(&w->servers[i], w->base);
        w->servers[i].answer = world_answer;
        w->servers[i].context = w;
        fake_authority_configure(&w->authorities[i], w->config, w->servers[i].port);
    }
    return 0;
}

static inline int world_tear_down(void **state) {
    struct world *w = *state;
    for (uint32_t i = 0; i < VOTERS; i++) {
        fake_authority_fini(&w->authorities[i]);
        fake_server_fini(&w->servers[i]);
    }
    archive_drop(w->archive);
    test_memory_fini(&w->memory);
    config_free(w->config);
    event_base_free(w->base);
    assert_true(folder_remove(w->folder));
    free(w);
    return 0;
}

static inline void world_on_consensus(void *context, const struct consensus *consensus) {
    struct world *w = context;
    assert_int_equal(consensus->relay_count, 1);
    w->consensuses++;
}

static inline void world_on_renew(void *context) {
    (void)context;
}

static inline void world_on_bootstrapped(void *context) {
    struct world *w = context;
    w->bootstraps++;
    event_base_loopexit(w->base, NULL);
}

static inline void world_on_archive(void *context, struct archive *archive) {
    struct world *w = context;
    archive_drop(w->archive);
    w->archive = archive;
}

/* The workers of these tests are quick. */
static inline bool world_do_at_once(void *context, struct task *task) {
    (void)context;
    task->run(task);
    task->finish(task, true);
    return true;
}

static inline struct directory *world_make_directory(struct world *w) {
    const struct directory_options options = {
        .config = w->config,
        .crypt = openssl_provider(),
        .memory = &w->memory.memory,
        .base = w->base,
        .tasks = {world_do_at_once, NULL},
        .callbacks = {w, world_on_consensus, world_on_renew, world_on_archive, world_on_bootstrapped}};
    struct directory *d = directory_new(&options);
    assert_non_null(d);
    return d;
}

/* Until it has bootstrapped, at most so long. */
static inline void world_run(struct world *w, int seconds) {
    const struct timeval limit = {seconds, 0};
    event_base_loopexit(w->base, &limit);
    event_base_dispatch(w->base);
}

static inline const struct archive_item *world_item(const struct world *w, enum archive_table_kind kind) {
    const struct archive_table *table = w->archive ? w->archive->tables[kind] : NULL;
    return table && table->count == 1 ? &table->items[0] : NULL;
}

static inline bool world_has_consensus(const struct world *w, enum consensus_flavour flavour,
                                       enum http_encoding encoding) {
    return w->archive && w->archive->consensuses[flavour].text.by_encoding[encoding];
}

static inline bool world_is_complete(const struct world *w) {
    for (unsigned flavour = 0; flavour < ARCHIVE_FLAVOURS; flavour++)
        if (!world_has_consensus(w, flavour, HTTP_LZMA) || !world_has_consensus(w, flavour, HTTP_DEFLATE))
            return false;
    return world_item(w, ARCHIVE_MICRODESCRIPTORS) && world_item(w, ARCHIVE_SERVERS) &&
           w->archive->own_descriptor;
}

static inline bool world_has_both(const struct world *w) {
    return w->archive && packed_document_is_there(&w->archive->consensuses[CONSENSUS_NS].text) &&
           world_item(w, ARCHIVE_SERVERS) && world_item(w, ARCHIVE_MICRODESCRIPTORS);
}

static inline bool world_is_text(const struct document *document, const char *text) {
    uint8_t room[4096];
    assert_true(document_text_length(document) <= sizeof room);
    small_document_read(document, room);
    return span_is((struct span){room, document_text_length(document)}, text);
}

/* Turn until it is so, at most ten seconds. */
static inline void world_run_until(struct world *w, bool (*is_so)(const struct world *w)) {
    const time_t end = time(NULL) + 10;
    const struct timeval step = {0, 20000};
    while (!is_so(w) && time(NULL) < end) {
        event_base_loopexit(w->base, &step);
        event_base_dispatch(w->base);
    }
    assert_true(is_so(w));
}

#endif
