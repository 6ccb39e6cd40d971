/* connection_manager - the local manager of a thread: its links, circuit halves and edges, and their way through the
 * stages. Composes link handshake, circuit table, halves, edges, scheduler and mailroom; routing only, no mechanism.
 *
 * Owner and thread: one manager for each connection thread and one in the main thread; every function is called on the
 * manager's own thread. Time: now never goes back. Requests to the world are recorded in its port.
 * A turn of the runtime: feed inputs (receive, opened, closed, job done, edge input, drain), then manager_flush, then,
 * when manager_next_wake is due, manager_tick, and manager_schedule + manager_take for links that asked for want_write. */
#ifndef LOOM_CORE_CONNECTION_MANAGER_H
#define LOOM_CORE_CONNECTION_MANAGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/ids.h"
#include "base/nsec.h"
#include "base/work.h"
#include "core/cell_pool.h"
#include "core/consensus_view.h"
#include "core/dos_figures.h"
#include "core/hibernation.h"
#include "core/job.h"
#include "core/link_facts.h"
#include "core/port.h"
#include "core/relay_config.h"
#include "core/scheduler.h"
#include "wire/cell.h"

struct mailroom;
struct manager;

/* Borrows config, port and room. stations: managers 0..connection_threads, then the controller. NULL without memory. */
MUST_USE struct manager *manager_new(const struct relay_config *config, nsec now, station_id station,
                                     struct port *port, struct mailroom *room);
/* The end, in three steps over all managers of a relay (relay_free), because cells are anywhere: stop every one, settle
 * until nothing moves, so that every cell comes home, then free. The runtime has given back what it took by then. */
void manager_stop(struct manager *m);
/* Throw away what came and give back what is others'; true when something came. */
MUST_USE bool manager_settle(struct manager *m);
void manager_free(struct manager *m);

/* --- links ------------------------------------------------------------------------------------------------------ */

/* An accepted or dialled connection has finished TLS. Accepted links are new to the manager; dialled ones were asked for
 * through port.dial. facts->credentials and the exporter must stay valid until the link is open or closed.
 * ERR_LIMIT: not taken, close the socket. */
MUST_USE enum err manager_link_opened(struct manager *m, nsec now, link_id link,
                                      const struct link_facts *facts);
/* A dialled connection could not be made. */
void manager_link_failed(struct manager *m, nsec now, link_id link);
/* The peer or the network closed it; the link is gone. Also allowed after port.hangup (then ignored). */
void manager_link_closed(struct manager *m, nsec now, link_id link);

/* Plaintext bytes have come. Returns how many were used (whole cells); the runtime keeps the rest and gives it again with
 * what follows. After an error the link has been hung up through the port and everything counts as used. */
size_t manager_receive_bytes(struct manager *m, nsec now, link_id link, const uint8_t *bytes, size_t length);
/* The same for cells that somebody else has framed (the engine). */
void manager_receive(struct manager *m, nsec now, link_id link, const struct cell_view *cells, uint32_t n);

/* Bytes of the link handshake that have to be written before any cell; they stay valid until manager_handshake_written.
 * Not subject to scheduling. Empty most of the time. */
struct span manager_handshake_output(struct manager *m, link_id link);
void manager_handshake_written(struct manager *m, link_id link, size_t length);

/* When manager_schedule should be called for the links that want to write; NSEC_NEVER when none does. */
nsec manager_schedule_at(const struct manager *m);
struct grant {
    link_id link;
    uint32_t cells; /* to be taken now; may be 0 */
    bool waits;     /* no cells yet: keep the link on the list, manager_schedule_at says until when */
};
/* One scheduling run over n links that want to write (each once, with what TCP says of it). grants_out has n places, in
 * the order of links. Links that do not wait leave the list; one that still has cells after its grant is used asks for
 * want_write again. */
uint32_t manager_schedule(struct manager *m, nsec now, const struct tcp_facts *links, uint32_t n,
                          struct grant *grants_out);
#define LINK_RIPE (4 * CELLS_PER_RECORD) /* cells worth a send of their own: four full records, 64 kB */

/* Between the rounds, so that cells leave while they are in the cache: a link for which a good burst waits and which nothing
 * is known to hold back; 0 when there is none. Each is named once until more has come for it. For who takes in much in one
 * turn; a round serves these links too. */
link_id manager_next_ripe(struct manager *m);
/* Grant such a link all that it has; returns how much. 0, and it waits for the round, unless TCP takes it all and there is
 * bandwidth for everything that waits: so no other link goes without what a round would have given it. */
