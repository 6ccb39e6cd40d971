#include "native/presence.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/check.h"
#include "base/nsec.h"
#include "core/consensus_view.h"
#include "native/accounting_keeper.h"
#include "native/archive.h"
#include "native/calendar.h"
#include "native/clock_watch.h"
#include "native/config.h"
#include "native/consensus_views.h"
#include "native/cpu_workers.h"
#include "native/directory.h"
#include "native/directory_port.h"
#include "native/heap.h"
#include "native/keys.h"
#include "native/log.h"
#include "native/metrics.h"
#include "native/rate_record.h"
#include "native/republish.h"
#include "native/resolver.h"
#include "native/runtime.h"
#include "native/self_check.h"
#include "native/self_descriptor.h"
#include "native/traffic_history.h"
#include "native/turn_clock.h"
#include "wire/consensus.h"

#define REPUBLISH_LOOK_S     60
#define DAY_S                UINT64_C(86400)
#define ONION_QUEUE_DELAY_MS 1750 /* as in tor */

struct presence {
    struct presence_options options;
    struct directory *directory;
    struct directory_port *directory_port;
    struct accounting_keeper *accounting; /* NULL without AccountingMax */
    struct consensus_view *view;          /* that the managers follow, or NULL */
    struct archive *archive;              /* the last, or NULL */
    struct metrics *metrics;
    struct event *second; /* samples the rate */
    struct rate_record rate;
    struct traffic_history history;
    struct republish republish;
    struct clock_watch clock;
    struct self_check self_checks[2]; /* of our ORPort, and if there are two of that for IPv6 */
    unsigned self_check_count;
    bool is_waived[2]; /* the consensus lets us publish without that */
    bool hides_family; /* and without a list of our family */
    uint64_t seconds;  /* that the loop has seen */
    uint64_t started_s;
};

/* --- sleep ------------------------------------------------------------------------------------------------------ */

static enum hibernation hibernation_of(const struct presence *presence) {
    return presence->accounting != NULL ? accounting_keeper_state(presence->accounting) : HIBERNATION_NONE;
}

/* Of cells, as far as the core knows, and of TLS and of the directory besides: what a provider counts, but for TCP's headers. */
static void count_all_bytes(const struct presence *presence, const struct work *work, uint64_t *read,
                            uint64_t *written) {
    *read = work->tls_bytes_read + work->edge_bytes_in;
    *written = work->tls_bytes_written + work->edge_bytes_out;
    for (unsigned i = 0; i < presence->self_check_count; i++)
        self_check_bytes(&presence->self_checks[i], read, written);
    directory_bytes(presence->directory, read, written);
    if (presence->directory_port != NULL)
        directory_port_bytes(presence->directory_port, read, written);
}

/* Everybody does what this state asks for; the threads and the OR ports too. */
static void follow_hibernation(struct presence *presence, enum hibernation hibernation) {
    runtime_hibernate(presence->options.runtime, hibernation);
    directory_rest(presence->directory, hibernation == HIBERNATION_DORMANT);
    if (presence->directory_port != NULL)
        directory_port_hibernate(presence->directory_port, hibernation);
    if (hibernation == HIBERNATION_NONE)
        return;
    for (unsigned i = 0; i < presence->self_check_count; i++)
        self_check_rest(&presence->self_checks[i]);
}

/* --- the descriptor --------------------------------------------------------------------------------------------- */

static bool is_reachable(const struct presence *presence) {
    for (unsigned i = 0; i < presence->self_check_count; i++)
        if (!presence->is_waived[i] && !self_check_is_reachable(&presence->self_checks[i]))
            return false;
    return true;
}

