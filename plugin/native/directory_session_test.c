#include "native/directory_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "native/archive.h"
#include "native/compression.h"
#include "native/small_document.h"
#include "support/test.h"
#include "wire/text.h"

#define NOW 1700000000u

static const struct address nobody;

static struct archive *make_archive(void) {
    static const char *const texts[] = {"first ", "", "last"};
    struct archive *archive = archive_copy(NULL);
    struct archive_table *table = archive_table_new(COUNT(texts));
    for (uint32_t i = 0; i < COUNT(texts); i++)
        table->items[i] =
            (struct archive_item){.id = {(uint8_t)i}, .document = document_new(span_of(texts[i]))};
    archive_set_table(archive, ARCHIVE_SERVERS, table);
    return archive;
}

static void give(struct directory_session *session, struct archive *archive, const char *text, size_t piece) {
    size_t length = strlen(text);
    for (size_t at = 0; at < length; at += piece)
        directory_session_receive(session, archive, NOW, (const uint8_t *)text + at,
                                  length - at < piece ? length - at : piece);
}

/* All that comes out, piece bytes at a time. */
static void hear(struct directory_session *session, char *out, size_t room, size_t piece) {
    size_t at = 0;
    struct span next;
    while ((next = directory_session_output(session)).length > 0) {
        size_t n = next.length < piece ? next.length : piece;
        assert_true(at + n < room);
        memcpy(out + at, next.data, n);
        at += n;
        directory_session_sent(session, n);
    }
    out[at] = '\0';
}

static void a_request_is_answered_and_that_is_it(UNUSED void **state) {
    static const size_t pieces[] = {1, 7, 4096};
    for (size_t i = 0; i < COUNT(pieces); i++) {
        struct archive *archive = make_archive();
        struct directory_session session;
        char heard[1024];
        directory_session_init(&session, &nobody, false, NULL);
        give(&session, archive, "GET /tor/server/all HTTP/1.0\r\nHost: x\r\n\r\nmore", pieces[i]);
        assert_int_equal(session.state, SESSION_ANSWERING);
        archive_drop(archive); /* the session has its own reference */
        hear(&session, heard, sizeof heard, pieces[i]);
        assert_int_equal(session.state, SESSION_OVER);
        assert_non_null(strstr(heard, "HTTP/1.0 200 OK\r\n"));
        assert_non_null(strstr(heard, "Content-Length: 10\r\n"));
        assert_string_equal(strstr(heard, "\r\n\r\n") + 4, "first last");
        directory_session_fini(&session);
    }
}

static void small_documents_go_out_as_their_texts(UNUSED void **state) {
    static const size_t pieces[] = {1, 7, 4096};
    static const char *const texts[] = {"onion-key\n-----BEGIN RSA PUBLIC KEY-----\n", "plain",
                                        "-----END RSA PUBLIC KEY-----\nid ed25519 "};
    for (size_t i = 0; i < COUNT(pieces); i++) {
        struct archive *archive = make_archive();
        struct archive_table *table = archive_table_new(COUNT(texts));
        struct directory_session session;
        char heard[1024], expected[256] = "";
        size_t at = 0;
        for (uint32_t k = 0; k < COUNT(texts); k++) {
            table->items[k] =
                (struct archive_item){.id = {(uint8_t)k}, .document = small_document_new(span_of(texts[k]))};
            at += (size_t)snprintf(expected + at, sizeof expected - at, "%s", texts[k]);
        }
        assert_true(table->items[0].document->text_length > 0);
        archive_set_table(archive, ARCHIVE_SERVERS, table);
        directory_session_init(&session, &nobody, false, NULL);
        give(&session, archive, "GET /tor/server/all HTTP/1.0\r\n\r\n", 4096);
        archive_drop(archive);
        hear(&session, heard, sizeof heard, pieces[i]);
        assert_string_equal(strstr(heard, "\r\n\r\n") + 4, expected);
        directory_session_fini(&session);
    }
}

#define CONSENSUS_PATH "/tor/status-vote/current/consensus-microdesc"

/* All that is answered to a request for the consensus, of which there is this. */
static char *ask_consensus(const char *headers, struct packed_document text) {
    struct archive *archive = make_archive();
    struct directory_session session;
    char request[256], *heard = malloc(65536);
    struct archive_consensus c = {.text = text,
                                  .valid_after_s = NOW - 60,
                                  .fresh_until_s = NOW + 60,
                                  .valid_until_s = NOW + 120,
                                  .signed_digest = {1}};
    archive_set_consensus(archive, CONSENSUS_MICRODESC, &c);
    directory_session_init(&session, &nobody, false, NULL);
    snprintf(request, sizeof request, "GET " CONSENSUS_PATH " HTTP/1.0\r\n%s\r\n", headers);
    give(&session, archive, request, 4096);
    archive_drop(archive);
    hear(&session, heard, 65536, 1000);
    assert_int_equal(session.state, SESSION_OVER);
    directory_session_fini(&session);
    return heard;
}

static struct packed_document deflated(const char *text) {
    struct packed_document packed = {.text_length = strlen(text)};
    packed.by_encoding[HTTP_DEFLATE] = compression_pack(HTTP_DEFLATE, span_of(text));
    return packed;
}

