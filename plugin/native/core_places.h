/* core_places - the CPUs that this process may run on, in the order in which connection threads should have them.
 *
 * The law: each physical core has its first thread before any has its second; among those, performance cores come before
 * efficiency cores; among those, all of one NUMA node come before the next: first the node that is preferred, then the
 * others of its package, then the rest. A CPU outside the process's affinity mask is not there.
 * Owner: the runtime, immutable once read. Thread: any. Bound: CORE_PLACES_MAX. */
#ifndef LOOM_NATIVE_CORE_PLACES_H
#define LOOM_NATIVE_CORE_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CORE_PLACES_MAX 1024u /* the C library's masks hold no more; others are left out */

struct hwloc_bitmap_s;
struct hwloc_topology;

struct core_place {
    uint16_t cpu;     /* the kernel's number */
    uint16_t node;    /* the kernel's number of the memory beside it */
    uint16_t core;    /* those of one physical core have the same */
    uint16_t sibling; /* 0: the first of its core */
    bool is_slow;     /* an efficiency core */
};

struct core_places {
    struct core_place places[CORE_PLACES_MAX];
    uint16_t count;      /* CPUs, at least 1 */
    uint16_t cores;      /* physical ones, at least 1 */
    uint16_t slow_cores; /* of these; fewer than all */
    uint16_t nodes;
    uint16_t quota; /* CPUs' worth of time that we may use; 0: not limited */
};

enum core_binding {
    CORE_BINDING_NONE, /* the kernel places threads */
    CORE_BINDING_NODE, /* each on the CPUs of one node, so that its memory stays local */
    CORE_BINDING_CORE, /* each on one physical core */
};

/* The places of a loaded topology. allowed: the CPUs that we may use; NULL: all. node_first: the kernel's number of the
 * node that is preferred; -1: the first of those that we may use. */
void core_places_order(struct hwloc_topology *topology, const struct hwloc_bitmap_s *allowed, int node_first,
                       struct core_places *out);
/* Those of this machine and process: its affinity mask and quota, and the network's node, or else that which its memory is
 * bound to. */
void core_places_read(struct core_places *out);

/* Cores that work can be spread over: the quota counts when it is less. */
unsigned core_places_cores(const struct core_places *p);
/* How many connection threads make good use of them; at least 1. */
unsigned core_places_threads(const struct core_places *p);
/* What to do when the operator leaves it to us. */
enum core_binding core_places_binding(const struct core_places *p);
/* May connection thread i (from 0) run on this of the places? Threads beyond the last place begin anew. */
bool core_places_admit(const struct core_places *p, enum core_binding binding, unsigned i,
                       const struct core_place *place);
/* For the log: "12 physical cores in 2 NUMA nodes, node 1 first, bound to nodes". */
void core_places_describe(const struct core_places *p, enum core_binding binding, char *out, size_t size);

#endif
