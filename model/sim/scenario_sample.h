/* scenario_sample - a share of a network's relays, chosen without chance so that roles and sizes keep their shares.
 *
 * As tornettools generate samples, in named steps:
 *   roles    each relay is exit and guard, exit, guard, or middle, by its flags
 *   order    the relays of each role by weight
 *   bins     each role is cut into round(n x scale) runs of equal length, at least one
 *   median   the middle relay of each run stands for it
 * One step of tornettools is not here: it first draws relays by how often they ran; a table of one consensus has only
 * those that do. Weights stay as they are: what counts is their proportion.
 * Memory: owns its rows. */
#ifndef LOOM_SIM_SCENARIO_SAMPLE_H
#define LOOM_SIM_SCENARIO_SAMPLE_H

#include "network/relay_table.h"

enum relay_role { ROLE_EXIT_GUARD, ROLE_EXIT, ROLE_GUARD, ROLE_MIDDLE };
#define ROLE_COUNT 4u

struct scenario_sample {
    uint32_t count;
    uint32_t *rows; /* of the table, ascending */
};

/* False without memory. */
MUST_USE bool scenario_sample_take(const struct relay_table *table, uint32_t scale_permille,
                                   struct scenario_sample *out);
void scenario_sample_fini(struct scenario_sample *sample);

enum relay_role relay_role_of(uint16_t flags);
/* "exitguard", "exit", "guard" or "middle", as tornettools names them. */
const char *relay_role_name(enum relay_role role);

#endif
