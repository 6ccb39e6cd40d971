/* latency - a latency as graphs write it, "10 ms" or 10.25, in microseconds. */
#ifndef LOOM_TOPOLOGY_LATENCY_H
#define LOOM_TOPOLOGY_LATENCY_H

#include <stdbool.h>
#include <stdint.h>

#define LATENCY_US_MAX 60000000 /* a minute: more is a mistake */

/* Take a number with an optional unit (ns, us, ms, s and their long names); without one it is milliseconds, as graphs
 * of Shadow 1 have it. Rounded to a microsecond. False when it is no such text, or out of 0 .. LATENCY_US_MAX. */
bool latency_parse(const char *text, int64_t *us_out);
bool latency_from_ms(double ms, int64_t *us_out);

#endif
