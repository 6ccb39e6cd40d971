/* limit_epoll - epoll, and recv and send without anything between: the limit. */
#ifndef LOOM_LIMIT_LIMIT_EPOLL_H
#define LOOM_LIMIT_LIMIT_EPOLL_H

#include <stdbool.h>

#include "base/attributes.h"

struct limit_loop;

MUST_USE bool limit_epoll_run(const struct limit_loop *loop);

#endif
