/* presence - our place in the network: the descriptor that says what we are, the consensus that we follow, and the
 * MetricsPort for those who watch.
 *
 * Owner and thread: main. Order: after runtime_new, before runtime_run. */
#ifndef LOOM_NATIVE_PRESENCE_H
#define LOOM_NATIVE_PRESENCE_H

#include <stdint.h>

#include "base/attributes.h"
#include "native/complaint.h"
#include "wire/address.h"

struct config;
struct crypt_provider;
struct keys;
struct listeners;
struct presence;
struct runtime;

struct presence_options {
    const struct config *config; /* borrowed, as are the others */
    const struct crypt_provider *crypt;
    struct keys *keys;
    struct runtime *runtime;
    struct listeners *directory_listeners; /* DirPorts: open; or NULL */
    struct endpoint advertised[2];
};

/* Publish a first descriptor, fetch the consensus, open the MetricsPort; all of it as the loop turns. NULL with a
 * complaint. */
MUST_USE struct presence *presence_new(const struct presence_options *options, struct complaint *complaint);
/* NULL is fine. */
void presence_free(struct presence *presence);
/* Log what belongs to the heartbeat. */
void presence_heartbeat(const struct presence *presence);
/* Our keys are others now: publish a new descriptor. */
void presence_renew(struct presence *presence);

#endif
