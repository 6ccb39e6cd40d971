#include "limit/limit_backend.h"

#include <string.h>

#include "limit/limit_epoll.h"

static const struct limit_backend epoll = {"epoll", limit_epoll_run};
static const struct limit_backend *const all[] = {&epoll, NULL};

const struct limit_backend *const *limit_backends(void) {
    return all;
}

const struct limit_backend *limit_backend_named(const char *name) {
    for (unsigned i = 0; all[i]; i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}
