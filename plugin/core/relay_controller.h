/* relay_controller - the main thread's part: which links there are and on which thread, who extends to whom, where new
 * connections go.
 *
 * Owner and thread: the main thread. It never sees a cell. Requests are recorded in its port (wake only). */
#ifndef LOOM_CORE_RELAY_CONTROLLER_H
#define LOOM_CORE_RELAY_CONTROLLER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/ids.h"
#include "base/nsec.h"
#include "base/work.h"
#include "core/consensus_view.h"
#include "core/dos_figures.h"
#include "core/hibernation.h"
#include "core/link_move.h"
#include "core/port.h"
#include "core/relay_config.h"

struct controller;
struct mailroom;

MUST_USE struct controller *controller_new(const struct relay_config *config, nsec now, station_id station,
                                           struct port *port, struct mailroom *room);
void controller_free(struct controller *c);

/* Where an accepted connection goes: its new id, and the manager whose thread takes over the socket (balance.h).
 * ERR_LIMIT: too many links; ERR_REFUSED: from an address that has or makes too many, or we hibernate; close it. */
MUST_USE enum err controller_accept(struct controller *c, nsec now, const struct endpoint *peer,
                                    link_id *link_out, station_id *manager_out);
/* The open link with the next higher number than after, and whose it is; 0: there is none. Looks at all of them, so not for
 * each turn. */
link_id controller_next_link(const struct controller *c, link_id after, station_id *manager_out);
/* An accepted connection ended before manager_link_opened took it (TLS failed). */
void controller_accept_failed(struct controller *c, nsec now, link_id link);

/* Move an open link to the manager of another station, with its circuits: what is on its way stays in order, and nothing is lost.
 * False: not now, and nothing happens (the link is unknown, not open, or there already; or a move is going on: there is one at a
 * time in a relay). Otherwise controller_is_moving until it has moved or stays. */
MUST_USE bool controller_move_link(struct controller *c, nsec now, link_id link, station_id to);
bool controller_is_moving(const struct controller *c);
const struct move_figures *controller_moves(const struct controller *c);

/* As manager_drain, manager_flush, manager_next_wake, manager_tick. */
MUST_USE bool controller_drain(struct controller *c, nsec now, uint32_t msgs_max);
void controller_flush(struct controller *c, nsec now);
nsec controller_next_wake(const struct controller *c);
void controller_tick(struct controller *c, nsec now);
void controller_set_consensus(struct controller *c, nsec now, struct consensus_view *view);
/* As manager_hibernate: connections are refused, and when it is dormant EXTENDs too. */
void controller_hibernate(struct controller *c, enum hibernation hibernation);
const struct work *controller_work(const struct controller *c);
/* What its clients were refused. */
const struct dos_figures *controller_refused(const struct controller *c);

#endif
