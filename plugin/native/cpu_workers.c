#include "native/cpu_workers.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "native/inbox.h"
#include "native/pacing.h"
#include "native/task.h"
#include "native/turn_clock.h"

struct queued_job {
    struct job job;
    struct inbox *reply_to;
    nsec queued_at;
};

struct queued_task {
    struct task *task;
    struct inbox *reply_to;
};

struct cpu_workers {
    const struct crypt_provider *crypt;
    pthread_mutex_t lock; /* protects what follows down to tasks */
    pthread_cond_t news;  /* a job, or stopping */
    bool stopping;
    uint32_t first, waiting; /* ring */
    uint32_t waiting_max;
    nsec wait_max; /* whoever has waited so long has given up */
    uint32_t keys_version;
    struct ntor_server_keys keys;
    struct pacing *pacing; /* NULL: none */
    uint32_t paced_next;   /* number of the worker that takes jobs for the first time */
    struct work work;
    struct queued_job ring[JOBS_MAX];
    uint32_t tasks_first, tasks_waiting; /* ring */
    unsigned on_tasks, on_tasks_max;     /* workers */
    struct queued_task tasks[TASKS_MAX];
    unsigned count; /* immutable once started */
    pthread_t threads[CPU_WORKERS_MAX];
};

/* Jobs that a worker has taken at once. */
struct batch {
    struct queued_job jobs[JOBS_A_TURN];
    uint32_t count;
};

/* A worker's own copies, so that jobs run without the lock. */
struct worker {
    struct ntor_server_keys keys;
    uint32_t keys_version;
    nsec wait_max;
    struct pacing *pacing;
    uint32_t number; /* for pacing */
    struct work work;
};

static void lock(struct cpu_workers *workers) {
    CHECK(pthread_mutex_lock(&workers->lock) == 0);
}

static void unlock(struct cpu_workers *workers) {
    CHECK(pthread_mutex_unlock(&workers->lock) == 0);
}

/* One worker at least is always there for handshakes, unless there is only one. */
static bool may_begin_task(const struct cpu_workers *workers) {
    return workers->tasks_waiting > 0 && workers->on_tasks < workers->on_tasks_max;
}

/* A worker's share of what waits: so few jobs are taken one by one, and spread over the workers. */
static uint32_t jobs_to_take(const struct cpu_workers *workers) {
    uint32_t share = workers->waiting / workers->count;
    return share < 1 ? 1 : share > JOBS_A_TURN ? JOBS_A_TURN : share;
}

static void take_jobs(struct cpu_workers *workers, struct worker *worker, struct batch *batch_out) {
    batch_out->count = jobs_to_take(workers);
    for (uint32_t i = 0; i < batch_out->count; i++) {
        batch_out->jobs[i] = workers->ring[workers->first];
        workers->first = (workers->first + 1) % JOBS_MAX;
    }
    workers->waiting -= batch_out->count;
    worker->wait_max = workers->wait_max;
    if (worker->pacing != workers->pacing) {
        worker->pacing = workers->pacing;
        worker->number = workers->paced_next++;
    }
    if (worker->keys_version != workers->keys_version) {
        worker->keys = workers->keys;
        worker->keys_version = workers->keys_version;
    }
}

static struct queued_task take_task(struct cpu_workers *workers) {
    struct queued_task task = workers->tasks[workers->tasks_first];
    workers->tasks_first = (workers->tasks_first + 1) % TASKS_MAX;
    workers->tasks_waiting--;
    workers->on_tasks++;
    return task;
}

enum worker_duty { DUTY_STOP, DUTY_JOBS, DUTY_TASK };

/* Hand in the work done last, and wait for something to do: jobs go before tasks. */
static enum worker_duty take_duty(struct cpu_workers *workers, struct worker *worker, struct batch *batch_out,
                                  struct queued_task *task_out) {
    enum worker_duty duty = DUTY_STOP;
    lock(workers);
    work_add(&workers->work, &worker->work);
    worker->work = (struct work){0};
    while (workers->waiting == 0 && !may_begin_task(workers) && !workers->stopping)
        CHECK(pthread_cond_wait(&workers->news, &workers->lock) == 0);
    if (!workers->stopping && workers->waiting > 0) {
        duty = DUTY_JOBS;
        take_jobs(workers, worker, batch_out);
    } else if (!workers->stopping) {
        duty = DUTY_TASK;
        *task_out = take_task(workers);
    }
    unlock(workers);
    return duty;
}

