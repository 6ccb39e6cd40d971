/* link_input - from the receive buffer to the manager: records decrypted, whole cells handed over, the rest kept.
 *
 * Owner and thread: as the link's. Bound: LINK_REST_MAX bytes of an unfinished cell. */
#ifndef LOOM_NATIVE_LINK_INPUT_H
#define LOOM_NATIVE_LINK_INPUT_H

#include "base/attributes.h"
#include "native/tls_session.h"

struct tls_link;

/* Decrypt what the pipe brings and hand it over in one piece, so that cells of one circuit come in long runs. TLS_DONE:
 * there is more in the pipe. The manager may have hung up on the link. */
MUST_USE enum tls_result link_input_plain(struct tls_link *link);

#endif
