#include "native/inbox.h"

#include <poll.h>

#include "support/test.h"

#define SENDERS  4u
#define MESSAGES 5000u

static bool is_awake(const struct inbox *inbox) {
    struct pollfd wait = {.fd = inbox->wake_fd, .events = POLLIN};
    return poll(&wait, 1, 0) == 1;
}

static void post(struct inbox *inbox, link_id link) {
    struct message *message = message_new(MESSAGE_ACCEPT_FAILED);
    message->link = link;
    inbox_post(inbox, message);
}

static void keeps_the_order_and_wakes_once(void **state) {
    struct inbox inbox;
    (void)state;
    inbox_init(&inbox);
    assert_false(is_awake(&inbox));
    post(&inbox, 1);
    post(&inbox, 2);
    assert_true(is_awake(&inbox));
    inbox_woken(&inbox);
    assert_false(is_awake(&inbox));
    struct message *first = inbox_take_all(&inbox);
    assert_int_equal(first->link, 1);
    assert_int_equal(first->next->link, 2);
    assert_null(first->next->next);
    message_free(first->next);
    message_free(first);
    assert_null(inbox_take_all(&inbox));
    inbox_wake(&inbox);
    assert_true(is_awake(&inbox));
    post(&inbox, 3); /* freed with the inbox */
    inbox_fini(&inbox);
}

struct sender {
    struct inbox *inbox;
    link_id base;
};

static void *send_all(void *argument) {
    const struct sender *sender = argument;
    for (unsigned i = 0; i < MESSAGES; i++)
        post(sender->inbox, sender->base + i);
    return NULL;
}

static void loses_nothing_between_threads(void **state) {
    struct inbox inbox;
    struct sender senders[SENDERS];
    pthread_t threads[SENDERS];
    link_id next[SENDERS] = {0};
    (void)state;
    inbox_init(&inbox);
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){&inbox, (link_id)i * MESSAGES};
        assert_int_equal(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
    }
    for (unsigned got = 0; got < SENDERS * MESSAGES;) {
        struct pollfd wait = {.fd = inbox.wake_fd, .events = POLLIN};
        assert_int_equal(poll(&wait, 1, 10000), 1);
        inbox_woken(&inbox);
        for (struct message *message = inbox_take_all(&inbox), *after; message != NULL; message = after) {
            unsigned from = (unsigned)(message->link / MESSAGES);
            assert_int_equal(message->link % MESSAGES, next[from]++);
            after = message->next;
            message_free(message);
            got++;
        }
    }
    for (unsigned i = 0; i < SENDERS; i++)
        pthread_join(threads[i], NULL);
    inbox_fini(&inbox);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_order_and_wakes_once),
        cmocka_unit_test(loses_nothing_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
