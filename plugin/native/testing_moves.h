/* testing_moves - moves links from thread to thread all the time, for networks of tests: TestingMoveLinksInterval.
 *
 * Owner and thread: main, the thread of the controller. With one manager there is nowhere to go, and it does nothing. */
#ifndef LOOM_NATIVE_TESTING_MOVES_H
#define LOOM_NATIVE_TESTING_MOVES_H

#include <stdint.h>

#include "base/attributes.h"

struct event_thread;
struct testing_moves;

/* Each interval one more open link, in turn, goes to the next connection thread. Borrows main_thread, which has the controller.
 * interval_ms is more than 0. */
MUST_USE struct testing_moves *testing_moves_new(struct event_thread *main_thread, uint32_t interval_ms);
/* NULL is fine. */
void testing_moves_free(struct testing_moves *moves);

#endif
