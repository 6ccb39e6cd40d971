#include "native/directory_store.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "native/config.h"
#include "native/document_shelf.h"
#include "native/openssl_provider.h"
#include "support/fake_authority.h"
#include "support/test.h"
#include "support/test_memory.h"
#include "wire/consensus.h"
#include "wire/text.h"

#define NOW 1700000000u

struct world {
    struct event_base *base;
    struct config *config;
    struct test_memory memory;
    struct directory_store *store;
    struct archive *archive; /* the last that was published */
    struct task *held;       /* tasks, last first, while the workers do not take any or are slow */
    bool takes_tasks, is_slow;
    unsigned published;
};

static bool submit(void *context, struct task *task) {
    struct world *w = context;
    if (!w->takes_tasks)
        return false;
    if (w->is_slow) {
        task->next = w->held;
        w->held = task;
        return true;
    }
    task->run(task);
    task->finish(task, true);
    return true;
}

static void on_publish(void *context, struct archive *archive) {
    struct world *w = context;
    archive_drop(w->archive);
    w->archive = archive;
    w->published++;
}

static void set_up(struct world *w, bool is_cache) {
    *w = (struct world){.base = event_base_new(), .config = config_new(), .takes_tasks = true};
    w->config->data_directory = strdup("/nonexistent");
    test_memory_init(&w->memory);
    const struct directory_store_options options = {.config = w->config,
                                                    .crypt = openssl_provider(),
                                                    .memory = &w->memory.memory,
                                                    .base = w->base,
                                                    .tasks = {submit, w},
                                                    .is_cache = is_cache,
                                                    .context = w,
                                                    .publish = on_publish};
    w->store = directory_store_new(&options);
    assert_non_null(w->store);
}

static void tear_down(struct world *w) {
    while (w->held) {
        struct task *task = w->held;
        w->held = task->next;
        task->finish(task, false);
    }
    directory_store_free(w->store);
    archive_drop(w->archive);
    test_memory_fini(&w->memory);
    config_free(w->config);
    event_base_free(w->base);
}

static void turn(struct world *w, long milliseconds) {
    const struct timeval step = {milliseconds / 1000, milliseconds % 1000 * 1000};
    event_base_loopexit(w->base, &step);
    event_base_dispatch(w->base);
}

static const char *micro(unsigned i) {
    static char text[64];
    snprintf(text, sizeof text, "onion-key\nid %u\n", i);
    return text;
}

static struct document_id micro_id(unsigned i) {
    struct document_id id;
    document_digest(openssl_provider(), DOCUMENT_MICRODESCRIPTOR, span_of(micro(i)), &id);
    return id;
}

/* A consensus of this hour that lists microdescriptors from to to; nobody looks at its signature here. */
static void take_consensus(struct world *w, unsigned hour, unsigned from, unsigned to) {
    char text[4096], digest[64];
    struct consensus c;
    uint8_t rsa_id[20] = {0};
    struct bytes_out out = bytes_out(text, sizeof text);
    text_put(&out, "network-status-version 3 microdesc\nvote-status consensus\nvalid-after ");
    text_put_time(&out, NOW + hour * 3600);
    text_put(&out, "\nfresh-until ");
    text_put_time(&out, NOW + hour * 3600 + 3600);
    text_put(&out, "\nvalid-until ");
    text_put_time(&out, NOW + hour * 3600 + 10800);
    for (unsigned i = from; i < to; i++) {
        struct document_id id = micro_id(i);
        struct bytes_out m = bytes_out(digest, sizeof digest);
        text_put_base64(&m, id.bytes, 32, BASE64_UNPADDED);
        rsa_id[0] = (uint8_t)(i + 1);
        text_put(&out, "\nr one ");
        text_put_base64(&out, rsa_id, 20, BASE64_UNPADDED);
        text_put(&out, " 2038-01-01 00:00:00 1.2.3.4 1 0\nm ");
        bytes_put(&out, digest, bytes_written(&m));
    }
    text_put(&out, "\ndirectory-footer\ndirectory-signature sha256 "
                   "0102030405060708090A0B0C0D0E0F1011121314 0102030405060708090A0B0C0D0E0F1011121314\n"
                   "-----BEGIN SIGNATURE-----\nAAAA\n-----END SIGNATURE-----\n");
    struct span span = {(const uint8_t *)text, bytes_written(&out)};
    assert_int_equal(consensus_parse(span, &w->memory.memory, &c), ERR_OK);
    directory_store_take_consensus(w->store, &c, span, NOW + hour * 3600, true);
    consensus_fini(&c);
}

