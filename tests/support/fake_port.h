/* fake_port - a runtime's port that keeps what it is asked for until a test takes it.
 *
 * Only the wishes that a test wants to see in order are kept; writing, waking and tracing are noted as flags. */
#ifndef LOOM_SUPPORT_FAKE_PORT_H
#define LOOM_SUPPORT_FAKE_PORT_H

#include <stdbool.h>
#include <string.h>

#include "base/check.h"
#include "base/list.h"
#include "core/port.h"

#define FAKE_REQUESTS_MAX 128u
#define FAKE_WRITERS_MAX  64u

enum fake_kind {
    FAKE_DIAL,
    FAKE_HANGUP,
    FAKE_PAUSE,
    FAKE_RESUME,
    FAKE_EDGE_OPEN,
    FAKE_EDGE_RESOLVE,
    FAKE_EDGE_CONNECT,
    FAKE_EDGE_WRITE,
    FAKE_EDGE_PAUSE,
    FAKE_EDGE_RESUME,
    FAKE_EDGE_CLOSE,
    FAKE_RELEASE,
    FAKE_ADOPT,
    FAKE_JOB
};

struct fake_request {
    enum fake_kind kind;
    uint64_t id; /* link, edge or half */
    struct endpoint to;
    struct begin_message begin;
    struct name_query query;
    struct job job;
    void *luggage;
};

struct fake_port {
    struct port port;
    bool *woken; /* of every station, shared by their ports */
    struct fake_request requests[FAKE_REQUESTS_MAX];
    uint32_t count;
    link_id writers[FAKE_WRITERS_MAX]; /* on the list for the next manager_schedule */
    uint32_t writers_count;
    uint32_t traced[32]; /* by trace_kind */
};

static inline struct fake_port *fake_of(struct port *port) {
    return LIST_ENTRY(port, struct fake_port, port);
}

static inline struct fake_request *fake_note(struct port *port, enum fake_kind kind, uint64_t id) {
    struct fake_port *fake = fake_of(port);
    CHECK(fake->count < FAKE_REQUESTS_MAX);
    struct fake_request *request = &fake->requests[fake->count++];
    *request = (struct fake_request){.kind = kind, .id = id};
    return request;
}

/* Take off the oldest request of kind; false, and zeros, when there is none. */
static inline bool fake_take(struct fake_port *fake, enum fake_kind kind, struct fake_request *out) {
    for (uint32_t i = 0; i < fake->count; i++) {
        if (fake->requests[i].kind != kind)
            continue;
        *out = fake->requests[i];
        fake->count--;
        memmove(&fake->requests[i], &fake->requests[i + 1], (fake->count - i) * sizeof *out);
        return true;
    }
    memset(out, 0, sizeof *out);
    return false;
}

static inline void fake_dial(struct port *port, link_id link, const struct endpoint *to) {
    fake_note(port, FAKE_DIAL, link)->to = *to;
}

static inline void fake_forget_writer(struct fake_port *fake, link_id link) {
    for (uint32_t i = 0; i < fake->writers_count; i++) {
        if (fake->writers[i] == link)
            fake->writers[i--] = fake->writers[--fake->writers_count];
    }
}

static inline void fake_hangup(struct port *port, link_id link) {
    fake_forget_writer(fake_of(port), link);
    fake_note(port, FAKE_HANGUP, link);
}

static inline void fake_want_write(struct port *port, link_id link) {
    struct fake_port *fake = fake_of(port);
    fake_forget_writer(fake, link);
    CHECK(fake->writers_count < FAKE_WRITERS_MAX);
    fake->writers[fake->writers_count++] = link;
}

static inline void fake_want_read(struct port *port, link_id link, bool on) {
    fake_note(port, on ? FAKE_RESUME : FAKE_PAUSE, link);
}

static inline void fake_edge_open(struct port *port, edge_id edge, const struct begin_message *to) {
    fake_note(port, FAKE_EDGE_OPEN, edge)->begin = *to;
}

static inline void fake_edge_resolve(struct port *port, edge_id edge, half_id circuit,
                                     const struct name_query *query) {
    (void)circuit;
    fake_note(port, FAKE_EDGE_RESOLVE, edge)->query = *query;
}

static inline void fake_edge_connect(struct port *port, edge_id edge, const struct endpoint *to) {
    fake_note(port, FAKE_EDGE_CONNECT, edge)->to = *to;
}

/* Once on the list is enough. */
static inline void fake_edge_want_write(struct port *port, edge_id edge) {
    const struct fake_port *fake = fake_of(port);
    for (uint32_t i = 0; i < fake->count; i++) {
        if (fake->requests[i].kind == FAKE_EDGE_WRITE && fake->requests[i].id == edge)
            return;
    }
    fake_note(port, FAKE_EDGE_WRITE, edge);
}

static inline void fake_edge_want_read(struct port *port, edge_id edge, bool on) {
    fake_note(port, on ? FAKE_EDGE_RESUME : FAKE_EDGE_PAUSE, edge);
}

static inline void fake_edge_close(struct port *port, edge_id edge) {
    fake_note(port, FAKE_EDGE_CLOSE, edge);
}

static inline void fake_offload(struct port *port, const struct job *job) {
    fake_note(port, FAKE_JOB, job->half)->job = *job;
}

static inline void fake_release(struct port *port, link_id link) {
    fake_note(port, FAKE_RELEASE, link);
}

static inline void fake_adopt(struct port *port, link_id link, void *luggage) {
    fake_note(port, FAKE_ADOPT, link)->luggage = luggage;
}

static inline void fake_wake(struct port *port, station_id station) {
    fake_of(port)->woken[station] = true;
}

static inline void fake_trace(struct port *port, const struct trace_event *event) {
    fake_of(port)->traced[event->kind]++;
}

static inline void fake_port_init(struct fake_port *fake, bool *woken) {
    memset(fake, 0, sizeof *fake);
    fake->woken = woken;
    fake->port = (struct port){.dial = fake_dial,
                               .hangup = fake_hangup,
                               .want_write = fake_want_write,
                               .want_read = fake_want_read,
                               .edge_open = fake_edge_open,
                               .edge_resolve = fake_edge_resolve,
                               .edge_connect = fake_edge_connect,
                               .edge_want_write = fake_edge_want_write,
                               .edge_want_read = fake_edge_want_read,
                               .edge_close = fake_edge_close,
                               .offload = fake_offload,
                               .release = fake_release,
                               .adopt = fake_adopt,
                               .wake = fake_wake,
                               .trace = fake_trace};
}

#endif
