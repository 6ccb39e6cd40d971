/* limit_accept - the relay's side of a connection until it carries cells: TCP and OpenSSL's handshake, whose keys then go to
 * the limit's own records.
 *
 * Thread: the measured thread, before it is measured. Blocks. */
#ifndef LOOM_LIMIT_LIMIT_ACCEPT_H
#define LOOM_LIMIT_LIMIT_ACCEPT_H

#include <stdbool.h>

#include "base/attributes.h"
#include "limit/limit_record.h"
#include "wire/address.h"

struct limit_link;
struct tls_identity;

/* Listen on a free loopback port; returns the socket. */
MUST_USE int limit_listen(struct endpoint *address_out);
/* Have the identity's server speak nothing but this TLS 1.3 suite. False: no such suite. */
MUST_USE bool limit_identity_prepare(struct tls_identity *identity, const char *suite);
/* Accept one connection and finish its handshake; fd_out is non-blocking then. False: it failed. */
MUST_USE bool limit_accept(int listener, const struct tls_identity *identity, enum limit_aead aead,
                           struct limit_link *link, int *fd_out);

#endif
