#include "limit/limit_backend.h"

#include <string.h>

#include "limit/limit_bufferevent.h"
#include "limit/limit_epoll.h"
#include "limit/limit_libevent.h"
#include "limit/limit_uring.h"

static const char *never(void) {
    return NULL;
}

static const struct limit_backend epoll = {"epoll", limit_epoll_run, never};
static const struct limit_backend libevent = {"libevent", limit_libevent_run, never};
static const struct limit_backend bufferevent = {"bufferevent", limit_bufferevent_run, never};
#ifdef LOOM_LIMIT_URING
static const struct limit_backend uring = {"uring", limit_uring_run, limit_uring_refusal};
#endif

static const struct limit_backend *const all[] = {
    &epoll, &libevent, &bufferevent,
#ifdef LOOM_LIMIT_URING
    &uring,
#endif
    NULL,
};

const struct limit_backend *const *limit_backends(void) {
    return all;
}

const struct limit_backend *limit_backend_named(const char *name) {
    for (unsigned i = 0; all[i]; i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}
