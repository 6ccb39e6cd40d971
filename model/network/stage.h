/* stage - a table of relays from a consensus and what was staged of its relays: flags and weights of the one, capacities
 * and countries of the other, names and addresses of neither. */
#ifndef LOOM_NETWORK_STAGE_H
#define LOOM_NETWORK_STAGE_H

#include <stdio.h>

#include "network/relay_table.h"
#include "network/staging.h"

/* A text that was read, and the name that mistakes and the table's head give it. */
struct stage_input {
    const char *file;
    struct span text; /* a NUL follows it */
};

/* Take relays of the first country for relays of the second: some databases know regions, as EU. */
struct country_replacement {
    struct country from, to;
};

struct stage_inputs {
    struct stage_input consensus; /* of either flavour */
    struct stage_input staging;   /* JSON of tornettools */
    struct stage_input latency;   /* country table: the countries that there are */
    const struct country_replacement *replacements;
    uint32_t replacement_count;
};

/* Write the table with its head. The same inputs give the same bytes. On a mistake, what out has is of no use. */
MUST_USE bool stage_write(const struct stage_inputs *inputs, FILE *out, struct mistake *mistake);

#endif
