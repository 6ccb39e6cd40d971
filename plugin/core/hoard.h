/* hoard - how long what a circuit holds has waited, seen from samples, so that the way of a cell knows nothing of it.
 *
 * A sample marks the last cell that is held; how long the mark stays tells how old what is before it is. Once it has gone,
 * the age is what is held now at the pace at which cells went since (Little's law).
 * The laws: of a circuit that sends nothing the age is at least the time since it was first seen, less a sample; of one
 * that sends all it holds between two samples it is at most the time between them.
 * Owner: one manager. */
#ifndef LOOM_CORE_HOARD_H
#define LOOM_CORE_HOARD_H

#include <stdint.h>

#include "base/nsec.h"

#define HOARD_CLASSES \
    24u /* of ages: class 0 below 1 ms, class i from 2^(i-1) ms on; the last, an hour and more */

/* Zeroed: nothing has been seen. */
struct hoard {
    nsec since;       /* when the mark was set; 0: never */
    uint32_t sent;    /* cells that had been sent then */
    uint32_t until;   /* the mark has gone when so many have */
    uint32_t pace_ms; /* age by pace, when the last mark went */
};

/* A sample: cells sent so far (may wrap) and held. What was seen before watching_since (> 0) is void. */
void hoard_see(struct hoard *hoard, nsec now, nsec watching_since, uint32_t sent, uint32_t held);
/* Class of the age that what it holds had at a time, which may lie before the last sample. */
unsigned hoard_class(const struct hoard *hoard, nsec at, nsec watching_since);

/* Cells that a manager's circuits hold, by age. */
struct hoard_ages {
    uint32_t cells[HOARD_CLASSES];
};

/* Who has to go: all that is older than class, and of class until so many cells are free. */
struct hoard_verdict {
    uint32_t class;
    uint32_t cells;
};
/* The verdict that frees need cells of those in ages, the oldest first; all of them when there are no more. */
struct hoard_verdict hoard_judge(const struct hoard_ages *ages, uint32_t need);

#endif
