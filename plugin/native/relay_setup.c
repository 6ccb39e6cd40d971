#include "native/relay_setup.h"

#include <limits.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "base/check.h"
#include "core/cell_pool.h"
#include "native/config.h"
#include "native/cpu_workers.h"
#include "native/heap.h"
#include "native/log.h"
#include "wire/cell.h"

#define FILES_RESERVED 64u /* logs, listeners, event loops, directory connections */
#define FILES_MAX      (1u << 20)
#define CELLS_LEAST    16384u
#define CIRCUIT_BYTES \
    1024u /* of a side of a circuit: with its keys, names and share of tables, and something over */
#define CIRCUITS_LEAST 16384u
#define CIRCUITS_MOST  (1u << 20)

uint32_t machine_raise_files(void) {
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur =
        limit.rlim_max == RLIM_INFINITY || limit.rlim_max > FILES_MAX ? FILES_MAX : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
        log_info("The limit of open files stays at %lu", (unsigned long)limit.rlim_cur);
    }
    return limit.rlim_cur > FILES_MAX ? FILES_MAX : (uint32_t)limit.rlim_cur;
}

uint16_t setup_connection_threads(const struct config *config, const struct core_places *places) {
    unsigned threads =
        config->connection_threads < 0 ? core_places_threads(places) : (unsigned)config->connection_threads;
    return (uint16_t)(threads > CONFIG_THREADS_MAX ? CONFIG_THREADS_MAX : threads);
}

unsigned setup_cpu_workers(const struct config *config, const struct core_places *places) {
    unsigned workers = config->num_cpus <= 0 ? core_places_cores(places) : (unsigned)config->num_cpus;
    return workers > CPU_WORKERS_MAX ? CPU_WORKERS_MAX : workers;
}

enum core_binding setup_binding(const struct config *config, const struct core_places *places) {
    if (config->pin_threads == CONFIG_AUTO)
        return core_places_binding(places);
    return config->pin_threads == CONFIG_YES ? CORE_BINDING_CORE : CORE_BINDING_NONE;
}

/* MaxMemInQueues is what all managers may hold in cells. */
static uint32_t cells_of(const struct config *config, uint16_t threads) {
    uint64_t cells =
        config->max_mem_in_queues / (sizeof(struct cell) + CELL_BODY_LEN) / (threads == 0 ? 1 : threads);
    if (cells < CELLS_LEAST)
        return CELLS_LEAST;
    return cells > INT_MAX ? INT_MAX : (uint32_t)cells;
}

/* A quarter of MaxMemInQueues is what their circuits may take besides. */
static uint32_t circuits_of(const struct config *config, uint16_t threads) {
    uint64_t circuits = config->max_mem_in_queues / 4 / CIRCUIT_BYTES / (threads == 0 ? 1 : threads);
    if (circuits < CIRCUITS_LEAST)
        return CIRCUITS_LEAST;
    return circuits > CIRCUITS_MOST ? CIRCUITS_MOST : (uint32_t)circuits;
}

void setup_relay_config(const struct config *config, const struct core_places *places,
                        const struct crypt_provider *crypt, const uint8_t rsa_id[static 20], uint32_t files,
                        uint64_t unix_s_at_zero, struct relay_config *out) {
    relay_config_default(out);
    out->memory = &heap_memory;
    out->crypt = crypt;
    out->connection_threads = setup_connection_threads(config, places);
    out->balancing = config->load_balancing;
    memcpy(out->rsa_id, rsa_id, sizeof out->rsa_id);
    CHECK(getrandom(&out->seed, sizeof out->seed, 0) == (ssize_t)sizeof out->seed);
    out->unix_s_at_zero = unix_s_at_zero;
    out->cells_max_per_manager = cells_of(config, out->connection_threads);
    out->circuits_max_per_manager = circuits_of(config, out->connection_threads);
    if (out->circuits_max_per_link > out->circuits_max_per_manager / 2)
        out->circuits_max_per_link = out->circuits_max_per_manager / 2;
    if (files > FILES_RESERVED && out->links_max > files - FILES_RESERVED)
        out->links_max = files - FILES_RESERVED;
    out->bandwidth_rate = config_rate(config);
    out->bandwidth_burst = config_burst(config);
    out->per_link_rate = config->per_connection_rate;
    out->per_link_burst = config->per_connection_burst;
    out->allow_private_addresses = config->extend_allow_private == CONFIG_YES;
    out->extends_over_ipv6 =
        config_advertised_port(config, ADDRESS_IPV6) != NULL && !config->address_disable_ipv6;
    out->is_exit = config->exit_relay == CONFIG_YES;
    out->exit_policy = &config->exit_policy;
    out->ipv6_exit = config->ipv6_exit;
    out->refuse_unknown_exits = (int8_t)config->refuse_unknown_exits;
    out->is_directory = config->dir_cache;
    out->dos = config->dos;
}
