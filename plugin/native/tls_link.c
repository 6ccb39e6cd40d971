#include "native/tls_link.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "native/heap.h"
#include "native/link_input.h"
#include "native/link_output.h"
#include "native/link_shared.h"
#include "native/log.h"
#include "native/pacing.h"
#include "native/socket_address.h"
#include "native/tls_identity.h"

/* --- life ------------------------------------------------------------------------------------------------------- */

static void on_readable(evutil_socket_t fd, short what, void *argument);
static void on_writable(evutil_socket_t fd, short what, void *argument);

static struct tls_link *link_new(struct link_shared *shared, link_id id, const struct endpoint *peer) {
    struct tls_link *link = heap_new(sizeof *link);
    link->shared = shared;
    link->id = id;
    link->peer = *peer;
    link->fd = -1;
    link->is_reading = true;
    link->identity = tls_identity_keep(shared->identity);
    link->since = turn_clock_now(shared->clock);
    list_init(&link->write_node);
    list_init(&link->change_node);
    list_init(&link->warm_node);
    list_init(&link->age_node);
    list_append(&shared->young, &link->age_node);
    CHECK(table_set(&shared->by_id, id, link) == ERR_OK);
    return link;
}

static void take_socket(struct tls_link *link, int fd) {
    link->fd = fd;
    link->read_event = event_new(link->shared->base, fd, EV_READ | EV_PERSIST, on_readable, link);
    link->write_event = event_new(link->shared->base, fd, EV_WRITE | EV_PERSIST, on_writable, link);
    CHECK(link->read_event != NULL && link->write_event != NULL);
}

static void count_cipher(struct tls_link *link, bool is_opened) {
    const char *cipher = tls_session_cipher(&link->session);
    for (unsigned i = 0; i < LINK_CIPHERS_MAX; i++) {
        struct cipher_count *count = &link->shared->ciphers[i];
        if (count->cipher == NULL)
            count->cipher = cipher;
        if (count->cipher == cipher) {
            count->links += is_opened ? 1 : UINT32_MAX;
            return;
        }
    }
}

/* It is no longer young, nor the manager's: take it off what knows of links. */
static void forget(struct tls_link *link) {
    if (link->state < LINK_OPEN && !link->is_initiator)
        link->shared->half_open--;
    if (link->state == LINK_OPEN)
        count_cipher(link, false);
    if (link->state == LINK_CLOSING)
        link->shared->closing_count--;
    else
        (void)table_remove(&link->shared->by_id, link->id);
    list_remove(&link->age_node);
    list_remove(&link->write_node);
    list_remove(&link->change_node);
}

void tls_link_free(struct tls_link *link) {
    forget(link);
    list_remove(&link->warm_node);
    if (link->fd >= 0) {
        event_free(link->read_event);
        event_free(link->write_event);
        close(link->fd);
    }
    tls_session_fini(&link->session);
    tls_identity_drop(link->identity);
    free(link->rest);
    free(link->unsent);
    free(link);
}

/* Free the link, then tell: whoever is told must not find it any more. */
void tls_link_lost(struct tls_link *link) {
    struct link_shared *shared = link->shared;
    enum link_state state = link->state;
    bool is_known = !link->is_hung_up && state != LINK_CLOSING, is_initiator = link->is_initiator;
    link_id id = link->id;
    tls_link_free(link);
    if (!is_known)
        return;
    if (state == LINK_OPEN)
        manager_link_closed(shared->manager, turn_clock_now(shared->clock), id);
    else if (is_initiator)
        manager_link_failed(shared->manager, turn_clock_now(shared->clock), id);
    else
        shared->accept_failed(shared->accept_failed_context, id);
}

void tls_link_hang_up(struct tls_link *link) {
    struct link_shared *shared = link->shared;
    bool has_session = link->state == LINK_OPEN;
    if (link->state == LINK_CLOSING)
        return;
    if (!has_session) {
        tls_link_free(link);
        return;
    }
    shared->pipe.out_length = 0;
    tls_session_goodbye(&link->session);
    link_output_flush(link);
    forget(link);
    link->state = LINK_CLOSING;
    link->since = turn_clock_now(shared->clock);
    shared->closing_count++;
    list_append(&shared->closing, &link->age_node);
    event_del(link->read_event);
    if (!tls_link_is_blocked(link) || link->is_broken)
        tls_link_free(link);
}

