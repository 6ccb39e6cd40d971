/* load_entry - the client's side of a connection into the relay under load: its link handshake, and the cells that its
 * circuits queue, until the caller writes cells of its own.
 *
 * Owner: whoever has the connection. Thread: the generator has one. */
#ifndef LOOM_LOAD_LOAD_ENTRY_H
#define LOOM_LOAD_LOAD_ENTRY_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/nsec.h"
#include "load/load_options.h"

struct crypt_provider;
struct link_credentials;
struct load_connection;
struct origin;
struct origin_link;
struct origin_target;

#define LOAD_BUILDING_MAX 64u /* circuits in the making */

/* An origin with room for the options' links and circuits. Freed with origin_free. */
struct origin *load_entry_origin(const struct crypt_provider *crypt, const struct load_options *options);
/* The relay under load as the first hop of a circuit. */
void load_entry_target(const struct load_options *options, struct origin_target *out);
/* TLS is there: begin the link handshake, which expects the relay of the options. credentials: of the relay that we pretend to be;
 * NULL: we are a client. NULL when TLS shows no certificate. */
MUST_USE struct origin_link *load_entry_link(struct origin *o, nsec now, const struct load_options *options,
                                             struct load_connection *connection,
                                             const struct link_credentials *credentials);
/* Write what the link has, as far as the connection takes it. False: the connection is over. */
MUST_USE bool load_entry_write(struct origin_link *link, nsec now, struct load_connection *connection);
/* Ask the relay not to pad this open link when it idles (padding-spec 2.2): who discards what comes would count that as
 * load. Only as a client. False: the connection is over. */
MUST_USE bool load_entry_refuse_padding(struct load_connection *connection);

#endif
