/* primitives_options - what loom-primitives was called with.
 *
 * Memory: in place; texts point into argv. */
#ifndef LOOM_PRIMITIVES_PRIMITIVES_OPTIONS_H
#define LOOM_PRIMITIVES_PRIMITIVES_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "native/complaint.h"

struct primitives_options {
    uint32_t milliseconds; /* of all */
    uint32_t batch_us;     /* of one batch of a primitive */
    uint32_t every_ms;     /* between two readings of the yardstick */
    uint32_t units;        /* 0: measure; else run so many of each once, and measure nothing */
    const char *only;      /* NULL: all */
    bool is_yardstick;     /* read the yardstick alone */
    bool is_quiet, wants_list, wants_help;
};

/* Defaults, then argv. False with a complaint that names the option and what was expected. */
MUST_USE bool primitives_options_parse(int argc, const char *const *argv, struct primitives_options *out,
                                       struct complaint *complaint);
/* The help text. */
const char *primitives_options_help(void);

#endif
