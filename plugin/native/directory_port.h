/* directory_port - the directory over plain TCP: each connection to a DirPort is a session of the directory server. For who
 * cannot or need not build a circuit: authorities, tools and tests. It is not advertised.
 *
 * Owner and thread: main. Bound: DIRECTORY_PORT_CONNECTIONS_MAX connections, further ones are closed; a connection on which
 * nothing moves for DIRECTORY_PORT_IDLE_S is closed; at most DIRECTORY_PORT_BUFFER bytes of an answer are buffered. */
#ifndef LOOM_NATIVE_DIRECTORY_PORT_H
#define LOOM_NATIVE_DIRECTORY_PORT_H

#include <stdint.h>

#include "base/attributes.h"
#include "core/hibernation.h"

#define DIRECTORY_PORT_CONNECTIONS_MAX 256u
#define DIRECTORY_PORT_IDLE_S          60
#define DIRECTORY_PORT_BUFFER          65536u

struct archive;
struct directory_port;
struct event_base;
struct listeners;

/* Accept from now on. Borrows base and listeners, which are open. Ends the process without memory. */
MUST_USE struct directory_port *directory_port_new(struct event_base *base, struct listeners *listeners);
/* Sleep or wake up: asleep nobody is let in, dormant all connections are closed. */
void directory_port_hibernate(struct directory_port *port, enum hibernation hibernation);
/* Add the bytes of all connections to totals. */
void directory_port_bytes(const struct directory_port *port, uint64_t *read, uint64_t *written);
/* Closes connections and listeners. NULL is fine. */
void directory_port_free(struct directory_port *port);
/* Requests that come from now on are answered from this. Hands over a reference. */
void directory_port_set_archive(struct directory_port *port, struct archive *archive);

#endif
