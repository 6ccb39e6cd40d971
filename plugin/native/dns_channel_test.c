#include "native/dns_channel.h"

#include <ares.h>
#include <event2/event.h>

#include "support/fake_dns.h"
#include "support/test.h"

struct bench {
    struct fake_dns dns;
    struct event_base *base;
    struct dns_channel *channel;
    unsigned replies;
    int status; /* of the last */
    int length;
};

static void on_reply(void *argument, int status, int timeouts, unsigned char *bytes, int length) {
    struct bench *b = argument;
    (void)timeouts, (void)bytes;
    b->replies++;
    b->status = status;
    b->length = length;
}

static void open_bench(struct bench *b, struct dns_patience patience) {
    struct complaint complaint = {""};
    memset(b, 0, sizeof *b);
    fake_dns_init(&b->dns);
    b->base = event_base_new();
    b->channel = dns_channel_new(b->base, b->dns.resolv_conf, patience, &complaint);
    assert_non_null(b->channel);
}

static void close_bench(struct bench *b) {
    dns_channel_free(b->channel);
    event_base_free(b->base);
    fake_dns_fini(&b->dns);
}

static void turn_until(struct bench *b, unsigned replies) {
    while (b->replies < replies) {
        const struct timeval soon = {.tv_usec = 1000};
        fake_dns_turn(&b->dns);
        event_base_loopexit(b->base, &soon);
        event_base_dispatch(b->base);
    }
}

static void questions_are_replied_to(void **state) {
    static const enum name_kind kinds[] = {NAME_OF_IPV4, NAME_OF_IPV6, NAME_OF_ADDRESS};
    struct bench b;
    (void)state;
    open_bench(&b, (struct dns_patience){1000, 2});
    for (unsigned i = 0; i < COUNT(kinds); i++) {
        dns_channel_ask(b.channel, "a.example", kinds[i], false, on_reply, &b);
        turn_until(&b, i + 1);
        assert_int_equal(b.status, ARES_SUCCESS);
        assert_true(b.length > 12);
    }
    assert_int_equal(b.dns.asked, 3);
    close_bench(&b);
}

static void patience_is_counted_in_tries(void **state) {
    struct bench b;
    (void)state;
    open_bench(&b, (struct dns_patience){20, 3});
    dns_channel_ask(b.channel, "silent-1.example", NAME_OF_IPV4, false, on_reply, &b);
    turn_until(&b, 1);
    assert_int_equal(b.status, ARES_ETIMEOUT);
    assert_int_equal(b.dns.asked, 3);
    close_bench(&b);
}

static void open_questions_end_with_the_channel(void **state) {
    struct bench b;
    (void)state;
    open_bench(&b, (struct dns_patience){1000, 2});
    dns_channel_ask(b.channel, "silent-1.example", NAME_OF_IPV4, false, on_reply, &b);
    dns_channel_ask(b.channel, "silent-2.example", NAME_OF_IPV6, false, on_reply, &b);
    dns_channel_free(b.channel);
    b.channel = NULL;
    assert_int_equal(b.replies, 2);
    assert_int_equal(b.status, ARES_EDESTRUCTION);
    close_bench(&b);
}

static void a_missing_file_is_named(void **state) {
    struct complaint complaint = {""};
    struct event_base *base = event_base_new();
    (void)state;
    assert_null(dns_channel_new(base, "/nowhere/resolv.conf", (struct dns_patience){1000, 2}, &complaint));
    assert_non_null(strstr(complaint.text, "/nowhere/resolv.conf"));
    event_base_free(base);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_are_replied_to),
        cmocka_unit_test(patience_is_counted_in_tries),
        cmocka_unit_test(open_questions_end_with_the_channel),
        cmocka_unit_test(a_missing_file_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
