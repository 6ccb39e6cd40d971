/* What the main loop does beside the relay: signals, renewal of keys and certificates, the heartbeat. */
#include <event2/buffer.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "native/cipher_choice.h"
#include "native/config.h"
#include "native/cpu_workers.h"
#include "native/dos_report.h"
#include "native/keys.h"
#include "native/listener.h"
#include "native/log.h"
#include "native/pacing.h"
#include "native/runtime.h"
#include "native/runtime_state.h"
#include "native/signals.h"
#include "native/testing_moves.h"
#include "native/tls_identity.h"

#define RENEWAL_S  3600
#define IDENTITY_S 86400u /* half of what its certificates live */

/* --- renewal ---------------------------------------------------------------------------------------------------- */

struct cipher_choice runtime_choose_cipher(const struct runtime *runtime) {
    const struct pacing *pacing = runtime->setup.pacing;
    enum cipher_wish wish = runtime->setup.config->link_ciphers;
    return pacing != NULL ? cipher_choose(wish, pacing->hardware) : cipher_choose_here(wish);
}

struct tls_identity *runtime_make_identity(struct runtime *runtime, struct complaint *complaint) {
    uint64_t now_s = (uint64_t)time(NULL);
    struct tls_identity *identity = tls_identity_new(now_s, runtime_choose_cipher(runtime).order);
    identity->credentials = keys_credentials_new(runtime->setup.keys, identity->certificate_sha256,
                                                 runtime->setup.advertised, now_s, complaint);
    if (identity->credentials == NULL) {
        tls_identity_drop(identity);
        return NULL;
    }
    runtime->identity_made_s = now_s;
    return identity;
}

static void renew_identity(struct runtime *runtime) {
    struct complaint complaint;
    struct tls_identity *identity = runtime_make_identity(runtime, &complaint);
    if (identity == NULL) {
        log_warn("Cannot renew the link certificate: %s", complaint.text);
        return;
    }
    tls_identity_drop(runtime->identity);
    runtime->identity = identity;
    for (unsigned i = 0; i < runtime->team.count; i++) {
        struct message *message = message_new(MESSAGE_IDENTITY);
        message->identity = tls_identity_keep(identity);
        event_thread_tell(&runtime->team.threads[i], message);
    }
}

static void on_renewal(evutil_socket_t fd, short what, void *argument) {
    struct runtime *runtime = argument;
    struct complaint complaint;
    struct ntor_server_keys ntor;
    unsigned changes = 0;
    uint64_t now_s = (uint64_t)time(NULL);
    (void)fd;
    (void)what;
    if (!keys_renew(runtime->setup.keys, now_s, &changes, &complaint))
        log_warn("Cannot renew keys: %s", complaint.text);
    if (changes & (KEYS_CHANGED_ONION | KEYS_CHANGED_ONION_GRACE)) {
        keys_ntor(runtime->setup.keys, &ntor);
        cpu_workers_set_keys(runtime->team.workers, &ntor);
        explicit_bzero(&ntor, sizeof ntor);
    }
    if ((changes & KEYS_CHANGED_SIGNING) || now_s - runtime->identity_made_s >= IDENTITY_S)
        renew_identity(runtime);
    if (changes != 0 && runtime->setup.keys_changed != NULL)
        runtime->setup.keys_changed(runtime->setup.context, changes);
}

void runtime_clock_jumped(struct runtime *runtime) {
    for (unsigned i = 0; i < runtime->team.count; i++) {
        struct message *message = message_new(MESSAGE_CLOCK);
        message->unix_s = (uint64_t)time(NULL);
        event_thread_tell(&runtime->team.threads[i], message);
    }
    on_renewal(-1, 0, runtime); /* a clock that went back makes the link certificate look old, too */
}

/* --- signals ---------------------------------------------------------------------------------------------------- */

void runtime_stop(struct runtime *runtime) {
    event_thread_stop(&runtime->team.threads[0]);
}

static void on_shutdown(evutil_socket_t fd, short what, void *argument) {
    (void)fd;
    (void)what;
    log_notice("Clean shutdown finished. Exiting.");
    runtime_stop(argument);
}

/* As tor: the first SIGINT waits for clients to leave, the second does not. */
static void interrupt(struct runtime *runtime) {
    uint32_t wait_s = runtime->setup.config->shutdown_wait_s;
    const struct timeval wait = {.tv_sec = (time_t)wait_s};
    if (runtime->is_shutting_down || wait_s == 0 || runtime->hibernation != HIBERNATION_NONE) {
        log_notice("SIGINT received%s; exiting now.",
                   runtime->hibernation != HIBERNATION_NONE ? " while hibernating" : "");
        runtime_stop(runtime);
        return;
    }
    runtime->is_shutting_down = true;
    log_notice(
        "Interrupt: we have stopped accepting new connections, and will shut down in %u seconds. Interrupt "
        "again to exit now.",
        wait_s);
    listeners_close(runtime->setup.listeners);
    event_add(runtime->shutdown, &wait);
}