/* Not before others reach us, nor while we are silent. */
static void publish(struct presence *presence) {
    if (hibernation_of(presence) == HIBERNATION_DORMANT)
        return;
    if (!is_reachable(presence)) {
        log_info("No descriptor is published before our ORPort is known to be reachable.");
        return;
    }
    struct complaint complaint;
    struct self_descriptor *descriptor = heap_new(sizeof *descriptor);
    const struct presence_options *options = &presence->options;
    uint64_t now_s = (uint64_t)time(NULL);
    republish_done(&presence->republish, now_s, rate_record_best(&presence->rate));
    struct self_facts facts = {.now_s = now_s,
                               .uptime_s = now_s - presence->started_s,
                               .hides_family = presence->hides_family,
                               .is_hibernating = hibernation_of(presence) != HIBERNATION_NONE,
                               .hides_directory = presence->accounting != NULL &&
                                                  accounting_keeper_hides_directory(presence->accounting),
                               .observed_rate = rate_record_best(&presence->rate),
                               .history = presence->history.ended};
    memcpy(facts.endpoints, options->advertised, sizeof facts.endpoints);
    if (self_descriptor_make(options->config, options->keys, &facts, descriptor, &complaint))
        directory_publish(presence->directory, descriptor->text, descriptor->descriptor_length,
                          descriptor->length);
    else
        log_warn("Cannot make our descriptor: %s", complaint.text);
    free(descriptor);
}

static void publish_if_due(struct presence *presence) {
    if (hibernation_of(presence) != HIBERNATION_NONE || !is_reachable(presence) ||
        self_check_is_measuring(&presence->self_checks[0]))
        return;
    struct directory_status status;
    uint64_t now_s = (uint64_t)time(NULL);
    directory_status(presence->directory, &status);
    bool is_live = status.has_consensus && status.valid_after_s <= now_s && now_s <= status.valid_until_s;
    const struct republish_facts facts = {.now_s = now_s,
                                          .uptime_s = now_s - presence->started_s,
                                          .observed = rate_record_best(&presence->rate),
                                          .consensus_s = is_live ? status.valid_after_s : 0,
                                          .is_listed = status.is_listed,
                                          .is_stale = status.is_stale,
                                          .is_testing = presence->options.config->testing_network};
    const char *reason = republish_reason(&presence->republish, &facts);
    if (reason == NULL)
        return;
    log_info("Decided to publish new relay descriptor: %s", reason);
    publish(presence);
}

/* What was timed by the wall clock is done anew. */
static void clock_jumped(struct presence *presence, int64_t jump_s) {
    log_warn("Your system clock just jumped %lld seconds %s.", (long long)(jump_s < 0 ? -jump_s : jump_s),
             jump_s < 0 ? "backward" : "forward");
    presence->started_s += (uint64_t)jump_s; /* wraps when it goes back */
    runtime_clock_jumped(presence->options.runtime);
    directory_clock_jumped(presence->directory);
    publish(presence);
}

static void on_hibernation(void *context, enum hibernation hibernation) {
    struct presence *presence = context;
    follow_hibernation(presence, hibernation);
    if (hibernation == HIBERNATION_NONE)
        presence->started_s = (uint64_t)time(NULL); /* tor's uptime begins anew */
    publish(presence);
}

static void on_second(evutil_socket_t fd, short what, void *argument) {
    struct presence *presence = argument;
    struct work work;
    (void)fd;
    (void)what;
    runtime_work(presence->options.runtime, &work);
    uint64_t received = work.bytes_received, sent = work.bytes_sent;
    for (unsigned i = 0; i < presence->self_check_count; i++)
        self_check_bytes(&presence->self_checks[i], &received, &sent);
    rate_record_add(&presence->rate, received < sent ? received : sent);
    traffic_history_add(&presence->history, (uint64_t)time(NULL), received, sent);
    int64_t jump_s = clock_watch_look(&presence->clock, (uint64_t)time(NULL), monotonic_read());
    if (jump_s != 0)
        clock_jumped(presence, jump_s);
    if (presence->accounting != NULL) {
        count_all_bytes(presence, &work, &received, &sent);
        accounting_keeper_second(presence->accounting, (uint64_t)time(NULL), received, sent);
    }
    unsigned news = 0;
    if (presence->self_check_count > 1 && runtime_is_reached_over_ipv6(presence->options.runtime))
        self_check_prove_ipv6(&presence->self_checks[1]);
    for (unsigned i = 0; i < presence->self_check_count && hibernation_of(presence) == HIBERNATION_NONE; i++)
        news |= self_check_second(&presence->self_checks[i], runtime_identity(presence->options.runtime),
                                  rate_record_best(&presence->rate));
    if (news & SELF_CHECK_REACHABLE)
        publish(presence);
    if (++presence->seconds % REPUBLISH_LOOK_S == 0 || (news & SELF_CHECK_MEASURED))
        publish_if_due(presence);
}

