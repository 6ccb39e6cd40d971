#include "native/link_output.h"

#include <errno.h>
#include <event2/event.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/link_cipher.h"
#include "core/connection_manager.h"
#include "native/link_shared.h"
#include "native/pacing.h"

#define CELLS_AHEAD 3u

void link_output_break(struct tls_link *link) {
    link->is_broken = true;
    list_remove(&link->change_node);
    list_append(&link->shared->changed, &link->change_node);
}

/* Bytes that the socket took; a failing socket takes all, and the link is broken. */
static size_t send_some(struct tls_link *link, const uint8_t *bytes, size_t length) {
    pacer_settle(link->shared->pacer);
    ssize_t sent = send(link->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    link->shared->work->writes++;
    if (sent >= 0) {
        link->shared->work->tls_bytes_written += (uint64_t)sent;
        return (size_t)sent;
    }
    if (errno == EAGAIN || errno == EINTR)
        return 0;
    link_output_break(link);
    return length;
}

/* Keep bytes behind those that are left over already. */
static void keep(struct tls_link *link, const uint8_t *bytes, size_t length) {
    size_t needed = link->unsent_length + length;
    if (needed > LINK_UNSENT_MAX) {
        link_output_break(link); /* a peer that makes us answer and reads nothing */
        return;
    }
    if (link->unsent_from + needed > link->unsent_room) {
        size_t room = needed <= LINK_SEND_ROOM ? LINK_SEND_ROOM : LINK_UNSENT_MAX;
        uint8_t *larger = malloc(room);
        CHECK(larger != NULL);
        if (link->unsent_length != 0)
            memcpy(larger, link->unsent + link->unsent_from, link->unsent_length);
        free(link->unsent);
        link->unsent = larger;
        link->unsent_room = (uint32_t)room;
        link->unsent_from = 0;
    }
    memcpy(link->unsent + link->unsent_from + link->unsent_length, bytes, length);
    link->unsent_length = (uint32_t)needed;
    event_add(link->write_event, NULL);
}

void link_output_flush(struct tls_link *link) {
    struct tls_pipe *pipe = &link->shared->pipe;
    size_t length = pipe->out_length, sent = 0;
    pipe->out_length = 0;
    if (length == 0 || link->is_broken)
        return;
    if (!tls_link_is_blocked(link))
        sent = send_some(link, pipe->out, length);
    if (sent < length)
        keep(link, pipe->out + sent, length - sent);
}

void link_output_record(struct tls_link *link, const uint8_t *bytes, size_t length) {
    struct link_shared *shared = link->shared;
    size_t had = shared->pipe.out_length;
    if (link->is_broken)
        return;
    if (!tls_session_write(&link->session, bytes, length)) {
        link_output_break(link);
        return;
    }
    shared->work->tls_records_written++;
    link_cipher_count(shared->work, link->cipher, shared->pipe.out_length - had);
}

void link_output_resume(struct tls_link *link) {
    CHECK(tls_link_is_blocked(link));
    size_t sent = send_some(link, link->unsent + link->unsent_from, link->unsent_length);
    link->unsent_from += (uint32_t)sent;
    link->unsent_length -= (uint32_t)sent;
    if (link->unsent_length == 0) {
        link->unsent_from = 0;
        event_del(link->write_event);
    }
}

void link_output_tcp_facts(struct tls_link *link, struct tcp_facts *out) {
    struct tcp_info info = {.tcpi_snd_mss = 0};
    socklen_t length = sizeof info;
    *out = (struct tcp_facts){.link = link->id, .cwnd = 10, .mss = 1448};
    if (getsockopt(link->fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0 ||
        length < offsetof(struct tcp_info, tcpi_snd_cwnd) + sizeof info.tcpi_snd_cwnd)
        return; /* no TCP: a test's socket pair; or who stands in for the kernel, as qemu does, tells less */
    out->cwnd = info.tcpi_snd_cwnd;
    out->unacked = info.tcpi_unacked;
    out->mss = info.tcpi_snd_mss;
    if (length >= offsetof(struct tcp_info, tcpi_notsent_bytes) + sizeof info.tcpi_notsent_bytes) {
        out->notsent =
            info.tcpi_notsent_bytes; /* the same figure as SIOCOUTQNSD, since Linux 4.6, for one call less */
        return;
    }
    int notsent = 0;
    if (ioctl(link->fd, SIOCOUTQNSD, &notsent) == 0 && notsent > 0)
        out->notsent = (uint32_t)notsent;
}

void link_output_handshake(struct tls_link *link) {
    struct link_shared *shared = link->shared;
    if (link->state != LINK_OPEN || link->is_hung_up)
        return;
    struct span output = manager_handshake_output(shared->manager, link->id);
    while (output.length != 0 && !link->is_broken) {
        size_t length = output.length < TLS_RECORD_MAX ? output.length : TLS_RECORD_MAX;
        link_output_record(link, output.data, length);
        link_output_flush(link);
        manager_handshake_written(shared->manager, link->id, length);
        output = manager_handshake_output(shared->manager, link->id);
    }
}

/* Write granted cells, a record of them at most, to where the record is made; returns the bytes. */
static size_t gather_record(struct tls_link *link, nsec now, uint8_t *to) {
    struct link_shared *shared = link->shared;
    struct cell *cells[CELLS_PER_RECORD];
    uint32_t count = 0, got;
    do {
        got = manager_take(shared->manager, now, link->id, cells + count, CELLS_PER_RECORD - count);
        count += got;
    } while (got != 0 && count < CELLS_PER_RECORD);
    for (uint32_t i = 0; i < count; i++) {
        if (i + CELLS_AHEAD < count)
            cell_prefetch(cells[i + CELLS_AHEAD]); /* who waited is in no near cache any more */
        cell_serialize(cells[i], to + (size_t)i * CELL_LEN);
    }
    if (count != 0)
        manager_release(shared->manager, cells, count);
    return (size_t)count * CELL_LEN;
}

void link_output_cells(struct tls_link *link) {
    struct link_shared *shared = link->shared;
    nsec now = turn_clock_now(shared->clock);
    link_touch(link);
    while (!link->is_broken && !tls_link_is_blocked(link)) {
        uint8_t *place = tls_session_place(&link->session);
        size_t length = gather_record(link, now, place);
        if (length == 0)
            break;
        link_output_record(link, place, length);
        if (shared->pipe.out_room - shared->pipe.out_length < TLS_RECORD_ROOM)
            link_output_flush(link);
    }
    link_output_flush(link);
    link->has_grant =
        tls_link_is_blocked(link); /* there may be cells left: goes on when the socket has room */
}

static void write_ripe(struct tls_link *link) {
    struct link_shared *shared = link->shared;
    struct tcp_facts facts;
    link_output_handshake(link);
    link_output_tcp_facts(link, &facts);
    if (manager_schedule_ripe(shared->manager, turn_clock_now(shared->clock), &facts) == 0)
        return;
    link->wants_write = false; /* it asks again when it has more */
    list_remove(&link->write_node);
    link_output_cells(link);
}

void link_output_ripe(struct link_shared *shared) {
    link_id id;
    while ((id = manager_next_ripe(shared->manager)) != 0) {
        struct tls_link *link = table_get(&shared->by_id, id);
        if (link != NULL && link->state == LINK_OPEN && !link->is_hung_up && !link->is_broken &&
            !tls_link_is_blocked(link))
            write_ripe(link);
    }
}
