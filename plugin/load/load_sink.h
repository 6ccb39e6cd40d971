/* load_sink - the relays behind the relay under load: each is one identity at one port, answers CREATE2, and then is a lane.
 *
 * Keys are made in a folder of its own under the one given, unless they are there already.
 * Owner: main. Thread: the generator has one. */
#ifndef LOOM_LOAD_LOAD_SINK_H
#define LOOM_LOAD_LOAD_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "load/load_lane.h"
#include "native/complaint.h"
#include "origin/origin_handshake.h"

struct link_credentials;
struct load_net;
struct load_sink;

/* Listen on a free loopback port. number: of the sink's keys in the folder. Borrows net and shape. NULL with a complaint. */
MUST_USE struct load_sink *load_sink_new(struct load_net *net, struct load_shape *shape, const char *folder,
                                         uint32_t number, bool is_verified, struct complaint *complaint);
/* NULL is fine. */
void load_sink_free(struct load_sink *sink);
/* How a circuit is extended to it. */
void load_sink_target(const struct load_sink *sink, struct origin_target *out);
/* What it shows that it is a relay, for as long as it lives. */
const struct link_credentials *load_sink_credentials(const struct load_sink *sink);
/* Its lane has the circuits that it answered, until they are destroyed. */
struct load_lane *load_sink_lane(struct load_sink *sink);
/* Circuits that were destroyed, links that were lost: 0 when all is well. */
uint64_t load_sink_losses(const struct load_sink *sink);
/* What became of the first; empty when there is none. */
const char *load_sink_first_loss(const struct load_sink *sink);
/* Stop looking at what comes, unless it is verified. */
MUST_USE bool load_sink_discard(struct load_sink *sink);

#endif
