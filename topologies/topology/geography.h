/* geography - a graph of countries whose latencies are those of light between their main cities.
 *
 * Where cities lie is read from zone.tab of the time zone database (public domain): of a country its first zone, but for a few
 * whose first zone is not that of its largest city. The law: one way is GEOGRAPHY_ACCESS_US and GEOGRAPHY_KM_US for each
 * kilometre of the great circle. Cables make detours and cities are no points: a scenario scales what comes out. */
#ifndef LOOM_TOPOLOGY_GEOGRAPHY_H
#define LOOM_TOPOLOGY_GEOGRAPHY_H

#include "topology/graph.h"

#define GEOGRAPHY_ACCESS_US 5000 /* of both ends together: 2.5 ms from a host to its city's exchange */
#define GEOGRAPHY_KM_US     5    /* light in glass: 200 km in a millisecond */
#define GEOGRAPHY_ZONES_MAX 1024u

/* Read the text of zone.tab; path is its name in errors. On failure say why in one line, and out holds nothing. */
bool geography_read(const char *path, FILE *file, struct graph *out, FILE *errors);

#endif
