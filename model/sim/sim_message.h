/* sim_message - what travels on the connections between simulated hosts: TLS records of cells, handshakes, raw bytes.
 *
 * One message is one TLS record (or one piece of a stream behind an exit); its length is what it has on the wire, its content
 * is what somebody will look at: cells without the zeros at their end. So thirty-one cells of data take a few hundred
 * bytes, and nothing is allocated for a cell: the content lies in one object of the engine, or in several in a row.
 * Thread: an object belongs to the host that holds it, and wanders with the connection. */
#ifndef LOOM_SIM_SIM_MESSAGE_H
#define LOOM_SIM_SIM_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "core/cell_pool.h"
#include "des/engine.h"
#include "des/tcp.h"
#include "sim/sim_config.h"
#include "wire/cell.h"

#define SIM_OBJECT_SIZE \
    192u /* of the engine: a record of eight cells, and nothing of a packet is much wasted */
#define SIM_RECORD_OVERHEAD 22u    /* TLS 1.3: header 5, content type 1, tag 16 (as in cost/behaviour.c) */
#define SIM_CELLS_MAX       32u    /* decoded at a time */
#define SIM_BYTES_MAX       16384u /* of link handshake in a message: a TLS record */

enum sim_message_kind {
    SIM_TLS_HELLO,  /* content: the session's secret, which both ends know afterwards */
    SIM_TLS_SERVER, /* certificate and all */
    SIM_TLS_FINISHED,
    SIM_LINK_BYTES, /* the link handshake: whole cells as bytes */
    SIM_LINK_CELLS,
    SIM_RAW /* between exit and server; zeros at the end of the content are left out */
};

struct sim_message {
    struct tcp_message tcp;
    struct sim_message *more; /* content goes on there */
    uint16_t used;            /* bytes of content here */
    uint8_t kind;             /* enum sim_message_kind */
    uint32_t plain;           /* bytes of plaintext: what length is without the record */
    uint8_t content[];
};

#define SIM_CONTENT_MAX (SIM_OBJECT_SIZE - sizeof(struct sim_message))

static inline struct sim_message *sim_message_of(struct tcp_message *message) {
    return (struct sim_message *)(void *)message;
}
/* NULL without memory, and then the run stops. plain > 0. */
MUST_USE struct sim_message *sim_message_new(struct host *host, enum sim_message_kind kind, uint32_t plain,
                                             struct span content);
void sim_message_free(struct host *host, struct sim_message *message);
/* Content as it was given, as far as it fits; returns its length. */
size_t sim_message_content(const struct sim_message *message, uint8_t *out, size_t room);

/* Messages in order, owned together. */
struct sim_train {
    struct sim_message *first;
    struct sim_message *last;
    uint64_t wire; /* bytes */
};
void sim_train_add(struct sim_train *train, struct sim_message *message);
struct sim_message *sim_train_shift(struct sim_train *train);
void sim_train_free(struct host *host, struct sim_train *train);
/* Hands over all of them to the connection. */
void sim_train_write(struct sim_train *train, struct tcp *tcp);

/* A burst of cells of one link being cut into records of record_max bytes. Cells travel in the record in which they end. */
struct sim_burst {
    struct host *host;
    struct sim_train *train;
    struct sim_message *record; /* being filled; NULL: none */
    struct sim_message *part;   /* of the record, with room perhaps */
    uint64_t plain;             /* bytes so far */
    uint64_t record_end;        /* of the stream of the burst */
    uint32_t record_max;
};
void sim_burst_begin(struct sim_burst *burst, struct host *host, struct sim_train *train,
                     uint32_t record_max);
/* False without memory, and then the run stops. */
MUST_USE bool sim_burst_add(struct sim_burst *burst, struct cell *const *cells, uint32_t n);
/* Returns the bytes of plaintext. */
uint64_t sim_burst_end(struct sim_burst *burst);

/* All of that: write n cells to tcp as one burst. False without memory, and then the run stops. */
MUST_USE bool sim_cells_write(struct host *host, struct tcp *tcp, struct cell *const *cells, uint32_t n,
                              uint32_t record_max);

/* Cells of a SIM_LINK_CELLS message, one batch after the other. Bodies lie in bodies, SIM_CELLS_MAX of them. */
struct sim_reader {
    const struct sim_message *part;
    uint16_t offset;
};
void sim_reader_init(struct sim_reader *reader, const struct sim_message *message);
/* Up to max more cells; 0 at the end. Bodies of relay cells may be short (crypt/symbolic_short.h). */
uint32_t sim_reader_cells(struct sim_reader *reader, struct cell_view *views_out,
                          uint8_t (*bodies)[CELL_BODY_LEN + 3], uint32_t max);

#endif
