/* manager_state - what a connection manager holds, shared by the files that make it up (manager_*.c): the composition of
 * the stages, and nothing that other modules may see.
 *
 * connection_manager.c  inputs, the switches on commands and controls, turns
 * manager_links.c       links: handshake, opening, bytes in, closing
 * manager_output.c      what links write: waiting, scheduling, taking
 * manager_padding.c     padding of links and circuits
 * manager_circuits.c    circuits: cells that wait for a link, DESTROY
 * manager_create.c      CREATE2 and CREATE_FAST
 * manager_deadlines.c   halves that wait for an answer
 * manager_rare.c        what few halves have
 * manager_limits.c      bandwidth of single links
 * manager_memory.c      cells that run out
 * manager_load.c        how busy the thread and its links are
 * manager_clients.c     what clients may not do too often
 * manager_extend.c      EXTEND2 to EXTENDED2, TRUNCATE
 * manager_relaying.c    RELAY cells: peeled, handled or passed on
 * manager_onion.c       introduction and rendezvous points: circuits of services and clients
 * manager_names.c       the share of their names that is kept here
 * manager_mover.c       links that leave for another manager: the steps
 * manager_move_needs.c  what such a move needs and holds
 * manager_parcel.c      such a link packed (manager_parcel_pack.c), and unpacked with its circuits (manager_parcel_halves.c)
 * manager_parking.c     what is sent meanwhile to its circuits
 * manager_forwarding.c  what comes to their former names
 *
 * Exits have a header of their own: manager_exit_state.h. */
#ifndef LOOM_CORE_MANAGER_STATE_H
#define LOOM_CORE_MANAGER_STATE_H

#include <assert.h>
#include <stddef.h>

#include "base/activity.h"
#include "base/depth.h"
#include "base/list.h"
#include "base/rng.h"
#include "base/slab.h"
#include "base/slot_map.h"
#include "base/table.h"
#include "base/timers.h"
#include "core/bandwidth_share.h"
#include "core/circuit_half.h"
#include "core/circuit_padding.h"
#include "core/consensus_view.h"
#include "core/control.h"
#include "core/control_spares.h"
#include "core/destroy_queue.h"
#include "core/dos_figures.h"
#include "core/hibernation.h"
#include "core/hoard.h"
#include "core/layer_store.h"
#include "core/link_handshake.h"
#include "core/link_padding.h"
#include "core/mailroom.h"
#include "core/onion_registry.h"
#include "core/port.h"
#include "core/relay_config.h"
#include "core/scheduler.h"

#define LINK_HANDSHAKE_TIMEOUT (60 * NSEC_PER_S) /* from dialling or TLS to NETINFO */
#define CLIENT_IDLE_TIMEOUT \
    (180 * NSEC_PER_S) /* of a client's link without circuits, up to half as long again: tor */
#define LINK_HELD_MIN    (NSEC_PER_MS / 10) /* TCP is not asked more often, also when the interval is 0 */
#define LINK_FRAME_MAX   64u                /* cells framed at a time */
#define CIRC_ID_HIGH_BIT 0x80000000u        /* of ids that the TLS initiator picks (tor-spec 5.1.1) */
#define EXTEND_TIMEOUT \
    (90 * NSEC_PER_S) /* from EXTEND2 to EXTENDED2; a link that it waits for has failed before */
#define TRIM_AFTER (10 * NSEC_PER_S) /* many circuits have closed, and as many may come again at once */
#define HANDSHAKE_TIMEOUT \
    (60 * NSEC_PER_S) /* from CREATE2 to our answer: the workers' queue is seconds long at most */
/* What an object may have to say at its end, whatever happens. */
#define LINK_LAST_WORDS  2u /* LINK_OPEN, LINK_CLOSED */
#define ONION_LAST_WORDS 1u /* ONION_FORGET */
#define ONION_HELD_MAX \
    64u /* cells of a service that wait until its circuit is joined: a client speaks first */
#define REFUSALS_AT_ONCE 8u /* LINK_CLOSED for links that could not even be made */
/* DESTROY of halves: there are too many to pay for each in advance. Beyond these, who has no memory to say it waits for some. */
#define FAREWELLS_AT_ONCE 16u

enum link_state { LINK_DIALLING, LINK_HANDSHAKE, LINK_OPEN };

