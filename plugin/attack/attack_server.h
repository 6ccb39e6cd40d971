/* attack_server - where the attacker's streams lead: a listener at a loopback port that takes all connections, and gives without
 * end, or says nothing.
 *
 * Owner: an attack. Thread: the program has one. */
#ifndef LOOM_ATTACK_ATTACK_SERVER_H
#define LOOM_ATTACK_ATTACK_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "wire/address.h"

struct attack_server;
struct event_base;

/* NULL when there is no port. */
MUST_USE struct attack_server *attack_server_new(struct event_base *base, bool gives);
void attack_server_free(struct attack_server *server);
uint16_t attack_server_port(const struct attack_server *server);
/* Connections that were closed from the other side so far. */
uint64_t attack_server_closed(const struct attack_server *server);

#endif
