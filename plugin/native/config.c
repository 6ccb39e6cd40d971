#include "native/config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/relay_config.h"
#include "wire/cell.h"

#define DEFAULT_BANDWIDTH     (UINT64_C(1) << 30) /* tor: 1 GByte */
#define RELAY_BANDWIDTH_LEAST (75 * 1024)         /* tor: a relay with less is of no use */
#define QUEUE_MEMORY_LEAST    (UINT64_C(64) << 20)
#define QUEUE_MEMORY_MOST     (UINT64_C(8) << 30) /* tor's cap for its own guess */
#define QUEUE_MEMORY_FALLBACK (UINT64_C(1) << 30)

static_assert(RELAY_BANDWIDTH_LEAST >= CELLS_PER_RECORD * CELL_LEN, "a burst holds a record");

struct config *config_new(void) {
    struct config *config = calloc(1, sizeof(*config));
    if (!config)
        return NULL;
    memcpy(config->nickname, "Unnamed", sizeof("Unnamed"));
    config->publish_descriptor = true;
    config->dir_cache = true;
    config->assume_reachable = config->assume_reachable_ipv6 = CONFIG_AUTO;
    config->extend_allow_private = CONFIG_AUTO;
    config->exit_relay = CONFIG_AUTO;
    config->exit_reject_private = CONFIG_AUTO;
    config->refuse_unknown_exits = CONFIG_AUTO;
    config->dns_allow_broken = true;
    config->dns_randomize_case = true;
    config->bandwidth_rate = DEFAULT_BANDWIDTH;
    config->bandwidth_burst = DEFAULT_BANDWIDTH;
    config->max_advertised_bandwidth = UINT64_MAX;
    config->accounting_period = (struct accounting_period){.unit = ACCOUNTING_MONTH, .day = 1};
    config->connection_threads = -1;
    config->load_balancing = BALANCE_LEAST_BUSY;
    config->pin_threads = CONFIG_AUTO;
    config->priority_halflife_ms = -1;
    config->pace_ahead_us = -1;
    config->shutdown_wait_s = 30;
    config->heartbeat_s = 6 * 3600;
    config->signing_key_lifetime_s = 30 * 86400;
    config->log_granularity_ms = 1000;
    config->safe_logging = true;
    config->dos = dos_params_unasked;
    return config;
}

/* struct log_sink borrows its path; here the configuration is who it borrows from. */
static void free_paths(struct config *config) {
    for (uint32_t i = 0; i < config->log_count; i++) {
        char *path;
        memcpy(&path, &config->logs[i].path, sizeof(path));
        free(path);
    }
}

void config_free(struct config *config) {
    if (!config)
        return;
    free_paths(config);
    for (uint32_t i = 0; i < config->ignored_count; i++)
        free(config->ignored[i]);
    places_forget(&config->places);
    free(config->contact);
    free(config->address_host);
    free(config->data_directory);
    free(config->key_directory);
    free(config->family_key_directory);
    free(config->pace_profile);
    free(config->pid_file);
    free(config->user);
    free(config->dns_resolv_conf);
    free(config);
}

/* folder and name behind each other, when *path is not given. */
static bool set_default_path(char **path, const char *folder, const char *name) {
    return *path || asprintf(path, "%s%s", folder, name) >= 0;
}

static bool set_default_paths(struct config *config, struct complaint *complaint) {
    const char *home = getenv("HOME");
    bool good = set_default_path(&config->data_directory, home ? home : "/var/lib", home ? "/.tor" : "/tor");
    good = good && set_default_path(&config->key_directory, config->data_directory, "/keys");
    return good || complain(complaint, "no memory");
}

/* tor's guess: three quarters of the memory, or two fifths of it when there are 8 GBytes and more. */
static uint64_t guess_queue_memory(void) {
    long pages = sysconf(_SC_PHYS_PAGES);
    long page = sysconf(_SC_PAGESIZE);
    if (pages <= 0 || page <= 0)
        return QUEUE_MEMORY_FALLBACK;
    uint64_t memory = (uint64_t)pages * (uint64_t)page;
    uint64_t share = memory >= QUEUE_MEMORY_MOST ? memory / 5 * 2 : memory / 4 * 3;
    return share < QUEUE_MEMORY_MOST ? share : QUEUE_MEMORY_MOST;
}

/* What TestingTorNetwork implies for a relay, unless the operator said otherwise. */
static void settle_testing(struct config *config) {
    if (config->assume_reachable == CONFIG_AUTO)
        config->assume_reachable = config->testing_network;
    if (config->extend_allow_private == CONFIG_AUTO)
        config->extend_allow_private = config->testing_network;
    if (config->exit_reject_private == CONFIG_AUTO)
        config->exit_reject_private = !config->testing_network;
}

