/* attack_connections - connections that go so far and no further: TCP, TLS or the link handshake. What the relay closes is
 * dialled again. */
#ifndef LOOM_ATTACK_ATTACK_CONNECTIONS_H
#define LOOM_ATTACK_ATTACK_CONNECTIONS_H

#include <stdbool.h>

#include "base/attributes.h"
#include "native/complaint.h"

struct attack_world;

/* tcp, tls or links. False with a complaint. */
MUST_USE bool attack_connections(struct attack_world *world, struct complaint *complaint);

#endif
