#include "native/self_circuit.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "native/heap.h"
#include "native/socket_address.h"
#include "native/tls_identity.h"
#include "native/tls_session.h"
#include "native/turn_clock.h"
#include "origin/origin.h"
#include "origin/origin_onion.h"
#include "wire/cell.h"
#include "wire/relay_cell.h"

#define CELLS_A_RECORD (TLS_RECORD_MAX / CELL_LEN)
#define REST_MAX       TLS_RECORD_MAX        /* of an unfinished cell */
#define CELLS_MAX      (4u * CELLS_A_RECORD) /* what waits for the socket is one record's */
#define PLAIN_ROOM     (REST_MAX + 2u * TLS_RECORD_MAX)

struct self_circuit {
    struct self_circuit_options options;
    struct origin *origin;
    struct origin_link *link; /* NULL until there is TLS */
    struct origin_circuit *circuit;
    struct tls_session session;
    struct tls_pipe pipe;
    struct event *readable, *writable;
    size_t sent_offset; /* of what pipe.out holds, this has gone */
    size_t rest_length; /* at the front of plain: what the link has not used yet */
    uint64_t sent, received;
    uint32_t drops_left;
    nsec start;
    enum self_circuit_state state;
    const char *failure;
    int fd;
    uint8_t in[TLS_RECORD_ROOM];
    uint8_t out[TLS_HANDSHAKE_ROOM];
    uint8_t plain[PLAIN_ROOM];
};

static nsec now_of(const struct self_circuit *c) {
    return monotonic_read() - c->start;
}

static bool fail(struct self_circuit *c, const char *why) {
    if (c->state == SELF_CIRCUIT_FAILED)
        return false;
    c->state = SELF_CIRCUIT_FAILED;
    c->failure = why;
    event_del(c->readable);
    event_del(c->writable);
    return false;
}

/* --- out -------------------------------------------------------------------------------------------------------- */

/* Send what was sealed; what the socket does not take stays, and nothing is sealed behind it. False: failed. */
static bool send_sealed(struct self_circuit *c) {
    struct tls_pipe *pipe = &c->pipe;
    while (c->sent_offset < pipe->out_length) {
        ssize_t sent =
            send(c->fd, pipe->out + c->sent_offset, pipe->out_length - c->sent_offset, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR))
            return event_add(c->writable, NULL) == 0;
        if (sent < 0)
            return fail(c, "the connection was lost");
        c->sent_offset += (size_t)sent;
    }
    c->sent_offset = pipe->out_length = 0;
    return true;
}

/* Give the link as many DROPs as go into a record. */
static void make_drops(struct self_circuit *c, nsec now) {
    for (unsigned i = 0; i < CELLS_A_RECORD && c->drops_left > 0; i++, c->drops_left--)
        if (origin_onion_tell(c->circuit, now, RELAY_DROP, (struct span){NULL, 0}) != ERR_OK)
            return;
}

/* Seal and send up to a record of cells; how many, or -1: failed. */
static int write_cells(struct self_circuit *c, nsec now) {
    struct cell *cells[CELLS_A_RECORD];
    uint8_t bytes[CELLS_A_RECORD * CELL_LEN];
    struct bytes_out out = bytes_out(bytes, sizeof bytes);
    uint32_t n = origin_link_take(c->link, now, cells, CELLS_A_RECORD);
    for (uint32_t i = 0; i < n; i++)
        cell_put(&out, 4, cells[i]->circ_id, cells[i]->command, cells[i]->body, cells[i]->length);
    origin_link_release(c->link, cells, n);
    if (n > 0 && !tls_session_write(&c->session, bytes, bytes_written(&out))) {
        fail(c, "TLS broke");
        return -1;
    }
    c->sent += bytes_written(&out);
    return send_sealed(c) ? (int)n : -1;
}

static bool write_handshake(struct self_circuit *c) {
    struct span output = origin_link_handshake_output(c->link);
    if (output.length == 0)
        return true;
    if (output.length > TLS_RECORD_MAX || !tls_session_write(&c->session, output.data, output.length))
        return fail(c, "TLS broke");
    origin_link_handshake_written(c->link, output.length);
    return send_sealed(c);
}

