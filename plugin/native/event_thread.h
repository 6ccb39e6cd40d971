/* event_thread - an event loop with a connection manager on it, and on the main thread the relay controller too.
 *
 * A turn: wait for events and feed them in; take the inbox; drain the mailroom when woken; do what the port recorded;
 * ticks; flush; one scheduling round. Time is read once for it.
 * Owner: the team (runtime). Thread: event_thread_run and all that it leads to on its own thread; event_thread_stop,
 * event_thread_tell, event_thread_figures from any.
 * Memory: buffers of its hubs, about 700 kB. */
#ifndef LOOM_NATIVE_EVENT_THREAD_H
#define LOOM_NATIVE_EVENT_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/ids.h"
#include "base/nsec.h"
#include "base/work.h"
#include "core/dos_figures.h"
#include "core/port.h"
#include "core/relay_controller.h"
#include "native/directory_edges.h"
#include "native/edge_hub.h"
#include "native/inbox.h"
#include "native/link_hub.h"
#include "native/pacing.h"
#include "native/turn_clock.h"

struct controller;
struct cpu_workers;
struct event;
struct manager;
struct name_service;

#define DRAIN_PIECE        512u  /* of them at a time: with what is written they fit the L2 cache */
#define DRAIN_MESSAGES_MAX 4096u /* of a station in one turn: then its sockets have their turn */
#define FIGURES_NS         (100 * NSEC_PER_MS) /* between two publications of the counters, while they change */

/* What a thread says of itself. */
struct thread_figures {
    struct work manager;
    struct work controller;     /* zero but on the main thread */
    struct dos_figures refused; /* by the manager and, on the main thread, the controller */
    struct working_set set;
    uint64_t bytes_reclaimed; /* of circuits that were closed for the cells that they held */
    struct cipher_count ciphers[LINK_CIPHERS_MAX];
    struct directory_figures directory;
    struct pause_figures pauses; /* of links that came from other threads */
    struct move_figures moves;   /* the controller's */
    nsec at;                     /* when it said so */
    nsec cpu;                    /* of the thread, at that moment */
    bool is_reached_over_ipv6;
};

/* All event threads of a relay: [0] is the main thread, which has manager 0 and the controller; [i] has manager i. */
struct event_team {
    struct event_thread *threads;
    uint16_t count;
    station_id controller;       /* its station: the last one */
    struct cpu_workers *workers; /* set before the threads run */
    struct name_service *names;  /* the same; NULL: we are no exit */
};

struct event_thread {
    struct port port;            /* of the manager */
    struct port controller_port; /* of the controller, on the main thread */
    struct event_team *team;
    struct manager *manager;
    struct controller *controller; /* NULL but on the main thread */
    struct event_base *base;
    struct event *wake_event;
    struct event *round_timer; /* of the next scheduling round: precise, a timerfd */
    struct event *timer;       /* of everything else: libevent's, as coarse as the kernel's tick */
    int round_fd;
    struct turn_clock clock;
    struct pacer pacer;
    struct inbox inbox;
    struct link_hub links;
    struct edge_hub edges;
    struct directory_edges directory;
    nsec round_timer_at, timer_at; /* what they are set to; NSEC_NEVER: not set */
    nsec idle;       /* how long it has waited for events, in all, while somebody wants to know */
    nsec figures_at; /* when the figures are published next; NSEC_NEVER: nothing has changed */
    bool is_woken;   /* the mailroom or the inbox has something */
    bool is_manager_due,
        is_controller_due; /* a station of this thread has posted to the other, or left some */
    bool is_stopping;
    pthread_mutex_t figures_lock; /* protects figures */
    struct thread_figures figures;
};

struct event_thread_options {
    nsec start; /* of all clocks */
    struct tls_identity *identity;
    struct onion_store *onions; /* NULL: none are kept */
    struct pacing *pacing;      /* NULL: none */
    unsigned number;            /* of the thread in its team */
    uint64_t seed;
};

/* Prepare threads[index] of team: its ports are ready, its loop can take events of others (listeners, signals). */
void event_thread_init(struct event_thread *thread, struct event_team *team,
                       const struct event_thread_options *options);
/* Borrows both; controller is NULL but on the main thread. */
void event_thread_bind(struct event_thread *thread, struct manager *manager, struct controller *controller);
/* Not running any more. Closes its links and edges. */
void event_thread_fini(struct event_thread *thread);

/* One turn; wait says whether to wait for something to do. */
void event_thread_turn(struct event_thread *thread, bool wait);
/* Turn until event_thread_stop. */
void event_thread_run(struct event_thread *thread);
void event_thread_stop(struct event_thread *thread);
/* Now, on the thread itself. */
nsec event_thread_now(struct event_thread *thread);
/* Hands over message. */
void event_thread_tell(struct event_thread *thread, struct message *message);
/* An accepted socket (handed over) for the manager of this station; on the main thread. */
void event_team_accept(struct event_team *team, station_id station, link_id link, int fd,
                       const struct endpoint *peer);
/* Figures that are about FIGURES_NS old at most, or of the last turn when there was none since: then nothing is active. now
 * is the caller's. */
void event_thread_figures(struct event_thread *thread, nsec now, struct thread_figures *out);

#endif
