#include "native/relay_main.h"

#include <event2/event.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "native/allocator.h"
#include "native/command_line.h"
#include "native/config.h"
#include "native/daemon.h"
#include "native/keys.h"
#include "native/listener.h"
#include "native/log.h"
#include "native/openssl_provider.h"
#include "native/presence.h"
#include "native/reload.h"
#include "native/runtime.h"
#include "native/self_descriptor.h"
#include "native/signals.h"
#include "native/torrc.h"
#include "native/version.h"

/* One plain line on stderr, whatever the log is; where lines of the configuration are known, with the one to blame. */
static int fail(const struct config *config, struct complaint *complaint) {
    if (config != NULL)
        places_locate(&config->places, complaint);
    fprintf(stderr, "%s\n", complaint->text);
    return EXIT_FAILURE;
}

/* The log may be where nobody sees stderr. */
static int fail_running(const struct config *config, struct complaint *complaint) {
    int status = fail(config, complaint);
    for (uint32_t i = 0; i < config->log_count; i++) {
        if (config->logs[i].kind == LOG_SINK_FILE || config->logs[i].kind == LOG_SINK_SYSLOG) {
            log_err("%s", complaint->text);
            break;
        }
    }
    return status;
}

static struct keys_place place_of(const struct config *config) {
    return (struct keys_place){.data_directory = config->data_directory,
                               .key_directory = config->key_directory,
                               .nickname = config->nickname,
                               .signing_lifetime_s = config->signing_key_lifetime_s,
                               .family_directory = config->family_key_directory,
                               .family_ids = config->family_ids,
                               .family_id_count = config->family_id_count,
                               .has_any_family = config->has_any_family};
}

/* Keys that cannot be had: of which option that is the fault. Always false. */
static bool blame_directory(const struct config *config, struct complaint *complaint) {
    bool is_key_directory = places_find(&config->places, "KeyDirectory") != NULL;
    complaint_prefix(
        complaint, "%s: expected a folder with keys: ", is_key_directory ? "KeyDirectory" : "DataDirectory");
    return false;
}

/* --- the commands ----------------------------------------------------------------------------------------------- */

/* "Nickname ABCD EF01 ...", as tor prints it. */
static void print_rsa_fingerprint(const struct config *config, const struct keys *keys) {
    const uint8_t *id = keys_rsa_id(keys);
    printf("%s", config->nickname);
    for (unsigned i = 0; i < 20; i++)
        printf("%s%02X", i % 2 == 0 ? " " : "", id[i]);
    printf("\n");
}

static int list_fingerprint(const struct config *config, bool is_ed25519) {
    struct complaint complaint;
    const struct keys_place place = place_of(config);
    struct keys *keys = keys_open_identity(&place, openssl_provider(), &complaint);
    if (keys == NULL) {
        blame_directory(config, &complaint);
        return fail(config, &complaint);
    }
    if (is_ed25519) {
        unsigned char text[64];
        EVP_EncodeBlock(text, keys_ed_id(keys), 32);
        printf("%s %.43s\n", config->nickname, (const char *)text); /* without the padding, as tor */
    } else {
        print_rsa_fingerprint(config, keys);
    }
    keys_close(keys);
    return EXIT_SUCCESS;
}

static void say_hello(void) {
    struct allocator_in_force allocator;
    allocator_look(&allocator);
    log_notice("Loom %s running on Linux with Libevent %s and %s.", LOOM_VERSION, event_get_version(),
               OpenSSL_version(OPENSSL_VERSION));
    log_notice("Memory is allocated by %s %s (%s).", allocator.name, allocator.version, allocator.path);
    if (geteuid() == 0)
        log_warn("You are running Loom as root. You don't need to, and you probably shouldn't.");
}

/* --- running ---------------------------------------------------------------------------------------------------- */

/* What the runtime's news are for. */
struct running {
    struct presence *presence;
    struct config *config;
    const struct command_line *line;
};

