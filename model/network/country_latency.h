/* country_latency - latencies between countries, from the table that loom-topology writes (topologies/data).
 *
 * Memory: owns its arrays. Bound: COUNTRIES_MAX. */
#ifndef LOOM_NETWORK_COUNTRY_LATENCY_H
#define LOOM_NETWORK_COUNTRY_LATENCY_H

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/nsec.h"
#include "files/mistake.h"

#define COUNTRIES_MAX          1024u
#define COUNTRY_NONE           UINT32_MAX
#define COUNTRY_LATENCY_NS_MAX (60 * NSEC_PER_S)

/* Two letters, "DE". */
struct country {
    char code[3];
};

struct country_latency {
    uint32_t count;
    struct country *countries; /* in alphabetical order */
    nsec *latency;             /* count x count, symmetric */
};

/* Take exactly two upper-case letters. */
MUST_USE bool country_parse(struct span text, struct country *out);

/* Read the text of a table; file is its name in mistakes. On failure out holds nothing. */
MUST_USE bool country_latency_parse(const char *file, struct span text, struct country_latency *out,
                                    struct mistake *mistake);
void country_latency_fini(struct country_latency *table);

/* Index of a country, or COUNTRY_NONE. */
uint32_t country_latency_find(const struct country_latency *table, struct country country);
/* One way between two countries by index, never 0. */
nsec country_latency_between(const struct country_latency *table, uint32_t a, uint32_t b);

#endif