struct link {
    link_id id;
    enum link_state state;
    bool is_initiator;
    bool is_paused;   /* reading stopped because a mailbox is full */
    bool wants_write; /* on the runtime's list */
    bool is_held;     /* TCP or the bucket allowed less than it has: not again before manager.held_until */
    bool is_moving;   /* manager.mover.move is about it: it is not read */
    bool is_doomed;   /* we owe it a DESTROY that we cannot send: it is closed with the next tick */
    struct link_expectation expected;
    struct link_peer peer;
    struct endpoint address;
    struct link_handshake *handshake; /* until its output is written */
    struct link_limit *limit;         /* of its bandwidth; NULL: none */
    struct table circuits;            /* circuit id -> struct half */
    uint32_t first_half, last_half;   /* slots, or HALF_NONE: in the order in which they came */
    struct sched_queue queue;
    struct cell_run urgent;        /* padding of the link: before everything else */
    struct destroy_queue destroys; /* then these */
    uint32_t
        queued; /* cells of urgent, destroys and the halves' queues; changed by manager_link_queued only */
    uint32_t granted;
    uint32_t circ_id_next;
    uint32_t cells_passed; /* both ways, modulo 2^32 */
    uint32_t cells_seen;   /* of these, when loads were last looked at */
    uint32_t creates;      /* that the controller has not counted; of a client */
    nsec refused_until;    /* no circuits are made for the peer */
    activity_mark active;
    nsec idle_since;   /* last time that it had a circuit */
    nsec idle_max;     /* how long it is kept without one */
    nsec sent_at;      /* when its last cell was taken */
    nsec padded_since; /* what the pause until the next padding was counted from */
    struct link_padding padding;
    struct timer padding_timer; /* while it may be padded */
    struct timer timer;         /* handshake timeout, then idle timeout */
    struct list paused;         /* in manager.paused_links */
    struct list ripe;           /* in manager.ripe_links */
};

enum half_state {
    HALF_HANDSHAKING, /* towards the origin: our answer is being worked out */
    HALF_CREATING,    /* away from the origin: CREATE2 is sent */
    HALF_OPEN,
    HALF_EXTENDING,  /* towards the origin: the controller is connecting us */
    HALF_SPEECHLESS, /* closed, but for want of memory its peer does not know yet: in manager.speechless */
};

/* What taking cells touches comes first, then what queueing and sending touch: two cache lines (the slab aligns us). There are very
 * many: what few of them have is kept elsewhere. */
struct half {
    _Alignas(CACHE_LINE_LEN) half_id id;
    half_id peer; /* 0: none */
    activity_mark active;
    /* Towards the origin: of the request; answers to older ones are void. Away from it: of the request that made this
     * half. Cells between the two bear it. */
    uint32_t extend_serial;
    uint8_t state;       /* enum half_state */
    uint8_t last_reason; /* SPEECHLESS: enum destroy_reason, for the peer */
    bool is_towards_origin;
    bool is_padded;             /* has a machine: rare->padding */
    bool is_set;                /* no circuit but a set of them: rare->set; then it has no link */
    bool has_introduced;        /* INTRODUCE1 has come: no other may */
    struct circuit_terms terms; /* of its handshake */
    uint32_t next_on_link, previous_on_link; /* slots of halves, or HALF_NONE */
    struct half_rare *rare;                  /* NULL: nothing of it */
    struct circuit_half circuit;
    struct sched_entry sched;
    union {
        struct link *link;
        struct half *next_speechless; /* SPEECHLESS */
    };
    struct exit_streams *exit; /* NULL until the first BEGIN */
};

#define HALF_NONE UINT32_MAX

static_assert(offsetof(struct half, circuit.queue) <= CACHE_LINE_LEN,
              "what takes cells is in the first line");
static_assert(sizeof(struct half) == 2 * CACHE_LINE_LEN, "what cells touch, and there are very many");

/* What few halves have, or not for long. */
struct half_rare {
    struct half *half;
    struct timer deadline;           /* set while it waits for a worker's answer, or for EXTENDED2 */
    struct circuit_padding *padding; /* NULL without a machine */
    struct onion_role
        *onion; /* NULL unless it is a service's or a client's; also once it is joined: then it has a peer */
    struct leg *leg;         /* NULL unless it is a leg of a conflux set, or is to be */
    struct conflux_set *set; /* of half.is_set */
    struct hoard hoard;      /* while cells are short */
};

