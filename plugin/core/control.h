/* control - messages of the control lane: what circuits, edges, links and the controller tell each other across
 * threads. Control overtakes data; data never overtakes data.
 *
 * Memory: from control_new to control_free; ownership moves with the message. Receivers that find `to` stale free it. */
#ifndef LOOM_CORE_CONTROL_H
#define LOOM_CORE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/ids.h"
#include "base/memory.h"
#include "base/nsec.h"
#include "core/balance_policy.h"
#include "core/hoard.h"
#include "wire/address.h"
#include "wire/circuit_messages.h"
#include "wire/multipath_messages.h"
#include "wire/onion_messages.h"
#include "wire/relay_cell.h"
#include "wire/resolve_messages.h"
#include "wire/stream_messages.h"

struct link_move;

enum control_kind {
    /* half -> controller */
    CONTROL_EXTEND, /* connect me to the next relay: extend */
    /* controller -> manager */
    CONTROL_DIAL,   /* open a link: dial */
    CONTROL_ATTACH, /* make a half on this link for that circuit: extend with link set */
    /* controller or manager -> half towards the origin */
    CONTROL_ATTACHED,      /* the half away from the origin is there: peer */
    CONTROL_EXTENDED,      /* CREATED2 came: extended */
    CONTROL_EXTEND_FAILED, /* reason */
    /* half <-> half */
    CONTROL_DESTROY, /* close; reason for the cell to send */
    /* half -> edge's manager, edge -> half */
    CONTROL_EDGE_OPEN,      /* edge_open; count: credit */
    CONTROL_EDGE_RESOLVE,   /* query */
    CONTROL_EDGE_OPENED,    /* peer: the edge's id */
    CONTROL_EDGE_CONNECTED, /* connected */
    CONTROL_EDGE_FAILED,    /* reason (enum end_reason) before it was connected */
    CONTROL_EDGE_REFUSED,   /* refused: the address that the policy does not allow */
    CONTROL_EDGE_RESOLVED,  /* answer */
    CONTROL_EDGE_CREDIT,    /* half -> edge: count more chunks may be sent */
    CONTROL_EDGE_FLUSHED,   /* edge -> half: count chunks went out to the destination */
    CONTROL_EDGE_CLOSE,     /* half -> edge: at once, without flushing */
    /* conflux: half -> its set's manager, and back */
    CONTROL_CONFLUX_LINK,   /* take me into the set: conflux */
    CONTROL_CONFLUX_LINKED, /* done: conflux.link as the answer, count: number of the leg */
    CONTROL_LEG_ROOM,       /* leg -> set: leg_room */
    CONTROL_LEG_CLOSED,     /* leg -> set: it is gone; count: it had been used */
    /* manager -> controller */
    CONTROL_LINK_OPEN,        /* link_open */
    CONTROL_LINK_CLOSED,      /* link, reason; count: circuits that its peer made and nobody has counted */
    CONTROL_BANDWIDTH_REPORT, /* bandwidth */
    CONTROL_MEMORY_ALARM,     /* count 1: half of our cells are out; 0: no longer */
    CONTROL_MEMORY_LOW,       /* count: cells that we need back */
    CONTROL_MEMORY_COUNTED,   /* the answer to COUNT: hoards */
    CONTROL_CREATES,          /* link: its peer, a client, has made count circuits more */
    CONTROL_LOAD_REPORT,      /* busy: of our thread, since the last one */
    CONTROL_LINK_LOADS,       /* the answer to ASK_LINKS: link_loads */
    CONTROL_QUEUE_FULL, /* link: a circuit of its peer, a client, was closed for what waited on its far side */
    /* controller -> manager */
    CONTROL_LINK_CLOSE,     /* link */
    CONTROL_ASK_LINKS,      /* which links, of less load than count, have the most? */
    CONTROL_MEMORY_WATCH,   /* count 1: look at what circuits hold; 0: no longer */
    CONTROL_MEMORY_COUNT,   /* how much, of the cells of station count; serial: of the question */
    CONTROL_MEMORY_FREE,    /* close those that hold cells of station count: hoard_verdict */
    CONTROL_LINK_REFUSE,    /* link: make no circuits for its peer, until: refused_until */
    CONTROL_BANDWIDTH_LOAN, /* bandwidth: lent */
    /* half -> the manager where its name is kept (onion_registry_place) */
    CONTROL_ONION_CLAIM,   /* I am meant by onion.name */
    CONTROL_ONION_FORGET,  /* no longer */
    CONTROL_ONION_RENAMED, /* I was onion_renamed.old, and am from now */
    CONTROL_INTRODUCE,     /* client: onion, an INTRODUCE1 */
    CONTROL_RENDEZVOUS,    /* service: onion, a RENDEZVOUS1; serial */
    /* from there -> half */
    CONTROL_ONION_CLAIMED,  /* reason: 0, or why not (enum destroy_reason) */
    CONTROL_ONION_REPLACED, /* somebody else has claimed the name */
    CONTROL_INTRODUCTION,   /* -> service: onion; from the client */
    CONTROL_JOIN,           /* -> client: onion; from the service; serial */
    CONTROL_ONION_REFUSED,  /* -> service: no such cookie */
    /* half -> half */
    CONTROL_INTRODUCED, /* service, or the place of its name -> client: reason (enum introduce_status) */
    CONTROL_JOINED,     /* client -> service: your other half is from; serial of the cells between you */
    /* links that move (manager_mover.c) */
    CONTROL_LINK_MOVE,      /* controller -> its manager: link, count: the station that it is to move to */
    CONTROL_LINK_STAYS,     /* its manager -> controller: link, reason (enum stay_reason) */
    CONTROL_LINK_PARCEL,    /* its manager -> its new one: parcel */
    CONTROL_LINK_MOVED,     /* its new manager -> controller: link, serial: the station that it came from */
    CONTROL_LINK_SETTLED,   /* controller -> that station: link; from now on it is known where it is */
    CONTROL_MOVING,         /* a half that moves -> who sends to it: call it held */
    CONTROL_MOVED,          /* who was called held is now called from */
    CONTROL_PARKING_FAILED, /* the answer to MOVING, without memory; serial: of the move */
};