/* tor's default exit policy, which stands behind the operator's lines. */
static const char default_policy[] =
    "reject *:25, reject *:119, reject *:135-139, reject *:445, reject *:563, "
    "reject *:1214, reject *:4661-4666, reject *:6346-6429, reject *:6699, "
    "reject *:6881-6999, accept *:*";

/* What tor's manual says ReducedExitPolicy is. */
static const char reduced_policy[] =
    "accept *:20-23, accept *:43, accept *:53, accept *:79-81, accept *:88, accept *:110, accept *:143, "
    "accept *:194, accept *:220, accept *:389, accept *:443, accept *:464-465, accept *:531, "
    "accept *:543-544, accept *:554, accept *:563, accept *:587, accept *:636, accept *:706, accept *:749, "
    "accept *:873, accept *:902-904, accept *:981, accept *:989-995, accept *:1194, accept *:1220, "
    "accept *:1293, accept *:1500, accept *:1533, accept *:1677, accept *:1723, accept *:1755, "
    "accept *:1863, accept *:2082-2083, accept *:2086-2087, accept *:2095-2096, accept *:2102-2104, "
    "accept *:3128, accept *:3389, accept *:3690, accept *:4321, accept *:4643, accept *:5050, "
    "accept *:5190, accept *:5222-5223, accept *:5228, accept *:5900, accept *:6660-6669, accept *:6679, "
    "accept *:6697, accept *:8000, accept *:8008, accept *:8074, accept *:8080, accept *:8082, "
    "accept *:8087-8088, accept *:8232-8233, accept *:8332-8333, accept *:8443, accept *:8888, "
    "accept *:9418, accept *:9999, accept *:10000, accept *:11371, accept *:19294, accept *:19638, "
    "accept *:50002, accept *:64738, reject *:*";

/* Put the rules of line before those of policy. */
static bool prepend_rules(struct exit_policy *policy, const char *line) {
    struct exit_policy *whole = calloc(1, sizeof(*whole));
    bool good = whole && exit_policy_parse(whole, line) == EXIT_POLICY_OK;
    for (uint32_t i = 0; good && i < policy->count; i++)
        good = exit_policy_add(whole, &policy->rules[i]);
    if (good)
        memcpy(policy, whole, sizeof(*policy));
    free(whole);
    return good;
}

static bool settle_exit_policy(struct config *config, struct complaint *complaint) {
    struct exit_policy *policy = &config->exit_policy;
    /* tor: auto is an exit only when a policy is given. */
    if (config->exit_relay == CONFIG_AUTO)
        config->exit_relay = policy->count > 0 || config->ipv6_exit || config->reduced_exit_policy;
    const char *last = config->reduced_exit_policy ? reduced_policy : default_policy;
    bool good = exit_policy_parse(policy, last) == EXIT_POLICY_OK;
    if (good && config->exit_reject_private)
        good = prepend_rules(policy, "reject private:*");
    if (good && !config->ipv6_exit)
        good = prepend_rules(policy, "reject *6:*");
    if (!good)
        return complain(complaint, "ExitPolicy: expected at most %u rules in all", EXIT_POLICY_RULES_MAX);
    exit_policy_trim(policy);
    if (!config->exit_relay ||
        !(exit_policy_allows_any(policy, ADDRESS_IPV4) || exit_policy_allows_any(policy, ADDRESS_IPV6))) {
        config->exit_relay = CONFIG_NO;
        policy->count = 0;
        return exit_policy_parse(policy, "reject *:*") == EXIT_POLICY_OK;
    }
    return true;
}

bool config_reject_own(struct config *config, const struct endpoint own[static 2],
                       struct complaint *complaint) {
    struct exit_policy *policy = &config->exit_policy;
    if (config->exit_relay != CONFIG_YES || !config->exit_reject_private)
        return true;
    struct exit_policy *whole = calloc(1, sizeof(*whole));
    bool good = whole != NULL;
    for (unsigned i = 0; good && i < 2; i++) {
        struct exit_policy_rule rule = {.address = own[i].address, .port_first = 1, .port_last = UINT16_MAX};
        rule.prefix_bits = own[i].address.family == ADDRESS_IPV4 ? 32 : 128;
        good = own[i].address.family == ADDRESS_NONE || exit_policy_add(whole, &rule);
    }
    for (uint32_t i = 0; good && i < policy->count; i++)
        good = exit_policy_add(whole, &policy->rules[i]);
    if (good)
        memcpy(policy, whole, sizeof(*policy));
    free(whole);
    return good || complain(complaint, "ExitPolicy: expected at most %u rules in all", EXIT_POLICY_RULES_MAX);
}

