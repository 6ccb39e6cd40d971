/* machine_share - what the kernel's files say of the share that this process has of the machine.
 *
 * Reads files below root: "" on a machine, a folder in tests. Thread: any. Bound: a line of MACHINE_LINE_MAX bytes. */
#ifndef LOOM_NATIVE_MACHINE_SHARE_H
#define LOOM_NATIVE_MACHINE_SHARE_H

#define MACHINE_LINE_MAX 4096 /* PATH_MAX: the longest has a control group's path */

/* Whole CPUs that the control groups allow (quota by period, a begun one counts); 0: as many as there are. */
unsigned machine_quota_cpus(const char *root);
/* NUMA node of the network interface that has the default route; -1: it is not known, or there is none. */
int machine_network_node(const char *root);

#endif
