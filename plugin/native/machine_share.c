#include "native/machine_share.h"

#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* --- control groups: cgroups(7), and Documentation/scheduler/sched-bwc.rst of Linux ------------------------------------ */

static FILE *open_below(const char *root, const char *path) {
    char whole[2 * MACHINE_LINE_MAX];
    int length = snprintf(whole, sizeof whole, "%s%s", root, path);
    return length < (int)sizeof whole ? fopen(whole, "re") : NULL;
}

/* The first line of a file, without its end. */
static bool read_line(const char *root, const char *path, char line[static MACHINE_LINE_MAX]) {
    FILE *file = open_below(root, path);
    if (!file)
        return false;
    bool has_line = fgets(line, MACHINE_LINE_MAX, file) != NULL;
    fclose(file);
    if (has_line)
        line[strcspn(line, "\n")] = '\0';
    return has_line;
}

static unsigned cpus_of(long long quota, long long period) {
    if (quota <= 0 || period <= 0)
        return 0;
    long long cpus = quota / period + (quota % period != 0);
    return cpus > INT_MAX ? 0 : (unsigned)cpus;
}

/* "max 100000" or "150000 100000". */
static unsigned quota_of_group(const char *root, const char *group) {
    char path[MACHINE_LINE_MAX + 64], line[MACHINE_LINE_MAX];
    long long quota, period;
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", group);
    if (!read_line(root, path, line) || sscanf(line, "%lld %lld", &quota, &period) != 2)
        return 0;
    return cpus_of(quota, period);
}

/* Of the older hierarchies: two files, -1 without a quota. */
static unsigned quota_of_old_group(const char *root, const char *group) {
    char path[MACHINE_LINE_MAX + 64], line[MACHINE_LINE_MAX];
    long long quota, period;
    snprintf(path, sizeof path, "/sys/fs/cgroup/cpu%s/cpu.cfs_quota_us", group);
    if (!read_line(root, path, line) || sscanf(line, "%lld", &quota) != 1)
        return 0;
    snprintf(path, sizeof path, "/sys/fs/cgroup/cpu%s/cpu.cfs_period_us", group);
    if (!read_line(root, path, line) || sscanf(line, "%lld", &period) != 1)
        return 0;
    return cpus_of(quota, period);
}

/* controllers is a list with commas. */
static bool has_cpu(const char *controllers) {
    while (*controllers) {
        size_t length = strcspn(controllers, ",");
        if (length == 3 && memcmp(controllers, "cpu", 3) == 0)
            return true;
        controllers += length + (controllers[length] == ',');
    }
    return false;
}

/* The strictest of a group and those above it. A container may see its own group as the root while its name is still
 * that of the host: then only the root has files. */
static unsigned quota_of_groups(const char *root, char *group,
                                unsigned (*quota_of)(const char *root, const char *group)) {
    unsigned least = 0;
    for (;;) {
        unsigned cpus = quota_of(root, strcmp(group, "/") == 0 ? "" : group);
        if (cpus != 0 && (least == 0 || cpus < least))
            least = cpus;
        char *last = strrchr(group, '/');
        if (!last)
            return least;
        *last = '\0';
    }
}

/* Lines of /proc/self/cgroup are number:controllers:path; number 0 without controllers is the unified hierarchy. */
unsigned machine_quota_cpus(const char *root) {
    char line[MACHINE_LINE_MAX];
    unsigned least = 0;
    FILE *file = open_below(root, "/proc/self/cgroup");
    if (!file)
        return 0;
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        *controllers++ = '\0';
        *group++ = '\0';
        unsigned cpus = 0;
        if (*controllers == '\0')
            cpus = quota_of_groups(root, group, quota_of_group);
        else if (has_cpu(controllers))
            cpus = quota_of_groups(root, group, quota_of_old_group);
        if (cpus != 0 && (least == 0 || cpus < least))
            least = cpus;
    }
    fclose(file);
    return least;
}

/* --- the network: proc(5) ---------------------------------------------------------------------------------------------- */

/* /proc/net/route begins with the interface and the destination, in hexadecimal. */
static bool find_ipv4_route(const char *root, char interface[static IFNAMSIZ]) {
    char line[MACHINE_LINE_MAX];
    unsigned destination;
    bool is_found = false;
    FILE *file = open_below(root, "/proc/net/route");
    if (!file)
        return false;
    while (!is_found && fgets(line, sizeof line, file))
        is_found = sscanf(line, "%15s %x", interface, &destination) == 2 && destination == 0;
    fclose(file);
    return is_found;
}

/* /proc/net/ipv6_route begins with the destination and its prefix, and ends with the interface. */
static bool find_ipv6_route(const char *root, char interface[static IFNAMSIZ]) {
    char line[MACHINE_LINE_MAX], destination[33];
    unsigned prefix;
    bool is_found = false;
    FILE *file = open_below(root, "/proc/net/ipv6_route");
    if (!file)
        return false;
    while (!is_found && fgets(line, sizeof line, file))
        is_found =
            sscanf(line, "%32s %x %*s %*s %*s %*s %*s %*s %*s %15s", destination, &prefix, interface) == 3 &&
            prefix == 0 && strcmp(interface, "lo") != 0;
    fclose(file);
    return is_found;
}

int machine_network_node(const char *root) {
    char interface[IFNAMSIZ], path[IFNAMSIZ + 64], line[MACHINE_LINE_MAX];
    int node;
    if (!find_ipv4_route(root, interface) && !find_ipv6_route(root, interface))
        return -1;
    snprintf(path, sizeof path, "/sys/class/net/%s/device/numa_node", interface);
    return read_line(root, path, line) && sscanf(line, "%d", &node) == 1 && node >= 0 ? node : -1;
}
