#include "native/core_places.h"

#include <assert.h>
#include <hwloc.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "native/machine_share.h"

/* A kind of core with less than this share of the best one's speed is slow. The favoured cores of a chip, some percent
 * faster than the others, are not worth another node's memory. */
#define SLOW_NUMERATOR   3
#define SLOW_DENOMINATOR 4

static_assert(CORE_PLACES_MAX == CPU_SETSIZE, "each place has its bit in a mask");

/* --- kinds of cores ---------------------------------------------------------------------------------------------------- */

static const char *info_of(const struct hwloc_info_s *infos, unsigned count, const char *name) {
    for (unsigned i = 0; i < count; i++)
        if (strcmp(infos[i].name, name) == 0)
            return infos[i].value;
    return NULL;
}

static bool is_much_less(const char *value, const char *best) {
    return strtoull(value, NULL, 10) * SLOW_DENOMINATOR < strtoull(best, NULL, 10) * SLOW_NUMERATOR;
}

/* By what the system says of both kinds: the maker's name of the core, the kernel's measure of it, its clock; else hwloc's
 * own order of them. */
static bool is_slower_kind(hwloc_topology_t topology, unsigned kind, unsigned best) {
    static const char *const measures[] = {"LinuxCapacity", "FrequencyMaxMHz", "FrequencyBaseMHz"};
    struct hwloc_info_s *ours, *theirs;
    unsigned our_count, their_count;
    int our_rank, best_rank;
    if (hwloc_cpukinds_get_info(topology, kind, NULL, &our_rank, &our_count, &ours, 0) != 0 ||
        hwloc_cpukinds_get_info(topology, best, NULL, &best_rank, &their_count, &theirs, 0) != 0)
        return false;
    const char *our_type = info_of(ours, our_count, "CoreType");
    const char *best_type = info_of(theirs, their_count, "CoreType");
    if (our_type && best_type)
        return strcmp(our_type, best_type) != 0;
    for (unsigned i = 0; i < sizeof measures / sizeof measures[0]; i++) {
        const char *our = info_of(ours, our_count, measures[i]);
        const char *other = info_of(theirs, their_count, measures[i]);
        if (our && other)
            return is_much_less(our, other);
    }
    return our_rank < best_rank;
}

static int kind_of(hwloc_topology_t topology, hwloc_obj_t cpu) {
    return hwloc_cpukinds_get_by_cpuset(topology, cpu->cpuset, 0);
}

/* hwloc has the fastest kind last: the last one of which we may use a CPU; -1: it knows none. */
static int best_kind(hwloc_topology_t topology, hwloc_const_cpuset_t allowed) {
    int best = -1;
    for (hwloc_obj_t cpu = NULL; (cpu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, cpu)) != NULL;)
        if ((!allowed || hwloc_bitmap_isset(allowed, cpu->os_index)) && kind_of(topology, cpu) > best)
            best = kind_of(topology, cpu);
    return best;
}

/* --- the places -------------------------------------------------------------------------------------------------------- */

/* What a place is sorted by. */
struct ranked_place {
    struct core_place place;
    unsigned logical; /* hwloc's order: neighbours share caches and packages */
    int package;
    unsigned node_rank;
};

static int package_of(hwloc_topology_t topology, hwloc_obj_t cpu) {
    hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_PACKAGE, cpu);
    return package ? (int)package->logical_index : -1;
}

static uint16_t node_of(hwloc_obj_t cpu) {
    int node = cpu->nodeset ? hwloc_bitmap_first(cpu->nodeset) : -1;
    return (uint16_t)(node < 0 ? 0 : node);
}

static unsigned find_places(hwloc_topology_t topology, hwloc_const_cpuset_t allowed,
                            struct ranked_place *out) {
    unsigned count = 0;
    int best = best_kind(topology, allowed);
    for (hwloc_obj_t cpu = NULL; (cpu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, cpu)) != NULL;) {
        if (cpu->os_index >= CORE_PLACES_MAX || (allowed && !hwloc_bitmap_isset(allowed, cpu->os_index)))
            continue;
        hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, cpu);
        int kind = kind_of(topology, cpu);
        out[count++] = (struct ranked_place){
            .place = {.cpu = (uint16_t)cpu->os_index,
                      .node = node_of(cpu),
                      .core = (uint16_t)(core ? core->logical_index : cpu->logical_index),
                      .is_slow = kind >= 0 && is_slower_kind(topology, (unsigned)kind, (unsigned)best)},
            .logical = cpu->logical_index,
            .package = package_of(topology, cpu),
        };
    }
    return count;
}

/* CPUs of a core are neighbours in hwloc's order. */
static void number_siblings(struct ranked_place *places, unsigned count) {
    for (unsigned i = 1; i < count; i++)
        if (places[i].place.core == places[i - 1].place.core)
            places[i].place.sibling = (uint16_t)(places[i - 1].place.sibling + 1);
}

/* The node that is preferred, if it has a CPU for us, or else that of the first CPU; then those of its package. */
static void rank_nodes(struct ranked_place *places, unsigned count, int node_first) {
    const struct ranked_place *first = &places[0];
    for (unsigned i = 0; i < count; i++) {
        if (places[i].place.node == node_first) {
            first = &places[i];
            break;
        }
    }
    uint16_t node = first->place.node;
    int package = first->package;
    for (unsigned i = 0; i < count; i++)
        places[i].node_rank = places[i].place.node == node ? 0 : places[i].package == package ? 1 : 2;
}

static int by_rank(const void *left, const void *right) {
    const struct ranked_place *a = left, *b = right;
    if (a->place.sibling != b->place.sibling)
        return a->place.sibling < b->place.sibling ? -1 : 1;
    if (a->place.is_slow != b->place.is_slow)
        return a->place.is_slow ? 1 : -1;
    if (a->node_rank != b->node_rank)
        return a->node_rank < b->node_rank ? -1 : 1;
    return a->logical < b->logical ? -1 : 1;
}