static void a_deflated_consensus_goes_out_as_its_text(UNUSED void **state) {
    char *text = malloc(50001), *heard;
    for (size_t i = 0; i < 50000; i++)
        text[i] = (char)('a' + i % 7 + i % 11);
    text[50000] = '\0';
    heard = ask_consensus("", deflated(text));
    assert_true(strstr(heard, "HTTP/1.0 200 ") == heard);
    assert_non_null(strstr(heard, "Content-Length: 50000\r\n"));
    assert_string_equal(strstr(heard, "\r\n\r\n") + 4, text);
    free(heard);
    free(text);
}

static void what_the_client_cannot_take_is_packed_anew_or_refused(UNUSED void **state) {
    struct packed_document damaged = {.text_length = 1};
    damaged.by_encoding[HTTP_DEFLATE] = document_new(span_of("nothing that was deflated"));
    char *heard = ask_consensus("Accept-Encoding: gzip\r\n", deflated("a consensus"));
    assert_true(strstr(heard, "HTTP/1.0 200 ") == heard);
    assert_non_null(strstr(heard, "Content-Encoding: gzip\r\n"));
    free(heard);
    heard = ask_consensus("Accept-Encoding: gzip\r\n", damaged);
    assert_true(strstr(heard, "HTTP/1.0 503 ") == heard);
    free(heard);
}

static void what_is_wrong_has_a_status(UNUSED void **state) {
    static const struct {
        const char *request, *status;
    } cases[] = {
        {"GET /tor/nothing HTTP/1.0\r\n\r\n", "HTTP/1.0 404 "},
        {"GET nothing\r\n\r\n", "HTTP/1.0 400 "},
        {"GET /tor/server/all HTTP/1.0\r\nContent-Length: 3\r\n\r\n", "HTTP/1.0 400 "},
        {"POST /tor/ HTTP/1.0\r\nContent-Length: 100000\r\n\r\n", "HTTP/1.0 413 "},
        {"POST /tor/ HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.0 400 "},
    };
    struct archive *archive = make_archive();
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct directory_session session;
        char heard[1024];
        directory_session_init(&session, &nobody, false, NULL);
        give(&session, archive, cases[i].request, 4096);
        hear(&session, heard, sizeof heard, 4096);
        assert_memory_equal(heard, cases[i].status, strlen(cases[i].status));
        directory_session_fini(&session);
    }
    archive_drop(archive);
}

static void a_post_is_waited_for(UNUSED void **state) {
    struct archive *archive = make_archive();
    struct directory_session session;
    directory_session_init(&session, &nobody, false, NULL);
    give(&session, archive, "POST /tor/ HTTP/1.0\r\nContent-Length: 3\r\n\r\nab", 4096);
    assert_int_equal(session.state, SESSION_ASKING);
    assert_int_equal(directory_session_output(&session).length, 0);
    directory_session_fini(&session);
    archive_drop(archive);
}

static void without_documents_we_are_busy(UNUSED void **state) {
    struct directory_session session;
    char heard[1024];
    directory_session_init(&session, &nobody, false, NULL);
    give(&session, NULL, "GET / HTTP/1.0\r\n\r\n", 4096);
    hear(&session, heard, sizeof heard, 4096);
    assert_memory_equal(heard, "HTTP/1.0 503 ", 13);
    directory_session_fini(&session);
}

static void an_endless_request_ends(UNUSED void **state) {
    struct archive *archive = make_archive();
    struct directory_session session;
    char heard[1024];
    char *text = malloc(200000);
    memset(text, 'a', 200000);
    directory_session_init(&session, &nobody, false, NULL);
    for (unsigned i = 0; i < 4; i++)
        directory_session_receive(&session, archive, NOW, (const uint8_t *)text, 200000);
    hear(&session, heard, sizeof heard, 4096);
    assert_memory_equal(heard, "HTTP/1.0 400 ", 13);
    directory_session_fini(&session);
    archive_drop(archive);
    free(text);
}

/* A cell with a byte is little for the client; so it has to be for us, also when there are many lines before it. */
static void a_request_in_single_bytes_costs_little(UNUSED void **state) {
    struct archive *archive = make_archive();
    struct directory_session session;
    struct timespec used;
    const uint8_t line[] = {'a', '\n'};
    directory_session_init(&session, &nobody, false, NULL);
    give(&session, archive, "GET / HTTP/1.0\n", 1);
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used), 0);
    long before_ms = used.tv_sec * 1000 + used.tv_nsec / 1000000;
    for (size_t i = 0; session.state == SESSION_ASKING; i++)
        directory_session_receive(&session, archive, NOW, &line[i % 2], 1);
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used), 0);
    assert_in_range(used.tv_sec * 1000 + used.tv_nsec / 1000000 - before_ms, 0, 300);
    assert_int_equal(session.answer.status, 400); /* more than HTTP_HEAD_MAX */
    directory_session_fini(&session);
    archive_drop(archive);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_answered_and_that_is_it),
        cmocka_unit_test(small_documents_go_out_as_their_texts),
        cmocka_unit_test(a_deflated_consensus_goes_out_as_its_text),
        cmocka_unit_test(what_the_client_cannot_take_is_packed_anew_or_refused),
        cmocka_unit_test(what_is_wrong_has_a_status),
        cmocka_unit_test(a_post_is_waited_for),
        cmocka_unit_test(without_documents_we_are_busy),
        cmocka_unit_test(an_endless_request_ends),
        cmocka_unit_test(a_request_in_single_bytes_costs_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