/* --- what the directory tells ----------------------------------------------------------------------------------- */

/* Parameters of ours, rather than of the managers; limits as in tor (param-spec). */
static void follow_consensus(struct presence *presence, const struct consensus *c) {
    const struct config *config = presence->options.config;
    int32_t rotation_days = consensus_param(c, "onion-key-rotation-days", 28, 1, 90);
    int32_t grace_days = consensus_param(c, "onion-key-grace-period-days", 7, 1, rotation_days);
    keys_set_onion_periods(presence->options.keys, (uint64_t)rotation_days * DAY_S,
                           (uint64_t)grace_days * DAY_S);
    int32_t delay_ms = consensus_param(c, "MaxOnionQueueDelay", ONION_QUEUE_DELAY_MS, 1, INT32_MAX);
    if (config->max_onion_queue_delay_ms != 0)
        delay_ms = (int32_t)config->max_onion_queue_delay_ms;
    runtime_set_onion_queue_delay(presence->options.runtime, (uint32_t)delay_ms);
    /* tor lets it be 0, which would refuse everything that waits at all. */
    int32_t cutoff_s = consensus_param(c, "onion_queue_wait_cutoff", CPU_WORKERS_CUTOFF_S, 1, INT32_MAX);
    runtime_set_onion_queue_cutoff(presence->options.runtime, (uint32_t)cutoff_s);
    runtime_set_names_patience(
        presence->options.runtime,
        &(struct dns_patience){
            /* tor counts in seconds, of which there is one at least; and it asks once when it is told not to ask at all. */
            .timeout_ms = (uint32_t)consensus_param(c, "exit_dns_timeout", RESOLVER_TIMEOUT_MS, 1000, 120000),
            .tries = (uint32_t)consensus_param(c, "exit_dns_num_attempts", RESOLVER_TRIES, 1, 255),
        });
}

/* What of our descriptor hangs on the consensus. */
static void follow_descriptor_params(struct presence *presence, const struct consensus *c) {
    bool could_be_published = is_reachable(presence), hid_family = presence->hides_family;
    presence->is_waived[0] = consensus_param(c, "assume-reachable", 0, 0, 1);
    presence->is_waived[1] = presence->is_waived[0] || consensus_param(c, "assume-reachable-ipv6", 0, 0, 1);
    presence->hides_family = !consensus_param(c, "publish-family-list", 1, 0, 1);
    bool has_family_changed =
        presence->options.config->family_count > 0 && hid_family != presence->hides_family;
    if (has_family_changed || (!could_be_published && is_reachable(presence)))
        publish(presence);
}

/* Hands over view. */
static void set_view(struct presence *presence, struct consensus_view *view) {
    consensus_view_drop(presence->view);
    presence->view = view;
    runtime_set_consensus(presence->options.runtime, consensus_view_keep(view));
}

/* A cache has descriptors, which name the Ed25519 identities that the consensus lacks. */
static struct consensus_view *identified(const struct presence *presence, const struct consensus_view *view) {
    return view && presence->archive ? consensus_views_identified(view, presence->archive, &heap_memory)
                                     : NULL;
}

