/* controller_state - what a relay's controller holds, shared by the files that make it up (controller_*.c), and nothing that
 * other modules may see.
 *
 * relay_controller.c      life, the switch on controls, turns
 * controller_links.c      links: coming and going, and which one leads where
 * controller_extend.c     EXTEND: to a link that is open, or is dialled
 * controller_clients.c    connections and circuits of clients: counted and refused
 * controller_bandwidth.c  what the managers may send
 * controller_balance.c    on which thread links are
 * controller_memory.c     cells that run out at a manager
 * controller_move.c       links that move to another manager */
#ifndef LOOM_CORE_CONTROLLER_STATE_H
#define LOOM_CORE_CONTROLLER_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/list.h"
#include "base/rng.h"
#include "base/slab.h"
#include "base/table.h"
#include "base/work.h"
#include "core/balance.h"
#include "core/bandwidth_pool.h"
#include "core/client_counts.h"
#include "core/consensus_view.h"
#include "core/control.h"
#include "core/dos_figures.h"
#include "core/dos_params.h"
#include "core/hibernation.h"
#include "core/hoard.h"
#include "core/link_move.h"
#include "core/mailroom.h"
#include "core/port.h"
#include "core/relay_config.h"

enum connection_state { CONNECTION_ACCEPTED, CONNECTION_DIALLED, CONNECTION_OPEN };

/* A link as the controller knows it. */
struct connection {
    link_id link;
    struct list by_identity; /* in its identity's list; oldest first */
    struct list by_client;   /* in its client's */
    struct client *client;   /* whose it is counted as; NULL: a relay's, or not counted */
    struct control *waiting; /* EXTENDs that wait for it, while it is dialled; oldest first */
    struct control **waiting_end;
    uint32_t waiting_count;
    enum connection_state state;
    station_id manager;
    nsec rests_until;        /* it has moved: not again before */
    struct endpoint address; /* of the peer: where the socket leads, or is going to */
    uint8_t rsa_id[RSA_ID_LEN];
    uint8_t ed_id[ED_ID_LEN];
    bool has_ed_id;
    bool is_canonical;
};

struct identity {
    struct list connections;
};

/* A question to all managers: how much of the cells of one waits, and for how long. One at a time. */
struct inquiry {
    struct hoard_ages *told; /* [managers] */
    nsec asked_at;
    uint32_t need;
    uint32_t serial;
    uint16_t waits; /* answers that have not come */
    station_id home;
};

struct controller {
    const struct relay_config *config;
    const struct memory *memory;
    struct port *port;
    struct mailroom *room;
    station_id station;
    struct rng rng; /* over which address who has two is dialled */
    link_id link_next;
    struct slab connections_slab;
    struct table connections; /* link_id -> struct connection */
    struct table identities;  /* first 8 bytes of the RSA id -> struct identity */
    struct consensus_view *consensus;
    struct table relay_addresses; /* IPv4 address + 1 -> the consensus: of all its relays */
    enum hibernation hibernation;
    struct dos_params dos;
    struct client_counts clients;
    struct dos_figures refused;
    struct inquiry inquiry;
    uint16_t managers_short; /* of cells */
    struct bandwidth_pool bandwidth;
    struct balance balance;
    struct move_figures moves;
    link_id moving; /* 0: none */
    struct work work;
};

/* relay_controller.c */
/* Stations with a manager: 0 and on. */
uint16_t controller_managers(const struct controller *c);
/* A message to a manager, or to an object of it, which the caller fills in before the flush; NULL without memory. */
MUST_USE struct control *controller_post(struct controller *c, station_id station, object_id to,
                                         enum control_kind kind);
/* Send a message on, or back, as one of kind; needs no memory. */
void controller_repost(struct controller *c, struct control *message, station_id station, object_id to,
                       enum control_kind kind);

/* controller_links.c */
/* NULL at a limit or without memory. */
MUST_USE struct connection *controller_connection_new(struct controller *c, nsec now,
                                                      enum connection_state state,
                                                      const struct endpoint *address);
/* Forgets what waits for it. It may have been taken off the table already. */
void controller_connection_free(struct controller *c, struct connection *connection);
/* Its RSA identity is known: EXTENDs find it. False without memory. */
MUST_USE bool controller_join_identity(struct controller *c, struct connection *connection);
void controller_link_open(struct controller *c, nsec now, const struct control *message);
void controller_link_closed(struct controller *c, nsec now, const struct control *message);
/* Where we would dial to. */
const struct endpoint *controller_target_of(const struct control_extend *extend);
/* Its peer may be, or is, who is asked for. */
bool controller_is_wanted(const struct connection *connection, const struct control_extend *extend);
/* The best link that leads there; NULL when none does. */
struct connection *controller_find_connection(struct controller *c, const struct control_extend *extend);

/* controller_extend.c */
/* Takes the message over. */
void controller_extend(struct controller *c, nsec now, struct control *message);
/* Those that wait for connection: it is open; it has failed; they are forgotten. */
void controller_extends_attach(struct controller *c, struct connection *connection);
void controller_extends_fail(struct controller *c, struct connection *connection, uint8_t reason);
void controller_extends_drop(struct controller *c, struct connection *connection);

/* controller_clients.c */
/* A connection from address: false when it is refused. *client_out is set when it is counted; join it then. */
MUST_USE bool controller_may_connect(struct controller *c, nsec now, const struct address *address,
                                     struct client **client_out);
/* client may be NULL. */
void controller_join_client(struct connection *connection, struct client *client);
/* It has closed, or its peer is a relay. */
void controller_leave_client(struct controller *c, nsec now, struct connection *connection, bool is_relay);
/* It is open: it is counted no more if it is a relay's, and told what its client is refused. */
void controller_settle_client(struct controller *c, nsec now, struct connection *connection,
                              const struct control_link_open *open);
/* Count circuits of a client. */
void controller_count_creates(struct controller *c, nsec now, struct client *client, uint32_t circuits);
void controller_creates_came(struct controller *c, nsec now, const struct control *message);
void controller_queue_was_full(struct controller *c, nsec now, const struct control *message);
/* Those of the consensus that we have. */
void controller_learn_relay_addresses(struct controller *c);

/* controller_move.c */
void controller_link_stays(struct controller *c, const struct control *message);
/* Takes the message over. */
void controller_link_moved(struct controller *c, struct control *message);

/* controller_bandwidth.c */
void controller_bandwidth_reported(struct controller *c, nsec now, const struct control *message);
void controller_lend_bandwidth(struct controller *c, nsec now);

/* controller_balance.c */
/* The manager for a new link. */
station_id controller_place(struct controller *c, nsec now);
/* A link has moved: connection->manager has changed. */
void controller_moved(struct controller *c, station_id from, station_id to);
/* It has gone. */
void controller_unplace(struct controller *c, station_id manager);
void controller_load_reported(struct controller *c, nsec now, const struct control *message);
void controller_links_loaded(struct controller *c, nsec now, const struct control *message);
void controller_balance(struct controller *c, nsec now);

/* controller_memory.c */
/* False without memory; fini in both cases. */
MUST_USE bool controller_memory_init(struct controller *c);
void controller_memory_fini(struct controller *c);
void controller_memory_alarm(struct controller *c, bool is_short);
void controller_memory_low(struct controller *c, nsec now, const struct control *message);
void controller_memory_counted(struct controller *c, const struct control *message);

#endif
