#include "native/runtime.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "core/consensus_view.h"
#include "native/archive.h"
#include "native/config.h"
#include "native/cpu_workers.h"
#include "native/heap.h"
#include "native/keys.h"
#include "native/listener.h"
#include "native/log.h"
#include "native/name_service.h"
#include "native/onion_store.h"
#include "native/relay_setup.h"
#include "native/resolver.h"
#include "native/runtime_state.h"
#include "native/signals.h"
#include "native/tls_identity.h"

/* A failed CHECK stops here last: base/check.h. */
void check_report(const char *condition, const char *file, int line);
void check_report(const char *condition, const char *file, int line) {
    log_err("Bug: CHECK(%s) failed at %s:%d", condition, file, line);
}

/* --- life ------------------------------------------------------------------------------------------------------- */

static void start_team(struct runtime *runtime) {
    struct event_thread_options options = {.start = runtime->start,
                                           .identity = runtime->identity,
                                           .onions = runtime->onions,
                                           .pacing = runtime->setup.pacing,
                                           .seed = runtime->relay_config.seed};
    struct event_team *team = &runtime->team;
    team->count = (uint16_t)(runtime->relay_config.connection_threads + 1);
    team->controller = team->count;
    team->threads = heap_new(team->count * sizeof *team->threads);
    for (unsigned i = 0; i < team->count; i++) {
        options.seed += 2;
        options.number = i;
        event_thread_init(&team->threads[i], team, &options);
    }
}

static bool start_relay(struct runtime *runtime) {
    struct event_team *team = &runtime->team;
    struct port *ports[STATIONS_MAX];
    for (unsigned i = 0; i < team->count; i++)
        ports[i] = &team->threads[i].port;
    ports[team->controller] = &team->threads[0].controller_port;
    runtime->relay = relay_new(&runtime->relay_config, 0, ports);
    if (runtime->relay == NULL)
        return false;
    for (unsigned i = 0; i < team->count; i++)
        event_thread_bind(&team->threads[i], relay_manager(runtime->relay, (station_id)i),
                          i == 0 ? relay_controller(runtime->relay) : NULL);
    return true;
}

struct runtime *runtime_new(const struct runtime_setup *setup, struct complaint *complaint) {
    struct runtime *runtime = heap_new(sizeof *runtime);
    runtime->setup = *setup;
    runtime->start = monotonic_read();
    runtime->identity = runtime_make_identity(runtime, complaint);
    if (runtime->identity == NULL) {
        free(runtime);
        return NULL;
    }
    core_places_read(&runtime->places);
    runtime->binding = setup_binding(setup->config, &runtime->places);
    setup_relay_config(setup->config, &runtime->places, setup->crypt, keys_rsa_id(setup->keys),
                       machine_raise_files(), (uint64_t)time(NULL), &runtime->relay_config);
    runtime->dos = dos_params_settled(&setup->config->dos, &dos_params_default);
    runtime->onions = onion_store_new(setup->crypt, &heap_memory, ONION_STORE_BYTES_MAX);
    start_team(runtime);
    if (!start_relay(runtime)) {
        complain(complaint, "no memory for the relay");
        runtime_free(runtime);
        return NULL;
    }
    runtime_start_events(runtime);
    return runtime;
}

void runtime_free(struct runtime *runtime) {
    if (runtime == NULL)
        return;
    CHECK(runtime->threads_started == 0);
    relay_free(runtime->relay);
    runtime_stop_events(runtime);
    listeners_close(runtime->setup.listeners);
    for (unsigned i = 0; i < runtime->team.count; i++)
        event_thread_fini(&runtime->team.threads[i]);
    free(runtime->team.threads);
    tls_identity_drop(runtime->identity);
    onion_store_free(runtime->onions);
    free(runtime);
}

struct event_base *runtime_base(struct runtime *runtime) {
    return runtime->team.threads[0].base;
}

const struct tls_identity *runtime_identity(const struct runtime *runtime) {
    return runtime->identity;
}

/* --- running ---------------------------------------------------------------------------------------------------- */

