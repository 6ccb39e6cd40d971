#include "native/cpu_workers.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "native/inbox.h"

struct queued_job {
    struct job job;
    struct inbox *reply_to;
};

struct cpu_workers {
    const struct crypt_provider *crypt;
    pthread_mutex_t lock; /* protects what follows down to work */
    pthread_cond_t news;  /* a job, or stopping */
    bool stopping;
    uint32_t first, waiting; /* ring */
    uint32_t keys_version;
    struct ntor_server_keys keys;
    struct work work;
    struct queued_job ring[JOBS_MAX];
    unsigned count; /* immutable once started */
    pthread_t threads[CPU_WORKERS_MAX];
};

/* A worker's own copies, so that a job runs without the lock. */
struct worker {
    struct ntor_server_keys keys;
    uint32_t keys_version;
    struct work work;
};

static void lock(struct cpu_workers *workers) {
    CHECK(pthread_mutex_lock(&workers->lock) == 0);
}

static void unlock(struct cpu_workers *workers) {
    CHECK(pthread_mutex_unlock(&workers->lock) == 0);
}

/* Hand in the last job's work, and wait for the next job. False when it is time to stop. */
static bool take_job(struct cpu_workers *workers, struct worker *worker, struct queued_job *out) {
    lock(workers);
    work_add(&workers->work, &worker->work);
    worker->work = (struct work){0};
    while (workers->waiting == 0 && !workers->stopping)
        CHECK(pthread_cond_wait(&workers->news, &workers->lock) == 0);
    bool has_job = !workers->stopping;
    if (has_job) {
        *out = workers->ring[workers->first];
        workers->first = (workers->first + 1) % JOBS_MAX;
        workers->waiting--;
        if (worker->keys_version != workers->keys_version) {
            worker->keys = workers->keys;
            worker->keys_version = workers->keys_version;
        }
    }
    unlock(workers);
    return has_job;
}

static void *worker_main(void *argument) {
    struct cpu_workers *workers = argument;
    struct worker worker = {.keys_version = 0};
    struct queued_job queued;
    while (take_job(workers, &worker, &queued)) {
        struct message *message = message_new(MESSAGE_JOB_RESULT);
        job_run(&queued.job, workers->crypt, &worker.keys, &message->result, &worker.work);
        inbox_post(queued.reply_to, message);
    }
    OPENSSL_cleanse(&worker, sizeof worker);
    return NULL;
}

static bool start_worker(struct cpu_workers *workers) {
    char name[16];
    pthread_t *thread = &workers->threads[workers->count];
    if (pthread_create(thread, NULL, worker_main, workers) != 0)
        return false;
    workers->count++;
    snprintf(name, sizeof name, "worker-%u", workers->count);
    pthread_setname_np(*thread, name);
    return true;
}

struct cpu_workers *cpu_workers_new(unsigned count, const struct crypt_provider *crypt,
                                    const struct ntor_server_keys *keys) {
    struct cpu_workers *workers = calloc(1, sizeof *workers);
    if (workers == NULL)
        return NULL;
    CHECK(count <= CPU_WORKERS_MAX);
    CHECK(pthread_mutex_init(&workers->lock, NULL) == 0);
    CHECK(pthread_cond_init(&workers->news, NULL) == 0);
    workers->crypt = crypt;
    workers->keys = *keys;
    workers->keys_version = 1;
    while (workers->count < count) {
        if (!start_worker(workers)) {
            cpu_workers_free(workers);
            return NULL;
        }
    }
    return workers;
}

void cpu_workers_free(struct cpu_workers *workers) {
    if (workers == NULL)
        return;
    lock(workers);
    workers->stopping = true;
    CHECK(pthread_cond_broadcast(&workers->news) == 0);
    unlock(workers);
    for (unsigned i = 0; i < workers->count; i++)
        CHECK(pthread_join(workers->threads[i], NULL) == 0);
    pthread_cond_destroy(&workers->news);
    pthread_mutex_destroy(&workers->lock);
    OPENSSL_cleanse(workers, sizeof *workers);
    free(workers);
}

bool cpu_workers_submit(struct cpu_workers *workers, const struct job *job, struct inbox *reply_to) {
    lock(workers);
    bool has_room = workers->waiting < JOBS_MAX;
    if (has_room) {
        workers->ring[(workers->first + workers->waiting) % JOBS_MAX] = (struct queued_job){*job, reply_to};
        workers->waiting++;
        CHECK(pthread_cond_signal(&workers->news) == 0);
    }
    unlock(workers);
    return has_room;
}

void cpu_workers_set_keys(struct cpu_workers *workers, const struct ntor_server_keys *keys) {
    lock(workers);
    workers->keys = *keys;
    workers->keys_version++;
    unlock(workers);
}

void cpu_workers_work(struct cpu_workers *workers, struct work *sum_out) {
    lock(workers);
    *sum_out = workers->work;
    unlock(workers);
}

unsigned cpu_workers_count(const struct cpu_workers *workers) {
    return workers->count;
}

bool cpu_workers_clock(const struct cpu_workers *workers, unsigned index, clockid_t *clock_out) {
    return index < workers->count && pthread_getcpuclockid(workers->threads[index], clock_out) == 0;
}
