/* orders - what the threads of one execution may see of each other's atomic accesses: C11 without seq_cst accesses.
 *
 * Every location keeps all messages that were written to it, in modification order. Every thread has a view: for each
 * location the oldest message that it may still read. A load may return any message from there on; an acquire joins the
 * view that the message carries, a release gives the message the view of its thread. An exchange reads the message right
 * before the one that it writes. Release sequences are those of C++20 (exchanges only), which is the weaker choice.
 * Views carry a vector clock besides, for races.h.
 *
 * Not in the model: a load that returns what is written later in the same execution (load buffering), seq_cst accesses
 * (refused; fences are there) and consume.
 * Bound: the constants below; who passes one gives up (verdict.h). */
#ifndef LOOM_LITMUS_ORDERS_H
#define LOOM_LITMUS_ORDERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define THREADS_MAX   4u
#define LOCATIONS_MAX 64u
#define MESSAGES_MAX  48u /* of one location in one execution */

struct view {
    uint32_t oldest[LOCATIONS_MAX]; /* time of the oldest message that may be read */
    uint32_t clock[THREADS_MAX];    /* what was done before, by thread */
};

struct message {
    uint32_t time; /* place in modification order */
    uint32_t
        name; /* the same in all interleavings: writer and its how-manieth step; 0 is what was there at the start */
    uint64_t value;
    bool is_exchange; /* nothing may come between this and the message before */
    struct view view;
};

struct location {
    uintptr_t address;
    uint32_t size;
    uint32_t count;
    struct message messages[MESSAGES_MAX];
};

struct actor {
    struct view view;
    struct view loaded;   /* what an acquire fence would join */
    struct view released; /* the view at the last release fence */
    uint32_t steps;
    uint64_t past; /* hash of all steps: which, and what they read */
};

struct orders {
    unsigned threads;
    uint32_t locations;
    uint64_t fences; /* hash of the order of seq_cst fences */
    struct view fenced;
    struct actor actors[THREADS_MAX];
    struct location location[LOCATIONS_MAX];
    unsigned (*choose)(unsigned options); /* one of 0 to options - 1 */
};

/* Forget everything; memory has what the locations begin with. */
void orders_begin(struct orders *o, unsigned threads);
/* What a step did, for the trace. */
struct step {
    uint64_t value; /* read */
    uint32_t from;  /* name of the message that was read */
};
struct step orders_load(struct orders *o, unsigned thread, uintptr_t address, uint32_t size,
                        memory_order order);
void orders_store(struct orders *o, unsigned thread, uintptr_t address, uint32_t size, uint64_t value,
                  memory_order order);
/* Read and write in one; change makes the new value. */
struct step orders_exchange(struct orders *o, unsigned thread, uintptr_t address, uint32_t size,
                            uint64_t (*change)(uint64_t old, uint64_t operand), uint64_t operand,
                            memory_order order);
void orders_fence(struct orders *o, unsigned thread, memory_order order);
/* The last in modification order. */
uint64_t orders_newest(struct orders *o, uintptr_t address, uint32_t size);

struct digest {
    uint64_t low, high;
};
/* Two executions with the same digest have come to the same point: each thread has done the same and read the same, and
 * modification orders are the same. */
struct digest orders_digest(const struct orders *o);

#endif
