/* origin_circuit_state - what the files of a circuit share, and nobody else needs: origin_circuit.c (its life),
 * origin_circuit_receive.c (what comes) and origin_circuit_streams.c (its streams).
 *
 * Owner: the circuit's. A circuit that is a leg stands for its set: streams are looked for on all legs. */
#ifndef LOOM_ORIGIN_ORIGIN_CIRCUIT_STATE_H
#define LOOM_ORIGIN_ORIGIN_CIRCUIT_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/nsec.h"

struct cell;
struct origin_circuit;
struct origin_stream;
struct relay_message;

/* The circuits whose streams c shares, one after the other: itself alone, or all legs of its set. Start with *number 0; NULL
 * behind the last. */
struct origin_circuit *origin_circuit_next_with(struct origin_circuit *c, unsigned *number);
/* Close the circuit because of that error, and its set: what went wrong is not this leg's alone. */
void origin_circuit_fail(struct origin_circuit *c, enum err error);

/* Close the circuit, if it is not closed yet; tell_peer: with a DESTROY. */
void origin_circuit_close(struct origin_circuit *c, uint8_t reason, enum err error, bool tell_peer);
/* Because of an error of this leg alone. */
void origin_circuit_close_for(struct origin_circuit *c, enum err error);
/* The relay that was asked will not be a hop. */
void origin_circuit_drop_handshake(struct origin_circuit *c);
/* Its streams hear that it is over. */
void origin_circuit_end_streams(struct origin_circuit *c);

/* The stream with that id; NULL when there is none. */
struct origin_stream *origin_circuit_stream(struct origin_circuit *c, uint16_t id);
/* Forget it; its id is free. */
void origin_circuit_free_stream(struct origin_circuit *c, struct origin_stream *s);
/* There is room again: tell all streams that wait for it. */
void origin_circuit_unblock_streams(struct origin_circuit *c);
/* Say what must not be left unsaid: without a cell for it the circuit ends. */
void origin_circuit_say(struct origin_circuit *c, const struct relay_message *m);
void origin_circuit_say_end(struct origin_circuit *c, const struct origin_stream *s, uint8_t reason);
void origin_circuit_say_xon(struct origin_circuit *c, struct origin_stream *s);
bool origin_circuit_has_congestion_control(const struct origin_circuit *c);
/* A DATA cell has come; it counts for the circuit whether its stream still exists or not. ERR_PROTOCOL, ERR_LIMIT. */
MUST_USE enum err origin_circuit_count_data(struct origin_circuit *c);
/* A SENDME of the circuit has come. ERR_PROTOCOL, ERR_MALFORMED, ERR_BAD_SIGNATURE. */
MUST_USE enum err origin_circuit_receive_sendme(struct origin_circuit *c, nsec now, struct span data);
/* Hear a message of a stream. Those for a stream that we have ended may come late and are ignored. Takes *cell over when it
 * sets it to NULL. */
void origin_circuit_receive_for_stream(struct origin_circuit *c, const struct relay_message *m,
                                       struct cell **cell);

#endif
