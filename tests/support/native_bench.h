/* native_bench - a relay on real event threads with real keys, and a client that speaks TLS to it; the test turns the main
 * thread's loop by hand, so that what happens is in the test's hand too. */
#ifndef LOOM_SUPPORT_NATIVE_BENCH_H
#define LOOM_SUPPORT_NATIVE_BENCH_H

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/link_handshake.h"
#include "core/relay.h"
#include "native/config.h"
#include "native/cpu_workers.h"
#include "native/event_thread.h"
#include "native/folder.h"
#include "native/heap.h"
#include "native/keys.h"
#include "native/openssl_provider.h"
#include "native/relay_setup.h"
#include "native/socket_address.h"
#include "native/tls_identity.h"
#include "support/test.h"

#define BENCH_PLAIN_ROOM ((size_t)256 * 1024)
#define BENCH_TURNS_MAX \
    20000 /* until what must come has come: half a minute, or more on a machine that has much else to do */

struct native_bench {
    char folder[64];
    struct config *config;
    struct keys_place place;
    struct keys *keys;
    struct tls_identity *identity;
    struct relay_config relay_config;
    struct relay *relay;
    struct event_team team;
};

/* Keys in a new folder. */
static inline void bench_open_keys(struct native_bench *bench) {
    struct complaint complaint = {""};
    snprintf(bench->folder, sizeof bench->folder, "/tmp/loom-native-test-XXXXXX");
    assert_non_null(mkdtemp(bench->folder));
    bench->place = (struct keys_place){.data_directory = bench->folder,
                                       .key_directory = bench->folder,
                                       .nickname = "bench",
                                       .signing_lifetime_s = 30 * 86400};
    bench->keys = keys_open(&bench->place, openssl_provider(), (uint64_t)time(NULL), &complaint);
    assert_non_null(bench->keys);
}

static inline void bench_make_identity(struct native_bench *bench) {
    struct complaint complaint = {""};
    const struct endpoint advertised[2] = {{{ADDRESS_IPV4, {127, 0, 0, 1}}, 9001}, {{ADDRESS_NONE, {0}}, 0}};
    bench->identity = tls_identity_new((uint64_t)time(NULL), CIPHER_ORDER_AES);
    bench->identity->credentials = keys_credentials_new(bench->keys, bench->identity->certificate_sha256,
                                                        advertised, (uint64_t)time(NULL), &complaint);
    assert_non_null(bench->identity->credentials);
}

static inline void bench_start_relay(struct native_bench *bench) {
    struct event_team *team = &bench->team;
    struct port *ports[STATIONS_MAX];
    for (unsigned i = 0; i < team->count; i++)
        ports[i] = &team->threads[i].port;
    ports[team->controller] = &team->threads[0].controller_port;
    bench->relay = relay_new(&bench->relay_config, 0, ports);
    assert_non_null(bench->relay);
    for (unsigned i = 0; i < team->count; i++)
        event_thread_bind(&team->threads[i], relay_manager(bench->relay, (station_id)i),
                          i == 0 ? relay_controller(bench->relay) : NULL);
}

/* What takes long: RSA keys. With them a bench may be started and stopped again and again. */
static inline void bench_make_keys(struct native_bench *bench) {
    *bench = (struct native_bench){.config = NULL};
    bench_open_keys(bench);
    bench_make_identity(bench);
}

static inline void bench_start(struct native_bench *bench, int connection_threads) {
    struct ntor_server_keys ntor;
    bench->config = config_new();
    bench->config->connection_threads = connection_threads;
    const struct core_places places = {.count = 1, .cores = 1, .nodes = 1};
    setup_relay_config(bench->config, &places, openssl_provider(), keys_rsa_id(bench->keys), 1000,
                       (uint64_t)time(NULL), &bench->relay_config);
    bench->team.count = (uint16_t)(connection_threads + 1);
    bench->team.controller = bench->team.count;
    bench->team.threads = heap_new(bench->team.count * sizeof *bench->team.threads);
    keys_ntor(bench->keys, &ntor);
    bench->team.workers = cpu_workers_new(1, openssl_provider(), &ntor);
    const struct event_thread_options options = {.start = monotonic_read(), .identity = bench->identity};
    for (unsigned i = 0; i < bench->team.count; i++)
        event_thread_init(&bench->team.threads[i], &bench->team, &options);
    bench_start_relay(bench);
}

