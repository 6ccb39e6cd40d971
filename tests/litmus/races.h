/* races - two accesses of plain data by two threads, one of them a write, with nothing that puts them in order.
 *
 * Each byte of the arena remembers its last write and each thread's last read, by the clocks of orders.h. Memory that
 * was given back may not be touched again. */
#ifndef LOOM_LITMUS_RACES_H
#define LOOM_LITMUS_RACES_H

#include <stdint.h>

#include "litmus/orders.h"

enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_FREE };

/* A new execution: nothing has been touched. */
void races_begin(void);
/* offset is into the arena. An atomic access is a read: it must come after the plain write that made the object. */
void races_access(const struct orders *o, unsigned thread, uint32_t offset, uint32_t size,
                  enum access access);

#endif
