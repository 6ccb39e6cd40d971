/* accounting_keeper - bandwidth accounting of this relay as it runs: what was counted is kept in the file `state` of the data directory,
 * what happens is logged in tor's words, and who has to sleep or wake up is told.
 *
 * The count is written each ACCOUNTING_SAVE_S, when it has grown by 1 / ACCOUNTING_SAVE_PARTS of AccountingMax, when the state
 * changes, and at the end. So a crash or a power cut loses what passed in a minute, but never more than a hundredth of AccountingMax
 * and what passes in the seconds of a look and a write.
 * Owner and thread: main; the file is written by a worker. */
#ifndef LOOM_NATIVE_ACCOUNTING_KEEPER_H
#define LOOM_NATIVE_ACCOUNTING_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "core/hibernation.h"
#include "native/complaint.h"
#include "native/task.h"

#define ACCOUNTING_SAVE_S     60u
#define ACCOUNTING_SAVE_PARTS 100u

struct accounting_keeper;
struct calendar;
struct config;
struct crypt_provider;
struct evbuffer;

struct accounting_keeper_options {
    const struct config *config; /* borrowed, as are the others; with an AccountingMax */
    const struct crypt_provider *crypt;
    const struct calendar *calendar;
    const uint8_t *rsa_id; /* 20 bytes */
    struct task_queue tasks;
    void *context;
    /* We sleep, or wake up. Not called from accounting_keeper_new(). */
    void (*changed)(void *context, enum hibernation hibernation);
};

/* Go on where the file ends, at now_s of the wall clock; and write it once. NULL with a complaint when it is damaged or cannot be
 * written. */
MUST_USE struct accounting_keeper *accounting_keeper_new(const struct accounting_keeper_options *options,
                                                         uint64_t now_s, struct complaint *complaint);
/* Writes the file a last time: the workers must have stopped. read and written as in accounting_keeper_second(). NULL is fine. */
void accounting_keeper_free(struct accounting_keeper *keeper, uint64_t now_s, uint64_t read,
                            uint64_t written);
/* A second has passed; read and written count all bytes since the start. */
void accounting_keeper_second(struct accounting_keeper *keeper, uint64_t now_s, uint64_t read,
                              uint64_t written);
enum hibernation accounting_keeper_state(const struct accounting_keeper *keeper);
/* We must expect to sleep, and do not offer the directory: clients want to rely on who does. */
bool accounting_keeper_hides_directory(const struct accounting_keeper *keeper);
/* tor's line of the heartbeat. */
void accounting_keeper_log(const struct accounting_keeper *keeper, uint64_t now_s);
/* As Prometheus text. */
void accounting_keeper_metrics(const struct accounting_keeper *keeper, struct evbuffer *out);

#endif
