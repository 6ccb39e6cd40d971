/* load_source - the clients before the relay under load: links into it, and circuits through it to the sinks, or to it with a stream
 * each, built by plugin/origin; afterwards each link is a lane.
 *
 * Owner: main. Thread: the generator has one. Bound: LOAD_BUILDING_MAX (load_entry.h) circuits are built at a time. */
#ifndef LOOM_LOAD_LOAD_SOURCE_H
#define LOOM_LOAD_LOAD_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "load/load_lane.h"
#include "load/load_options.h"

struct load_net;
struct load_sink;
struct load_source;

/* Ports on the loopback where streams of an exit's load lead. */
struct load_doors {
    uint16_t gives, takes;
};

/* Nothing is dialled yet. Borrows everything: sinks of a middle's load; of an exit's doors, and one sink, whose identity we show. */
MUST_USE struct load_source *load_source_new(struct load_net *net, struct load_shape *shape,
                                             const struct load_options *options,
                                             struct load_sink *const *sinks, const struct load_doors *doors);
/* NULL is fine. */
void load_source_free(struct load_source *source);

/* Let there be so many links in all, and over them so many circuits; load_plan says which way each goes. Neither is fewer than
 * before, nor more than the options say, and as long as there are fewer links than that there are not more circuits than links. */
void load_source_grow(struct load_source *source, uint32_t ways, uint32_t circuits);
/* Circuits that are open to their sink. */
uint32_t load_source_built(const struct load_source *source);
/* Links lost and circuits closed; 0 when all is well. */
uint64_t load_source_losses(const struct load_source *source);
/* What became of the first; empty when there is none. */
const char *load_source_first_loss(const struct load_source *source);
/* All circuits are built: what comes from now on is load, which is not even looked at when it discards, unless it is verified.
 * False when a link cannot be switched. */
MUST_USE bool load_source_begin_load(struct load_source *source, bool discards);
struct load_lane *load_source_lane(struct load_source *source, uint32_t way);
/* Static text: the cipher of the first link. */
const char *load_source_cipher(const struct load_source *source);

#endif
