#include "native/directory_answer.h"

#include <stdio.h>
#include <string.h>

#include "crypt/symbolic.h"
#include "native/archive.h"
#include "native/onion_store.h"
#include "support/onion_text.h"
#include "support/test.h"
#include "support/test_memory.h"
#include "wire/text.h"

#define NOW      1700000000u
#define CURRENT  "/tor/status-vote/current/consensus-microdesc"
#define HEX_0(n) #n "00000000000000000000000000000000000000000000000000000000000000"
#define FP(n)    #n "00000000000000000000000000000000000000"

static const struct address nobody;

static struct document *document_of(const char *text) {
    struct document *document = document_new(span_of(text));
    assert_non_null(document);
    return document;
}

/* Ids begin with first, first + 1, ... */
static struct archive_table *table_of(uint8_t first, const char *const *texts, uint32_t count) {
    struct archive_table *table = archive_table_new(count);
    for (uint32_t i = 0; i < count; i++) {
        table->items[i].id[0] = (uint8_t)(first + i);
        table->items[i].document = document_of(texts[i]);
        table->items[i].published_s = NOW - i;
    }
    archive_table_sort(table);
    return table;
}

static struct archive *make_archive(void) {
    static const char *const servers[] = {"server A", "server B"}, *const certificates[] = {"cert A",
                                                                                            "cert B"};
    static char big[2048];
    const char *const microdescriptors[] = {"micro A", big};
    struct archive *archive = archive_copy(NULL);
    struct archive_consensus c = {.valid_after_s = NOW - 60,
                                  .fresh_until_s = NOW + 60,
                                  .valid_until_s = NOW + 120,
                                  .signed_digest = {0x11},
                                  .signers = {{1}, {2}, {3}},
                                  .signer_count = 3,
                                  .diff_count = 1};
    memset(big, 'm', sizeof big - 1);
    c.text.by_encoding[HTTP_IDENTITY] = document_of("plain");
    c.text.by_encoding[HTTP_DEFLATE] = document_of("deflated");
    c.text.by_encoding[HTTP_LZMA] = document_of("lzma");
    c.diffs[0].base[0] = 0x22;
    c.diffs[0].text.by_encoding[HTTP_IDENTITY] = document_of("diff");
    archive_set_consensus(archive, CONSENSUS_MICRODESC, &c);
    archive_set_table(archive, ARCHIVE_SERVERS, table_of(0x30, servers, 2));
    archive_set_table(archive, ARCHIVE_SERVERS_BY_IDENTITY, table_of(0x40, servers, 2));
    archive_set_table(archive, ARCHIVE_MICRODESCRIPTORS, table_of(0, microdescriptors, 2));
    archive_set_table(archive, ARCHIVE_CERTIFICATES, table_of(0x50, certificates, 2));
    archive_set_own_descriptor(archive, document_of("ours"));
    return archive;
}

/* What the parts are together. */
static void join(const struct directory_answer *a, char *out, size_t room) {
    size_t at = 0;
    out[0] = '\0';
    if (a->text.length > 0)
        snprintf(out, room, "%.*s", (int)a->text.length, (const char *)a->text.data);
    for (uint32_t i = 0; i < a->count; i++)
        at += (size_t)snprintf(out + at, room - at, "%.*s", (int)a->parts[i]->length,
                               (const char *)a->parts[i]->bytes);
}

static void ask(const struct archive *archive, const char *path, const char *headers, uint64_t now_s,
                struct directory_answer *out) {
    char text[4096];
    struct directory_question question = {.from = nobody};
    snprintf(text, sizeof text, "GET %s HTTP/1.0\r\n%s\r\n", path, headers);
    assert_int_equal(http_request_parse(span_of(text), &question.head), ERR_OK);
    directory_answer_make(archive, &question, now_s, out);
}