static void count_places(struct core_places *p) {
    bool has_node[CORE_PLACES_MAX] = {false};
    for (unsigned i = 0; i < p->count; i++) {
        const struct core_place *place = &p->places[i];
        p->cores = (uint16_t)(p->cores + (place->sibling == 0));
        p->slow_cores = (uint16_t)(p->slow_cores + (place->sibling == 0 && place->is_slow));
        p->nodes = (uint16_t)(p->nodes + (place->node < CORE_PLACES_MAX && !has_node[place->node]));
        has_node[place->node % CORE_PLACES_MAX] = true;
    }
}

void core_places_order(struct hwloc_topology *topology, const struct hwloc_bitmap_s *allowed, int node_first,
                       struct core_places *out) {
    struct ranked_place *ranked = calloc(CORE_PLACES_MAX, sizeof *ranked);
    CHECK(ranked != NULL);
    memset(out, 0, sizeof *out);
    unsigned count = find_places(topology, allowed, ranked);
    if (count == 0)
        ranked[count++] = (struct ranked_place){.place = {0}}; /* somewhere we do run */
    number_siblings(ranked, count);
    rank_nodes(ranked, count, node_first);
    qsort(ranked, count, sizeof *ranked, by_rank);
    for (unsigned i = 0; i < count; i++)
        out->places[i] = ranked[i].place;
    out->count = (uint16_t)count;
    free(ranked);
    count_places(out);
}

/* --- this machine ------------------------------------------------------------------------------------------------------ */

/* The node that numactl or a container has bound our memory to; -1: to none. */
static int node_of_memory(hwloc_topology_t topology, hwloc_bitmap_t nodes) {
    hwloc_membind_policy_t policy;
    if (hwloc_get_membind(topology, nodes, &policy, HWLOC_MEMBIND_BYNODESET) != 0 ||
        policy != HWLOC_MEMBIND_BIND)
        return -1;
    return hwloc_bitmap_first(nodes);
}

static void read_topology(hwloc_topology_t topology, struct core_places *out) {
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    CHECK(set != NULL);
    int node = machine_network_node("");
    if (node < 0)
        node = node_of_memory(topology, set);
    bool has_mask = hwloc_get_cpubind(topology, set, HWLOC_CPUBIND_PROCESS) == 0;
    core_places_order(topology, has_mask ? set : NULL, node, out);
    hwloc_bitmap_free(set);
}

/* What hwloc cannot tell is one CPU, anywhere. */
void core_places_read(struct core_places *out) {
    hwloc_topology_t topology;
    *out = (struct core_places){.count = 1, .cores = 1, .nodes = 1};
    if (hwloc_topology_init(&topology) != 0)
        return;
    if (hwloc_topology_load(topology) == 0)
        read_topology(topology, out);
    hwloc_topology_destroy(topology);
    unsigned quota = machine_quota_cpus("");
    out->quota = (uint16_t)(quota > UINT16_MAX ? 0 : quota);
}

/* --- what to make of them ---------------------------------------------------------------------------------------------- */

static unsigned within_quota(const struct core_places *p, unsigned cpus) {
    return p->quota != 0 && p->quota < cpus ? p->quota : cpus;
}

unsigned core_places_cores(const struct core_places *p) {
    return within_quota(p, p->cores);
}

/* The main thread and the workers need about an eighth of what the connection threads do (docs/performance.md). Where there
 * are efficiency cores, that is their place; on eight cores and more they have cores of their own; on fewer an eighth is
 * less than a core, and a core less would cost more than it gives: they share. */
unsigned core_places_threads(const struct core_places *p) {
    unsigned fast = p->cores - p->slow_cores;
    unsigned threads = p->slow_cores > 0 ? fast : fast - fast / 8;
    return within_quota(p, threads);
}

/* A thread whose memory is beside it must stay there. Within a node the kernel moves threads away from what else runs, which
 * a binding to one core would forbid; and where only a share of the CPUs' time is ours, others run there too. */
enum core_binding core_places_binding(const struct core_places *p) {
    return p->nodes > 1 && p->quota == 0 ? CORE_BINDING_NODE : CORE_BINDING_NONE;
}

bool core_places_admit(const struct core_places *p, enum core_binding binding, unsigned i,
                       const struct core_place *place) {
    const struct core_place *mine = &p->places[i % p->count];
    switch (binding) {
    case CORE_BINDING_NONE: return true;
    case CORE_BINDING_NODE: return place->node == mine->node;
    case CORE_BINDING_CORE: return place->core == mine->core;
    }
    CHECK(!"a binding");
    return false;
}

void core_places_describe(const struct core_places *p, enum core_binding binding, char *out, size_t size) {
    static const char *const bindings[] = {[CORE_BINDING_NONE] = "not bound",
                                           [CORE_BINDING_NODE] = "bound to nodes",
                                           [CORE_BINDING_CORE] = "bound to cores"};
    char nodes[64] = "", quota[64] = "", slow[64] = "";
    if (p->nodes > 1)
        snprintf(nodes, sizeof nodes, " in %u NUMA nodes, node %u first", p->nodes, p->places[0].node);
    if (p->slow_cores > 0)
        snprintf(slow, sizeof slow, " (%u of them efficiency cores)", p->slow_cores);
    if (p->quota > 0)
        snprintf(quota, sizeof quota, ", of whose time we may use that of %u", p->quota);
    snprintf(out, size, "%u physical core%s%s%s%s, %s", p->cores, p->cores == 1 ? "" : "s", slow, nodes,
             quota, bindings[binding]);
}