static inline void bench_init(struct native_bench *bench, int connection_threads) {
    bench_make_keys(bench);
    bench_start(bench, connection_threads);
}

static inline void bench_stop(struct native_bench *bench) {
    cpu_workers_free(bench->team.workers);
    relay_free(bench->relay);
    for (unsigned i = 0; i < bench->team.count; i++)
        event_thread_fini(&bench->team.threads[i]);
    free(bench->team.threads);
    config_free(bench->config);
}

static inline void bench_drop_keys(struct native_bench *bench) {
    tls_identity_drop(bench->identity);
    keys_close(bench->keys);
    assert_true(folder_remove(bench->folder));
}

static inline void bench_fini(struct native_bench *bench) {
    bench_stop(bench);
    bench_drop_keys(bench);
}

static inline struct event_thread *bench_main(struct native_bench *bench) {
    return &bench->team.threads[0];
}

static inline void bench_turn(struct native_bench *bench) {
    for (int i = 0; i < 4; i++)
        event_thread_turn(bench_main(bench), false);
}

/* Time passes at once. */
static inline void bench_pass(struct native_bench *bench, nsec duration) {
    bench_main(bench)->clock.start -= duration;
    turn_clock_next(&bench_main(bench)->clock);
    bench_turn(bench);
}

/* A listening socket on a free port of the loopback interface. */
static inline int bench_listen(struct endpoint *at_out) {
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&in, length), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &length), 0);
    assert_true(socket_address_to((const struct sockaddr *)&in, at_out));
    return fd;
}

/* Two ends of a TCP connection, both non-blocking. */
static inline void bench_connect(int ends_out[2], struct endpoint *peer_out) {
    struct endpoint at;
    struct sockaddr_in in;
    socklen_t length = sizeof in;
    int listening = bench_listen(&at);
    ends_out[0] = socket_connect(&at);
    assert_true(ends_out[0] >= 0);
    do
        ends_out[1] = accept4(listening, (struct sockaddr *)&in, &length, SOCK_NONBLOCK);
    while (ends_out[1] < 0 && errno == EAGAIN);
    assert_true(socket_address_to((const struct sockaddr *)&in, peer_out));
    close(listening);
}

/* --- the other end of a link ------------------------------------------------------------------------------------ */

struct bench_peer {
    int fd;
    struct tls_session session;
    struct tls_pipe pipe;
    uint8_t out[64 * 1024], in[64 * 1024];
    uint8_t plain[BENCH_PLAIN_ROOM]; /* everything that has come */
    size_t plain_length;
    bool is_secured, is_closed;
};

/* Connect to the bench: link is accepted on the main thread's manager, or that of station. */
static inline struct bench_peer *peer_new(struct native_bench *bench, link_id *link_out) {
    int ends[2];
    struct endpoint address;
    station_id station;
    struct event_thread *thread = bench_main(bench);
    struct bench_peer *peer = heap_new(sizeof *peer);
    bench_connect(ends, &address);
    peer->fd = ends[0];
    peer->pipe = (struct tls_pipe){.out = peer->out, .out_room = sizeof peer->out};
    assert_true(tls_session_init(&peer->session, bench->identity, false, &peer->pipe));
    assert_int_equal(
        controller_accept(thread->controller, event_thread_now(thread), &address, link_out, &station),
        ERR_OK);
    event_team_accept(&bench->team, station, *link_out, ends[1], &address);
    return peer;
}

