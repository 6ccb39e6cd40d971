/* visited - the digests of all points that the explorer has come to. */
#ifndef LOOM_LITMUS_VISITED_H
#define LOOM_LITMUS_VISITED_H

#include <stdbool.h>
#include <stdint.h>

#include "litmus/orders.h"

void visited_clear(void);
/* False when it was there. */
bool visited_add(struct digest digest);
uint64_t visited_count(void);

#endif
