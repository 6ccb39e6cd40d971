#include "native/resolver.h"

#include <event2/event.h>
#include <stdlib.h>

#include "support/fake_dns.h"
#include "support/test.h"

struct bench {
    struct fake_dns dns;
    struct event_base *base;
    struct resolver *resolver;
    struct name_answer answers[8];
    unsigned count;
};

static void on_done(void *context, void *user, const struct name_answer *answer) {
    struct bench *b = context;
    (void)user;
    b->answers[b->count++ % COUNT(b->answers)] = *answer;
}

static void bench_init(struct bench *b, struct resolver_options options) {
    struct complaint complaint = {""};
    memset(b, 0, sizeof *b);
    fake_dns_init(&b->dns);
    b->base = event_base_new();
    options.resolv_conf = b->dns.resolv_conf;
    b->resolver = resolver_new(b->base, &options, on_done, b, &complaint);
    assert_non_null(b->resolver);
}

static void bench_fini(struct bench *b) {
    resolver_free(b->resolver);
    event_base_free(b->base);
    fake_dns_fini(&b->dns);
}

static void ask_for(struct bench *b, uint64_t who, const char *host, bool wants_ipv6) {
    struct name_query query = {.wants_ipv4 = true, .wants_ipv6 = wants_ipv6};
    snprintf(query.host, sizeof query.host, "%s", host);
    resolver_ask(b->resolver, who, &query, NULL);
}

static void ask(struct bench *b, const char *host, bool wants_ipv6) {
    ask_for(b, 1, host, wants_ipv6);
}

static void turn_until(struct bench *b, unsigned count) {
    while (b->count < count) {
        fake_dns_turn(&b->dns);
        struct timeval soon = {.tv_usec = 1000};
        event_base_loopexit(b->base, &soon);
        event_base_dispatch(b->base);
    }
}

static void both_families_in_one_answer(void **state) {
    struct bench b;
    (void)state;
    bench_init(&b, (struct resolver_options){.randomize_case = true});
    ask(&b, "a.example", true);
    turn_until(&b, 1);
    assert_int_equal(b.answers[0].status, NAME_FOUND);
    assert_int_equal(b.answers[0].count, 2);
    assert_int_equal(b.answers[0].addresses[0].family, ADDRESS_IPV4);
    assert_int_equal(b.answers[0].addresses[0].bytes[3], 4);
    assert_int_equal(b.answers[0].addresses[1].family, ADDRESS_IPV6);
    ask(&b, "one-family.example", true);
    turn_until(&b, 2);
    assert_int_equal(b.answers[1].status, NAME_FOUND);
    assert_int_equal(b.answers[1].count, 1);
    bench_fini(&b);
}

static void what_is_known_or_asked_is_not_asked_again(void **state) {
    struct bench b;
    (void)state;
    bench_init(&b, (struct resolver_options){.randomize_case = true});
    ask(&b, "a.example", false);
    ask(&b, "a.example", false);
    turn_until(&b, 2);
    ask(&b, "a.example.", false);
    ask(&b, "no-such.example", false);
    turn_until(&b, 4);
    ask(&b, "no-such.example", false);
    assert_int_equal(b.count, 5);
    assert_int_equal(b.dns.asked, 2);
    assert_int_equal(b.answers[2].addresses[0].bytes[3], 4);
    assert_int_equal(b.answers[4].status, NAME_NONTRANSIENT);
    bench_fini(&b);
}

static void addresses_have_names(void **state) {
    struct bench b;
    (void)state;
    bench_init(&b, (struct resolver_options){.randomize_case = true});
    static const struct name_query queries[] = {{.address = {ADDRESS_IPV4, {1, 2, 3, 4}}},
                                                {.address = {ADDRESS_IPV6, {0x20, 1}}}};
    for (unsigned i = 0; i < 2; i++) {
        resolver_ask(b.resolver, 1, &queries[i], NULL);
        turn_until(&b, i + 1);
        assert_int_equal(b.answers[i].status, NAME_FOUND);
        assert_string_equal(b.answers[i].host, "host.example");
    }
    bench_fini(&b);
}

static void silence_is_a_failure_in_time(void **state) {
    struct bench b;
    (void)state;
    bench_init(&b, (struct resolver_options){.randomize_case = true});
    ask(&b, "silent-1.example", true);
    turn_until(&b, 1);
    assert_int_equal(b.answers[0].status, NAME_TRANSIENT);
    assert_true(b.dns.asked >= 2 * RESOLVER_TRIES);
    unsigned asked = b.dns.asked;
    ask(&b, "silent-1.example", false); /* is asked again */
    turn_until(&b, 2);
    assert_true(b.dns.asked > asked);
    bench_fini(&b);
}

