/* behaviour - how a relay cuts its traffic into records, system calls and scheduling decisions. The third axis of cost.
 *
 * A relay of the engine has no sockets: what its runtime would have counted follows from the bytes of a burst. */
#ifndef LOOM_COST_BEHAVIOUR_H
#define LOOM_COST_BEHAVIOUR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/link_cipher.h"
#include "base/work.h"

struct cost_behaviour {
    const char *name;
    uint32_t record_bytes_max; /* plaintext of a TLS record */
    uint32_t read_bytes_max;   /* plaintext taken from a link in one go: whole records, until it is so much */
    uint32_t reads_per_record; /* read() calls; 0: one a burst */
    uint32_t writes_per_record; /* write() calls; 0: one a burst */
    uint32_t
        flush_cells_alone; /* handed to TLS in one go, as one burst, by a link that alone has cells to send; 0: all */
    uint32_t flush_cells_least; /* the same of one among many links; 0: all */
    uint32_t flush_cells_more;  /* and of one among two so many more; among n, this / (n - 1) more */
    bool waits_interval;        /* between two scheduling runs there is always KIST's interval */
    uint32_t write_cells_max;   /* that a link sends in one go; whole records */
    uint32_t reads_a_turn;      /* of read_bytes_max that a link may have before it is the others' turn */
    bool writes_between; /* a good burst for a link is sent before the scheduling run (manager_next_ripe) */
    bool picks_cells;    /* the scheduler picks a circuit anew for each cell, not for each run */
};

/* tor 0.4.9: one 4 kB chunk a record and a write(), two read()s a record and one that finds nothing, 32 cells a read event, one
 * cell a pick. Its numbers were measured from outside (docs/cost-model.md): a link goes on being picked until its cells
 * exceed what tor calls 8 of them, 543 bytes each, and another link has the quietest circuit. */
extern const struct cost_behaviour cost_behaviour_tor;
/* Loom: up to 31 cells a record, one read and one write a burst, runs of a circuit. */
extern const struct cost_behaviour cost_behaviour_loom;

/* Cells of a link that go to TLS in one go, in a scheduling run in which so many links have cells to send; 0: all. */
uint32_t cost_behaviour_flush_cells(const struct cost_behaviour *behaviour, uint32_t links);
/* Count calls, and bytes under the link's cipher, of receiving a burst: so many records with so much plaintext. The sender has
 * cut them. */
void cost_behaviour_receive(const struct cost_behaviour *behaviour, enum link_cipher cipher, uint64_t records,
                            uint64_t bytes, struct work *work);
/* How many records a burst of plaintext is cut into. */
uint64_t cost_behaviour_records(const struct cost_behaviour *behaviour, uint64_t bytes);
/* Count records, calls and bytes of sending a burst of plaintext. */
void cost_behaviour_send(const struct cost_behaviour *behaviour, enum link_cipher cipher, uint64_t records,
                         uint64_t bytes, struct work *work);
/* Correct what the core, which behaves as Loom, has counted in delta: the picks of a scheduler that picks cells. */
void cost_behaviour_correct(const struct cost_behaviour *behaviour, struct work *delta);

#endif