static void each_path_leads_to_its_documents(UNUSED void **state) {
    static const struct {
        const char *path, *headers;
        uint16_t status;
        const char *text;
        enum http_encoding encoding;
    } cases[] = {
        {CURRENT, "", 200, "plain", HTTP_IDENTITY},
        {CURRENT ".z", "", 200, "deflated", HTTP_DEFLATE},
        {CURRENT ".z", "Accept-Encoding: x-tor-lzma, x-zstd\r\n", 200, "lzma", HTTP_LZMA},
        {CURRENT, "Accept-Encoding: x-zstd\r\n", 200, "plain", HTTP_IDENTITY},
        {CURRENT "/01+02+FF", "", 200, "plain", HTTP_IDENTITY},
        {CURRENT "/01+FE+FF", "", 404, "", HTTP_IDENTITY},
        {CURRENT "/01+FF", "", 404, "", HTTP_IDENTITY},
        {CURRENT, "X-Or-Diff-From-Consensus: " HEX_0(99) ", " HEX_0(22) "\r\n", 200, "diff", HTTP_IDENTITY},
        {CURRENT, "X-Or-Diff-From-Consensus: " HEX_0(99) "\r\n", 200, "plain", HTTP_IDENTITY},
        {CURRENT, "X-Or-Diff-From-Consensus: " HEX_0(22) " " HEX_0(11) "\r\n", 304, "", HTTP_IDENTITY},
        {CURRENT "/diff/" HEX_0(22) "/01", "", 200, "diff", HTTP_IDENTITY},
        {CURRENT "/diff/" HEX_0(99) "/01", "", 404, "", HTTP_IDENTITY},
        {CURRENT, "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n", 304, "", HTTP_IDENTITY},
        {CURRENT, "If-Modified-Since: Tue, 14 Nov 2023 22:00:00 GMT\r\n", 200, "plain", HTTP_IDENTITY},
        {"/tor/status-vote/current/consensus", "", 404, "", HTTP_IDENTITY},
        {"/tor/server/d/" FP(31) "+" FP(30), "", 200, "server Bserver A", HTTP_IDENTITY},
        {"/tor/server/d/" FP(41), "", 404, "", HTTP_IDENTITY},
        {"/tor/server/fp/" FP(41), "", 200, "server B", HTTP_IDENTITY},
        {"/tor/server/all.z", "", 200, "server Aserver B", HTTP_IDENTITY}, /* too short to be packed */
        {"/tor/server/authority", "", 200, "ours", HTTP_IDENTITY},
        {"/tor/micro/d/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "", 200, "micro A", HTTP_IDENTITY},
        {"/tor/keys/all", "", 200, "cert Acert B", HTTP_IDENTITY},
        {"/tor/keys/fp/" FP(51), "", 200, "cert B", HTTP_IDENTITY},
        {"/tor/keys/sk/" FP(00), "", 200, "cert A", HTTP_IDENTITY}, /* the newest of this key */
        {"/tor/keys/fp-sk/" FP(50) "-" FP(00), "", 200, "cert A", HTTP_IDENTITY},
        {"/tor/keys/fp/" FP(99), "", 404, "", HTTP_IDENTITY},
        {"/tor/keys/fp/" FP(51), "If-Modified-Since: Tue, 14 Nov 2023 22:13:21 GMT\r\n", 304, "",
         HTTP_IDENTITY},
        {"/tor/keys/authority", "", 404, "", HTTP_IDENTITY},
        {"/tor/extra/all", "", 404, "", HTTP_IDENTITY},
        {"/tor/robots.txt", "", 200, "User-agent: *\nDisallow: /\n", HTTP_IDENTITY},
        {"/no/such/thing", "", 404, "", HTTP_IDENTITY},
    };
    struct archive *archive = make_archive();
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct directory_answer answer;
        char text[256];
        ask(archive, cases[i].path, cases[i].headers, NOW, &answer);
        join(&answer, text, sizeof text);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(answer.status, cases[i].status);
        assert_int_equal(answer.encoding, cases[i].encoding);
        assert_int_equal(answer.length, strlen(text));
        directory_answer_fini(&answer);
    }
    archive_drop(archive);
}

