/* limit_bufferevent - libevent reads and writes by itself, through its own buffers. */
#ifndef LOOM_LIMIT_LIMIT_BUFFEREVENT_H
#define LOOM_LIMIT_LIMIT_BUFFEREVENT_H

#include <stdbool.h>

#include "base/attributes.h"

struct limit_loop;

MUST_USE bool limit_bufferevent_run(const struct limit_loop *loop);

#endif