static void on_consensus(void *context, const struct consensus *consensus) {
    struct presence *presence = context;
    const struct config *config = presence->options.config;
    struct consensus_view *view = consensus_views_make(consensus, config->sbws_exit, &heap_memory);
    if (view == NULL)
        return; /* the managers follow the one before */
    if (config->kist_interval_ms != 0)
        view->params.kist_run_interval_ms = (int32_t)config->kist_interval_ms;
    if (config->priority_halflife_ms >= 0)
        view->params.circuit_priority_halflife_ms = (int32_t)config->priority_halflife_ms;
    struct consensus_view *better = identified(presence, view);
    if (better != NULL)
        consensus_view_drop(view);
    set_view(presence, better != NULL ? better : view);
    follow_consensus(presence, consensus);
    follow_descriptor_params(presence, consensus);
    for (unsigned i = 0; i < presence->self_check_count; i++)
        self_check_set_consensus(&presence->self_checks[i], consensus);
}

static void on_archive(void *context, struct archive *archive) {
    struct presence *presence = context;
    const struct archive *old = presence->archive;
    const enum archive_table_kind kind = ARCHIVE_SERVERS_BY_IDENTITY;
    bool has_news = !old || old->tables[kind] != archive->tables[kind];
    archive_drop(presence->archive);
    presence->archive = archive_keep(archive);
    struct consensus_view *better = has_news ? identified(presence, presence->view) : NULL;
    if (better != NULL)
        set_view(presence, better);
    if (presence->directory_port != NULL)
        directory_port_set_archive(presence->directory_port, archive_keep(archive));
    runtime_set_archive(presence->options.runtime, archive);
}

static bool submit(void *context, struct task *task) {
    struct presence *presence = context;
    return runtime_submit(presence->options.runtime, task);
}

static void on_renew_descriptor(void *context) {
    publish(context);
}

static void on_bootstrapped(void *context) {
    (void)context;
    log_notice("Bootstrapped 100%% (done): Done");
}

/* --- metrics ---------------------------------------------------------------------------------------------------- */

static void fill_metrics(void *context, struct evbuffer *out) {
    struct presence *presence = context;
    struct directory_status status;
    runtime_metrics(presence->options.runtime, out);
    if (presence->accounting != NULL)
        accounting_keeper_metrics(presence->accounting, out);
    directory_status(presence->directory, &status);
    evbuffer_add_printf(out,
                        "# HELP loom_directory What the authorities know of us, and we of the network.\n"
                        "# TYPE loom_directory gauge\n"
                        "loom_directory{kind=\"authorities\"} %u\n"
                        "loom_directory{kind=\"accepted\"} %u\n"
                        "loom_directory{kind=\"listed\"} %u\n"
                        "loom_directory{kind=\"relays\"} %u\n"
                        "loom_directory{kind=\"microdescriptors_missing\"} %u\n"
                        "loom_directory{kind=\"servers_missing\"} %u\n"
                        "loom_directory{kind=\"diffs_applied\"} %llu\n"
                        "loom_directory{kind=\"valid_until\"} %llu\n",
                        status.authorities, status.accepted, status.is_listed, status.relays,
                        status.microdescriptors_missing, status.servers_missing,
                        (unsigned long long)status.diffs_applied, (unsigned long long)status.valid_until_s);
}

/* --- life ------------------------------------------------------------------------------------------------------- */

static struct directory *new_directory(struct presence *presence) {
    const struct directory_options options = {
        .config = presence->options.config,
        .crypt = presence->options.crypt,
        .memory = &heap_memory,
        .base = runtime_base(presence->options.runtime),
        .tasks = {submit, presence},
        .callbacks = {.context = presence,
                      .consensus = on_consensus,
                      .archive = on_archive,
                      .renew_descriptor = on_renew_descriptor,
                      .bootstrapped = on_bootstrapped},
    };
    struct directory *directory = directory_new(&options);
    CHECK(directory != NULL);
    directory_set_identity(directory, keys_rsa_id(presence->options.keys));
    return directory;
}

