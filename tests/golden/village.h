/* village - what the tests of misbehaviour share: three relays, a server, an honest journey that has to arrive whatever
 * happens beside it, and a second one that may suffer. */
#ifndef LOOM_GOLDEN_VILLAGE_H
#define LOOM_GOLDEN_VILLAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "memnet/journey.h"
#include "memnet/memnet.h"

#define VILLAGE_RELAYS 3u

struct village {
    struct memnet *net;
    struct memnet_relay *relays[VILLAGE_RELAYS];
    struct memnet_server honest_server; /* of the honest journey */
    struct memnet_server server;        /* of the other */
    struct journey honest, victim;
};

/* Symbolic cryptography; relays with 1, 2 and 1 managers. NULL: memnet_options_default. */
void village_set_up(struct village *v, const struct memnet_options *options);
/* Begin the honest journey, 200 kB each way. */
void village_begin_honest(struct village *v);
/* Begin the other, and wait until its stream is connected. */
void village_begin_victim(struct village *v);
/* The honest journey has arrived, no circuit is left, no memory either. */
void village_tear_down(struct village *v);

/* A cell of 514 bytes with this body, zeros behind it. */
void village_cell(uint8_t out[static CELL_LEN], uint32_t circ_id, uint8_t command, const void *body,
                  size_t length);

#endif
