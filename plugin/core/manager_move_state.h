/* manager_move_state - a link on its way from one manager to another, for the files that move it (manager_mover.c and those
 * that manager_state.h names after it).
 *
 * What the mover collects while it prepares is the parcel that the new manager unpacks: everything that a move needs is
 * allocated before anybody is told, so that from then on only the new manager can be short of memory, and what it has no room
 * for it closes. */
#ifndef LOOM_CORE_MANAGER_MOVE_STATE_H
#define LOOM_CORE_MANAGER_MOVE_STATE_H

#include "core/link_move.h"
#include "core/manager_exit_state.h"

#define MOVE_PATIENCE \
    (50 * NSEC_PER_MS) /* for circuits that wait for a worker: as long as the link is not read */
#define MOVE_RETRY (2 * NSEC_PER_MS)
/* Of a half, that are remembered. What is sent to one is an answer that it waits for, and no longer than this. */
#define FORMER_NAMES_MAX 8u
#define FORMER_NAME_KEPT (2 * EXTEND_TIMEOUT)
#define PARKED_CELLS_MAX 4096u /* of a half, in the moment that a move takes; more close the circuit */

enum move_step {
    MOVE_QUIETING,  /* it is read no more; fences are out, so that it is quiet when they are back */
    MOVE_WAITING,   /* for circuits that cannot move just now */
    MOVE_PARKING,   /* all who send to its halves have been told, and fences are out behind that */
    MOVE_RELEASING, /* nothing is on its way to its halves; the runtime lets go */
};

/* A name that a half had at an earlier manager: at that one it leads on, at the present one it leads to the half. */
struct former_name {
    struct list by_age; /* in mover.by_age, or in a parcel */
    object_id name;
    half_id half;       /* 0: it is elsewhere */
    station_id station; /* there */
    nsec until;
};

struct packed_stream {
    struct stream stream;
    struct token_bucket bucket; /* of its pace */
    nsec pace_at;               /* NSEC_NEVER: not waiting */
    bool has_pace;
    bool is_blocked;
};

struct moving_half {
    half_id id;               /* at the old manager */
    half_id id_new;           /* 0: it has not arrived */
    struct control *told;     /* MOVED for each who sends to it */
    struct list formers;      /* for the new manager */
    struct control *renamed;  /* ONION_RENAMED, if it has a role */
    struct control *farewell; /* DESTROY, if somebody else has its other half */
    void *layers;             /* on the way; NULL: it has no keys */
    size_t layers_size;
    struct former_name *leads;          /* for the old one, when somebody may still answer to this name */
    uint32_t twin;                      /* 1 + place of its other half, when that is on the same link */
    uint32_t streams_at, streams_count; /* in the parcel's streams: the blocked ones first, in turn */
    nsec deadline_at;                   /* NSEC_NEVER: none */
    nsec padding_at;                    /* NSEC_NEVER: the machine does not wait */
    struct circuit_padding padding;     /* if half.is_padded */
    bool is_packed;                     /* otherwise it has closed */
    bool is_complete;                   /* nothing was lost for want of memory */
    bool is_resuming;
    uint8_t formers_count;
    /* struct half as it was, with what it points to but for link, layers, streams, deadline and padding. Bytes, because a half wants more
     * alignment than memory has. */
    unsigned char half[sizeof(struct half)];
};

struct link_move {
    struct control *order;  /* LINK_MOVE, and then the answer */
    struct control *parcel; /* LINK_PARCEL */
    struct control *kept;   /* for the new manager */
    struct control **kept_end;
    struct control *spares; /* last words of what moves */
    uint32_t spares_count;
    link_id id;
    station_id from, to;
    enum move_step step;
    uint32_t serial;
    uint32_t fences_out;
    nsec patience_until;
    bool is_refused; /* somebody had no memory for a parking place */
    struct moving_half *halves;
    struct table by_id; /* the same, by their names at the old manager */
    uint32_t halves_count;
    struct packed_stream *streams;
    uint32_t streams_count;
    uint32_t stream_serial; /* of the old manager */
    void *luggage;
    nsec packed_at;
    nsec timer_at, padding_timer_at;
    struct link link; /* as it was, with its table of circuits and its urgent cells */
};

/* manager_move_needs.c */
/* By its name at the old manager; NULL when it is not among them. */
struct moving_half *manager_moving_half(const struct link_move *move, half_id id);
/* All who were told call it by that name from now on, and send on what they kept. */
void manager_move_tell(struct manager *m, struct moving_half *moving, half_id name);
/* With everything that is still in it. */
void manager_move_free(struct manager *m, struct link_move *move);

/* Everything that it needs from here on: a MOVING for each who sends to its halves is in moving_out. ERR_LIMIT without
 * memory, ERR_REFUSED when a half has had too many names; then nobody is to be told anything. */
MUST_USE enum err manager_move_prepare(struct manager *m, struct link_move *move, const struct link *link,
                                       struct control **moving_out);

/* manager_parcel_pack.c: take the link and its circuits out of the manager, into move. */
void manager_parcel_pack(struct manager *m, nsec now, struct link_move *move, struct link *link);

/* manager_parcel.c: unpack mover.arriving. */
void manager_parcel_unpack(struct manager *m, nsec now);

/* manager_parcel_halves.c */
/* Circuits of a move to link; what there is no room for closes. */
void manager_parcel_unpack_halves(struct manager *m, nsec now, struct link_move *move, struct link *link);
/* The half ends, under the name that all know. Its link is told elsewhere. */
void manager_parcel_drop_half(struct manager *m, struct link_move *move, struct moving_half *moving);

/* manager_parking.c: MOVED to somebody of this manager, handled in place; takes message over. */
void manager_parking_end_here(struct manager *m, nsec now, struct control *message);

/* manager_forwarding.c */
/* Former names are remembered from now on: at the old manager that of moving, and what is known here of earlier ones; at the
 * new one all of them. */
void manager_formers_lead(struct manager *m, nsec now, const struct link_move *move,
                          struct moving_half *moving);
MUST_USE bool manager_formers_arrive(struct manager *m, nsec now, struct moving_half *moving);
/* Prepare for that. ERR_LIMIT without memory, ERR_REFUSED when it has too many. */
MUST_USE enum err manager_formers_prepare(struct manager *m, struct link_move *move);
/* Undo what was prepared. */
void manager_formers_forget(struct manager *m, struct moving_half *moving);

#endif