static void an_answer_that_is_spelt_differently_is_not_believed(void **state) {
    (void)state;
    for (unsigned randomize = 0; randomize < 2; randomize++) {
        struct bench b;
        bench_init(&b, (struct resolver_options){.randomize_case = randomize});
        ask(&b, "lower-abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz.example", false);
        turn_until(&b, 1);
        assert_int_equal(b.answers[0].status, randomize ? NAME_TRANSIENT : NAME_FOUND);
        bench_fini(&b);
    }
}

static void what_no_host_is_called_is_not_asked(void **state) {
    static const char *const names[] = {"a@b.example", "http://a", "abc.onion", "a b"};
    struct bench b;
    (void)state;
    bench_init(&b, (struct resolver_options){.randomize_case = true});
    for (unsigned i = 0; i < COUNT(names); i++) {
        ask(&b, names[i], true);
        assert_int_equal(b.count, i + 1);
        assert_int_equal(b.answers[i].status, NAME_NONTRANSIENT);
    }
    fake_dns_turn(&b.dns);
    assert_int_equal(b.dns.asked, 0);
    bench_fini(&b);
}

static void open_questions_end_with_the_resolver(void **state) {
    struct bench b;
    (void)state;
    bench_init(&b, (struct resolver_options){.randomize_case = true});
    ask(&b, "silent-1.example", true);
    ask(&b, "silent-2.example", false);
    resolver_free(b.resolver);
    b.resolver = NULL;
    assert_int_equal(b.count, 2);
    assert_int_equal(b.answers[1].status, NAME_TRANSIENT);
    bench_fini(&b);
}

/* Silent names, as many as who may have open. */
static unsigned ask_all(struct bench *b, uint64_t who) {
    char host[64];
    for (unsigned asked = 0;; asked++) {
        unsigned done = b->count;
        snprintf(host, sizeof host, "silent-%u-%u.example", (unsigned)who, asked);
        ask_for(b, who, host, false);
        if (b->count > done)
            return asked;
    }
}

static void nobody_uses_up_the_places_for_questions(void **state) {
    struct bench b;
    (void)state;
    bench_init(&b, (struct resolver_options){.randomize_case = true});
    assert_int_equal(ask_all(&b, 1), RESOLVER_PENDING_MAX / 2);
    assert_int_equal(b.answers[0].status, NAME_TRANSIENT);
    ask_for(&b, 1, "silent-1-0.example", false); /* what is asked already costs nothing */
    assert_int_equal(b.count, 1);
    assert_int_equal(ask_all(&b, 2), RESOLVER_PENDING_MAX / 4);
    ask_for(&b, 3, "a.example", true);
    resolver_free(b.resolver);
    b.resolver = NULL;
    assert_int_equal(b.count,
                     2 + RESOLVER_PENDING_MAX * 3 / 4 + 2); /* refused ones, and all that were open */
    bench_fini(&b);
}

static void another_patience_asks_anew(void **state) {
    struct bench b;
    struct complaint complaint = {""};
    (void)state;
    bench_init(&b, (struct resolver_options){.randomize_case = true});
    ask(&b, "silent-1.example", false);
    assert_true(resolver_set_patience(b.resolver, (struct dns_patience){50, 3}, &complaint));
    assert_int_equal(b.count, 0);
    turn_until(&b, 1);
    assert_int_equal(b.answers[0].status, NAME_TRANSIENT);
    assert_in_range(b.dns.asked, 3, 4); /* the old channel may have asked once */
    assert_true(resolver_set_patience(b.resolver, (struct dns_patience){50, 3}, &complaint));
    ask(&b, "a.example", false);
    turn_until(&b, 2);
    assert_int_equal(b.answers[1].status, NAME_FOUND);
    unlink(b.dns.resolv_conf);
    assert_false(resolver_set_patience(b.resolver, (struct dns_patience){60, 3}, &complaint));
    ask(&b, "b.example", false); /* as before */
    turn_until(&b, 3);
    assert_int_equal(b.answers[2].status, NAME_FOUND);
    bench_fini(&b);
}

static void a_missing_file_is_named(void **state) {
    struct complaint complaint = {""};
    struct event_base *base = event_base_new();
    const struct resolver_options options = {.resolv_conf = "/nowhere/resolv.conf"};
    (void)state;
    assert_null(resolver_new(base, &options, on_done, NULL, &complaint));
    assert_non_null(strstr(complaint.text, "/nowhere/resolv.conf"));
    event_base_free(base);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_families_in_one_answer),
        cmocka_unit_test(what_is_known_or_asked_is_not_asked_again),
        cmocka_unit_test(addresses_have_names),
        cmocka_unit_test(silence_is_a_failure_in_time),
        cmocka_unit_test(an_answer_that_is_spelt_differently_is_not_believed),
        cmocka_unit_test(what_no_host_is_called_is_not_asked),
        cmocka_unit_test(open_questions_end_with_the_resolver),
        cmocka_unit_test(nobody_uses_up_the_places_for_questions),
        cmocka_unit_test(another_patience_asks_anew),
        cmocka_unit_test(a_missing_file_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
