/* origin_link - a link to a guard from the client's side: the link handshake without showing who we are (unless asked to), and circuits by
 * their ids.
 *
 * The mirror of a manager's link (core/connection_manager.h): the runtime does TLS, brings bytes or cells, writes the
 * handshake's output and takes cells when the connection can be written. What breaks the rules of the link closes it;
 * what can be blamed on a circuit closes that.
 * Owner: one thread. Memory: slab objects of the origin; a pointer is the user's until origin_link_free. */
#ifndef LOOM_ORIGIN_ORIGIN_LINK_H
#define LOOM_ORIGIN_ORIGIN_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/nsec.h"
#include "core/cell_pool.h"
#include "core/link_facts.h"
#include "core/link_handshake.h"
#include "origin/origin_circuit.h"
#include "origin/origin_context.h"
#include "wire/cell.h"

enum origin_link_state { ORIGIN_LINK_HANDSHAKING, ORIGIN_LINK_OPEN, ORIGIN_LINK_CLOSED };

/* News, in the order in which they are told. */
enum origin_link_news { ORIGIN_LINK_NEWS_OPENED = 1, ORIGIN_LINK_NEWS_CLOSED = 2 };

struct origin_link {
    struct origin_ready ready;
    struct origin *origin;
    void *user;                       /* the user's own */
    struct link_handshake *handshake; /* until it is open and its output is written */
    struct origin_outlet outlet;
    uint8_t state; /* enum origin_link_state */
    uint8_t error; /* enum err that closed it; ERR_OK when the network did */
};

/* A dialled connection has finished TLS. facts->credentials is NULL, and facts->export_context not used, unless the peer shall take
 * us for a relay. expected says who it has to be, or NULL for anybody. NULL at a bound or without memory. */
MUST_USE struct origin_link *origin_link_new(struct origin *o, nsec now, const struct link_facts *facts,
                                             const struct link_expectation *expected);
/* Close it without telling the peer; the pointer and those to its circuits and their streams become invalid. */
void origin_link_free(struct origin_link *link, nsec now);
/* The network has closed the connection. */
void origin_link_closed(struct origin_link *link, nsec now);

/* Plaintext bytes have come. Returns how many were used (whole cells); give the rest again with what follows. After an
 * error the link is closed (the runtime closes the connection) and everything counts as used. */
size_t origin_link_receive_bytes(struct origin_link *link, nsec now, const uint8_t *bytes, size_t length);
/* The same for cells that somebody else has framed. */
void origin_link_receive(struct origin_link *link, nsec now, const struct cell_view *cells, uint32_t n);

/* Bytes to be written before any cell; they stay valid until origin_link_handshake_written. */
struct span origin_link_handshake_output(const struct origin_link *link);
void origin_link_handshake_written(struct origin_link *link, size_t length);

/* There are cells to take. */
bool origin_link_wants_write(const struct origin_link *link);
/* Take up to max cells, circuits in turn; the caller writes them and gives them back with origin_link_release. */
uint32_t origin_link_take(struct origin_link *link, nsec now, struct cell **cells_out, uint32_t max);
void origin_link_release(struct origin_link *link, struct cell **cells, uint32_t n);

/* Begin a circuit over this link, whose first hop is the relay at its other end. NULL when the link is not open, at a
 * bound or without memory. */
MUST_USE struct origin_circuit *origin_link_circuit(struct origin_link *link, nsec now,
                                                    const struct origin_target *first);

#endif
