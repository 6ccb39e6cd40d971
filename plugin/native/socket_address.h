/* socket_address - endpoints as the socket calls want them, and back; and the settings that all our sockets share. */
#ifndef LOOM_NATIVE_SOCKET_ADDRESS_H
#define LOOM_NATIVE_SOCKET_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/attributes.h"
#include "wire/address.h"

/* The endpoint's address has a family. Returns the length of what was written. */
socklen_t socket_address_from(const struct endpoint *endpoint, struct sockaddr_storage *out);
/* False for families that we do not know. IPv4 in IPv6 becomes IPv4. */
MUST_USE bool socket_address_to(const struct sockaddr *address, struct endpoint *out);

/* A non-blocking stream socket that sends at once (TCP_NODELAY) and is on its way to endpoint. -1 with errno when that
 * cannot even begin. */
MUST_USE int socket_connect(const struct endpoint *to);
/* Cells wait in our queues, not in Nagle's. */
void socket_send_at_once(int fd);

#endif
