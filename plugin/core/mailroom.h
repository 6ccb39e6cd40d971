/* mailroom - the carrier of channels: one mailbox for each ordered pair of stations, with a data and a control lane.
 *
 * A station posts locally during its turn and publishes once, at its end (mailroom_flush): one slot of a ring per lane,
 * one wake per destination however many messages. Stations of the same thread use plain lists instead.
 * Thread: each function names the calling station; only that station's thread may call it. Single producer, single
 * consumer for each mailbox; the atomics are listed in docs/threads.md.
 * Order: kept for each pair and lane. Control overtakes data; data never overtakes control that was posted before it.
 * The rule for runtimes: a turn of a station that was woken is mailroom_collect_begin, collects, mailroom_flush. Whoever
 * collects flushes in the same turn, because a sender that waits for room is woken there; whoever is woken flushes,
 * because chains that found no room go out there. With that, no message waits for ever (docs/threads.md says why).
 * Bound: the ring has MAILBOX_SLOTS published chains; when it is full the chain stays with the sender, grows, and goes
 * with the flush of a later turn, for which the receiver wakes the sender. mailroom_is_full() tells the sender to stop
 * reading from its links; cells_in_flight_max is the bound, of cells and control messages together. */
#ifndef LOOM_CORE_MAILROOM_H
#define LOOM_CORE_MAILROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/ids.h"
#include "base/memory.h"
#include "base/work.h"
#include "core/cell_pool.h"
#include "core/control.h"

#define MAILBOX_SLOTS 256u /* more flushes than a sender makes while the receiver is in one turn */

struct mailroom;

/* thread_of[i] says on which thread station i lives: equal numbers, same thread. Borrows memory. NULL without memory.
 * All rings are allocated here, so that no post can fail later: 18 kB for each ordered pair of stations on two threads
 * (6 MB with 16 connection threads). */
MUST_USE struct mailroom *mailroom_new(const struct memory *memory, uint16_t stations,
                                       const uint16_t *thread_of, uint32_t cells_in_flight_max);
/* The same with so many slots (a power of two) in each ring. */
MUST_USE struct mailroom *mailroom_new_with_slots(const struct memory *memory, uint16_t stations,
                                                  const uint16_t *thread_of, uint32_t cells_in_flight_max,
                                                  uint32_t slots);
/* Every station has stopped. Cells still in mailboxes are forgotten with their pools; controls are freed. */
void mailroom_free(struct mailroom *room);

/* Hand over the run; each cell's `to` is set. Never fails: the run waits with the sender when the ring is full. */
void mailroom_post_cells(struct mailroom *room, station_id from, station_id to, struct cell_run *run,
                         struct work *work);
/* Hand over the message. */
void mailroom_post_control(struct mailroom *room, station_id from, station_id to, struct control *message,
                           struct work *work);
/* Hand over a cell to the station whose pool it is from (its home), to be put back there; like: a pool with cells of its
 * size. Not urgent: wakes that station only when it has asked by mailroom_want_returned. */
void mailroom_return_cell(struct mailroom *room, station_id from, struct cell *cell,
                          const struct cell_pool *like);

/* Publish what from has posted. Calls wake(context, to) once for each station that has to be woken and has not been
 * since it last began to collect: those that get news, and those that wait for room which from has made by collecting. */
void mailroom_flush(struct mailroom *room, station_id from, struct work *work,
                    void (*wake)(void *context, station_id to), void *context);

/* Begin to collect: from here on posts wake station at again. Call before mailroom_collect_*: cells that are published
 * after this call come with the next one, or they could overtake control messages. */
void mailroom_collect_begin(struct mailroom *room, station_id at);
/* All control messages published to `at`, in order per sender; NULL when there are none. */
MUST_USE struct control *mailroom_collect_controls(struct mailroom *room, station_id at);
/* Published cells for `at`, at most about cells_max (whole chains), in order per sender; left_out says that more wait. */
MUST_USE struct cell_run mailroom_collect_cells(struct mailroom *room, station_id at, uint32_t cells_max,
                                                bool *left_out);
/* Trays of cells that came home, as a list; NULL when there are none. */
MUST_USE struct slab_tray *mailroom_collect_returned(struct mailroom *room, station_id at);
/* The pool of station at has run dry: the next cells that come home wake it. Call mailroom_collect_returned after it, for
 * those that came before. */
void mailroom_want_returned(struct mailroom *room, station_id at);

/* True when so many cells and control messages are on the way from `from` to some station that it should stop reading. When it says so it
 * also asks for a wake of `from` once the receiver has collected. */
MUST_USE bool mailroom_is_full(struct mailroom *room, station_id from);

#endif
