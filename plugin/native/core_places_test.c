#include "native/core_places.h"

#include <hwloc.h>
#include <stdio.h>

#include "support/test.h"

/* A machine of hwloc's synthetic kind. */
static hwloc_topology_t machine(const char *synthetic) {
    hwloc_topology_t topology;
    assert_int_equal(hwloc_topology_init(&topology), 0);
    assert_int_equal(hwloc_topology_set_synthetic(topology, synthetic), 0);
    assert_int_equal(hwloc_topology_load(topology), 0);
    return topology;
}

/* These CPUs ("0-3,7") are of a kind with what the system says of it. */
static void say_kind(hwloc_topology_t topology, const char *cpus, int rank, const char *name,
                     const char *value) {
    char name_copy[32], value_copy[32];
    struct hwloc_info_s info = {name_copy, value_copy};
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    snprintf(name_copy, sizeof name_copy, "%s", name);
    snprintf(value_copy, sizeof value_copy, "%s", value);
    hwloc_bitmap_list_sscanf(set, cpus);
    assert_int_equal(hwloc_cpukinds_register(topology, set, rank, *name ? 1 : 0, *name ? &info : NULL, 0), 0);
    hwloc_bitmap_free(set);
}

/* allowed: "0-3,7"; NULL: all. */
static void order(hwloc_topology_t topology, const char *allowed, int node_first, struct core_places *out) {
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    if (allowed)
        hwloc_bitmap_list_sscanf(set, allowed);
    core_places_order(topology, allowed ? set : NULL, node_first, out);
    hwloc_bitmap_free(set);
    hwloc_topology_destroy(topology);
}

static void expect_cpus(const struct core_places *p, const char *expected) {
    char got[256] = "";
    for (unsigned i = 0; i < p->count; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), i == 0 ? "%u" : " %u", p->places[i].cpu);
    assert_string_equal(got, expected);
}

/* Laptops, servers, containers: which CPU each thread gets, and how many threads there are. */
static void cores_come_before_their_second_threads(void **state) {
    static const struct {
        const char *synthetic, *allowed;
        int node_first;
        const char *cpus;
        unsigned cores, nodes, threads;
    } cases[] = {
        {"pu:1", NULL, -1, "0", 1, 1, 1},
        {"core:2 pu:1", NULL, -1, "0 1", 2, 1, 2},
        {"core:4 pu:2", NULL, -1, "0 2 4 6 1 3 5 7", 4, 1, 4},
        /* as Linux numbers them */
        {"core:4 pu:2(indexes=0,4,1,5,2,6,3,7)", NULL, -1, "0 1 2 3 4 5 6 7", 4, 1, 4},
        {"core:2 pu:4", NULL, -1, "0 4 1 5 2 6 3 7", 2, 1, 2},
        /* one node, then the other, then the hyperthreads in the same order */
        {"node:2 core:2 pu:2", NULL, -1, "0 2 4 6 1 3 5 7", 4, 2, 4},
        {"node:2 core:2 pu:2", NULL, 1, "4 6 0 2 5 7 1 3", 4, 2, 4},
        {"node:2 core:2 pu:2", NULL, 7, "0 2 4 6 1 3 5 7", 4, 2, 4}, /* a node that is not there */
        /* two nodes a package: the package of the network goes first */
        {"package:2 node:2 core:2 pu:1", NULL, 3, "6 7 4 5 0 1 2 3", 8, 4, 7},
        /* the affinity mask: half of a machine, one thread of each core, the second thread of one */
        {"node:2 core:2 pu:2", "4-7", 0, "4 6 5 7", 2, 1, 2},
        {"core:4 pu:2", "0,2,4,6", -1, "0 2 4 6", 4, 1, 4},
        {"core:4 pu:2", "1,4,5", -1, "1 4 5", 2, 1, 2},
        {"core:4 pu:2", "99", -1, "0", 1, 1, 1}, /* nothing that hwloc knows */
        /* room for the main thread and workers from eight cores on */
        {"core:8 pu:1", NULL, -1, "0 1 2 3 4 5 6 7", 8, 1, 7},
        {"core:7 pu:1", NULL, -1, "0 1 2 3 4 5 6", 7, 1, 7},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct core_places p;
        order(machine(cases[i].synthetic), cases[i].allowed, cases[i].node_first, &p);
        expect_cpus(&p, cases[i].cpus);
        assert_int_equal(p.cores, cases[i].cores);
        assert_int_equal(p.nodes, cases[i].nodes);
        assert_int_equal(core_places_threads(&p), cases[i].threads);
        assert_int_equal(core_places_cores(&p), cases[i].cores);
    }
}

static void each_core_is_there_once_however_large_the_machine(void **state) {
    struct core_places p;
    (void)state;
    order(machine("package:4 node:2 core:24 pu:2"), NULL, 5, &p);
    assert_int_equal(p.count, 384);
    assert_int_equal(p.cores, 192);
    assert_int_equal(core_places_threads(&p), 168);
    for (unsigned i = 0; i < p.count; i++) {
        assert_int_equal(p.places[i].sibling, i / 192);
        if (i < 24)
            assert_int_equal(p.places[i].node, 5);
        else if (i < 48)
            assert_int_equal(p.places[i].node, 4); /* its package */
    }
    order(machine("package:16 core:64 pu:2"), NULL, -1, &p); /* more than a mask holds */
    assert_int_equal(p.count, CORE_PLACES_MAX);
}

