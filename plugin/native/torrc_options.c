#include "native/torrc_options.h"

#include <stdlib.h>
#include <string.h>

#include "native/config.h"
#include "native/torrc_known.h"
#include "native/torrc_values.h"
#include "wire/text.h"

static const char no_memory[] = "less: there is no memory for it";

static void *member(struct config *config, const struct torrc_option *option) {
    return (char *)config + option->offset;
}

static const char *set_string(char **where, const char *value) {
    char *copy = strdup(value);
    if (!copy)
        return no_memory;
    free(*where);
    *where = copy;
    return NULL;
}

static const char *apply_string(struct config *config, const struct torrc_option *option, const char *value) {
    return *value ? set_string(member(config, option), value) : "a value";
}

/* As tor: a leading ~ is the home directory. */
static const char *apply_path(struct config *config, const struct torrc_option *option, const char *value) {
    const char *home = getenv("HOME");
    char *path = NULL;
    if (*value == '\0')
        return "a path";
    if (value[0] != '~' || (value[1] != '/' && value[1] != '\0') || !home)
        return set_string(member(config, option), value);
    size_t length = strlen(home) + strlen(value);
    path = malloc(length);
    if (!path)
        return no_memory;
    memcpy(path, home, strlen(home));
    memcpy(path + strlen(home), value + 1, strlen(value));
    free(*(char **)member(config, option));
    *(char **)member(config, option) = path;
    return NULL;
}

static const char *apply_bool(struct config *config, const struct torrc_option *option, const char *value) {
    return torrc_value_bool(value, member(config, option));
}

static const char *apply_tristate(struct config *config, const struct torrc_option *option,
                                  const char *value) {
    return torrc_value_tristate(value, member(config, option));
}

static const char *check_range(const struct torrc_option *option, uint64_t number) {
    return number < option->least || number > option->most ? option->expected : NULL;
}

static const char *apply_bytes(struct config *config, const struct torrc_option *option, const char *value) {
    const char *expected = torrc_value_bytes(value, member(config, option));
    return expected ? expected : check_range(option, *(uint64_t *)member(config, option));
}

static const char *apply_seconds(struct config *config, const struct torrc_option *option,
                                 const char *value) {
    uint64_t seconds = 0;
    const char *expected = torrc_value_seconds(value, &seconds);
    if (!expected)
        expected = check_range(option, seconds);
    if (!expected)
        *(uint32_t *)member(config, option) = (uint32_t)seconds;
    return expected;
}

static const char *apply_milliseconds(struct config *config, const struct torrc_option *option,
                                      const char *value) {
    uint64_t milliseconds = 0;
    const char *expected = torrc_value_milliseconds(value, &milliseconds);
    if (!expected)
        expected = check_range(option, milliseconds);
    if (!expected)
        *(uint32_t *)member(config, option) = (uint32_t)milliseconds;
    return expected;
}

static const char *apply_int(struct config *config, const struct torrc_option *option, const char *value) {
    uint64_t number;
    if (!text_u64(span_of(value), option->most, &number) || number < option->least)
        return option->expected;
    *(int *)member(config, option) = (int)number;
    return NULL;
}

/* A number, or auto: -1. */
static const char *apply_int_or_auto(struct config *config, const struct torrc_option *option,
                                     const char *value) {
    if (!span_is_nocase(span_of(value), "auto"))
        return apply_int(config, option, value);
    *(int *)member(config, option) = -1;
    return NULL;
}

/* A number; 0: the consensus says. */
static const char *apply_count(struct config *config, const struct torrc_option *option, const char *value) {
    const char *expected = apply_int(config, option, value);
    int *number = member(config, option);
    if (!expected && *number == 0)
        *number = DOS_THE_CONSENSUS_SAYS;
    return expected;
}

/* Seconds; 0: the consensus says. */
static const char *apply_period(struct config *config, const struct torrc_option *option, const char *value) {
    uint64_t seconds = 0;
    const char *expected = torrc_value_seconds(value, &seconds);
    if (!expected)
        expected = check_range(option, seconds);
    if (!expected)
        *(int32_t *)member(config, option) = seconds == 0 ? DOS_THE_CONSENSUS_SAYS : (int32_t)seconds;
    return expected;
}

/* Seconds, perhaps with a fraction; negative: the consensus says. */
static const char *apply_halflife(struct config *config, const struct torrc_option *option,
                                  const char *value) {
    uint64_t milliseconds = 0;
    if (value[0] == '-') {
        config->priority_halflife_ms = -1;
        return NULL;
    }
    if (torrc_value_decimal_ms(value, &milliseconds) || milliseconds > 86400 * 1000)
        return option->expected;
    config->priority_halflife_ms = (int64_t)milliseconds;
    return NULL;
}