struct control_extend {
    struct endpoint ipv4, ipv6;
    uint8_t rsa_id[RSA_ID_LEN];
    uint8_t ed_id[ED_ID_LEN];
    bool has_ed_id;
    bool is_over_ipv6; /* the controller has chosen among both */
    uint16_t handshake_type;
    uint16_t data_length;
    uint8_t data[HANDSHAKE_DATA_MAX];
};

struct control_extended {
    uint16_t data_length;
    uint8_t data[HANDSHAKE_DATA_MAX];
};

struct control_dial {
    struct endpoint endpoint;
    uint8_t rsa_id[RSA_ID_LEN];
    uint8_t ed_id[ED_ID_LEN];
    bool has_ed_id;
};

struct control_onion {
    struct onion_name name; /* CLAIM and FORGET have only this */
    uint16_t length;
    uint8_t data[RELAY_DATA_MAX];
};

/* A half that has moved is called otherwise. */
struct control_onion_renamed {
    struct onion_name name;
    half_id old;
};

struct control_link_open {
    uint8_t rsa_id[RSA_ID_LEN];
    uint8_t ed_id[ED_ID_LEN];
    bool is_authenticated; /* the peer proved who it is (clients do not) */
    bool is_canonical;     /* the peer lists the address that we reached it at, or we dialled its own */
    bool is_initiator;
};

/* In bytes; see bandwidth_share.h. */
struct control_bandwidth {
    uint64_t sent, returned, want; /* of a report */
    uint64_t lent;                 /* of a loan */
};

/* Of a thread: it was busy for so much of span. */
struct control_busy {
    nsec busy, span;
};

struct control_conflux {
    struct conflux_link_message link;
    uint8_t sendme_inc; /* of the circuit */
    uint8_t layer_kind; /* enum layer_kind */
    bool may_begin;     /* its previous hop may use us as an exit */
};

struct control_leg_room {
    nsec rtt;         /* 0: not known */
    uint32_t allowed; /* DATA messages that the leg takes, in all since it was linked */
};

struct control {
    struct control *next;
    object_id to;   /* half or edge; 0 for the manager or controller itself */
    object_id from; /* half or edge that asks, where an answer is due */
    link_id link;
    uint32_t size; /* allocated bytes: the small kinds have no room for the large members */
    uint32_t count;
    uint32_t serial; /* extends: which of a half's requests; streams: which of those that ever had this id */
    uint16_t stream;
    uint8_t kind;   /* enum control_kind */
    uint8_t reason; /* enum destroy_reason or end_reason */
    uint8_t format; /* EDGE_OPEN: enum relay_format of the stream's DATA cells */
    station_id reply_to;
    union {
        struct control_extend extend;
        struct control_extended extended;
        struct control_dial dial;
        struct control_link_open link_open;
        struct control_bandwidth bandwidth;
        struct begin_message edge_open;
        struct connected_message connected;
        struct control_conflux conflux;
        struct control_leg_room leg_room;
        nsec refused_until;
        struct control_busy busy;
        struct link_loads link_loads;
        struct hoard_ages hoards;
        struct hoard_verdict hoard_verdict;
        struct control_onion onion;
        struct control_onion_renamed onion_renamed;
        struct name_query query;
        struct name_answer answer;
        struct address refused;
        object_id held;
        struct link_move *parcel;
    } u;
};

/* Bytes that a message of this kind takes. */
size_t control_size(enum control_kind kind);
/* A zeroed message with as much of the union as kind needs; NULL without memory. */
MUST_USE struct control *control_new(const struct memory *memory, enum control_kind kind);
void control_free(const struct memory *memory, struct control *message);

#endif