static inline struct circuit_padding *half_padding(const struct half *half) {
    return half->rare ? half->rare->padding : NULL;
}
static inline struct onion_role *half_onion(const struct half *half) {
    return half->rare ? half->rare->onion : NULL;
}
static inline struct leg *half_leg(const struct half *half) {
    return half->rare ? half->rare->leg : NULL;
}

/* A circuit that ends here as that of a service or of a client of one. */
enum onion_state {
    ONION_PROVING,  /* ESTABLISH_INTRO: a worker checks the signature */
    ONION_CLAIMING, /* its name is on the way to where it is kept */
    ONION_WAITING,  /* for introductions, or for the service */
    ONION_JOINING,  /* RENDEZVOUS1: the client's half is being told */
};

struct onion_role {
    struct onion_name name;
    enum onion_state state;
    struct intro_limit limit;   /* that the service has asked for */
    struct token_bucket bucket; /* INTRODUCE2 */
    struct cell_run held;       /* JOINING: for the other half */
};

/* What the runtime has said of the thread, and what the controller has been told. */
struct load_reports {
    nsec due_at;                       /* when it is to say more; NSEC_NEVER: it is not asked */
    nsec noted_at, noted;              /* what it said last */
    nsec told_at, told;                /* what the controller was told last */
    nsec seen_at, seen_noted_at, seen; /* when links were looked at last, and what had been noted by then */
    bool is_quiet;                     /* the controller knows that there is nothing to do */
};

/* Links that move, seen from one manager (manager_move_state.h). */
struct mover {
    struct link_move *move; /* of the link that is leaving; NULL: none is */
    /* Of one that has come, but from a thread whose clock is ahead: until it is that late here. What cannot be found meanwhile
     * may be in it, and waits too. */
    struct link_move *arriving;
    struct control *held;
    struct control **held_end;
    uint64_t names;       /* of parking places, ever made up */
    uint32_t serial;      /* of the last round of fences */
    nsec at;              /* when to look at the move again; NSEC_NEVER */
    struct table places;  /* parking name -> struct parking_place */
    struct table formers; /* former name of a half -> struct former_name */
    struct list by_age;   /* the same, oldest first */
    struct table
        links; /* a link that has left -> 1 + the station that it went to, until the controller knows */
};

struct manager {
    const struct relay_config *config;
    const struct memory *memory;
    const struct crypt_provider *crypt;
    struct port *port;
    struct mailroom *room;
    station_id station;
    station_id controller;
    station_id edge_station_next;
    struct cell_pool cells;
    struct layer_store layers;
    struct slab links_slab, halves_slab, streams_slab, paces_slab, edges_slab, paddings_slab;
    struct table links; /* link_id -> struct link */
    struct slot_map halves;
    struct slot_map edges;
    struct onion_registry names;
    struct timers timers; /* of links */
    struct timers edge_timers;
    struct timers half_timers;            /* of halves that wait for an answer */
    struct timers pace_timers;            /* of streams */
    struct timers padding_timers;         /* of links */
    struct timers limit_timers;           /* the same */
    struct timers circuit_padding_timers; /* of machines */
    struct control_spares spares;
    struct control_spares refusals;  /* for links that could not be made: theirs are nobody else's */
    struct control_spares farewells; /* of halves, likewise */
    const struct control *reposted;  /* the message being handled, when it was sent on as the answer */
    struct scheduler scheduler;
    struct bandwidth_share bandwidth;
    struct mover mover;
    struct rng rng;
    struct rng padding_rng; /* of its own: padding changes no other choice */
    uint64_t unix_s_at_zero;
    struct consensus_view *consensus; /* NULL before the first */
    struct consensus_params params;
    struct dos_params dos; /* the operator's, and else those of params */
    struct sched_claim *claims;
    uint32_t claims_room;
    uint32_t links_wanting;
    uint32_t links_held; /* of those */
    nsec held_until;
    bool is_short; /* the last scheduling run used up the bandwidth that we have */
    struct list paused_links;
    struct list ripe_links;  /* LINK_RIPE cells wait since they were last written */
    uint64_t queued;         /* cells that wait for links */
    struct table sets;       /* part of a nonce -> struct half, of conflux sets that are kept here */
    struct list resuming;    /* exit_streams whose queue has become short again */
    struct half *speechless; /* halves that are closed, and have to tell their peers */
    nsec trim_at;            /* when memory may be given back; NSEC_NEVER: there is none */
    nsec speak_at;           /* while there are any */
    half_id last_half;
    uint32_t stream_serial;
    uint32_t undelivered;      /* of the circuits here */
    uint32_t undelivered_seen; /* when it is above this, the circuits are looked through */
    uint32_t out_of_order;     /* cells that wait, of the conflux sets here */
    uint32_t lingering;        /* chunks of the edges here whose stream has ended */
    struct work work;
    struct dos_figures refused;
    uint32_t memory_limit; /* cells of our pool: when more are out, manager_memory_is_over_limit */
    uint32_t memory_cursor;
    uint32_t unused_cursor;   /* where the next circuit that was never used is looked for */
    nsec memory_at;           /* when to look at what circuits hold; NSEC_NEVER: enough is left */
    nsec memory_asked_at;     /* the controller, for cells */
    nsec watching_since;      /* 0: not watching what circuits hold */
    nsec counted_at;          /* when the controller was last told how old it is */
    bool is_memory_short;     /* and the controller knows */
    bool is_memory_tight;     /* so little is left that links and edges are not read until some comes home */
    uint64_t cells_reclaimed; /* from circuits that were closed for them */
    struct load_reports load;
    bool is_reached_over_ipv6; /* a relay has dialled us so and made a circuit */
    enum hibernation hibernation;
    nsec hibernation_look_at; /* at the links; NSEC_NEVER: awake */
    uint32_t links_open;
    struct activity halves_active, links_active;
    struct depth cells_depth; /* of those of our pool */
};