static inline void peer_free(struct bench_peer *peer) {
    tls_session_fini(&peer->session);
    close(peer->fd);
    free(peer);
}

static inline void peer_flush(struct bench_peer *peer) {
    if (peer->pipe.out_length != 0)
        (void)!send(peer->fd, peer->out, peer->pipe.out_length, MSG_NOSIGNAL);
    peer->pipe.out_length = 0;
}

/* Read what has come, as far as TLS goes. */
static inline void peer_turn(struct bench_peer *peer) {
    uint64_t records = 0;
    size_t got = 0;
    ssize_t length = recv(peer->fd, peer->in, sizeof peer->in, 0);
    peer->is_closed |= length == 0 || (length < 0 && errno != EAGAIN);
    peer->pipe.in = peer->in;
    peer->pipe.in_length = length > 0 ? (size_t)length : 0;
    if (!peer->is_secured)
        peer->is_secured = tls_session_handshake(&peer->session) == TLS_DONE;
    if (peer->is_secured) {
        (void)!tls_session_read(&peer->session, peer->plain + peer->plain_length,
                                sizeof peer->plain - peer->plain_length, &got, &records);
        peer->plain_length += got;
    }
    peer_flush(peer);
}

static inline void peer_write(struct bench_peer *peer, const void *bytes, size_t length) {
    assert_true(tls_session_write(&peer->session, bytes, length));
    peer_flush(peer);
}

/* Both sides turn until the peer is secured. */
static inline void peer_secure(struct native_bench *bench, struct bench_peer *peer) {
    for (int i = 0; i < BENCH_TURNS_MAX && !peer->is_secured; i++) {
        peer_turn(peer);
        bench_turn(bench);
    }
    assert_true(peer->is_secured);
}

/* Both sides turn until the other end has closed. */
static inline bool peer_sees_close(struct native_bench *bench, struct bench_peer *peer) {
    for (int i = 0; i < BENCH_TURNS_MAX && !peer->is_closed; i++) {
        bench_turn(bench);
        peer_turn(peer);
    }
    return peer->is_closed;
}

/* The link handshake of a client, written piece bytes at a time, until the manager has the link. */
static inline void peer_greet(struct native_bench *bench, struct bench_peer *peer, size_t piece) {
    struct link_facts facts = {.is_initiator = true};
    struct bytes_in in;
    struct cell_view cell;
    uint32_t count;
    size_t used = 0;
    assert_true(tls_session_peer_sha256(&peer->session, facts.peer_certificate_sha256));
    struct link_handshake *handshake = link_handshake_new(openssl_provider(), &heap_memory, &facts, NULL);
    const struct timespec millisecond = {.tv_nsec = 1000000};
    for (int i = 0; i < 20000 && bench_main(bench)->manager != NULL; i++) {
        struct span output = link_handshake_output(handshake);
        for (size_t at = 0; at < output.length; at += piece)
            peer_write(peer, output.data + at, output.length - at < piece ? output.length - at : piece);
        link_handshake_written(handshake, output.length);
        bench_turn(bench);
        peer_turn(peer);
        if (link_handshake_is_open(handshake))
            break;
        if (i > 100) /* another thread serves the link: give it the processor */
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        in = bytes_in(peer->plain + used, peer->plain_length - used);
        while (!link_handshake_is_open(handshake) &&
               cell_frame(&in, link_handshake_circ_id_length(handshake), 8192, &cell, 1, &count) == ERR_OK &&
               count == 1)
            assert_int_equal(link_handshake_receive(handshake, (uint64_t)time(NULL), &cell), ERR_OK);
        used = peer->plain_length - bytes_left(&in);
        if (i >= 100) /* another thread's turn, on a busy machine */
            nanosleep(&millisecond, NULL);
    }
    assert_true(link_handshake_is_open(handshake));
    link_handshake_free(handshake);
}

#endif
