#include "des_threads/engine_threads.h"

#include <pthread.h>
#include <stdbool.h>

#include "base/check.h"
#include "des/engine.h"

struct run {
    struct engine *engine;
    nsec until;
    uint32_t threads;
    uint64_t round_first;
    uint64_t round_last;   /* written by worker 0 */
    pthread_mutex_t mutex; /* protects go and cancelled */
    pthread_cond_t start;
    bool go;
    bool cancelled;
    pthread_barrier_t barrier;
};

struct worker {
    struct run *run;
    uint32_t number;
    pthread_t thread;
};

static void work(struct run *run, uint32_t number) {
    uint64_t round = run->round_first;
    nsec end;
    while ((end = engine_round_end(run->engine, round, run->until)) != NSEC_NEVER) {
        for (uint32_t p = number; p < engine_partitions(run->engine); p += run->threads)
            engine_run_partition(run->engine, p, round, end);
        round++;
        pthread_barrier_wait(&run->barrier);
    }
    if (number == 0)
        run->round_last = round;
}

/* Wait until every thread exists: the barrier counts all of them. */
static bool wait_for_start(struct run *run) {
    pthread_mutex_lock(&run->mutex);
    while (!run->go && !run->cancelled)
        pthread_cond_wait(&run->start, &run->mutex);
    bool go = run->go;
    pthread_mutex_unlock(&run->mutex);
    return go;
}

static void *worker_main(void *context) {
    struct worker *worker = context;
    if (wait_for_start(worker->run))
        work(worker->run, worker->number);
    return NULL;
}

static void let_go(struct run *run, bool go) {
    pthread_mutex_lock(&run->mutex);
    run->go = go;
    run->cancelled = !go;
    pthread_cond_broadcast(&run->start);
    pthread_mutex_unlock(&run->mutex);
}

static enum err run_workers(struct run *run) {
    struct worker workers[ENGINE_THREADS_MAX];
    uint32_t started = 1;
    for (; started < run->threads; started++) {
        workers[started] = (struct worker){.run = run, .number = started};
        if (pthread_create(&workers[started].thread, NULL, worker_main, &workers[started]) != 0)
            break;
    }
    bool all = started == run->threads;
    let_go(run, all);
    if (all)
        work(run, 0);
    for (uint32_t i = 1; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    return all ? engine_end(run->engine, run->round_last, run->until) : ERR_LIMIT;
}

enum err engine_run_threads(struct engine *engine, nsec until, uint32_t threads) {
    CHECK(threads > 0);
    uint32_t useful = threads < engine_partitions(engine) ? threads : engine_partitions(engine);
    struct run run = {
        .engine = engine,
        .until = until,
        .threads = useful < ENGINE_THREADS_MAX ? useful : ENGINE_THREADS_MAX,
        .round_first = engine_round(engine),
        .mutex = PTHREAD_MUTEX_INITIALIZER,
        .start = PTHREAD_COND_INITIALIZER,
    };
    if (pthread_barrier_init(&run.barrier, NULL, run.threads) != 0)
        return ERR_LIMIT;
    engine_begin(engine);
    enum err e = run_workers(&run);
    pthread_barrier_destroy(&run.barrier);
    return e;
}