static void take_micro(struct world *w, unsigned i) {
    struct document_id id = micro_id(i);
    directory_store_take_document(w->store, DOCUMENT_MICRODESCRIPTOR, &id, span_of(micro(i)));
}

static uint32_t missing(const struct world *w) {
    uint32_t count;
    free(directory_store_missing(w->store, DOCUMENT_MICRODESCRIPTOR, &count));
    return count;
}

static uint32_t served(const struct world *w) {
    const struct archive_table *table = w->archive->tables[ARCHIVE_MICRODESCRIPTORS];
    return table ? table->count : 0;
}

static void changes_are_published_together(UNUSED void **state) {
    struct world w;
    set_up(&w, true);
    take_consensus(&w, 0, 0, 5);
    assert_int_equal(missing(&w), 5);
    for (unsigned i = 0; i < 3; i++)
        take_micro(&w, i);
    assert_int_equal(missing(&w), 2);
    assert_int_equal(w.published, 0);
    turn(&w, 300);
    assert_int_equal(w.published, 1);
    assert_int_equal(served(&w), 3);
    assert_int_equal(missing(&w), 2);
    assert_int_equal(directory_store_listed(w.store, DOCUMENT_MICRODESCRIPTOR), 5);
    assert_int_equal(w.archive->consensuses[CONSENSUS_MICRODESC].signers[0][1], 2);
    turn(&w, 300);
    assert_int_equal(w.published, 1); /* nothing is new */
    tear_down(&w);
}

static void what_is_served_stays_while_the_next_is_made(UNUSED void **state) {
    struct world w;
    set_up(&w, true);
    take_consensus(&w, 0, 0, 3);
    take_micro(&w, 0);
    turn(&w, 300);
    struct archive *before = archive_keep(w.archive);
    take_micro(&w, 1);
    take_consensus(&w, 1, 0, 3);
    assert_int_equal(before->tables[ARCHIVE_MICRODESCRIPTORS]->count, 1);
    assert_int_equal(before->consensuses[CONSENSUS_MICRODESC].valid_after_s, NOW);
    turn(&w, 300);
    assert_int_equal(before->tables[ARCHIVE_MICRODESCRIPTORS]->count, 1);
    assert_int_equal(served(&w), 2);
    archive_drop(before);
    tear_down(&w);
}

static void documents_stay_a_while_after_they_were_listed(UNUSED void **state) {
    struct world w;
    set_up(&w, true);
    take_consensus(&w, 0, 0, 2);
    take_micro(&w, 0);
    take_micro(&w, 1);
    turn(&w, 300);
    take_consensus(&w, 1, 1, 3);
    take_micro(&w, 2);
    turn(&w, 300);
    assert_int_equal(served(&w), 3);
    assert_int_equal(missing(&w), 0);
    for (uint32_t i = 0; i < 3; i++) /* as if it were long ago that they were noted */
        w.archive->tables[ARCHIVE_MICRODESCRIPTORS]->items[i].published_s -=
            DIRECTORY_UNLISTED_INTERVALS * 3600 + 1;
    take_consensus(&w, 2, 1, 3);
    turn(&w, 300);
    assert_int_equal(served(&w), 2);
    tear_down(&w);
}

static void diffs_begin_with_the_last_consensuses(UNUSED void **state) {
    struct world w;
    set_up(&w, true);
    for (unsigned hour = 0; hour < ARCHIVE_DIFFS_MAX + 6; hour++)
        take_consensus(&w, hour, 0, 3);
    turn(&w, 300);
    const struct archive_consensus *c = &w.archive->consensuses[CONSENSUS_MICRODESC];
    assert_int_equal(c->diff_count, ARCHIVE_DIFFS_MAX);
    assert_non_null(c->diffs[0].text.by_encoding[HTTP_LZMA]);
    take_consensus(&w, 100, 0, 3); /* those before are too old by now */
    turn(&w, 300);
    assert_int_equal(w.archive->consensuses[CONSENSUS_MICRODESC].diff_count, 0);
    tear_down(&w);
}

