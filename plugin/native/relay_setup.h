/* relay_setup - from what the operator asked for, and what the machine has, to what the core is told.
 *
 * Asks the system for cores, file descriptors, randomness and the time; holds nothing. */
#ifndef LOOM_NATIVE_RELAY_SETUP_H
#define LOOM_NATIVE_RELAY_SETUP_H

#include <stdint.h>

#include "core/relay_config.h"

struct config;

/* Physical cores that this process may use (hyper-threads count once), at least 1. */
unsigned machine_cores(void);
/* Raise the limit of open files as far as it goes, as tor does; returns it. */
uint32_t machine_raise_files(void);

/* ConnectionThreads: as asked, or the physical cores. */
uint16_t setup_connection_threads(const struct config *config);
/* NumCPUs: as asked, or the cores; at least 1. */
unsigned setup_cpu_workers(const struct config *config);
/* files is the limit of open files. unix_s_at_zero is the wall clock when the core's time was 0. */
void setup_relay_config(const struct config *config, const struct crypt_provider *crypt,
                        const uint8_t rsa_id[static 20], uint32_t files, uint64_t unix_s_at_zero,
                        struct relay_config *out);

#endif
