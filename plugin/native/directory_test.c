#include "native/directory.h"

#include <event2/event.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "native/directory_cache.h"
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
};

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
    } else if (strstr(request, "/tor/status-vote/current/consensus-microdesc ")) {
        fake_put_consensus(&body, w->valid_after_s, w->interval_s);
        size_t whole = bytes_written(&body);
        for (uint32_t i = 0; i < w->signers; i++)
            fake_put_consensus_signature(&body, whole, &w->authorities[i], true);
    }
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

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int tear_down(void **state) {
    struct world *w = *state;
    for (uint32_t i = 0; i < VOTERS; i++) {
        fake_authority_fini(&w->authorities[i]);
        fake_server_fini(&w->servers[i]);
    }
    test_memory_fini(&w->memory);
    config_free(w->config);
    event_base_free(w->base);
    nftw(w->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
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

static struct directory *make(struct world *w) {
    const struct directory_options options = {.config = w->config,
                                              .crypt = openssl_provider(),
                                              .memory = &w->memory.memory,
                                              .base = w->base,
                                              .callbacks = {w, on_consensus, on_renew, on_bootstrapped}};
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
    directory_publish(d, "descriptor", 10);
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
        directory_publish(d, "descriptor", 10);
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
    directory_publish(d, "descriptor", 10);
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
    directory_publish(d, "descriptor", 10);
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
    directory_publish(d, "descriptor", 10);
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

int main(void) {
    signal(SIGPIPE, SIG_IGN); /* as the relay does */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bootstraps_from_good_authorities, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bootstraps_though_two_are_bad, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_few_signatures_are_not_believed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_rejected_descriptor_is_no_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(starts_with_what_was_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fetches_again_when_no_longer_fresh, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
