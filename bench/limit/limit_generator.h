/* limit_generator - both ends of the wire around the limit's relay: the lanes and the flow of loom-load, so that what comes and
 * how it is pressed are alike; without circuits' handshakes.
 *
 * Owner and thread: main. */
#ifndef LOOM_LIMIT_LIMIT_GENERATOR_H
#define LOOM_LIMIT_LIMIT_GENERATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/nsec.h"
#include "load/load_flow.h"
#include "wire/address.h"

struct limit_generator;
struct limit_options;

/* Connect all links to address, one after the other, in the order of their numbers. NULL: one could not be secured in
 * time. Borrows options. */
MUST_USE struct limit_generator *limit_generator_new(const struct limit_options *options,
                                                     const struct endpoint *address);
void limit_generator_free(struct limit_generator *generator);
/* Make the circuits and stop looking at what is not verified. False when a link is not idle or not TLS 1.3. */
MUST_USE bool limit_generator_begin(struct limit_generator *generator);
struct load_flow *limit_generator_flow(struct limit_generator *generator);
/* Links lost and cells that were not as they should be. */
uint64_t limit_generator_losses(const struct limit_generator *generator);
/* Static text: the cipher of the first link. */
const char *limit_generator_cipher(const struct limit_generator *generator);

#endif
