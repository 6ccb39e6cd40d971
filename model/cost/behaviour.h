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
    uint32_t record_bytes_max;  /* plaintext of a TLS record */
    uint32_t read_bytes_max;    /* plaintext taken from a link in one go */
    uint32_t reads_per_record;  /* read() calls; 0: one for each read_bytes_max */
    uint32_t writes_per_record; /* write() calls; 0: one a burst */
    bool picks_cells;           /* the scheduler picks a circuit anew for each cell, not for each run */
};

/* tor 0.4.9: one 4 kB chunk a record and a write(), two read()s a record, 32 cells a read event, one cell a pick. */
extern const struct cost_behaviour cost_behaviour_tor;
/* Loom: up to 31 cells a record, one read and one write a burst, runs of a circuit. */
extern const struct cost_behaviour cost_behaviour_loom;

/* Count records, calls and bytes under the link's cipher of receiving a burst of plaintext, from a peer that cuts its records in
 * the way of peer. */
void cost_behaviour_receive(const struct cost_behaviour *behaviour, const struct cost_behaviour *peer,
                            enum link_cipher cipher, uint64_t bytes, struct work *work);
/* The same of sending a burst of plaintext. */
void cost_behaviour_send(const struct cost_behaviour *behaviour, enum link_cipher cipher, uint64_t bytes,
                         struct work *work);
/* Correct what the core, which behaves as Loom, has counted in delta: the picks of a scheduler that picks cells. */
void cost_behaviour_correct(const struct cost_behaviour *behaviour, struct work *delta);

#endif
