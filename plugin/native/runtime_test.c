#include "native/runtime.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <signal.h>

#include "core/consensus_view.h"
#include "native/listener.h"
#include "native/log.h"
#include "native/pacing.h"
#include "native/runtime_state.h"
#include "native/tls_identity.h"
#include "support/dial.h"
#include "support/native_bench.h"
#include "support/test.h"

struct rig {
    struct native_bench bench; /* of it only the configuration and the keys */
    struct listeners listeners;
    struct runtime *runtime;
    struct endpoint at;
    struct event *tick;
    struct bench_peer *peer;
    unsigned ticks, phase;
};

static void open_paced_runtime(struct rig *rig, int threads, struct pacing *pacing) {
    const struct config_port port = {.endpoint = {{ADDRESS_IPV4, {127, 0, 0, 1}}, 0}, .listen = true};
    struct complaint complaint = {""};
    *rig = (struct rig){.bench.config = config_new()};
    rig->bench.config->connection_threads = threads;
    rig->bench.config->num_cpus = 1;
    rig->bench.config->shutdown_wait_s = 0;
    bench_open_keys(&rig->bench);
    assert_true(listeners_open(&rig->listeners, "ORPort", &port, 1, &complaint));
    struct sockaddr_in in;
    socklen_t length = sizeof in;
    assert_int_equal(getsockname(rig->listeners.each[0].fd, (struct sockaddr *)&in, &length), 0);
    assert_true(socket_address_to((const struct sockaddr *)&in, &rig->at));
    const struct runtime_setup setup = {.config = rig->bench.config,
                                        .crypt = openssl_provider(),
                                        .keys = rig->bench.keys,
                                        .listeners = &rig->listeners,
                                        .advertised = {rig->at},
                                        .pacing = pacing};
    rig->runtime = runtime_new(&setup, &complaint);
    assert_non_null(rig->runtime);
}

static void open_runtime(struct rig *rig, int threads) {
    open_paced_runtime(rig, threads, NULL);
}

static void close_runtime(struct rig *rig) {
    runtime_free(rig->runtime);
    keys_close(rig->bench.keys);
    config_free(rig->bench.config);
    assert_true(folder_remove(rig->bench.folder));
}

/* On the runtime's own loop: a client gets its TLS session, then the figures say so, then the relay is told to end. */
static void on_tick(evutil_socket_t fd, short what, void *argument) {
    struct rig *rig = argument;
    struct evbuffer *text = evbuffer_new();
    (void)fd, (void)what;
    if (++rig->ticks > 2000)
        fail_msg("nothing happened");
    peer_turn(rig->peer);
    runtime_metrics(rig->runtime, text);
    evbuffer_add(text, "", 1);
    const char *metrics = (const char *)evbuffer_pullup(text, -1);
    assert_non_null(strstr(metrics, "loom_thread_cpu_seconds_total{thread=\"conn-1\"}"));
    if (strstr(metrics, "cipher=\"TLS_AES_256_GCM_SHA384\"} 1") != NULL)
        kill(getpid(), rig->ticks % 2 == 0 ? SIGTERM : SIGINT);
    evbuffer_free(text);
}

static void make_client(struct rig *rig) {
    rig->peer = heap_new(sizeof *rig->peer);
    rig->peer->fd = socket_connect(&rig->at);
    rig->peer->pipe = (struct tls_pipe){.out = rig->peer->out, .out_room = sizeof rig->peer->out};
    rig->bench.identity = tls_identity_new((uint64_t)time(NULL), CIPHER_ORDER_AES); /* for its client side */
    assert_true(tls_session_init(&rig->peer->session, rig->bench.identity, false, &rig->peer->pipe));
}

static void serves_and_ends_at_a_signal(void **state) {
    const struct timeval often = {.tv_usec = 5000};
    struct complaint complaint = {""};
    struct rig rig;
    (void)state;
    open_runtime(&rig, 1);
    make_client(&rig);
    rig.tick = event_new(runtime_base(rig.runtime), -1, EV_PERSIST, on_tick, &rig);
    event_add(rig.tick, &often);
    runtime_set_consensus(rig.runtime, consensus_view_new(&heap_memory, &consensus_params_default, NULL, 0));
    assert_true(runtime_run(rig.runtime, &complaint));
    event_free(rig.tick);
    peer_free(rig.peer);
    tls_identity_drop(rig.bench.identity);
    close_runtime(&rig);
}

