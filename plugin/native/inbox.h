/* inbox - what other threads tell an event thread beside the mailroom: sockets, results of jobs, news. Also its wakes.
 *
 * Not the path of cells: a lock for each message is fine here.
 * Thread: inbox_post and inbox_wake from any thread; the rest from the owner's. The lock protects the list only.
 * Memory: a message belongs to whoever holds it; its content is wiped when it is freed, because results carry keys.
 * Bound: sockets by links_max, results and tasks by the workers' queues; the others are rare. */
#ifndef LOOM_NATIVE_INBOX_H
#define LOOM_NATIVE_INBOX_H

#include <pthread.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/ids.h"
#include "core/hibernation.h"
#include "core/job.h"
#include "wire/address.h"

struct archive;
struct consensus_view;
struct task;
struct name_exchange;
struct tls_identity;

enum message_kind {
    MESSAGE_SOCKET,        /* take over an accepted connection: link, fd, peer */
    MESSAGE_ACCEPT_FAILED, /* to the main thread: link ended before the manager took it */
    MESSAGE_JOB_RESULT,    /* result */
    MESSAGE_CONSENSUS,     /* view, handed over */
    MESSAGE_IDENTITY,      /* identity for new links, handed over */
    MESSAGE_HIBERNATION,   /* hibernation: sleep, or wake up */
    MESSAGE_CLOCK,         /* unix_s: the wall clock was set */
    MESSAGE_TASK,          /* task, run and handed back */
    MESSAGE_ARCHIVE,       /* archive of the directory, handed over */
    MESSAGE_NAMES,         /* names: a question to the name service, or its answer; handed over */
    MESSAGE_PATIENCE,      /* to the name service: timeout_ms, tries */
    MESSAGE_STOP,          /* leave the loop */
};

struct message {
    struct message *next;
    enum message_kind kind;
    int fd;
    link_id link;
    struct endpoint peer;
    uint64_t unix_s;
    struct consensus_view *view;
    struct tls_identity *identity;
    struct task *task;
    struct archive *archive;
    struct name_exchange *names;
    uint32_t timeout_ms, tries;
    enum hibernation hibernation;
    struct job_result result;
};

/* A zeroed message. Ends the process without memory, like every small allocation of the runtime. */
MUST_USE struct message *message_new(enum message_kind kind);
void message_free(struct message *message);

struct inbox {
    pthread_mutex_t lock;
    struct message *first; /* under lock */
    struct message *last;  /* under lock */
    int wake_fd;           /* eventfd, non-blocking; readable when there is news */
};

/* Ends the process when there is no file descriptor left for it. */
void inbox_init(struct inbox *inbox);
/* Frees messages that nobody took, with the sockets in them. */
void inbox_fini(struct inbox *inbox);
/* Hands over message. */
void inbox_post(struct inbox *inbox, struct message *message);
/* The same for those that are linked by next, from first to last. */
void inbox_post_list(struct inbox *inbox, struct message *first, struct message *last);
/* The owner's loop turns soon. */
void inbox_wake(struct inbox *inbox);
/* After wake_fd was readable: rearm it. Take the messages after this, never before. */
void inbox_woken(struct inbox *inbox);
/* All messages in order, linked by next; NULL when there are none. Hands them over. */
MUST_USE struct message *inbox_take_all(struct inbox *inbox);

#endif