uint32_t manager_schedule_ripe(struct manager *m, nsec now, const struct tcp_facts *facts);
/* Take up to max cells of the link's grant, in order; the caller writes them (cell_serialize) and gives them back with
 * manager_release. Returns 0 when the grant is used up or the link is gone. */
uint32_t manager_take(struct manager *m, nsec now, link_id link, struct cell **cells_out, uint32_t max);
void manager_release(struct manager *m, struct cell **cells, uint32_t n);
/* The 514 bytes of a taken cell: the one gather that fills a TLS record. */
void cell_serialize(const struct cell *cell, uint8_t out[static CELL_LEN]);

/* The answer to port.release: nothing of the link is in use here any more. luggage is what the runtime has of it (natively its
 * struct tls_link, taken off the thread's tables and event base); it comes out of port.adopt on the new station's thread, where all
 * that was written to it before this call is seen. False: the link is not to move any more; the runtime keeps it and carries on. */
MUST_USE bool manager_link_released(struct manager *m, nsec now, link_id link, void *luggage);

/* --- circuits --------------------------------------------------------------------------------------------------- */

void manager_job_done(struct manager *m, nsec now, const struct job_result *result);

/* --- edges (exit streams) --------------------------------------------------------------------------------------- */

/* The answer to port.edge_resolve. */
void manager_edge_resolved(struct manager *m, nsec now, edge_id edge, const struct name_answer *answer);
void manager_edge_connected(struct manager *m, nsec now, edge_id edge, const struct address *destination);
/* The destination closed (END_DONE), could not be reached (before connected) or broke off; the edge is gone. */
void manager_edge_closed(struct manager *m, nsec now, edge_id edge, uint8_t end_reason);
/* How many bytes the edge may be given now; 0 means reading was paused through the port. */
size_t manager_edge_room(struct manager *m, edge_id edge);
/* Bytes from the destination; length <= manager_edge_room. */
void manager_edge_receive(struct manager *m, nsec now, edge_id edge, const uint8_t *bytes, size_t length);
/* The next bytes for the destination: up to max spans, which stay valid until manager_edge_wrote. */
uint32_t manager_edge_take(struct manager *m, edge_id edge, struct span *spans_out, uint32_t max);
void manager_edge_wrote(struct manager *m, nsec now, edge_id edge, size_t length);

/* --- the rest --------------------------------------------------------------------------------------------------- */

/* Handle what other stations have sent, at most about msgs_max messages; true when more is left (call again soon). */
MUST_USE bool manager_drain(struct manager *m, nsec now, uint32_t msgs_max);
/* Publish what this turn has posted and ask for the wakes. Once, at the end of every turn that gave the manager input. */
void manager_flush(struct manager *m, nsec now);
/* Earliest deadline of the manager's own timers (handshake timeouts, ...), schedule_at not included. */
nsec manager_next_wake(const struct manager *m);
/* From when on the runtime is to say how busy the thread was; NSEC_NEVER: nobody wants to know. No reason to wake. */
nsec manager_load_due(const struct manager *m);
/* When that is due, before manager_flush: for how long, in all, the thread has had something to do since it began. */
void manager_note_busy(struct manager *m, nsec now, nsec busy);
void manager_tick(struct manager *m, nsec now);
/* For a runtime that wants its memory back: when some may go that nothing has needed for a while; NSEC_NEVER: none. */
nsec manager_trim_at(const struct manager *m);
/* Give it back. Takes some milliseconds when it is much. */
void manager_trim(struct manager *m);
/* The wall clock was set: it is unix_s now. Certificates of handshakes are judged by it. */
void manager_set_clock(struct manager *m, nsec now, uint64_t unix_s);
/* A new consensus: the manager keeps its own reference. */
void manager_set_consensus(struct manager *m, nsec now, struct consensus_view *view);

/* From now on, as hibernation.h says. To be told to the controller too (controller_hibernate). */
void manager_hibernate(struct manager *m, nsec now, enum hibernation hibernation);

/* Another relay has dialled us over IPv6 and made a circuit: our IPv6 ORPort is reachable. */
bool manager_is_reached_over_ipv6(const struct manager *m);
const struct work *manager_work(const struct manager *m);
/* The runtime adds what it did itself (TLS records, socket calls) to the same counters. */
struct work *manager_work_mutable(struct manager *m);
/* What clients were refused here. */
const struct dos_figures *manager_refused(const struct manager *m);
/* Cells that came back from circuits that were closed for them (manager_memory.c). */
uint64_t manager_cells_reclaimed(const struct manager *m);
struct working_set manager_working_set(const struct manager *m, nsec now);

#endif