/* The runtime tells of new keys before it knows who wants to hear it. */
static void on_keys_changed(void *context, unsigned changes) {
    const struct running *running = context;
    if (changes & (KEYS_CHANGED_SIGNING | KEYS_CHANGED_ONION))
        presence_renew(running->presence);
}

static void on_heartbeat(void *context) {
    const struct running *running = context;
    presence_heartbeat(running->presence);
}

static void on_reload(void *context) {
    const struct running *running = context;
    struct complaint complaint;
    if (!reload_config(running->config, running->line, &complaint)) {
        log_warn("%s; the configuration stays as it was.", complaint.text);
        return;
    }
    log_notice("Log, ContactInfo and MyFamily are now as configured; other options change with a restart.");
    presence_renew(running->presence);
}

/* What we listen on beside the MetricsPort. */
struct open_ports {
    struct listeners onion, directory;
};

static bool run_with_runtime(const struct runtime_setup *setup, struct runtime *runtime,
                             struct open_ports *ports, struct running *running, struct complaint *complaint) {
    struct presence_options options = {.config = setup->config,
                                       .crypt = setup->crypt,
                                       .keys = setup->keys,
                                       .runtime = runtime,
                                       .directory_listeners = &ports->directory};
    options.advertised[0] = setup->advertised[0];
    options.advertised[1] = setup->advertised[1];
    running->presence = presence_new(&options, complaint);
    if (running->presence == NULL)
        return false;
    daemon_is_ready();
    bool is_fine = runtime_run(runtime, complaint);
    presence_free(running->presence);
    return is_fine;
}

/* What a run of the program is made from. */
struct order {
    const struct relay_program *program;
    const struct command_line *line;
    struct config *config;
    struct pacing *pacing;
};

static bool run_with_keys(const struct order *order, struct keys *keys, struct open_ports *ports,
                          struct complaint *complaint) {
    struct config *config = order->config;
    struct running running = {.config = config, .line = order->line};
    struct runtime_setup setup = {.config = config,
                                  .crypt = openssl_provider(),
                                  .keys = keys,
                                  .listeners = &ports->onion,
                                  .pacing = order->pacing,
                                  .keys_changed = on_keys_changed,
                                  .heartbeat = on_heartbeat,
                                  .reload = on_reload,
                                  .context = &running};
    if (!self_endpoints(config, setup.advertised, complaint) ||
        !config_reject_own(config, setup.advertised, complaint))
        return false;
    struct runtime *runtime = runtime_new(&setup, complaint);
    if (runtime == NULL)
        return false;
    bool is_fine = run_with_runtime(&setup, runtime, ports, &running, complaint);
    runtime_free(runtime);
    return is_fine;
}

/* Ports are bound before we become another user, keys are made after it. */
static bool run_with_ports(const struct order *order, struct open_ports *ports, struct complaint *complaint) {
    const struct config *config = order->config;
    const struct keys_place place = place_of(config);
    if (!daemon_become(config->user, complaint) || !daemon_write_pid(config->pid_file, complaint))
        return false;
    struct keys *keys = keys_open(&place, openssl_provider(), (uint64_t)time(NULL), complaint);
    if (keys == NULL)
        return blame_directory(config, complaint);
    bool is_fine = run_with_keys(order, keys, ports, complaint);
    keys_close(keys);
    if (config->pid_file != NULL)
        unlink(config->pid_file);
    return is_fine;
}

/* What `ORPort auto` has become is what we advertise. */
static void take_ports(struct config *config, const struct listeners *listeners) {
    for (uint32_t i = 0; i < listeners->count; i++)
        config->or_ports[listeners->each[i].index].endpoint.port = listeners->each[i].at.port;
}

static bool open_all(struct config *config, struct open_ports *ports, struct complaint *complaint) {
    if (!listeners_open(&ports->onion, "ORPort", config->or_ports, config->or_port_count, complaint))
        return false;
    take_ports(config, &ports->onion);
    if (listeners_open(&ports->directory, "DirPort", config->dir_ports, config->dir_port_count, complaint))
        return true;
    listeners_close(&ports->onion);
    return false;
}

