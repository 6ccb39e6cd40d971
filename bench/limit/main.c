/* loom-limit - the least that relaying a cell costs on this machine, for the same load as loom-load's: one JSON object on the
 * standard output. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "limit/limit_accept.h"
#include "limit/limit_backend.h"
#include "limit/limit_calls.h"
#include "limit/limit_generator.h"
#include "limit/limit_loop.h"
#include "limit/limit_options.h"
#include "limit/limit_relay.h"
#include "limit/limit_report.h"
#include "load/load_plan.h"
#include "native/heap.h"
#include "native/openssl_provider.h"
#include "native/relay_setup.h"
#include "native/tls_identity.h"
#include "native/turn_clock.h"

#define DRAIN_PATIENCE (20 * NSEC_PER_S)

/* The measured thread and what it shares with the generator's. */
struct measured {
    const struct limit_options *options;
    const struct limit_backend *backend;
    struct tls_identity *identity;
    struct limit_relay *relay;
    struct limit_calls calls;
    int listener;
    int *fds;
    pthread_t thread;
    atomic_bool is_over;   /* relaxed: nothing goes with it */
    atomic_bool is_broken; /* relaxed: nothing goes with it */
};

/* --- the measured thread ----------------------------------------------------------------------------------------- */

static bool accept_links(struct measured *m) {
    enum limit_aead aead = m->options->own_aead ? LIMIT_AEAD_OWN : LIMIT_AEAD_OPENSSL;
    for (uint32_t i = 0; i < m->options->links; i++)
        if (!limit_accept(m->listener, m->identity, aead, &m->relay->links[i], &m->fds[i]))
            return false;
    return true;
}

static void *run_relay(void *argument) {
    struct measured *m = argument;
    struct limit_loop loop = {m->relay, m->fds, m->options->links, &m->is_over};
    limit_calls_count_here(&m->calls);
    if (!accept_links(m) || !m->backend->run(&loop))
        atomic_store_explicit(&m->is_broken, true, memory_order_relaxed);
    return NULL;
}

static void make_circuits(struct measured *m) {
    const struct limit_options *o = m->options;
    uint32_t ways = o->links / 2;
    m->relay = limit_relay_new(openssl_provider(), ways, o->circuits);
    for (uint32_t i = 0; i < o->circuits; i++)
        limit_relay_circuit(m->relay, i, load_plan_way_in(i, ways),
                            load_plan_way_out(i, ways, o->verified_links));
}

/* The relay on the first core, the generator on the next, where there are two and they are not to be shared. */
static void pin(pthread_t thread, int position) {
    cpu_set_t may, one;
    CPU_ZERO(&one);
    CHECK(sched_getaffinity(0, sizeof may, &may) == 0);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &may) && position-- == 0)
            CPU_SET(cpu, &one);
    if (CPU_COUNT(&one) == 1 && CPU_COUNT(&may) > 1)
        CHECK(pthread_setaffinity_np(thread, sizeof one, &one) == 0);
}

static void start(struct measured *m) {
    m->fds = heap_new(m->options->links * sizeof *m->fds);
    for (uint32_t i = 0; i < m->options->links; i++)
        m->fds[i] = -1;
    CHECK(pthread_create(&m->thread, NULL, run_relay, m) == 0);
    if (m->options->shares_cores)
        return;
    pin(m->thread, 0);
    pin(pthread_self(), 1);
}

static void stop(struct measured *m) {
    atomic_store_explicit(&m->is_over, true, memory_order_relaxed);
    close(m->listener);
    CHECK(pthread_join(m->thread, NULL) == 0);
    for (uint32_t i = 0; i < m->options->links; i++)
        if (m->fds[i] >= 0)
            close(m->fds[i]);
    limit_relay_free(m->relay);
    tls_identity_drop(m->identity);
    free(m->fds);
}

/* --- measuring --------------------------------------------------------------------------------------------------- */

static nsec cpu_of(clockid_t clock) {
    struct timespec time;
    CHECK(clock_gettime(clock, &time) == 0);
    return (nsec)time.tv_sec * NSEC_PER_S + (nsec)time.tv_nsec;
}

