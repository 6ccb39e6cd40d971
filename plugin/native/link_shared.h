/* link_shared - what a TLS link is made of, and what the links of one thread share: buffers, lists, the manager.
 *
 * Owner and thread: one event thread.
 * Memory: the buffers serve one link at a time, so an idle link costs its session object only. */
#ifndef LOOM_NATIVE_LINK_SHARED_H
#define LOOM_NATIVE_LINK_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ids.h"
#include "base/link_cipher.h"
#include "base/list.h"
#include "base/nsec.h"
#include "base/table.h"
#include "base/work.h"
#include "core/relay_config.h"
#include "native/tls_session.h"
#include "native/turn_clock.h"
#include "wire/address.h"

struct event;
struct event_base;
struct manager;
struct pacer;
struct tls_identity;

#define LINK_RECEIVE_ROOM \
    ((size_t)128 * 1024) /* one recv; with the plaintext and the cells it still fits the L2 cache */
#define LINK_RECEIVE_TURN \
    ((size_t)512 * 1024) /* ciphertext of one link in one turn: then it is the others' turn */
#define LINK_REST_MAX   ((size_t)64 * 1024 + 8) /* an unfinished cell: variable ones are at most this long */
#define LINK_PLAIN_ROOM (LINK_REST_MAX + LINK_RECEIVE_ROOM + TLS_RECORD_ROOM)
#define LINK_SEND_ROOM  ((size_t)256 * 1024) /* one send, and so the most that a link can have left over */
#define LINK_UNSENT_MAX \
    (LINK_SEND_ROOM + (size_t)64 * 1024)     /* left over, and a goodbye or a late handshake */
#define LINK_HALF_OPEN_MAX 2048u             /* accepted, without TLS yet: the oldest gives way to the next */
#define LINK_YOUNG_NS      (30 * NSEC_PER_S) /* to connect and finish TLS */
#define LINK_FLUSH_NS      (10 * NSEC_PER_S) /* to send what is left over after a hang-up */
#define LINK_WARM_NS       (5 * NSEC_PER_S)  /* idle links give their buffers back after this */
#define LINK_CIPHERS_MAX   16u

/* Open links by cipher, for the metrics. */
struct cipher_count {
    const char *cipher; /* static text */
    uint32_t links;
};

/* Links that came from other threads, and for how long they were not read meanwhile. */
struct pause_figures {
    uint64_t links;
    nsec sum, longest;
};

struct link_shared {
    struct event_base *base;
    struct manager *manager; /* borrowed, as are clock, base and work */
    struct turn_clock *clock;
    struct work *work;             /* the manager's own counters */
    struct pacer *pacer;           /* borrowed; NULL: none */
    struct tls_identity *identity; /* for new links; kept */
    /* An accepted connection ended before the manager took it. */
    void (*accept_failed)(void *context, link_id link);
    void *accept_failed_context;

    struct tls_pipe pipe; /* its out is the send buffer */
    uint8_t *received;    /* LINK_RECEIVE_ROOM */
    uint8_t *plain;       /* LINK_PLAIN_ROOM */

    struct table by_id;
    struct list young;   /* not yet open, longest first */
    struct list asked;   /* asked for want_write since the last turn */
    struct list writers; /* want to write cells, and can */
    struct list changed; /* hang up, broken, or reading switched */
    struct list warm;    /* have buffers, longest idle first */
    struct list closing; /* hung up, with bytes left over, longest first */
    uint32_t half_open;  /* accepted ones among the young */
    uint32_t closing_count;
    struct cipher_count ciphers[LINK_CIPHERS_MAX];
    struct pause_figures pauses;
};

enum link_state {
    LINK_CONNECTING, /* dialled: TCP */
    LINK_SECURING,   /* TLS handshake */
    LINK_OPEN,       /* the manager's */
    LINK_CLOSING,    /* nobody's: only flushing */
};

struct tls_link {
    struct link_shared *shared; /* NULL on its way to another thread */
    link_id id;
    struct endpoint peer;
    int fd;
    enum link_state state;
    enum link_cipher cipher; /* once it is open */
    bool is_initiator;
    bool is_reading;  /* as the manager wants it */
    bool is_hung_up;  /* the manager has forgotten it */
    bool is_broken;   /* to be ended at the end of the turn */
    bool wants_write; /* the manager asked, and has not been given a turn yet */
    bool has_grant;   /* bytes were left over before the grant was used up */
    bool is_leaving;  /* to another thread, at the end of the turn */
    bool has_moved;   /* and has not been read since */
    bool offers_all;  /* the peer has refused the cipher that we prefer: dialled again */
    struct tls_session session;
    struct tls_identity *identity; /* kept */
    struct event *read_event;
    struct event *write_event;
    struct list age_node;    /* young, or closing */
    struct list write_node;  /* asked, or writers */
    struct list change_node; /* changed */
    struct list warm_node;   /* warm */
    nsec since;              /* became young, or closing */
    nsec active_at;
    nsec unread_since; /* when the manager last wanted no more of it */
    uint8_t *rest;     /* of an unfinished cell */
    uint32_t rest_length, rest_room;
    uint8_t *unsent; /* after a short send */
    uint32_t unsent_from, unsent_length, unsent_room;
};

/* Bytes are left over from a short send: no more may be taken before they have gone. */
static inline bool tls_link_is_blocked(const struct tls_link *link) {
    return link->unsent_length != 0;
}

/* Something passed: the link is the last to be cooled. */
static inline void link_touch(struct tls_link *link) {
    nsec now = turn_clock_now(link->shared->clock);
    if (link->active_at == now && list_is_linked(&link->warm_node))
        return;
    link->active_at = now;
    list_remove(&link->warm_node);
    list_append(&link->shared->warm, &link->warm_node);
}

#endif
