#include "native/name_service.h"

#include <poll.h>
#include <stdlib.h>

#include "native/inbox.h"
#include "native/resolver.h"
#include "support/fake_dns.h"
#include "support/test.h"

/* The next answer in the inbox; the server turns meanwhile. */
static struct name_answer await(struct inbox *inbox, struct fake_dns *dns, edge_id edge) {
    struct message *message;
    while ((message = inbox_take_all(inbox)) == NULL) {
        struct pollfd fds[] = {{inbox->wake_fd, POLLIN, 0}, {dns->fd, POLLIN, 0}};
        (void)poll(fds, 2, 1000);
        inbox_woken(inbox);
        fake_dns_turn(dns);
    }
    assert_int_equal(message->kind, MESSAGE_NAMES);
    assert_null(message->next);
    assert_int_equal(message->names->edge, edge);
    struct name_answer answer = message->names->answer;
    free(message->names);
    message_free(message);
    return answer;
}

struct rig {
    struct fake_dns dns;
    struct inbox inbox;
    struct name_service *service;
};

static void open_rig(struct rig *rig) {
    struct complaint complaint = {""};
    fake_dns_init(&rig->dns);
    inbox_init(&rig->inbox);
    const struct resolver_options options = {.resolv_conf = rig->dns.resolv_conf};
    rig->service = name_service_new(&options, &complaint);
    assert_non_null(rig->service);
}

static void close_rig(struct rig *rig) {
    inbox_fini(&rig->inbox);
    fake_dns_fini(&rig->dns);
}

static void questions_come_back_answered(void **state) {
    struct rig rig;
    const struct name_query query = {.host = "a.example", .wants_ipv4 = true};
    clockid_t clock;
    (void)state;
    open_rig(&rig);
    for (edge_id edge = 7; edge < 9; edge++) {
        name_service_ask(rig.service, &rig.inbox, edge, 1, &query);
        assert_int_equal(await(&rig.inbox, &rig.dns, edge).addresses[0].bytes[0], 1);
    }
    assert_int_equal(rig.dns.asked, 1);
    assert_true(name_service_clock(rig.service, &clock));
    name_service_free(rig.service);
    close_rig(&rig);
}

static void patience_reaches_the_thread(void **state) {
    struct rig rig;
    const struct name_query query = {.host = "silent-1.example", .wants_ipv4 = true};
    (void)state;
    open_rig(&rig);
    name_service_set_patience(rig.service, &(struct dns_patience){.timeout_ms = 50, .tries = 1});
    name_service_ask(rig.service, &rig.inbox, 7, 1, &query);
    assert_int_equal(await(&rig.inbox, &rig.dns, 7).status, NAME_TRANSIENT);
    assert_int_equal(rig.dns.asked, 1);
    name_service_free(rig.service);
    close_rig(&rig);
}

static void what_is_open_at_the_end_is_forgotten(void **state) {
    struct rig rig;
    const struct name_query query = {.host = "silent-1.example", .wants_ipv4 = true};
    (void)state;
    open_rig(&rig);
    for (edge_id edge = 1; edge < 5; edge++)
        name_service_ask(rig.service, &rig.inbox, edge, 1, &query);
    name_service_free(rig.service);
    assert_null(inbox_take_all(&rig.inbox));
    close_rig(&rig);
}

static void without_a_service_nothing_is_known(void **state) {
    struct rig rig;
    const struct name_query query = {.host = "a.example", .wants_ipv4 = true};
    (void)state;
    fake_dns_init(&rig.dns);
    inbox_init(&rig.inbox);
    name_service_ask(NULL, &rig.inbox, 3, 1, &query);
    assert_int_equal(await(&rig.inbox, &rig.dns, 3).status, NAME_TRANSIENT);
    close_rig(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_come_back_answered),
        cmocka_unit_test(patience_reaches_the_thread),
        cmocka_unit_test(what_is_open_at_the_end_is_forgotten),
        cmocka_unit_test(without_a_service_nothing_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
