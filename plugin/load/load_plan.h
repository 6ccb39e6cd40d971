/* load_plan - which way a circuit of the load goes. */
#ifndef LOOM_LOAD_LOAD_PLAN_H
#define LOOM_LOAD_LOAD_PLAN_H

#include <stdbool.h>
#include <stdint.h>

/* Circuit k goes in by way k modulo the ways, ... */
static inline uint32_t load_plan_way_in(uint32_t circuit, uint32_t ways) {
    return circuit % ways;
}
/* ... and out by the way that is that one's when it is among the first `verified` ones, otherwise by one of the others in
 * turn. */
static inline uint32_t load_plan_way_out(uint32_t circuit, uint32_t ways, uint32_t verified) {
    uint32_t in = load_plan_way_in(circuit, ways);
    if (in < verified || verified == ways)
        return in;
    return verified + (circuit / ways + in) % (ways - verified);
}
/* Of circuits that end at the relay, every second one sends; the others receive. */
static inline bool load_plan_is_up(uint32_t circuit) {
    return circuit % 2 == 1;
}

#endif