static const char *apply_nickname(struct config *config, const struct torrc_option *option,
                                  const char *value) {
    size_t length = strlen(value);
    if (length == 0 || length > NICKNAME_MAX)
        return option->expected;
    for (size_t i = 0; i < length; i++) {
        char letter = (char)(value[i] | 0x20);
        if (!(value[i] >= '0' && value[i] <= '9') && !(letter >= 'a' && letter <= 'z'))
            return option->expected;
    }
    memcpy(config->nickname, value, length + 1);
    return NULL;
}

static const char *apply_address(struct config *config, const struct torrc_option *option,
                                 const char *value) {
    struct address address;
    size_t length = strlen(value);
    bool in_brackets = length > 2 && value[0] == '[' && value[length - 1] == ']';
    if (!address_parse(value + in_brackets, length - 2 * (size_t)in_brackets, &address)) {
        bool is_host = length > 0 && length < 254 && !strpbrk(value, " \t:/@[]");
        return is_host ? set_string(&config->address_host, value) : option->expected;
    }
    if (address.family == ADDRESS_IPV4)
        config->address = address;
    else
        config->address6 = address;
    return NULL;
}

static const char *add_ports(struct config *config, const char *name, const char *value,
                             struct config_port *all, uint32_t *all_count) {
    struct config_port ports[2];
    uint32_t count;
    const char *expected = torrc_value_or_port(value, ports, &count);
    if (expected)
        return expected;
    if (count > CONFIG_PORTS_MAX - *all_count)
        return "at most 8 ports (one without an address counts for two)";
    for (uint32_t i = 0; i < count; i++) {
        ports[i].place = places_find(&config->places, name);
        all[(*all_count)++] = ports[i];
    }
    return NULL;
}

static const char *apply_or_port(struct config *config, const struct torrc_option *option,
                                 const char *value) {
    return add_ports(config, option->name, value, config->or_ports, &config->or_port_count);
}

static const char *apply_dir_port(struct config *config, const struct torrc_option *option,
                                  const char *value) {
    return add_ports(config, option->name, value, config->dir_ports, &config->dir_port_count);
}

static const char *apply_metrics_port(struct config *config, const struct torrc_option *option,
                                      const char *value) {
    struct config_port port;
    uint32_t count;
    const char *expected = torrc_value_metrics_port(value, &port, &count);
    (void)option;
    if (expected || count == 0)
        return expected;
    if (config->metrics_port_count == CONFIG_PORTS_MAX)
        return "at most 8 ports";
    config->metrics_ports[config->metrics_port_count++] = port;
    return NULL;
}

static const char *apply_policy(struct config *config, const struct torrc_option *option, const char *value) {
    switch (exit_policy_parse(member(config, option), value)) {
    case EXIT_POLICY_OK: return NULL;
    case EXIT_POLICY_FULL: return "at most 512 rules in all";
    case EXIT_POLICY_MALFORMED: break;
    }
    return "rules as accept|reject address[/bits][:ports], with commas between";
}

static const char *apply_log(struct config *config, const struct torrc_option *option, const char *value) {
    struct log_sink sink;
    const char *path;
    const char *expected = torrc_value_log(value, &sink, &path);
    (void)option;
    if (expected)
        return expected;
    if (config->log_count == LOG_SINKS_MAX)
        return "at most 16 lines";
    if (path) {
        char *copy = strdup(path);
        if (!copy)
            return no_memory;
        sink.path = copy;
    }
    config->logs[config->log_count++] = sink;
    return NULL;
}

static const char *apply_authority(struct config *config, const struct torrc_option *option,
                                   const char *value) {
    (void)option;
    if (config->authority_count == CONFIG_AUTHORITIES_MAX)
        return "at most 32 authorities";
    const char *expected = torrc_value_authority(value, &config->authorities[config->authority_count]);
    config->authority_count += expected == NULL;
    return expected;
}

static const char *apply_family(struct config *config, const struct torrc_option *option, const char *value) {
    (void)option;
    while (*value) {
        size_t length = strcspn(value, ", \t");
        if (length > 0) {
            if (config->family_count == CONFIG_FAMILY_MAX)
                return "at most 512 relays";
            const char *expected =
                torrc_value_fingerprint(value, length, config->family[config->family_count]);
            if (expected)
                return expected;
            config->family_count++;
        }
        value += length + (value[length] != '\0');
    }
    return NULL;
}