/* --- shared by the files ------------------------------------------------------------------------------------------- */

static inline uint64_t manager_unix_s(const struct manager *m, nsec now) {
    return m->unix_s_at_zero + now / NSEC_PER_S;
}
void manager_trace(struct manager *m, enum trace_kind kind, const struct link *link, uint32_t circ_id,
                   uint8_t command, uint32_t count, uint32_t detail);
/* A cell of our pool; before that grows, what others have given back is fetched home. */
MUST_USE struct cell *manager_cell(struct manager *m, enum cell_need need);
/* Cells that others have given back go into the pool; returns how many came. */
uint32_t manager_fetch_returned_cells(struct manager *m);
void manager_free_cell(struct manager *m, struct cell *cell);
void manager_free_run(struct manager *m, struct cell_run *run);
/* Post a control message of kind; NULL without memory (then nothing is posted and the asker must cope). Fill in the rest
 * before the turn ends. */
struct control *manager_post(struct manager *m, station_id to_station, object_id to, enum control_kind kind);
/* The same for last words (reserved in m->spares): never NULL while the object that says them lives. */
struct control *manager_post_last(struct manager *m, station_id to_station, object_id to,
                                  enum control_kind kind);
/* The same for links that could not even be made: NULL when there are more of them at once than REFUSALS_AT_ONCE. */
struct control *manager_post_refusal(struct manager *m, station_id to_station, enum control_kind kind);
/* DESTROY of a half: NULL when there is no memory and there were more of them at once than FAREWELLS_AT_ONCE. */
struct control *manager_post_farewell(struct manager *m, half_id to);
/* Send the message that is being handled to somebody else, as a message of kind, with what it has; needs no memory. */
void manager_repost(struct manager *m, struct control *message, station_id to_station, object_id to,
                    enum control_kind kind);
/* Send a message that we have, as one of kind. */
void manager_send(struct manager *m, struct control *message, station_id to_station, object_id to,
                  enum control_kind kind);
/* The message that is being handled is not to be freed: somebody keeps it. */
void manager_keep(struct manager *m, const struct control *message);
/* Post a run of cells or chunks to a half or edge of another station, or of our own. */
void manager_post_cells(struct manager *m, object_id to, struct cell_run *run);

/* manager_links.c */
struct link *manager_link(struct manager *m, link_id id);
/* Close link with everything on it: trace, tell the peers of its circuits and the controller, hang up when the runtime does
 * not know yet. */
