#include "native/inbox.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"
#include "core/consensus_view.h"
#include "native/archive.h"
#include "native/task.h"
#include "native/tls_identity.h"

struct message *message_new(enum message_kind kind) {
    struct message *message = calloc(1, sizeof *message);
    CHECK(message != NULL);
    message->kind = kind;
    message->fd = -1;
    return message;
}

void message_free(struct message *message) {
    OPENSSL_cleanse(message, sizeof *message);
    free(message);
}

void inbox_init(struct inbox *inbox) {
    CHECK(pthread_mutex_init(&inbox->lock, NULL) == 0);
    inbox->first = inbox->last = NULL;
    inbox->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    CHECK(inbox->wake_fd >= 0);
}

void inbox_fini(struct inbox *inbox) {
    struct message *message = inbox_take_all(inbox);
    while (message != NULL) {
        struct message *next = message->next;
        if (message->fd >= 0)
            close(message->fd);
        consensus_view_drop(message->view);
        tls_identity_drop(message->identity);
        archive_drop(message->archive);
        if (message->task != NULL)
            message->task->finish(message->task, false);
        free(message->names);
        message_free(message);
        message = next;
    }
    close(inbox->wake_fd);
    pthread_mutex_destroy(&inbox->lock);
}

void inbox_post(struct inbox *inbox, struct message *message) {
    inbox_post_list(inbox, message, message);
}

void inbox_post_list(struct inbox *inbox, struct message *first, struct message *last) {
    last->next = NULL;
    CHECK(pthread_mutex_lock(&inbox->lock) == 0);
    bool was_empty = inbox->first == NULL;
    if (was_empty)
        inbox->first = first;
    else
        inbox->last->next = first;
    inbox->last = last;
    CHECK(pthread_mutex_unlock(&inbox->lock) == 0);
    if (was_empty)
        inbox_wake(inbox); /* otherwise whoever posted the first one does, or did */
}

void inbox_wake(struct inbox *inbox) {
    /* Fails only when the counter is at its top: then the owner is awake in any case. */
    (void)!eventfd_write(inbox->wake_fd, 1);
}

void inbox_woken(struct inbox *inbox) {
    eventfd_t count;
    (void)!eventfd_read(inbox->wake_fd, &count);
}

struct message *inbox_take_all(struct inbox *inbox) {
    CHECK(pthread_mutex_lock(&inbox->lock) == 0);
    struct message *first = inbox->first;
    inbox->first = inbox->last = NULL;
    CHECK(pthread_mutex_unlock(&inbox->lock) == 0);
    return first;
}
