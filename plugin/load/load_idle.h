/* load_idle - circuits that idle: built through the relay under load in stages, used once, destroyed; and held as they are
 * between the stages, for as long as whoever measures likes.
 *
 * After each stage a line is written to the standard output, {"stage": NAME, "links": N, "circuits": N}; the next one begins
 * when a line has come on the standard input, which is a pipe. The stages are, with S steps:
 *   links      S times: so many more links, with a circuit over each two of them, in and out
 *   circuits   S times: so many more circuits
 *   used       each circuit has carried a cell each way
 *   destroyed  no circuits, all links
 * Owner: main. Thread: the generator has one. Bound: IDLE_WINDOW cells are between writing and arrival, so that the relay's
 * queues stay as short as they would be with circuits that idle. */
#ifndef LOOM_LOAD_LOAD_IDLE_H
#define LOOM_LOAD_LOAD_IDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "native/complaint.h"

struct load_sides;

/* Go through all stages. False with a complaint when a link or a circuit is lost, or nobody asks for the next stage. */
MUST_USE bool load_idle_run(struct load_sides *sides, uint32_t steps, struct complaint *complaint);

#endif