void manager_link_close(struct manager *m, nsec now, struct link *link, enum err why, bool hangup);
/* Close link with the next tick: it could not be told something that it must know. */
void manager_link_doom(struct manager *m, nsec now, struct link *link);
void manager_dial(struct manager *m, nsec now, struct control *message);
void manager_links_resume(struct manager *m);
void manager_links_pause(struct manager *m);
/* Nothing holds back reading it. */
bool manager_link_may_be_read(const struct link *link);
void manager_links_pause_if_full(struct manager *m, struct link *link);

/* manager_padding.c */
/* Cells of a circuit that goes on beyond us came from link. */
void manager_link_used(struct manager *m, nsec now, struct link *link, enum link_use use);
void manager_link_padding_negotiated(struct manager *m, nsec now, struct link *link,
                                     const struct cell_view *cell);
/* PADDING_NEGOTIATE of a circuit: may close it. */
void manager_circuit_padding_negotiated(struct manager *m, nsec now, struct half *half, struct span data);
/* A cell that is no padding goes towards the client: the pause of half's machine begins anew. */
void manager_circuit_padding_wait(struct manager *m, nsec now, struct half *half);
void manager_circuit_padding_stop(struct manager *m, struct half *half);
void manager_padding_tick(struct manager *m, nsec now);

/* manager_output.c */
void manager_link_want_write(struct manager *m, struct link *link);
/* So many more cells wait for the link, or fewer. */
void manager_link_queued(struct manager *m, struct link *link, int64_t change);
/* Put link on the list of those that wait, held back or not, or off it. */
void manager_link_set_waiting(struct manager *m, struct link *link, bool wants, bool held);
/* The controller has lent us bandwidth. */
void manager_bandwidth_lent(struct manager *m, nsec now, const struct control *message);
/* Room for the claims of n links in a scheduling run. */
MUST_USE bool manager_claims_reserve(struct manager *m, uint32_t n);

/* manager_clients.c */
/* It asks for a circuit. False: refuse it. */
MUST_USE bool manager_client_may_create(struct manager *m, nsec now, struct link *link);
/* Its peer has proved to be a relay of the consensus. */
bool manager_knows_relay(const struct manager *m, const struct link *link);
/* LINK_REFUSE and QUEUE_FULL. */
void manager_client_control(struct manager *m, struct control *message);
/* The queue of half is full: its circuit is going to be closed for it. */
void manager_client_queue_full(struct manager *m, const struct half *half);
/* A circuit asks for one exit stream or name more. False: refuse it, unless the circuit had to be closed. */
MUST_USE bool manager_client_may_begin(struct manager *m, nsec now, struct half *half);

/* manager_limits.c; a link without limit has none to ask. */
/* Does link have a limit, as things are now? All links, when they have changed. */
void manager_limit_settle(struct manager *m, nsec now, struct link *link);
void manager_limits_settle(struct manager *m, nsec now);
void manager_limit_end(struct manager *m, struct link *link);
/* How many of wanted cells may be written now. */
uint32_t manager_limit_cells(struct link *link, nsec now, uint32_t wanted);
/* cells of its were granted. True: the link is held back by its limit, and wants to write again when that is over. */
MUST_USE bool manager_limit_granted(struct manager *m, nsec now, struct link *link, uint32_t cells);
bool manager_limit_holds_write(const struct link *link);
bool manager_limit_holds_read(const struct link *link);
/* Plaintext bytes came: link may stop reading. */
void manager_limit_received(struct manager *m, nsec now, struct link *link, size_t bytes);
void manager_limits_tick(struct manager *m, nsec now);

/* manager_memory.c */
void manager_memory_init(struct manager *m);
/* More cells are out than m->memory_limit. */
void manager_memory_is_over_limit(struct manager *m, nsec now);
/* So many cells are out that nothing more shall be read until some have come home; as many as one turn may bring are left. */
static inline bool manager_memory_may_be_tight(const struct manager *m) {
    return m->cells.slab.taken > m->config->cells_max_per_manager / 16 * 13;
}
/* That may be so, or may be over: stop reading, or go on. */
void manager_memory_review(struct manager *m, nsec now);
void manager_memory_control(struct manager *m, nsec now, struct control *message);
void manager_memory_tick(struct manager *m, nsec now);