void tls_link_apply_reading(struct tls_link *link) {
    if (link->state != LINK_OPEN)
        return;
    if (link->is_reading)
        event_add(link->read_event, NULL);
    else
        event_del(link->read_event);
}

void tls_link_cool(struct tls_link *link) {
    list_remove(&link->warm_node);
    tls_session_release_buffers(&link->session);
    if (link->rest_length == 0) {
        free(link->rest);
        link->rest = NULL;
        link->rest_room = 0;
    }
    if (link->unsent_length == 0) {
        free(link->unsent);
        link->unsent = NULL;
        link->unsent_room = 0;
    }
}

/* --- from thread to thread ------------------------------------------------------------------------------------------ */

void tls_link_leave(struct tls_link *link) {
    CHECK(link->state == LINK_OPEN);
    CHECK(!link->is_hung_up && !link->is_broken);
    CHECK(link->shared->pipe.out_length == 0);
    forget(link);
    list_remove(&link->warm_node);
    event_free(link->read_event);
    event_free(link->write_event);
    link->read_event = link->write_event = NULL;
    tls_session_set_pipe(&link->session, NULL);
    link->shared = NULL;
}

void tls_link_join(struct tls_link *link, struct link_shared *shared) {
    CHECK(link->shared == NULL);
    link->shared = shared;
    tls_session_set_pipe(&link->session, &shared->pipe);
    take_socket(link, link->fd);
    CHECK(table_set(&shared->by_id, link->id, link) == ERR_OK);
    count_cipher(link, true);
    link_touch(link);
    tls_link_apply_reading(link);
    if (tls_link_is_blocked(link))
        event_add(link->write_event, NULL);
    if (link->wants_write || link->has_grant)
        list_append(&shared->asked, &link->write_node);
}

/* --- becoming open ---------------------------------------------------------------------------------------------- */

static void export_secret(void *context, const uint8_t cid[static 32], uint8_t out[static 32]) {
    struct tls_link *link = context;
    tls_session_export(&link->session, cid, out);
}

/* TLS is up: the link is the manager's. False: the link has ended. */
static bool open_link(struct tls_link *link) {
    struct link_shared *shared = link->shared;
    struct link_facts facts = {.is_initiator = link->is_initiator,
                               .peer = link->peer,
                               .credentials = link->identity->credentials,
                               .export_secret = export_secret,
                               .export_context = link};
    bool is_valid =
        !link->is_initiator || tls_session_peer_sha256(&link->session, facts.peer_certificate_sha256);
    if (!is_valid) {
        tls_link_lost(link);
        return false;
    }
    if (manager_link_opened(shared->manager, turn_clock_now(shared->clock), link->id, &facts) != ERR_OK) {
        tls_link_free(link); /* the manager does not want it, and has told the controller */
        return false;
    }
    if (!link->is_initiator)
        shared->half_open--;
    link->state = LINK_OPEN;
    link->cipher = tls_session_cipher_kind(&link->session);
    list_remove(&link->age_node);
    count_cipher(link, true);
    link_output_handshake(link);
    return true;
}

/* A peer that has not the one cipher that we offer: dial it anew, with all. Once, within the time that the link has to open. */
static bool may_dial_again(const struct tls_link *link) {
    return link->is_initiator && !link->offers_all && link->identity->order == CIPHER_ORDER_CHACHA &&
           link->session.is_refused;
}

static void dial_again(struct tls_link *link) {
    tls_session_fini(&link->session);
    event_free(link->read_event);
    event_free(link->write_event);
    close(link->fd);
    link->fd = -1;
    link->unsent_from = link->unsent_length = 0;
    list_remove(&link->warm_node);
    link->offers_all = true;
    link->state = LINK_CONNECTING;
    tls_link_dial(link);
}

/* False: the link has ended, or begins anew. */
static bool advance_handshake(struct tls_link *link) {
    enum tls_result result = tls_session_handshake(&link->session);
    link_output_flush(link);
    if (result == TLS_AGAIN)
        return true;
    if (result == TLS_DONE)
        return open_link(link);
    if (may_dial_again(link))
        dial_again(link);
    else
        tls_link_lost(link);
    return false;
}

