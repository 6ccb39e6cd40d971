/* moving_link - two threads' hubs, a link that goes from the one to the other and back, and the peer at its other end: both ends check
 * every byte. The manager is this file's own: it checks what comes and says what goes, whichever hub has the link.
 *
 * Included once in a test program: it has the functions of connection_manager.h that links call. */
#ifndef LOOM_SUPPORT_MOVING_LINK_H
#define LOOM_SUPPORT_MOVING_LINK_H

#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/cell_pool.h"
#include "core/connection_manager.h"
#include "native/heap.h"
#include "native/link_hub.h"
#include "native/tls_identity.h"
#include "native/tls_link.h"
#include "support/test.h"

#define LINK       ((link_id)7)
#define WIRE_ROOM  ((size_t)128 * 1024)
#define PLAIN_ROOM ((size_t)64 * 1024)
#define STEPS_MAX  200000

/* --- the manager ------------------------------------------------------------------------------------------------ */

/* What the core would have of the link: it goes with it. */
struct talk {
    uint64_t received, sent, to_send; /* bytes, whole cells */
    uint32_t granted;
    bool wants_write;
    bool is_closed;
};

struct manager {
    struct work work;
    struct talk *talk; /* NULL: the link is not here */
    struct link_hub *hub;
    bool has_changed_its_mind; /* about a link that was to leave */
    struct tls_link *luggage;
};

static inline void ask(struct manager *m) {
    m->talk->wants_write = true;
    link_hub_want_write(m->hub, LINK);
}

static inline uint8_t pattern(uint64_t at, bool is_ours) {
    return (uint8_t)((at * 2654435761u >> 13) + (is_ours ? 101 : 0));
}

/* Are these the bytes that come at this place? */
static inline bool is_pattern(const uint8_t *bytes, size_t length, uint64_t at, bool is_ours) {
    size_t same = 0;
    while (same < length && bytes[same] == pattern(at + same, is_ours))
        same++;
    return same == length;
}

enum err manager_link_opened(struct manager *m, nsec now, link_id link, const struct link_facts *facts) {
    (void)m, (void)now, (void)link, (void)facts;
    return ERR_OK;
}

void manager_link_failed(struct manager *m, nsec now, link_id link) {
    (void)m, (void)now, (void)link;
    fail();
}

void manager_link_closed(struct manager *m, nsec now, link_id link) {
    (void)now, (void)link;
    assert_non_null(m->talk);
    assert_false(m->talk->is_closed);
    m->talk->is_closed = true;
}

bool manager_link_released(struct manager *m, nsec now, link_id link, void *luggage) {
    (void)now, (void)link;
    assert_non_null(m->talk);
    assert_null(m->luggage);
    if (m->has_changed_its_mind)
        return false;
    m->luggage = luggage;
    return true;
}

size_t manager_receive_bytes(struct manager *m, nsec now, link_id link, const uint8_t *bytes, size_t length) {
    size_t used = length - length % CELL_LEN;
    (void)now, (void)link;
    assert_non_null(m->talk);
    assert_true(is_pattern(bytes, used, m->talk->received, false));
    m->talk->received += used;
    return used;
}

struct span manager_handshake_output(struct manager *m, link_id link) {
    (void)m, (void)link;
    return (struct span){0};
}

void manager_handshake_written(struct manager *m, link_id link, size_t length) {
    (void)m, (void)link, (void)length;
    fail();
}

nsec manager_schedule_at(const struct manager *m) {
    return m->talk != NULL && m->talk->wants_write ? 0 : NSEC_NEVER;
}

uint32_t manager_schedule(struct manager *m, nsec now, const struct tcp_facts *links, uint32_t n,
                          struct grant *grants_out) {
    (void)now;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t cells = kist_limit(&links[i]) == 0 ? 0 : 100;
        grants_out[i] = (struct grant){.link = links[i].link, .cells = cells, .waits = cells == 0};
        m->talk->granted = cells;
        m->talk->wants_write = cells == 0;
    }
    return n;
}

link_id manager_next_ripe(struct manager *m) {
    (void)m;
    return 0;
}

uint32_t manager_schedule_ripe(struct manager *m, nsec now, const struct tcp_facts *facts) {
    (void)m, (void)now, (void)facts;
    return 0;
}

static struct cell dummies[100];

uint32_t manager_take(struct manager *m, nsec now, link_id link, struct cell **cells_out, uint32_t max) {
    struct talk *talk = m->talk;
    uint32_t taken = 0;
    (void)now, (void)link;
    assert_non_null(talk);
    for (; taken < max && talk->granted != 0 && talk->to_send != 0; taken++, talk->granted--) {
        cells_out[taken] = &dummies[taken];
        talk->to_send -= CELL_LEN;
    }
    if (talk->granted == 0 && talk->to_send != 0 && !talk->wants_write)
        ask(m);
    return taken;
}

void manager_release(struct manager *m, struct cell **cells, uint32_t n) {
    (void)cells;
    m->talk->sent += (uint64_t)n * CELL_LEN;
}

static _Thread_local const struct talk *serialized; /* whose turn it is to write */