static void a_consensus_out_of_its_time_is_not_given(UNUSED void **state) {
    static const struct {
        uint64_t now_s;
        uint16_t status;
    } cases[] = {{NOW - 90000, 404}, {NOW - 86000, 200}, {NOW + 86000, 200}, {NOW + 90000, 404}};
    struct archive *archive = make_archive();
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct directory_answer answer;
        ask(archive, CURRENT, "", cases[i].now_s, &answer);
        assert_int_equal(answer.status, cases[i].status);
        directory_answer_fini(&answer);
    }
    archive_drop(archive);
}

static void long_answers_are_worth_packing(UNUSED void **state) {
    struct archive *archive = make_archive();
    struct directory_answer answer;
    ask(archive, "/tor/micro/d/AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.z", "", NOW, &answer);
    assert_int_equal(answer.pack_as, HTTP_DEFLATE);
    directory_answer_fini(&answer);
    ask(archive, "/tor/micro/d/AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.z",
        "Accept-Encoding: x-zstd, x-tor-lzma\r\n", NOW, &answer);
    assert_int_equal(answer.pack_as, HTTP_ZSTD);
    directory_answer_fini(&answer);
    archive_drop(archive);
}

static void what_is_kept_otherwise_has_to_be_packed_anew(UNUSED void **state) {
    static const struct {
        const char *headers;
        enum http_encoding pack_as;
    } cases[] = {
        {"Accept-Encoding: gzip\r\n", HTTP_GZIP},
        {"Accept-Encoding: x-zstd, gzip\r\n", HTTP_ZSTD},
    };
    struct archive *archive = make_archive();
    struct packed_document *text = &archive->consensuses[CONSENSUS_MICRODESC].text;
    document_drop(text->by_encoding[HTTP_IDENTITY]);
    text->by_encoding[HTTP_IDENTITY] = NULL;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct directory_answer answer;
        ask(archive, CURRENT, cases[i].headers, NOW, &answer);
        assert_int_equal(answer.status, 200);
        assert_true(answer.must_pack);
        assert_int_equal(answer.encoding, HTTP_DEFLATE);
        assert_int_equal(answer.pack_as, cases[i].pack_as);
        directory_answer_fini(&answer);
    }
    struct directory_answer answer;
    text->text_length = 1234;
    ask(archive, CURRENT, "", NOW, &answer);
    assert_true(answer.must_inflate && !answer.must_pack);
    assert_int_equal(answer.encoding, HTTP_IDENTITY);
    assert_int_equal(answer.pack_as, HTTP_IDENTITY);
    assert_int_equal(answer.length, 1234);
    directory_answer_fini(&answer);
    archive_drop(archive);
}

static void the_head_says_what_follows(UNUSED void **state) {
    struct archive *archive = make_archive();
    struct directory_answer answer;
    uint8_t head[DIRECTORY_HEAD_ROOM];
    struct bytes_out out = bytes_out(head, sizeof head);
    const struct address far = {ADDRESS_IPV6, {0x20, 0x01, 0x4, 0x70, [15] = 9}};
    ask(archive, CURRENT ".z", "", NOW, &answer);
    directory_answer_put_head(&answer, &far, NOW, &out);
    static const char expected[] = "HTTP/1.0 200 OK\r\n"
                                   "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
                                   "Content-Type: application/octet-stream\r\n"
                                   "X-Your-Address-Is: 2001:470::9\r\n"
                                   "Content-Encoding: deflate\r\n"
                                   "Content-Length: 8\r\n"
                                   "Expires: Tue, 14 Nov 2023 22:14:20 GMT\r\n"
                                   "Vary: X-Or-Diff-From-Consensus\r\n\r\n";
    assert_int_equal(bytes_written(&out), strlen(expected));
    assert_memory_equal(head, expected, strlen(expected));
    directory_answer_refuse(&answer, 404, "Not found");
    out = bytes_out(head, sizeof head);
    directory_answer_put_head(&answer, &nobody, NOW, &out);
    static const char refusal[] = "HTTP/1.0 404 Not found\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n\r\n";
    assert_int_equal(bytes_written(&out), strlen(refusal));
    assert_memory_equal(head, refusal, strlen(refusal));
    archive_drop(archive);
}