static void slow_workers_bring_nothing_out_of_order(UNUSED void **state) {
    struct world w;
    set_up(&w, true);
    w.is_slow = true;
    take_consensus(&w, 0, 0, 2);
    take_consensus(&w, 1, 0, 2);
    turn(&w, 300);
    assert_null(w.archive->consensuses[CONSENSUS_MICRODESC].text.by_encoding[HTTP_DEFLATE]);
    while (w.held) {
        struct task *task = w.held;
        w.held = task->next;
        task->run(task);
        task->finish(task, true);
    }
    turn(&w, 300);
    const struct archive_consensus *c = &w.archive->consensuses[CONSENSUS_MICRODESC];
    assert_int_equal(c->valid_after_s, NOW + 3600);
    assert_non_null(c->text.by_encoding[HTTP_DEFLATE]);
    assert_int_equal(c->diff_count, 1);
    tear_down(&w);
}

static void tasks_wait_until_they_are_taken(UNUSED void **state) {
    struct world w;
    set_up(&w, true);
    w.takes_tasks = false;
    take_consensus(&w, 0, 0, 2);
    turn(&w, 200);
    assert_null(w.archive->consensuses[CONSENSUS_MICRODESC].text.by_encoding[HTTP_DEFLATE]);
    w.takes_tasks = true;
    turn(&w, 1500);
    assert_non_null(w.archive->consensuses[CONSENSUS_MICRODESC].text.by_encoding[HTTP_DEFLATE]);
    w.takes_tasks = false;
    take_consensus(&w, 1, 0, 2); /* what waits is freed with the store */
    tear_down(&w);
}

static void a_file_of_documents_is_looked_through(UNUSED void **state) {
    struct world w;
    char text[512];
    set_up(&w, true);
    take_consensus(&w, 0, 0, 2);
    snprintf(text, sizeof text, "%s", micro(7));
    for (unsigned i = 0; i < 4; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s", micro(i % 2));
    directory_store_load(w.store, DOCUMENT_MICRODESCRIPTOR, span_of(text));
    assert_int_equal(missing(&w), 0);
    assert_int_equal(served(&w), 2); /* listed ones, each once */
    tear_down(&w);
}

static void who_is_no_cache_only_saves(UNUSED void **state) {
    struct world w;
    set_up(&w, false);
    take_consensus(&w, 0, 0, 2);
    turn(&w, 300);
    assert_int_equal(w.published, 0);
    assert_int_equal(missing(&w), 0);
    tear_down(&w);
}

static uint32_t certificates(const struct world *w) {
    return w->archive->tables[ARCHIVE_CERTIFICATES]->count;
}

/* Who serves certificates, or stands between, may add what nobody has signed, and leave out what there is. */
static void only_good_certificates_are_served(UNUSED void **state) {
    struct fake_authority a, b;
    struct world w;
    char text[16384];
    uint64_t now_s = (uint64_t)time(NULL);
    set_up(&w, true);
    fake_authority_init(&a);
    fake_authority_init(&b);
    fake_authority_configure(&a, w.config, 80);
    fake_authority_configure(&b, w.config, 80);
    struct bytes_out out = bytes_out(text, sizeof text);
    fake_put_certificate(&out, &a, b.signing, now_s - 10, now_s + 100000); /* not of the key that it names */
    fake_put_certificate(&out, &a, a.signing, now_s - 1000, now_s + 100000);
    struct span span = {(const uint8_t *)text, bytes_written(&out)};
    directory_store_take_certificates(w.store, span, true);
    turn(&w, 300);
    assert_int_equal(certificates(&w), 1);
    assert_int_equal(w.archive->tables[ARCHIVE_CERTIFICATES]->items[0].published_s, now_s - 1000);
    out = bytes_out(text, sizeof text);
    fake_put_certificate(&out, &b, b.signing, now_s - 1000, now_s + 100000);
    span.length = bytes_written(&out);
    directory_store_take_certificates(w.store, span, true);
    turn(&w, 300);
    assert_int_equal(certificates(&w), 2);
    directory_store_take_certificates(w.store, span, true); /* again: not twice */
    turn(&w, 300);
    assert_int_equal(certificates(&w), 2);
    tear_down(&w);
    fake_authority_fini(&a);
    fake_authority_fini(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_are_published_together),
        cmocka_unit_test(what_is_served_stays_while_the_next_is_made),
        cmocka_unit_test(documents_stay_a_while_after_they_were_listed),
        cmocka_unit_test(diffs_begin_with_the_last_consensuses),
        cmocka_unit_test(slow_workers_bring_nothing_out_of_order),
        cmocka_unit_test(tasks_wait_until_they_are_taken),
        cmocka_unit_test(a_file_of_documents_is_looked_through),
        cmocka_unit_test(who_is_no_cache_only_saves),
        cmocka_unit_test(only_good_certificates_are_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