void cell_serialize(const struct cell *cell, uint8_t out[static CELL_LEN]) {
    uint64_t at = serialized->sent + (uint64_t)(cell - dummies) * CELL_LEN;
    for (size_t i = 0; i < CELL_LEN; i++)
        out[i] = pattern(at + i, true);
}

void manager_flush(struct manager *m, nsec now) {
    (void)m, (void)now;
}

struct work *manager_work_mutable(struct manager *m) {
    return &m->work;
}

/* --- a thread's side -------------------------------------------------------------------------------------------- */

static struct tls_identity *identity;

struct side {
    struct event_base *base;
    struct turn_clock clock;
    struct manager manager;
    struct link_hub hub;
};

static inline void side_init(struct side *side, nsec start) {
    side->base = event_base_new();
    turn_clock_init(&side->clock, start);
    side->manager = (struct manager){.hub = &side->hub};
    link_hub_init(&side->hub, side->base, &side->clock, identity, 1);
    link_hub_bind(&side->hub, &side->manager, NULL, NULL);
}

static inline void side_fini(struct side *side) {
    link_hub_fini(&side->hub);
    event_base_free(side->base);
}

static inline struct tls_link *side_link(struct side *side) {
    return table_get(&side->hub.shared.by_id, LINK);
}

static inline void side_carry_out(struct side *side) {
    serialized = side->manager.talk;
    while (link_hub_carry_out(&side->hub))
        ;
}

