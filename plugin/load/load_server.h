/* load_server - where the streams of an exit's load, or of an attack, lead: a listener at a loopback port that takes all
 * connections, and gives bytes without end from when it is told to, or takes them.
 *
 * Owner: the sides of a load, or an attack. Thread: the program has one. Bound: the kernel keeps LOAD_SERVER_ROOM of what one
 * connection is given. */
#ifndef LOOM_LOAD_LOAD_SERVER_H
#define LOOM_LOAD_LOAD_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

#define LOAD_SERVER_ROOM (128 * 1024)

struct event_base;
struct load_server;

/* NULL when there is no port. */
MUST_USE struct load_server *load_server_new(struct event_base *base, bool gives);
/* NULL is fine. */
void load_server_free(struct load_server *server);
uint16_t load_server_port(const struct load_server *server);
/* Begin, with the connections that are there and with others as they come. */
void load_server_begin(struct load_server *server);
void load_server_end(struct load_server *server);
/* Bytes that it took. */
uint64_t load_server_taken(const struct load_server *server);
/* Connections that the relay has closed; 0 when all is well. */
uint64_t load_server_losses(const struct load_server *server);

#endif
