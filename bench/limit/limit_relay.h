/* limit_relay - the least that a relay must do for a cell: open its record, run the cipher of its circuit, seal it into a record
 * of the link that it leaves by. No Tor beyond that: no checks of streams, no scheduler, no queues of circuits.
 *
 * What comes in a turn is gathered by outgoing link; limit_relay_flush seals it in records as full as may be.
 * A cell's CircID is the number of its circuit and 1, on both links. Cells that come by a way in are peeled, those that come
 * by a way out are wrapped: both take one AES-128-CTR.
 * Owner and thread: the measured thread. Bound: the generator's window is all that can wait here. */
#ifndef LOOM_LIMIT_LIMIT_RELAY_H
#define LOOM_LIMIT_LIMIT_RELAY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/list.h"
#include "base/work.h"
#include "limit/limit_record.h"
#include "wire/cell.h"

#define LIMIT_RECORD_CELLS 31u /* that fill a record */
#define LIMIT_OPENED_RECORDS \
    4u /* opened before their cells are looked at: their circuits are fetched meanwhile */
#define LIMIT_SEND_RECORDS 16u /* at a time */
#define LIMIT_SEND_ROOM    (LIMIT_SEND_RECORDS * LIMIT_RECORD_MAX)

struct crypt_provider;

/* How a back end takes what is to be sent on a link. */
struct limit_output {
    bool (*can_write)(void *context, uint32_t link);
    /* Room for length bytes, at most LIMIT_SEND_ROOM; */
    uint8_t *(*reserve)(void *context, uint32_t link, size_t length);
    /* and so many were written there: they are to be sent. */
    void (*commit)(void *context, uint32_t link, size_t length);
    void *context;
};

struct limit_batch {
    struct limit_batch *next;
    uint32_t cells;
    uint8_t plain[LIMIT_RECORD_CELLS * CELL_LEN + 1];
};

struct limit_link {
    struct limit_cipher opens, seals;
    struct limit_batch *first, *last; /* what waits; all but the last are full */
    struct list waiting;
};

struct limit_circuit {
    uint32_t way_in, way_out;
};

/* Links 0 to ways - 1 are ways in, ways to 2 * ways - 1 are ways out. */
struct limit_relay {
    const struct crypt_provider *crypt;
    const struct limit_output *output;
    struct limit_link *links;
    struct limit_circuit *circuits;
    uint8_t *layers; /* two for each circuit: forward, backward */
    size_t layer_stride;
    uint32_t ways, circuit_count;
    struct list waiting; /* links with cells */
    struct limit_batch *spare;
    struct work work;
    uint64_t records_in;
    atomic_uint_least64_t records_out; /* read by the generator meanwhile: relaxed, nothing goes with it */
    uint8_t opened[LIMIT_OPENED_RECORDS * (LIMIT_PLAIN_MAX + 1)];
};

/* Links have no keys yet. Borrows crypt; output is set before anything comes. */
MUST_USE struct limit_relay *limit_relay_new(const struct crypt_provider *crypt, uint32_t ways,
                                             uint32_t circuits);
void limit_relay_free(struct limit_relay *relay);
/* The keys of a circuit's layers, which its client knows too. way_out counts from 0. */
void limit_relay_circuit(struct limit_relay *relay, uint32_t circuit, uint32_t way_in, uint32_t way_out);
struct layer_keys;
void limit_relay_layer_keys(uint32_t circuit, bool is_backward, struct layer_keys *out);

/* Bytes have come on a link. Returns how many were used: whole records; what is left is less than a record. SIZE_MAX: they
 * are no records of our peer. */
MUST_USE size_t limit_relay_receive(struct limit_relay *relay, uint32_t link, const uint8_t *bytes,
                                    size_t length);
/* Seal and send all that waits for links that can write. */
void limit_relay_flush(struct limit_relay *relay);

#endif