static bool check_bandwidth(const struct config *config, struct complaint *complaint) {
    if (config_rate(config) < RELAY_BANDWIDTH_LEAST)
        return complain(complaint, "%s: expected at least 75 KBytes, got %llu bytes",
                        config->bandwidth_rate < RELAY_BANDWIDTH_LEAST ? "BandwidthRate"
                                                                       : "RelayBandwidthRate",
                        (unsigned long long)config_rate(config));
    if (config->bandwidth_burst < config->bandwidth_rate)
        return complain(
            complaint, "BandwidthBurst: expected at least BandwidthRate (%llu bytes), got %llu bytes",
            (unsigned long long)config->bandwidth_rate, (unsigned long long)config->bandwidth_burst);
    if (config->relay_bandwidth_burst < config->relay_bandwidth_rate)
        return complain(
            complaint,
            "RelayBandwidthBurst: expected at least RelayBandwidthRate (%llu bytes), got %llu bytes",
            (unsigned long long)config->relay_bandwidth_rate,
            (unsigned long long)config->relay_bandwidth_burst);
    return true;
}

/* As tor: a rate alone raises the burst with it. */
static void settle_bandwidth(struct config *config) {
    if (config->bandwidth_rate > config->bandwidth_burst && config->bandwidth_burst == DEFAULT_BANDWIDTH)
        config->bandwidth_burst = config->bandwidth_rate;
    if (config->relay_bandwidth_rate > 0 && config->relay_bandwidth_burst == 0)
        config->relay_bandwidth_burst = config->relay_bandwidth_rate;
    if (config->relay_bandwidth_burst > 0 && config->relay_bandwidth_rate == 0)
        config->relay_bandwidth_rate = config->relay_bandwidth_burst;
}

static bool check_network(const struct config *config, struct complaint *complaint) {
    uint32_t voters = 0;
    for (uint32_t i = 0; i < config->authority_count; i++)
        voters += config->authorities[i].has_v3_identity;
    if (voters == 0)
        return complain(complaint,
                        "DirAuthority: expected at least one line with a v3ident (Loom joins no network by "
                        "itself)");
    if (!config_advertised_port(config, ADDRESS_IPV4))
        return complain(complaint, "ORPort: expected at least one that is advertised for IPv4");
    return true;
}

bool config_check(struct config *config, bool to_run, struct complaint *complaint) {
    settle_testing(config);
    settle_bandwidth(config);
    if (!set_default_paths(config, complaint) || !settle_exit_policy(config, complaint))
        return false;
    if (config->max_mem_in_queues == 0)
        config->max_mem_in_queues = guess_queue_memory();
    if (config->max_mem_in_queues < QUEUE_MEMORY_LEAST)
        return complain(complaint, "MaxMemInQueues: expected at least 64 MBytes, got %llu bytes",
                        (unsigned long long)config->max_mem_in_queues);
    if (config->log_count == 0)
        config->logs[config->log_count++] =
            (struct log_sink){LOG_SINK_STDOUT, LOG_LEVEL_NOTICE, LOG_LEVEL_ERR, NULL};
    if (!config->metrics_policy.count && config->metrics_port_count > 0)
        log_info("MetricsPort without MetricsPortPolicy: nobody may read it, as in tor");
    if (config->dir_port_count > 0 && !config->dir_cache)
        return complain(complaint, "DirPort: expected DirCache 1, as there is nothing to serve without");
    if (config->testing_move_links_ms > 0 && !config->testing_network)
        return complain(complaint, "TestingMoveLinksInterval: expected TestingTorNetwork 1 with it");
    if (!to_run)
        return true;
    return check_bandwidth(config, complaint) && check_network(config, complaint);
}

const struct config_port *config_advertised_port(const struct config *config, enum address_family family) {
    for (uint32_t i = 0; i < config->or_port_count; i++) {
        const struct config_port *port = &config->or_ports[i];
        if (port->advertise && port->endpoint.address.family == family)
            return port;
    }
    return NULL;
}

static uint64_t smaller(uint64_t a, uint64_t b) {
    return b > 0 && b < a ? b : a;
}

uint64_t config_rate(const struct config *config) {
    return smaller(config->bandwidth_rate, config->relay_bandwidth_rate);
}

uint64_t config_burst(const struct config *config) {
    return smaller(config->bandwidth_burst, config->relay_bandwidth_burst);
}

void config_log_ignored(const struct config *config) {
    for (uint32_t i = 0; i < config->ignored_count; i++)
        log_notice("%s: tor knows this option, in Loom it does nothing", config->ignored[i]);
}