static void write_link(struct self_circuit *c, nsec now) {
    if (c->pipe.out_length > 0 || !write_handshake(c))
        return;
    for (unsigned i = 0; i < SELF_CIRCUIT_RECORDS_A_TURN && c->pipe.out_length == 0; i++) {
        if (c->state == SELF_CIRCUIT_REACHED)
            make_drops(c, now);
        int n = write_cells(c, now);
        if (n < 0)
            return;
        if (n == 0 && c->state == SELF_CIRCUIT_REACHED && c->drops_left == 0)
            c->state = SELF_CIRCUIT_SENT;
        if (n == 0)
            return;
    }
    event_add(c->writable, NULL); /* there may be more */
}

/* --- the circuit ------------------------------------------------------------------------------------------------ */

static void begin_circuit(struct self_circuit *c, nsec now) {
    struct origin_target first = {.handshake = ORIGIN_HANDSHAKE_FAST};
    memcpy(first.rsa_id, c->options.first.rsa_id, sizeof first.rsa_id);
    c->circuit = origin_link_circuit(c->link, now, &first);
    if (c->circuit == NULL)
        fail(c, "there was no memory");
}

static void extend_to_us(struct self_circuit *c, nsec now) {
    const struct endpoint *at = &c->options.us.at;
    struct origin_target us = {.has_ed_id = true, .handshake = ORIGIN_HANDSHAKE_NTOR};
    memcpy(us.rsa_id, c->options.us.rsa_id, sizeof us.rsa_id);
    memcpy(us.ed_id, c->options.our_ed_id, sizeof us.ed_id);
    memcpy(us.onion_key, c->options.our_onion_key, sizeof us.onion_key);
    if (at->address.family == ADDRESS_IPV4)
        us.ipv4 = *at;
    else
        us.ipv6 = *at;
    if (origin_circuit_extend(c->circuit, now, &us) != ERR_OK)
        fail(c, "there was no memory");
}

static void follow(struct self_circuit *c, nsec now) {
    struct origin_event event;
    while (c->state != SELF_CIRCUIT_FAILED && origin_next_event(c->origin, now, &event)) {
        switch (event.kind) {
        case ORIGIN_EVENT_LINK_OPENED: begin_circuit(c, now); break;
        case ORIGIN_EVENT_CIRCUIT_OPENED: extend_to_us(c, now); break;
        case ORIGIN_EVENT_CIRCUIT_EXTENDED: c->state = SELF_CIRCUIT_REACHED; break;
        case ORIGIN_EVENT_LINK_CLOSED: fail(c, "the first relay was not who it should be, or hung up"); break;
        case ORIGIN_EVENT_CIRCUIT_TRUNCATED: /* as relays before 0.4.9 say it */
        case ORIGIN_EVENT_CIRCUIT_CLOSED:
            fail(c, c->state == SELF_CIRCUIT_BUILDING ? "the first relay did not reach us"
                                                      : "the circuit was closed");
            break;
        case ORIGIN_EVENT_CIRCUIT_MESSAGE:
        case ORIGIN_EVENT_CIRCUIT_LINKED:
        case ORIGIN_EVENT_STREAM_CONNECTED:
        case ORIGIN_EVENT_STREAM_DATA:
        case ORIGIN_EVENT_STREAM_WRITABLE:
        case ORIGIN_EVENT_STREAM_ENDED: break; /* nothing that we asked for */
        }
    }
}

static bool open_link(struct self_circuit *c, nsec now) {
    struct link_facts facts = {.is_initiator = true, .peer = c->options.first.at};
    struct link_expectation expected = {.has_rsa_id = true};
    memcpy(expected.rsa_id, c->options.first.rsa_id, sizeof expected.rsa_id);
    if (!tls_session_peer_sha256(&c->session, facts.peer_certificate_sha256))
        return fail(c, "the first relay showed no certificate");
    c->link = origin_link_new(c->origin, now, &facts, &expected);
    return c->link != NULL || fail(c, "there was no memory");
}

/* --- in --------------------------------------------------------------------------------------------------------- */

static bool secure(struct self_circuit *c) {
    enum tls_result result = tls_session_handshake(&c->session);
    if (!send_sealed(c))
        return false;
    if (result != TLS_DONE && result != TLS_AGAIN)
        return fail(c, "the TLS handshake failed");
    return result == TLS_AGAIN || open_link(c, now_of(c));
}

