/* limit_libevent - libevent says what is ready, recv and send are called directly: as Loom does. */
#ifndef LOOM_LIMIT_LIMIT_LIBEVENT_H
#define LOOM_LIMIT_LIMIT_LIBEVENT_H

#include <stdbool.h>

#include "base/attributes.h"

struct limit_loop;

MUST_USE bool limit_libevent_run(const struct limit_loop *loop);

#endif
