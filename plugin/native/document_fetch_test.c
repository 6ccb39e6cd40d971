#include "native/document_fetch.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "native/openssl_provider.h"
#include "support/one_server.h"
#include "wire/text.h"

#define DOCUMENTS 200u

/* An authority with two hundred microdescriptors, of which it has the first `known`. */
struct world {
    struct one_server place;
    struct document_fetch_shared shared;
    struct document_fetch fetch;
    unsigned known, taken, rests, most_in_a_request;
    bool is_lying; /* its documents are not those that were asked for */
};

static struct document_id id_of(unsigned i, char text_out[static 64]) {
    struct document_id id;
    snprintf(text_out, 64, "onion-key\nid %u\n", i);
    document_digest(openssl_provider(), DOCUMENT_MICRODESCRIPTOR, span_of(text_out), &id);
    return id;
}

static void answer(void *context, const char *request, struct evbuffer *out) {
    struct world *w = context;
    char text[64], base64[64];
    unsigned asked = 0;
    evbuffer_add_printf(out, "HTTP/1.0 200 OK\r\n\r\n");
    for (unsigned i = 0; i < DOCUMENTS; i++) {
        struct document_id id = id_of(i, text);
        struct bytes_out b = bytes_out(base64, sizeof base64);
        text_put_base64(&b, id.bytes, 32, BASE64_UNPADDED);
        bytes_put_u8(&b, 0);
        if (!strstr(request, base64))
            continue;
        asked++;
        if (i < w->known)
            evbuffer_add_printf(out, "%s%s", text, w->is_lying ? "and more\n" : "");
    }
    w->most_in_a_request = asked > w->most_in_a_request ? asked : w->most_in_a_request;
}

static void on_take(void *context, enum document_kind kind, const struct document_id *id, struct span text) {
    struct world *w = context;
    struct document_id digest;
    assert_int_equal(kind, DOCUMENT_MICRODESCRIPTOR);
    document_digest(openssl_provider(), kind, text, &digest);
    assert_memory_equal(&digest, id, sizeof digest);
    w->taken++;
}

static void on_rest(void *context, enum document_kind kind) {
    struct world *w = context;
    (void)kind;
    w->rests++;
}

static void set_up(struct world *w) {
    *w = (struct world){.known = DOCUMENTS};
    one_server_init(&w->place, answer, w);
    w->shared = (struct document_fetch_shared){.config = w->place.config,
                                               .crypt = openssl_provider(),
                                               .base = w->place.base,
                                               .http = &w->place.http,
                                               .context = w,
                                               .take = on_take,
                                               .rest = on_rest};
    assert_true(document_fetch_init(&w->fetch, &w->shared, DOCUMENT_MICRODESCRIPTOR));
}

static void tear_down(struct world *w) {
    one_server_stop(&w->place);
    document_fetch_fini(&w->fetch);
    one_server_fini(&w->place);
}

static void want_all(struct world *w) {
    struct document_id ids[DOCUMENTS];
    char text[64];
    for (unsigned i = 0; i < DOCUMENTS; i++)
        ids[i] = id_of(i, text);
    document_fetch_want(&w->fetch, ids, DOCUMENTS);
}

static void run(struct world *w, unsigned taken, unsigned rests) {
    const time_t end = time(NULL) + 10;
    while ((w->taken < taken || w->rests < rests) && time(NULL) < end)
        one_server_turn(&w->place);
    assert_int_equal(w->taken, taken);
    assert_int_equal(w->rests, rests);
}

static void all_come_in_some_requests(UNUSED void **state) {
    struct world w;
    set_up(&w);
    want_all(&w);
    run(&w, DOCUMENTS, 1);
    assert_int_equal(w.place.server.requests, 3);
    assert_int_equal(w.most_in_a_request, DOCUMENT_BATCH_MAX);
    tear_down(&w);
}

static void what_is_not_there_is_asked_for_again(UNUSED void **state) {
    struct world w;
    set_up(&w);
    w.known = 150;
    want_all(&w);
    run(&w, 150, 1);
    w.known = DOCUMENTS;
    run(&w, DOCUMENTS, 2);
    tear_down(&w);
}

static void other_documents_are_not_taken(UNUSED void **state) {
    struct world w;
    const struct timeval while_s = {1, 500000};
    set_up(&w);
    w.is_lying = true;
    want_all(&w);
    event_base_loopexit(w.place.base, &while_s);
    event_base_dispatch(w.place.base);
    assert_int_equal(w.taken, 0);
    assert_int_equal(w.rests, 0);
    assert_true(w.place.server.requests >= 3 &&
                w.place.server.requests <= 9); /* it pauses between attempts */
    tear_down(&w);
}

static void nobody_asks_for_ever(UNUSED void **state) {
    struct world w;
    set_up(&w);
    w.known = 0;
    want_all(&w);
    for (unsigned i = 0; i < DOCUMENTS; i++)
        w.fetch.wanted[i].tries = DOCUMENT_TRIES_MAX - 1;
    const time_t end = time(NULL) + 10;
    while ((w.fetch.batches[0].count || w.fetch.batches[1].count || w.fetch.batches[2].count) &&
           time(NULL) < end)
        event_base_loop(w.place.base, EVLOOP_ONCE);
    unsigned requests = w.place.server.requests;
    const struct timeval while_s = {2, 0};
    event_base_loopexit(w.place.base, &while_s);
    event_base_dispatch(w.place.base);
    assert_int_equal(w.place.server.requests, requests);
    tear_down(&w);
}

static void server_descriptors_are_cut_too(UNUSED void **state) {
    static const char text[] =
        "router a\nrouter-signature\n-----BEGIN SIGNATURE-----\nAAAA\n-----END SIGNATURE-----\n";
    struct span rest = span_of(text), one, signed_part;
    struct document_id id;
    assert_true(document_cut(DOCUMENT_SERVER, &rest, &one, &signed_part));
    assert_true(span_is(one, text) && span_is(signed_part, "router a\nrouter-signature\n"));
    document_digest(openssl_provider(), DOCUMENT_SERVER, signed_part, &id);
    assert_int_equal(id.bytes[20] | id.bytes[31], 0);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN); /* as the relay does */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_come_in_some_requests),
        cmocka_unit_test(what_is_not_there_is_asked_for_again),
        cmocka_unit_test(other_documents_are_not_taken),
        cmocka_unit_test(nobody_asks_for_ever),
        cmocka_unit_test(server_descriptors_are_cut_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
