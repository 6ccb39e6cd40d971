/* attack_socket - sockets as an attacker wants them: from an address of his choice, with buffers of his choice, and one that takes
 * connections and never answers. */
#ifndef LOOM_ATTACK_ATTACK_SOCKET_H
#define LOOM_ATTACK_ATTACK_SOCKET_H

#include <stdbool.h>

#include "base/attributes.h"
#include "wire/address.h"

/* A socket that is on its way to an endpoint, from an address. -1 when that cannot even begin. */
MUST_USE int attack_socket_connect(const struct endpoint *from, const struct endpoint *to,
                                   bool has_small_buffers);
/* A listener at a loopback port of its own whose SYNs nobody answers, because its queue is full; the sockets that fill it are left
 * to the end of the process. False when it could not be had. */
MUST_USE bool attack_socket_silent(struct endpoint *out);

#endif
