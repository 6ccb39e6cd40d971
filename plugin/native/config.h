/* config - what the operator asked for, after torrc and command line were read and checked.
 *
 * Owner: main; immutable once config_check() has passed, so every thread may read it; but for what reload.h names, which
 * only the main thread reads.
 * Memory: one object with its strings, from config_new() to config_free(). Bound: the counts below; a configuration
 * that has more is refused with a line that says so. */
#ifndef LOOM_NATIVE_CONFIG_H
#define LOOM_NATIVE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "core/balance_policy.h"
#include "core/dos_params.h"
#include "native/accounting.h"
#include "native/cipher_choice.h"
#include "native/complaint.h"
#include "native/log.h"
#include "native/torrc_places.h"
#include "wire/address.h"
#include "wire/exit_policy.h"

#define CONFIG_PORTS_MAX       8u
#define CONFIG_AUTHORITIES_MAX 32u
#define CONFIG_FAMILY_MAX      512u
#define CONFIG_FAMILY_IDS_MAX  8u
#define CONFIG_IGNORED_MAX     256u
#define NICKNAME_MAX           19u
#define CONFIG_THREADS_MAX     254 /* stations: 255 managers with the main thread's, and the controller */

/* A line of ORPort or MetricsPort. `ORPort 9001` stands for two: 0.0.0.0 and an optional [::]. Port 0 is `auto`: any that is
 * free, known once it is bound. */
struct config_port {
    struct endpoint endpoint;
    bool listen;
    bool advertise;
    bool is_optional;  /* failing to bind is no error */
    const char *place; /* "FILE:LINE" in the configuration's places, or NULL */
};

struct config_authority {
    char nickname[NICKNAME_MAX + 1];
    uint8_t rsa_id[20]; /* of its relay */
    bool has_v3_identity;
    uint8_t v3_identity[20]; /* whose certificates it signs consensuses with */
    struct endpoint dir_port;
    struct endpoint or_port;
};

enum config_tristate { CONFIG_AUTO = -1, CONFIG_NO = 0, CONFIG_YES = 1 };

struct config {
    /* Who we are. */
    char nickname[NICKNAME_MAX + 1];
    char *contact;           /* or NULL */
    struct address address;  /* advertised IPv4; family NONE: not given as a number */
    struct address address6; /* advertised IPv6; family NONE: none */
    char *address_host;      /* Address as a host name, or NULL */
    uint8_t family[CONFIG_FAMILY_MAX][20];
    uint32_t family_count;
    uint8_t family_ids[CONFIG_FAMILY_IDS_MAX][32]; /* families by key, whose keys must be there */
    uint32_t family_id_count;
    bool has_any_family; /* FamilyId *: of all families whose keys are there */

    /* Where things are. */
    char *data_directory;
    char *key_directory;        /* default: data_directory/keys */
    char *family_key_directory; /* NULL: key_directory */
    char *pid_file;             /* or NULL */
    char *user;                 /* to become after the ports are bound, or NULL */
    bool run_as_daemon;
    struct config_port or_ports[CONFIG_PORTS_MAX];
    uint32_t or_port_count;
    struct config_port dir_ports[CONFIG_PORTS_MAX]; /* not advertised: clients come over circuits */
    uint32_t dir_port_count;
    struct config_port metrics_ports[CONFIG_PORTS_MAX];
    uint32_t metrics_port_count;
    struct exit_policy metrics_policy;

    /* The network. */
    struct config_authority authorities[CONFIG_AUTHORITIES_MAX];
    uint32_t authority_count;
    bool testing_network;
    bool publish_descriptor;
    bool dir_cache; /* serve the directory to clients over circuits */
    uint32_t
        consensus_age_for_diffs_s; /* diffs begin with consensuses that are at most so old; 0: DIRECTORY_OLD_S */
    int assume_reachable;          /* enum config_tristate until config_check() */
    int assume_reachable_ipv6;     /* enum config_tristate; auto: as no */
    int extend_allow_private;      /* enum config_tristate until config_check() */
    int refuse_unknown_exits;      /* enum config_tristate; auto: the consensus says, else yes */
    bool address_disable_ipv6;