static const char *apply_family_id(struct config *config, const struct torrc_option *option,
                                   const char *value) {
    if (strcmp(value, "*") == 0) {
        config->has_any_family = true;
        return NULL;
    }
    if (config->family_id_count == CONFIG_FAMILY_IDS_MAX)
        return "at most 8 families";
    if (!text_base64_decode_exact(span_of(value), config->family_ids[config->family_id_count], 32))
        return option->expected;
    config->family_id_count++;
    return NULL;
}

static const char *apply_publish(struct config *config, const struct torrc_option *option,
                                 const char *value) {
    config->publish_descriptor = strcmp(value, "1") == 0 || strcmp(value, "v3") == 0;
    return config->publish_descriptor || strcmp(value, "0") == 0 ? NULL : option->expected;
}

static const char *apply_link_ciphers(struct config *config, const struct torrc_option *option,
                                      const char *value) {
    static const char *const names[] = {
        [CIPHER_WISH_AUTO] = "auto", [CIPHER_WISH_AES] = "aes", [CIPHER_WISH_CHACHA] = "chacha"};
    for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++) {
        if (!span_is_nocase(span_of(value), names[i]))
            continue;
        config->link_ciphers = (enum cipher_wish)i;
        return NULL;
    }
    return option->expected;
}

static const char *apply_balancing(struct config *config, const struct torrc_option *option,
                                   const char *value) {
    static const char *const names[] = {[BALANCE_ROUND_ROBIN] = "round-robin",
                                        [BALANCE_LEAST_BUSY] = "least-busy",
                                        [BALANCE_MOVING] = "moving"};
    for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++) {
        if (!span_is_nocase(span_of(value), names[i]))
            continue;
        config->load_balancing = (enum balance_policy)i;
        return NULL;
    }
    return option->expected;
}

static const char *apply_accounting_rule(struct config *config, const struct torrc_option *option,
                                         const char *value) {
    static const char *const names[] = {
        [ACCOUNTING_MAX] = "max", [ACCOUNTING_SUM] = "sum", [ACCOUNTING_IN] = "in", [ACCOUNTING_OUT] = "out"};
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(value, names[i]) != 0)
            continue;
        config->accounting_rule = (enum accounting_rule)i;
        return NULL;
    }
    return option->expected;
}

static const char *apply_accounting_start(struct config *config, const struct torrc_option *option,
                                          const char *value) {
    (void)option;
    return accounting_period_parse(value, &config->accounting_period);
}

/* SocksPort 0 and the like: the only value that tells the truth. */
static const char *apply_zero(struct config *config, const struct torrc_option *option, const char *value) {
    (void)config;
    return strcmp(value, "0") == 0 ? NULL : option->expected;
}

#define AT(m)                  .offset = offsetof(struct config, m)
#define RANGE(low, high, text) .least = (low), .most = (high), .expected = (text)
#define RATE                   RANGE(0, INT32_MAX *UINT64_C(1024), "at most 2 TBytes")
#define COUNT                  RANGE(0, INT32_MAX, "a number, 0 for what the consensus says")
#define PERIOD                 RANGE(0, DOS_DEFENSE_PERIOD_MAX_S, "at most 7 days, 0 for what the consensus says")
#define DEFENSE(most)          RANGE(0, most, "a type of defense up to " #most ", 0 for what the consensus says")

