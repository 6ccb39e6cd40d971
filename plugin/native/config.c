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
    config->assume_reachable = CONFIG_AUTO;
    config->extend_allow_private = CONFIG_AUTO;
    config->exit_relay = CONFIG_AUTO;
    config->exit_reject_private = CONFIG_AUTO;
    config->refuse_unknown_exits = CONFIG_AUTO;
    config->bandwidth_rate = DEFAULT_BANDWIDTH;
    config->bandwidth_burst = DEFAULT_BANDWIDTH;
    config->max_advertised_bandwidth = UINT64_MAX;
    config->connection_threads = -1;
    config->priority_halflife_ms = -1;
    config->shutdown_wait_s = 30;
    config->heartbeat_s = 6 * 3600;
    config->signing_key_lifetime_s = 30 * 86400;
    config->log_granularity_ms = 1000;
    config->safe_logging = true;
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
    free(config->pid_file);
    free(config->user);
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

/* Rules behind one that matches everything decide nothing. */
static void drop_unreachable(struct exit_policy *policy) {
    for (uint32_t i = 0; i < policy->count; i++) {
        const struct exit_policy_rule *rule = &policy->rules[i];
        if (rule->address.family == ADDRESS_NONE && rule->port_first <= 1 && rule->port_last == UINT16_MAX)
            policy->count = i + 1;
    }
}

static bool settle_exit_policy(struct config *config, struct complaint *complaint) {
    struct exit_policy *policy = &config->exit_policy;
    /* tor: auto is an exit only when a policy is given. */
    if (config->exit_relay == CONFIG_AUTO)
        config->exit_relay = policy->count > 0 || config->ipv6_exit;
    bool good = exit_policy_parse(policy, default_policy) == EXIT_POLICY_OK;
    if (good && !config->ipv6_exit)
        good = prepend_rules(policy, "reject *6:*");
    if (good && config->exit_reject_private)
        good = prepend_rules(policy, "reject private:*");
    if (!good)
        return complain(complaint, "ExitPolicy: expected at most %u rules in all", EXIT_POLICY_RULES_MAX);
    drop_unreachable(policy);
    if (!config->exit_relay || !exit_policy_allows_any(policy, ADDRESS_IPV4)) {
        config->exit_relay = CONFIG_NO;
        policy->count = 0;
        return exit_policy_parse(policy, "reject *:*") == EXIT_POLICY_OK;
    }
    return true;
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
