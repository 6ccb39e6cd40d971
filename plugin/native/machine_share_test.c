#include "native/machine_share.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "native/folder.h"
#include "support/test.h"

static char root[64];

static int set_up(void **state) {
    (void)state;
    snprintf(root, sizeof root, "/tmp/loom-machine-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    return folder_remove(root) ? 0 : -1;
}

/* A file below the root, with the folders above it. */
static void put(const char *path, const char *text) {
    char whole[256];
    snprintf(whole, sizeof whole, "%s%s", root, path);
    for (char *slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        (void)mkdir(whole, 0700);
        *slash = '/';
    }
    FILE *file = fopen(whole, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    fclose(file);
}

static void without_files_nothing_is_limited(void **state) {
    (void)state;
    assert_int_equal(machine_quota_cpus(root), 0);
    assert_int_equal(machine_network_node(root), -1);
    put("/proc/self/cgroup", "0::/\n");
    assert_int_equal(machine_quota_cpus(root), 0);
}

static void a_quota_is_counted_in_whole_cpus(void **state) {
    static const struct {
        const char *text;
        unsigned cpus;
    } cases[] = {
        {"max 100000\n", 0},
        {"100000 100000\n", 1},
        {"150000 100000\n", 2},
        {"1000 100000\n", 1},
        {"3200000 100000\n", 32},
        {"nonsense\n", 0},
        {"100000\n", 0},
        {"0 100000\n", 0},
        {"100000 0\n", 0},
        {"-1 100000\n", 0},
        {"", 0},
        {"9000000000000000000 1\n", 0},
    };
    (void)state;
    put("/proc/self/cgroup", "0::/relays.slice/loom.service\n");
    for (size_t i = 0; i < COUNT(cases); i++) {
        put("/sys/fs/cgroup/relays.slice/loom.service/cpu.max", cases[i].text);
        assert_int_equal(machine_quota_cpus(root), cases[i].cpus);
    }
}

static void the_strictest_group_counts(void **state) {
    (void)state;
    put("/proc/self/cgroup", "0::/relays.slice/loom.service\n");
    put("/sys/fs/cgroup/relays.slice/loom.service/cpu.max", "400000 100000\n");
    put("/sys/fs/cgroup/relays.slice/cpu.max", "200000 100000\n");
    assert_int_equal(machine_quota_cpus(root), 2);
    put("/sys/fs/cgroup/cpu.max", "100000 100000\n"); /* a container's own group, seen as the root */
    assert_int_equal(machine_quota_cpus(root), 1);
}

static void older_hierarchies_are_read(void **state) {
    (void)state;
    put("/proc/self/cgroup", "12:cpuset:/\n5:cpu,cpuacct:/docker/abc\n0::/unified\n");
    put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "250000\n");
    put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    assert_int_equal(machine_quota_cpus(root), 3);
    put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    assert_int_equal(machine_quota_cpus(root), 0);
}

static void the_default_route_says_which_interface(void **state) {
    (void)state;
    put("/proc/net/route",
        "Iface\tDestination\tGateway\neth1\t0000FEA9\t00000000\neth0\t00000000\t0101A8C0\n");
    put("/sys/class/net/eth0/device/numa_node", "1\n");
    put("/sys/class/net/eth1/device/numa_node", "0\n");
    assert_int_equal(machine_network_node(root), 1);
    put("/sys/class/net/eth0/device/numa_node", "-1\n"); /* one node, or nobody knows */
    assert_int_equal(machine_network_node(root), -1);
}

static void without_ipv4_the_other_route_says_it(void **state) {
    static const char zero[] = "00000000000000000000000000000000";
    char text[512];
    (void)state;
    snprintf(text, sizeof text,
             "%s 00 %s 00 %s ffffffff 1 0 00200200 lo\n%s 00 %s 00 %s 00000400 1 0 3 enp3s0\n", zero, zero,
             zero, zero, zero, zero);
    put("/proc/net/ipv6_route", text);
    put("/sys/class/net/enp3s0/device/numa_node", "2\n");
    assert_int_equal(machine_network_node(root), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_files_nothing_is_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_quota_is_counted_in_whole_cpus, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_strictest_group_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(older_hierarchies_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_default_route_says_which_interface, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_ipv4_the_other_route_says_it, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