/* False: the link has ended, or begins anew. */
static bool begin_securing(struct tls_link *link) {
    struct link_shared *shared = link->shared;
    link->state = LINK_SECURING;
    if (!tls_session_init(&link->session, link->identity, !link->is_initiator, &shared->pipe)) {
        tls_link_lost(link);
        return false;
    }
    if (link->offers_all)
        tls_session_offer_all(&link->session);
    link_touch(link);
    event_add(link->read_event, NULL);
    shared->pipe.in_length = 0;
    return !link->is_initiator || advance_handshake(link); /* the client speaks first */
}

/* A flood of half-open connections costs those that have waited longest. */
static void make_room(struct link_shared *shared) {
    struct list *node = shared->young.next;
    while (node != &shared->young && shared->half_open >= LINK_HALF_OPEN_MAX) {
        struct tls_link *oldest = LIST_ENTRY(node, struct tls_link, age_node);
        node = node->next;
        if (!oldest->is_initiator)
            tls_link_lost(oldest);
    }
}

struct tls_link *tls_link_accept(struct link_shared *shared, link_id id, int fd,
                                 const struct endpoint *peer) {
    make_room(shared);
    struct tls_link *link = link_new(shared, id, peer);
    shared->half_open++;
    take_socket(link, fd);
    return begin_securing(link) ? link : NULL;
}

struct tls_link *tls_link_new_dial(struct link_shared *shared, link_id id, const struct endpoint *to) {
    struct tls_link *link = link_new(shared, id, to);
    link->is_initiator = true;
    link->state = LINK_CONNECTING;
    return link;
}

void tls_link_dial(struct tls_link *link) {
    int fd = link->peer.address.family == ADDRESS_NONE ? -1 : socket_connect(&link->peer);
    if (fd < 0) {
        tls_link_lost(link);
        return;
    }
    take_socket(link, fd);
    event_add(link->write_event, NULL);
}

static void finish_connect(struct tls_link *link) {
    int failure = 0;
    socklen_t length = sizeof failure;
    event_del(link->write_event);
    if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &failure, &length) != 0 || failure != 0)
        tls_link_lost(link);
    else
        (void)begin_securing(link);
}

/* --- events ----------------------------------------------------------------------------------------------------- */

/* One buffer full of ciphertext. False: the link has ended, or begins anew. */
static bool receive_burst(struct tls_link *link) {
    enum tls_result result = TLS_AGAIN;
    link_touch(link);
    if (link->state == LINK_SECURING && !advance_handshake(link))
        return false;
    if (link->state == LINK_OPEN) {
        do
            result = link_input_plain(link);
        while (result == TLS_DONE && !link->is_hung_up);
        link_output_flush(link); /* what TLS itself had to say */
    }
    if (result != TLS_CLOSED && result != TLS_BROKEN)
        return true;
    tls_link_lost(link);
    return false;
}

static void on_readable(evutil_socket_t fd, short what, void *argument) {
    struct tls_link *link = argument;
    struct link_shared *shared = link->shared;
    (void)what;
    for (size_t budget = LINK_RECEIVE_TURN; budget != 0 && !link->is_hung_up && link->is_reading;) {
        ssize_t length = recv(fd, shared->received, LINK_RECEIVE_ROOM, 0);
        shared->work->reads++;
        if (length < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (length <= 0) {
            tls_link_lost(link);
            return;
        }
        shared->work->tls_bytes_read += (uint64_t)length;
        shared->pipe.in = shared->received;
        shared->pipe.in_length = (size_t)length;
        bool is_there = receive_burst(link);
        link_output_ripe(shared);
        pacer_settle(shared->pacer);
        manager_flush(shared->manager, turn_clock_now(shared->clock)); /* other threads begin meanwhile */
        if (!is_there || (size_t)length < LINK_RECEIVE_ROOM)
            return; /* a short read has emptied the socket: no need to ask again */
        budget -= (size_t)length < budget ? (size_t)length : budget;
    }
}

static void on_writable(evutil_socket_t fd, short what, void *argument) {
    struct tls_link *link = argument;
    (void)fd;
    (void)what;
    if (link->state == LINK_CONNECTING) {
        finish_connect(link);
        return;
    }
    link_output_resume(link);
    if (tls_link_is_blocked(link) && !link->is_broken)
        return;
    if (link->state == LINK_CLOSING) {
        tls_link_free(link);
    } else if ((link->wants_write || link->has_grant) && !link->is_hung_up) {
        list_remove(&link->write_node);
        list_append(&link->shared->asked, &link->write_node);
    }
}