static void log_state(struct runtime *runtime) {
    struct work work;
    struct dos_figures refused = {0};
    char report[DOS_REPORT_MAX];
    uint64_t circuits = 0, links = 0;
    for (unsigned i = 0; i < runtime->team.count; i++) {
        struct thread_figures figures;
        event_thread_figures(&runtime->team.threads[i], event_thread_now(&runtime->team.threads[0]),
                             &figures);
        circuits += figures.set.halves;
        links += figures.set.links;
        dos_figures_add(&refused, &figures.refused);
    }
    runtime_work(runtime, &work);
    uint64_t up_s = (monotonic_read() - runtime->start) / NSEC_PER_S;
    log_notice(
        "Heartbeat: uptime is %llu:%02llu hours, with %llu circuit halves open on %llu links. I've sent %llu MB "
        "and received %llu MB in cells.%s",
        (unsigned long long)(up_s / 3600), (unsigned long long)(up_s / 60 % 60), (unsigned long long)circuits,
        (unsigned long long)links, (unsigned long long)(work.bytes_sent / 1000000),
        (unsigned long long)(work.bytes_received / 1000000),
        runtime->hibernation != HIBERNATION_NONE ? " We are currently hibernating." : "");
    if (runtime->setup.heartbeat != NULL)
        runtime->setup.heartbeat(runtime->setup.context);
    dos_report(&refused, &runtime->dos, report);
    log_notice("%s", report);
}

/* Every counter, a line each. */
static void log_metrics(struct runtime *runtime) {
    struct evbuffer *text = evbuffer_new();
    char *line;
    CHECK(text != NULL);
    runtime_metrics(runtime, text);
    while ((line = evbuffer_readln(text, NULL, EVBUFFER_EOL_LF)) != NULL) {
        log_info("%s", line);
        free(line);
    }
    evbuffer_free(text);
}

static void on_heartbeat(evutil_socket_t fd, short what, void *argument) {
    (void)fd;
    (void)what;
    log_state(argument);
}

static void on_signal(evutil_socket_t number, short what, void *argument) {
    struct runtime *runtime = argument;
    (void)what;
    switch (number) {
    case SIGTERM:
        log_notice("Catching signal TERM, exiting cleanly.");
        runtime_stop(runtime);
        break;
    case SIGINT: interrupt(runtime); break;
    case SIGHUP:
        log_notice("Received reload signal (hup). Reloading config and resetting internal state.");
        log_reopen();
        if (runtime->setup.reload != NULL)
            runtime->setup.reload(runtime->setup.context);
        break;
    case SIGUSR1:
        log_state(runtime);
        log_metrics(runtime);
        break;
    default: break; /* SIGUSR2, SIGPIPE: nothing */
    }
}

/* --- life ------------------------------------------------------------------------------------------------------- */

void runtime_start_events(struct runtime *runtime) {
    static const int numbers[RUNTIME_SIGNALS] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE};
    struct event_base *base = runtime_base(runtime);
    const struct timeval renewal = {.tv_sec = RENEWAL_S};
    const struct timeval heartbeat = {.tv_sec = (time_t)runtime->setup.config->heartbeat_s};
    for (unsigned i = 0; i < RUNTIME_SIGNALS; i++) {
        runtime->signals[i] = evsignal_new(base, numbers[i], on_signal, runtime);
        CHECK(runtime->signals[i] != NULL && event_add(runtime->signals[i], NULL) == 0);
    }
    signals_release();
    runtime->renewal = event_new(base, -1, EV_PERSIST, on_renewal, runtime);
    runtime->shutdown = event_new(base, -1, 0, on_shutdown, runtime);
    runtime->heartbeat = event_new(base, -1, EV_PERSIST, on_heartbeat, runtime);
    CHECK(runtime->renewal != NULL && runtime->shutdown != NULL && runtime->heartbeat != NULL);
    event_add(runtime->renewal, &renewal);
    if (heartbeat.tv_sec != 0)
        event_add(runtime->heartbeat, &heartbeat);
    if (runtime->setup.config->testing_move_links_ms > 0)
        runtime->moves =
            testing_moves_new(&runtime->team.threads[0], runtime->setup.config->testing_move_links_ms);
}

static void free_event(struct event **event) {
    if (*event != NULL)
        event_free(*event);
    *event = NULL;
}

void runtime_stop_events(struct runtime *runtime) {
    for (unsigned i = 0; i < RUNTIME_SIGNALS; i++)
        free_event(&runtime->signals[i]);
    free_event(&runtime->renewal);
    free_event(&runtime->shutdown);
    free_event(&runtime->heartbeat);
    testing_moves_free(runtime->moves);
    runtime->moves = NULL;
}
