/* link_move - why a link that was to move to another station stays where it is, and how often links have moved. */
#ifndef LOOM_CORE_LINK_MOVE_H
#define LOOM_CORE_LINK_MOVE_H

#include <stdint.h>

enum stay_reason {
    STAY_CLOSED, /* it has closed, or is going to */
    STAY_BUSY,   /* a circuit of it waits for a worker, or for its other half, for longer than a move does */
    STAY_TOO_OFTEN, /* a circuit of it has been moved too often of late */
    STAY_LIMIT,     /* without memory */
};
#define STAY_REASONS 4u

/* What came of the moves that were asked for. */
struct move_figures {
    uint64_t asked;
    uint64_t moved;
    uint64_t stayed[STAY_REASONS]; /* by enum stay_reason */
};

#endif
