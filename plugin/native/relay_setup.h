/* relay_setup - from what the operator asked for, and what the machine has, to what the core is told.
 *
 * Asks the system for file descriptors, randomness and the time; holds nothing. */
#ifndef LOOM_NATIVE_RELAY_SETUP_H
#define LOOM_NATIVE_RELAY_SETUP_H

#include <stdint.h>

#include "core/relay_config.h"
#include "native/core_places.h"

struct config;

/* Raise the limit of open files as far as it goes, as tor does; returns it. */
uint32_t machine_raise_files(void);

/* ConnectionThreads: as asked, or what the cores suggest. */
uint16_t setup_connection_threads(const struct config *config, const struct core_places *places);
/* NumCPUs: as asked, or the cores; at least 1. */
unsigned setup_cpu_workers(const struct config *config, const struct core_places *places);
/* PinThreads. */
enum core_binding setup_binding(const struct config *config, const struct core_places *places);
/* files is the limit of open files. unix_s_at_zero is the wall clock when the core's time was 0. */
void setup_relay_config(const struct config *config, const struct core_places *places,
                        const struct crypt_provider *crypt, const uint8_t rsa_id[static 20], uint32_t files,
                        uint64_t unix_s_at_zero, struct relay_config *out);

#endif