static inline void side_turn(struct side *side) {
    serialized = side->manager.talk;
    turn_clock_next(&side->clock);
    event_base_loop(side->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    side_carry_out(side);
    (void)link_hub_schedule(&side->hub, turn_clock_now(&side->clock));
    side_carry_out(side);
}

/* As the manager: cells have come for the link. */
static inline void side_queue(struct side *side, uint32_t cells) {
    side->manager.talk->to_send += (uint64_t)cells * CELL_LEN;
    ask(&side->manager);
}

/* Everything that a hub has of links. */
static inline void assert_nothing_is_left(const struct side *side) {
    const struct link_shared *shared = &side->hub.shared;
    assert_int_equal(shared->by_id.count, 0);
    assert_true(list_is_empty(&shared->young));
    assert_true(list_is_empty(&shared->asked));
    assert_true(list_is_empty(&shared->writers));
    assert_true(list_is_empty(&shared->changed));
    assert_true(list_is_empty(&shared->warm));
    assert_true(list_is_empty(&shared->closing));
    assert_int_equal(shared->half_open, 0);
    assert_int_equal(shared->closing_count, 0);
    for (unsigned i = 0; i < LINK_CIPHERS_MAX; i++)
        assert_int_equal(shared->ciphers[i].links, 0);
    assert_int_equal(event_base_get_num_events(side->base, EVENT_BASE_COUNT_ADDED), 0);
}

static inline struct tls_link *side_release(struct side *side, struct talk **talk_out) {
    link_hub_release(&side->hub, LINK);
    assert_null(side->manager.luggage); /* not before the call into the core has returned */
    side_carry_out(side);
    struct tls_link *link = side->manager.luggage;
    assert_non_null(link);
    *talk_out = side->manager.talk;
    side->manager.talk = NULL;
    side->manager.luggage = NULL;
    assert_nothing_is_left(side);
    return link;
}

static inline void side_adopt(struct side *side, struct tls_link *link, struct talk *talk) {
    side->manager.talk = talk;
    link_hub_adopt(&side->hub, LINK, link);
}

/* --- the peer --------------------------------------------------------------------------------------------------- */

struct peer {
    int fd;
    struct tls_session session;
    struct tls_pipe pipe;
    uint8_t out[WIRE_ROOM], in[WIRE_ROOM], plain[PLAIN_ROOM];
    size_t out_from; /* what of out is sent */
    uint64_t sent, received;
    bool is_secured, is_closed;
};

/* Send so much ciphertext at most. */
static inline void peer_flush(struct peer *peer, size_t most) {
    size_t left = peer->pipe.out_length - peer->out_from;
    ssize_t sent =
        send(peer->fd, peer->out + peer->out_from, left < most ? left : most, MSG_NOSIGNAL | MSG_DONTWAIT);
    peer->out_from += sent > 0 ? (size_t)sent : 0;
    if (peer->out_from == peer->pipe.out_length)
        peer->out_from = peer->pipe.out_length = 0;
}

/* One record of the pattern. */
static inline void peer_write(struct peer *peer, size_t length) {
    uint8_t bytes[TLS_RECORD_MAX];
    for (size_t i = 0; i < length; i++)
        bytes[i] = pattern(peer->sent + i, false);
    assert_true(tls_session_write(&peer->session, bytes, length));
    peer->sent += length;
}

static inline void peer_read(struct peer *peer, size_t most) {
    uint64_t records = 0;
    size_t got = 0;
    enum tls_result result = TLS_DONE;
    ssize_t length = recv(peer->fd, peer->in, most, MSG_DONTWAIT);
    peer->is_closed |= length == 0;
    peer->pipe.in = peer->in;
    peer->pipe.in_length = length > 0 ? (size_t)length : 0;
    if (!peer->is_secured)
        peer->is_secured = tls_session_handshake(&peer->session) == TLS_DONE;
    while (peer->is_secured && result == TLS_DONE && peer->pipe.in_length != 0) {
        result = tls_session_read(&peer->session, peer->plain, PLAIN_ROOM, &got, &records);
        assert_int_not_equal(result, TLS_BROKEN);
        assert_true(is_pattern(peer->plain, got, peer->received, true));
        peer->received += got;
        peer->is_closed |= result == TLS_CLOSED;
    }
}

/* --- both together ---------------------------------------------------------------------------------------------- */

struct rig {
    struct side sides[2];
    struct peer peer;
    struct talk talk;
    unsigned at; /* which side has the link */
    unsigned moves;
};

struct kind {
    int version;
    const char *cipher;
};

static const struct kind kinds[] = {
    {TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384"},      {TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256"},
    {TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256"},      {TLS1_2_VERSION, "ECDHE-RSA-AES256-GCM-SHA384"},
    {TLS1_2_VERSION, "ECDHE-RSA-CHACHA20-POLY1305"}, {TLS1_2_VERSION, "ECDHE-RSA-AES128-GCM-SHA256"},
    {TLS1_2_VERSION, "ECDHE-RSA-AES256-SHA"},        {TLS1_2_VERSION, "ECDHE-RSA-AES128-SHA"},
};

static inline struct side *here(struct rig *rig) {
    return &rig->sides[rig->at];
}

static inline struct tls_link *link_of(struct rig *rig) {
    return side_link(here(rig));
}

static inline void turn(struct rig *rig) {
    side_turn(here(rig));
    peer_flush(&rig->peer, WIRE_ROOM);
    peer_read(&rig->peer, WIRE_ROOM);
}

static inline void peer_init(struct peer *peer, int fd, const struct kind *kind) {
    peer->fd = fd;
    peer->pipe = (struct tls_pipe){.out = peer->out, .out_room = sizeof peer->out};
    assert_true(tls_session_init(&peer->session, identity, false, &peer->pipe));
    assert_int_equal(SSL_set_max_proto_version(peer->session.ssl, kind->version), 1);
    assert_int_equal(kind->version == TLS1_3_VERSION ? SSL_set_ciphersuites(peer->session.ssl, kind->cipher)
                                                     : SSL_set_cipher_list(peer->session.ssl, kind->cipher),
                     1);
}

static inline struct rig *rig_new(const struct kind *kind) {
    struct rig *rig = heap_new(sizeof *rig);
    const struct endpoint nobody = {.address = {.family = ADDRESS_NONE}};
    int ends[2], small = 16384;
    nsec start = monotonic_read();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
        side_init(&rig->sides[i], start);
    }
    peer_init(&rig->peer, ends[0], kind);
    rig->sides[0].manager.talk = &rig->talk;
    link_hub_accept(&rig->sides[0].hub, LINK, ends[1], &nobody);
    for (int i = 0; i < 100 && (!rig->peer.is_secured || link_of(rig)->state != LINK_OPEN); i++)
        turn(rig);
    assert_int_equal(link_of(rig)->state, LINK_OPEN);
    assert_string_equal(tls_session_cipher(&link_of(rig)->session), kind->cipher);
    return rig;
}

static inline void rig_free(struct rig *rig) {
    for (unsigned i = 0; i < 2; i++)
        side_fini(&rig->sides[i]);
    tls_session_fini(&rig->peer.session);
    close(rig->peer.fd);
    free(rig);
}

static inline void move(struct rig *rig) {
    struct talk *talk;
    struct tls_link *link = side_release(here(rig), &talk);
    rig->at ^= 1;
    rig->moves++;
    side_adopt(here(rig), link, talk);
}

/* Until everything is where it belongs. */
static inline void settle(struct rig *rig) {
    for (int i = 0; i < STEPS_MAX; i++) {
        bool is_all_received = rig->talk.received == rig->peer.sent - rig->peer.sent % CELL_LEN;
        if (is_all_received && rig->talk.to_send == 0 && rig->peer.received == rig->talk.sent &&
            rig->peer.out_from == rig->peer.pipe.out_length)
            return;
        turn(rig);
    }
    fail();
}

/* Bytes pass both ways, and come one after the other: the checks are the manager's and the peer's. */
static inline void use(struct rig *rig) {
    side_queue(here(rig), 40);
    peer_write(&rig->peer, 12345);
    settle(rig);
}

/* --- a scene for every kind ------------------------------------------------------------------------------------------ */

static inline void for_each_kind(void (*scene)(struct rig *rig)) {
    for (unsigned i = 0; i < COUNT(kinds); i++) {
        struct rig *rig = rig_new(&kinds[i]);
        scene(rig);
        rig_free(rig);
    }
}

static inline int identity_set_up(void **state) {
    (void)state;
    identity = tls_identity_new((uint64_t)time(NULL), CIPHER_ORDER_AES);
    return 0;
}

static inline int identity_tear_down(void **state) {
    (void)state;
    tls_identity_drop(identity);
    return 0;
}

#endif
