/* attack_ways - the attacker's links with an equal share of the circuits each, and others in place of those whose circuits the relay
 * has killed.
 *
 * Owner: an attack. Thread: the program has one. Bound: ATTACK_WAYS_RENEWED times the links of the options, deaf ones whose
 * circuits are gone among them. */
#ifndef LOOM_ATTACK_ATTACK_WAYS_H
#define LOOM_ATTACK_ATTACK_WAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/nsec.h"

struct attack_link;
struct attack_links;
struct attack_options;
struct attack_world;

#define ATTACK_WAYS_RENEWED 4u

/* A link and what has become of it. First in what is kept as link->user. */
struct attack_way {
    struct attack_link *link;
    uint32_t begun, settled; /* circuits; settled: built, or not to be had */
    bool is_deaf;            /* it reads nothing any more */
};

/* A circuit on its way: its user. From the heap; who hears that the circuit is gone frees it. */
struct attack_aim {
    struct attack_way *way;
    bool is_built;
};

struct attack_ways {
    struct attack_world *world;
    struct attack_links *links;
    uint32_t a_link; /* circuits of one */
    uint32_t building, oldest;
    uint64_t renewed; /* killed circuits that others were made for */
};

/* Borrows world; links are the caller's to set. */
void attack_ways_init(struct attack_ways *ways, struct attack_world *world);
/* As many as there can ever be. */
uint32_t attack_ways_links_max(const struct attack_options *options);
/* Circuits that it has not begun yet, as far as not too many are in the making. */
void attack_ways_begin(struct attack_ways *ways, nsec now, struct attack_way *way);
/* The relay has killed so many circuits in all. True when they make up another link, which is to be dialled; when there are too many,
 * drop has had one that is over or deaf. */
MUST_USE bool attack_ways_renew(struct attack_ways *ways, uint64_t killed,
                                void (*drop)(struct attack_link *link));

#endif
