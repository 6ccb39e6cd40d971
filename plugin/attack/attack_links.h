/* attack_links - the attacker's links into the relay: dialled some at a time, with an origin's circuits, until they are made deaf.
 *
 * As a client, or as a relay of the attacker's (an exit refuses streams of clients' links).
 * Owner: an attack. Thread: the program has one. Memory: from the heap. Bound: as many links as attack_links_new was told. */
#ifndef LOOM_ATTACK_ATTACK_LINKS_H
#define LOOM_ATTACK_ATTACK_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/nsec.h"

struct attack_links;
struct attack_world;
struct load_connection;
struct origin;
struct origin_event;
struct origin_link;
struct origin_target;

struct attack_link {
    struct attack_links *links;
    struct load_connection *connection;
    struct origin_link *origin; /* NULL until TLS is there */
    uint32_t place;             /* among all */
    bool is_open, is_over;
    void *user; /* the attack's own */
};

struct attack_links_events {
    void (*opened)(void *owner, nsec now, struct attack_link *link);
    /* Circuits and streams. */
    void (*heard)(void *owner, nsec now, const struct origin_event *event);
    /* NULL: the origin hears what comes. Otherwise what comes over an open link; returns how much was used. */
    size_t (*bytes)(void *owner, struct attack_link *link, const uint8_t *bytes, size_t length);
};

struct attack_links_shape {
    uint32_t links_max, circuits_max, streams_max;
    bool as_relay;          /* of the world's first sink */
    bool has_small_buffers; /* of sockets: what is not read waits with the relay */
};

/* Borrows all. */
struct attack_links *attack_links_new(struct attack_world *world, const struct attack_links_shape *shape,
                                      const struct attack_links_events *events, void *owner);
/* NULL is fine. */
void attack_links_free(struct attack_links *links);
/* Dial one more, unless too many are in the making or there are links_max: then NULL. */
struct attack_link *attack_links_dial(struct attack_links *links);
/* Close one that is over, or deaf; its place is free for another. */
void attack_links_drop(struct attack_link *link);
uint32_t attack_links_count(const struct attack_links *links);
/* By place, some are NULL. */
struct attack_link *attack_links_at(const struct attack_links *links, uint32_t place);
uint32_t attack_links_places(const struct attack_links *links);

/* The relay under attack as a first hop. */
void attack_links_first_hop(const struct attack_world *world, struct origin_target *out);
/* Its connection could not be written to. */
void attack_link_lose(struct attack_link *link);
/* Write what its circuits have queued, as far as the connection takes it. */
void attack_link_write(struct attack_link *link, nsec now);
/* The same of all, once a turn. */
void attack_links_write(struct attack_links *links, nsec now);

#endif
