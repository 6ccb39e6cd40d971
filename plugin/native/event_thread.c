#include "native/event_thread.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "core/consensus_view.h"
#include "core/relay_controller.h"
#include "native/cpu_workers.h"
#include "native/name_service.h"
#include "native/task.h"
#include "native/tls_identity.h"

#define THREAD_OF(member_pointer, member) LIST_ENTRY(member_pointer, struct event_thread, member)

/* --- the port --------------------------------------------------------------------------------------------------- */

static struct event_thread *owner(struct port *port) {
    return THREAD_OF(port, port);
}

static void port_dial(struct port *port, link_id link, const struct endpoint *to) {
    link_hub_dial(&owner(port)->links, link, to);
}

static void port_hangup(struct port *port, link_id link) {
    link_hub_hangup(&owner(port)->links, link);
}

static void port_want_write(struct port *port, link_id link) {
    link_hub_want_write(&owner(port)->links, link);
}

static void port_want_read(struct port *port, link_id link, bool on) {
    link_hub_want_read(&owner(port)->links, link, on);
}

static void port_release(struct port *port, link_id link) {
    link_hub_release(&owner(port)->links, link);
}

static void port_adopt(struct port *port, link_id link, void *luggage) {
    link_hub_adopt(&owner(port)->links, link, luggage);
}

/* Of directory streams only. */
static void port_edge_open(struct port *port, edge_id edge, const struct begin_message *to) {
    CHECK(to->kind == STREAM_DIRECTORY);
    directory_edges_open(&owner(port)->directory, edge, to);
}

static void port_edge_resolve(struct port *port, edge_id edge, half_id circuit,
                              const struct name_query *query) {
    struct event_thread *thread = owner(port);
    pacer_settle(&thread->pacer);
    name_service_ask(thread->team->names, &thread->inbox, edge, circuit, query);
}

static void port_edge_connect(struct port *port, edge_id edge, const struct endpoint *to) {
    edge_hub_connect(&owner(port)->edges, edge, to);
}

static void port_edge_want_write(struct port *port, edge_id edge) {
    edge_hub_want_write(&owner(port)->edges, edge); /* each knows its own */
    directory_edges_want_write(&owner(port)->directory, edge);
}

static void port_edge_want_read(struct port *port, edge_id edge, bool on) {
    edge_hub_want_read(&owner(port)->edges, edge, on);
    directory_edges_want_read(&owner(port)->directory, edge, on);
}

static void port_edge_close(struct port *port, edge_id edge) {
    edge_hub_close(&owner(port)->edges, edge);
    directory_edges_close(&owner(port)->directory, edge);
}

static void port_offload(struct port *port, const struct job *job) {
    struct event_thread *thread = owner(port);
    pacer_settle(&thread->pacer);
    if (cpu_workers_submit(thread->team->workers, job, &thread->inbox))
        return;
    struct message *refusal = message_new(MESSAGE_JOB_RESULT);
    refusal->result.half = job->half;
    refusal->result.kind = job->kind;
    refusal->result.error = ERR_LIMIT;
    inbox_post(&thread->inbox, refusal);
}

/* The core has made sure that this is needed: one wake for each station and batch. */
static void wake(struct event_thread *from, station_id station) {
    struct event_team *team = from->team;
    bool is_controller = station == team->controller;
    struct event_thread *to = &team->threads[is_controller ? 0 : station];
    if (to != from)
        inbox_wake(&to->inbox);
    else if (is_controller)
        from->is_controller_due = true;
    else
        from->is_manager_due = true;
}

static void port_wake(struct port *port, station_id station) {
    wake(owner(port), station);
}

static void controller_port_wake(struct port *port, station_id station) {
    wake(THREAD_OF(port, controller_port), station);
}

static const struct port manager_calls = {
    .dial = port_dial,
    .hangup = port_hangup,
    .want_write = port_want_write,
    .want_read = port_want_read,
    .release = port_release,
    .adopt = port_adopt,
    .edge_open = port_edge_open,
    .edge_resolve = port_edge_resolve,
    .edge_connect = port_edge_connect,
    .edge_want_write = port_edge_want_write,
    .edge_want_read = port_edge_want_read,
    .edge_close = port_edge_close,
    .offload = port_offload,
    .wake = port_wake,
};