/* The controller decides whose the connection is. */
static void on_accepted(void *context, int fd, const struct endpoint *peer) {
    struct runtime *runtime = context;
    struct event_thread *main_thread = &runtime->team.threads[0];
    link_id link;
    station_id station;
    if (controller_accept(main_thread->controller, event_thread_now(main_thread), peer, &link, &station) !=
        ERR_OK)
        close(fd);
    else
        event_team_accept(&runtime->team, station, link, fd, peer);
}

static void *thread_main(void *argument) {
    event_thread_run(argument);
    return NULL;
}

/* Where it may run is settled before it begins: the memory that it takes then lies beside it. */
static bool bind_thread(const struct runtime *runtime, unsigned index, pthread_attr_t *attributes) {
    const struct core_places *places = &runtime->places;
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    for (unsigned i = 0; i < places->count; i++)
        if (core_places_admit(places, runtime->binding, index - 1, &places->places[i]))
            CPU_SET(places->places[i].cpu, &cpus);
    return runtime->binding == CORE_BINDING_NONE ||
           pthread_attr_setaffinity_np(attributes, sizeof cpus, &cpus) == 0;
}

static bool create_thread(struct runtime *runtime, unsigned index) {
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    bool is_created = bind_thread(runtime, index, &attributes) &&
                      pthread_create(&runtime->threads[index], &attributes, thread_main,
                                     &runtime->team.threads[index]) == 0;
    pthread_attr_destroy(&attributes);
    return is_created;
}

static bool start_thread(struct runtime *runtime) {
    char name[16];
    unsigned index = runtime->threads_started + 1u;
    if (!create_thread(runtime, index))
        return false;
    runtime->threads_started++;
    snprintf(name, sizeof name, "conn-%u", index);
    pthread_setname_np(runtime->threads[index], name);
    return true;
}

static bool start_threads(struct runtime *runtime) {
    sigset_t before;
    struct ntor_server_keys ntor;
    bool is_started = true;
    signals_hide(&before);
    keys_ntor(runtime->setup.keys, &ntor);
    runtime->team.workers = cpu_workers_new(setup_cpu_workers(runtime->setup.config, &runtime->places),
                                            runtime->setup.crypt, &ntor);
    explicit_bzero(&ntor, sizeof ntor);
    runtime->threads[0] = pthread_self();
    is_started = runtime->team.workers != NULL;
    if (is_started && runtime->setup.pacing != NULL)
        cpu_workers_pace(runtime->team.workers, runtime->setup.pacing, runtime->team.count);
    while (is_started && runtime->threads_started + 1 < runtime->team.count)
        is_started = start_thread(runtime);
    signals_show(&before);
    return is_started;
}

/* Only exits ask for names. tor: an exit without name servers runs unless ServerDNSAllowBrokenConfig is 0. */
static bool start_names(struct runtime *runtime, struct complaint *complaint) {
    const struct config *config = runtime->setup.config;
    const struct resolver_options options = {.resolv_conf = config->dns_resolv_conf,
                                             .randomize_case = config->dns_randomize_case,
                                             .search_domains = config->dns_search_domains,
                                             .allow_any_characters = config->dns_allow_any_characters};
    if (!runtime->relay_config.is_exit)
        return true;
    runtime->team.names = name_service_new(&options, complaint);
    if (runtime->team.names == NULL && config->dns_allow_broken) {
        log_warn("%s; streams to names will fail", complaint->text);
        return true;
    }
    return runtime->team.names != NULL;
}

static void stop_threads(struct runtime *runtime) {
    for (unsigned i = 1; i <= runtime->threads_started; i++)
        event_thread_stop(&runtime->team.threads[i]);
    for (unsigned i = 1; i <= runtime->threads_started; i++)
        CHECK(pthread_join(runtime->threads[i], NULL) == 0);
    runtime->threads_started = 0;
    name_service_free(runtime->team.names);
    runtime->team.names = NULL;
    cpu_workers_free(runtime->team.workers);
    runtime->team.workers = NULL;
}

