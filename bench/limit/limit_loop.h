/* limit_loop - what a back end is run with. */
#ifndef LOOM_LIMIT_LIMIT_LOOP_H
#define LOOM_LIMIT_LIMIT_LOOP_H

#include <stdatomic.h>
#include <stdint.h>

#define LIMIT_WAIT_MS 50 /* for anything to come; then is_over is looked at */

struct limit_relay;

struct limit_loop {
    struct limit_relay *relay;
    const int *fds; /* non-blocking, by the number of the link */
    uint32_t links;
    const atomic_bool
        *is_over; /* set by the generator, read once a turn at least: relaxed, nothing goes with it */
};

#endif
