/* load_sides - both sides of the relay under load: its clients before it and the relays or servers behind it, and the circuits from
 * the ones to the others.
 *
 * Owner: main. Thread: the generator has one. Memory: from the heap; the keys of the relays behind are files, which go with
 * it. */
#ifndef LOOM_LOAD_LOAD_SIDES_H
#define LOOM_LOAD_LOAD_SIDES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "load/load_options.h"
#include "native/complaint.h"

struct load_net;
struct load_shape;
struct load_server;
struct load_sink;
struct load_source;

struct load_sides {
    const struct load_options *options;
    struct load_net *net;
    struct load_shape *shape;
    struct load_sink **sinks;          /* one for each way; of an exit's load one, who we are, */
    struct load_server *gives, *takes; /* and these */
    struct load_source *source;
    uint32_t ways; /* in, and for a middle as many out */
    uint32_t sink_count;
    char folder[64]; /* of keys that go with it; empty: they stay where --keys says */
};

/* Listen behind the relay; nothing is dialled yet. Borrows options. NULL with a complaint. */
MUST_USE struct load_sides *load_sides_new(const struct load_options *options, struct complaint *complaint);
/* NULL is fine. */
void load_sides_free(struct load_sides *sides);
/* Links and circuits that were lost; 0 when all is well. */
uint64_t load_sides_losses(const struct load_sides *sides);
/* What became of the first of one side, as far as is known. */
const char *load_sides_first_loss(const struct load_sides *sides);
/* Let there be so many circuits in all, over the first so many ways, and wait for them. False with a complaint when that is not to
 * be. */
MUST_USE bool load_sides_build(struct load_sides *sides, uint32_t ways, uint32_t circuits,
                               struct complaint *complaint);

#endif