    /* Exit. policy is complete after config_check(): "reject *:*" when we are no exit. */
    int exit_relay;          /* enum config_tristate until config_check() */
    int exit_reject_private; /* enum config_tristate until config_check() */
    bool ipv6_exit;
    bool reduced_exit_policy;
    bool sbws_exit; /* bandwidth scanners use us as their exit */
    struct exit_policy exit_policy;
    char *dns_resolv_conf; /* or NULL: the system's */
    bool dns_allow_broken; /* run without name servers too */
    bool dns_randomize_case, dns_search_domains, dns_allow_any_characters;

    /* Limits, in bytes per second and bytes. */
    uint64_t bandwidth_rate, bandwidth_burst;
    uint64_t relay_bandwidth_rate, relay_bandwidth_burst; /* 0: not limited beyond the two above */
    uint64_t per_connection_rate, per_connection_burst;   /* of who is no relay; 0: the consensus says */
    uint64_t max_advertised_bandwidth;
    uint64_t max_mem_in_queues; /* after config_check() never 0 */
    struct dos_params dos;      /* DOS_THE_CONSENSUS_SAYS where nothing is given */

    /* Links. */
    enum cipher_wish link_ciphers;

    /* Accounting. */
    uint64_t accounting_max; /* bytes of an interval; 0: nothing is counted */
    enum accounting_rule accounting_rule;
    struct accounting_period accounting_period;

    /* Threads and scheduling. */
    int connection_threads; /* -1: what the cores suggest; 0: everything in the main thread */
    enum balance_policy load_balancing;
    int pin_threads; /* enum config_tristate: each to a core; auto: to a node, where there are several */
    int num_cpus;    /* CPU workers; 0: as many as cores */
    uint32_t max_onion_queue_delay_ms; /* 0: the consensus says */
    uint32_t kist_interval_ms;         /* 0: the consensus says */
    int64_t priority_halflife_ms;      /* -1: the consensus says */
    uint32_t testing_move_links_ms;    /* every time, the next link goes to the next thread; 0: they stay */
    char *pace_profile; /* of a CPU that work takes the time of, or NULL: loom-relay-shadow only */
    int pace_cores, pace_threads_per_core; /* of it; 0: the profile says */
    int pace_ahead_us;                     /* by which a thread may be ahead of its work; -1: the default */
    uint32_t shutdown_wait_s;
    uint32_t heartbeat_s; /* 0: none */
    uint32_t signing_key_lifetime_s;

    /* Log lines. */
    struct log_sink logs[LOG_SINKS_MAX]; /* none given: config_check() makes it notice to stdout */
    uint32_t log_count;
    uint32_t log_granularity_ms;
    bool safe_logging;      /* leave client addresses out */
    bool protocol_warnings; /* warn, not info, when peers break the protocol */

    /* Options that tor knows and we do nothing about, each with its place: one notice line each. */
    char *ignored[CONFIG_IGNORED_MAX];
    uint32_t ignored_count;

    struct places places; /* of all lines that were carried out */
};

/* Everything at its default; NULL without memory. */
MUST_USE struct config *config_new(void);
void config_free(struct config *config);
/* Settle what depends on several options, and check that the whole makes sense for a relay that is to run (to_run) or
 * only to print its fingerprint. */
MUST_USE bool config_check(struct config *config, bool to_run, struct complaint *complaint);
/* As ExitPolicyRejectPrivate asks for: no streams to the addresses that we advertise (family NONE: none). After
 * config_check(). */
MUST_USE bool config_reject_own(struct config *config, const struct endpoint own[static 2],
                                struct complaint *complaint);
/* The first advertised OR port of this family, or NULL. */
const struct config_port *config_advertised_port(const struct config *config, enum address_family family);
/* Tokens per second and burst that apply to relayed traffic: the smaller of both pairs of options. */
uint64_t config_rate(const struct config *config);
uint64_t config_burst(const struct config *config);
/* One notice line for each option that is ignored. */
void config_log_ignored(const struct config *config);

#endif
