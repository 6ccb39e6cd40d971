/* What the runtime says of itself as Prometheus text: counters of work, open links, the working set, CPU time. */
#include <event2/buffer.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "native/cpu_workers.h"
#include "native/event_thread.h"
#include "native/heap.h"
#include "native/name_service.h"
#include "native/runtime.h"
#include "native/runtime_state.h"

static void put_work(struct evbuffer *out, const char *station, const struct work *work) {
#define X(name)                                                                                    \
    evbuffer_add_printf(out, "loom_work_total{manager=\"%s\",kind=\"" #name "\"} %llu\n", station, \
                        (unsigned long long)work->name);
    WORK_LIST(X)
#undef X
}

static void put_works(struct runtime *runtime, const struct thread_figures *figures, struct evbuffer *out) {
    char name[8];
    struct work workers;
    evbuffer_add_printf(out, "# HELP loom_work_total What the relay did, never what it cost.\n"
                             "# TYPE loom_work_total counter\n");
    for (unsigned i = 0; i < runtime->team.count; i++) {
        snprintf(name, sizeof name, "%u", i);
        put_work(out, name, &figures[i].manager);
    }
    put_work(out, "controller", &figures[0].controller);
    cpu_workers_work(runtime->team.workers, &workers);
    put_work(out, "workers", &workers);
}

static void put_seconds(struct evbuffer *out, const char *name, unsigned manager, nsec time) {
    evbuffer_add_printf(out, "%s{manager=\"%u\"} %llu.%09llu\n", name, manager,
                        (unsigned long long)(time / NSEC_PER_S), (unsigned long long)(time % NSEC_PER_S));
}

/* Counters are some time old. With these, work, time and CPU time are those of the very same window. */
static void put_moments(struct runtime *runtime, const struct thread_figures *figures, struct evbuffer *out) {
    evbuffer_add_printf(out, "# HELP loom_work_at_seconds When a manager's counters were as they are told.\n"
                             "# TYPE loom_work_at_seconds gauge\n");
    for (unsigned i = 0; i < runtime->team.count; i++)
        put_seconds(out, "loom_work_at_seconds", i, figures[i].at);
    evbuffer_add_printf(out,
                        "# HELP loom_work_cpu_seconds_total CPU time of a manager's thread at that moment.\n"
                        "# TYPE loom_work_cpu_seconds_total counter\n");
    for (unsigned i = 0; i < runtime->team.count; i++)
        put_seconds(out, "loom_work_cpu_seconds_total", i, figures[i].cpu);
}

static void put_links(struct runtime *runtime, const struct thread_figures *figures, struct evbuffer *out) {
    evbuffer_add_printf(out, "# HELP loom_links Open links by the cipher of their TLS session.\n"
                             "# TYPE loom_links gauge\n");
    for (unsigned i = 0; i < runtime->team.count; i++) {
        for (unsigned k = 0; k < LINK_CIPHERS_MAX && figures[i].ciphers[k].cipher != NULL; k++)
            evbuffer_add_printf(out, "loom_links{manager=\"%u\",cipher=\"%s\"} %u\n", i,
                                figures[i].ciphers[k].cipher, figures[i].ciphers[k].links);
    }
}

static void put_set(struct runtime *runtime, const struct thread_figures *figures, struct evbuffer *out) {
    evbuffer_add_printf(
        out, "# HELP loom_working_set Objects of a manager; active: with a cell in the last second.\n"
             "# TYPE loom_working_set gauge\n");
    for (unsigned i = 0; i < runtime->team.count; i++) {
        const struct working_set *set = &figures[i].set;
        evbuffer_add_printf(out,
                            "loom_working_set{manager=\"%u\",kind=\"links\"} %u\n"
                            "loom_working_set{manager=\"%u\",kind=\"links_active\"} %u\n"
                            "loom_working_set{manager=\"%u\",kind=\"halves\"} %u\n"
                            "loom_working_set{manager=\"%u\",kind=\"halves_active\"} %u\n"
                            "loom_working_set{manager=\"%u\",kind=\"cells_waiting\"} %u\n",
                            i, set->links, i, set->links_active, i, set->halves, i, set->halves_active, i,
                            set->cells_waiting);
    }
}

static void put_directory(struct runtime *runtime, const struct thread_figures *figures,
                          struct evbuffer *out) {
    evbuffer_add_printf(
        out, "# HELP loom_directory_served_total Directory requests over circuits: all, those without "
             "a document, bytes.\n"
             "# TYPE loom_directory_served_total counter\n");
    for (unsigned i = 0; i < runtime->team.count; i++) {
        const struct directory_figures *d = &figures[i].directory;
        evbuffer_add_printf(out,
                            "loom_directory_served_total{manager=\"%u\",kind=\"requests\"} %llu\n"
                            "loom_directory_served_total{manager=\"%u\",kind=\"refused\"} %llu\n"
                            "loom_directory_served_total{manager=\"%u\",kind=\"diffs\"} %llu\n"
                            "loom_directory_served_total{manager=\"%u\",kind=\"bytes\"} %llu\n",
                            i, (unsigned long long)d->requests, i, (unsigned long long)d->refused, i,
                            (unsigned long long)d->diffs, i, (unsigned long long)d->bytes);
    }
}