static bool read_records(struct self_circuit *c, nsec now) {
    for (enum tls_result result = TLS_DONE; result == TLS_DONE;) {
        size_t length = 0;
        uint64_t records = 0;
        result = tls_session_read(&c->session, c->plain + c->rest_length, sizeof c->plain - c->rest_length,
                                  &length, &records);
        c->received += length;
        length += c->rest_length;
        size_t used = origin_link_receive_bytes(c->link, now, c->plain, length);
        follow(c, now);
        if (length - used > REST_MAX)
            return fail(c, "a cell was too long");
        memmove(c->plain, c->plain + used, length - used);
        c->rest_length = length - used;
        if (result != TLS_DONE && result != TLS_AGAIN)
            return fail(c, "the connection was closed");
    }
    return c->state != SELF_CIRCUIT_FAILED;
}

static void on_readable(evutil_socket_t fd, short what, void *argument) {
    struct self_circuit *c = argument;
    (void)what;
    ssize_t got = recv(fd, c->in, sizeof c->in, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        fail(c, "the connection was lost");
        return;
    }
    c->pipe.in = c->in;
    c->pipe.in_length = (size_t)got;
    nsec now = now_of(c);
    bool is_well = c->link != NULL || secure(c);
    if (is_well && c->link != NULL && read_records(c, now))
        write_link(c, now);
    c->pipe.in_length = 0;
}

static void on_writable(evutil_socket_t fd, short what, void *argument) {
    struct self_circuit *c = argument;
    (void)fd;
    (void)what;
    if (c->pipe.out_length > 0 && (!send_sealed(c) || c->pipe.out_length > 0))
        return;
    if ((c->link != NULL || secure(c)) && c->link != NULL) /* connected: say hello */
        write_link(c, now_of(c));
}

/* --- life ------------------------------------------------------------------------------------------------------- */

static struct origin *make_origin(const struct crypt_provider *crypt) {
    struct origin_config config;
    origin_config_default(&config);
    config.memory = &heap_memory;
    config.crypt = crypt;
    CHECK(getrandom(&config.seed, sizeof config.seed, 0) == (ssize_t)sizeof config.seed);
    config.unix_s_at_zero = (uint64_t)time(NULL);
    config.links_max = config.circuits_max = 1;
    config.cells_max = CELLS_MAX;
    struct origin *origin = origin_new(&config);
    CHECK(origin != NULL);
    return origin;
}

struct self_circuit *self_circuit_new(const struct self_circuit_options *options) {
    int fd = socket_connect(&options->first.at);
    if (fd < 0)
        return NULL;
    struct self_circuit *c = heap_new(sizeof *c);
    c->options = *options;
    c->options.identity = NULL;
    c->drops_left = options->drops;
    c->fd = fd;
    c->start = monotonic_read();
    c->pipe = (struct tls_pipe){.out = c->out, .out_room = sizeof c->out};
    CHECK(tls_session_init(&c->session, options->identity, false, &c->pipe));
    c->origin = make_origin(options->crypt);
    c->readable = event_new(options->base, fd, EV_READ | EV_PERSIST, on_readable, c);
    c->writable = event_new(options->base, fd, EV_WRITE, on_writable, c);
    CHECK(c->readable != NULL && c->writable != NULL);
    CHECK(event_add(c->readable, NULL) == 0 && event_add(c->writable, NULL) == 0);
    return c;
}

void self_circuit_free(struct self_circuit *c) {
    if (c == NULL)
        return;
    event_free(c->readable);
    event_free(c->writable);
    if (c->circuit != NULL)
        origin_circuit_free(c->circuit, now_of(c), DESTROY_NONE);
    if (c->link != NULL)
        origin_link_free(c->link, now_of(c));
    origin_free(c->origin);
    tls_session_fini(&c->session);
    close(c->fd);
    free(c);
}

enum self_circuit_state self_circuit_state(const struct self_circuit *c) {
    return c->state;
}

const char *self_circuit_failure(const struct self_circuit *c) {
    return c->state == SELF_CIRCUIT_FAILED ? c->failure : "it took too long";
}

uint64_t self_circuit_sent(const struct self_circuit *c) {
    return c->sent;
}

uint64_t self_circuit_received(const struct self_circuit *c) {
    return c->received;
}
