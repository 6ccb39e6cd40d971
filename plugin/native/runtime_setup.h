/* runtime_setup - what a runtime is made from. */
#ifndef LOOM_NATIVE_RUNTIME_SETUP_H
#define LOOM_NATIVE_RUNTIME_SETUP_H

#include "wire/address.h"

struct config;
struct crypt_provider;
struct keys;
struct listeners;
struct pacing;

struct runtime_setup {
    const struct config *config; /* borrowed, as are the others */
    const struct crypt_provider *crypt;
    struct keys *keys;
    struct listeners *listeners;   /* open; accepts while the runtime runs */
    struct endpoint advertised[2]; /* as self_endpoints() says */
    struct pacing *pacing;         /* NULL: work takes the time that it takes */
    /* Called after keys have been renewed, with the bits of enum keys_change; may be NULL. */
    void (*keys_changed)(void *context, unsigned changes);
    /* The heartbeat has been logged: who has more to say. May be NULL. */
    void (*heartbeat)(void *context);
    /* SIGHUP: the logs have been opened again. May be NULL. */
    void (*reload)(void *context);
    void *context;
};

#endif