static void log_threads(const struct runtime *runtime) {
    char places[256];
    core_places_describe(&runtime->places, runtime->binding, places, sizeof places);
    log_notice("%u connection thread%s and %u worker%s on %s", runtime->threads_started,
               runtime->threads_started == 1 ? "" : "s", cpu_workers_count(runtime->team.workers),
               cpu_workers_count(runtime->team.workers) == 1 ? "" : "s", places);
}

static void log_ciphers(const struct runtime *runtime) {
    const struct cipher_choice choice = runtime_choose_cipher(runtime);
    log_notice("Links prefer %s: %s",
               choice.order == CIPHER_ORDER_CHACHA ? "ChaCha20-Poly1305" : "AES-256-GCM", choice.why);
}

bool runtime_run(struct runtime *runtime, struct complaint *complaint) {
    if (!start_names(runtime, complaint))
        return false;
    bool is_started = start_threads(runtime);
    if (is_started) {
        log_threads(runtime);
        log_ciphers(runtime);
        listeners_start(runtime->setup.listeners, runtime_base(runtime), on_accepted, runtime);
        if (runtime->hibernation != HIBERNATION_NONE)
            listeners_rest(runtime->setup.listeners);
        runtime->is_running = true;
        event_thread_run(&runtime->team.threads[0]);
    } else {
        complain(complaint, "cannot start a thread: the system's limit is reached");
    }
    stop_threads(runtime);
    return is_started;
}

void runtime_set_consensus(struct runtime *runtime, struct consensus_view *view) {
    for (unsigned i = 0; i < runtime->team.count; i++) {
        struct message *message = message_new(MESSAGE_CONSENSUS);
        message->view = consensus_view_keep(view);
        event_thread_tell(&runtime->team.threads[i], message);
    }
    if (view)
        runtime->dos = dos_params_settled(&runtime->setup.config->dos, &view->params.dos);
    if (runtime->onions && view)
        onion_store_set_length_max(runtime->onions, (size_t)view->params.onion_descriptor_length_max);
    consensus_view_drop(view);
}

void runtime_hibernate(struct runtime *runtime, enum hibernation hibernation) {
    runtime->hibernation = hibernation;
    for (unsigned i = 0; i < runtime->team.count; i++) {
        struct message *message = message_new(MESSAGE_HIBERNATION);
        message->hibernation = hibernation;
        event_thread_tell(&runtime->team.threads[i], message);
    }
    if (!runtime->is_running)
        return;
    if (hibernation == HIBERNATION_NONE)
        listeners_resume(runtime->setup.listeners);
    else
        listeners_rest(runtime->setup.listeners);
}

void runtime_set_archive(struct runtime *runtime, struct archive *archive) {
    for (unsigned i = 0; i < runtime->team.count; i++) {
        struct message *message = message_new(MESSAGE_ARCHIVE);
        message->archive = archive_keep(archive);
        event_thread_tell(&runtime->team.threads[i], message);
    }
    archive_drop(archive);
}

bool runtime_submit(struct runtime *runtime, struct task *task) {
    struct event_thread *main_thread = &runtime->team.threads[0];
    return runtime->team.workers != NULL &&
           cpu_workers_run(runtime->team.workers, task, TASKS_MAX, &main_thread->inbox);
}

void runtime_set_onion_queue_cutoff(struct runtime *runtime, uint32_t seconds) {
    if (runtime->team.workers != NULL)
        cpu_workers_set_cutoff(runtime->team.workers, seconds);
}

void runtime_set_onion_queue_delay(struct runtime *runtime, uint32_t milliseconds) {
    if (runtime->team.workers != NULL)
        cpu_workers_set_delay(runtime->team.workers, milliseconds);
}

void runtime_set_names_patience(struct runtime *runtime, const struct dns_patience *patience) {
    if (runtime->team.names != NULL)
        name_service_set_patience(runtime->team.names, patience);
}

bool runtime_is_reached_over_ipv6(struct runtime *runtime) {
    bool is_reached = false;
    for (unsigned i = 0; i < runtime->team.count && !is_reached; i++) {
        struct thread_figures figures;
        event_thread_figures(&runtime->team.threads[i], event_thread_now(&runtime->team.threads[0]),
                             &figures);
        is_reached = figures.is_reached_over_ipv6;
    }
    return is_reached;
}
