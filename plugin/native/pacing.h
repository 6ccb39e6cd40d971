/* pacing - work that takes the time that it would take on another CPU.
 *
 * Natively nobody paces: work takes what it takes, and a pacer is asked for nothing but whether there is one. Where there is
 * one (plugin/shadow), a thread settles before others can see what it has done: before it writes to a socket, hands
 * something to another thread. Before it waits it only says what it has done: its CPU goes on with that meanwhile.
 * Thread: a pacer belongs to one thread; pacing is called from all of them. */
#ifndef LOOM_NATIVE_PACING_H
#define LOOM_NATIVE_PACING_H

#include <stddef.h>
#include <stdint.h>

#include "base/nsec.h"
#include "base/work.h"
#include "native/cipher_choice.h"

struct manager;
struct turn_clock;

/* Threads are numbered: the event threads from 0 on, then the CPU workers. */
struct pacing {
    /* Return when the thread's CPU would have done this work; at once when so little is due that it may wait. */
    void (*charge)(struct pacing *pacing, uint32_t thread, const struct work *work,
                   const struct working_set *set);
    /* The same before it waits for events: return at once, with when its CPU will have done this work (CLOCK_MONOTONIC). */
    nsec (*queue)(struct pacing *pacing, uint32_t thread, const struct work *work,
                  const struct working_set *set);
    /* It has waited for events, with nothing to do since then: its next work is later for that, if it slept. */
    void (*woken)(struct pacing *pacing, uint32_t thread, nsec since);
    enum cipher_hardware hardware; /* of that other CPU: links have the ciphers that cost the least there */
};

/* An event thread's account. */
struct pacer {
    struct pacing *pacing;            /* NULL: natively */
    void (*pay)(struct pacer *pacer); /* pacer_pay */
    uint32_t thread;
    const struct manager *manager;
    const struct work *more; /* of the controller, or NULL */
    struct turn_clock *clock;
    struct work settled; /* the counters as they were then */
    nsec waits_since;    /* with nothing to do; NSEC_NEVER: it does not */
};

/* Pay for all that the thread has done since it last did. */
void pacer_pay(struct pacer *pacer);

/* Before a wait for events: returns how long the CPU goes on with what the thread has done. Natively 0. */
nsec pacer_wait(struct pacer *pacer);

/* pacer may be NULL. */
static inline void pacer_settle(struct pacer *pacer) {
    if (pacer != NULL && pacer->pacing != NULL)
        pacer->pay(pacer); /* not by name: links know no manager but their own */
}

#endif
