#include "native/directory.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "native/archive.h"
#include "native/directory_cache.h"
#include "native/folder.h"
#include "support/fake_authority.h"
#include "support/fake_server.h"
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

static void put_digest(char out[static 64], const char *text, bool is_sha1) {
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
static void put_consensus(struct world *w, struct bytes_out *body, bool is_microdesc) {
    char relays[512], digest[64];
    if (is_microdesc) {
        put_digest(digest, MICRODESCRIPTOR, false);
        snprintf(relays, sizeof(relays), "r one " RELAY_ID " 2038-01-01 00:00:00 1.2.3.4 1 0\nm %s\ns Fast\n",
                 digest);
    } else {
        put_digest(digest, SERVER_SIGNED, true);
        snprintf(relays, sizeof(relays), "r one " RELAY_ID " %s 2038-01-01 00:00:00 1.2.3.4 1 0\ns Fast\n",
                 digest);
    }
    fake_put_consensus_of(body, is_microdesc ? " microdesc" : "", w->valid_after_s, w->interval_s, relays);
    size_t whole = bytes_written(body);
    for (uint32_t i = 0; i < w->signers; i++)
        fake_put_consensus_signature(body, whole, &w->authorities[i], is_microdesc);
}

static void answer(void *context, const char *request, struct evbuffer *out) {
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
        put_consensus(w, &body, strstr(request, "-microdesc ") != NULL);
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

static int set_up(void **state) {
    struct world *w = calloc(1, sizeof(*w));
    *state = w;
    snprintf(w->folder, sizeof(w->folder), "/tmp/loom-directory-XXXXXX");
    if (!mkdtemp(w->folder))
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
        w->servers[i].answer = answer;
        w->servers[i].context = w;
        fake_authority_configure(&w->authorities[i], w->config, w->servers[i].port);
    }
    return 0;
}

static int tear_down(void **state) {
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

static void on_consensus(void *context, const struct consensus *consensus) {
    struct world *w = context;
    assert_int_equal(consensus->relay_count, 1);
    w->consensuses++;
}

static void on_renew(void *context) {
    (void)context;
}

static void on_bootstrapped(void *context) {
    struct world *w = context;
    w->bootstraps++;
    event_base_loopexit(w->base, NULL);
}

static void on_archive(void *context, struct archive *archive) {
    struct world *w = context;
    archive_drop(w->archive);
    w->archive = archive;
}

/* The workers of these tests are quick. */
static bool do_at_once(void *context, struct task *task) {
    (void)context;
    task->run(task);
    task->finish(task, true);
    return true;
}

static struct directory *make(struct world *w) {
    const struct directory_options options = {
        .config = w->config,
        .crypt = openssl_provider(),
        .memory = &w->memory.memory,
        .base = w->base,
        .tasks = {do_at_once, NULL},
        .callbacks = {w, on_consensus, on_renew, on_archive, on_bootstrapped}};
    struct directory *d = directory_new(&options);
    assert_non_null(d);
    return d;
}

/* Until it has bootstrapped, at most so long. */
static void run(struct world *w, int seconds) {
    const struct timeval limit = {seconds, 0};
    event_base_loopexit(w->base, &limit);
    event_base_dispatch(w->base);
}

static void bootstraps_from_good_authorities(void **state) {
    struct world *w = *state;
    struct directory_status status;
    struct directory *d = make(w);
    directory_publish(d, "descriptor", 10, 10);
    directory_start(d);
    run(w, 10);
    assert_int_equal(w->bootstraps, 1);
    assert_int_equal(w->consensuses, 1);
    directory_status(d, &status);
    assert_true(status.has_consensus);
    assert_int_equal(status.relays, 1);
    assert_int_equal(status.fresh_until_s, w->valid_after_s + 3600);
    assert_true(status.accepted >= 1);
    directory_free(d);
}

static void bootstraps_though_two_are_bad(void **state) {
    struct world *w = *state;
    static const enum fake_mood moods[] = {FAKE_CLOSING, FAKE_RUBBISH, FAKE_ENDLESS};
    for (size_t i = 0; i < COUNT(moods); i++) {
        w->servers[i].mood = moods[i];
        w->servers[(i + 1) % VOTERS].mood = FAKE_GOOD;
        w->servers[(i + 2) % VOTERS].mood = moods[(i + 1) % VOTERS];
        struct directory *d = make(w);
        directory_publish(d, "descriptor", 10, 10);
        directory_start(d);
        run(w, 20);
        assert_int_equal(w->bootstraps, i + 1);
        directory_free(d);
    }
}

static void too_few_signatures_are_not_believed(void **state) {
    struct world *w = *state;
    struct directory_status status;
    w->signers = VOTERS / 2;
    struct directory *d = make(w);
    directory_publish(d, "descriptor", 10, 10);
    directory_start(d);
    run(w, 3);
    directory_status(d, &status);
    assert_int_equal(w->bootstraps, 0);
    assert_int_equal(w->consensuses, 0);
    assert_false(status.has_consensus);
    assert_true(status.fetch_failures >= 1);
    assert_int_equal(status.accepted, VOTERS);
    directory_free(d);
}

static void a_rejected_descriptor_is_no_start(void **state) {
    struct world *w = *state;
    w->upload_status = 400;
    struct directory *d = make(w);
    directory_publish(d, "descriptor", 10, 10);
    directory_start(d);
    run(w, 3);
    assert_int_equal(w->consensuses, 1);
    assert_int_equal(w->bootstraps, 0);
    assert_int_equal(w->uploads, VOTERS); /* once each: it will not be liked better soon */
    directory_free(d);
}

static void starts_with_what_was_kept(void **state) {
    struct world *w = *state;
    struct directory *d = make(w);
    directory_publish(d, "descriptor", 10, 10);
    directory_start(d);
    run(w, 10);
    directory_free(d);
    assert_int_equal(w->consensuses, 1);

    for (uint32_t i = 0; i < VOTERS; i++)
        w->servers[i].mood = FAKE_CLOSING;
    d = make(w);
    directory_start(d);
    assert_int_equal(w->consensuses, 2); /* without asking anybody */
    directory_free(d);

    /* A damaged file is passed over. */
    directory_cache_write(w->config, DIRECTORY_CACHE_CONSENSUS, span_of("network-status-version 3\n"));
    d = make(w);
    directory_start(d);
    assert_int_equal(w->consensuses, 2);
    directory_free(d);
}

static void fetches_again_when_no_longer_fresh(void **state) {
    struct world *w = *state;
    w->interval_s = 2;
    struct directory *d = make(w);
    directory_start(d);
    run(w, 6);
    assert_true(w->consensuses >= 2);
    directory_free(d);
}

/* --- the cache ---------------------------------------------------------------------------------------------------- */

static const struct archive_item *item_of(const struct world *w, enum archive_table_kind kind) {
    const struct archive_table *table = w->archive ? w->archive->tables[kind] : NULL;
    return table && table->count == 1 ? &table->items[0] : NULL;
}

static bool has_consensus(const struct world *w, enum consensus_flavour flavour,
                          enum http_encoding encoding) {
    return w->archive && w->archive->consensuses[flavour].text.by_encoding[encoding];
}

static bool is_complete(const struct world *w) {
    for (unsigned flavour = 0; flavour < ARCHIVE_FLAVOURS; flavour++)
        for (unsigned encoding = 0; encoding < HTTP_ENCODINGS; encoding++)
            if (!has_consensus(w, flavour, encoding))
                return false;
    return item_of(w, ARCHIVE_MICRODESCRIPTORS) && item_of(w, ARCHIVE_SERVERS) && w->archive->own_descriptor;
}

static bool has_diff(const struct world *w) {
    return w->archive && w->archive->consensuses[CONSENSUS_MICRODESC].diff_count > 0;
}

static bool has_both(const struct world *w) {
    return has_consensus(w, CONSENSUS_NS, HTTP_IDENTITY) && item_of(w, ARCHIVE_SERVERS) &&
           item_of(w, ARCHIVE_MICRODESCRIPTORS);
}

/* Turn until it is so, at most ten seconds. */
static void run_until(struct world *w, bool (*is_so)(const struct world *w)) {
    const time_t end = time(NULL) + 10;
    const struct timeval step = {0, 20000};
    while (!is_so(w) && time(NULL) < end) {
        event_base_loopexit(w->base, &step);
        event_base_dispatch(w->base);
    }
    assert_true(is_so(w));
}

static void a_cache_gathers_all(void **state) {
    struct world *w = *state;
    struct directory_status status;
    w->config->dir_cache = true;
    struct directory *d = make(w);
    directory_publish(d, "descriptor", 10, 10);
    directory_start(d);
    run_until(w, is_complete);
    assert_true(span_is(document_span(item_of(w, ARCHIVE_MICRODESCRIPTORS)->document), MICRODESCRIPTOR));
    assert_true(span_is(document_span(item_of(w, ARCHIVE_SERVERS)->document), SERVER));
    assert_true(span_is(document_span(item_of(w, ARCHIVE_SERVERS_BY_IDENTITY)->document), SERVER));
    assert_true(span_is(document_span(w->archive->own_descriptor), "descriptor"));
    assert_int_equal(w->archive->tables[ARCHIVE_CERTIFICATES]->count, VOTERS);
    assert_int_equal(w->archive->consensuses[CONSENSUS_NS].signer_count, VOTERS);
    directory_status(d, &status);
    assert_int_equal(status.microdescriptors_missing + status.servers_missing, 0);
    directory_free(d);

    /* Another run has it all without asking. */
    archive_drop(w->archive);
    w->archive = NULL;
    w->requests[0] = '\0';
    d = make(w);
    directory_start(d);
    run_until(w, has_both);
    assert_string_equal(w->requests, "");
    directory_free(d);
}

static void what_an_authority_lacks_is_asked_for_again(void **state) {
    struct world *w = *state;
    struct directory_status status;
    w->config->dir_cache = true;
    w->has_lost_a_descriptor = true;
    struct directory *d = make(w);
    directory_start(d);
    run(w, 1);
    directory_status(d, &status);
    assert_int_equal(status.microdescriptors_missing, 1);
    w->has_lost_a_descriptor = false;
    run_until(w, has_both);
    directory_status(d, &status);
    assert_int_equal(status.microdescriptors_missing, 0);
    directory_free(d);
}

static void diffs_lead_from_one_consensus_to_the_next(void **state) {
    struct world *w = *state;
    uint8_t before[32];
    w->config->dir_cache = true;
    w->interval_s = 2;
    struct directory *d = make(w);
    directory_start(d);
    run_until(w, has_both);
    const struct archive_consensus *c = &w->archive->consensuses[CONSENSUS_MICRODESC];
    assert_int_equal(c->diff_count, 0);
    memcpy(before, c->signed_digest, sizeof(before));
    w->valid_after_s += 2;
    w->signers = 2;
    run_until(w, has_diff);
    c = &w->archive->consensuses[CONSENSUS_MICRODESC];
    assert_memory_equal(c->diffs[0].base, before, sizeof(before));
    assert_true(span_starts(document_span(c->diffs[0].text.by_encoding[HTTP_IDENTITY]),
                            "network-status-diff-version 1\n"));
    assert_non_null(c->diffs[0].text.by_encoding[HTTP_LZMA]);
    directory_free(d);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN); /* as the relay does */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bootstraps_from_good_authorities, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bootstraps_though_two_are_bad, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_few_signatures_are_not_believed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_rejected_descriptor_is_no_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(starts_with_what_was_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fetches_again_when_no_longer_fresh, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cache_gathers_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_an_authority_lacks_is_asked_for_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(diffs_lead_from_one_consensus_to_the_next, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