/* Counts so far. Those of the relay's thread are read while it writes them: a few cells more or less of millions. */
static struct limit_window counts(const struct measured *m, struct limit_generator *generator) {
    nsec own = cpu_of(CLOCK_THREAD_CPUTIME_ID);
    return (struct limit_window){
        .elapsed = monotonic_read(),
        .relay_busy = cpu_of(CLOCK_PROCESS_CPUTIME_ID) - own, /* and what the kernel's workers do for it */
        .generator_busy = own,
        .cells = load_flow_arrived(limit_generator_flow(generator)),
        .records_out = atomic_load_explicit(&m->relay->records_out, memory_order_relaxed),
        .calls = limit_calls_so_far(&m->calls),
    };
}

static struct limit_window measure(const struct measured *m, struct limit_generator *generator, nsec length) {
    struct limit_window before = counts(m, generator);
    load_flow_run(limit_generator_flow(generator), before.elapsed + length);
    struct limit_window after = counts(m, generator);
    return (struct limit_window){
        .elapsed = after.elapsed - before.elapsed,
        .relay_busy = after.relay_busy - before.relay_busy,
        .generator_busy = after.generator_busy - before.generator_busy,
        .cells = after.cells - before.cells,
        .records_out = after.records_out - before.records_out,
        .calls = after.calls - before.calls,
    };
}

static bool run(struct measured *m, struct limit_generator *generator, struct complaint *complaint) {
    const struct limit_options *o = m->options;
    struct load_flow *flow = limit_generator_flow(generator);
    struct limit_report report = {.options = o, .cipher = limit_generator_cipher(generator)};
    if (!limit_generator_begin(generator))
        return complain(complaint, "a link is not idle or not TLS 1.3");
    load_flow_run(flow, monotonic_read() + o->warmup_ms * NSEC_PER_MS);
    for (uint32_t i = 0; i < o->repeats; i++)
        report.windows[i] = measure(m, generator, o->window_ms * NSEC_PER_MS);
    load_flow_drain(flow, monotonic_read() + DRAIN_PATIENCE);
    report.verified = load_flow_verified(flow);
    report.lost = load_flow_under_way(flow);
    report.wrong = limit_generator_losses(generator);
    limit_report_print(&report, stdout);
    if (atomic_load_explicit(&m->is_broken, memory_order_relaxed))
        return complain(complaint, "the relay's side broke");
    return (report.lost == 0 && report.wrong == 0) || complain(complaint, "cells were lost or changed");
}

static bool measure_all(const struct limit_options *options, const struct limit_backend *backend,
                        struct complaint *complaint) {
    static struct measured m;
    struct endpoint address;
    m.options = options;
    m.backend = backend;
    m.identity = tls_identity_new((uint64_t)time(NULL), CIPHER_ORDER_AES);
    if (!limit_identity_prepare(m.identity, options->cipher)) {
        tls_identity_drop(m.identity);
        return complain(complaint, "--cipher %s: no such TLS 1.3 suite", options->cipher);
    }
    m.listener = limit_listen(&address);
    make_circuits(&m);
    start(&m);
    struct limit_generator *generator = limit_generator_new(options, &address);
    bool ok = generator ? run(&m, generator, complaint) : complain(complaint, "a link could not be secured");
    stop(&m);
    limit_generator_free(generator);
    return ok;
}

static void list_backends(void) {
    for (const struct limit_backend *const *one = limit_backends(); *one; one++) {
        const char *refusal = (*one)->refusal();
        if (refusal)
            fprintf(stderr, "loom-limit: no %s: %s\n", (*one)->name, refusal);
        else
            puts((*one)->name);
    }
}

int main(int argc, char **argv) {
    struct limit_options options;
    struct complaint complaint;
    signal(SIGPIPE, SIG_IGN);
    if (!limit_options_parse(argc, (const char *const *)argv, &options, &complaint)) {
        fprintf(stderr, "loom-limit: %s\n", complaint.text);
        return 2;
    }
    if (options.wants_help)
        fputs(limit_options_help(), stdout);
    else if (options.wants_list)
        list_backends();
    if (options.wants_help || options.wants_list)
        return 0;
    const struct limit_backend *backend = limit_backend_named(options.backend);
    if (!backend) {
        fprintf(stderr, "loom-limit: --backend %s: not in this build; --list-backends names all\n",
                options.backend);
        return 2;
    }
    if (backend->refusal()) {
        fprintf(stderr, "loom-limit: no %s: %s\n", backend->name, backend->refusal());
        return 2;
    }
    (void)machine_raise_files();
    if (measure_all(&options, backend, &complaint))
        return 0;
    fprintf(stderr, "loom-limit: %s\n", complaint.text);
    return 1;
}