/* In the order of their names: --list-torrc-options prints it so. */
static const struct torrc_option carried_out[] = {
    {"__SbwsExit", .apply = apply_bool, AT(sbws_exit)},
    {"AccountingMax", .apply = apply_bytes, AT(accounting_max), RANGE(0, INT64_MAX, "at most 8 EBytes")},
    {"AccountingRule", .apply = apply_accounting_rule, .expected = "sum, max, in or out"},
    {"AccountingStart", .apply = apply_accounting_start},
    {"Address", .is_list = true, .apply = apply_address,
     .expected = "an IPv4 or IPv6 address, or a host name"},
    {"AddressDisableIPv6", .apply = apply_bool, AT(address_disable_ipv6)},
    {"AssumeReachable", .apply = apply_tristate, AT(assume_reachable)},
    {"AssumeReachableIPv6", .apply = apply_tristate, AT(assume_reachable_ipv6)},
    {"BandwidthBurst", .apply = apply_bytes, AT(bandwidth_burst), RATE},
    {"BandwidthRate", .apply = apply_bytes, AT(bandwidth_rate), RATE},
    {"CircuitPriorityHalflife", .apply = apply_halflife, .expected = "seconds up to 86400, or -1"},
    {"ConnectionThreads", .apply = apply_int_or_auto, AT(connection_threads),
     RANGE(0, CONFIG_THREADS_MAX, "auto, or a number from 0 (all in the main thread) to 254")},
    {"ContactInfo", .apply = apply_string, AT(contact)},
    {"DataDirectory", .apply = apply_path, AT(data_directory)},
    {"DirAuthority", .is_list = true, .apply = apply_authority},
    {"DirCache", .apply = apply_bool, AT(dir_cache)},
    {"DirPort", .is_list = true, .apply = apply_dir_port},
    {"DoSCircuitCreationBurst", .apply = apply_count, AT(dos.circuit_burst), COUNT},
    {"DoSCircuitCreationDefenseTimePeriod", .apply = apply_period, AT(dos.circuit_defense_s), PERIOD},
    {"DoSCircuitCreationDefenseType", .apply = apply_count, AT(dos.circuit_defense), DEFENSE(2)},
    {"DoSCircuitCreationEnabled", .apply = apply_tristate, AT(dos.circuit_enabled)},
    {"DoSCircuitCreationMinConnections", .apply = apply_count, AT(dos.circuit_connections_min), COUNT},
    {"DoSCircuitCreationRate", .apply = apply_count, AT(dos.circuit_rate), COUNT},
    {"DoSConnectionConnectBurst", .apply = apply_count, AT(dos.connect_burst), COUNT},
    {"DoSConnectionConnectDefenseTimePeriod", .apply = apply_period, AT(dos.connect_defense_s), PERIOD},
    {"DoSConnectionConnectRate", .apply = apply_count, AT(dos.connect_rate), COUNT},
    {"DoSConnectionDefenseType", .apply = apply_count, AT(dos.connection_defense), DEFENSE(2)},
    {"DoSConnectionEnabled", .apply = apply_tristate, AT(dos.connection_enabled)},
    {"DoSConnectionMaxConcurrentCount", .apply = apply_count, AT(dos.connections_max), COUNT},
    {"DoSRefuseSingleHopClientRendezvous", .apply = apply_tristate, AT(dos.refuse_single_hop)},
    {"DoSStreamCreationBurst", .apply = apply_count, AT(dos.stream_burst), COUNT},
    {"DoSStreamCreationDefenseType", .apply = apply_count, AT(dos.stream_defense), DEFENSE(3)},
    {"DoSStreamCreationEnabled", .apply = apply_tristate, AT(dos.stream_enabled)},
    {"DoSStreamCreationRate", .apply = apply_count, AT(dos.stream_rate), COUNT},
    {"ExitPolicy", .is_list = true, .apply = apply_policy, AT(exit_policy)},
    {"ExitPolicyRejectPrivate", .apply = apply_tristate, AT(exit_reject_private)},
    {"ExitRelay", .apply = apply_tristate, AT(exit_relay)},
    {"ExtendAllowPrivateAddresses", .apply = apply_tristate, AT(extend_allow_private)},
    {"FamilyId", .is_list = true, .apply = apply_family_id,
     .expected = "what `tor --keygen-family` printed, or *"},
    {"FamilyKeyDirectory", .apply = apply_path, AT(family_key_directory)},
    {"HeartbeatPeriod", .apply = apply_seconds, AT(heartbeat_s), RANGE(0, INT32_MAX, "at most 68 years")},
    {"IPv6Exit", .apply = apply_bool, AT(ipv6_exit)},
    {"KeyDirectory", .apply = apply_path, AT(key_directory)},
    {"KISTSchedRunInterval", .apply = apply_milliseconds, AT(kist_interval_ms),
     RANGE(0, 100, "0 to 100 msec")},
    {"LinkCiphers", .apply = apply_link_ciphers, .expected = "auto, aes or chacha"},
    {"LoadBalancing", .apply = apply_balancing, .expected = "round-robin, least-busy or moving"},
    {"Log", .is_list = true, .apply = apply_log},
    {"LogTimeGranularity", .apply = apply_milliseconds, AT(log_granularity_ms),
     RANGE(1, 86400000, "1 msec or more")},
    {"MaxAdvertisedBandwidth", .apply = apply_bytes, AT(max_advertised_bandwidth), RATE},
    {"MaxConsensusAgeForDiffs", .apply = apply_seconds, AT(consensus_age_for_diffs_s),
     RANGE(0, INT32_MAX, "at most 68 years, 0 for a day")},
    {"MaxMemInQueues", .apply = apply_bytes, AT(max_mem_in_queues), RANGE(0, UINT64_MAX, "")},
    {"MaxOnionQueueDelay", .apply = apply_milliseconds, AT(max_onion_queue_delay_ms),
     RANGE(0, INT32_MAX, "at most 24 days")},
    {"MetricsPort", .is_list = true, .apply = apply_metrics_port},
    {"MetricsPortPolicy", .is_list = true, .apply = apply_policy, AT(metrics_policy)},
    {"MyFamily", .is_list = true, .apply = apply_family},
    {"Nickname", .apply = apply_nickname, .expected = "1 to 19 letters and digits"},
    {"NumCPUs", .apply = apply_int, AT(num_cpus), RANGE(0, 128, "a number from 0 (automatic) to 128")},
    {"ORPort", .is_list = true, .apply = apply_or_port},
    {"PaceAhead", .apply = apply_int, AT(pace_ahead_us), RANGE(0, 1000000, "microseconds, at most 1000000")},
    {"PaceCores", .apply = apply_int, AT(pace_cores),
     RANGE(0, 64, "at most 64, 0 for what PaceProfile says")},
    {"PaceProfile", .apply = apply_path, AT(pace_profile)},
    {"PaceThreadsPerCore", .apply = apply_int, AT(pace_threads_per_core),
     RANGE(0, 2, "1, 2, or 0 for what PaceProfile says")},
    {"PerConnBWBurst", .apply = apply_bytes, AT(per_connection_burst), RATE},
    {"PerConnBWRate", .apply = apply_bytes, AT(per_connection_rate), RATE},
    {"PidFile", .apply = apply_path, AT(pid_file)},
    {"PinThreads", .apply = apply_tristate, AT(pin_threads)},
    {"ProtocolWarnings", .apply = apply_bool, AT(protocol_warnings)},
    {"PublishServerDescriptor", .apply = apply_publish, .expected = "0, 1 or v3 (Loom is no bridge)"},
    {"ReducedExitPolicy", .apply = apply_bool, AT(reduced_exit_policy)},
    {"RefuseUnknownExits", .apply = apply_tristate, AT(refuse_unknown_exits)},
    {"RelayBandwidthBurst", .apply = apply_bytes, AT(relay_bandwidth_burst), RATE},
    {"RelayBandwidthRate", .apply = apply_bytes, AT(relay_bandwidth_rate), RATE},
    {"RunAsDaemon", .apply = apply_bool, AT(run_as_daemon)},
    {"SafeLogging", .apply = apply_bool, AT(safe_logging)},
    {"ServerDNSAllowBrokenConfig", .apply = apply_bool, AT(dns_allow_broken)},
    {"ServerDNSAllowNonRFC953Hostnames", .apply = apply_bool, AT(dns_allow_any_characters)},
    {"ServerDNSRandomizeCase", .apply = apply_bool, AT(dns_randomize_case)},
    {"ServerDNSResolvConfFile", .apply = apply_path, AT(dns_resolv_conf)},
    {"ServerDNSSearchDomains", .apply = apply_bool, AT(dns_search_domains)},
    {"ShutdownWaitLength", .apply = apply_seconds, AT(shutdown_wait_s),
     RANGE(0, INT32_MAX, "at most 68 years")},
    {"SigningKeyLifetime", .apply = apply_seconds, AT(signing_key_lifetime_s),
     RANGE(2 * 86400, 3650 * 86400, "2 days to 10 years")},
    {"SocksPort", .is_list = true, .apply = apply_zero, .expected = "0: Loom is no client"},
    {"TestingMoveLinksInterval", .apply = apply_milliseconds, AT(testing_move_links_ms),
     RANGE(0, 3600000, "at most an hour, 0 for never")},
    {"TestingTorNetwork", .apply = apply_bool, AT(testing_network)},
    {"User", .apply = apply_string, AT(user)},
};

/* Names that tor has kept for what was renamed. */
static const struct {
    const char *old, *name;
} renamed[] = {
    {"DirServer", "DirAuthority"},
    {"MaxMemInCellQueues", "MaxMemInQueues"},
};

static const char *name_now(const char *name) {
    for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++)
        if (span_is_nocase(span_of(name), renamed[i].old))
            return renamed[i].name;
    return name;
}

const struct torrc_option *torrc_option_find(const char *name) {
    name = name_now(name);
    for (size_t i = 0; i < sizeof(carried_out) / sizeof(carried_out[0]); i++)
        if (span_is_nocase(span_of(name), carried_out[i].name))
            return &carried_out[i];
    return torrc_known_find(name);
}

const struct torrc_option *torrc_option_carried_out(size_t index) {
    return index < sizeof(carried_out) / sizeof(carried_out[0]) ? &carried_out[index] : NULL;
}

bool torrc_option_is_off(const char *value) {
    return *value == '\0' || strcmp(value, "0") == 0;
}