/* --- life ------------------------------------------------------------------------------------------------------- */

static void on_wake(evutil_socket_t fd, short what, void *argument) {
    struct event_thread *thread = argument;
    (void)fd;
    (void)what;
    inbox_woken(&thread->inbox);
    thread->is_woken = true;
}

static void on_timer(evutil_socket_t fd, short what, void *argument) {
    struct event_thread *thread = argument;
    (void)fd;
    (void)what;
    thread->timer_at = NSEC_NEVER; /* the turn does what is due */
}

/* Edge-triggered: nobody reads the timerfd, setting it again makes it silent. */
static void on_round_timer(evutil_socket_t fd, short what, void *argument) {
    struct event_thread *thread = argument;
    (void)fd;
    (void)what;
    thread->round_timer_at = NSEC_NEVER;
}

/* No lock, as only its thread uses a base. No changelist: a change that is applied late could meet a file descriptor that
 * has been closed here and given to another thread meanwhile. No precise timers of libevent's own: they take a system
 * call for each turn. */
static struct event_base *new_base(void) {
    struct event_config *config = event_config_new();
    CHECK(config != NULL);
    CHECK(event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    CHECK(base != NULL);
    return base;
}

static void start_events(struct event_thread *thread) {
    thread->wake_event =
        event_new(thread->base, thread->inbox.wake_fd, EV_READ | EV_PERSIST, on_wake, thread);
    thread->timer = event_new(thread->base, -1, 0, on_timer, thread);
    thread->round_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    CHECK(thread->round_fd >= 0);
    thread->round_timer =
        event_new(thread->base, thread->round_fd, EV_READ | EV_PERSIST | EV_ET, on_round_timer, thread);
    CHECK(thread->wake_event != NULL && thread->timer != NULL && thread->round_timer != NULL);
    CHECK(event_add(thread->wake_event, NULL) == 0 && event_add(thread->round_timer, NULL) == 0);
}

/* What clients ask for. It comes back to this thread. */
static bool submit_task(void *context, struct task *task) {
    struct event_thread *thread = context;
    return thread->team->workers != NULL &&
           cpu_workers_run(thread->team->workers, task, TASKS_OF_CLIENTS_MAX, &thread->inbox);
}

void event_thread_init(struct event_thread *thread, struct event_team *team,
                       const struct event_thread_options *options) {
    memset(thread, 0, sizeof *thread);
    thread->port = manager_calls;
    thread->controller_port = (struct port){.wake = controller_port_wake};
    thread->team = team;
    thread->base = new_base();
    thread->round_timer_at = thread->timer_at = thread->figures_at = NSEC_NEVER;
    turn_clock_init(&thread->clock, options->start);
    inbox_init(&thread->inbox);
    start_events(thread);
    CHECK(pthread_mutex_init(&thread->figures_lock, NULL) == 0);
    link_hub_init(&thread->links, thread->base, &thread->clock, options->identity, options->seed);
    const struct task_queue tasks = {submit_task, thread};
    directory_edges_init(&thread->directory, &thread->clock, &tasks, options->onions, options->seed + 2);
    edge_hub_init(&thread->edges, thread->base, &thread->clock, options->seed + 1);
    thread->pacer = (struct pacer){.pacing = options->pacing,
                                   .pay = pacer_pay,
                                   .thread = options->number,
                                   .clock = &thread->clock,
                                   .waits_since = NSEC_NEVER};
    thread->links.shared.pacer = thread->edges.pacer = &thread->pacer;
}

/* A socket that was ours ended before the manager took it: the controller counts it. */
static void accept_failed(void *context, link_id link) {
    struct event_thread *thread = context;
    if (thread->controller != NULL) {
        controller_accept_failed(thread->controller, turn_clock_now(&thread->clock), link);
        return;
    }
    struct message *message = message_new(MESSAGE_ACCEPT_FAILED);
    message->link = link;
    inbox_post(&thread->team->threads[0].inbox, message);
}

void event_thread_bind(struct event_thread *thread, struct manager *manager, struct controller *controller) {
    thread->manager = manager;
    thread->controller = controller;
    thread->pacer.manager = manager;
    thread->pacer.more = controller != NULL ? controller_work(controller) : NULL;
    link_hub_bind(&thread->links, manager, accept_failed, thread);
    edge_hub_bind(&thread->edges, manager);
    directory_edges_bind(&thread->directory, manager);
}

void event_thread_fini(struct event_thread *thread) {
    link_hub_fini(&thread->links);
    edge_hub_fini(&thread->edges);
    directory_edges_fini(&thread->directory);
    event_free(thread->wake_event);
    event_free(thread->timer);
    event_free(thread->round_timer);
    close(thread->round_fd);
    event_base_free(thread->base);
    inbox_fini(&thread->inbox);
    pthread_mutex_destroy(&thread->figures_lock);
}

/* --- a turn ----------------------------------------------------------------------------------------------------- */

static void take_message(struct event_thread *thread, nsec now, struct message *message) {
    switch (message->kind) {
    case MESSAGE_SOCKET: link_hub_accept(&thread->links, message->link, message->fd, &message->peer); break;
    case MESSAGE_ACCEPT_FAILED: controller_accept_failed(thread->controller, now, message->link); break;
    case MESSAGE_JOB_RESULT: manager_job_done(thread->manager, now, &message->result); break;
    case MESSAGE_CONSENSUS:
        manager_set_consensus(thread->manager, now, message->view);
        if (thread->controller != NULL)
            controller_set_consensus(thread->controller, now, message->view);
        consensus_view_drop(message->view);
        break;
    case MESSAGE_IDENTITY: link_hub_set_identity(&thread->links, message->identity); break;
    case MESSAGE_HIBERNATION:
        manager_hibernate(thread->manager, now, message->hibernation);
        if (thread->controller != NULL)
            controller_hibernate(thread->controller, message->hibernation);
        break;
    case MESSAGE_CLOCK: manager_set_clock(thread->manager, now, message->unix_s); break;
    case MESSAGE_TASK: message->task->finish(message->task, true); break;
    case MESSAGE_ARCHIVE: directory_edges_set_archive(&thread->directory, message->archive); break;
    case MESSAGE_NAMES:
        manager_edge_resolved(thread->manager, now, message->names->edge, &message->names->answer);
        free(message->names);
        break;
    case MESSAGE_PATIENCE: CHECK(!"for an event thread"); break;
    case MESSAGE_STOP: thread->is_stopping = true; break;
    }
}

static void take_inbox(struct event_thread *thread, nsec now) {
    struct message *message = inbox_take_all(&thread->inbox);
    while (message != NULL) {
        struct message *next = message->next;
        take_message(thread, now, message);
        message_free(message);
        message = next;
    }
}

/* Cells of other threads go in and out in pieces that the cache holds. */
static void drain_manager(struct event_thread *thread, nsec now) {
    thread->is_manager_due = true;
    for (uint32_t done = 0; thread->is_manager_due && done < DRAIN_MESSAGES_MAX; done += DRAIN_PIECE) {
        thread->is_manager_due = manager_drain(thread->manager, now, DRAIN_PIECE);
        link_hub_write_ripe(&thread->links);
    }
}

static void drain(struct event_thread *thread, nsec now) {
    bool is_woken = thread->is_woken;
    thread->is_woken = false;
    if (is_woken)
        take_inbox(thread, now);
    if (thread->controller != NULL && (is_woken || thread->is_controller_due))
        thread->is_controller_due = controller_drain(thread->controller, now, DRAIN_MESSAGES_MAX);
    if (is_woken || thread->is_manager_due)
        drain_manager(thread, now);
}

/* What was recorded may lead to inputs, and these to more requests; what is left then waits for the next turn. */
static void carry_out(struct event_thread *thread) {
    pacer_settle(&thread->pacer); /* dialled, closed: others see it */
    for (int rounds = 0; rounds < 4; rounds++) {
        bool is_link_done = link_hub_carry_out(&thread->links);
        bool is_edge_done = edge_hub_carry_out(&thread->edges);
        bool is_directory_done = directory_edges_carry_out(&thread->directory);
        if (!is_link_done && !is_edge_done && !is_directory_done)
            return;
    }
}

static void tick(struct event_thread *thread, nsec now) {
    link_hub_tick(&thread->links, now);
    edge_hub_tick(&thread->edges, now);
    directory_edges_tick(&thread->directory, now);
    if (manager_next_wake(thread->manager) <= now)
        manager_tick(thread->manager, now);
    if (thread->controller != NULL && controller_next_wake(thread->controller) <= now)
        controller_tick(thread->controller, now);
}

static void flush(struct event_thread *thread, nsec now) {
    pacer_settle(&thread->pacer);
    manager_flush(thread->manager, now);
    if (thread->controller != NULL)
        controller_flush(thread->controller, now);
}

static void publish_figures(struct event_thread *thread, nsec now) {
    if (thread->figures_at > now)
        return;
    thread->figures_at = NSEC_NEVER;
    CHECK(pthread_mutex_lock(&thread->figures_lock) == 0);
    thread->figures.manager = *manager_work(thread->manager);
    thread->figures.manager.loop_sleeps = thread_sleeps_read(); /* the kernel counts them */
    thread->figures.set = manager_working_set(thread->manager, now);
    thread->figures.at = now;
    thread->figures.cpu = thread_cpu_read();
    thread->figures.is_reached_over_ipv6 = manager_is_reached_over_ipv6(thread->manager);
    thread->figures.refused = *manager_refused(thread->manager);
    thread->figures.bytes_reclaimed =
        manager_cells_reclaimed(thread->manager) * (sizeof(struct cell) + CELL_BODY_LEN);
    thread->figures.pauses = thread->links.shared.pauses;
    if (thread->controller != NULL) {
        thread->figures.controller = *controller_work(thread->controller);
        thread->figures.moves = *controller_moves(thread->controller);
        dos_figures_add(&thread->figures.refused, controller_refused(thread->controller));
    }
    thread->figures.directory = thread->directory.figures;
    memcpy(thread->figures.ciphers, thread->links.shared.ciphers, sizeof thread->figures.ciphers);
    CHECK(pthread_mutex_unlock(&thread->figures_lock) == 0);
}

/* Busy is whoever does not wait for events, also when somebody else has the core meanwhile. */
static void report_load(struct event_thread *thread, nsec now) {
    if (manager_load_due(thread->manager) <= now)
        manager_note_busy(thread->manager, now, now - thread->idle);
}

static void react(struct event_thread *thread) {
    nsec now = turn_clock_now(&thread->clock);
    manager_work_mutable(thread->manager)->loop_turns++;
    drain(thread, now);
    carry_out(thread);
    tick(thread, now);
    carry_out(thread);
    report_load(thread, now);
    if (manager_trim_at(thread->manager) <= now)
        manager_trim(thread->manager);
    flush(thread, now); /* before the round: others begin while we encrypt */
    if (link_hub_schedule(&thread->links, now)) {
        carry_out(thread);  /* links that have more ask again */
        flush(thread, now); /* cells go home, bandwidth is asked for */
    }
    if (thread->figures_at == NSEC_NEVER)
        thread->figures_at = now + FIGURES_NS;
    publish_figures(thread, now);
}

/* --- the loop --------------------------------------------------------------------------------------------------- */

static nsec next_wake(const struct event_thread *thread) {
    nsec at = nsec_min(link_hub_next_wake(&thread->links), edge_hub_next_wake(&thread->edges));
    at = nsec_min(at, directory_edges_next_wake(&thread->directory));
    at = nsec_min(at, nsec_min(manager_next_wake(thread->manager), manager_trim_at(thread->manager)));
    if (thread->controller != NULL)
        at = nsec_min(at, controller_next_wake(thread->controller));
    return nsec_min(at, thread->figures_at);
}

static void set_round_timer(struct event_thread *thread, nsec at) {
    nsec reading = thread->clock.start + at;
    const struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(reading / NSEC_PER_S), .tv_nsec = (long)(reading % NSEC_PER_S)}};
    thread->round_timer_at = at;
    CHECK(timerfd_settime(thread->round_fd, TFD_TIMER_ABSTIME, &when, NULL) == 0);
}

