/* port - what a station of the core asks of its runtime. Each call only records: the runtime carries it out after the
 * call into the core has returned, and completions are inputs that carry now. So the core is never re-entered.
 *
 * Thread: a port belongs to one station and is called on its thread only. Pointers are valid during the call.
 * What each request leads to:
 *   dial         manager_link_opened or manager_link_failed
 *   hangup       nothing: the link is gone for the core; the runtime flushes what it has already taken, then closes
 *   want_write   put the link on the list for the next manager_schedule (or, for an edge, call manager_edge_take)
 *   want_read    stop or go on reading a link or an edge; links and edges start readable
 *   edge_open    for a directory stream: manager_edge_connected (of no address) or manager_edge_closed
 *   edge_resolve manager_edge_resolved, and in that call edge_connect or edge_close follows; whose streams they are is told so
 *                that no circuit uses up what the runtime has for all
 *   edge_connect manager_edge_connected or manager_edge_closed
 *   edge_close   nothing
 *   offload      manager_job_done
 *   release      the link is to move to another station's thread: manager_link_released, between turns, when nothing of it is in
 *                use on this thread; nothing when it closes before. It goes on writing until then
 *   adopt        nothing: the link is this station's, with the luggage that manager_link_released gave, read as it was there.
 *                Other requests for it may follow in the same call. Also called while the relay is freed, for links on their way
 *   wake         the station's thread calls manager_drain (or controller_drain) soon; called on the SENDER's port
 *   trace        nothing; may be NULL */
#ifndef LOOM_CORE_PORT_H
#define LOOM_CORE_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ids.h"
#include "core/job.h"
#include "core/trace.h"
#include "wire/address.h"
#include "wire/resolve_messages.h"
#include "wire/stream_messages.h"

struct port {
    void (*dial)(struct port *port, link_id link, const struct endpoint *to);
    void (*hangup)(struct port *port, link_id link);
    void (*want_write)(struct port *port, link_id link);
    void (*want_read)(struct port *port, link_id link, bool on);
    void (*edge_open)(struct port *port, edge_id edge, const struct begin_message *to);
    void (*edge_resolve)(struct port *port, edge_id edge, half_id circuit, const struct name_query *query);
    void (*edge_connect)(struct port *port, edge_id edge, const struct endpoint *to);
    void (*edge_want_write)(struct port *port, edge_id edge);
    void (*edge_want_read)(struct port *port, edge_id edge, bool on);
    void (*edge_close)(struct port *port, edge_id edge);
    void (*offload)(struct port *port, const struct job *job);
    void (*release)(struct port *port, link_id link);
    void (*adopt)(struct port *port, link_id link, void *luggage);
    void (*wake)(struct port *port, station_id station);
    void (*trace)(struct port *port, const struct trace_event *event);
};

#endif
