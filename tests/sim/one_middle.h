/* one_middle - eight guards, one relay in the middle and eight exits, with a client on each way through, and nothing that costs
 * anything but cells in the middle. Tests give the middle its cores and threads, and the clients their starts and rates.
 *
 * Memory: the caller's, and its heap. */
#ifndef LOOM_TESTS_ONE_MIDDLE_H
#define LOOM_TESTS_ONE_MIDDLE_H

#include "sim/shared_heap.h"
#include "sim/sim_world.h"

#define FLOWS  8u /* as many guards, exits and clients: links spread evenly over threads */
#define RELAYS (2 * FLOWS + 1)
#define MIDDLE (2 * FLOWS)

struct one_middle {
    struct shared_heap heap;
    struct sim_cpu cpus[2]; /* everybody's, and the middle's */
    struct sim_relay_config relays[RELAYS];
    struct sim_client_config clients[FLOWS];
    uint32_t paths[FLOWS][3];
    struct sim_config config;
};

/* prices: of what the middle does; borrowed. Clients begin at once, at any rate; it is measured for length after warm_up. */
void one_middle_init(struct one_middle *plant, uint16_t cores, const struct cost_table *prices, nsec warm_up,
                     nsec length);
/* Cells that the middle has taken in and given out when it is until; a pair is a relayed cell. threads: of the engine. */
uint64_t one_middle_cells_handled(struct sim_world *world, nsec until, uint32_t threads);

#endif
