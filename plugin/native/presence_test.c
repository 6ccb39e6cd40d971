#include "native/presence.h"

#include <event2/event.h>

#include "native/http_client.h"
#include "native/listener.h"
#include "native/log.h"
#include "native/runtime.h"
#include "support/native_bench.h"
#include "support/test.h"

struct rig {
    struct native_bench bench; /* of it only the configuration and the keys */
    struct runtime *runtime;
    struct http_client client;
    bool is_answered;
};

static bool contains(struct span body, const char *text) {
    return memmem(body.data, body.length, text, strlen(text)) != NULL;
}

static void on_metrics(void *context, int status, const char *reason, struct span body) {
    struct rig *rig = context;
    (void)reason;
    assert_int_equal(status, 200);
    assert_true(contains(body, "kind=\"cells_received\"} 0"));
    assert_true(contains(body, "loom_directory{kind=\"authorities\"} 1"));
    rig->is_answered = true;
    runtime_stop(rig->runtime);
}

/* The runtime turns: now somebody can ask. */
static void on_first_turn(evutil_socket_t fd, short what, void *argument) {
    struct rig *rig = argument;
    (void)fd, (void)what;
    const struct http_order order = {.to = rig->bench.config->metrics_ports[0].endpoint,
                                     .path = "/metrics",
                                     .bytes_max = 1 << 20,
                                     .timeout_s = 10,
                                     .done = on_metrics,
                                     .context = rig};
    assert_true(http_send(&rig->client, &order));
}

static void configure(struct rig *rig) {
    struct config *config = config_new();
    const struct endpoint nobody = {{ADDRESS_IPV4, {127, 0, 0, 1}}, 1};
    rig->bench.config = config;
    config->connection_threads = 0;
    config->num_cpus = 1;
    config->data_directory = strdup(rig->bench.folder);
    config->key_directory = strdup(rig->bench.folder);
    config->address = nobody.address;
    config->or_ports[0] =
        (struct config_port){.endpoint = {nobody.address, 9001}, .listen = true, .advertise = true};
    config->or_port_count = 1;
    close(bench_listen(&config->metrics_ports[0].endpoint));
    config->metrics_ports[0].listen = true;
    config->metrics_port_count = 1;
    assert_int_equal(exit_policy_parse(&config->metrics_policy, "accept 127.0.0.1"), EXIT_POLICY_OK);
    config->authorities[0] = (struct config_authority){
        .nickname = "a1", .has_v3_identity = true, .dir_port = nobody, .or_port = nobody};
    config->authority_count = 1;
}

/* Without an authority that answers, the relay runs and shows its counters. */
static void shows_metrics(void **state) {
    struct complaint complaint = {""};
    struct listeners listeners = {.count = 0};
    struct rig rig = {.is_answered = false};
    (void)state;
    bench_open_keys(&rig.bench);
    configure(&rig);
    const struct runtime_setup setup = {.config = rig.bench.config,
                                        .crypt = openssl_provider(),
                                        .keys = rig.bench.keys,
                                        .listeners = &listeners};
    rig.runtime = runtime_new(&setup, &complaint);
    assert_non_null(rig.runtime);
    const struct presence_options options = {.config = rig.bench.config,
                                             .crypt = openssl_provider(),
                                             .keys = rig.bench.keys,
                                             .runtime = rig.runtime,
                                             .advertised = {rig.bench.config->or_ports[0].endpoint}};
    struct presence *presence = presence_new(&options, &complaint);
    assert_non_null(presence);
    presence_renew(presence);
    http_client_init(&rig.client, runtime_base(rig.runtime));
    event_base_once(runtime_base(rig.runtime), -1, EV_TIMEOUT, on_first_turn, &rig, NULL);
    assert_true(runtime_run(rig.runtime, &complaint));
    assert_true(rig.is_answered);
    http_client_fini(&rig.client);
    presence_free(presence);
    presence_free(NULL);
    runtime_free(rig.runtime);
    keys_close(rig.bench.keys);
    config_free(rig.bench.config);
    assert_true(folder_remove(rig.bench.folder));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(shows_metrics)};
    log_start_silent();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
