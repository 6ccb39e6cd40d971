/* explorer - runs a program again and again until it has taken every choice: who goes on, what a load reads, where in
 * the modification order a store goes.
 *
 * An execution is made anew from a list of choices; the list is the path of a depth-first search. What makes it short:
 * - A step that no other thread can disturb is no place for a choice of who goes on: a load of what nobody else writes,
 *   and a store to it. (Loads by others do not disturb a store: what they could have read before it, they can read after
 *   it.) Who writes what is learnt: whoever writes somewhere for the first time makes the search begin anew.
 * - An execution that comes to a point where another one has been (visited.h) ends there. */
#ifndef LOOM_LITMUS_EXPLORER_H
#define LOOM_LITMUS_EXPLORER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "litmus/litmus.h"

#define CHOICES_MAX 512u

struct exploration {
    uint64_t executions; /* begun */
    uint64_t finished;   /* come to the end */
    uint64_t points;     /* different ones */
    uint64_t outcomes;   /* bit n: finish() returned n */
    bool is_exhausted;   /* nothing is left to explore */
    const char *failure; /* NULL, or why one execution failed */
    uint32_t choice_count;
    uint8_t choices[CHOICES_MAX]; /* of the one that failed */
};

/* Until the first failure, or at most so many executions. */
void explore(const struct litmus_program *program, uint64_t executions_max, struct exploration *out);
/* The same without what makes it short: a check of that, for the smallest programs. */
void explore_naively(const struct litmus_program *program, uint64_t executions_max, struct exploration *out);
/* Repeat the execution in which the last exploration failed, with a line on stdout for each step. The search goes the
 * same way each time, so exploring the same program again leads here again. */
void explorer_trace(const struct exploration *failed_one);

#endif
