/* sim_threads - the threads of a simulated host: each handles one input after the other, on cores that they share.
 *
 * A step is the handling of one input. It is computed when it starts and takes the time that it is priced at; what it does
 * to the world is seen when it ends. A thread that is ready while all cores are busy waits for one, first come first
 * served; a thread with more to do goes to the end of that line after each step.
 * The law: start = when input, thread and a core are there; end = start + price, stretched by SMT (des/cores.h). With a
 * price of nothing a step takes no time, no event, and leaves no trace.
 * A thread that sleeps when an input comes is ready wake_delay later; that is nobody's work. The time from ready to start is its wait
 * for a core. A kernel thread does not sleep, and goes to the head of the line: nothing else is begun before it on its core.
 * Who has slept pays for waking up before it looks at what has come, in a step of its own (work.loop_sleeps). A turn of a thread's
 * event loop is what waits when it begins (work.loop_turns): also what came while it woke up.
 * Owner: one host. Memory: a ring of inputs for each thread, which doubles. */
#ifndef LOOM_SIM_SIM_THREADS_H
#define LOOM_SIM_SIM_THREADS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/list.h"
#include "base/nsec.h"
#include "des/cores.h"
#include "des/engine.h"
#include "sim/sim_series.h"

struct sim_input {
    nsec since; /* filled in by sim_threads_post */
    uint64_t object;
    void *payload;
    uint16_t station;
    uint8_t kind;
    bool goes_on; /* the step before it: its waiting is none */
};

struct sim_threads;
struct sim_threads_calls {
    /* The thread has slept; returns the price of falling asleep and waking up. */
    nsec (*wake)(struct sim_threads *threads, nsec now, uint16_t thread);
    /* Handle input; returns its price. */
    nsec (*step)(struct sim_threads *threads, nsec now, uint16_t thread, const struct sim_input *input);
    /* The step is over: let the world see what it did. */
    void (*finish)(struct sim_threads *threads, nsec now, uint16_t thread);
};

struct sim_thread {
    struct core_thread core;
    struct list waiting; /* in sim_threads.waiting */
    struct sim_input *inputs;
    nsec ready_at; /* since when it stands in line */
    nsec held;     /* so long after the step that runs it sleeps */
    uint32_t first, count, room;
    nsec busy;          /* in all */
    uint32_t turn_left; /* inputs of this turn of its loop */
    bool is_running;
    bool is_waking; /* an event will put it in line */
    bool has_slept; /* and has not paid for waking up */
    bool is_kernel;
};

struct sim_threads {
    struct host *host;
    const struct sim_threads_calls *calls;
    struct sim_series *series;
    struct sim_thread *items;
    struct list waiting; /* threads that have inputs and do not run, in line for a core */
    struct cores cores;
    nsec wake_delay;
    uint16_t thread_count;
    uint16_t running;
    event_kind end_kind;
    bool is_dispatching;
    bool has_pinned;
};

/* end_kind: events whose handler calls sim_threads_event. Borrows calls and series. False without memory. */
MUST_USE bool sim_threads_init(struct sim_threads *threads, struct host *host,
                               const struct sim_threads_calls *calls, struct sim_series *series,
                               uint16_t count, event_kind end_kind);
/* Before anything runs. core: logical. */
void sim_threads_pin(struct sim_threads *threads, uint16_t thread, uint16_t core);
void sim_threads_make_kernel(struct sim_threads *threads, uint16_t thread);
/* Inputs that wait are shown to drop first. */
void sim_threads_fini(struct sim_threads *threads,
                      void (*drop)(struct sim_threads *threads, const struct sim_input *input));

/* An input for thread. It is not handled before sim_threads_dispatch. False without memory, and then the run stops. */
MUST_USE bool sim_threads_post(struct sim_threads *threads, nsec now, uint16_t thread,
                               const struct sim_input *input);
/* The same, before all others: the rest of the step that runs, cut off so that the world sees its beginning earlier. */
void sim_threads_post_rest(struct sim_threads *threads, nsec now, uint16_t thread,
                           const struct sim_input *input);
/* Inside of a step: after it the thread sleeps so long, whatever waits for it. */
void sim_threads_hold(struct sim_threads *threads, uint16_t thread, nsec duration);
/* Start what can start. Call after posting, at the end of every event; does nothing inside of a step. */
void sim_threads_dispatch(struct sim_threads *threads, nsec now);
/* An event of end_kind, with its argument: the end of a step, or of a wake. */
void sim_threads_event(struct sim_threads *threads, nsec now, uint32_t arg);
/* Inside of a step: whether a turn of the thread's loop begins with it. */
bool sim_threads_turns(struct sim_threads *threads, uint16_t thread);

#endif
