#include "native/self_circuit.h"

#include <event2/event.h>

#include "native/log.h"
#include "support/native_bench.h"
#include "support/test.h"

/* The whole way is in self_check_test.c; here are first relays that are none. */
struct rig {
    struct native_bench bench;
    struct endpoint at;
    int listening;
};

static void open_rig(struct rig *rig) {
    *rig = (struct rig){0};
    bench_init(&rig->bench, 0);
    rig->listening = bench_listen(&rig->at);
}

static struct self_circuit *begin(struct rig *rig) {
    const struct self_circuit_options options = {.base = bench_main(&rig->bench)->base,
                                                 .crypt = openssl_provider(),
                                                 .identity = rig->bench.identity,
                                                 .first = {.at = rig->at},
                                                 .us = {.at = rig->at}};
    return self_circuit_new(&options);
}

static void await_failure(struct rig *rig, const struct self_circuit *c) {
    for (int i = 0; self_circuit_state(c) != SELF_CIRCUIT_FAILED; i++) {
        assert_true(i < BENCH_TURNS_MAX);
        bench_turn(&rig->bench);
        usleep(200);
    }
}

static void close_rig(struct rig *rig) {
    if (rig->listening >= 0)
        close(rig->listening);
    bench_fini(&rig->bench);
}

static void nobody_listens(void **state) {
    struct rig rig;
    (void)state;
    open_rig(&rig);
    close(rig.listening);
    rig.listening = -1;
    struct self_circuit *c = begin(&rig);
    if (c != NULL) { /* the connection is refused at once or later */
        await_failure(&rig, c);
        assert_string_equal(self_circuit_failure(c), "the connection was lost");
        assert_int_equal(self_circuit_sent(c), 0);
    }
    self_circuit_free(c);
    self_circuit_free(NULL);
    close_rig(&rig);
}

static void somebody_who_speaks_no_tls(void **state) {
    struct rig rig;
    int fd;
    (void)state;
    open_rig(&rig);
    struct self_circuit *c = begin(&rig);
    assert_non_null(c);
    while ((fd = accept(rig.listening, NULL, NULL)) < 0)
        bench_turn(&rig.bench);
    assert_int_equal(send(fd, "HTTP/1.0 400 No\r\n\r\n", 19, 0), 19);
    await_failure(&rig, c);
    assert_string_equal(self_circuit_failure(c), "the TLS handshake failed");
    self_circuit_free(c);
    close(fd);
    close_rig(&rig);
}

/* A relay, but not the one of that name. */
static void somebody_else(void **state) {
    struct rig rig;
    struct endpoint peer = {{ADDRESS_IPV4, {127, 0, 0, 1}}, 1};
    link_id link;
    station_id station;
    int fd;
    (void)state;
    open_rig(&rig);
    struct event_thread *thread = bench_main(&rig.bench);
    struct self_circuit *c = begin(&rig);
    assert_non_null(c);
    while ((fd = accept4(rig.listening, NULL, NULL, SOCK_NONBLOCK)) < 0)
        bench_turn(&rig.bench);
    assert_int_equal(controller_accept(thread->controller, event_thread_now(thread), &peer, &link, &station),
                     ERR_OK);
    event_team_accept(&rig.bench.team, station, link, fd, &peer);
    await_failure(&rig, c);
    assert_string_equal(self_circuit_failure(c), "the first relay was not who it should be, or hung up");
    self_circuit_free(c);
    close_rig(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(somebody_who_speaks_no_tls),
        cmocka_unit_test(somebody_else),
    };
    log_start_silent();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
