/* limit_backend - the ways to move bytes between sockets and the relay that are compared. */
#ifndef LOOM_LIMIT_LIMIT_BACKEND_H
#define LOOM_LIMIT_LIMIT_BACKEND_H

#include <stdbool.h>

struct limit_loop;

struct limit_backend {
    const char *name;
    /* Relay until it is over. False: a link broke, or something that is no record of its peer came. */
    bool (*run)(const struct limit_loop *loop);
    /* NULL, or why it cannot run here: static text. */
    const char *(*refusal)(void);
};

/* The back end of that name, or NULL. */
const struct limit_backend *limit_backend_named(const char *name);
/* All that were built in, one after the other, NULL at the end. */
const struct limit_backend *const *limit_backends(void);

#endif