static bool start_pacing(struct order *order, struct complaint *complaint) {
    if (order->program->pacing_new == NULL)
        return true;
    order->pacing = order->program->pacing_new(order->config, complaint);
    return order->pacing != NULL;
}

static int run(struct order *order) {
    struct config *config = order->config;
    struct complaint complaint;
    struct open_ports ports;
    if (!log_configure(config->logs, config->log_count, config->log_granularity_ms, &complaint))
        return fail(config, &complaint);
    say_hello();
    config_log_ignored(config);
    if (config->run_as_daemon && !daemon_start(&complaint))
        return fail_running(config, &complaint);
    allocator_tune();
    if (!start_pacing(order, &complaint) || !open_all(config, &ports, &complaint))
        return fail_running(config, &complaint);
    bool is_fine = run_with_ports(order, &ports, &complaint);
    listeners_close(&ports.onion);
    listeners_close(&ports.directory);
    if (order->pacing != NULL)
        order->program->pacing_free(order->pacing);
    return is_fine ? EXIT_SUCCESS : fail_running(config, &complaint);
}

/* As tor: --quiet and --hush hold back the log of who asks for none. */
static void quieten(struct config *config, const struct command_line *line) {
    if (line->loudness == COMMAND_QUIET)
        config->log_count = 0;
    else if (line->loudness == COMMAND_HUSH)
        config->logs[0].least = LOG_LEVEL_WARN;
}

static int carry_out(struct order *order) {
    const struct command_line *line = order->line;
    struct config *config = order->config;
    struct complaint complaint;
    bool is_listing =
        line->command == COMMAND_LIST_FINGERPRINT || line->command == COMMAND_LIST_FINGERPRINT_ED25519;
    if (!torrc_load(line, config, &complaint))
        return fail(config, &complaint);
    bool asks_for_log = config->log_count > 0;
    if (!config_check(config, !is_listing, &complaint))
        return fail(config, &complaint);
    if (order->program->pacing_new == NULL && config->pace_profile != NULL) {
        complain(&complaint, "PaceProfile: expected loom-relay-shadow, which is paced");
        return fail(config, &complaint);
    }
    if (!asks_for_log)
        quieten(config, line);
    if (is_listing)
        return list_fingerprint(config, line->command == COMMAND_LIST_FINGERPRINT_ED25519);
    if (line->command == COMMAND_VERIFY_CONFIG) {
        config_log_ignored(config);
        printf("Configuration was valid\n");
        return EXIT_SUCCESS;
    }
    return run(order);
}

int relay_main(int argc, char **argv, const struct relay_program *program) {
    static struct command_line line;
    struct complaint complaint;
    signals_hold();
    umask(0077);
    log_start(LOG_LEVEL_NOTICE);
    if (!command_line_parse(argc, argv, &line, &complaint))
        return fail(NULL, &complaint);
    if (line.allocator != NULL && !allocator_have(line.allocator, argv, &complaint))
        return fail(NULL, &complaint);
    if (line.command == COMMAND_VERSION || line.command == COMMAND_HELP ||
        line.command == COMMAND_LIST_TORRC_OPTIONS) {
        struct allocator_in_force allocator;
        allocator_look(&allocator);
        command_line_answer(&line, &allocator);
        return EXIT_SUCCESS;
    }
    if (line.loudness == COMMAND_QUIET)
        log_start_silent();
    else if (line.loudness == COMMAND_HUSH)
        log_start(LOG_LEVEL_WARN);
    struct config *config = config_new();
    if (config == NULL)
        return EXIT_FAILURE;
    struct order order = {.program = program, .line = &line, .config = config};
    int status = carry_out(&order);
    config_free(config);
    log_stop();
    return status;
}
