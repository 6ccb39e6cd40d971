/* load_lane - the circuits of one connection as a load sees them: cells written in turn, cells received compared or counted.
 *
 * Circuits that have a stream (load_stream) write and take its cells instead, and SENDMEs that are owed.
 * A lane that is verified writes bodies of load_pattern, wrapped where the relay will peel, and checks each that comes back
 * for its place and every byte. Other lanes write one prepared body and count what arrives: to a relay an unrecognized
 * cell is as good as any.
 * Owner: a source or a sink. Memory: the circuits, from the heap. */
#ifndef LOOM_LOAD_LOAD_LANE_H
#define LOOM_LOAD_LOAD_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/list.h"
#include "base/nsec.h"
#include "base/table.h"
#include "base/work.h"
#include "load/load_options.h"
#include "load/load_pattern.h"
#include "wire/cell.h"

struct crypt_provider;
struct load_connection;
struct load_delay_slices;
struct load_stream;

/* How cells are written; shared by all lanes. */
struct load_shape {
    const struct crypt_provider *crypt;
    struct load_pattern pattern;
    uint32_t record_cells, run;
    struct load_delay_slices
        *delays;      /* of verified cells, from their writing to their arrival; NULL: nobody asks */
    nsec now;         /* when what is being written or read was; set while somebody asks */
    struct work work; /* of wrapping and peeling; nobody reads it */
    uint8_t record[LOAD_RECORD_MAX * CELL_LEN];
};

/* Records and runs of so many cells, and cells of one pattern. */
void load_shape_init(struct load_shape *shape, uint32_t record_cells, uint32_t run);

struct load_circuit {
    uint32_t id;     /* on the connection */
    uint32_t number; /* in the bodies that we write */
    uint32_t peer_number;
    uint32_t place; /* among those that write; UINT32_MAX: it does not yet */
    bool is_met;    /* peer_number is known */
    uint64_t sent, received;
    void *wrap, *peel;          /* layers of the relay, as its client has them; NULL away from the client */
    struct load_stream *stream; /* that ends at the relay; the circuit's own. NULL: there is none */
    struct list owing;          /* among those of the lane that owe SENDMEs */
};

struct load_lane {
    struct load_connection *connection;
    struct load_circuit **circuits; /* that write */
    uint32_t count, room;
    uint32_t cursor, run_left;
    struct table by_id;
    bool is_verified;
    bool answers_only; /* a circuit writes nothing before a cell has come on it */
    uint64_t sent, received, discarded_bytes;
    uint64_t sendmes; /* of streams, both ways; not in sent and received */
    struct list owing;
    uint64_t verified,
        wrong; /* cells compared; those that were not as they should be, and circuits destroyed */
};

void load_lane_init(struct load_lane *lane, bool is_verified);
void load_lane_fini(struct load_lane *lane);
/* Hands over circuit->stream. */
void load_lane_add(struct load_lane *lane, const struct load_circuit *circuit);

/* Its circuit with that id is gone, if there was one. */
void load_lane_drop(struct load_lane *lane, uint32_t id);

/* Write up to max cells in records of the shape and send them. Returns how many; 0 when the connection is full or over, or no
 * stream may write. */
uint32_t load_lane_write(struct load_lane *lane, struct load_shape *shape, uint32_t max);
/* Write the SENDMEs that are owed and send them, as far as the connection takes them. */
void load_lane_answer(struct load_lane *lane, struct load_shape *shape);
/* Plaintext has come. Returns how much was used: whole cells. */
size_t load_lane_receive(struct load_lane *lane, struct load_shape *shape, const uint8_t *bytes,
                         size_t length);
/* One cell that was framed already. */
void load_lane_take(struct load_lane *lane, struct load_shape *shape, const struct cell_view *cell);
/* So much plaintext was discarded. */
void load_lane_discarded(struct load_lane *lane, uint64_t length);

#endif