static void set_timer(struct event_thread *thread, nsec now, nsec at) {
    nsec wait_us = (at - now + NSEC_PER_US - 1) / NSEC_PER_US;
    const struct timeval wait = {.tv_sec = (time_t)(wait_us / 1000000),
                                 .tv_usec = (suseconds_t)(wait_us % 1000000)};
    thread->timer_at = at;
    event_add(thread->timer, &wait);
}

/* True when there is something to do at once. A timer that would ring too early is left alone: the turn that it causes
 * costs less than setting it each time. */
static bool set_timers(struct event_thread *thread, nsec now) {
    nsec round_at = link_hub_schedule_at(&thread->links), at = next_wake(thread);
    if (nsec_min(round_at, at) <= now || thread->is_manager_due || thread->is_controller_due)
        return true;
    if (round_at < thread->round_timer_at)
        set_round_timer(thread, round_at);
    if (at < thread->timer_at)
        set_timer(thread, now, at);
    return false;
}

/* Wait for events, if wait says so, and feed them in. Returns how long of that the CPU was busy all the same. */
static nsec await_events(struct event_thread *thread, bool wait) {
    nsec busy = 0;
    if (wait)
        busy = pacer_wait(&thread->pacer);
    else
        pacer_settle(&thread->pacer);
    event_base_loop(thread->base, EVLOOP_ONCE | (wait ? 0 : EVLOOP_NONBLOCK));
    return busy;
}