/* manager_load.c */
void manager_load_init(struct manager *m, nsec now);
void manager_ask_links(struct manager *m, nsec now, const struct control *message);

/* manager_hibernation.c */
void manager_hibernation_tick(struct manager *m, nsec now);

/* manager_circuits.c */
struct half *manager_half(struct manager *m, half_id id);
void manager_circuit_destroyed(struct manager *m, nsec now, struct link *link, const struct cell_view *cell);
/* DESTROY for a circuit that is not there any more, or never was. */
void manager_queue_destroy(struct manager *m, nsec now, struct link *link, uint32_t circ_id, uint8_t reason);
/* NULL at a limit or without memory. At the limit of circuits one that has never been used is closed for it. */
MUST_USE struct half *manager_half_new(struct manager *m, nsec now, struct link *link, uint32_t circ_id,
                                       bool towards_origin);
/* Close the half: DESTROY with reason on its link unless reason_link is NO_REASON, likewise to its other half, its streams. */
#define NO_REASON (-1)
void manager_half_close(struct manager *m, nsec now, struct half *half, int reason_link, int reason_peer);
/* We found the fault: both sides hear of it. */
void manager_half_fail(struct manager *m, nsec now, struct half *half, enum destroy_reason reason);
/* The circuit that has been there longest; NULL when there is none. */
struct half *manager_link_first_half(struct manager *m, const struct link *link);
/* The one that came after half on its link; NULL behind the last. */
struct half *manager_link_next_half(struct manager *m, const struct half *half);
/* Only the list: the table of circuits, and what is counted, are others'. */
void manager_link_add_half(struct manager *m, struct link *link, struct half *half);
void manager_link_remove_half(struct manager *m, struct link *link, struct half *half);
/* Halves that were closed when there was no memory to tell their peers: tell them, as far as there is some now. A turn ends with
 * this. */
void manager_halves_speak(struct manager *m, nsec now);
/* When to try again; NSEC_NEVER: all is said. */
nsec manager_halves_speak_at(const struct manager *m);
void manager_half_deliver(struct manager *m, nsec now, struct half *half, struct cell_run *run);
/* Encode, seal, wrap and queue a relay message for the origin; false when the circuit had to be closed. */
MUST_USE bool manager_half_originate(struct manager *m, nsec now, struct half *half, uint8_t command,
                                     uint16_t stream, struct span data);
/* The same for a message that is encoded in cell already; hands over cell. tag_out as in circuit_half_originate. */
MUST_USE bool manager_half_originate_cell(struct manager *m, nsec now, struct half *half, struct cell *cell,
                                          const struct relay_message *message, uint8_t *tag_out);
void manager_half_queued(struct manager *m, nsec now, struct half *half, uint32_t cells);

/* manager_create.c */
void manager_circuit_create(struct manager *m, nsec now, struct link *link, const struct cell_view *cell);

/* manager_rare.c: what half has besides; NULL without memory. It lasts until nothing of it is left when manager_half_rare_trim is
 * called. */
MUST_USE struct half_rare *manager_half_rare(struct manager *m, struct half *half);
void manager_half_rare_trim(struct manager *m, struct half *half);
/* Memory for something that half's rare state will point to and that has so many last words, which are paid for; NULL without
 * memory. And its end, when rare points to it no more. */
MUST_USE void *manager_half_rare_part(struct manager *m, struct half *half, size_t size, uint32_t words);
void manager_half_rare_part_free(struct manager *m, struct half *half, void *part, size_t size,
                                 uint32_t words);
/* The half goes away; what rare points to has gone already. */
void manager_half_rare_free(struct manager *m, struct half *half);

/* manager_deadlines.c: a half that waits closes at this time (TIMEOUT), unless its deadline is cleared. False without
 * memory; clear in both cases. */
MUST_USE bool manager_deadline_set(struct manager *m, struct half *half, nsec at);
void manager_deadline_clear(struct manager *m, struct half *half);
void manager_deadlines_tick(struct manager *m, nsec now);

/* manager_extend.c: may close the circuit. */
void manager_circuit_extend(struct manager *m, nsec now, struct half *half, struct span data, bool is_early);
void manager_circuit_truncate(struct manager *m, nsec now, struct half *half, struct span data);
void manager_circuit_created(struct manager *m, nsec now, struct link *link, const struct cell_view *cell);
/* Controls for halves, and ATTACH. */
void manager_circuit_control(struct manager *m, nsec now, struct control *message);
void manager_attach(struct manager *m, nsec now, struct control *message);

