#include "native/presence.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <stdlib.h>
#include <time.h>

#include "base/check.h"
#include "core/consensus_view.h"
#include "native/config.h"
#include "native/consensus_views.h"
#include "native/directory.h"
#include "native/heap.h"
#include "native/keys.h"
#include "native/log.h"
#include "native/metrics.h"
#include "native/rate_record.h"
#include "native/runtime.h"
#include "native/self_descriptor.h"

struct presence {
    struct presence_options options;
    struct directory *directory;
    struct metrics *metrics;
    struct event *second; /* samples the rate */
    struct rate_record rate;
    uint64_t started_s;
};

/* --- the descriptor --------------------------------------------------------------------------------------------- */

static void publish(struct presence *presence) {
    struct complaint complaint;
    struct self_descriptor *descriptor = heap_new(sizeof *descriptor);
    const struct presence_options *options = &presence->options;
    uint64_t now_s = (uint64_t)time(NULL);
    if (self_descriptor_make(options->config, options->keys, options->advertised, now_s,
                             now_s - presence->started_s, rate_record_best(&presence->rate), descriptor,
                             &complaint))
        directory_publish(presence->directory, descriptor->text, descriptor->length);
    else
        log_warn("Cannot make our descriptor: %s", complaint.text);
    free(descriptor);
}

static void on_second(evutil_socket_t fd, short what, void *argument) {
    struct presence *presence = argument;
    struct work work;
    (void)fd;
    (void)what;
    runtime_work(presence->options.runtime, &work);
    rate_record_add(&presence->rate,
                    work.bytes_received < work.bytes_sent ? work.bytes_received : work.bytes_sent);
}

/* --- what the directory tells ----------------------------------------------------------------------------------- */

static void on_consensus(void *context, const struct consensus *consensus) {
    struct presence *presence = context;
    const struct config *config = presence->options.config;
    struct consensus_view *view = consensus_views_make(consensus, &heap_memory);
    if (view == NULL)
        return; /* the managers follow the one before */
    if (config->kist_interval_ms != 0)
        view->params.kist_run_interval_ms = (int32_t)config->kist_interval_ms;
    if (config->priority_halflife_ms >= 0)
        view->params.circuit_priority_halflife_ms = (int32_t)config->priority_halflife_ms;
    runtime_set_consensus(presence->options.runtime, view);
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
    directory_status(presence->directory, &status);
    evbuffer_add_printf(out,
                        "# HELP loom_directory What the authorities know of us, and we of the network.\n"
                        "# TYPE loom_directory gauge\n"
                        "loom_directory{kind=\"authorities\"} %u\n"
                        "loom_directory{kind=\"accepted\"} %u\n"
                        "loom_directory{kind=\"listed\"} %u\n"
                        "loom_directory{kind=\"relays\"} %u\n"
                        "loom_directory{kind=\"valid_until\"} %llu\n",
                        status.authorities, status.accepted, status.is_listed, status.relays,
                        (unsigned long long)status.valid_until_s);
}

/* --- life ------------------------------------------------------------------------------------------------------- */

static struct directory *new_directory(struct presence *presence) {
    const struct directory_options options = {
        .config = presence->options.config,
        .crypt = presence->options.crypt,
        .memory = &heap_memory,
        .base = runtime_base(presence->options.runtime),
        .callbacks = {.context = presence,
                      .consensus = on_consensus,
                      .renew_descriptor = on_renew_descriptor,
                      .bootstrapped = on_bootstrapped},
    };
    struct directory *directory = directory_new(&options);
    CHECK(directory != NULL);
    directory_set_identity(directory, keys_rsa_id(presence->options.keys));
    return directory;
}

struct presence *presence_new(const struct presence_options *options, struct complaint *complaint) {
    const struct timeval second = {.tv_sec = 1};
    struct presence *presence = heap_new(sizeof *presence);
    struct event_base *base = runtime_base(options->runtime);
    presence->options = *options;
    presence->started_s = (uint64_t)time(NULL);
    presence->metrics = metrics_new(options->config, base, fill_metrics, presence, complaint);
    if (presence->metrics == NULL) {
        free(presence);
        return NULL;
    }
    presence->directory = new_directory(presence);
    presence->second = event_new(base, -1, EV_PERSIST, on_second, presence);
    CHECK(presence->second != NULL && event_add(presence->second, &second) == 0);
    log_notice("Bootstrapped 0%% (starting): Starting");
    publish(presence);
    directory_start(presence->directory);
    return presence;
}

void presence_free(struct presence *presence) {
    if (presence == NULL)
        return;
    event_free(presence->second);
    directory_free(presence->directory);
    metrics_free(presence->metrics);
    free(presence);
}

void presence_renew(struct presence *presence) {
    publish(presence);
}
