/* memnet - Tor in one process and in virtual time: relays with their fake ports, origins, and servers behind the exits.
 *
 * Everything that a runtime does natively happens here as events of one queue: links carry bytes with a latency and a
 * bounded amount outstanding, handshakes come back from workers after a delay, stations are woken after a delay. Equal
 * options, seeds and calls give equal traces.
 * There is no TLS: link_facts have fixed certificate digests, and an exporter that both ends compute alike.
 * Thread: one. Memory: relays and origins take theirs from one counting heap (memnet_heap). */
#ifndef LOOM_MEMNET_MEMNET_H
#define LOOM_MEMNET_MEMNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/nsec.h"
#include "core/relay.h"
#include "memnet/heap.h"
#include "origin/origin.h"

struct memnet;
struct memnet_relay;
struct memnet_client;
struct memnet_raw;

#define MEMNET_PORT 9001u /* relay i listens on 10.0.0.(i + 1) */

struct memnet_options {
    bool is_symbolic; /* crypt/symbolic instead of OpenSSL */
    uint64_t seed;
    nsec link_latency, edge_latency, job_delay, wake_delay;
    size_t window;      /* bytes that a link end's TCP has on the way; as much again waits in its socket */
    size_t deliver_max; /* bytes that come out of a link at once; 0: as they were written */
};

void memnet_options_default(struct memnet_options *options_out);
struct memnet *memnet_new(const struct memnet_options *options);
/* Free everything. Afterwards nothing of the heap may be live: returns whether that is so. */
MUST_USE bool memnet_free(struct memnet *net);
struct heap *memnet_heap(struct memnet *net);
nsec memnet_now(const struct memnet *net);
const struct crypt_provider *memnet_crypt(const struct memnet *net);

/* Run what happens up to and including `until`; afterwards that is the time. */
void memnet_run_until(struct memnet *net, nsec until);
void memnet_run_for(struct memnet *net, nsec duration);
/* Run until *flag is set; false when it is not by then. */
MUST_USE bool memnet_run_until_set(struct memnet *net, const bool *flag, nsec duration_max);

/* --- relays ----------------------------------------------------------------------------------------------------- */

/* Defaults for a relay of this network: an exit, private addresses allowed. */
void memnet_relay_config(struct memnet *net, struct relay_config *config_out);
/* NULL when the heap fails. */
MUST_USE struct memnet_relay *memnet_relay_add(struct memnet *net, const struct relay_config *config);
/* The relay as a hop; ipv4 set. */
void memnet_relay_target(const struct memnet_relay *relay, struct origin_target *target_out);
/* Circuits, links and cells that the relay has now, over all its managers. */
struct memnet_load {
    uint64_t halves, links, halves_opened, halves_closed;
    uint64_t halves_cgo;      /* opened with counter galois onion */
    uint64_t cells_reclaimed; /* of circuits closed because cells ran out */
};
struct memnet_load memnet_relay_load(struct memnet_relay *relay);
/* Move a link of the relay, chosen by that number, to the station that is so many further on; false: not now. */
bool memnet_relay_move(struct memnet_relay *relay, uint64_t which, uint16_t further);
const struct move_figures *memnet_relay_moves(struct memnet_relay *relay);
/* From now on nothing more is accepted, and dialling it fails. */
void memnet_relay_stop_listening(struct memnet_relay *relay);
/* Break every link between the two at once, with what is on its way. */
void memnet_cut(struct memnet *net, struct memnet_relay *a, struct memnet_relay *b);
/* TCP of all links from a to b takes no more (on: true), or goes on. b is a relay, or NULL for all clients. */
void memnet_stall(struct memnet *net, struct memnet_relay *a, struct memnet_relay *b, bool on);
/* Put bytes into the stream of the (first) link from a to b, as if a had written them. b is NULL: to the first client. */
void memnet_inject(struct memnet *net, struct memnet_relay *a, struct memnet_relay *b, const uint8_t *bytes,
                   size_t length);

/* Circuit id of the cell that a sent last on a link to b. */
uint32_t memnet_last_circuit(struct memnet *net, struct memnet_relay *a, struct memnet_relay *b);

/* --- servers ---------------------------------------------------------------------------------------------------- */

/* What stands behind "host:port" of a BEGIN. Each connection is given `sends` bytes of pattern `sends_seed`, and is to
 * bring `expects` bytes of pattern `expects_seed`; the server closes after both when it `closes`. */
struct memnet_server {
    const char *host;
    uint16_t port;
    uint64_t sends, sends_seed;
    uint64_t expects, expects_seed;
    bool echoes; /* gives back what comes, instead */
    bool closes;
    bool is_stalled;      /* takes no bytes */
    uint8_t refuses_with; /* enum end_reason; 0: accepts */
    /* what has happened */
    uint64_t connections, closed, bytes_in, bytes_out;
    bool has_mismatch;
};
/* Borrows server. */
void memnet_server_add(struct memnet *net, struct memnet_server *server);

/* --- clients ---------------------------------------------------------------------------------------------------- */

/* Sensible values for everything; change what you like. */
void memnet_origin_config(struct memnet *net, struct origin_config *config_out);
/* on_event is called for each event of the client's origin; it may call the origin. NULL when the heap fails. */
MUST_USE struct memnet_client *memnet_client_add(struct memnet *net, const struct origin_config *config,
                                                 void (*on_event)(void *context, const struct origin_event *),
                                                 void *context);
struct origin *memnet_client_origin(struct memnet_client *client);
/* Dial the relay. The link appears with its LINK_OPENED event, or not at all: then memnet_client_link says NULL. */
void memnet_client_dial(struct memnet_client *client, struct memnet_relay *relay);
/* The link dialled first, once the connection is made; NULL before, and after it was freed. */
struct origin_link *memnet_client_link(struct memnet_client *client);
/* Free that link; the relay sees its connection close. */
void memnet_client_hangup(struct memnet_client *client);
/* Events and output after calls of the origin from outside on_event. */
void memnet_client_turn(struct memnet_client *client);
/* The client reads no more (on: true), or goes on: the relay's TCP takes no more for it. No-op without a link. */
void memnet_client_stall(struct memnet_client *client, bool on);
/* Put bytes into the stream of its link. */
void memnet_client_inject(struct memnet_client *client, const uint8_t *bytes, size_t length);

/* --- connections without a protocol ------------------------------------------------------------------------------ */

struct memnet_raw *memnet_raw_dial(struct memnet *net, struct memnet_relay *relay);
void memnet_raw_send(struct memnet_raw *raw, const uint8_t *bytes, size_t length);
void memnet_raw_close(struct memnet_raw *raw);
bool memnet_raw_is_closed(const struct memnet_raw *raw);
size_t memnet_raw_received(const struct memnet_raw *raw);

/* --- the trace -------------------------------------------------------------------------------------------------- */

/* Begin to trace; keeps the text when keep_text, and always its FNV-1a and number of lines. */
void memnet_trace_start(struct memnet *net, bool keep_text);
const char *memnet_trace_text(const struct memnet *net);
uint64_t memnet_trace_fnv(const struct memnet *net);
uint64_t memnet_trace_lines(const struct memnet *net);
/* A line of the story itself. */
void memnet_trace_note(struct memnet *net, const char *text);

#endif