void event_thread_turn(struct event_thread *thread, bool wait) {
    bool is_busy = set_timers(thread, turn_clock_now(&thread->clock)) || !wait;
    bool is_watched = manager_load_due(thread->manager) != NSEC_NEVER;
    nsec ended = is_watched ? turn_clock_read(&thread->clock) : 0;
    turn_clock_next(&thread->clock);
    nsec idle_from = ended + await_events(thread, !is_busy);
    if (is_watched)
        thread->idle += nsec_max(turn_clock_now(&thread->clock), idle_from) - idle_from;
    react(thread);
}

void event_thread_run(struct event_thread *thread) {
    while (!thread->is_stopping)
        event_thread_turn(thread, true);
    thread->figures_at = 0; /* the last ones: what passed is counted to the end */
    publish_figures(thread, event_thread_now(thread));
}

void event_thread_stop(struct event_thread *thread) {
    event_thread_tell(thread, message_new(MESSAGE_STOP));
}

nsec event_thread_now(struct event_thread *thread) {
    return turn_clock_now(&thread->clock);
}

void event_thread_tell(struct event_thread *thread, struct message *message) {
    inbox_post(&thread->inbox, message);
}

void event_team_accept(struct event_team *team, station_id station, link_id link, int fd,
                       const struct endpoint *peer) {
    struct event_thread *thread = &team->threads[station];
    if (station == 0) {
        link_hub_accept(&thread->links, link, fd, peer);
        return;
    }
    struct message *message = message_new(MESSAGE_SOCKET);
    message->link = link;
    message->fd = fd;
    message->peer = *peer;
    inbox_post(&thread->inbox, message);
}

void event_thread_figures(struct event_thread *thread, nsec now, struct thread_figures *out) {
    CHECK(pthread_mutex_lock(&thread->figures_lock) == 0);
    *out = thread->figures;
    CHECK(pthread_mutex_unlock(&thread->figures_lock) == 0);
    if (now / NSEC_PER_S > out->at / NSEC_PER_S + 1)
        out->set.links_active = out->set.halves_active = out->set.cells_waiting = 0;
}