/* Four performance cores with two threads each (0 to 7), four efficiency cores with one (8, 10, 12, 14). */
static void efficiency_cores_come_after_performance_cores(void **state) {
    static const struct {
        const char *name, *slow, *fast;
        bool is_hybrid;
    } kinds[] = {
        {"CoreType", "IntelAtom", "IntelCore", true}, {"FrequencyMaxMHz", "3400", "4700", true},
        {"FrequencyMaxMHz", "4600", "4700", false}, /* favoured cores are not another kind */
        {"LinuxCapacity", "446", "1024", true},       {"", "", "", true}, /* only hwloc's order */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct core_places p;
        hwloc_topology_t topology = machine("core:8 pu:2");
        say_kind(topology, "8-15", 0, kinds[i].name, kinds[i].slow);
        say_kind(topology, "0-7", 1, kinds[i].name, kinds[i].fast);
        order(topology, "0-7,8,10,12,14", -1, &p);
        expect_cpus(&p, "0 2 4 6 8 10 12 14 1 3 5 7");
        assert_int_equal(p.cores, 8);
        assert_int_equal(p.slow_cores, kinds[i].is_hybrid ? 4 : 0);
        assert_int_equal(core_places_threads(&p), kinds[i].is_hybrid ? 4 : 7);
    }
}

/* In a chip where the slow cores are numbered first, as on many ARM boards. */
static void the_order_is_that_of_speed(void **state) {
    struct core_places p;
    (void)state;
    hwloc_topology_t topology = machine("core:6 pu:1");
    say_kind(topology, "0-3", -1, "LinuxCapacity", "485");
    say_kind(topology, "4-5", -1, "LinuxCapacity", "1024");
    order(topology, NULL, -1, &p);
    expect_cpus(&p, "4 5 0 1 2 3");
    assert_int_equal(core_places_threads(&p), 2);
    topology = machine("core:6 pu:1");
    say_kind(topology, "0-3", -1, "LinuxCapacity", "485");
    say_kind(topology, "4-5", -1, "LinuxCapacity", "1024");
    order(topology, "0-3", -1, &p); /* only slow ones are ours: then they are all alike */
    assert_int_equal(p.slow_cores, 0);
    assert_int_equal(core_places_threads(&p), 4);
}

static void a_quota_counts_when_it_is_less(void **state) {
    struct core_places p;
    (void)state;
    order(machine("node:2 core:4 pu:2"), NULL, -1, &p);
    assert_int_equal(core_places_binding(&p), CORE_BINDING_NODE);
    p.quota = 3;
    assert_int_equal(core_places_threads(&p), 3);
    assert_int_equal(core_places_cores(&p), 3);
    assert_int_equal(core_places_binding(&p),
                     CORE_BINDING_NONE); /* the rest of the time is somebody else's */
    p.quota = 100;
    assert_int_equal(core_places_threads(&p), 7);
    p.nodes = 1;
    p.quota = 0;
    assert_int_equal(core_places_binding(&p), CORE_BINDING_NONE);
}

/* The CPUs of thread i, as "0 1". */
static void expect_bound(const struct core_places *p, enum core_binding binding, unsigned thread,
                         const char *expected) {
    char got[64] = "";
    for (unsigned cpu = 0; cpu < 8; cpu++)
        for (unsigned i = 0; i < p->count; i++)
            if (p->places[i].cpu == cpu && core_places_admit(p, binding, thread, &p->places[i]))
                snprintf(got + strlen(got), sizeof got - strlen(got), *got ? " %u" : "%u", cpu);
    assert_string_equal(got, expected);
}

static void a_bound_thread_keeps_to_its_core_or_node(void **state) {
    struct core_places p;
    (void)state;
    order(machine("node:2 core:2 pu:2"), NULL, 1, &p);
    expect_bound(&p, CORE_BINDING_NONE, 0, "0 1 2 3 4 5 6 7");
    expect_bound(&p, CORE_BINDING_NODE, 0, "4 5 6 7");
    expect_bound(&p, CORE_BINDING_NODE, 1, "4 5 6 7");
    expect_bound(&p, CORE_BINDING_NODE, 2, "0 1 2 3");
    expect_bound(&p, CORE_BINDING_CORE, 0, "4 5");
    expect_bound(&p, CORE_BINDING_CORE, 3, "2 3");
    expect_bound(&p, CORE_BINDING_CORE, 4, "4 5"); /* its core's second thread */
    expect_bound(&p, CORE_BINDING_CORE, 8, "4 5"); /* more threads than CPUs */
}

static void what_was_found_is_said(void **state) {
    struct core_places p;
    char text[256];
    (void)state;
    order(machine("core:1 pu:2"), NULL, -1, &p);
    core_places_describe(&p, CORE_BINDING_NONE, text, sizeof text);
    assert_string_equal(text, "1 physical core, not bound");
    order(machine("node:2 core:6 pu:2"), NULL, 1, &p);
    p.quota = 3;
    p.slow_cores = 4;
    core_places_describe(&p, CORE_BINDING_CORE, text, sizeof text);
    assert_string_equal(text,
                        "12 physical cores (4 of them efficiency cores) in 2 NUMA nodes, node 1 first, of "
                        "whose time we may use that of 3, bound to cores");
}

/* Whatever machine this is. */
static void this_machine_has_places(void **state) {
    struct core_places p;
    (void)state;
    core_places_read(&p);
    assert_true(p.cores >= 1 && p.cores <= p.count && p.slow_cores < p.cores && p.nodes >= 1);
    assert_true(core_places_threads(&p) >= 1 && core_places_threads(&p) <= p.cores);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cores_come_before_their_second_threads),
        cmocka_unit_test(each_core_is_there_once_however_large_the_machine),
        cmocka_unit_test(efficiency_cores_come_after_performance_cores),
        cmocka_unit_test(the_order_is_that_of_speed),
        cmocka_unit_test(a_quota_counts_when_it_is_less),
        cmocka_unit_test(a_bound_thread_keeps_to_its_core_or_node),
        cmocka_unit_test(what_was_found_is_said),
        cmocka_unit_test(this_machine_has_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
