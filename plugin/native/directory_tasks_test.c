#include "native/directory_tasks.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "native/compression.h"
#include "native/config.h"
#include "native/directory_cache.h"
#include "native/openssl_provider.h"
#include "support/test.h"
#include "support/test_memory.h"
#include "wire/consensus_diff.h"
#include "wire/text.h"

#define LONG \
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\n"
#define COMMON LONG LONG LONG LONG
#define BASE   "network-status-version 3\nvalid-after 1\n" COMMON "directory-signature a\n"
#define TARGET "network-status-version 3\nvalid-after 2\n" COMMON "directory-signature b\n"

static void take(void *context, struct pack_task *task) {
    struct packed_document *out = context;
    *out = task->packed;
    task->packed = (struct packed_document){{NULL}, 0};
}

static struct packed_document run(struct pack_task *task, struct test_memory *memory) {
    struct packed_document packed = {{NULL}, 0};
    task->crypt = openssl_provider();
    task->memory = &memory->memory;
    task->done = take;
    task->context = &packed;
    task->task.run(&task->task);
    task->task.finish(&task->task, true);
    return packed;
}

static void a_text_is_kept_short_and_as_everybody_takes_it(UNUSED void **state) {
    struct test_memory memory;
    struct document *text = document_new(span_of(TARGET));
    test_memory_init(&memory);
    struct packed_document packed = run(pack_task_new(text, NULL, HTTP_IDENTITY), &memory);
    for (unsigned i = 0; i < HTTP_ENCODINGS; i++) {
        bool is_kept = i == HTTP_LZMA || i == HTTP_DEFLATE;
        assert_true(is_kept == (packed.by_encoding[i] != NULL));
        if (!is_kept)
            continue;
        struct document *back = compression_unpack(i, document_span(packed.by_encoding[i]), 4096);
        assert_true(span_is(document_span(back), TARGET));
        document_drop(back);
    }
    packed_document_drop(&packed);
    document_drop(text);
    test_memory_fini(&memory);
}

static void a_diff_leads_from_a_packed_base(UNUSED void **state) {
    uint8_t room[4096];
    struct test_memory memory;
    struct consensus_diff_digests digests;
    struct document *text = document_new(span_of(TARGET)), *base = compression_pack(HTTP_ZSTD, span_of(BASE));
    test_memory_init(&memory);
    struct pack_task *task = pack_task_new(text, base, HTTP_ZSTD);
    task->base_digest[0] = 7;
    struct packed_document packed = run(task, &memory);
    struct document *unpacked =
        compression_unpack(HTTP_DEFLATE, document_span(packed.by_encoding[HTTP_DEFLATE]), sizeof room);
    struct span diff = document_span(unpacked);
    struct bytes_out out = bytes_out(room, sizeof room);
    assert_true(consensus_diff_read_digests(diff, &digests));
    assert_int_equal(digests.base[0], 7);
    assert_int_equal(consensus_diff_apply(span_of(BASE), diff, &memory.memory, &out), ERR_OK);
    assert_true(span_is((struct span){room, bytes_written(&out)}, TARGET));
    assert_non_null(packed.by_encoding[HTTP_LZMA]);
    document_drop(unpacked);
    packed_document_drop(&packed);
    document_drop(text);
    document_drop(base);
    test_memory_fini(&memory);
}

static void no_diff_is_longer_than_its_target(UNUSED void **state) {
    struct test_memory memory;
    struct document *text = document_new(span_of("a\n")), *base = document_new(span_of("b\n"));
    test_memory_init(&memory);
    struct packed_document packed = run(pack_task_new(text, base, HTTP_IDENTITY), &memory);
    assert_false(packed_document_is_there(&packed));
    document_drop(text);
    document_drop(base);
    test_memory_fini(&memory);
}

static void what_is_stopped_is_only_freed(UNUSED void **state) {
    struct document *text = document_new(span_of("a\n"));
    struct pack_task *task = pack_task_new(text, text, HTTP_IDENTITY);
    task->task.finish(&task->task, false); /* done is not called: it is NULL */
    document_drop(text);
}

static void expect_file(const struct config *config, const char *name, const char *text) {
    struct directory_cache_text read;
    assert_true(directory_cache_read(config, name, 100, &read));
    assert_true(span_is(read.span, text));
    directory_cache_text_free(&read);
}

static void documents_are_written(UNUSED void **state) {
    char folder[] = "/tmp/loom-tasks-XXXXXX";
    struct config *config = config_new();
    struct archive *archive = archive_copy(NULL);
    struct archive_table *table = archive_table_new(2);
    struct document *document = document_new(span_of("one"));
    assert_non_null(mkdtemp(folder));
    config->data_directory = strdup(folder);
    table->items[0] = (struct archive_item){.id = {1}, .document = document_new(span_of("first\n"))};
    table->items[1] = (struct archive_item){.id = {2}, .document = document_new(span_of("second\n"))};
    archive_set_table(archive, ARCHIVE_SERVERS, table);
    struct task *tasks[] = {save_table_task_new(config, "all", archive, ARCHIVE_SERVERS),
                            save_task_new(config, "one", document)};
    archive_drop(archive);
    document_drop(document);
    for (size_t i = 0; i < COUNT(tasks); i++) {
        tasks[i]->run(tasks[i]);
        tasks[i]->finish(tasks[i], true);
    }
    expect_file(config, "all", "first\nsecond\n");
    expect_file(config, "one", "one");
    assert_int_equal(chdir(folder) | unlink("all") | unlink("one") | chdir("/") | rmdir(folder), 0);
    config_free(config);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_kept_short_and_as_everybody_takes_it),
        cmocka_unit_test(a_diff_leads_from_a_packed_base),
        cmocka_unit_test(no_diff_is_longer_than_its_target),
        cmocka_unit_test(what_is_stopped_is_only_freed),
        cmocka_unit_test(documents_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