/* manager_relaying.c */
/* A run of RELAY (or one RELAY_EARLY) cells of one circuit. */
void manager_circuit_relay(struct manager *m, nsec now, struct link *link, const struct cell_view *views,
                           uint32_t n);
/* Bring the circuits of the first cells from views on into the cache, on both sides; returns of how many cells (at least
 * one). */
uint32_t manager_circuits_prefetch(struct manager *m, const struct link *link, const struct cell_view *views,
                                   uint32_t n);
void manager_pass_on(struct manager *m, nsec now, struct half *half, struct cell_run *run);

/* manager_onion.c: all but close and forget may close the circuit. */
void manager_onion_message(struct manager *m, nsec now, struct half *half,
                           const struct relay_message *message);
void manager_onion_proved(struct manager *m, nsec now, struct half *half, const struct job_result *result);
/* Controls for halves, which may be gone. */
void manager_onion_control(struct manager *m, nsec now, struct control *message);
/* Keep the run until half is joined, if it is going to be; false: it is not. */
MUST_USE bool manager_onion_hold(struct manager *m, nsec now, struct half *half, struct cell_run *run);
void manager_onion_close(struct manager *m, struct half *half);

/* manager_mover.c */
void manager_move_begin(struct manager *m, nsec now, struct control *message);
/* A round of fences may be complete. */
void manager_move_fence_returned(struct manager *m, nsec now, uint32_t serial);
void manager_move_refused(struct manager *m, const struct control *message);
/* The link that is leaving closes; a half of it does: who sends to it knows it by its name again. */
void manager_move_link_closes(struct manager *m, struct link *link);
void manager_move_half_closes(struct manager *m, const struct half *half);
/* Once those who send to its halves park, a link that is leaving gets no new half, and none of its halves a peer: nobody would
 * have told that one. What brings them waits, and goes where the link goes. True: it is kept. link may be NULL. */
MUST_USE bool manager_move_keeps(struct manager *m, const struct link *link, struct control *message);
void manager_move_tick(struct manager *m, nsec now);
nsec manager_move_next(const struct manager *m);
void manager_move_init(struct manager *m, uint64_t seed);
void manager_move_fini(struct manager *m);

/* manager_parcel.c: a link comes. */
void manager_parcel_arrived(struct manager *m, nsec now, struct control *message);
/* The relay ends while it is on its way: the runtime gets back what is its. */
void manager_parcel_abandon(struct manager *m, struct link_move *move);
void manager_parcel_stop(struct manager *m);

/* manager_parking.c */
void manager_parking_begin(struct manager *m, struct control *message);
void manager_parking_end(struct manager *m, nsec now, struct control *message);
/* Keep what is for a parking name. */
void manager_park_control(struct manager *m, struct control *message);
void manager_park_cells(struct manager *m, object_id to, struct cell_run *run);
/* half has no peer here that knows it: it may be parked, or its peer; true: the run is taken care of. */
MUST_USE bool manager_pass_parked(struct manager *m, nsec now, struct half *half, struct cell_run *run);
/* Cells for nobody here: fences, and what comes to former names. */
void manager_unclaimed_cells(struct manager *m, nsec now, struct cell_run *run);
void manager_parking_stop(struct manager *m);

/* manager_forwarding.c */
/* A message to a half that is not here by that name. True: it was sent on to where the half is. Otherwise *half_out is the
 * half, when it is here by another name. */
MUST_USE bool manager_forward(struct manager *m, struct control *message, struct half **half_out);
/* The same for one about a link that is not here. */
bool manager_forward_to_link(struct manager *m, struct control *message);
void manager_link_settled(struct manager *m, const struct control *message);
void manager_formers_tick(struct manager *m, nsec now);

/* manager_names.c */
/* The station where name is kept. Names are spread over the threads, so that introductions and rendezvous pass neither
 * through one of them nor through the main thread, which may be busy with a consensus for longer than a client waits. */
station_id manager_name_place(const struct manager *m, const struct onion_name *name);
void manager_name_control(struct manager *m, struct control *message);

#endif