static struct message *do_job(const struct cpu_workers *workers, struct worker *worker,
                              const struct queued_job *queued) {
    struct message *message = message_new(MESSAGE_JOB_RESULT);
    if (monotonic_read() - queued->queued_at >= worker->wait_max) {
        message->result.half = queued->job.half;
        message->result.kind = queued->job.kind;
        message->result.error = ERR_LIMIT;
    } else
        job_run(&queued->job, workers->crypt, &worker->keys, &message->result, &worker->work);
    return message;
}

/* Results go together to whoever asked, so that it is woken once; each inbox gets its own in their order. */
static void post_results(const struct batch *batch, struct message *const *results) {
    bool is_posted[JOBS_A_TURN] = {false};
    for (uint32_t i = 0; i < batch->count; i++) {
        struct inbox *to = batch->jobs[i].reply_to;
        struct message *last = results[i];
        if (is_posted[i])
            continue;
        for (uint32_t j = i + 1; j < batch->count; j++) {
            if (batch->jobs[j].reply_to != to)
                continue;
            last->next = results[j];
            last = results[j];
            is_posted[j] = true;
        }
        inbox_post_list(to, results[i], last);
    }
}

static void do_jobs(const struct cpu_workers *workers, struct worker *worker, const struct batch *batch) {
    struct message *results[JOBS_A_TURN];
    for (uint32_t i = 0; i < batch->count; i++)
        results[i] = do_job(workers, worker, &batch->jobs[i]);
    if (worker->pacing != NULL)
        worker->pacing->charge(worker->pacing, worker->number, &worker->work, &(struct working_set){0});
    post_results(batch, results);
}

static void do_task(struct cpu_workers *workers, const struct queued_task *queued) {
    struct message *message = message_new(MESSAGE_TASK);
    queued->task->run(queued->task);
    message->task = queued->task;
    inbox_post(queued->reply_to, message);
    lock(workers);
    workers->on_tasks--;
    if (workers->tasks_waiting > 0)
        CHECK(pthread_cond_signal(&workers->news) == 0);
    unlock(workers);
}

static void *worker_main(void *argument) {
    struct cpu_workers *workers = argument;
    struct worker worker = {.keys_version = 0};
    struct batch batch;
    struct queued_task task;
    enum worker_duty duty;
    while ((duty = take_duty(workers, &worker, &batch, &task)) != DUTY_STOP) {
        if (duty == DUTY_JOBS)
            do_jobs(workers, &worker, &batch);
        else
            do_task(workers, &task);
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
    workers->waiting_max = JOBS_MAX;
    workers->wait_max = (nsec)CPU_WORKERS_CUTOFF_S * NSEC_PER_S;
    workers->on_tasks_max = count > 1 ? count / 2 : 1;
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
    while (workers->tasks_waiting > 0) {
        struct task *task = take_task(workers).task;
        task->finish(task, false);
    }
    pthread_cond_destroy(&workers->news);
    pthread_mutex_destroy(&workers->lock);
    OPENSSL_cleanse(workers, sizeof *workers);
    free(workers);
}

void cpu_workers_pace(struct cpu_workers *workers, struct pacing *pacing, uint32_t first) {
    lock(workers);
    workers->pacing = pacing;
    workers->paced_next = first;
    unlock(workers);
}

bool cpu_workers_submit(struct cpu_workers *workers, const struct job *job, struct inbox *reply_to) {
    lock(workers);
    bool has_room = workers->waiting < workers->waiting_max;
    if (has_room) {
        workers->ring[(workers->first + workers->waiting) % JOBS_MAX] =
            (struct queued_job){*job, reply_to, monotonic_read()};
        workers->waiting++;
        CHECK(pthread_cond_signal(&workers->news) == 0);
    }
    unlock(workers);
    return has_room;
}

bool cpu_workers_run(struct cpu_workers *workers, struct task *task, uint32_t waiting_max,
                     struct inbox *reply_to) {
    CHECK(waiting_max <= TASKS_MAX);
    lock(workers);
    bool has_room = workers->tasks_waiting < waiting_max && !workers->stopping;
    if (has_room) {
        uint32_t last = (workers->tasks_first + workers->tasks_waiting) % TASKS_MAX;
        workers->tasks[last] = (struct queued_task){task, reply_to};
        workers->tasks_waiting++;
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

void cpu_workers_set_delay(struct cpu_workers *workers, uint32_t milliseconds) {
    uint64_t jobs = (uint64_t)milliseconds * 1000000 / JOB_NS * workers->count;
    lock(workers);
    workers->waiting_max = jobs < 1          ? 1
                           : jobs > JOBS_MAX ? JOBS_MAX
                                             : (uint32_t)jobs; /* one may always wait */
    unlock(workers);
}

void cpu_workers_set_cutoff(struct cpu_workers *workers, uint32_t seconds) {
    lock(workers);
    workers->wait_max = (nsec)seconds * NSEC_PER_S;
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