static unsigned open_links(struct rig *rig) {
    unsigned links = 0;
    struct evbuffer *text = evbuffer_new();
    char *line;
    runtime_metrics(rig->runtime, text);
    while ((line = evbuffer_readln(text, NULL, EVBUFFER_EOL_LF)) != NULL) {
        unsigned count;
        if (sscanf(line, "loom_links{manager=\"%*u\",cipher=\"%*[^\"]\"} %u", &count) == 1)
            links += count;
        free(line);
    }
    evbuffer_free(text);
    return links;
}

/* With a client's link open: nobody else is let in, then nobody stays, then all is as before. */
static void on_sleepy_tick(evutil_socket_t fd, short what, void *argument) {
    struct rig *rig = argument;
    (void)fd, (void)what;
    if (++rig->ticks > 2000)
        fail_msg("nothing happened in phase %u", rig->phase);
    if (rig->phase < 2)
        peer_turn(rig->peer);
    if (rig->phase == 0 && open_links(rig) == 1) {
        runtime_hibernate(rig->runtime, HIBERNATION_SOFT);
        assert_int_equal(dial(&rig->at), ECONNREFUSED);
        runtime_hibernate(rig->runtime, HIBERNATION_DORMANT);
        assert_int_equal(dial(&rig->at), ECONNREFUSED);
        rig->phase = 1;
    } else if (rig->phase == 1 && open_links(rig) == 0) {
        runtime_hibernate(rig->runtime, HIBERNATION_NONE);
        assert_int_equal(dial(&rig->at), 0);
        rig->phase = 2;
        runtime_stop(rig->runtime);
    }
}

static void sleeps_and_wakes_up(void **state) {
    const struct timeval often = {.tv_usec = 5000};
    struct complaint complaint = {""};
    struct rig rig;
    (void)state;
    open_runtime(&rig, 2);
    make_client(&rig);
    rig.tick = event_new(runtime_base(rig.runtime), -1, EV_PERSIST, on_sleepy_tick, &rig);
    event_add(rig.tick, &often);
    assert_true(runtime_run(rig.runtime, &complaint));
    assert_int_equal(rig.phase, 2);
    event_free(rig.tick);
    peer_free(rig.peer);
    tls_identity_drop(rig.bench.identity);
    close_runtime(&rig);
}

static void check_asleep(evutil_socket_t fd, short what, void *argument) {
    struct rig *rig = argument;
    (void)fd, (void)what;
    assert_int_equal(dial(&rig->at), ECONNREFUSED);
    rig->phase = 1;
    runtime_stop(rig->runtime);
}

static void one_that_starts_asleep_lets_nobody_in(void **state) {
    struct complaint complaint = {""};
    struct rig rig;
    (void)state;
    open_runtime(&rig, 1);
    runtime_hibernate(rig.runtime, HIBERNATION_DORMANT);
    event_base_once(runtime_base(rig.runtime), -1, EV_TIMEOUT, check_asleep, &rig, NULL);
    assert_true(runtime_run(rig.runtime, &complaint));
    assert_int_equal(rig.phase, 1);
    close_runtime(&rig);
}

/* Of the CPU that work takes the time of, whatever this machine has. */
static void a_paced_relay_chooses_ciphers_for_the_other_cpu(void **state) {
    static const struct {
        enum cipher_hardware hardware;
        enum cipher_wish wish;
        enum cipher_order order;
    } cases[] = {{CIPHER_HARDWARE_NONE, CIPHER_WISH_AUTO, CIPHER_ORDER_CHACHA},
                 {CIPHER_HARDWARE_AES, CIPHER_WISH_AUTO, CIPHER_ORDER_AES},
                 {CIPHER_HARDWARE_NONE, CIPHER_WISH_AES, CIPHER_ORDER_AES}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct pacing pacing = {.hardware = cases[i].hardware};
        struct complaint complaint;
        struct rig rig;
        open_paced_runtime(&rig, 0, &pacing);
        rig.bench.config->link_ciphers = cases[i].wish;
        struct tls_identity *identity = runtime_make_identity(rig.runtime, &complaint);
        assert_non_null(identity);
        assert_int_equal(identity->order, cases[i].order);
        tls_identity_drop(identity);
        close_runtime(&rig);
    }
}

static void one_that_never_ran_is_freed(void **state) {
    struct rig rig;
    (void)state;
    open_runtime(&rig, 2);
    close_runtime(&rig);
    runtime_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serves_and_ends_at_a_signal),
        cmocka_unit_test(sleeps_and_wakes_up),
        cmocka_unit_test(one_that_starts_asleep_lets_nobody_in),
        cmocka_unit_test(a_paced_relay_chooses_ciphers_for_the_other_cpu),
        cmocka_unit_test(one_that_never_ran_is_freed),
    };
    log_start_silent();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
