/* relay_table - the relays of a network without who they are: what a simulation needs of each, as a text.
 *
 * Lines of a head that begin with '#', the names of the columns, then one line a relay. Rows are in the order of their own
 * content, so that the order tells nothing of names.
 * Memory: owns its rows. Bound: RELAY_TABLE_ROWS_MAX. */
#ifndef LOOM_NETWORK_RELAY_TABLE_H
#define LOOM_NETWORK_RELAY_TABLE_H

#include <stdio.h>

#include "network/country_latency.h"
#include "wire/consensus.h"

#define RELAY_TABLE_ROWS_MAX CONSENSUS_RELAYS_MAX
#define RELAY_TABLE_RATE_MAX UINT64_C(1000000000000) /* bytes/s */

/* The flags that matter to a path or a rate; of the others, Running and Valid are true of each row. */
#define RELAY_TABLE_FLAGS                                                                     \
    (RELAY_AUTHORITY | RELAY_BAD_EXIT | RELAY_EXIT | RELAY_FAST | RELAY_GUARD | RELAY_HSDIR | \
     RELAY_MIDDLE_ONLY | RELAY_STABLE | RELAY_V2DIR)

struct relay_row {
    uint32_t weight;   /* of the consensus */
    uint64_t capacity; /* the most that it was seen to carry, bytes/s; its CPU's limit is in it */
    uint64_t rate;     /* its own limit, bytes/s */
    uint64_t burst;    /* bytes */
    struct country country;
    uint16_t flags; /* enum relay_flag, of RELAY_TABLE_FLAGS */
};

struct relay_table {
    uint32_t count;
    struct relay_row *rows;
};

/* False without memory. */
MUST_USE bool relay_table_init(struct relay_table *table, uint32_t count);
void relay_table_fini(struct relay_table *table);
/* Heaviest first; equal content is equal rows, so the order is one. */
void relay_table_sort(struct relay_table *table);

/* The columns' names and the rows; the caller writes the head. */
void relay_table_write(const struct relay_table *table, FILE *out);
/* Read the text of a table; file is its name in mistakes. On failure out holds nothing. */
MUST_USE bool relay_table_parse(const char *file, struct span text, struct relay_table *out,
                                struct mistake *mistake);

#endif