static void start_self_checks(struct presence *presence) {
    const struct presence_options *options = &presence->options;
    struct self_check_options asked = {.config = options->config,
                                       .crypt = options->crypt,
                                       .base = runtime_base(options->runtime),
                                       .keys = options->keys};
    for (unsigned i = 0; i < 2; i++) {
        if (options->advertised[i].address.family == ADDRESS_NONE)
            continue;
        asked.us = options->advertised[i];
        asked.measures = presence->self_check_count == 0;
        CHECK(getrandom(&asked.seed, sizeof asked.seed, 0) == (ssize_t)sizeof asked.seed);
        self_check_init(&presence->self_checks[presence->self_check_count++], &asked);
    }
}

/* False with a complaint when what was counted cannot be read or written. */
static bool start_accounting(struct presence *presence, struct complaint *complaint) {
    const struct accounting_keeper_options options = {
        .config = presence->options.config,
        .crypt = presence->options.crypt,
        .calendar = &calendar_local,
        .rsa_id = keys_rsa_id(presence->options.keys),
        .tasks = {submit, presence},
        .context = presence,
        .changed = on_hibernation,
    };
    if (presence->options.config->accounting_max == 0)
        return true;
    presence->accounting = accounting_keeper_new(&options, (uint64_t)time(NULL), complaint);
    if (presence->accounting == NULL) {
        complaint_prefix(complaint, "DataDirectory: expected a folder with the state of a relay: ");
        return false;
    }
    if (presence->options.config->dir_cache && accounting_keeper_hides_directory(presence->accounting))
        log_notice("Not advertising Directory Service support (Reason: AccountingMax enabled)");
    return true;
}

struct presence *presence_new(const struct presence_options *options, struct complaint *complaint) {
    const struct timeval second = {.tv_sec = 1};
    struct presence *presence = heap_new(sizeof *presence);
    struct event_base *base = runtime_base(options->runtime);
    presence->options = *options;
    presence->started_s = (uint64_t)time(NULL);
    clock_watch_init(&presence->clock, presence->started_s, monotonic_read());
    presence->metrics = metrics_new(options->config, base, fill_metrics, presence, complaint);
    if (presence->metrics == NULL || !start_accounting(presence, complaint)) {
        metrics_free(presence->metrics);
        free(presence);
        return NULL;
    }
    if (options->directory_listeners != NULL)
        presence->directory_port = directory_port_new(base, options->directory_listeners);
    start_self_checks(presence);
    presence->directory = new_directory(presence);
    presence->second = event_new(base, -1, EV_PERSIST, on_second, presence);
    CHECK(presence->second != NULL && event_add(presence->second, &second) == 0);
    if (hibernation_of(presence) != HIBERNATION_NONE)
        follow_hibernation(presence, hibernation_of(presence));
    log_notice("Bootstrapped 0%% (starting): Starting");
    publish(presence);
    directory_start(presence->directory);
    return presence;
}

static void end_accounting(struct presence *presence) {
    struct work work;
    uint64_t read, written;
    runtime_work(presence->options.runtime, &work);
    count_all_bytes(presence, &work, &read, &written);
    accounting_keeper_free(presence->accounting, (uint64_t)time(NULL), read, written);
}

void presence_free(struct presence *presence) {
    if (presence == NULL)
        return;
    end_accounting(presence);
    event_free(presence->second);
    for (unsigned i = 0; i < presence->self_check_count; i++)
        self_check_fini(&presence->self_checks[i]);
    directory_free(presence->directory);
    directory_port_free(presence->directory_port);
    metrics_free(presence->metrics);
    consensus_view_drop(presence->view);
    archive_drop(presence->archive);
    free(presence);
}

void presence_renew(struct presence *presence) {
    publish(presence);
}

void presence_heartbeat(const struct presence *presence) {
    if (presence->accounting != NULL)
        accounting_keeper_log(presence->accounting, (uint64_t)time(NULL));
}
