#include "native/consensus_fetch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "native/authority_keys.h"
#include "support/fake_authority.h"
#include "support/one_server.h"
#include "support/test_memory.h"
#include "wire/consensus_diff.h"

#define TEXT_ROOM 16384u

/* An authority; how it answers to the second request for a consensus, and after that. */
enum second_answer { SECOND_DIFF, SECOND_DAMAGED_DIFF, SECOND_FOREIGN_DIFF };

struct world {
    struct one_server place;
    struct fake_authority authority;
    struct authority_keys *keys;
    struct test_memory memory;
    struct consensus_fetch_shared shared;
    struct consensus_fetch fetch;
    enum second_answer second;
    uint64_t valid_after_s;
    unsigned consensuses, certificates, asked;
};

static struct span consensus_text(struct world *w, uint64_t valid_after_s, uint8_t room[static TEXT_ROOM]) {
    struct bytes_out out = bytes_out(room, TEXT_ROOM);
    fake_put_consensus(&out, valid_after_s, 2);
    fake_put_consensus_signature(&out, bytes_written(&out), &w->authority, true);
    return (struct span){room, bytes_written(&out)};
}

static void put_diff(struct world *w, struct bytes_out *body) {
    uint8_t rooms[2][TEXT_ROOM];
    struct consensus c;
    struct consensus_diff_digests digests;
    struct span old = consensus_text(w, w->valid_after_s, rooms[0]);
    struct span new = consensus_text(w, w->valid_after_s + 2, rooms[1]);
    assert_int_equal(consensus_parse(old, &w->memory.memory, &c), ERR_OK);
    openssl_provider()->sha3_256(&c.signed_part, 1, digests.base);
    openssl_provider()->sha3_256(&new, 1, digests.target);
    consensus_fini(&c);
    digests.base[0] ^= w->second == SECOND_FOREIGN_DIFF;
    digests.target[0] ^= w->second == SECOND_DAMAGED_DIFF;
    assert_int_equal(consensus_diff_make(old, new, &digests, &w->memory.memory, body), ERR_OK);
}

static void answer(void *context, const char *request, struct evbuffer *out) {
    struct world *w = context;
    uint8_t room[TEXT_ROOM];
    struct bytes_out body = bytes_out(room, sizeof(room));
    if (strstr(request, "/tor/keys/all "))
        fake_put_certificate(&body, &w->authority, w->authority.signing, 1000, (uint64_t)time(NULL) + 100000);
    else if (++w->asked == 2)
        put_diff(w, &body);
    size_t length = bytes_written(&body);
    if (length == 0)
        length = consensus_text(w, w->valid_after_s + (w->asked > 2 ? 2 : 0), room).length;
    evbuffer_add_printf(out, "HTTP/1.0 200 OK\r\n\r\n");
    evbuffer_add(out, room, length);
}

static void on_consensus(void *context, const struct consensus *c, struct span text) {
    struct world *w = context;
    assert_int_equal(c->relay_count, 1);
    assert_true(text.length > 0);
    w->consensuses++;
}

static void on_certificates(void *context, struct span text) {
    struct world *w = context;
    assert_true(text.length > 0);
    w->certificates++;
}

static void set_up(struct world *w, enum second_answer second) {
    *w = (struct world){.second = second};
    w->keys = calloc(1, sizeof(*w->keys));
    w->valid_after_s = (uint64_t)time(NULL) - 2; /* no longer fresh: the next is asked for at once */
    test_memory_init(&w->memory);
    fake_authority_init(&w->authority);
    one_server_init(&w->place, answer, w);
    w->place.config->authority_count = 0; /* in the place of the one without an identity */
    fake_authority_configure(&w->authority, w->place.config, w->place.server.port);
    w->shared = (struct consensus_fetch_shared){.config = w->place.config,
                                                .crypt = openssl_provider(),
                                                .memory = &w->memory.memory,
                                                .base = w->place.base,
                                                .http = &w->place.http,
                                                .keys = w->keys,
                                                .context = w,
                                                .consensus = on_consensus,
                                                .certificates = on_certificates};
    assert_true(consensus_fetch_init(&w->fetch, &w->shared, CONSENSUS_MICRODESC));
}

static void tear_down(struct world *w) {
    one_server_stop(&w->place);
    consensus_fetch_fini(&w->fetch);
    one_server_fini(&w->place);
    fake_authority_fini(&w->authority);
    test_memory_fini(&w->memory);
    free(w->keys);
}

static void run(struct world *w, unsigned consensuses) {
    const time_t end = time(NULL) + 15;
    while (w->consensuses < consensuses && time(NULL) < end)
        one_server_turn(&w->place);
    assert_int_equal(w->consensuses, consensuses);
}

static void the_next_may_come_as_a_diff(UNUSED void **state) {
    struct world w;
    set_up(&w, SECOND_DIFF);
    consensus_fetch_start(&w.fetch);
    run(&w, 2);
    assert_int_equal(w.certificates, 1);
    assert_int_equal(w.asked, 2);
    assert_int_equal(w.fetch.diffs, 1);
    assert_int_equal(w.fetch.valid_after_s, w.valid_after_s + 2);
    tear_down(&w);
}

static void a_diff_that_is_wrong_leads_to_the_whole(UNUSED void **state) {
    static const enum second_answer wrong[] = {SECOND_DAMAGED_DIFF, SECOND_FOREIGN_DIFF};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct world w;
        set_up(&w, wrong[i]);
        consensus_fetch_start(&w.fetch);
        run(&w, 2);
        assert_int_equal(w.asked, 3);
        assert_int_equal(w.fetch.diffs, 0);
        assert_int_equal(w.fetch.failures_ever, 1);
        tear_down(&w);
    }
}

static void only_a_signed_one_of_our_flavour_is_taken(UNUSED void **state) {
    struct world w;
    uint8_t room[TEXT_ROOM];
    set_up(&w, SECOND_DIFF);
    struct span text = consensus_text(&w, w.valid_after_s, room);
    assert_false(consensus_fetch_offer(&w.fetch, text)); /* no certificates */
    uint8_t certificate[TEXT_ROOM];
    struct bytes_out out = bytes_out(certificate, sizeof(certificate));
    fake_put_certificate(&out, &w.authority, w.authority.signing, 1000, (uint64_t)time(NULL) + 100000);
    assert_int_equal(authority_keys_add(w.keys, openssl_provider(), w.place.config,
                                        (struct span){certificate, bytes_written(&out)},
                                        (uint64_t)time(NULL)),
                     1);
    w.fetch.flavour = CONSENSUS_NS;
    assert_false(consensus_fetch_offer(&w.fetch, text));
    w.fetch.flavour = CONSENSUS_MICRODESC;
    assert_true(consensus_fetch_offer(&w.fetch, text));
    assert_false(consensus_fetch_offer(&w.fetch, consensus_text(&w, w.valid_after_s - 2, room))); /* older */
    tear_down(&w);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN); /* as the relay does */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_may_come_as_a_diff),
        cmocka_unit_test(a_diff_that_is_wrong_leads_to_the_whole),
        cmocka_unit_test(only_a_signed_one_of_our_flavour_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
