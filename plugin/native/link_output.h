/* link_output - from the manager to the socket: full records, one send for a burst, and what a short send leaves over.
 *
 * Owner and thread: as the link's. A link whose socket fails is marked broken and ends at the end of the turn, never
 * here, so callers may go on using it. */
#ifndef LOOM_NATIVE_LINK_OUTPUT_H
#define LOOM_NATIVE_LINK_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link_shared;
struct tcp_facts;
struct tls_link;

/* End the link at the end of the turn. */
void link_output_break(struct tls_link *link);
/* Send what the link has put into the pipe, or keep it when earlier bytes are left over. Empties the pipe. */
void link_output_flush(struct tls_link *link);
/* One TLS record of these bytes, into the pipe, which has room for it. */
void link_output_record(struct tls_link *link, const uint8_t *bytes, size_t length);
/* The socket takes bytes again: send what is left over. */
void link_output_resume(struct tls_link *link);
/* Write what the link handshake wants to say. */
void link_output_handshake(struct tls_link *link);
/* Take the cells that were granted and send them in full records: one send, or one for each LINK_SEND_ROOM. */
void link_output_cells(struct tls_link *link);
/* Write the links for which a good burst waits already. Between two bursts of input: the buffers are in nobody's use. */
void link_output_ripe(struct link_shared *shared);
/* Ask the kernel for what KIST wants to know. */
void link_output_tcp_facts(struct tls_link *link, struct tcp_facts *out);

#endif