static void nothing_but_get_is_answered(UNUSED void **state) {
    struct archive *archive = make_archive();
    struct directory_question question = {.head = {.method = HTTP_POST, .path = span_of("/tor/")}};
    struct directory_answer answer;
    directory_answer_make(archive, &question, NOW, &answer);
    assert_int_equal(answer.status, 400);
    archive_drop(archive);
}

/* --- onion services --------------------------------------------------------------------------------------------- */

struct onion_case {
    enum http_method method;
    const char *path;
    bool is_anonymous, is_hidden_service_directory;
    uint16_t status;
};

static struct onion_text text;

static void ask_onion(struct onion_store *store, const struct onion_case *c, struct directory_answer *out) {
    struct archive *archive = make_archive();
    struct directory_question question = {
        .head = {.method = c->method, .path = span_of(c->path), .encodings = 1u << HTTP_IDENTITY},
        .body = onion_text_span(&text),
        .is_anonymous = c->is_anonymous,
        .onions = c->is_hidden_service_directory ? store : NULL};
    directory_answer_make(archive, &question, ONION_TEXT_NOW_S, out);
    archive_drop(archive);
}

static void services_publish_and_clients_ask(UNUSED void **state) {
    static struct symbolic symbolic;
    static char path[80] = "/tor/hs/3/";
    const struct onion_case cases[] = {
        {HTTP_GET, path, true, true, 404}, /* not yet */
        {HTTP_POST, "/tor/hs/3/publish", true, false, 404},
        {HTTP_POST, "/tor/hs/3/publish", false, true, 503},
        {HTTP_POST, "/tor/hs/3/else", true, true, 400},
        {HTTP_POST, "/tor/hs/3/publish", true, true, 200},
        {HTTP_POST, "/tor/hs/3/publish", true, true, 400}, /* this revision is there */
        {HTTP_GET, path, true, true, 200},
        {HTTP_GET, path, false, true, 503},
        {HTTP_GET, path, true, false, 404},
        {HTTP_GET, "/tor/hs/3/AAAA", true, true, 404},
    };
    struct test_memory memory;
    struct onion_text_plan plan;
    test_memory_init(&memory);
    const struct crypt_provider *crypt = symbolic_provider(&symbolic, 1);
    struct onion_store *store = onion_store_new(crypt, &memory.memory, ONION_STORE_BYTES_MAX);
    onion_text_plan_init(&plan, 1);
    symbolic_ed25519_public(plan.blinded_seed, plan.blinded_key);
    symbolic_ed25519_public(plan.signing_seed, plan.signing_key);
    onion_text_make(crypt, &plan, &text);
    struct bytes_out out = bytes_out(path + 10, sizeof path - 10);
    text_put_base64(&out, plan.blinded_key, ONION_KEY_LEN, BASE64_UNPADDED);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct directory_answer answer;
        uint8_t head[DIRECTORY_HEAD_ROOM];
        ask_onion(store, &cases[i], &answer);
        assert_int_equal(answer.status, cases[i].status);
        out = bytes_out(head, sizeof head);
        directory_answer_put_head(&answer, &nobody, NOW, &out);
        assert_true(bytes_out_ok(&out));
        assert_int_equal(answer.count, cases[i].method == HTTP_GET && answer.status == 200);
        if (answer.count) {
            assert_int_equal(answer.length, text.length);
            assert_memory_equal(answer.parts[0]->bytes, text.bytes, text.length);
        }
        directory_answer_fini(&answer);
    }
    onion_store_free(store);
    test_memory_fini(&memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_path_leads_to_its_documents),
        cmocka_unit_test(a_consensus_out_of_its_time_is_not_given),
        cmocka_unit_test(long_answers_are_worth_packing),
        cmocka_unit_test(what_is_kept_otherwise_has_to_be_packed_anew),
        cmocka_unit_test(the_head_says_what_follows),
        cmocka_unit_test(nothing_but_get_is_answered),
        cmocka_unit_test(services_publish_and_clients_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