/* Under tor's name, so that operators' dashboards show it. */
static void put_refused(struct runtime *runtime, const struct thread_figures *figures, struct evbuffer *out) {
    struct dos_figures sum = {0};
    uint64_t reclaimed = 0;
    for (unsigned i = 0; i < runtime->team.count; i++) {
        dos_figures_add(&sum, &figures[i].refused);
        reclaimed += figures[i].bytes_reclaimed;
    }
    evbuffer_add_printf(out, "# HELP tor_relay_dos_total Denial of Service defenses related counters\n"
                             "# TYPE tor_relay_dos_total counter\n");
#define X(name) \
    evbuffer_add_printf(out, "tor_relay_dos_total{type=\"" #name "\"} %llu\n", (unsigned long long)sum.name);
    DOS_FIGURES(X)
#undef X
    evbuffer_add_printf(
        out,
        "# HELP tor_relay_load_oom_bytes_total Total number of bytes the OOM has freed by subsystem\n"
        "# TYPE tor_relay_load_oom_bytes_total counter\n"
        "tor_relay_load_oom_bytes_total{subsys=\"cell\"} %llu\n",
        (unsigned long long)reclaimed);
}

static void put_moves(struct runtime *runtime, const struct thread_figures *figures, struct evbuffer *out) {
    static const char *const stayed[STAY_REASONS] = {[STAY_CLOSED] = "closed",
                                                     [STAY_BUSY] = "busy",
                                                     [STAY_TOO_OFTEN] = "too_often",
                                                     [STAY_LIMIT] = "limit"};
    const struct move_figures *moves = &figures[0].moves;
    struct pause_figures pauses = {0};
    for (unsigned i = 0; i < runtime->team.count; i++) {
        pauses.links += figures[i].pauses.links;
        pauses.sum += figures[i].pauses.sum;
        pauses.longest = nsec_max(pauses.longest, figures[i].pauses.longest);
    }
    evbuffer_add_printf(
        out,
        "# HELP loom_link_moves_total Links that were to move to another thread: those that did, and "
        "why others stayed.\n"
        "# TYPE loom_link_moves_total counter\n"
        "loom_link_moves_total{outcome=\"moved\"} %llu\n",
        (unsigned long long)moves->moved);
    for (unsigned i = 0; i < STAY_REASONS; i++)
        evbuffer_add_printf(out, "loom_link_moves_total{outcome=\"%s\"} %llu\n", stayed[i],
                            (unsigned long long)moves->stayed[i]);
    evbuffer_add_printf(
        out,
        "# HELP loom_link_move_pause_seconds How long links were not read because they moved.\n"
        "# TYPE loom_link_move_pause_seconds summary\n"
        "loom_link_move_pause_seconds_sum %llu.%09llu\n"
        "loom_link_move_pause_seconds_count %llu\n"
        "# HELP loom_link_move_pause_longest_seconds The longest of these pauses.\n"
        "# TYPE loom_link_move_pause_longest_seconds gauge\n"
        "loom_link_move_pause_longest_seconds %llu.%09llu\n",
        (unsigned long long)(pauses.sum / NSEC_PER_S), (unsigned long long)(pauses.sum % NSEC_PER_S),
        (unsigned long long)pauses.links, (unsigned long long)(pauses.longest / NSEC_PER_S),
        (unsigned long long)(pauses.longest % NSEC_PER_S));
}

static void put_clock(struct evbuffer *out, const char *name, unsigned index, clockid_t clock) {
    struct timespec t;
    char full[24];
    if (clock_gettime(clock, &t) != 0)
        return;
    if (index == 0)
        snprintf(full, sizeof full, "%s", name);
    else
        snprintf(full, sizeof full, "%s-%u", name, index);
    evbuffer_add_printf(out, "loom_thread_cpu_seconds_total{thread=\"%s\"} %lld.%09ld\n", full,
                        (long long)t.tv_sec, t.tv_nsec);
}

static void put_clocks(struct runtime *runtime, struct evbuffer *out) {
    clockid_t clock;
    evbuffer_add_printf(out, "# HELP loom_thread_cpu_seconds_total User and system time of a thread.\n"
                             "# TYPE loom_thread_cpu_seconds_total counter\n");
    for (unsigned i = 0; i < runtime->team.count; i++) {
        if (pthread_getcpuclockid(runtime->threads[i], &clock) == 0)
            put_clock(out, i == 0 ? "main" : "conn", i, clock);
    }
    for (unsigned i = 0; cpu_workers_clock(runtime->team.workers, i, &clock); i++)
        put_clock(out, "worker", i + 1, clock);
    if (name_service_clock(runtime->team.names, &clock))
        put_clock(out, "dns", 0, clock);
}

void runtime_metrics(struct runtime *runtime, struct evbuffer *out) {
    struct thread_figures *figures = heap_new(runtime->team.count * sizeof *figures);
    for (unsigned i = 0; i < runtime->team.count; i++)
        event_thread_figures(&runtime->team.threads[i], event_thread_now(&runtime->team.threads[0]),
                             &figures[i]);
    put_works(runtime, figures, out);
    put_moments(runtime, figures, out);
    put_links(runtime, figures, out);
    put_set(runtime, figures, out);
    put_directory(runtime, figures, out);
    put_refused(runtime, figures, out);
    put_moves(runtime, figures, out);
    put_clocks(runtime, out);
    free(figures);
}

void runtime_work(struct runtime *runtime, struct work *sum_out) {
    *sum_out = (struct work){0};
    for (unsigned i = 0; i < runtime->team.count; i++) {
        struct thread_figures figures;
        event_thread_figures(&runtime->team.threads[i], event_thread_now(&runtime->team.threads[0]),
                             &figures);
        work_add(sum_out, &figures.manager);
    }
}
